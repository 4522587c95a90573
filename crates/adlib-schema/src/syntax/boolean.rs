//! Boolean (RFC 4517 3.3.3).

/// The truth value that `text` is: `TRUE` or `FALSE`, in any case, as some servers do not keep to capitals.
///
/// ```
/// use adlib_schema::syntax::parse_boolean;
///
/// assert_eq!(parse_boolean("TRUE"), Some(true));
/// assert_eq!(parse_boolean("yes"), None);
/// ```
#[must_use]
pub fn parse(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("TRUE") {
        Some(true)
    } else if text.eq_ignore_ascii_case("FALSE") {
        Some(false)
    } else {
        None
    }
}
