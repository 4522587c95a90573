//! Oracle of messages signed and sealed (RFC 4121, RFC 4757).

use std::sync::OnceLock;

use adlib_core::gss::{Protection, Session};
use adlib_kerberos::{
    AwaitingApRep, Begun, EncryptionType, Fresh, InitiatorOptions, KerberosSession, Keytab, KeytabEntry,
    PacMode, Policy, ServiceKey, SessionKey, SessionRandom, TicketInitiator, UnverifiedApReq,
    fuzzing::{self, Message},
    issue::{IssuedTicket, TicketBuilder},
};

use super::key_of;
use crate::{scene, script::Script};

const ETYPES: [EncryptionType; 5] = [
    EncryptionType::Aes256Sha1,
    EncryptionType::Aes128Sha1,
    EncryptionType::Aes256Sha2,
    EncryptionType::Aes128Sha2,
    EncryptionType::Rc4,
];

/// A message on its way, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sent {
    wrapped: bool,
    token: Vec<u8>,
    message: Vec<u8>,
}

/// One end of a session.
struct End {
    session: KerberosSession,
    sent: Vec<Sent>,
    /// How many messages of the other end it took.
    taken: usize,
}

/// Bytes that differ from one another, and from those of any other script.
pub(super) fn random(script: &[u8], seed: u8) -> SessionRandom {
    let mut bytes = key_of(script, seed).into_iter().cycle();
    let mut count = 0_u8;
    Box::new(move |buffer: &mut [u8]| {
        count = count.wrapping_add(1);
        buffer.fill_with(|| bytes.next().unwrap_or_default().wrapping_add(count));
    })
}

/// A service with a key of one type, and a ticket for it.
struct Service {
    keytab: Keytab,
    ticket: IssuedTicket,
}

fn service(number: u8) -> &'static Service {
    static SERVICES: OnceLock<Vec<Service>> = OnceLock::new();
    let make = |etype: EncryptionType| {
        let key = ServiceKey::new(etype, vec![1; etype.key_length()]).expect("the right length");
        let session_key = SessionKey::new(etype, vec![3; etype.key_length()]).expect("the right length");
        let principal = scene::service();
        let ticket = TicketBuilder::new(scene::client(), principal.clone(), session_key, scene::now());
        Service {
            ticket: ticket.encrypt(&key, &mut scene::random),
            keytab: Keytab::new(vec![KeytabEntry {
                principal,
                kvno: 1,
                key,
                timestamp: scene::now(),
            }]),
        }
    };
    let services = SERVICES.get_or_init(|| ETYPES.into_iter().map(make).collect());
    &services[usize::from(number) % ETYPES.len()]
}

/// Both ends of a context: the acceptor's answer and what the initiator awaits are there if it asked for an answer.
struct Context {
    begun: Begun,
    answer: Option<Vec<u8>>,
    acceptor: KerberosSession,
}

fn context(script: &[u8]) -> Context {
    let number = script.first().copied().unwrap_or_default();
    let service = service(number);
    let mut options = InitiatorOptions::default();
    options.mutual = (number / 5).is_multiple_of(2);
    options.protection = match number / 10 % 2 {
        0 => Protection::Confidentiality,
        _ => Protection::Integrity,
    };
    let ticket = service.ticket.clone().into();
    let initiator = TicketInitiator::new(ticket, options, scene::now(), random(script, 1));
    let (token, begun) = initiator.begin().expect("a good ticket");
    let mut policy = Policy::default();
    policy.pac = PacMode::Off;
    policy.danger_accept_rc4 = true;
    let accepted = UnverifiedApReq::decode(&token)
        .and_then(|ap_req| ap_req.decrypt(&service.keytab, &policy))
        .and_then(|decrypted| decrypted.check(&policy, scene::now(), None))
        .expect("a good token")
        .accept(Fresh::danger_unchecked());
    let (answer, acceptor) = accepted.session(random(script, 2));
    Context {
        begun,
        answer,
        acceptor,
    }
}

/// An AP-REP in its frame.
#[must_use]
pub fn ap_rep() -> Vec<u8> {
    context(&[0]).answer.unwrap_or_default()
}

/// Each message is taken as it was said, once and in order, by the other end; nothing else is. An AP-REP is taken with what
/// the service sealed in it, or not at all.
///
/// Nobody protects by how much a token is rotated (RFC 4121 4.2.5), so that it is what it says that counts, not its bytes.
pub fn session(data: &[u8]) {
    let mut script = Script::new(data);
    let Some(number) = script.byte() else { return };
    let context = context(data);
    let initiator = match (context.begun, context.answer) {
        (Begun::Established(session), _) => *session,
        (Begun::AwaitingApRep(next), Some(answer)) => {
            let Some(session) = await_answer(next, &answer, number, &mut script) else {
                return;
            };
            session
        }
        (Begun::AwaitingApRep(_), None) => panic!("no answer"),
    };
    let mut ends = [initiator, context.acceptor].map(|session| End {
        session,
        sent: Vec::new(),
        taken: 0,
    });
    while let Some(act) = script.byte() {
        if act_on(&mut ends, act, &mut script).is_none() {
            return;
        }
    }
}

/// What becomes of the answer on its way.
fn await_answer(
    next: AwaitingApRep,
    answer: &[u8],
    number: u8,
    script: &mut Script<'_>,
) -> Option<KerberosSession> {
    let mut came = answer.to_vec();
    if number & 0x80 == 0x80 {
        for _ in 0..script.byte()? % 4 {
            script.change()?.apply(&mut came, answer);
        }
    }
    match next.verify(&came) {
        Ok(session) => {
            assert!(sealed(&came).is_some_and(|came| Some(came) == sealed(answer)));
            Some(session)
        }
        Err(rejection) => {
            assert_ne!(came, answer, "{rejection}");
            None
        }
    }
}

/// What is encrypted in an AP-REP, framed or not.
fn sealed(token: &[u8]) -> Option<fuzzing::Element> {
    let framed = adlib_core::gss::unframe(token).ok();
    let message = framed.map_or(Some(token), |framed| framed.inner.get(2..))?;
    let message = fuzzing::decode(Message::ApRep, message).ok()?;
    message.at(&["enc_part", "cipher"]).cloned()
}

/// Does the next thing; `None` at the end of the script.
fn act_on(ends: &mut [End; 2], act: u8, script: &mut Script<'_>) -> Option<()> {
    let [one, other] = ends;
    let (from, to) = if act & 1 == 0 { (one, other) } else { (other, one) };
    let wrapped = act & 2 == 0;
    match act >> 2 & 7 {
        0 | 1 => {
            let message = script.bytes()?.to_vec();
            let token = if wrapped {
                from.session.wrap(&message)
            } else {
                from.session.mic(&message)
            };
            let token = token.expect("protection was agreed");
            from.sent.push(Sent {
                wrapped,
                token,
                message,
            });
        }
        2 | 3 => {
            let sent = from.sent.get(usize::from(script.byte()?))?.clone();
            deliver(from, to, &sent);
        }
        4 => {
            let mut sent = from.sent.get(usize::from(script.byte()?))?.clone();
            let other = from.sent.first()?.clone();
            script.change()?.apply(&mut sent.token, &other.token);
            deliver(from, to, &sent);
        }
        5 => {
            let mut sent = from.sent.get(usize::from(script.byte()?))?.clone();
            let other = from.sent.first()?.clone();
            script.change()?.apply(&mut sent.message, &other.message);
            deliver(from, to, &sent);
        }
        // One's own message comes back.
        6 => {
            let sent = from.sent.get(usize::from(script.byte()?))?.clone();
            assert!(take(&mut from.session, &sent).is_none());
        }
        _ => {
            let message = script.bytes()?.to_vec();
            let token = script.bytes()?.to_vec();
            deliver(
                from,
                to,
                &Sent {
                    wrapped,
                    token,
                    message,
                },
            );
        }
    }
    Some(())
}

/// Gives a token to the other end.
fn deliver(from: &End, to: &mut End, came: &Sent) {
    let due = from.sent.get(to.taken);
    match take(&mut to.session, came) {
        Some(message) => {
            let due = due.expect("accepted what was not sent");
            assert_eq!((came.wrapped, &message), (due.wrapped, &due.message));
            to.taken += 1;
        }
        None => {
            let same = due.is_some_and(|due| due.token == came.token && due.wrapped == came.wrapped);
            assert!(!same || due.is_some_and(|due| !came.wrapped && due.message != came.message));
        }
    }
}

/// What an end makes of a token.
fn take(session: &mut KerberosSession, came: &Sent) -> Option<Vec<u8>> {
    if came.wrapped {
        return session.unwrap(&came.token).ok();
    }
    let verified = session.verify_mic(&came.message, &came.token);
    verified.is_ok().then(|| came.message.clone())
}
