//! Ours beside a peer and a floor, measured in one run.
//!
//! The machine is never quiet, so the contestants take turns in short batches: what slows one slows its neighbours.
//! Times are medians over the rounds; ratios are medians of the ratios within a round.
//!
//! A *peer* does the same work by other means. A *floor* is the part of the work that nobody can leave out. Where there is
//! none, or it cannot be had, its column stays empty.

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
    /// `None` when there is nothing to compare with.
    fn is_met(self, medians: &Medians) -> Option<bool> {
        let (value, limit) = match self {
            Self::Below(limit) => return Some(medians.ours < limit),
            Self::TimesFloor(limit) => (medians.ratio_to_floor, limit),
            Self::FasterThanPeer(times) => (medians.ratio_to_peer * times, 1.0),
        };
        (!value.is_nan()).then_some(value <= limit)
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

/// A contestant that prepares its calls, or takes its own time: nanoseconds a call, over so many calls.
pub type Batch<'b> = &'b mut dyn FnMut(u32) -> f64;

/// Medians over the rounds of a comparison; no number for who was not there.
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
        self.measure_batches(
            &mut |calls| time(calls, &mut ours),
            Some(&mut |calls| time(calls, &mut peer)),
            Some(&mut |calls| time(calls, &mut floor)),
        );
    }

    /// The same with contestants who prepare their calls, and not all of whom are there.
    pub fn measure_batches<'b>(self, ours: Batch<'b>, peer: Option<Batch<'b>>, floor: Option<Batch<'b>>) {
        self.measure_rounds(rounds(), ours, peer, floor);
    }

    /// The same for work that takes seconds, in so many rounds.
    pub fn measure_rounds<'b>(
        self,
        rounds: usize,
        ours: Batch<'b>,
        peer: Option<Batch<'b>>,
        floor: Option<Batch<'b>>,
    ) {
        let mut contestants = [Some(ours), peer, floor].map(|batch| {
            batch.map(|batch| {
                let calls = calls_of(batch);
                move || batch(calls)
            })
        });
        let rounds: Vec<[f64; 3]> = (0..rounds)
            .map(|_| {
                contestants
                    .each_mut()
                    .map(|contestant| contestant.as_mut().map_or(f64::NAN, |turn| turn()))
            })
            .collect();
        println!("{}", self.line(&Medians::of(&rounds)));
    }

    fn line(self, medians: &Medians) -> serde_json::Value {
        let bars: Vec<String> = self.bars.iter().map(ToString::to_string).collect();
        let met = self.bars.iter().map(|bar| bar.is_met(medians));
        let met = met.collect::<Option<Vec<bool>>>().filter(|met| !met.is_empty());
        json!({
            "name": self.name,
            "ours": medians.ours,
            "peer": medians.peer,
            "floor": medians.floor,
            "ratio_to_peer": medians.ratio_to_peer,
            "ratio_to_floor": medians.ratio_to_floor,
            "unit": "ns",
            "bar": (!bars.is_empty()).then(|| bars.join(", ")),
            "met": met.map(|met| met.into_iter().all(|met| met)),
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
pub fn median(mut values: Vec<f64>) -> f64 {
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
fn calls_of(batch: Batch<'_>) -> u32 {
    let mut calls = 1;
    while calls < MAX_CALLS && batch(calls) * f64::from(calls) < BATCH.as_secs_f64() * 1e9 {
        calls *= 2;
    }
    calls
}

/// Nanoseconds a call, over `calls` calls.
pub fn time<T>(calls: u32, work: &mut impl FnMut() -> T) -> f64 {
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
    fn who_is_not_there_has_no_figures_and_decides_nothing() {
        let medians = Medians::of(&[
            [10.0, f64::NAN, 5.0],
            [20.0, f64::NAN, 10.0],
            [30.0, f64::NAN, 15.0],
        ]);
        let bars = &[Bar::TimesFloor(2.0), Bar::FasterThanPeer(2.0)];
        let line = Row { name: "x", bars }.line(&medians);
        assert_eq!(line["ratio_to_floor"], 2.0);
        for key in ["peer", "ratio_to_peer", "met"] {
            assert!(line[key].is_null(), "{key}");
        }
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
