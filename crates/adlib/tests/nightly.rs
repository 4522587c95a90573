//! Scheduled runs: at which moments, by a clock that the tests turn.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
    time::Duration,
};

use adlib::{
    Clock, Directory, Nightly, Syncer, UnixTime,
    sync::{
        SyncOptions,
        store::{DigestKey, MemoryStore},
    },
};
use tokio::time::{Instant, sleep, timeout};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn at(text: &str) -> UnixTime {
    let number = |range| {
        text.get(range)
            .map_or(0, |digits: &str| digits.parse::<u8>().unwrap())
    };
    let year = text[..4].parse().unwrap();
    UnixTime::from_civil(
        year,
        number(5..7),
        number(8..10),
        number(11..13),
        number(14..16),
        0,
    )
    .unwrap()
}

fn nightly(zone: &str) -> Nightly {
    Nightly::at("00:55").unwrap().with_time_zone(zone).unwrap()
}

/// R32: 00:55 where the clocks are set at that very hour.
#[test]
fn r32_daylight_saving_skips_no_night_and_repeats_none() {
    for (zone, now, expected) in [
        // Nothing special.
        (
            "Europe/Berlin",
            "2026-06-01T12:00",
            ["2026-06-01T22:55", "2026-06-02T22:55"],
        ),
        // From the run before the change to the one after it there are 23, and 25, hours.
        (
            "Europe/Berlin",
            "2026-03-28T12:00",
            ["2026-03-28T23:55", "2026-03-29T22:55"],
        ),
        (
            "Europe/Berlin",
            "2026-10-24T12:00",
            ["2026-10-24T22:55", "2026-10-25T23:55"],
        ),
        // 00:00 becomes 01:00: there is no 00:55, and the run is at 01:55, an hour's skip later.
        (
            "Atlantic/Azores",
            "2026-03-28T12:00",
            ["2026-03-29T01:55", "2026-03-30T00:55"],
        ),
        (
            "Africa/Cairo",
            "2026-04-23T12:00",
            ["2026-04-23T22:55", "2026-04-24T21:55"],
        ),
        // 01:00 becomes 00:00: 00:55 comes twice, and the run is at the first.
        (
            "Atlantic/Azores",
            "2026-10-24T12:00",
            ["2026-10-25T00:55", "2026-10-26T01:55"],
        ),
        (
            "America/Havana",
            "2026-10-31T20:00",
            ["2026-11-01T04:55", "2026-11-02T05:55"],
        ),
        // Half an hour.
        (
            "Australia/Lord_Howe",
            "2026-04-04T10:00",
            ["2026-04-04T13:55", "2026-04-05T14:25"],
        ),
        // A day that was never there.
        (
            "Pacific/Apia",
            "2011-12-29T12:00",
            ["2011-12-30T10:55", "2011-12-31T10:55"],
        ),
    ] {
        let nightly = nightly(zone);
        let first = nightly.after(at(now));
        assert_eq!([first, nightly.after(first)], expected.map(at), "{zone} {now}");
    }
}

/// R32: the same by counting: one run every local day, over years.
#[test]
fn r32_there_is_one_run_a_night() {
    for zone in [
        "Europe/Berlin",
        "Atlantic/Azores",
        "America/Havana",
        "Africa/Cairo",
        "Asia/Beirut",
    ] {
        let nightly = nightly(zone);
        let mut now = at("2024-01-01T12:00");
        let mut days = BTreeSet::new();
        for _ in 0..1000 {
            let next = nightly.after(now);
            let hours = next.seconds_after(now) / 3600;
            assert!(
                days.is_empty() || (22..=26).contains(&hours),
                "{zone}: {now} to {next}"
            );
            // Twelve hours off midnight whatever the zone: each run has a day of its own.
            days.insert((next.seconds() + 6 * 3600) / DAY.as_secs() as i64);
            now = next;
        }
        assert_eq!(days.len(), 1000, "{zone}");
    }
}

/// R32: neither a time of day nor a zone that is none.
#[test]
fn r32_what_is_no_time_is_refused() {
    for time in ["", "24:00", "0:5x", "noon", "00:55:00 "] {
        assert!(Nightly::at(time).is_err(), "{time}");
    }
    assert!(
        Nightly::at("00:55")
            .unwrap()
            .with_time_zone("Europe/Atlantis")
            .is_err()
    );
}

/// A clock that goes with tokio's, which tests stop; and can be set.
#[derive(Clone)]
struct TestClock {
    start: UnixTime,
    began: Instant,
    set_by: Arc<AtomicI64>,
}

impl TestClock {
    fn at(start: &str) -> Self {
        Self {
            start: at(start),
            began: Instant::now(),
            set_by: Arc::default(),
        }
    }

    fn set_by(&self, hours: i64) {
        self.set_by.fetch_add(hours * 3600, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> UnixTime {
        let passed = self.start.saturating_add(self.began.elapsed());
        UnixTime::from_seconds(passed.seconds() + self.set_by.load(Ordering::Relaxed))
    }
}

/// When jobs began, for which night.
type Runs = Arc<Mutex<Vec<(UnixTime, UnixTime)>>>;

/// Lets `nightly` run for `time`; jobs take as long as `job`.
async fn runs(
    nightly: Nightly,
    clock: &TestClock,
    last: Option<&str>,
    time: Duration,
    job: Duration,
) -> Vec<String> {
    let runs = Runs::default();
    let nightly = nightly.with_clock(clock.clone());
    let work = nightly.run(last.map(at), |due| {
        let (runs, now) = (runs.clone(), clock.now());
        async move {
            runs.lock().unwrap().push((due, now));
            sleep(job).await;
        }
    });
    assert!(timeout(time, work).await.is_err(), "it ended");
    let runs = runs.lock().unwrap();
    runs.iter()
        .map(|(_, now)| now.to_string()[..16].to_owned())
        .collect()
}

fn quiet(zone: &str) -> Nightly {
    nightly(zone).with_jitter(Duration::ZERO)
}

/// R32: over the night of a change, by the loop itself.
#[tokio::test(start_paused = true)]
async fn r32_it_runs_every_night() {
    let clock = TestClock::at("2026-10-24T12:00");
    let began = runs(quiet("Atlantic/Azores"), &clock, None, DAY * 3, HOUR).await;
    assert_eq!(
        began,
        ["2026-10-25T00:55", "2026-10-26T01:55", "2026-10-27T01:55"]
    );
}

/// R32: nobody was there in the night, or in several: one run makes up for them, at once.
#[tokio::test(start_paused = true)]
async fn r32_a_missed_run_is_made_up_for_at_the_start() {
    let clock = TestClock::at("2026-06-10T08:00");
    let late = nightly("Etc/UTC").with_jitter(HOUR).with_random(|limit| limit);
    let began = runs(late, &clock, Some("2026-06-05T00:58"), DAY, HOUR).await;
    assert_eq!(began, ["2026-06-10T08:00", "2026-06-11T01:55"]);
}

/// R32: a restart later in the same night, and a new installation, wait for the next one.
#[tokio::test(start_paused = true)]
async fn r32_nothing_was_missed_nothing_is_made_up() {
    for last in [Some("2026-06-10T00:55"), Some("2026-06-10T00:59"), None] {
        let clock = TestClock::at("2026-06-10T01:10");
        let began = runs(quiet("Etc/UTC"), &clock, last, DAY, HOUR).await;
        assert_eq!(began, ["2026-06-11T00:55"], "{last:?}");
    }
}

/// R32: one run at a time, and the nights that a long one took are not made up for.
#[tokio::test(start_paused = true)]
async fn r32_a_run_that_is_not_done_is_waited_for() {
    let clock = TestClock::at("2026-06-10T00:00");
    let began = runs(quiet("Etc/UTC"), &clock, None, DAY * 6, HOUR * 50).await;
    assert_eq!(began, ["2026-06-10T00:55", "2026-06-13T00:55"]);
}

/// R32: a clock that is set back repeats nothing, and one that was wrong for a moment stops nothing.
#[tokio::test(start_paused = true)]
async fn r32_a_clock_may_be_set() {
    let clock = TestClock::at("2026-06-10T00:00");
    let set = async {
        sleep(HOUR * 2).await;
        clock.set_by(-2);
        sleep(HOUR * 24).await;
        clock.set_by(24 * 365);
        sleep(HOUR).await;
        clock.set_by(-24 * 365);
        sleep(DAY * 9).await;
    };
    let work = runs(quiet("Etc/UTC"), &clock, None, DAY * 4, Duration::ZERO);
    let (began, ()) = tokio::join!(work, set);
    let expected = [
        "2026-06-10T00:55",
        // While it was wrong, and nobody could know.
        "2027-06-11T00:00",
        "2027-06-11T00:55",
        "2026-06-12T00:55",
        "2026-06-13T00:55",
    ];
    assert_eq!(began, expected);
}

/// R32: within its limits, and another one every night.
#[tokio::test(start_paused = true)]
async fn r32_jitter_is_bounded_and_drawn_every_night() {
    let drawn = AtomicU32::new(0);
    let jitter = nightly("Etc/UTC").with_jitter(HOUR).with_random(move |limit| {
        let tenth = drawn.fetch_add(1, Ordering::Relaxed);
        limit / 10 * tenth
    });
    let clock = TestClock::at("2026-06-10T00:00");
    let began = runs(jitter, &clock, None, DAY * 3, Duration::ZERO).await;
    assert_eq!(
        began,
        ["2026-06-10T00:55", "2026-06-11T01:01", "2026-06-12T01:07"]
    );
    // The system's own randomness keeps the limit.
    let clock = TestClock::at("2026-06-10T00:00");
    for began in runs(
        nightly("Etc/UTC").with_jitter(HOUR),
        &clock,
        None,
        DAY * 20,
        Duration::ZERO,
    )
    .await
    {
        assert!(("00:55"..="01:55").contains(&&began[11..]), "{began}");
    }
}

const LDIF: &str = "version: 1

dn: CN=ada,DC=corp,DC=example
objectClass: person
objectClass: user
objectCategory: CN=Person,CN=Schema,CN=Configuration,DC=corp,DC=example
sAMAccountName: ada
sAMAccountType: 805306368
objectGUID: g-ada-----------
userAccountControl: 512
";

/// R31, R32: what the clock sets off imports and updates, and deletes nobody; a failure is reported, and the next
/// night is another one.
#[tokio::test(start_paused = true)]
async fn r32_a_nightly_run_imports_and_never_deletes() {
    let site = tempfile::tempdir().unwrap();
    let file = site.path().join("corp.ldif");
    let bob = LDIF.replace("ada", "bob").replace("version: 1\n", "");
    std::fs::write(&file, format!("{LDIF}{bob}")).unwrap();
    let store = MemoryStore::new(DigestKey::new([7; 32]));
    let syncer = Syncer::new(Directory::from_ldif([&file]), &store, SyncOptions::default());
    let clock = TestClock::at("2026-06-10T00:00");
    let told = Mutex::new(Vec::new());
    let nightly = quiet("Etc/UTC").with_clock(clock);
    let work = syncer.run_nightly(&nightly, None, |_, outcome| {
        let mut told = told.lock().unwrap();
        let next = match told.len() {
            0 => LDIF.to_owned(),
            1 => "this is no LDIF".to_owned(),
            _ => format!("{LDIF}mail: ada@corp.example\n"),
        };
        std::fs::write(&file, next).unwrap();
        told.push(outcome.map(|report| (report.users_created, report.users_updated, report.users_deleted)));
    });
    assert!(timeout(DAY * 4, work).await.is_err());
    let told = told.into_inner().unwrap();
    assert_eq!(
        (told.len(), &told[0], &told[1]),
        (4, &Ok((2, 0, 0)), &Ok((0, 0, 0)))
    );
    assert!(told[2].is_err(), "{told:?}");
    assert_eq!(told[3], Ok((0, 1, 0)));
    assert_eq!(store.users().len(), 2, "bob is in no source any more, and stays");
}
