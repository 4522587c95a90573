//! Ours beside a peer and a floor, measured in one run.
//!
//! The machine is never quiet, so the contestants take turns in short batches: what slows one slows its neighbours.
//! Times are medians over the rounds; ratios are medians of the ratios within a round.
//!
//! A *peer* does the same work by other means. A *floor* is the part of the work that nobody can leave out.

use std::{
    env, fmt,
    hint::black_box,
    time::{Duration, Instant},
};

use serde_json::json;

/// Rounds of a run, and of a quick one.
const ROUNDS: usize = 201;
const QUICK_ROUNDS: usize = 21;
/// A batch lasts about this long, far beyond the clock's grain.
const BATCH: Duration = Duration::from_millis(1);
/// No contestant is so fast that a batch needs more calls.
const MAX_CALLS: u32 = 1 << 24;

/// One comparison.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// `crate/operation`.
    pub name: &'static str,
    /// What is wanted, all of it; empty where a figure is only shown.
    pub bars: &'static [Bar],
}

/// What is wanted of ours.
#[derive(Clone, Copy, Debug)]
pub enum Bar {
    /// Less than so many nanoseconds.
    Below(f64),
    /// At most so many times the floor.
    TimesFloor(f64),
    /// At least so many times as fast as the peer.
    FasterThanPeer(f64),
}

impl Bar {
    fn is_met(self, medians: &Medians) -> bool {
        match self {
            Self::Below(limit) => medians.ours < limit,
            Self::TimesFloor(limit) => medians.ratio_to_floor <= limit,
            Self::FasterThanPeer(times) => medians.ratio_to_peer * times <= 1.0,
        }
    }
}

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Below(limit) => write!(f, "below {limit} ns"),
            Self::TimesFloor(limit) => write!(f, "at most {limit} of the floor"),
            Self::FasterThanPeer(times) => write!(f, "at least {times} times as fast as the peer"),
        }
    }
}

/// Medians over the rounds of a comparison.
#[derive(Clone, Copy, Debug)]
struct Medians {
    ours: f64,
    peer: f64,
    floor: f64,
    ratio_to_peer: f64,
    ratio_to_floor: f64,
}

impl Row {
    /// Measures the three in turns and prints the row as one line of JSON.
    pub fn measure<A, B, C>(
        self,
        mut ours: impl FnMut() -> A,
        mut peer: impl FnMut() -> B,
        mut floor: impl FnMut() -> C,
    ) {
        let calls = [calls_of(&mut ours), calls_of(&mut peer), calls_of(&mut floor)];
        let rounds: Vec<[f64; 3]> = (0..rounds())
            .map(|_| {
                let [a, b, c] = calls;
                [time(a, &mut ours), time(b, &mut peer), time(c, &mut floor)]
            })
            .collect();
        println!("{}", self.line(&Medians::of(&rounds)));
    }

    fn line(self, medians: &Medians) -> serde_json::Value {
        let bars: Vec<String> = self.bars.iter().map(ToString::to_string).collect();
        let met = self.bars.iter().all(|bar| bar.is_met(medians));
        json!({
            "name": self.name,
            "ours": medians.ours,
            "peer": medians.peer,
            "floor": medians.floor,
            "ratio_to_peer": medians.ratio_to_peer,
            "ratio_to_floor": medians.ratio_to_floor,
            "unit": "ns",
            "bar": (!bars.is_empty()).then(|| bars.join(", ")),
            "met": (!bars.is_empty()).then_some(met),
        })
    }
}

impl Medians {
    fn of(rounds: &[[f64; 3]]) -> Self {
        let over = |value: fn(&[f64; 3]) -> f64| median(rounds.iter().map(value).collect());
        Self {
            ours: over(|[ours, ..]| *ours),
            peer: over(|[_, peer, _]| *peer),
            floor: over(|[.., floor]| *floor),
            ratio_to_peer: over(|[ours, peer, _]| ours / peer),
            ratio_to_floor: over(|[ours, _, floor]| ours / floor),
        }
    }
}

/// The middle value, 0 when there is none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn rounds() -> usize {
    if env::args().any(|arg| arg == "--quick") {
        QUICK_ROUNDS
    } else {
        ROUNDS
    }
}

/// How many calls make a batch.
fn calls_of<T>(work: &mut impl FnMut() -> T) -> u32 {
    let mut calls = 1;
    while calls < MAX_CALLS && time(calls, work) * f64::from(calls) < BATCH.as_secs_f64() * 1e9 {
        calls *= 2;
    }
    calls
}

/// Nanoseconds a call, over `calls` calls.
fn time<T>(calls: u32, work: &mut impl FnMut() -> T) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        black_box(work());
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_of_rounds_and_ratios_within_them() {
        let medians = Medians::of(&[[10.0, 20.0, 5.0], [30.0, 30.0, 10.0], [20.0, 80.0, 20.0]]);
        assert_eq!((medians.ours, medians.peer, medians.floor), (20.0, 30.0, 10.0));
        assert_eq!((medians.ratio_to_peer, medians.ratio_to_floor), (0.5, 2.0));
    }

    #[test]
    fn a_row_is_met_when_all_its_bars_are() {
        let medians = Medians {
            ours: 50.0,
            peer: 40.0,
            floor: 10.0,
            ratio_to_peer: 0.25,
            ratio_to_floor: 5.0,
        };
        let met = |bars| Row { name: "x", bars }.line(&medians)["met"].clone();
        assert!(met(&[]).is_null());
        for (bars, is_met) in [
            (&[Bar::Below(50.1)][..], true),
            (&[Bar::Below(50.0)], false),
            (&[Bar::TimesFloor(5.0), Bar::FasterThanPeer(4.0)], true),
            (&[Bar::TimesFloor(4.9), Bar::FasterThanPeer(4.0)], false),
            (&[Bar::TimesFloor(5.0), Bar::FasterThanPeer(4.1)], false),
        ] {
            assert_eq!(met(bars), is_met, "{bars:?}");
        }
    }
}
