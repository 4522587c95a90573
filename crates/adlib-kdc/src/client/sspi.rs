//! Tickets by the Kerberos client of the sspi crate.
//!
//! Its network is ours ([`KdcTransport`]), and so are the reasons: a KDC's refusal is decoded here and never
//! reaches it. It would move its clock by a time that anybody can forge, and keeps little of what the KDC says.

use ::sspi::generator::{GeneratorState, NetworkRequest};
use ::sspi::{
    AuthIdentityBuffers, BufferType, ClientRequestFlags, CredentialsBuffers, DataRepresentation, ErrorKind,
    Kerberos, KerberosConfig, KeytabIdentity, Secret, SecurityBuffer, Sspi, SspiImpl, Username,
};
use adlib_core::Password;
use tokio::runtime::Handle;
use tracing::subscriber::{NoSubscriber, with_default};

use super::{AccountSecret, ApReqToken, TicketRequest, TicketSource, workstation};
use crate::{BoxFuture, KdcTransport, KrbError, NotSupported, Rejection, TicketError};

/// The KDC that sspi believes to ask. Another name in a request is a referral to another realm.
const OUR_KDC: &str = "kdc.invalid";
/// `AS-REP ::= [APPLICATION 11]`.
const AS_REP: u8 = 0x6b;
/// aes128-cts-hmac-sha1-96 (RFC 3962 7).
const AES_128: usize = 17;
/// aes256-cts-hmac-sha1-96 (RFC 3962 7).
const AES_256: usize = 18;
/// `AS-REQ ::= [APPLICATION 10]`.
const AS_REQ: u8 = 0x6a;
/// The AS-REQ's `etype [8] SEQUENCE OF Int32` as sspi writes it: AES-256, AES-128.
const AES_256_FIRST: [u8; 10] = [0xa8, 8, 0x30, 6, 2, 1, 18, 2, 1, 17];
/// The same without AES-256.
const AES_128_ONLY: [u8; 10] = [0xa8, 8, 0x30, 6, 2, 1, 17, 2, 1, 17];
/// Answers up to the service ticket: two to the AS-REQs and one to the TGS-REQ.
const WHOLE_EXCHANGE: usize = 3;

/// Tickets by the sspi crate: AES keys, accounts of plain ASCII names that require pre-authentication.
///
/// The first label of the service's host is the workstation that the KDC is told, for there the password was
/// typed. A `[domain_realm]` section of the system's `krb5.conf` that renames the realm is obeyed by sspi.
#[derive(Debug, Clone, Copy, Default)]
pub struct SspiTicketSource {
    _private: (),
}

impl SspiTicketSource {
    /// A source without settings.
    #[must_use]
    pub const fn new() -> Self {
        Self { _private: () }
    }
}

impl TicketSource for SspiTicketSource {
    fn service_ticket<'a>(
        &'a self,
        request: TicketRequest<'a>,
    ) -> BoxFuture<'a, Result<ApReqToken, TicketError>> {
        Box::pin(async move {
            let exchange = Exchange::new(request)?;
            let runtime = Handle::current();
            // Deriving a key from a password takes milliseconds, and a panic over a KDC's bytes ends there.
            tokio::task::spawn_blocking(move || exchange.run(&runtime))
                .await
                .unwrap_or_else(|_| Err(protocol("the exchange broke off")))
        })
    }
}

/// One run of AS and TGS exchange.
struct Exchange {
    account: String,
    realm: String,
    password: Password,
    service: String,
    transport: KdcTransport,
    answers: usize,
    salt: Option<String>,
    /// The type of the key that was made here, in place of the password.
    own_key: Option<usize>,
}

impl Exchange {
    fn new(request: TicketRequest<'_>) -> Result<Self, NotSupported> {
        if !is_name(request.account) || !is_name(request.realm) {
            return Err(NotSupported::Name);
        }
        let AccountSecret::Password(password) = request.secret else {
            return Err(NotSupported::Keys);
        };
        match request.service.split_once('/') {
            Some((class, host)) if is_name(class) && is_name(host) => {}
            _ => return Err(NotSupported::ServiceName),
        }
        Ok(Self {
            account: request.account.to_owned(),
            realm: request.realm.to_owned(),
            password: password.clone(),
            service: request.service.to_owned(),
            transport: KdcTransport::new(request.kdcs, request.deadline),
            answers: 0,
            salt: None,
            own_key: None,
        })
    }

    /// sspi reads a salt as ASCII, and takes every session key for one of the type of the account's key. Where
    /// either is not so, all is done again with a key of the account that was made here.
    fn run(mut self, runtime: &Handle) -> Result<ApReqToken, TicketError> {
        let mut result = self.attempt(runtime);
        for (obstacle, key) in [(NotSupported::Salt, AES_256), (NotSupported::SessionKey, AES_128)] {
            if result == Err(TicketError::NotSupported(obstacle)) {
                self.own_key = Some(key);
                result = self.attempt(runtime);
            }
        }
        result
    }

    fn attempt(&mut self, runtime: &Handle) -> Result<ApReqToken, TicketError> {
        self.answers = 0;
        let kdc = format!("tcp://{OUR_KDC}:88");
        let config = KerberosConfig::new_with_kdc_url(&kdc, workstation(&self.service));
        let mut kerberos = Kerberos::new_client_from_config(config).map_err(|error| self.refusal(&error))?;
        let mut credentials = Some(self.credentials()?);
        let service = self.service.clone();
        let mut output = [SecurityBuffer::new(Vec::new(), BufferType::Token)];
        let mut builder = kerberos
            .initialize_security_context()
            .with_credentials_handle(&mut credentials)
            .with_context_requirements(ClientRequestFlags::empty())
            .with_target_data_representation(DataRepresentation::Native)
            .with_target_name(&service)
            .with_input(&mut [])
            .with_output(&mut output);
        let mut steps = kerberos
            .initialize_security_context_impl(&mut builder)
            .map_err(|error| self.refusal(&error))?;
        let mut state = unheard(|| steps.start());
        while let GeneratorState::Suspended(request) = state {
            let answer = self.ask(runtime, &request)?;
            state = unheard(|| steps.resume(Ok(answer)));
        }
        if let GeneratorState::Completed(Err(error)) = state {
            return Err(self.refusal(&error));
        }
        drop(steps);
        let [token] = output;
        Ok(ApReqToken::new(token.buffer))
    }

    fn credentials(&self) -> Result<CredentialsBuffers, TicketError> {
        if let Some(etype) = self.own_key {
            return Ok(CredentialsBuffers::Keytab(self.account_key(etype)?));
        }
        Ok(CredentialsBuffers::AuthIdentity(AuthIdentityBuffers::from_utf8(
            &self.account,
            &self.realm,
            self.password.expose(),
        )))
    }

    /// The account's key of the type `etype` (RFC 3962 4): of a password, sspi makes the AES-256 one with an ASCII
    /// salt only.
    fn account_key(&self, etype: usize) -> Result<KeytabIdentity, TicketError> {
        let principal = Username::new_down_level_logon_name(&self.account, &self.realm);
        let mut identity = KeytabIdentity {
            principal: principal.map_err(|_| NotSupported::Name)?,
            key: Secret::new(Vec::new()),
            key_enctype: etype.try_into().map_err(|_| NotSupported::SessionKey)?,
        };
        let default = || format!("{}{}", self.realm, self.account);
        let salt = self.salt.clone().unwrap_or_else(default);
        let password = self.password.expose().as_bytes();
        let key = identity
            .key_enctype
            .cipher()
            .generate_key_from_password(password, salt.as_bytes());
        identity.key = Secret::new(key.map_err(|_| NotSupported::SessionKey)?);
        Ok(identity)
    }

    /// Pass a message on to a KDC. Both it and the answer have the length before them that tcp wants.
    fn ask(&mut self, runtime: &Handle, request: &NetworkRequest) -> Result<Vec<u8>, TicketError> {
        if request.url.host_str() != Some(OUR_KDC) {
            return Err(NotSupported::OtherRealm.into());
        }
        let mut message = request.data.get(4..).unwrap_or_default().to_vec();
        if self.own_key == Some(AES_128) {
            without_aes_256(&mut message);
        }
        let answer = runtime.block_on(self.transport.exchange(&message))?;
        self.answers += 1;
        if KrbError::is_one(&answer) {
            let error = KrbError::decode(&answer).map_err(|error| protocol(&error.to_string()))?;
            if error.code != KrbError::PREAUTHENTICATION_REQUIRED {
                return Err(self.rejected(runtime, &message, &error));
            }
            self.salt = error.salt().map(str::to_owned);
            if self.own_key.is_none() && self.salt.as_ref().is_some_and(|salt| !salt.is_ascii()) {
                return Err(NotSupported::Salt.into());
            }
        } else if self.answers == 1 && answer.first() == Some(&AS_REP) {
            return Err(NotSupported::NoPreauthentication.into());
        }
        let length = u32::try_from(answer.len()).unwrap_or(u32::MAX);
        Ok([length.to_be_bytes().as_slice(), &answer].concat())
    }

    /// The KDC's reason. An unknown name makes as many exchanges as a wrong password, and the work of its key (R9).
    fn rejected(&mut self, runtime: &Handle, message: &[u8], error: &KrbError) -> TicketError {
        if error.code == KrbError::CLIENT_UNKNOWN && self.answers == 1 {
            let _ = std::hint::black_box(self.account_key(self.own_key.unwrap_or(AES_256)));
            let stand_in = runtime.block_on(self.transport.exchange(message));
            tracing::trace!(
                answered = stand_in.is_ok(),
                "stand-in exchange for an unknown account"
            );
        }
        Rejection::from(error).into()
    }

    /// What sspi says when it cannot go on. Its text is left out: nobody promises what is in it.
    fn refusal(&self, error: &::sspi::Error) -> TicketError {
        match error.error_type {
            // The network is ours and does not say this, so it looked for the KDC of another realm.
            ErrorKind::NoAuthenticatingAuthority => NotSupported::OtherRealm.into(),
            // A key of another length: the types differ.
            ErrorKind::InvalidParameter if self.answers >= WHOLE_EXCHANGE => NotSupported::SessionKey.into(),
            kind => protocol(&format!(
                "sspi stops with {kind:?} after {} answers",
                self.answers
            )),
        }
    }
}

/// Take AES-256 out of what an AS-REQ offers. Nothing signs an AS-REQ, and the length stays.
fn without_aes_256(message: &mut [u8]) {
    let width = AES_256_FIRST.len();
    let at = message.windows(width).position(|window| window == AES_256_FIRST);
    let Some(at) = at.filter(|_| message.first() == Some(&AS_REQ)) else {
        return;
    };
    if let Some(offer) = message.get_mut(at..at + width) {
        offer.copy_from_slice(&AES_128_ONLY);
    }
}

fn protocol(detail: &str) -> TicketError {
    TicketError::Protocol {
        detail: detail.to_owned(),
    }
}

/// Run a step of sspi without its traces: at their finest they show keys and decrypted tickets.
fn unheard<T>(step: impl FnOnce() -> T) -> T {
    with_default(NoSubscriber::default(), step)
}

/// Whether `text` can be one component of a Kerberos name: sspi sends ASCII, and splits at the separators.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'@' | b'/' | b'\\'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Endpoint, Unreachable};
    use adlib_core::UnixTime;
    use adlib_kerberos::issue::KrbErrorBuilder;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// A KDC that gives `answers` in turn, and the last one for ever; and the count of questions.
    async fn kdc(answers: Vec<Vec<u8>>) -> (Endpoint, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let number = count.fetch_add(1, Ordering::SeqCst);
                let length = stream.read_u32().await.unwrap();
                let mut question = vec![0; usize::try_from(length).unwrap()];
                stream.read_exact(&mut question).await.unwrap();
                let answer = answers.get(number).or(answers.last()).unwrap();
                let length = u32::try_from(answer.len()).unwrap();
                stream.write_u32(length).await.unwrap();
                stream.write_all(answer).await.unwrap();
            }
        });
        (Endpoint::parse("127.0.0.1", port).unwrap(), asked)
    }

    /// A KRB-ERROR of a KDC whose clock stands still.
    fn krb_error(code: i32, nt_status: Option<u32>) -> Vec<u8> {
        let mut error = KrbErrorBuilder::new(code, "CORP.EXAMPLE.COM", UnixTime::from_seconds(1_709_210_096));
        if let Some(status) = nt_status {
            error.explain(status);
        }
        error.encode()
    }

    async fn ask(account: &str, service: &str, kdcs: &[Endpoint]) -> TicketError {
        let password = Password::from("Passw0rd.Test");
        let request = TicketRequest {
            account,
            realm: "CORP.EXAMPLE.COM",
            secret: (&password).into(),
            service,
            kdcs,
            deadline: Duration::from_secs(5),
        };
        let source: &dyn TicketSource = &SspiTicketSource::new();
        source.service_ticket(request).await.unwrap_err()
    }

    const SERVICE: &str = "HTTP/app.corp.example.com";

    /// R9
    #[tokio::test]
    async fn the_reason_is_the_kdcs() {
        let disabled = krb_error(18, Some(0xc000_0072));
        let (kdc, _) = kdc(vec![krb_error(25, None), disabled]).await;
        assert_eq!(ask("ada", SERVICE, &[kdc]).await, Rejection::Disabled.into());
    }

    /// R9, A46: as many exchanges for a name that nobody has as for a wrong password.
    #[tokio::test]
    async fn a46_unknown_and_wrong_make_the_same_exchanges() {
        let (unknown, asked) = kdc(vec![krb_error(6, None)]).await;
        assert_eq!(
            ask("nobody", SERVICE, &[unknown]).await,
            Rejection::UnknownPrincipal.into()
        );
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        let (wrong, asked) = kdc(vec![krb_error(25, None), krb_error(24, None)]).await;
        assert_eq!(
            ask("ada", SERVICE, &[wrong]).await,
            Rejection::WrongPassword.into()
        );
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    /// R6: the answer to a question without pre-authentication is a ticket that anybody could have asked for.
    #[tokio::test]
    async fn an_account_without_pre_authentication_is_refused_by_name() {
        let (kdc, _) = kdc(vec![vec![AS_REP, 0]]).await;
        assert_eq!(
            ask("ada", SERVICE, &[kdc]).await,
            NotSupported::NoPreauthentication.into()
        );
    }

    /// R11: the offer changes, and nothing else.
    #[test]
    fn the_offer_can_be_narrowed() {
        let request = |offer: &[u8]| [&[AS_REQ, 30, 1, 2][..], offer, &[3, 4]].concat();
        let mut message = request(&AES_256_FIRST);
        without_aes_256(&mut message);
        assert_eq!(message, request(&AES_128_ONLY));
        let mut other = [&[0x6c][..], &AES_256_FIRST].concat();
        without_aes_256(&mut other);
        assert_eq!(other[1..], AES_256_FIRST, "a TGS-REQ is signed");
        without_aes_256(&mut [AS_REQ]);
    }

    /// A65: a forged time is shown to the operator, and nothing is tried again by it.
    #[tokio::test]
    async fn a65_a_forged_clock_ends_the_exchange() {
        let (kdc, asked) = kdc(vec![krb_error(25, None), krb_error(37, None)]).await;
        let error = ask("ada", SERVICE, &[kdc]).await;
        assert_eq!(
            error.to_string(),
            "the KDC refuses: the clocks are too far apart: the KDC's says 2024-02-29T12:34:56Z"
        );
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    /// A28, A66: whatever a KDC answers, there is an error and no panic.
    #[tokio::test]
    async fn a28_answers_that_are_no_kerberos() {
        let nested = [0x6b, 0x82, 0xff, 0x00].repeat(10_000);
        for answer in [
            vec![0],
            vec![0x7e, 0x80],
            b"HTTP/1.1 400".to_vec(),
            vec![0x30; 60_000],
            nested,
        ] {
            for answers in [vec![answer.clone()], vec![krb_error(25, None), answer]] {
                let (kdc, _) = kdc(answers).await;
                let error = ask("ada", SERVICE, &[kdc]).await;
                assert!(
                    matches!(error, TicketError::Protocol { .. } | TicketError::NotSupported(_)),
                    "{error}"
                );
            }
        }
    }

    /// R5: nothing listens, so Kerberos could not be used, and the text says what was tried.
    #[tokio::test]
    async fn without_a_kdc_it_is_unreachable() {
        let port = {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            listener.local_addr().unwrap().port()
        };
        let error = ask("ada", SERVICE, &[Endpoint::parse("127.0.0.1", port).unwrap()]).await;
        assert_eq!(
            error.to_string(),
            format!("no KDC answers: 127.0.0.1 at 127.0.0.1:{port} (connection refused)")
        );
        assert_eq!(ask("ada", SERVICE, &[]).await, Unreachable::default().into());
    }

    /// R6: what sspi cannot send is said before anything is sent.
    #[tokio::test]
    async fn names_that_cannot_be_sent() {
        for account in ["", "müller", "a/b", "a@b", "a\\b", "a\0"] {
            assert_eq!(ask(account, SERVICE, &[]).await, NotSupported::Name.into());
        }
        for service in ["HTTP", "HTTP/", "/app", "a/b/c", "HTTP/büro"] {
            assert_eq!(ask("ada", service, &[]).await, NotSupported::ServiceName.into());
        }
    }
}
