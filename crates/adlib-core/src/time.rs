//! Points in time, as values: nothing here reads a clock.

use core::{fmt, time::Duration};

const MICROS: i64 = 1_000_000;
/// 1601-01-01 to 1970-01-01 in seconds.
const EPOCH_DIFFERENCE: i64 = 11_644_473_600;

/// A point in time, in microseconds since 1970-01-01T00:00:00Z without leap seconds.
///
/// Microseconds, because that is what Kerberos' time stamps have (RFC 4120 5.2.4).
///
/// ```
/// use adlib_core::UnixTime;
///
/// let time = UnixTime::from_seconds(1_700_000_000);
/// assert_eq!(time.to_string(), "2023-11-14T22:13:20Z");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(i64);

impl UnixTime {
    /// `seconds` since 1970; what does not fit becomes the first or last time that can be said.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(MICROS))
    }

    /// `micros` microseconds since 1970.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Whole seconds since 1970, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(MICROS)
    }

    /// Microseconds since 1970.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The microseconds within the second, 0 to 999,999.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "a remainder below 1,000,000")]
    pub const fn subsec_micros(self) -> u32 {
        self.0.rem_euclid(MICROS).unsigned_abs() as u32
    }

    /// How far apart two times are.
    #[must_use]
    pub const fn abs_diff(self, other: Self) -> Duration {
        Duration::from_micros(self.0.abs_diff(other.0))
    }

    /// `self - other` in whole seconds, rounded toward zero.
    #[must_use]
    pub const fn seconds_after(self, other: Self) -> i64 {
        self.0.saturating_sub(other.0) / MICROS
    }

    /// The time `duration` later; the last one that can be said if there is none.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros_of(duration)))
    }

    /// The time `duration` earlier; the first one that can be said if there is none.
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros_of(duration)))
    }

    /// Year, month (1 to 12), day (1 to 31), hour, minute, second in UTC.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "each part is a remainder that fits"
    )]
    pub const fn civil(self) -> (i64, u8, u8, u8, u8, u8) {
        let days = self.seconds().div_euclid(86_400);
        let second = self.seconds().rem_euclid(86_400).unsigned_abs() as u32;
        // Days to civil date, in eras of 400 years that begin on a first of March.
        let days = days + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1).unsigned_abs() as u8;
        let month = (if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        })
        .unsigned_abs() as u8;
        let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
        (
            year,
            month,
            day,
            (second / 3600) as u8,
            (second / 60 % 60) as u8,
            (second % 60) as u8,
        )
    }

    /// The time of a date and a time of day in UTC, or `None` if there is no such date.
    #[must_use]
    pub const fn from_civil(year: i64, month: u8, day: u8, hour: u8, minute: u8, second: u8) -> Option<Self> {
        if year < 0 || year > 9999 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) {
            return None;
        }
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let shifted_year = if month <= 2 { year - 1 } else { year };
        let era = shifted_year.div_euclid(400);
        let year_of_era = shifted_year.rem_euclid(400);
        let month_from_march = if month > 2 {
            month as i64 - 3
        } else {
            month as i64 + 9
        };
        let day_of_year = (153 * month_from_march + 2) / 5 + day as i64 - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = era * 146_097 + day_of_era - 719_468;
        Some(Self::from_seconds(
            days * 86_400 + hour as i64 * 3600 + minute as i64 * 60 + second as i64,
        ))
    }
}

const fn days_in_month(year: i64, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

fn micros_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl fmt::Display for UnixTime {
    /// RFC 3339, with the microseconds when there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day, hour, minute, second) = self.civil();
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )?;
        match self.subsec_micros() {
            0 => f.write_str("Z"),
            micros => write!(f, ".{micros:06}Z"),
        }
    }
}

/// A Windows time: 100 ns ticks since 1601-01-01T00:00:00Z (MS-DTYP 2.3.3).
///
/// Active Directory writes "never" both as 0 and as 2^63-1: [`FileTime::to_unix`] gives `None` for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileTime(pub u64);

impl FileTime {
    /// The largest signed value, which stands for "never".
    pub const NEVER: Self = Self(i64::MAX.unsigned_abs());

    /// The point in time, or `None` for "never".
    #[must_use]
    pub fn to_unix(self) -> Option<UnixTime> {
        if self.0 == 0 || self.0 >= Self::NEVER.0 {
            return None;
        }
        let micros = i64::try_from(self.0 / 10).ok()?;
        Some(UnixTime(micros - EPOCH_DIFFERENCE * MICROS))
    }

    /// The Windows time of a point in time; times before 1601 become 0.
    #[must_use]
    pub fn from_unix(time: UnixTime) -> Self {
        let micros = time.0.saturating_add(EPOCH_DIFFERENCE * MICROS);
        Self(u64::try_from(micros).unwrap_or(0).saturating_mul(10))
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_times() {
        assert_eq!(UnixTime::from_seconds(0).to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(
            UnixTime::from_seconds(951_782_400).to_string(),
            "2000-02-29T00:00:00Z"
        );
        assert_eq!(
            UnixTime::from_micros(-1).to_string(),
            "1969-12-31T23:59:59.999999Z"
        );
        assert_eq!(UnixTime::from_civil(2023, 2, 29, 0, 0, 0), None);
        assert_eq!(UnixTime::from_civil(2024, 12, 31, 23, 59, 60), None);
    }

    #[test]
    fn never_has_two_spellings() {
        assert_eq!(FileTime(0).to_unix(), None);
        assert_eq!(FileTime(0x7fff_ffff_ffff_ffff).to_unix(), None);
        assert_eq!(
            FileTime(116_444_736_000_000_000).to_unix(),
            Some(UnixTime::from_seconds(0))
        );
    }

    proptest! {
        #[test]
        fn civil_dates_come_back(seconds in -62_167_219_200_i64..253_402_300_800) {
            let time = UnixTime::from_seconds(seconds);
            let (year, month, day, hour, minute, second) = time.civil();
            prop_assert_eq!(UnixTime::from_civil(year, month, day, hour, minute, second), Some(time));
        }

        #[test]
        fn no_number_panics(micros: i64, ticks: u64) {
            let _ = UnixTime::from_micros(micros).to_string();
            let _ = FileTime(ticks).to_unix().map(FileTime::from_unix);
        }
    }
}
