//! Strings prepared for comparison (RFC 4518): case and insignificant spaces do not count.

/// The characters of `text` that count: in lower case, without spaces at either end, inner runs as one space.
pub(crate) fn prepared(text: &str) -> impl Iterator<Item = char> {
    let mut spaces = Spaces::Leading;
    text.trim_end_matches(' ')
        .chars()
        .flat_map(char::to_lowercase)
        .filter_map(move |character| {
            let keep = character != ' ' || spaces == Spaces::None;
            spaces = match (character, spaces) {
                (' ', Spaces::Leading) => Spaces::Leading,
                (' ', _) => Spaces::Inner,
                _ => Spaces::None,
            };
            // The final sigma is another lower case of the same capital.
            keep.then_some(if character == 'ς' { 'σ' } else { character })
        })
}

#[derive(Clone, Copy, PartialEq)]
enum Spaces {
    Leading,
    Inner,
    None,
}

/// Whether two texts are the same once prepared.
pub(crate) fn same(left: &str, right: &str) -> bool {
    same_plainly(left.as_bytes(), right.as_bytes()).unwrap_or_else(|| prepared(left).eq(prepared(right)))
}

/// Whether two values are the same once prepared, if that can be told without preparing them.
pub(crate) fn same_plainly(left: &[u8], right: &[u8]) -> Option<bool> {
    let is_plain = |text: &[u8]| text.iter().all(|byte| matches!(byte, b'!'..=b'~'));
    if left.is_ascii() && left.eq_ignore_ascii_case(right) {
        Some(true)
    } else if is_plain(left) && is_plain(right) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_spaces_do_not_count() {
        assert_eq!(
            prepared("  James   T.  Kirk ").collect::<String>(),
            "james t. kirk"
        );
        assert!(same("ΟΔΥΣΣΕΥΣ", "οδυσσευς"));
        assert!(same("ÄÖ", "äö"));
        assert!(!same("ab", "a b"));
        assert!(same("   ", ""));
    }
}
