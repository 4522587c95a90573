//! Once a night, by local time (R32).

use std::{fmt, sync::Arc, time::Duration};

use adlib_core::UnixTime;
use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};

use crate::{Clock, Error, SystemClock, random};

/// The time of day that is meant when none is named.
const DEFAULT_TIME: Time = Time::constant(0, 55, 0, 0);
/// A clock can be set, and a machine can sleep: it is looked at as often as this.
const LOOK: Duration = Duration::from_secs(30);

/// More than a day with the clocks set back, or without a midnight.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60 * 50);

type Random = dyn Fn(u32) -> u32 + Send + Sync;

/// A time of day at which something runs every night, once.
///
/// It is local time. On a night on which the clocks skip that time the run is later by what was skipped; on one on
/// which it comes twice the run is at the first. A run that was missed, because the machine was off or asleep or the
/// clock was set, is made up for at once, and only once. The next night waits for a run that is not yet done.
///
/// ```
/// use adlib::{Nightly, UnixTime};
///
/// let nightly = Nightly::at("00:55")?.with_time_zone("Europe/Berlin")?;
/// let evening = UnixTime::from_civil(2026, 3, 28, 20, 0, 0).unwrap();
/// let next = nightly.after(evening);
/// assert_eq!(next.to_string(), "2026-03-28T23:55:00Z");
/// // An hour less: the clocks were set forward in the night.
/// assert_eq!(nightly.after(next).to_string(), "2026-03-29T22:55:00Z");
/// # Ok::<(), adlib::Error>(())
/// ```
#[derive(Clone)]
pub struct Nightly {
    time: Time,
    zone: TimeZone,
    jitter: Duration,
    clock: Arc<dyn Clock>,
    random: Arc<Random>,
}

impl fmt::Debug for Nightly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nightly")
            .field("time", &self.time)
            .field("zone", &self.zone.iana_name())
            .field("jitter", &self.jitter)
            .finish_non_exhaustive()
    }
}

impl Default for Nightly {
    /// At 00:55 in the system's time zone, or up to ten minutes later.
    fn default() -> Self {
        Self {
            time: DEFAULT_TIME,
            zone: TimeZone::system(),
            jitter: Duration::from_secs(600),
            clock: Arc::new(SystemClock),
            random: Arc::new(random::up_to),
        }
    }
}

impl Nightly {
    /// At this time of day, such as `00:55`, or up to ten minutes later, in the system's time zone.
    ///
    /// # Errors
    /// `Configuration` when the text is no time of day.
    pub fn at(time: &str) -> Result<Self, Error> {
        let parsed = Time::strptime("%H:%M", time);
        let time = parsed.map_err(|_| {
            Error::Configuration(format!(
                "`{time}` is not a time of day; expected a form like 00:55"
            ))
        })?;
        Ok(Self {
            time,
            ..Self::default()
        })
    }

    /// Up to so much later, another time every night: so that many applications do not ask their directory at once.
    #[must_use]
    pub const fn with_jitter(mut self, jitter: Duration) -> Self {
        self.jitter = jitter;
        self
    }

    /// In another time zone than the system's, by its IANA name.
    ///
    /// # Errors
    /// `Configuration` when there is no such zone.
    pub fn with_time_zone(self, name: &str) -> Result<Self, Error> {
        let zone = TimeZone::get(name).map_err(|error| Error::Configuration(error.to_string()))?;
        Ok(Self { zone, ..self })
    }

    /// By another clock than the system's.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock + 'static) -> Self {
        Self {
            clock: Arc::new(clock),
            ..self
        }
    }

    /// With another source of randomness: given a limit, it gives a number from 0 to that, both included.
    #[must_use]
    pub fn with_random(self, random: impl Fn(u32) -> u32 + Send + Sync + 'static) -> Self {
        Self {
            random: Arc::new(random),
            ..self
        }
    }

    /// The first scheduled time after `now`, without jitter.
    #[must_use]
    pub fn after(&self, now: UnixTime) -> UnixTime {
        // The day before too: where a night has a time that was skipped, it may be yesterday's.
        let mut date = self.date(now).yesterday().unwrap_or(Date::MAX);
        loop {
            match self.on(date) {
                Some(at) if at > now => return at,
                _ => match date.tomorrow() {
                    Ok(next) => date = next,
                    Err(_) => return UnixTime::from_seconds(i64::MAX),
                },
            }
        }
    }

    /// Run `job` every night, for ever; a run that was due after `last` and has not been is made up for at once.
    ///
    /// `last` is when the last run began, if there was any: a new installation waits for its first night. Dropping
    /// the future ends it, also in the middle of a job.
    pub async fn run<F, J>(&self, last: Option<UnixTime>, mut job: F)
    where
        F: FnMut(UnixTime) -> J,
        J: Future<Output = ()>,
    {
        let mut due = self.after(last.unwrap_or_else(|| self.clock.now()));
        let mut is_missed = self.clock.now() >= due;
        loop {
            let start = if is_missed {
                due
            } else {
                due.saturating_add(self.delay())
            };
            is_missed = false;
            if !self.wait_until(start).await {
                due = self.after(self.clock.now());
                continue;
            }
            job(due).await;
            // Nights that passed meanwhile are not made up for one by one, and none comes twice if the clock is set back.
            due = self.after(due.max(self.clock.now()));
        }
    }

    /// `false` when it is not a night any more until then: the clock was wrong before.
    async fn wait_until(&self, start: UnixTime) -> bool {
        loop {
            let now = self.clock.now();
            if now >= start {
                return true;
            }
            let left = start.abs_diff(now);
            if left > LONGEST_WAIT + self.jitter {
                return false;
            }
            tokio::time::sleep(left.min(LOOK)).await;
        }
    }

    fn delay(&self) -> Duration {
        let limit = u32::try_from(self.jitter.as_millis()).unwrap_or(u32::MAX);
        Duration::from_millis((self.random)(limit).into())
    }

    fn date(&self, now: UnixTime) -> Date {
        let now = Timestamp::from_second(now.seconds()).unwrap_or(Timestamp::MAX);
        now.to_zoned(self.zone.clone()).date()
    }

    /// The run of the night that ends `date`; where the clocks skip it, later, and where it comes twice, the first.
    fn on(&self, date: Date) -> Option<UnixTime> {
        let at = date.to_datetime(self.time).to_zoned(self.zone.clone()).ok()?;
        Some(UnixTime::from_seconds(at.timestamp().as_second()))
    }
}
