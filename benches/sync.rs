//! A plan for two large user lists: beside the joins that find the same differences in `DuckDB`, Polars and SQLite.
//!
//! Of the users one in a hundred is gone, one is new and five have another department; these five also leave two of their ten
//! groups for two others. Everybody runs in a process of its own, so that its peak of memory is known, loads both sides,
//! and is timed from there. The peers only join; a plan is merged, judged, ordered and hashed besides.

use std::{
    env,
    io::{BufRead, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Instant,
};

use adlib_benches::{Bar, Row};
use serde_json::json;

#[path = "sync_lists.rs"]
mod lists;

use lists::Lists;

const ROUNDS: usize = 5;
const QUICK_ROUNDS: usize = 3;
/// The most that both sides may take, in MB.
const MEMORY: f64 = 600.0;
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/bench-python/bin/python");
const PEERS: [(&str, &str, &str); 3] = [
    (
        "duckdb",
        "sync/plan, beside DuckDB",
        "sync/memberships, beside DuckDB",
    ),
    (
        "polars",
        "sync/plan, beside Polars",
        "sync/memberships, beside Polars",
    ),
    (
        "sqlite",
        "sync/plan, beside SQLite",
        "sync/memberships, beside SQLite",
    ),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = env::args().collect();
    if let Some([_, users]) = arguments
        .iter()
        .position(|one| one == "--ours")
        .and_then(|at| arguments.get(at..at + 2))
    {
        return serve(users.parse()?);
    }
    let is_quick = arguments.iter().any(|one| one == "--quick");
    let (rounds, users) = if is_quick {
        (QUICK_ROUNDS, 100_000)
    } else {
        (ROUNDS, 1_000_000)
    };
    let directory = tempfile::tempdir()?;
    Lists::of(users).write(directory.path())?;
    let mut ours = Contestant::ours(users)?;
    let mut tenth = Contestant::ours(users / 10)?;
    if Path::new(PYTHON).exists() {
        for (engine, plan, memberships) in PEERS {
            let mut peer = Contestant::peer(engine, directory.path())?;
            assert!(ours.agrees(&mut peer)?, "{engine} finds other differences");
            beside(plan, "plan", &mut ours, &mut peer, rounds);
            beside(memberships, "memberships", &mut ours, &mut peer, rounds);
            memory(
                &format!("sync/peak memory, beside {engine}"),
                &mut ours,
                Some(&mut peer),
            )?;
        }
    } else {
        memory("sync/peak memory", &mut ours, None)?;
    }
    // The floor is the work on a tenth, ten times.
    let row = Row {
        name: "sync/plan, beside ten of a tenth",
        bars: &[Bar::TimesFloor(1.2)],
    };
    row.measure_rounds(
        rounds,
        &mut |_| ours.time("plan"),
        None,
        Some(&mut |_| 10.0 * tenth.time("plan")),
    );
    Ok(())
}

fn beside(name: &'static str, question: &str, ours: &mut Contestant, peer: &mut Contestant, rounds: usize) {
    let row = Row {
        name,
        bars: &[Bar::FasterThanPeer(3.0)],
    };
    row.measure_rounds(
        rounds,
        &mut |_| ours.time(question),
        Some(&mut |_| peer.time(question)),
        None,
    );
}

fn memory(name: &str, ours: &mut Contestant, peer: Option<&mut Contestant>) -> std::io::Result<()> {
    let megabytes = |kilobytes: f64| kilobytes / 1024.0;
    let ours = megabytes(ours.ask("peak")?.first().copied().unwrap_or(f64::NAN));
    let peer = peer.map(|peer| peer.ask("peak")).transpose()?;
    let peer = peer.and_then(|peer| peer.first().copied()).map(megabytes);
    let line = json!({
        "name": name, "ours": ours, "peer": peer, "unit": "MB",
        "bar": format!("below {MEMORY} MB"), "met": ours < MEMORY,
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
        self.answers.read_line(&mut answer)?;
        Ok(answer
            .split_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect())
    }

    fn time(&mut self, question: &str) -> f64 {
        let answer = self.ask(question).ok().and_then(|answer| answer.first().copied());
        answer.unwrap_or(f64::NAN)
    }

    /// Whether both find as many new, gone and changed users, and as many new memberships. We do not take those apart
    /// whose user goes.
    fn agrees(&mut self, peer: &mut Self) -> std::io::Result<bool> {
        let (ours, theirs) = (self.ask("plan")?, peer.ask("plan")?);
        Ok(ours
            .get(1..5)
            .is_some_and(|counts| theirs.get(1..5) == Some(counts)))
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
fn serve(users: u32) -> Result<(), Box<dyn std::error::Error>> {
    let lists = Lists::of(users);
    let (snapshot, state) = lists.load()?;
    println!("ready");
    for line in std::io::stdin().lines() {
        let start = Instant::now();
        let counts = match line?.as_str() {
            "plan" => lists.plan(&snapshot, &state),
            "memberships" => lists::memberships(&snapshot, &state),
            _ => {
                println!("{}", peak()?);
                continue;
            }
        };
        println!("{} {counts}", start.elapsed().as_nanos());
    }
    Ok(())
}

/// The peak of this process's memory in kilobytes.
fn peak() -> std::io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.split_whitespace().next()?.parse().ok());
    peak.ok_or_else(|| std::io::Error::other("no VmHWM"))
}
