//! Points in time as Active Directory writes them: `accountExpires`, `lockoutTime`, `pwdLastSet`
//! (MS-ADTS 2.2, syntax `LargeInteger`).

use adlib_core::FileTime;

/// The Windows time in `text`, a decimal number of 100 ns ticks. Negative numbers are no time.
///
/// [`FileTime::to_unix`] makes `None` of both spellings of "never", 0 and 2^63-1.
///
/// ```
/// use adlib_schema::ad::parse_file_time;
///
/// assert_eq!(parse_file_time("9223372036854775807").unwrap().to_unix(), None);
/// assert_eq!(parse_file_time("0").unwrap().to_unix(), None);
/// let time = parse_file_time("133444736000000000").unwrap();
/// assert_eq!(time.to_unix().unwrap().to_string(), "2023-11-14T22:13:20Z");
/// ```
#[must_use]
pub fn parse(text: &str) -> Option<FileTime> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok().map(FileTime))?
}
