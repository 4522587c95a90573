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
    left == right
        || left.len() == right.len() && left.eq_ignore_ascii_case(right)
        || prepared(left).eq(prepared(right))
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
