//! The format characters: they print nothing and change how their neighbours look (Unicode category Cf).

use core::ops::RangeInclusive;

/// Category Cf of Unicode 16.0.0, in order.
const FORMAT_CHARACTERS: [RangeInclusive<char>; 21] = [
    '\u{ad}'..='\u{ad}',
    '\u{600}'..='\u{605}',
    '\u{61c}'..='\u{61c}',
    '\u{6dd}'..='\u{6dd}',
    '\u{70f}'..='\u{70f}',
    '\u{890}'..='\u{891}',
    '\u{8e2}'..='\u{8e2}',
    '\u{180e}'..='\u{180e}',
    '\u{200b}'..='\u{200f}',
    '\u{202a}'..='\u{202e}',
    '\u{2060}'..='\u{2064}',
    '\u{2066}'..='\u{206f}',
    '\u{feff}'..='\u{feff}',
    '\u{fff9}'..='\u{fffb}',
    '\u{110bd}'..='\u{110bd}',
    '\u{110cd}'..='\u{110cd}',
    '\u{13430}'..='\u{1343f}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0001}'..='\u{e0001}',
    '\u{e0020}'..='\u{e007f}',
];

/// Whether `character` is a format character.
pub(crate) fn is_format_character(character: char) -> bool {
    FORMAT_CHARACTERS.iter().any(|range| range.contains(&character))
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    /// A47: the table, made again from the one that the crate `regex` carries (of the same Unicode version).
    #[test]
    fn a47_the_table_is_unicodes() {
        let format = regex::Regex::new(r"\p{Cf}").unwrap();
        let mut ranges: Vec<RangeInclusive<char>> = Vec::new();
        for character in '\0'..=char::MAX {
            if !format.is_match(character.encode_utf8(&mut [0; 4])) {
                continue;
            }
            match ranges.last_mut() {
                Some(last) if u32::from(*last.end()) + 1 == u32::from(character) => {
                    *last = *last.start()..=character;
                }
                _ => ranges.push(character..=character),
            }
        }
        assert_eq!(ranges, FORMAT_CHARACTERS);
    }
}
