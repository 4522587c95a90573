//! A company before and after a busy day, and runs over it that are interrupted.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "helpers of tests; not every test uses all of them"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use adlib::{Directory, Syncer};
use adlib_sync::{
    Create, ManualRun, Plan, Source, Store, SyncOptions, Trigger,
    store::{Applied, Begin, Cursor, Cursors, Operation, Revision, Run, StoreState, StoredUser},
};

/// Whom the application blocked before the day, on which the account is deleted and made again.
pub const BLOCKED: &str = "gus";

/// Where the killed process finds its store, and after how many points it waits to be killed.
const STORE: &str = "ADLIB_TEST_STORE";
const POINT: &str = "ADLIB_TEST_POINT";
/// What the process says when it is there.
const HERE: &str = "waiting to be killed";

/// Both sources as files in `directory`: as they were, and as they are after the day.
pub fn write_sources(directory: &Path) {
    let file = |name: &str, text: String| fs::write(directory.join(name), text).unwrap();
    file("before.ldif", before());
    file(
        "before-2.ldif",
        domain("second.example", &[("jon", "g-jon", 512, "d")], &[]),
    );
    file("after.ldif", after());
    let second = [("jon", "g-jon", 512, "moved"), ("flo", "g-flo-second", 512, "")];
    file("after-2.ldif", domain("second.example", &second, &[]));
}

/// Everybody in the first source: account, GUID, userAccountControl (514 is disabled), department.
fn before() -> String {
    let users = [
        ("ada", "g-ada", 512, "a"),
        ("bob", "g-bob", 512, "b"),
        ("carl", "g-carl", 512, ""),
        ("dora", "g-dora", 512, "d"),
        ("eve", "g-eve", 514, "e"),
        ("flo", "g-flo", 512, "f"),
        ("gus", "g-gus", 512, "g"),
        ("ivy", "g-ivy", 512, "i"),
    ];
    let groups = [
        ("staff", "G-staff", &["ada", "bob", "carl", "dora"][..]),
        ("old", "G-old", &["eve"]),
        ("plain", "G-named", &["gus", "ivy"]),
    ];
    domain("corp.example", &users, &groups)
}

/// Two swap their names, one is gone and another takes the name, one is disabled and one enabled again, one is
/// created anew, one moves; one is hired. A group is renamed, one is gone, one is new.
fn after() -> String {
    let users = [
        ("bob", "g-ada", 512, "a"),
        ("ada", "g-bob", 512, "b"),
        ("dora", "g-dora", 514, "d"),
        ("eve", "g-eve", 512, "e"),
        ("flo", "g-flo", 512, "elsewhere"),
        ("gus", "g-gus-again", 512, "g"),
        ("hal", "g-hal", 512, "h"),
        ("carl", "g-ivy", 512, ""),
    ];
    let groups = [
        ("staff", "G-staff", &["bob", "hal", "flo"][..]),
        ("fancy", "G-named", &["gus", "carl"]),
        ("new", "G-new", &["eve", "hal"]),
    ];
    domain("corp.example", &users, &groups)
}

type UserRow<'a> = (&'a str, &'a str, u32, &'a str);
type GroupRow<'a> = (&'a str, &'a str, &'a [&'a str]);

fn domain(name: &str, users: &[UserRow<'_>], groups: &[GroupRow<'_>]) -> String {
    let base = format!("DC={}", name.replace('.', ",DC="));
    let category = |class: &str| format!("objectCategory: CN={class},CN=Schema,CN=Configuration,{base}\n");
    let mut text = String::from("version: 1\n");
    for (account, guid, control, department) in users {
        let person = category("Person");
        write!(
            text,
            "\ndn: CN={account},{base}\nobjectClass: person\nobjectClass: user\n{person}sAMAccountName: {account}\n\
             sAMAccountType: 805306368\nobjectGUID: {guid:-<16}\nuserAccountControl: {control}\n\
             mail: {account}@{name}\npager: card-{guid}\n"
        )
        .unwrap();
        if !department.is_empty() {
            writeln!(text, "department: {department}").unwrap();
        }
    }
    for (group, guid, members) in groups {
        let class = category("Group");
        write!(
            text,
            "\ndn: CN={group},{base}\nobjectClass: group\n{class}sAMAccountName: {group}\n\
             objectGUID: {guid:-<16}\ngroupType: -2147483646\n"
        )
        .unwrap();
        for member in *members {
            writeln!(text, "member: CN={member},{base}").unwrap();
        }
    }
    text
}

/// What a run would do that brings `store` to the state of `day`, `before` or `after`.
pub async fn plan<S: Store>(store: &S, directory: &Path, day: &str) -> Result<Plan, adlib::Error> {
    let mut options = SyncOptions::default();
    options.import_disabled = true;
    let source = |suffix| Directory::from_ldif([directory.join(format!("{day}{suffix}.ldif"))]);
    let syncer = Syncer::new(source(""), store, options)
        .with_secondary(source("-2"))
        .with_trigger(Trigger::from(ManualRun::default().deleting_missing()));
    let plan = syncer.preview().await?;
    Ok(plan.with_cursor(Source::Primary, Cursor::new(day.as_bytes())))
}

/// One whole run.
pub async fn run<S: Store>(store: &S, directory: &Path, day: &str) {
    let plan = plan(store, directory, day).await.unwrap();
    plan.apply(store).await.unwrap();
    let next = self::plan(store, directory, day).await.unwrap();
    assert!(next.is_empty() && !next.is_stopped(), "{next}");
}

/// Checks that the day's plan has every kind of operation, and tells how many points there are to stop at: before and
/// after each call of the store.
pub async fn points_of_a_day<S: Store>(store: &S, directory: &Path) -> usize {
    let plan = plan(store, directory, "after").await.unwrap();
    let mut kinds = BTreeMap::new();
    for operation in plan.operations() {
        let kind = format!("{operation:?}");
        let kind = kind.split([' ', '(']).next().unwrap().to_owned();
        *kinds.entry(kind).or_insert(0) += 1;
    }
    assert_eq!(kinds.len(), 8, "{kinds:?}");
    let again = |create: &Create| create.is_recreated && create.user.name == BLOCKED;
    assert!(plan.creates().iter().any(again), "{plan}");
    assert_eq!((plan.enables().len(), plan.disables().len()), (1, 1), "{plan}");
    assert!(
        plan.operations()
            .any(|operation| format!("{operation:?}").contains('~')),
        "somebody steps aside: {plan}"
    );
    2 * (plan.operation_count() + "load begin finish".split(' ').count())
}

/// What a store holds, without the numbers that it gives.
#[derive(Debug, PartialEq, Eq)]
pub struct Content {
    users: BTreeMap<String, String>,
    groups: BTreeSet<String>,
    memberships: BTreeSet<(String, String)>,
    pub cursors: Cursors,
}

pub async fn content<S: Store>(store: &S) -> Content {
    let state = store.load().await.unwrap();
    let known = |user: StoredUser| {
        let known = format!(
            "{} {} {} {:?}",
            user.origin, user.enabled, user.blocked, user.details
        );
        (user.name, known)
    };
    let pair = |(user, group): (usize, usize)| {
        let group = state.groups().get(group).unwrap();
        (state.user(user).unwrap().name, group.qualified_name())
    };
    Content {
        users: state.users().map(known).collect(),
        groups: state.groups().iter().map(|group| format!("{group:?}")).collect(),
        memberships: state.memberships().map(pair).collect(),
        cursors: store.cursors().await.unwrap(),
    }
}

/// Counts the points and says when to stop.
#[derive(Debug, Clone)]
pub struct Stop {
    passed: Arc<AtomicUsize>,
    at: usize,
    kind: StopKind,
}

#[derive(Debug, Clone, Copy)]
enum StopKind {
    /// Wait to be killed.
    Wait,
    /// Fail.
    Fail,
}

impl Stop {
    fn new(at: usize, kind: StopKind) -> Self {
        let passed = Arc::default();
        Self { passed, at, kind }
    }

    fn pass<E>(&self) -> Result<(), Interrupted<E>> {
        if self.passed.fetch_add(1, Ordering::Relaxed) != self.at {
            return Ok(());
        }
        match self.kind {
            StopKind::Fail => Err(Interrupted::Here),
            StopKind::Wait => {
                println!("\n{HERE}");
                std::io::stdout().flush().unwrap();
                loop {
                    thread::sleep(Duration::from_secs(1));
                }
            }
        }
    }
}

/// What a store says that is interrupted.
#[derive(Debug, thiserror::Error)]
pub enum Interrupted<E> {
    #[error("interrupted")]
    Here,
    #[error(transparent)]
    Store(E),
}

/// A store that is interrupted at one point.
pub struct Interruptible<'a, S> {
    pub store: &'a S,
    pub stop: Stop,
}

impl<S: Store> Store for Interruptible<'_, S> {
    type Error = Interrupted<S::Error>;
    type Run = InterruptibleRun<S::Run>;

    async fn load(&self) -> Result<StoreState, Self::Error> {
        self.stop.pass()?;
        let state = self.store.load().await.map_err(Interrupted::Store)?;
        self.stop.pass()?;
        Ok(state)
    }

    async fn cursors(&self) -> Result<Cursors, Self::Error> {
        self.store.cursors().await.map_err(Interrupted::Store)
    }

    async fn begin(&self, revision: &Revision) -> Result<Begin<Self::Run>, Self::Error> {
        self.stop.pass()?;
        let begin = self.store.begin(revision).await.map_err(Interrupted::Store)?;
        self.stop.pass()?;
        Ok(match begin {
            Begin::Open(run) => Begin::Open(InterruptibleRun {
                run,
                stop: self.stop.clone(),
            }),
            Begin::Busy => Begin::Busy,
            Begin::Stale => Begin::Stale,
        })
    }
}

pub struct InterruptibleRun<R> {
    run: R,
    stop: Stop,
}

impl<R: Run> Run for InterruptibleRun<R> {
    type Error = Interrupted<R::Error>;

    async fn apply(&mut self, operation: &Operation) -> Result<Applied, Self::Error> {
        self.stop.pass()?;
        let applied = self.run.apply(operation).await.map_err(Interrupted::Store)?;
        self.stop.pass()?;
        Ok(applied)
    }

    async fn finish(self, cursors: &Cursors) -> Result<(), Self::Error> {
        self.stop.pass()?;
        self.run.finish(cursors).await.map_err(Interrupted::Store)?;
        self.stop.pass()
    }
}

/// A run over `store` that fails at `point`.
pub async fn fail_at<S: Store>(store: &S, directory: &Path, point: usize) {
    let store = Interruptible {
        store,
        stop: Stop::new(point, StopKind::Fail),
    };
    match plan(&store, directory, "after").await {
        Err(error) => assert!(matches!(error, adlib::Error::Store(_)), "{error}"),
        Ok(plan) => assert!(plan.apply(&store).await.is_err(), "nothing failed at {point}"),
    }
}

/// Whether this process is the one to be killed, and over which store.
pub fn store_of_the_victim() -> Option<String> {
    std::env::var(STORE).ok()
}

/// In the process to be killed: a run over `store` that waits at its point.
pub async fn wait_at_the_point<S: Store>(store: &S, directory: &Path) {
    let point = std::env::var(POINT).unwrap().parse().unwrap();
    let store = Interruptible {
        store,
        stop: Stop::new(point, StopKind::Wait),
    };
    plan(&store, directory, "after")
        .await
        .unwrap()
        .apply(&store)
        .await
        .unwrap();
}

/// Runs `test` of this program again as another process over `store`, and kills it at `point`: SIGKILL.
pub fn kill_at(test: &str, store: &str, point: usize) {
    let mut victim = start(test, store, point);
    let output = BufReader::new(victim.stdout.take().unwrap());
    let is_there = output.lines().map_while(Result::ok).any(|line| line == HERE);
    victim.kill().unwrap();
    let status = victim.wait().unwrap();
    assert!(is_there, "the run ended before point {point}: {status}");
    assert_eq!(status.code(), None, "killed by a signal");
}

/// Runs `test` of this program again as another process over `store`, which is told of `point`.
pub fn start(test: &str, store: &str, point: usize) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--include-ignored"]);
    command.env(STORE, store).env(POINT, point.to_string());
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}
