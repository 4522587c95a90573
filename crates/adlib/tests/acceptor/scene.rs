//! A controller that makes tickets, an application, and a clock that stands still.

use std::sync::Arc;

use adlib::{
    Acceptor, AcceptorBuilder, BoxFuture, Clock, Error, Handshake, HashLookup, Identity, KnownAccount, Sid,
    Step, UnixTime,
    kerberos::{
        EncryptionType, InitiatorOptions, Keytab, KeytabEntry, Principal, ServiceKey, SessionKey,
        TicketInitiator,
        initiator::Credentials,
        issue::{PacBuilder, TicketBuilder},
    },
    ntlm::{Account, Ephemeral, Initiator, NtHash},
};
use adlib_core::{FileTime, gss};

pub(crate) const SERVICE: &str = "HTTP/app.corp.example.com";
pub(crate) const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
const DOMAIN_SID: &str = "S-1-5-21-1-2-3";

pub(crate) struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> UnixTime {
        NOW
    }
}

pub(crate) fn key(byte: u8) -> ServiceKey {
    ServiceKey::new(EncryptionType::Aes256Sha1, [byte; 32]).unwrap()
}

pub(crate) fn keytab() -> Keytab {
    Keytab::new(vec![KeytabEntry {
        principal: format!("{SERVICE}@CORP.EXAMPLE.COM").parse().unwrap(),
        kvno: 1,
        key: key(1),
        timestamp: UnixTime::from_seconds(0),
    }])
}

/// Random bytes that differ from one another.
pub(crate) fn random(seed: u8) -> adlib::kerberos::SessionRandom {
    let mut state = seed;
    Box::new(move |bytes: &mut [u8]| {
        for byte in bytes {
            state = state.wrapping_mul(37).wrapping_add(91);
            *byte = state;
        }
    })
}

/// A ticket of ada's, encrypted with `key`.
pub(crate) fn ticket(key: &ServiceKey) -> Credentials {
    let client = Principal::user("ada", "CORP.EXAMPLE.COM");
    let service: Principal = format!("{SERVICE}@CORP.EXAMPLE.COM").parse().unwrap();
    let domain = DOMAIN_SID.parse().unwrap();
    let pac = PacBuilder::new(&client, NOW, "CORP", domain, 1103, &[513, 1165]).sign(key, &self::key(9));
    let session_key = SessionKey::new(EncryptionType::Aes256Sha1, [3; 32]).unwrap();
    TicketBuilder::new(client, service, session_key, NOW)
        .with_pac(pac)
        .encrypt(key, &mut *random(7))
        .into()
}

/// A client that has a ticket.
pub(crate) fn kerberos(seed: u8, options: InitiatorOptions) -> Box<dyn gss::Initiator> {
    Box::new(TicketInitiator::new(ticket(&key(1)), options, NOW, random(seed)))
}

/// A client that has a password.
pub(crate) fn ntlm(password: &str) -> Initiator {
    let ephemeral = Ephemeral {
        now: FileTime::from_unix(NOW),
        client_challenge: [1; 8],
        session_key: adlib::ntlm::SessionKey::new([2; 16]),
    };
    Initiator::new("ada", "CORP", NtHash::from_password(password.into()), ephemeral).target_name(SERVICE)
}

/// Who knows ada's password.
pub(crate) struct Known;

impl HashLookup for Known {
    fn find<'a>(
        &'a self,
        claimed: &'a Account,
    ) -> BoxFuture<'a, Result<Option<(NtHash, KnownAccount)>, Error>> {
        let sid: Sid = "S-1-5-21-1-2-3-1103".parse().unwrap();
        let account = KnownAccount::new(sid, "ada", "corp.example.com")
            .with_groups(vec!["S-1-5-21-1-2-3-513".parse().unwrap()]);
        let known = claimed.user.eq_ignore_ascii_case("ada");
        let found = known.then(|| (NtHash::from_password("secret".into()), account));
        Box::pin(std::future::ready(Ok(found)))
    }
}

pub(crate) fn both() -> AcceptorBuilder {
    Acceptor::builder()
        .service(SERVICE)
        .keytab(keytab())
        .hash_lookup(Arc::new(Known))
        .clock(Arc::new(Fixed))
}

pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

/// How a handshake ended.
#[derive(Debug)]
pub(crate) enum Ended {
    Done(Box<Identity>),
    /// The reason, and what the client was told.
    Refused(&'static str, Option<Vec<u8>>, Handshake),
}

impl Ended {
    pub(crate) fn identity(self) -> Identity {
        match self {
            Self::Done(identity) => *identity,
            Self::Refused(reason, ..) => panic!("refused: {reason}"),
        }
    }

    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Done(_) => "accepted",
            Self::Refused(reason, ..) => reason,
        }
    }
}

/// A client and an application until one of them ends it.
pub(crate) fn sign_in(client: Box<dyn gss::Initiator>, handshake: Handshake) -> Ended {
    let (mut client, mut handshake) = (Some(client), handshake);
    let mut answer = Vec::new();
    loop {
        let token = match client.take().map(|client| client.step(&answer).unwrap()) {
            Some(gss::InitiatorStep::Continue { token, next }) => {
                client = Some(next);
                token
            }
            Some(gss::InitiatorStep::Done { token, .. }) => token.expect("the application waits"),
            None => panic!("the application waits for a client that is done"),
        };
        match run(handshake.step(&token)) {
            Step::Continue {
                token,
                handshake: next,
            } => {
                answer = token;
                handshake = next;
            }
            Step::Done { identity, token } => {
                if let Some(client) = client {
                    let last = client.step(&token.expect("the client waits")).unwrap();
                    assert!(matches!(last, gss::InitiatorStep::Done { token: None, .. }));
                }
                return Ended::Done(identity);
            }
            Step::Refused {
                for_client,
                reason,
                retry,
            } => {
                let reason = match reason {
                    adlib::SignInError::Refused(refusal) => refusal.reason().as_str(),
                    adlib::SignInError::Failed(_) => "failed",
                };
                return Ended::Refused(reason, for_client, retry);
            }
        }
    }
}
