//! The service: each request is judged before it is handed on.

use std::{
    fmt, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use http::{HeaderValue, Request, Response, Version, header::WWW_AUTHENTICATE, request::Parts};
use tower_service::Service;

use super::{
    NegotiateConnection, Rejection, answer, audit,
    authorization::{Credentials, Scheme, challenge},
    half_open::HalfOpen,
    layer::Settings,
};
use crate::{
    Acceptor, AuditEvent, Handshake, Identity, Reason, Refusal, SignInError, Step,
    ntlm::message::{MessageType, sniff as sniff_ntlm},
    spnego::{Mechanism, Offer, TokenKind, sniff},
};

/// A service behind the layer.
#[derive(Clone)]
pub struct Negotiate<S> {
    service: S,
    judge: Arc<Judge>,
}

/// Who decides on requests.
struct Judge {
    settings: Settings,
    half_open: Arc<HalfOpen>,
}

/// Where a request came from, as far as a handshake is concerned.
struct Origin {
    /// Whether requests of the connection mix (RFC 9113 section 5).
    is_multiplexed: bool,
    connection: Option<NegotiateConnection>,
    /// Where the client is, for the records.
    client: Option<Arc<str>>,
}

/// A request that is not let through, and what its response asks for.
struct Denied(Rejection, Vec<HeaderValue>);

/// A user, and what proves the service to the client.
struct SignedIn(Box<Identity>, Option<HeaderValue>);

impl<S> Negotiate<S> {
    pub(super) fn new(service: S, settings: Settings, half_open: Arc<HalfOpen>) -> Self {
        let judge = Arc::new(Judge { settings, half_open });
        Self { service, judge }
    }
}

impl<S: fmt::Debug> fmt::Debug for Negotiate<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Negotiate")
            .field("service", &self.service)
            .field("settings", &self.judge.settings)
            .finish_non_exhaustive()
    }
}

impl<S, B, C> Service<Request<B>> for Negotiate<S>
where
    S: Service<Request<B>, Response = Response<C>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    C: From<String>,
{
    type Response = Response<C>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<C>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let judge = Arc::clone(&self.judge);
        // The one that was polled is ready; its clone may not be.
        let clone = self.service.clone();
        let mut service = mem::replace(&mut self.service, clone);
        // Nobody before this layer says who the user is.
        let (mut parts, body) = request.into_parts();
        parts.extensions.remove::<Identity>();
        let origin = Origin::of(&parts, &judge.settings);
        let credentials = Credentials::take(&mut parts.headers);
        let mut request = Request::from_parts(parts, body);
        Box::pin(async move {
            let SignedIn(identity, proof) = match judge.decide(&origin, credentials).await {
                Ok(signed_in) => signed_in,
                Err(Denied(rejection, challenges)) => {
                    return Ok(answer::denied(rejection, challenges, &judge.settings.pages));
                }
            };
            request.extensions_mut().insert(*identity);
            let mut response = service.call(request).await?;
            if let Some(proof) = proof {
                response.headers_mut().append(WWW_AUTHENTICATE, proof);
            }
            Ok(response)
        })
    }
}

impl Origin {
    fn of(request: &Parts, settings: &Settings) -> Self {
        let connection: Option<NegotiateConnection> = request.extensions.get().cloned();
        let client = (settings.client)(request).map(Arc::from);
        Self {
            is_multiplexed: request.version >= Version::HTTP_2,
            client: client.or_else(|| connection.as_ref()?.client().cloned()),
            connection,
        }
    }

    /// The connection that a next leg would come on.
    fn for_next_leg(&self) -> Result<&NegotiateConnection, Rejection> {
        match &self.connection {
            _ if self.is_multiplexed => Err(Rejection::LegsOverHttp2),
            Some(connection) => Ok(connection),
            None => Err(Rejection::NoConnection),
        }
    }
}

impl Judge {
    async fn decide(
        &self,
        origin: &Origin,
        credentials: Result<Option<Credentials>, Rejection>,
    ) -> Result<SignedIn, Denied> {
        let credentials = match credentials {
            Ok(Some(credentials)) => credentials,
            Ok(None) => return Err(self.denied(origin, Rejection::NoCredentials)),
            Err(rejection) => return Err(self.denied(origin, rejection)),
        };
        let begun = self.handshake(origin, &credentials);
        let (handshake, is_ntlm) = begun.map_err(|rejection| self.denied(origin, rejection))?;
        let scheme = credentials.scheme;
        match handshake.step(&credentials.token).await {
            Step::Continue { token, handshake } => {
                let held = self.hold(origin, scheme, is_ntlm, handshake);
                held.map_err(|rejection| self.denied(origin, rejection))?;
                Err(Denied(
                    Rejection::Continued,
                    vec![challenge(scheme, Some(&token))],
                ))
            }
            Step::Done { identity, token } => self.signed_in(origin, identity, scheme, token.as_deref()),
            Step::Refused {
                for_client, reason, ..
            } => Err(self.refused(origin, scheme, is_ntlm, for_client.as_deref(), reason)),
        }
    }

    /// The handshake that the token belongs to, begun before or now, and whether it is by NTLM.
    fn handshake(&self, origin: &Origin, credentials: &Credentials) -> Result<(Handshake, bool), Rejection> {
        let Credentials { scheme, token } = credentials;
        if *scheme == Scheme::Ntlm && sniff(token) != TokenKind::RawNtlm {
            return Err(Rejection::NotNtlm);
        }
        let begun = origin.connection.as_ref().and_then(NegotiateConnection::take);
        if let Some(begun) = begun.filter(|_| !begins(token)) {
            if begun.scheme != *scheme {
                return Err(Rejection::SchemeChanged);
            }
            let handshake = begun.take(self.half_open.lifetime, Instant::now());
            return Ok((handshake.ok_or(Rejection::Expired)?, begun.is_ntlm));
        }
        let is_ntlm = is_ntlm(token);
        if is_ntlm && origin.is_multiplexed {
            return Err(Rejection::NtlmOverHttp2);
        }
        let connection = origin.connection.as_ref();
        let kerberos_was_refused = connection.is_some_and(NegotiateConnection::refuses_ntlm);
        if is_ntlm && kerberos_was_refused {
            return Err(Rejection::NtlmAfterKerberos);
        }
        let bindings = connection.and_then(NegotiateConnection::bindings);
        let bindings = bindings.or(self.settings.bindings.as_ref());
        // What SPNEGO offers behind its first mechanism is for the handshake to refuse.
        let acceptor = self.acceptor(origin);
        let handshake = acceptor.handshake_after(bindings.cloned(), kerberos_was_refused);
        Ok((handshake, is_ntlm))
    }

    /// Who judges tokens, and knows whose they are for the records.
    fn acceptor(&self, origin: &Origin) -> Acceptor {
        let acceptor = &self.settings.acceptor;
        match &origin.client {
            Some(client) => acceptor.for_client(Arc::clone(client)),
            None => acceptor.clone(),
        }
    }

    /// Hold a handshake for its next leg.
    fn hold(
        &self,
        origin: &Origin,
        scheme: Scheme,
        is_ntlm: bool,
        handshake: Handshake,
    ) -> Result<(), Rejection> {
        let connection = origin.for_next_leg()?;
        let begun = self.half_open.hold(scheme, is_ntlm, handshake, Instant::now());
        connection.keep(begun.ok_or(Rejection::TooManyHandshakes)?);
        Ok(())
    }

    fn signed_in(
        &self,
        origin: &Origin,
        identity: Box<Identity>,
        scheme: Scheme,
        token: Option<&[u8]>,
    ) -> Result<SignedIn, Denied> {
        let client = origin.client.as_deref();
        if !(self.settings.admit)(&identity) {
            audit::not_admitted(&identity, client);
            let (domain, account) = (identity.domain(), identity.account());
            let detail = format!("{domain}\\{account}: {}", Rejection::NotAdmitted);
            let refusal = Refusal::new(Reason::NotAdmitted, detail);
            self.acceptor(origin).record(AuditEvent::Refused(&refusal));
            return Err(Denied(Rejection::NotAdmitted, Vec::new()));
        }
        audit::accepted(&identity, client);
        Ok(SignedIn(
            identity,
            token.map(|token| challenge(scheme, Some(token))),
        ))
    }

    fn refused(
        &self,
        origin: &Origin,
        scheme: Scheme,
        is_ntlm: bool,
        for_client: Option<&[u8]>,
        reason: SignInError,
    ) -> Denied {
        if let Some(connection) = origin.connection.as_ref().filter(|_| !is_ntlm) {
            connection.refuse_ntlm();
        }
        let mut denied = self.denied(origin, Rejection::Token(reason));
        // What its own mechanism understands, if there is anything. After Kerberos, never a weaker one (A31).
        if for_client.is_some() || !is_ntlm {
            denied.1 = vec![challenge(scheme, for_client)];
        }
        denied
    }

    /// A request that is not let through, with the schemes that the client may try.
    fn denied(&self, origin: &Origin, rejection: Rejection) -> Denied {
        audit::denied(&rejection, origin.client.as_deref());
        if let Some(refusal) = rejection.of_the_layer() {
            self.acceptor(origin).record(AuditEvent::Refused(&refusal));
        }
        let acceptor = &self.settings.acceptor;
        let connection = origin.connection.as_ref().filter(|_| !origin.is_multiplexed);
        let has_legs = connection.is_some_and(|connection| !connection.refuses_ntlm());
        let ntlm = has_legs && acceptor.admits(Mechanism::Ntlm);
        // Where Kerberos is not taken, a browser must not be led to choose it.
        let negotiate = acceptor.admits(Mechanism::Kerberos) || !ntlm;
        let offers = [(negotiate, Scheme::Negotiate), (ntlm, Scheme::Ntlm)];
        let schemes = offers
            .into_iter()
            .filter(|(offered, _)| *offered)
            .map(|(_, scheme)| scheme);
        Denied(rejection, schemes.map(|scheme| challenge(scheme, None)).collect())
    }
}

/// Whether a client begins with `token`, whatever it did before.
fn begins(token: &[u8]) -> bool {
    match sniff(token) {
        TokenKind::NegTokenResp => false,
        TokenKind::RawNtlm => sniff_ntlm(token) == Some(MessageType::Negotiate),
        _ => true,
    }
}

/// Whether a client that sends `token` signs in by NTLM.
fn is_ntlm(token: &[u8]) -> bool {
    sniff(token) == TokenKind::RawNtlm
        || Offer::read(token).is_ok_and(|offer| offer.mechanism() == Mechanism::Ntlm)
}
