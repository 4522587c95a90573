//! An application behind the layer, and clients that send it requests.

use adlib::{
    Acceptor, Identity,
    kerberos::InitiatorOptions,
    ntlm::Initiator,
    tower::{Negotiate, NegotiateConnection, NegotiateLayer, OnConnection, Rejection},
};
use adlib_core::gss::{self, InitiatorStep};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{
    HeaderMap, Request, Response, StatusCode, Version,
    header::{AUTHORIZATION, WWW_AUTHENTICATE},
};
use tower::{Layer, Service, ServiceExt, util::BoxCloneSyncService};

use super::scene::{both, kerberos, run};

type App = BoxCloneSyncService<Request<()>, Response<String>, std::convert::Infallible>;

/// An application that says who asks, and that no header tells who.
pub(crate) fn app() -> App {
    BoxCloneSyncService::new(tower::service_fn(async |request: Request<()>| {
        let asks = request.extensions().get::<Identity>().map(Identity::account);
        let asks = asks.unwrap_or("nobody").to_owned();
        let headers = request.headers().len();
        Ok(Response::new(format!("{asks}, {headers} headers")))
    }))
}

/// The application behind a layer; cheap to clone.
#[derive(Clone)]
pub(crate) struct Site(Negotiate<App>);

impl Site {
    pub(crate) fn new(acceptor: Acceptor) -> Self {
        Self::behind(&NegotiateLayer::new(acceptor))
    }

    pub(crate) fn behind(layer: &NegotiateLayer) -> Self {
        Self(layer.layer(app()))
    }

    /// A client on a connection of its own.
    pub(crate) fn connect(&self) -> Connection {
        self.connect_as(&NegotiateConnection::new())
    }

    pub(crate) fn connect_as(&self, connection: &NegotiateConnection) -> Connection {
        Connection(connection.serve(self.0.clone()))
    }

    /// Send a request on no connection that is known.
    pub(crate) async fn send(&self, request: Request<()>) -> Answer {
        Answer::of(self.0.clone().oneshot(request).await.unwrap())
    }
}

impl Default for Site {
    fn default() -> Self {
        Self::new(both().build().unwrap())
    }
}

/// A connection.
#[derive(Clone)]
pub(crate) struct Connection(OnConnection<Negotiate<App>>);

impl Connection {
    pub(crate) async fn send(&mut self, request: Request<()>) -> Answer {
        let service = self.0.ready().await.unwrap();
        Answer::of(service.call(request).await.unwrap())
    }

    /// Send a token.
    pub(crate) async fn token(&mut self, scheme: &str, token: &[u8]) -> Answer {
        self.send(request(scheme, token)).await
    }

    /// Send a request without credentials.
    pub(crate) async fn anonymous(&mut self) -> Answer {
        self.send(Request::new(())).await
    }

    /// The first leg of a client of NTLM; what it would answer to the challenge.
    pub(crate) async fn begin(&mut self, scheme: &str, client: Initiator) -> Vec<u8> {
        let InitiatorStep::Continue { token, next } = gss::Initiator::step(Box::new(client), &[]).unwrap()
        else {
            panic!("a handshake of two messages")
        };
        let answer = self.token(scheme, &token).await;
        assert_eq!(answer.reason, "continued");
        step_token(next.step(&answer.next(scheme).unwrap()).unwrap())
    }

    /// A client's handshake to its end.
    pub(crate) async fn sign_in(&mut self, scheme: &str, client: Box<dyn gss::Initiator>) -> Answer {
        let (mut client, mut answer) = (Some(client), None);
        loop {
            let said = answer.as_ref().and_then(|answer: &Answer| answer.next(scheme));
            match client.take().unwrap().step(&said.unwrap_or_default()).unwrap() {
                InitiatorStep::Continue { token, next } => {
                    let now = self.token(scheme, &token).await;
                    if now.reason != "continued" {
                        if let Some(last) = now.next(scheme).filter(|_| now.status == StatusCode::OK) {
                            assert!(matches!(
                                next.step(&last),
                                Ok(InitiatorStep::Done { token: None, .. })
                            ));
                        }
                        return now;
                    }
                    (client, answer) = (Some(next), Some(now));
                }
                InitiatorStep::Done { token, .. } => return self.token(scheme, &token.unwrap()).await,
            }
        }
    }
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// What the operator knows of it.
    pub(crate) reason: &'static str,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    fn of(response: Response<String>) -> Self {
        let rejection = response.extensions().get::<Rejection>();
        Self {
            status: response.status(),
            reason: rejection.map_or("accepted", Rejection::reason),
            headers: response.headers().clone(),
            body: response.into_body(),
        }
    }

    /// The schemes that are offered, with their tokens.
    pub(crate) fn challenges(&self) -> Vec<&str> {
        let values = self.headers.get_all(WWW_AUTHENTICATE).iter();
        values.map(|value| value.to_str().unwrap()).collect()
    }

    /// The next token of `scheme`.
    pub(crate) fn next(&self, scheme: &str) -> Option<Vec<u8>> {
        let challenges = self.challenges().into_iter();
        let token = challenges
            .filter_map(|value| value.strip_prefix(scheme)?.strip_prefix(' '))
            .next()?;
        Some(STANDARD.decode(token).unwrap())
    }

    /// Refused for `reason`, which the client does not learn.
    pub(crate) fn is_refused(&self, status: StatusCode, reason: &str) {
        assert_eq!((self.status, self.reason), (status, reason), "{self:?}");
        assert_eq!(self.body, format!("{}\n", adlib::USER_MESSAGE));
        assert!(
            self.headers
                .values()
                .all(|value| !value.to_str().unwrap().contains(reason))
        );
    }
}

/// A request with a token.
pub(crate) fn request(scheme: &str, token: &[u8]) -> Request<()> {
    with_header(&format!("{scheme} {}", STANDARD.encode(token)))
}

pub(crate) fn with_header(value: &str) -> Request<()> {
    Request::get("/").header(AUTHORIZATION, value).body(()).unwrap()
}

pub(crate) fn over(version: Version, mut request: Request<()>) -> Request<()> {
    *request.version_mut() = version;
    request
}

/// A token of ada's that was never sent.
pub(crate) fn ticket(seed: u8) -> Vec<u8> {
    let mut options = InitiatorOptions::default();
    options.mutual = false;
    first(kerberos(seed, options))
}

/// What a client begins with.
pub(crate) fn first(client: Box<dyn gss::Initiator>) -> Vec<u8> {
    step_token(client.step(&[]).unwrap())
}

fn step_token(step: InitiatorStep) -> Vec<u8> {
    match step {
        InitiatorStep::Continue { token, .. } => token,
        InitiatorStep::Done { token, .. } => token.unwrap(),
    }
}

pub(crate) fn block_on(future: impl Future<Output = ()>) {
    run(future);
}
