//! Where the clock is read, and nowhere else.

use std::time::{SystemTime, UNIX_EPOCH};

use adlib_core::UnixTime;

/// Something that knows what time it is.
///
/// ```
/// use adlib::{Clock, UnixTime};
///
/// struct Noon;
/// impl Clock for Noon {
///     fn now(&self) -> UnixTime {
///         UnixTime::from_seconds(1_700_000_000)
///     }
/// }
/// assert_eq!(Noon.now().to_string(), "2023-11-14T22:13:20Z");
/// ```
pub trait Clock: Send + Sync {
    /// The present time.
    fn now(&self) -> UnixTime;
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        // A clock before 1970 is a clock that is off: verification says so.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UnixTime::from_seconds(0).saturating_add(since)
    }
}
