//! Changes at a steady pace, while others read.

use std::{
    io::Write as _,
    process::{Command, Stdio},
    thread::{JoinHandle, sleep},
    time::{Duration, Instant},
};

use super::tree::Tree;

/// Fifty changes a second, or as many as the server takes.
pub(crate) const PAUSE: Duration = Duration::from_millis(20);

/// For how long changes are made: 5 s, or what `ADLIB_CHANGE_SECONDS` says.
pub(crate) fn busy_time() -> Duration {
    let asked = std::env::var("ADLIB_CHANGE_SECONDS").ok();
    Duration::from_secs(asked.map_or(5, |seconds| seconds.parse().unwrap()))
}

/// Feeds a tool that takes LDIF as it comes.
pub(crate) struct Writer(JoinHandle<usize>);

impl Writer {
    /// Begin: a change of `tree` every `pause`, for a while.
    pub(crate) fn start(mut tool: Command, mut tree: Tree, pause: Duration, time: Duration) -> Self {
        tool.stdin(Stdio::piped()).stdout(Stdio::null());
        let mut tool = tool.spawn().unwrap();
        Self(std::thread::spawn(move || {
            let mut input = tool.stdin.take().unwrap();
            let (begin, mut count) = (Instant::now(), 0_u32);
            while begin.elapsed() < time {
                tree.change();
                input.write_all(tree.ldif().as_bytes()).unwrap();
                input.flush().unwrap();
                count += 1;
                sleep((pause * count).saturating_sub(begin.elapsed()));
            }
            drop(input);
            assert!(tool.wait().unwrap().success());
            usize::try_from(count).unwrap()
        }))
    }

    /// Whether there is more to come.
    pub(crate) fn is_busy(&self) -> bool {
        !self.0.is_finished()
    }

    /// How many changes there were.
    pub(crate) fn finish(self) -> usize {
        self.0.join().unwrap()
    }
}
