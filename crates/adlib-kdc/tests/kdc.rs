//! Our source of tickets against KDCs on loopback: honest, gone, slow, and not what they say.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use adlib_core::{Password, UnixTime};
use adlib_kdc::{
    BoxFuture, Endpoint, ExchangePolicy, KdcTicketSource, Locate, LocateError, NotSupported, OwnAccount,
    Rejection, TicketError, TicketRequest, TicketSource,
};
use adlib_kerberos::initiator::{ExchangeError, KrbError};
use adlib_kerberos::issue::{Kdc, KdcEntry, KrbErrorBuilder};
use adlib_kerberos::{EncryptionType, Keytab, KeytabEntry, Principal, ServiceKey};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

const CORP: &str = "CORP.EXAMPLE.COM";
const STAFF: &str = "STAFF.EXAMPLE.COM";
const SERVICE: &str = "HTTP/app.corp.example.com";
const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
const DEADLINE: Duration = Duration::from_secs(5);

fn key(byte: u8) -> ServiceKey {
    ServiceKey::new(EncryptionType::Aes256Sha1, [byte; 32]).unwrap()
}

fn corp() -> Kdc {
    let mut kdc = Kdc::new(CORP, key(1));
    let salt = format!("{CORP}田中");
    let password = ServiceKey::from_password(
        EncryptionType::Aes256Sha1,
        &"Passw0rd.Test".into(),
        salt.as_bytes(),
        None,
    );
    let mut user = KdcEntry::new("田中", vec![password.unwrap()]);
    user.salt = salt;
    kdc.entries.push(user);
    kdc.entries.push(KdcEntry::new("svc-http", vec![key(2)]));
    kdc.entries.push(KdcEntry::new(SERVICE, vec![key(3)]));
    kdc
}

/// What a KDC answers to a message, if it does.
type Answer = dyn Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync;

/// A KDC on udp and tcp, and how many messages it got.
async fn serve(
    answer: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync + 'static,
) -> (Endpoint, Arc<AtomicUsize>) {
    let (tcp, udp) = loop {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()).await {
            break (tcp, udp);
        }
    };
    let port = tcp.local_addr().unwrap().port();
    let asked = Arc::new(AtomicUsize::new(0));
    let answer: Arc<Answer> = Arc::new(answer);
    let (over_udp, count) = (Arc::clone(&answer), Arc::clone(&asked));
    tokio::spawn(async move {
        let mut question = [0; 2048];
        while let Ok((length, client)) = udp.recv_from(&mut question).await {
            count.fetch_add(1, Ordering::SeqCst);
            if let Some(reply) = over_udp(&question[..length]) {
                let too_big = KrbErrorBuilder::new(KrbError::RESPONSE_TOO_BIG, CORP, NOW).encode();
                let fits = reply.len() <= 900;
                udp.send_to(if fits { &reply } else { &too_big }, client)
                    .await
                    .unwrap();
            }
        }
    });
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = tcp.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let length = stream.read_u32().await.unwrap();
            let mut question = vec![0; usize::try_from(length).unwrap()];
            stream.read_exact(&mut question).await.unwrap();
            match answer(&question) {
                Some(reply) => {
                    stream
                        .write_u32(u32::try_from(reply.len()).unwrap())
                        .await
                        .unwrap();
                    stream.write_all(&reply).await.unwrap();
                }
                // Held open, so that the client waits.
                None => std::mem::forget(stream),
            }
        }
    });
    (Endpoint::parse("127.0.0.1", port).unwrap(), asked)
}

async fn honest(kdc: Kdc) -> (Endpoint, Arc<AtomicUsize>) {
    serve(move |message| Some(kdc.answer(message, NOW, &mut |bytes| bytes.fill(9)).unwrap())).await
}

fn source() -> KdcTicketSource {
    KdcTicketSource::new(|| NOW)
}

async fn ask(source: &KdcTicketSource, password: &str, kdcs: &[Endpoint]) -> Result<(), TicketError> {
    let password = Password::from(password);
    let request = TicketRequest {
        account: "田中",
        realm: CORP,
        secret: (&password).into(),
        service: SERVICE,
        kdcs,
        deadline: DEADLINE,
    };
    source.service_ticket(request).await.map(|_| ())
}

/// R6, R4: past one KDC that is gone and one that says nothing.
#[tokio::test]
async fn the_next_kdc_is_asked() {
    let gone = Endpoint::parse("127.0.0.1", 1).unwrap();
    let (silent, _) = serve(|_| None).await;
    let (kdc, _) = honest(corp()).await;
    ask(&source(), "Passw0rd.Test", &[gone, silent, kdc])
        .await
        .unwrap();
}

/// R9: silence ends at the deadline, and is no refusal.
#[tokio::test]
async fn silence_ends_at_the_deadline() {
    let (silent, _) = serve(|_| None).await;
    let begin = Instant::now();
    let error = ask(&source(), "Passw0rd.Test", &[silent]).await.unwrap_err();
    assert!(matches!(error, TicketError::Unreachable(_)), "{error}");
    assert!(begin.elapsed() < DEADLINE + Duration::from_secs(1));
}

/// R9: who asks no longer stops everything.
#[tokio::test]
async fn a_dropped_request_asks_nobody() {
    let (silent, asked) = serve(|_| None).await;
    let request = tokio::spawn(async move { ask(&source(), "Passw0rd.Test", &[silent]).await });
    while asked.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(asked.load(Ordering::SeqCst), 1, "not over tcp either");
}

/// R9, A46
#[tokio::test]
async fn a46_unknown_and_wrong_make_the_same_exchanges() {
    let (kdc, asked) = honest(corp()).await;
    let error = ask(&source(), "wrong", &[kdc]).await.unwrap_err();
    assert_eq!(error, Rejection::WrongPassword.into());
    let mut without = corp();
    without.entries.retain(|entry| entry.name != "田中");
    let (kdc, asked_of_unknown) = honest(without).await;
    let error = ask(&source(), "wrong", &[kdc]).await.unwrap_err();
    assert_eq!(error, Rejection::UnknownPrincipal.into());
    assert_eq!(
        asked.load(Ordering::SeqCst),
        asked_of_unknown.load(Ordering::SeqCst)
    );
}

/// A65: a forged time beyond the bound ends the exchange, and no clock moves.
#[tokio::test]
async fn a65_a_forged_clock_ends_the_exchange() {
    let forged = UnixTime::from_seconds(NOW.seconds() + 86_400);
    let (kdc, asked) =
        serve(move |_| Some(KrbErrorBuilder::new(KrbError::SKEW, CORP, forged).encode())).await;
    let error = ask(&source(), "Passw0rd.Test", &[kdc]).await.unwrap_err();
    let expected = Rejection::ClockSkew {
        server_time: Some(forged),
    };
    assert_eq!(error, expected.into());
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

/// A66: a reply to another request, through the whole source.
#[tokio::test]
async fn a66_a_reply_to_another_request_is_refused() {
    let mut liar = corp();
    liar.lie = Some(Box::new(|reply| reply.nonce ^= 1));
    let (kdc, _) = honest(liar).await;
    let error = ask(&source(), "Passw0rd.Test", &[kdc]).await.unwrap_err();
    assert_eq!(error, TicketError::Exchange(ExchangeError::Nonce));
}

/// A66: a referral is followed only to where a locator knows the way, and one that it cannot find has its reason.
#[tokio::test]
async fn a66_a_referral_goes_where_the_locator_says() {
    struct Nowhere;
    impl Locate for Nowhere {
        fn kdcs<'a>(&'a self, realm: &'a str) -> BoxFuture<'a, Result<Vec<Endpoint>, LocateError>> {
            Box::pin(async move { Err(LocateError::NotFound(realm.to_owned())) })
        }
    }
    let mut referring = corp();
    referring.referrals.push((SERVICE.into(), STAFF.into()));
    referring
        .entries
        .push(KdcEntry::new(&format!("krbtgt/{STAFF}"), vec![key(4)]));
    let (kdc, _) = honest(referring).await;
    let kdcs = [kdc];
    let error = ask(&source(), "Passw0rd.Test", &kdcs).await.unwrap_err();
    assert_eq!(error, NotSupported::OtherRealm.into());
    let located = source().with_locator(Arc::new(Nowhere));
    let error = ask(&located, "Passw0rd.Test", &kdcs).await.unwrap_err();
    assert!(
        error.is_cut_short(),
        "R5: whoever hides the other realm's KDCs does not get at NTLM"
    );
    assert!(matches!(error, TicketError::NotLocated { realm, .. } if realm == STAFF));
    // Nothing was asked yet where not even the user's own realm is found.
    let error = ask(&located, "Passw0rd.Test", &[]).await.unwrap_err();
    assert!(!error.is_cut_short(), "{error}");
    assert!(matches!(error, TicketError::NotLocated { realm, .. } if realm == CORP));
}

/// R5, A64: with the KDCs of the service's realm gone, the user's own has answered all the same: there is a KDC.
#[tokio::test]
async fn a64_a_kdc_that_is_gone_after_another_answered() {
    struct Elsewhere(Endpoint);
    impl Locate for Elsewhere {
        fn kdcs<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<Endpoint>, LocateError>> {
            Box::pin(async { Ok(vec![self.0.clone()]) })
        }
    }
    let mut referring = corp();
    referring.referrals.push((SERVICE.into(), STAFF.into()));
    referring
        .entries
        .push(KdcEntry::new(&format!("krbtgt/{STAFF}"), vec![key(4)]));
    let (kdc, _) = honest(referring).await;
    let gone = Endpoint::parse("127.0.0.1", 1).unwrap();
    let located = source().with_locator(Arc::new(Elsewhere(gone.clone())));
    let error = ask(&located, "Passw0rd.Test", &[kdc]).await.unwrap_err();
    assert!(error.is_cut_short(), "{error}");
    let nobody = ask(&source(), "Passw0rd.Test", &[gone]).await.unwrap_err();
    assert!(!nobody.is_cut_short(), "{nobody}");
}

/// A28: whatever a KDC answers, there is an error and no panic.
#[tokio::test]
async fn a28_answers_that_are_no_kerberos() {
    for answer in [
        vec![0],
        vec![0x7e, 0x80],
        b"HTTP/1.1 400".to_vec(),
        vec![0x30; 800],
        [0x6b, 0x82].repeat(400),
    ] {
        let (kdc, _) = serve(move |_| Some(answer.clone())).await;
        let error = ask(&source(), "Passw0rd.Test", &[kdc]).await.unwrap_err();
        assert!(
            matches!(error, TicketError::Exchange(ExchangeError::Malformed(_))),
            "{error}"
        );
    }
}

/// R6: the account's tickets are kept until shortly before they end; one that cannot be replaced serves to its end.
#[tokio::test]
async fn an_accounts_tickets_are_kept_and_replaced_in_time() {
    let time = Arc::new(AtomicI64::new(NOW.seconds()));
    let (of_kdc, of_source) = (Arc::clone(&time), Arc::clone(&time));
    let up = Arc::new(AtomicUsize::new(1));
    let is_up = Arc::clone(&up);
    let kdc = corp();
    let (endpoint, asked) = serve(move |message| {
        let now = UnixTime::from_seconds(of_kdc.load(Ordering::SeqCst));
        let answer = kdc.answer(message, now, &mut |bytes| bytes.fill(9)).unwrap();
        (is_up.load(Ordering::SeqCst) == 1).then_some(answer)
    })
    .await;
    let source = KdcTicketSource::new(move || UnixTime::from_seconds(of_source.load(Ordering::SeqCst)));
    let account = OwnAccount::new(source.with_policy(ExchangePolicy::default()), "svc-http", CORP)
        .with_keys(vec![key(2)])
        .with_kdcs(vec![endpoint])
        .with_deadline(Duration::from_secs(3));
    let first = account.credentials(SERVICE).await.unwrap();
    let messages = asked.load(Ordering::SeqCst);
    assert_eq!(account.credentials(SERVICE).await.unwrap(), first);
    assert_eq!(asked.load(Ordering::SeqCst), messages, "nobody was asked");

    time.store(first.end_time.seconds() - 300, Ordering::SeqCst);
    up.store(0, Ordering::SeqCst);
    assert_eq!(account.credentials(SERVICE).await.unwrap(), first, "still good");
    up.store(1, Ordering::SeqCst);
    let second = account.credentials(SERVICE).await.unwrap();
    assert!(second.end_time > first.end_time);

    time.store(second.end_time.seconds() + 1, Ordering::SeqCst);
    up.store(0, Ordering::SeqCst);
    assert!(matches!(
        account.credentials(SERVICE).await,
        Err(TicketError::Unreachable(_))
    ));
}

/// R6: after a change of the password the account goes on with its new keys, and with the tickets that it has.
#[tokio::test]
async fn an_accounts_keys_are_replaced() {
    let (kdc, asked) = honest(corp()).await;
    let account = OwnAccount::new(source(), "svc-http", CORP)
        .with_keys(vec![key(8)])
        .with_kdcs(vec![kdc]);
    account.credentials(SERVICE).await.unwrap_err();
    let entry = |kvno, byte| KeytabEntry {
        principal: Principal::user("svc-http", CORP),
        kvno,
        key: key(byte),
        timestamp: NOW,
    };
    let keytab = Keytab::new(vec![entry(1, 8), entry(2, 2)]);
    account.replace_keys(&keytab, "svc-http");
    // A keytab without the account's keys takes none from it.
    account.replace_keys(&Keytab::default(), "svc-http");
    let held = account.credentials(SERVICE).await.unwrap();
    let messages = asked.load(Ordering::SeqCst);
    assert_eq!(account.credentials(SERVICE).await.unwrap(), held);
    assert_eq!(asked.load(Ordering::SeqCst), messages, "nobody was asked");
}

/// R6: what cannot be sent is said before anything is.
#[tokio::test]
async fn names_that_cannot_be_sent() {
    let password = Password::from("x");
    let ask = async |account, realm, service| {
        let request = TicketRequest {
            account,
            realm,
            secret: (&password).into(),
            service,
            kdcs: &[],
            deadline: DEADLINE,
        };
        source().service_ticket(request).await.unwrap_err()
    };
    for (account, realm) in [
        ("", CORP),
        ("ada", ""),
        ("a\0", CORP),
        ("ada", "A\n"),
        ("a/", CORP),
    ] {
        assert_eq!(ask(account, realm, SERVICE).await, NotSupported::Name.into());
    }
    for service in ["", "HTTP", "HTTP/", "/app", "HTTP//a", "HTTP/a\0"] {
        assert_eq!(ask("ada", CORP, service).await, NotSupported::ServiceName.into());
    }
}
