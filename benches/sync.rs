//! A plan for two large user lists: beside the joins that find the same differences in `DuckDB`, Polars and SQLite.
//!
//! Of the users one in a hundred is gone, one is new and five have another department; these five also leave two of their ten
//! groups for two others. Everybody runs in a process of its own, on one thread, so that its peak of memory and its time of the
//! processor are known, loads both sides, and is timed from there. The peers only join; a plan is merged, judged, ordered and
//! hashed besides.
//!
//! Times are those of the processor, which a loaded machine changes less; a line beside each has those by the clock.
//! `--users N` measures one size.

use std::{
    cell::RefCell,
    env,
    io::{BufRead, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Instant,
};

use adlib_benches::{Bar, Row};
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

#[path = "sync_lists.rs"]
mod lists;

use lists::Lists;

const ROUNDS: usize = 3;
const SIZES: [u32; 3] = [10_000, 100_000, 1_000_000];
const QUICK_SIZES: [u32; 2] = [10_000, 100_000];
/// The most that both sides may take at a million users, in MB.
const MEMORY: f64 = 600.0;
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/bench-python/bin/python");
const PEERS: [&str; 3] = ["duckdb", "polars", "sqlite"];

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = env::args().collect();
    let after = |name: &str| {
        let at = arguments.iter().position(|one| one == name)?;
        arguments.get(at + 1).and_then(|users| users.parse().ok())
    };
    if let Some(users) = after("--ours") {
        return serve(users);
    }
    let is_quick = arguments.iter().any(|one| one == "--quick");
    let sizes: Vec<u32> = match after("--users") {
        Some(users) => vec![users],
        None if is_quick => QUICK_SIZES.to_vec(),
        None => SIZES.to_vec(),
    };
    for users in &sizes {
        measure(*users)?;
    }
    sizes.iter().try_for_each(|users| growth(*users))
}

/// Ours beside each peer.
fn measure(users: u32) -> Outcome<()> {
    let mut ours = Contestant::ours(users)?;
    if !Path::new(PYTHON).exists() {
        return Ok(memory(
            &format!("sync/peak memory, {users}"),
            users,
            &mut ours,
            None,
        )?);
    }
    let directory = tempfile::tempdir()?;
    Lists::of(users).write(directory.path())?;
    for engine in PEERS {
        let mut peer = Contestant::peer(engine, directory.path())?;
        assert!(ours.agrees(&mut peer)?, "{engine} finds other differences");
        for question in ["plan", "memberships"] {
            let name = format!("sync/{question} of {users}, beside {engine}");
            beside(&name, question, &mut ours, &mut peer);
        }
        let name = format!("sync/peak memory of {users}, beside {engine}");
        memory(&name, users, &mut ours, Some(&mut peer))?;
    }
    Ok(())
}

/// Ours beside the work on a tenth, ten times.
fn growth(users: u32) -> Outcome<()> {
    let (mut ours, mut tenth) = (Contestant::ours(users)?, Contestant::ours(users / 10)?);
    let row = Row {
        name: leak(format!("sync/plan of {users}, beside ten of a tenth")),
        bars: &[Bar::TimesFloor(1.2)],
    };
    row.measure_rounds(
        ROUNDS,
        &mut |_| ours.time("plan").0,
        None,
        Some(&mut |_| 10.0 * tenth.time("plan").0),
    );
    Ok(())
}

/// Rows have names for good.
fn leak(name: String) -> &'static str {
    Box::leak(name.into_boxed_str())
}

fn beside(name: &str, question: &str, ours: &mut Contestant, peer: &mut Contestant) {
    let row = Row {
        name: leak(name.to_owned()),
        bars: &[Bar::FasterThanPeer(3.0)],
    };
    let clock = RefCell::new((Vec::new(), Vec::new()));
    row.measure_rounds(
        ROUNDS,
        &mut |_| {
            let (busy, passed) = ours.time(question);
            clock.borrow_mut().0.push(passed);
            busy
        },
        Some(&mut |_| {
            let (busy, passed) = peer.time(question);
            clock.borrow_mut().1.push(passed);
            busy
        }),
        None,
    );
    let (ours, peer) = clock.into_inner();
    // The first of each was there to warm up.
    let [ours, peer] = [ours, peer].map(|times| adlib_benches::median(times.into_iter().skip(1).collect()));
    let line = json!({
        "name": format!("{name}, by the clock"), "ours": ours, "peer": peer,
        "ratio_to_peer": ours / peer, "unit": "ns",
    });
    println!("{line}");
}

fn memory(
    name: &str,
    users: u32,
    ours: &mut Contestant,
    peer: Option<&mut Contestant>,
) -> std::io::Result<()> {
    // The kernel's kB are 1,024 bytes.
    let megabytes = |kilobytes: f64| kilobytes * 1024.0 / 1e6;
    let ours = megabytes(ours.ask("peak")?.first().copied().unwrap_or(f64::NAN));
    let peer = peer.map(|peer| peer.ask("peak")).transpose()?;
    let peer = peer.and_then(|peer| peer.first().copied()).map(megabytes);
    let is_judged = users == 1_000_000;
    let line = json!({
        "name": name, "ours": ours, "peer": peer, "unit": "MB",
        "bar": is_judged.then(|| format!("below {MEMORY} MB")), "met": is_judged.then_some(ours < MEMORY),
    });
    println!("{line}");
    Ok(())
}

/// A process that has loaded both sides, and answers.
struct Contestant {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Contestant {
    fn ours(users: u32) -> std::io::Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        command.args(["--ours", &users.to_string()]);
        Self::start(command)
    }

    fn peer(engine: &str, directory: &Path) -> std::io::Result<Self> {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sync_peers.py");
        let mut command = Command::new(PYTHON);
        command.arg(script).arg(engine).arg(directory);
        Self::start(command)
    }

    fn start(mut command: Command) -> std::io::Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let missing = || std::io::Error::other("no pipe");
        let questions = child.stdin.take();
        let mut answers = BufReader::new(child.stdout.take().ok_or_else(missing)?);
        let mut ready = String::new();
        answers.read_line(&mut ready)?;
        Ok(Self {
            child,
            questions,
            answers,
        })
    }

    fn ask(&mut self, question: &str) -> std::io::Result<Vec<f64>> {
        if let Some(questions) = &mut self.questions {
            writeln!(questions, "{question}")?;
        }
        let mut answer = String::new();
        if self.answers.read_line(&mut answer)? == 0 {
            return Err(std::io::Error::other("a contestant ended before it answered"));
        }
        Ok(answer
            .split_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect())
    }

    /// Nanoseconds of the processor and of the clock.
    fn time(&mut self, question: &str) -> (f64, f64) {
        let answer = self.ask(question).unwrap_or_default();
        match answer.as_slice() {
            [busy, passed, ..] => (*busy, *passed),
            _ => (f64::NAN, f64::NAN),
        }
    }

    /// Whether both find as many new, gone and changed users, and as many new memberships. We do not take those apart
    /// whose user goes.
    fn agrees(&mut self, peer: &mut Self) -> std::io::Result<bool> {
        let (ours, theirs) = (self.ask("plan")?, peer.ask("plan")?);
        Ok(ours
            .get(2..6)
            .is_some_and(|counts| theirs.get(2..6) == Some(counts)))
    }
}

impl Drop for Contestant {
    fn drop(&mut self) {
        // Without questions it ends.
        self.questions = None;
        let _ = self.child.wait();
    }
}

/// Be the contestant that we are.
fn serve(users: u32) -> Outcome<()> {
    let lists = Lists::of(users);
    let (snapshot, state) = lists.load()?;
    println!("ready");
    for line in std::io::stdin().lines() {
        let (start, before) = (Instant::now(), busy());
        let counts = match line?.as_str() {
            "plan" => lists.plan(&snapshot, &state),
            "memberships" => lists::memberships(&snapshot, &state),
            _ => {
                println!("{}", peak()?);
                continue;
            }
        };
        let passed = start.elapsed().as_nanos();
        println!("{} {passed} {counts}", busy() - before);
    }
    Ok(())
}

/// Nanoseconds that this thread, which does everything, had the processor. `schedstat` is up to four milliseconds late.
fn busy() -> i64 {
    let busy = clock_gettime(ClockId::ThreadCPUTime);
    busy.tv_sec * 1_000_000_000 + busy.tv_nsec
}

/// The peak of this process's memory in kilobytes.
fn peak() -> std::io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.split_whitespace().next()?.parse().ok());
    peak.ok_or_else(|| std::io::Error::other("no VmHWM"))
}
