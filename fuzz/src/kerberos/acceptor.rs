//! Oracle of the acceptor, with somebody in the middle who has seen other sign-ins.

use adlib_core::{ChannelBindings, UnixTime, gss};
use adlib_kerberos::{
    Accepted, BindingsMode, EncryptionType, Keytab, KeytabEntry, MemoryReplayCache, PacMode, Policy,
    Principal, Random, ServiceKey, SessionKey, UnverifiedApReq,
    fuzzing::{self, Element, Message},
    issue::{ApReqBuilder, IssuedTicket, TicketBuilder},
};

use super::{key_of, session::random};
use crate::{scene, script::Script};

/// A message as its client sent it.
struct Genuine {
    token: Vec<u8>,
    client: Principal,
    bound: bool,
    sealed: Sealed,
}

/// What is encrypted in a message: the ticket and the authenticator.
#[derive(Debug, PartialEq, Eq)]
struct Sealed(Element, Element);

impl Sealed {
    /// Of a message, framed or not.
    fn of(token: &[u8]) -> Option<Self> {
        let framed = gss::unframe(token).ok();
        let message = framed.map_or(Some(token), |framed| framed.inner.get(2..))?;
        let message = fuzzing::decode(Message::ApReq, message).ok()?;
        let sealed = |path: &[&str]| message.at(path).cloned();
        Some(Self(
            sealed(&["ticket", "enc_part", "cipher"])?,
            sealed(&["authenticator", "cipher"])?,
        ))
    }
}

/// What ties a sign-in to the connection.
fn bindings() -> ChannelBindings {
    ChannelBindings::tls_server_end_point(&[0xab; 32])
}

/// A service whose key nobody else has, and what its clients send.
struct Court {
    keytab: Keytab,
    genuine: [Genuine; 4],
}

impl Court {
    /// Ada's, framed; ada's a moment later, bare; bob's; ada's that is bound to the connection and wants an answer.
    fn new(script: &[u8]) -> Self {
        let random = &mut random(script, 1);
        let key = service_key(script, 2);
        let ada = ticket_of("ada", [3; 32], &key, random);
        let bob = ticket_of("bob", [4; 32], &key, random);
        let mut requests = [&ada, &ada, &bob, &ada].map(|ticket| ApReqBuilder::new(ticket, scene::now()));
        requests[1].time = UnixTime::from_micros(scene::now().micros() + 1);
        requests[3] = requests[3].clone().bound_to(&bindings());
        requests[3].mutual = true;
        let mut number = 0;
        let genuine = requests.map(|request| {
            number += 1;
            let token = match number {
                2 => request.encrypt(random),
                _ => request.encrypt_token(random),
            };
            let token = token.expect("well formed");
            Genuine {
                sealed: Sealed::of(&token).expect("well formed"),
                token,
                client: request.client,
                bound: number == 4,
            }
        });
        let (principal, timestamp) = (scene::service(), scene::now());
        let keytab = Keytab::new(vec![KeytabEntry {
            principal,
            kvno: 2,
            key,
            timestamp,
        }]);
        Self { keytab, genuine }
    }

    /// What the service makes of a message, on a connection with `bindings`.
    fn judge(
        &self,
        token: &[u8],
        policy: &Policy,
        bindings: Option<&ChannelBindings>,
        cache: &MemoryReplayCache,
    ) -> Result<Accepted, String> {
        let pending = UnverifiedApReq::decode(token)
            .and_then(|ap_req| ap_req.decrypt(&self.keytab, policy))
            .and_then(|decrypted| decrypted.check(policy, scene::now(), bindings))
            .map_err(|rejection| rejection.to_string())?;
        let fresh = cache.check_and_insert(pending.record(), pending.expires(), scene::now());
        Ok(pending.accept(fresh.map_err(|error| error.to_string())?))
    }
}

/// The key of a service.
fn service_key(script: &[u8], byte: u8) -> ServiceKey {
    ServiceKey::new(EncryptionType::Aes256Sha1, key_of(script, byte)).expect("the right length")
}

/// A client's ticket. There is no PAC in it: who can change one has the service's key.
fn ticket_of(name: &str, session_key: [u8; 32], key: &ServiceKey, random: &mut Random<'_>) -> IssuedTicket {
    let client = Principal::user(name, "CORP.EXAMPLE.COM");
    let session_key = SessionKey::new(EncryptionType::Aes256Sha1, session_key).expect("the right length");
    TicketBuilder::new(client, scene::service(), session_key, scene::now()).encrypt(key, random)
}

/// Nobody in the middle is accepted: only what a client sealed is, as that client, and only once; and an untouched message
/// is, the first time that it comes.
///
/// What nobody protects (RFC 4120 5.5.1): the frame, the options, the service's name on the ticket, and the versions of the
/// keys. None of it makes another message of it.
pub fn acceptor(data: &[u8]) {
    let mut script = Script::new(data);
    let Some(number) = script.byte() else { return };
    let mut policy = Policy::default();
    policy.pac = PacMode::Off;
    let connection = bindings();
    let bindings = (number & 1 == 1).then_some(&connection);
    if number & 2 == 2 {
        policy.bindings = BindingsMode::Require;
    }
    let court = Court::new(data);
    let genuine = &court.genuine;
    let cache = MemoryReplayCache::with_capacity(16);
    let mut accepted_before = [false; 4];
    while let Some(act) = script.byte() {
        let mut token = genuine[usize::from(act & 3)].token.clone();
        let other = &genuine[usize::from(act >> 2 & 3)].token;
        for _ in 0..act >> 4 {
            let Some(change) = script.change() else { break };
            change.apply(&mut token, other);
        }
        let verdict = court.judge(&token, &policy, bindings, &cache);
        let known = Sealed::of(&token);
        let known = known.and_then(|sealed| genuine.iter().position(|one| one.sealed == sealed));
        match (verdict, known) {
            (Ok(accepted), Some(known)) => {
                assert!(!accepted_before[known], "accepted twice");
                accepted_before[known] = true;
                is(&accepted, &genuine[known]);
            }
            (Ok(accepted), None) => panic!("accepted: {accepted:?}"),
            (Err(rejection), Some(known)) if token == genuine[known].token => {
                let unbound = policy.bindings == BindingsMode::Require && !genuine[known].bound;
                let elsewhere = genuine[known].bound && bindings.is_none();
                let expected = accepted_before[known] || unbound || elsewhere;
                assert!(expected, "refused: {rejection}");
            }
            (Err(_), _) => {}
        }
    }
}

/// That who was accepted is who sent the message.
fn is(accepted: &Accepted, sent: &Genuine) {
    assert_eq!(*accepted.client(), sent.client);
    assert_eq!(*accepted.service(), scene::service());
}
