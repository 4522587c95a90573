//! Kerberos: what it costs to accept a client, beside what must be computed, MIT's library and the `sspi` crate.

use std::{
    error::Error,
    hint::{black_box, spin_loop},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use adlib_benches::{Bar, Row, time};
use adlib_core::{Sid, UnixTime};
use adlib_kerberos::{
    Accepted, EncryptionType, Keytab, MemoryReplayCache, Policy, UnverifiedApReq,
    pac::{PacRejection, UnverifiedPac},
};
use aes::{Aes128, Aes256};
use sha2::{Sha256, Sha384};

mod kerberos_floor;
mod kerberos_mit;
mod kerberos_scene;
mod kerberos_sspi;

use kerberos_floor::{AesSha1, AesSha2, Floor, Profile, Rc4Hmac};
use kerberos_mit::{Mit, ReplayCache};
use kerberos_scene::{Scene, pac_of_member};
use kerberos_sspi::SspiAcceptor;

type Outcome = Result<(), Box<dyn Error>>;

/// What every acceptance must keep to.
const NEAR_THE_FLOOR: &[Bar] = &[Bar::TimesFloor(1.5)];

fn main() -> Outcome {
    let mit = Mit::compile();
    let mit = mit
        .inspect_err(|error| eprintln!("MIT's library is not measured: {error}"))
        .ok();
    let scene = Scene::new(EncryptionType::Aes256Sha1)?;
    eprintln!(
        "messages of {} bytes, with PACs of {}",
        scene.ap_req().len(),
        scene.pac.len()
    );
    let row = Row {
        name: "kerberos/accept; MIT without replay cache",
        bars: &[Bar::TimesFloor(1.5), Bar::FasterThanPeer(6.0)],
    };
    accept::<AesSha1<Aes256>>(row, &scene, mit.as_ref(), ReplayCache::Off)?;
    let row = Row {
        name: "kerberos/accept; MIT with replay cache",
        bars: NEAR_THE_FLOOR,
    };
    accept::<AesSha1<Aes256>>(row, &scene, mit.as_ref(), ReplayCache::On)?;
    accept_beside_sspi(&scene)?;
    answer(mit.as_ref())?;
    accept_on_two_threads(&scene)?;
    accept_etype::<AesSha1<Aes128>>(
        "kerberos/accept etype 17",
        EncryptionType::Aes128Sha1,
        mit.as_ref(),
    )?;
    accept_etype::<AesSha2<Aes128, Sha256, 16>>(
        "kerberos/accept etype 19",
        EncryptionType::Aes128Sha2,
        mit.as_ref(),
    )?;
    accept_etype::<AesSha2<Aes256, Sha384, 24>>(
        "kerberos/accept etype 20",
        EncryptionType::Aes256Sha2,
        mit.as_ref(),
    )?;
    accept_etype::<Rc4Hmac>("kerberos/accept etype 23", EncryptionType::Rc4, mit.as_ref())?;
    verify_pac(&scene)?;
    read_groups()
}

fn accept_etype<P: Profile>(name: &'static str, etype: EncryptionType, mit: Option<&Mit>) -> Outcome {
    let bars = NEAR_THE_FLOOR;
    accept::<P>(Row { name, bars }, &Scene::new(etype)?, mit, ReplayCache::Off)
}

/// Our verdict with its evidence, beside MIT's context and the ciphers alone.
fn accept<P: Profile>(row: Row, scene: &Scene, mit: Option<&Mit>, replays: ReplayCache) -> Outcome {
    let mut ours = Acceptor::new(scene);
    ours.trial()?;
    let mut mit = mit.map(|mit| mit.trial(scene, replays)).transpose()?;
    let mut mit = mit
        .as_mut()
        .map(|mit| move |calls| mit.accept(&scene.tokens(calls)).unwrap_or(f64::NAN));
    let mut floor = Floor::<P>::new(scene);
    assert!(
        floor.run(&scene.tokens(1).concat()).0,
        "the floor does not open what it is given"
    );
    row.measure_batches(
        &mut |calls| ours.batch(calls, |accepted| accepted),
        mit.as_mut().map(|batch| batch as _),
        Some(&mut |calls| floor.batch(scene, calls)),
    );
    Ok(())
}

fn accept_beside_sspi(scene: &Scene) -> Outcome {
    let row = Row {
        name: "kerberos/accept; sspi, which reads no PAC",
        bars: NEAR_THE_FLOOR,
    };
    let mut ours = Acceptor::new(scene);
    let sspi = SspiAcceptor::new(scene)?;
    sspi.accept(scene.tokens(1).remove(0))?;
    let mut floor = Floor::<AesSha1<Aes256>>::new(scene);
    row.measure_batches(
        &mut |calls| ours.batch(calls, |accepted| accepted),
        Some(&mut |calls| {
            let mut tokens = scene.tokens(calls).into_iter();
            time(calls, &mut || tokens.next().map(|token| sspi.accept(token)))
        }),
        Some(&mut |calls| floor.batch(scene, calls)),
    );
    Ok(())
}

/// Two threads with one key table and one replay cache, beside one thread that does the same work; and the same of the
/// ciphers alone, which says what the machine's second processor is worth.
fn accept_on_two_threads(scene: &Scene) -> Outcome {
    let replays = MemoryReplayCache::with_capacity(1 << 20);
    let (keytab, policy) = (&scene.keytab, &scene.policy);
    let accept = |threads, calls| {
        let (tokens, now) = (scene.tokens(calls * MESSAGES), scene.time());
        on_threads(threads, &tokens, |_, tokens| {
            let mut buffer = Vec::new();
            for token in tokens {
                let accepted = accept_token(token, (keytab, policy), now, (&replays, &mut buffer));
                assert!(accepted.is_ok(), "not accepted");
            }
        })
    };
    let floors = [(); 2].map(|()| Mutex::new(Floor::<AesSha1<Aes256>>::new(scene)));
    let ciphers = |threads, calls| {
        on_threads(threads, &scene.tokens(calls * MESSAGES), |thread, tokens| {
            let floor = floors.get(thread).and_then(|floor| floor.lock().ok());
            if let Some(mut floor) = floor {
                for token in tokens {
                    black_box(floor.run(token));
                }
            }
        })
    };
    let row = Row {
        name: "kerberos/accept on two threads; on one",
        bars: &[Bar::FasterThanPeer(1.8)],
    };
    row.measure_batches(
        &mut |calls| accept(2, calls),
        Some(&mut |calls| accept(1, calls)),
        Some(&mut |calls| ciphers(2, calls)),
    );
    let row = Row {
        name: "kerberos/ciphers alone on two threads; on one",
        bars: &[],
    };
    row.measure_batches(
        &mut |calls| ciphers(2, calls),
        Some(&mut |calls| ciphers(1, calls)),
        None,
    );
    Ok(())
}

/// So many times the messages of a batch, so that the end of the slower thread does not count.
const MESSAGES: u32 = 4;

/// Nanoseconds a message when so many threads do `work` with a share of `tokens` each, once all of them run.
fn on_threads(threads: usize, tokens: &[Vec<u8>], work: impl Fn(usize, &[Vec<u8>]) + Sync) -> f64 {
    let running = &AtomicUsize::new(0);
    let work = &work;
    let share = |(thread, tokens)| {
        move || {
            running.fetch_add(1, Ordering::SeqCst);
            while running.load(Ordering::SeqCst) < threads {
                spin_loop();
            }
            let start = Instant::now();
            work(thread, tokens);
            (start, Instant::now())
        }
    };
    let spans = thread::scope(|scope| {
        let shares = tokens.chunks(tokens.len().div_ceil(threads)).enumerate();
        let threads: Vec<_> = shares.map(|part| scope.spawn(share(part))).collect();
        let spans = threads.into_iter().map(|thread| thread.join().ok());
        spans.collect::<Option<Vec<_>>>()
    });
    let spans = spans.unwrap_or_default();
    let start = spans.iter().map(|span| span.0).min();
    let end = spans.iter().map(|span| span.1).max();
    let all = start.zip(end).map(|(start, end)| (end - start).as_secs_f64());
    all.map_or(f64::NAN, |all| all * 1e9 / tokens.len() as f64)
}

/// With an AP-REP and a session under a key of our own.
fn answer(mit: Option<&Mit>) -> Outcome {
    let row = Row {
        name: "kerberos/accept and answer",
        bars: &[],
    };
    let mut scene = Scene::new(EncryptionType::Aes256Sha1)?;
    scene.mutual = true;
    let scene = &scene;
    let mut ours = Acceptor::new(scene);
    ours.trial()?;
    let mut mit = mit.map(|mit| mit.trial(scene, ReplayCache::Off)).transpose()?;
    let mut mit = mit
        .as_mut()
        .map(|mit| move |calls| mit.accept(&scene.tokens(calls)).unwrap_or(f64::NAN));
    row.measure_batches(
        &mut |calls| {
            ours.batch(calls, |accepted| {
                accepted.map(|accepted| accepted.session(Box::new(random)))
            })
        },
        mit.as_mut().map(|batch| batch as _),
        None,
    );
    Ok(())
}

/// The system's generator. Without it there is no bench.
fn random(bytes: &mut [u8]) {
    assert!(getrandom::fill(bytes).is_ok(), "no random bytes");
}

/// What an application keeps between its clients.
struct Acceptor<'s> {
    scene: &'s Scene,
    replays: MemoryReplayCache,
    buffer: Vec<u8>,
}

impl<'s> Acceptor<'s> {
    fn new(scene: &'s Scene) -> Self {
        Self {
            scene,
            replays: MemoryReplayCache::new(),
            buffer: Vec::new(),
        }
    }

    /// # Errors
    /// When the service does not accept what will be measured.
    fn trial(&mut self) -> Outcome {
        self.accept(&self.scene.tokens(1).concat()).map(drop)
    }

    /// Nanoseconds a message, when `then` is done with each.
    fn batch<T>(&mut self, calls: u32, then: impl Fn(Option<Accepted>) -> T) -> f64 {
        let tokens = self.scene.tokens(calls);
        let mut tokens = tokens.iter();
        time(calls, &mut || {
            then(tokens.next().and_then(|token| self.accept(token).ok()))
        })
    }

    fn accept(&mut self, token: &[u8]) -> Result<Accepted, Box<dyn Error>> {
        let scene = self.scene;
        let keep = (&self.replays, &mut self.buffer);
        accept_token(token, (&scene.keytab, &scene.policy), scene.time(), keep)
    }
}

fn accept_token(
    token: &[u8],
    (keytab, policy): (&Keytab, &Policy),
    now: UnixTime,
    (replays, buffer): (&MemoryReplayCache, &mut Vec<u8>),
) -> Result<Accepted, Box<dyn Error>> {
    let request = UnverifiedApReq::decode(token)?;
    let pending = request
        .decrypt_in(buffer, keytab, policy)?
        .check(policy, now, None)?;
    let fresh = replays.check_and_insert(pending.record(), pending.expires(), now)?;
    Ok(pending.accept(fresh))
}

/// The signature, and that all parts agree; what it says is read by whoever asks.
fn verify_pac(scene: &Scene) -> Outcome {
    let row = Row {
        name: "kerberos/verify a PAC",
        bars: &[],
    };
    let verify = || UnverifiedPac::decode(black_box(&scene.pac))?.verify(&scene.key);
    verify()?;
    let floor = Floor::<AesSha1<Aes256>>::new(scene);
    row.measure_batches(
        &mut |calls| time(calls, &mut || verify()),
        None,
        Some(&mut |calls| time(calls, &mut || floor.sign())),
    );
    Ok(())
}

fn read_groups() -> Outcome {
    let row = Row {
        name: "kerberos/read 1,000 groups",
        bars: &[],
    };
    let (pac, _) = pac_of_member(1000)?;
    let read =
        || -> Result<_, PacRejection> { Ok(UnverifiedPac::decode(black_box(&pac))?.unverified_content()?) };
    assert_eq!(read()?.groups().len(), 1000);
    let domain: Sid = black_box("S-1-5-21-1111111111-2222222222-3333333333").parse()?;
    row.measure_batches(
        &mut |calls| time(calls, &mut || read()),
        None,
        // They must be written somewhere.
        Some(&mut |calls| {
            time(calls, &mut || {
                (513..1513)
                    .filter_map(|rid| domain.with_rid(rid))
                    .collect::<Vec<_>>()
            })
        }),
    );
    Ok(())
}
