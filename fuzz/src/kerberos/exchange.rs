//! Oracle of the exchanges with a KDC, with somebody else answering.

use std::sync::{Arc, Mutex};

use adlib_core::UnixTime;
use adlib_kerberos::{
    EncryptionType, Principal, Random, ServiceKey, SessionRandom,
    initiator::{
        AsExchange, AsRequest, ClientSecret, Credentials, ExchangeError, ExchangePolicy, Step, TgsExchange,
    },
    issue::{Kdc, KdcEntry, KdcReplyBuilder},
    name_type,
};

use super::{key_of, session::random};
use crate::{scene, script::Script};

const REALM: &str = "CORP.EXAMPLE.COM";
const SERVICE: &str = "HTTP/app.corp.example.com";
/// No exchange within bounds needs more answers, whoever gives them.
const MAX_ANSWERS: usize = 64;

/// Either exchange.
enum Exchange {
    As(Box<AsExchange>),
    Tgs(Box<TgsExchange>),
}

impl Exchange {
    fn message(&self) -> &[u8] {
        match self {
            Self::As(exchange) => exchange.message(),
            Self::Tgs(exchange) => exchange.message(),
        }
    }

    fn answer(
        self,
        answer: &[u8],
        now: UnixTime,
        random: &mut Random<'_>,
    ) -> Result<Result<Self, Credentials>, ExchangeError> {
        Ok(match self {
            Self::As(exchange) => match exchange.answer(answer, now, random)? {
                Step::Ask(next) => Ok(Self::As(next)),
                Step::Done(credentials) => Err(*credentials),
            },
            Self::Tgs(exchange) => match exchange.answer(answer, now, random)? {
                Step::Ask(next) => Ok(Self::Tgs(next)),
                Step::Done(credentials) => Err(*credentials),
            },
        })
    }
}

/// What the honest KDC put into its replies.
type Replies = Arc<Mutex<Vec<KdcReplyBuilder>>>;

fn key(script: &[u8], byte: u8) -> ServiceKey {
    ServiceKey::new(EncryptionType::Aes256Sha1, key_of(script, byte)).expect("the right length")
}

fn ada(script: &[u8]) -> AsRequest {
    AsRequest::new(
        Principal::user("ada", REALM),
        ClientSecret::Keys(vec![key(script, 5)]),
    )
}

fn kdc(script: &[u8], replies: &Replies) -> Kdc {
    let replies = Arc::clone(replies);
    let mut kdc = Kdc::new(REALM, key(script, 1));
    kdc.entries.push(KdcEntry::new("ada", vec![key(script, 5)]));
    kdc.entries.push(KdcEntry::new(SERVICE, vec![key(script, 3)]));
    kdc.referrals
        .push(("HTTP/elsewhere".into(), "STAFF.EXAMPLE.COM".into()));
    kdc.entries
        .push(KdcEntry::new("krbtgt/STAFF.EXAMPLE.COM", vec![key(script, 9)]));
    kdc.lie = Some(Box::new(move |reply| {
        replies.lock().expect("one thread").push(reply.clone());
    }));
    kdc
}

/// What an undisturbed client and the honest KDC say to one another.
#[must_use]
pub fn transcript() -> Vec<Vec<u8>> {
    let random = &mut random(&[], 8);
    let mut table = Table::new(&[]);
    let mut said = Vec::new();
    let started = AsExchange::begin(ada(&[]), scene::now(), random).expect("a key to offer");
    let mut exchange = Exchange::As(Box::new(started));
    loop {
        let asked = exchange.message().to_vec();
        let answer = table.honest(&asked);
        let next = exchange.answer(&answer, scene::now(), random).expect("honest");
        said.extend([asked, answer]);
        exchange = match next {
            Ok(next) => next,
            Err(tgt) if tgt.granting_realm().is_some() => {
                let started = TgsExchange::begin(
                    tgt,
                    service(SERVICE),
                    ExchangePolicy::default(),
                    scene::now(),
                    random,
                );
                Exchange::Tgs(Box::new(started.expect("a ticket-granting ticket")))
            }
            Err(_) => return said,
        };
    }
}

fn service(name: &str) -> Principal {
    let components = name.split('/').map(Into::into).collect();
    Principal::new(name_type::SRV_INST, components, "")
}

/// A client, the honest KDC, and what was said so far.
struct Table {
    kdc: Kdc,
    replies: Replies,
    said: Vec<Vec<u8>>,
    /// Whether anything but the truth was said.
    lied: bool,
    random: SessionRandom,
}

impl Table {
    fn new(script: &[u8]) -> Self {
        let replies = Replies::default();
        let kdc = kdc(script, &replies);
        Self {
            kdc,
            replies,
            said: Vec::new(),
            lied: false,
            random: random(script, 7),
        }
    }

    /// The honest answer to `message`.
    fn honest(&mut self, message: &[u8]) -> Vec<u8> {
        let answer = self
            .kdc
            .answer(message, scene::now(), &mut *self.random)
            .expect("our own request");
        self.said.push(answer.clone());
        answer
    }

    /// What the client is told: the truth, the truth with changes, what was said before, or anything, with or without the
    /// truth being said to somebody in the middle.
    fn answer(&mut self, message: &[u8], script: &mut Script<'_>) -> Option<Vec<u8>> {
        let act = script.byte()?;
        self.lied |= act & 3 != 0;
        Some(match act & 3 {
            0 => self.honest(message),
            1 => {
                let mut answer = self.honest(message);
                let other = self.said.first().cloned().unwrap_or_default();
                for _ in 0..=act >> 6 {
                    script.change()?.apply(&mut answer, &other);
                }
                answer
            }
            2 => {
                let before = self.said.get(usize::from(act >> 2) % self.said.len().max(1));
                before.cloned().unwrap_or_default()
            }
            _ => {
                if act & 4 == 4 {
                    self.honest(message);
                }
                script.bytes()?.to_vec()
            }
        })
    }

    /// Takes an exchange to its end, if it has one.
    fn run(
        &mut self,
        mut exchange: Exchange,
        script: &mut Script<'_>,
        random: &mut Random<'_>,
    ) -> Option<Credentials> {
        for _ in 0..MAX_ANSWERS {
            let asked = exchange.message().to_vec();
            let answer = self.answer(&asked, script)?;
            match exchange.answer(&answer, scene::now(), random) {
                Ok(Ok(next)) => exchange = next,
                Ok(Err(credentials)) => {
                    self.is_honest(&asked, &credentials);
                    return Some(credentials);
                }
                Err(error) => {
                    // Another realm's controllers would have been asked.
                    let elsewhere = matches!(error, ExchangeError::ServiceRealm { .. });
                    assert!(self.lied || elsewhere || !is_reply(&answer), "refused: {error}");
                    return None;
                }
            }
        }
        panic!("answers without end");
    }

    /// That the honest KDC gave these `credentials` to who `asked`.
    ///
    /// Nobody protects the names of the client and the ticket's own bytes on a reply (RFC 4120 3.1.3): the service, whose
    /// key opens the ticket, sees to them.
    fn is_honest(&self, asked: &[u8], credentials: &Credentials) {
        let replies = self.replies.lock().expect("one thread");
        let given = replies.iter().any(|reply| {
            reply.request == asked
                && reply.ticket.session_key == credentials.session_key
                && reply.service == credentials.service
                && reply.flags == credentials.flags
                && (reply.auth_time, reply.end_time) == (credentials.auth_time, credentials.end_time)
        });
        assert!(given, "{credentials:?}");
    }
}

/// Whether an answer is an AS-REP or a TGS-REP.
fn is_reply(answer: &[u8]) -> bool {
    matches!(answer.first(), Some(0x6b | 0x6d))
}

/// Who is not the KDC gives no ticket: whatever answers come, an exchange ends with what the honest KDC answered to its
/// last message, or with none; and the honest KDC's reply is taken.
pub fn exchange(data: &[u8]) {
    let mut script = Script::new(data);
    let Some(number) = script.byte() else { return };
    let random = &mut random(data, 8);
    let mut table = Table::new(data);
    let mut request = ada(data);
    request.canonicalize = number & 1 == 1;
    if number & 2 == 2 {
        request.workstation = Some("WS1".into());
    }
    let started = AsExchange::begin(request, scene::now(), random).expect("a key to offer");
    let Some(tgt) = table.run(Exchange::As(Box::new(started)), &mut script, random) else {
        return;
    };
    let client = tgt.client.clone();
    assert!(number & 1 == 1 || client == Principal::user("ada", REALM));
    let service = service(if number & 4 == 4 {
        "HTTP/elsewhere"
    } else {
        SERVICE
    });
    let Ok(started) = TgsExchange::begin(tgt, service, ExchangePolicy::default(), scene::now(), random)
    else {
        // Somebody wrote another name, or changed the ticket's bytes.
        return;
    };
    let bought = table.run(Exchange::Tgs(Box::new(started)), &mut script, random);
    if let Some(bought) = bought {
        assert_eq!(bought.client, client);
        assert_eq!(bought.service.name(), SERVICE);
    }
}
