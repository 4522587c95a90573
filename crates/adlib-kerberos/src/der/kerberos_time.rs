//! Times in messages (RFC 4120 5.2.3).

use ::der::{EncodeValue, Error, FixedTag, Length, Tag, Writer};
use adlib_core::UnixTime;

use super::{
    Microseconds,
    fields::{self, Value},
};

/// The length of `YYYYMMDDHHMMSSZ`.
const LENGTH: usize = 15;
/// 1970 and 9999: what is before and after is written as the nearest of them.
const EARLIEST: i64 = 0;
const LATEST: i64 = 253_402_300_799;

/// `KerberosTime ::= GeneralizedTime`, with whole seconds and in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KerberosTime(UnixTime);

impl KerberosTime {
    /// The point in time.
    pub(crate) const fn to_unix(self) -> UnixTime {
        self.0
    }

    /// The point in time with its microseconds, which stand in a field of their own.
    pub(crate) fn with_micros(self, micros: Microseconds) -> UnixTime {
        UnixTime::from_micros(self.0.micros().saturating_add(i64::from(micros.0)))
    }

    /// The time without its microseconds. Before 1970 and after 9999 there is no such value: the nearest is taken.
    pub(crate) fn from_unix(time: UnixTime) -> Self {
        Self(UnixTime::from_seconds(time.seconds().clamp(EARLIEST, LATEST)))
    }
}

impl FixedTag for KerberosTime {
    const TAG: Tag = Tag::GeneralizedTime;
}

impl<'a> Value<'a> for KerberosTime {
    const IDENTIFIER: u8 = 0x18;

    fn read(contents: &'a [u8]) -> fields::Result<Self> {
        parse(contents)
            .filter(|time| time.seconds() >= EARLIEST)
            .map(Self)
            .ok_or_else(|| fields::Error::invalid(contents))
    }
}

fn parse(text: &[u8]) -> Option<UnixTime> {
    let [century, year, month, day, hour, minute, second, b'Z'] = pairs(text)? else {
        return None;
    };
    let year = i64::from(century) * 100 + i64::from(year);
    UnixTime::from_civil(year, month, day, hour, minute, second)
}

/// The seven numbers of two digits, and the letter behind them.
fn pairs(text: &[u8]) -> Option<[u8; 8]> {
    let text: &[u8; LENGTH] = text.try_into().ok()?;
    let (digits, rest) = text.as_chunks::<2>();
    let (mut numbers, mut valid) = ([0; 8], true);
    for (number, pair) in numbers.iter_mut().zip(digits) {
        let [tens, units] = pair.map(|digit| digit.wrapping_sub(b'0'));
        valid &= tens <= 9 && units <= 9;
        *number = tens.wrapping_mul(10).wrapping_add(units);
    }
    let [.., zone] = &mut numbers;
    *zone = *rest.first()?;
    valid.then_some(numbers)
}

impl EncodeValue for KerberosTime {
    fn value_len(&self) -> Result<Length, Error> {
        Length::try_from(LENGTH)
    }

    fn encode_value(&self, writer: &mut impl Writer) -> Result<(), Error> {
        let (year, month, day, hour, minute, second) = self.0.civil();
        // The year has four digits.
        let year = u16::try_from(year).unwrap_or(0);
        let [century, year] = [year / 100, year % 100].map(|part| u8::try_from(part).unwrap_or(0));
        for part in [century, year, month, day, hour, minute, second] {
            writer.write(&[b'0' + part / 10, b'0' + part % 10])?;
        }
        writer.write(b"Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{decode, encode};
    use proptest::prelude::*;

    /// RFC 4120 5.2.3
    #[test]
    fn whole_seconds_in_utc_only() {
        let read = |text: &[u8]| {
            let length = u8::try_from(text.len()).unwrap();
            let bytes = [&[0x18, length], text].concat();
            decode::<KerberosTime>("time", &bytes)
                .map(KerberosTime::to_unix)
                .ok()
        };
        assert_eq!(
            read(b"19851106210627Z"),
            Some(UnixTime::from_seconds(500_159_187))
        );
        for text in [
            &b""[..],
            b"19851106210627",
            b"19851106210627.0Z",
            b"19851106210627+0100",
            b"198511062106Z",
            b"19851306210627Z",
            b"1985110621062xZ",
            b"19690101000000Z",
            b"19851106210660Z",
        ] {
            assert_eq!(read(text), None);
        }
    }

    proptest! {
        #[test]
        fn times_come_back(seconds in EARLIEST..=LATEST) {
            let time = KerberosTime::from_unix(UnixTime::from_seconds(seconds));
            prop_assert_eq!(decode::<KerberosTime>("time", &encode(&time)), Ok(time));
        }
    }
}
