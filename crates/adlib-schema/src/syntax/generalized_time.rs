//! Generalized time (RFC 4517 3.3.13).

use std::time::Duration;

use adlib_core::UnixTime;

/// A text that is not a generalized time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a generalized time; expected the form 20261231235959Z")]
pub struct GeneralizedTimeError;

/// The time that `text` is: `YYYYMMDDHH[MM[SS]][.fraction](Z|+HHMM|-HHMM)`.
///
/// ```
/// use adlib_schema::syntax::parse_generalized_time;
///
/// let time = parse_generalized_time("20141111080100.0Z")?;
/// assert_eq!(time.to_string(), "2014-11-11T08:01:00Z");
/// assert_eq!(parse_generalized_time("201411110901+0100")?, time);
/// # Ok::<(), adlib_schema::syntax::GeneralizedTimeError>(())
/// ```
///
/// # Errors
/// [`GeneralizedTimeError`] for any other text, and for dates that do not exist.
pub fn parse(text: &str) -> Result<UnixTime, GeneralizedTimeError> {
    let (date, rest) = text.split_at_checked(10).ok_or(GeneralizedTimeError)?;
    let mut date = Pairs(date);
    let year = i64::from(date.next()?) * 100 + i64::from(date.next()?);
    let (month, day, hour) = (date.next()?, date.next()?, date.next()?);
    let (minute, rest) = optional_pair(rest)?;
    let (second, rest) = match minute {
        Some(_) => optional_pair(rest)?,
        None => (None, rest),
    };
    // A leap second counts as the last second of its minute.
    let second_of_minute = if second == Some(60) {
        59
    } else {
        second.unwrap_or(0)
    };
    let time = UnixTime::from_civil(year, month, day, hour, minute.unwrap_or(0), second_of_minute)
        .ok_or(GeneralizedTimeError)?;
    let unit = match (minute, second) {
        (_, Some(_)) => 1,
        (Some(_), None) => 60,
        (None, _) => 3600,
    };
    let (fraction, zone) = fraction(rest, unit)?;
    shift(time.saturating_add(fraction), zone)
}

/// Numbers of two digits, one after the other.
struct Pairs<'a>(&'a str);

impl Pairs<'_> {
    fn next(&mut self) -> Result<u8, GeneralizedTimeError> {
        let (pair, rest) = self.0.split_at_checked(2).ok_or(GeneralizedTimeError)?;
        self.0 = rest;
        if !pair.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(GeneralizedTimeError);
        }
        pair.parse().map_err(|_| GeneralizedTimeError)
    }
}

fn optional_pair(text: &str) -> Result<(Option<u8>, &str), GeneralizedTimeError> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok((None, text));
    }
    let mut pairs = Pairs(text);
    let number = pairs.next()?;
    Ok((Some(number), pairs.0))
}

/// The fraction of a unit of `seconds`, and what follows it.
fn fraction(text: &str, seconds: u64) -> Result<(Duration, &str), GeneralizedTimeError> {
    let Some(digits) = text.strip_prefix(['.', ',']) else {
        return Ok((Duration::ZERO, text));
    };
    let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = digits.strip_suffix(rest).unwrap_or_default();
    if digits.is_empty() {
        return Err(GeneralizedTimeError);
    }
    let mut micros = 0;
    let mut scale = seconds * 1_000_000;
    for digit in digits.bytes().take(10) {
        micros += u64::from(digit - b'0') * scale / 10;
        scale /= 10;
    }
    Ok((Duration::from_micros(micros), rest))
}

/// `time` in the zone `zone`, as UTC.
fn shift(time: UnixTime, zone: &str) -> Result<UnixTime, GeneralizedTimeError> {
    if zone == "Z" {
        return Ok(time);
    }
    let (sign, digits) = zone.split_at_checked(1).ok_or(GeneralizedTimeError)?;
    let mut pairs = Pairs(digits);
    let hours = pairs.next()?;
    let minutes = if pairs.0.is_empty() { 0 } else { pairs.next()? };
    if hours > 23 || minutes > 59 || !pairs.0.is_empty() {
        return Err(GeneralizedTimeError);
    }
    let offset = Duration::from_secs(u64::from(hours) * 3600 + u64::from(minutes) * 60);
    match sign {
        "+" => Ok(time.saturating_sub(offset)),
        "-" => Ok(time.saturating_add(offset)),
        _ => Err(GeneralizedTimeError),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn forms_of_the_specification() {
        for (text, expected) in [
            ("199412161032Z", "1994-12-16T10:32:00Z"),
            ("199412160532-0500", "1994-12-16T10:32:00Z"),
            ("2014111108Z", "2014-11-11T08:00:00Z"),
            ("2014111108.5Z", "2014-11-11T08:30:00Z"),
            ("20141111080100,25Z", "2014-11-11T08:01:00.250000Z"),
            ("20161231235960Z", "2016-12-31T23:59:59Z"),
            ("000001010000Z", "0000-01-01T00:00:00Z"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "Z",
            "2014",
            "20141111080100",
            "20141311080100Z",
            "20141111080161Z",
            "201411110801+01000",
            "20141111080100.Z",
            "2014111108010Z",
            "+0141111080100Z",
            "20141111080100Z ",
            "2014111é080100Z",
        ] {
            assert_eq!(parse(text), Err(GeneralizedTimeError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[0-9.,+Z\\-é]{0,30}") {
            let _ = parse(&text);
        }
    }
}
