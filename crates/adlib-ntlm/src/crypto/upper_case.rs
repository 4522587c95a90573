//! Upper case as NTLM needs it: one UTF-16 unit to one, whatever the locale (MS-UCODEREF 3.1.5.3).
//!
//! The table is the simple upper-case mapping of Unicode 14.0.0 (field 12 of `UnicodeData.txt`) within the Basic
//! Multilingual Plane, less the three letters that Windows keeps as they are: dotless i (U+0131), long s (U+017F) and
//! sharp s (U+00DF). Units of surrogate pairs are never changed. It is neither `str::to_uppercase`, which makes two
//! letters of some, nor all of Unicode's mapping.

/// Units that have an upper case: every `step`-th one from `first` to `last` is `shift` away from it.
struct Run {
    first: u16,
    last: u16,
    step: u16,
    shift: i16,
}

/// The upper case of one UTF-16 unit.
///
/// ```
/// use adlib_ntlm::crypto::upper_case_unit;
///
/// let upper = |letter: char| upper_case_unit(letter as u16);
/// assert_eq!(upper('ø'), 'Ø' as u16);
/// assert_eq!(upper('ß'), 'ß' as u16);
/// ```
#[must_use]
pub fn upper_case_unit(unit: u16) -> u16 {
    let behind = RUNS.partition_point(|run| run.last < unit);
    match RUNS.get(behind) {
        Some(run) if run.first <= unit && (unit - run.first).is_multiple_of(run.step) => {
            unit.wrapping_add_signed(run.shift)
        }
        _ => unit,
    }
}

const fn run(first: u16, last: u16, step: u16, shift: i16) -> Run {
    Run {
        first,
        last,
        step,
        shift,
    }
}

/// In order.
#[rustfmt::skip]
const RUNS: [Run; 188] = [
    run(0x0061, 0x007a, 1, -32), run(0x00b5, 0x00b5, 1, 743), run(0x00e0, 0x00f6, 1, -32),
    run(0x00f8, 0x00fe, 1, -32), run(0x00ff, 0x00ff, 1, 121), run(0x0101, 0x012f, 2, -1),
    run(0x0133, 0x0137, 2, -1), run(0x013a, 0x0148, 2, -1), run(0x014b, 0x0177, 2, -1),
    run(0x017a, 0x017e, 2, -1), run(0x0180, 0x0180, 1, 195), run(0x0183, 0x0185, 2, -1),
    run(0x0188, 0x0188, 1, -1), run(0x018c, 0x018c, 1, -1), run(0x0192, 0x0192, 1, -1),
    run(0x0195, 0x0195, 1, 97), run(0x0199, 0x0199, 1, -1), run(0x019a, 0x019a, 1, 163),
    run(0x019e, 0x019e, 1, 130), run(0x01a1, 0x01a5, 2, -1), run(0x01a8, 0x01a8, 1, -1),
    run(0x01ad, 0x01ad, 1, -1), run(0x01b0, 0x01b0, 1, -1), run(0x01b4, 0x01b6, 2, -1),
    run(0x01b9, 0x01b9, 1, -1), run(0x01bd, 0x01bd, 1, -1), run(0x01bf, 0x01bf, 1, 56),
    run(0x01c5, 0x01c5, 1, -1), run(0x01c6, 0x01c6, 1, -2), run(0x01c8, 0x01c8, 1, -1),
    run(0x01c9, 0x01c9, 1, -2), run(0x01cb, 0x01cb, 1, -1), run(0x01cc, 0x01cc, 1, -2),
    run(0x01ce, 0x01dc, 2, -1), run(0x01dd, 0x01dd, 1, -79), run(0x01df, 0x01ef, 2, -1),
    run(0x01f2, 0x01f2, 1, -1), run(0x01f3, 0x01f3, 1, -2), run(0x01f5, 0x01f5, 1, -1),
    run(0x01f9, 0x021f, 2, -1), run(0x0223, 0x0233, 2, -1), run(0x023c, 0x023c, 1, -1),
    run(0x023f, 0x0240, 1, 10815), run(0x0242, 0x0242, 1, -1), run(0x0247, 0x024f, 2, -1),
    run(0x0250, 0x0250, 1, 10783), run(0x0251, 0x0251, 1, 10780), run(0x0252, 0x0252, 1, 10782),
    run(0x0253, 0x0253, 1, -210), run(0x0254, 0x0254, 1, -206), run(0x0256, 0x0257, 1, -205),
    run(0x0259, 0x0259, 1, -202), run(0x025b, 0x025b, 1, -203), run(0x025c, 0x025c, 1, -23217),
    run(0x0260, 0x0260, 1, -205), run(0x0261, 0x0261, 1, -23221), run(0x0263, 0x0263, 1, -207),
    run(0x0265, 0x0265, 1, -23256), run(0x0266, 0x0266, 1, -23228), run(0x0268, 0x0268, 1, -209),
    run(0x0269, 0x0269, 1, -211), run(0x026a, 0x026a, 1, -23228), run(0x026b, 0x026b, 1, 10743),
    run(0x026c, 0x026c, 1, -23231), run(0x026f, 0x026f, 1, -211), run(0x0271, 0x0271, 1, 10749),
    run(0x0272, 0x0272, 1, -213), run(0x0275, 0x0275, 1, -214), run(0x027d, 0x027d, 1, 10727),
    run(0x0280, 0x0280, 1, -218), run(0x0282, 0x0282, 1, -23229), run(0x0283, 0x0283, 1, -218),
    run(0x0287, 0x0287, 1, -23254), run(0x0288, 0x0288, 1, -218), run(0x0289, 0x0289, 1, -69),
    run(0x028a, 0x028b, 1, -217), run(0x028c, 0x028c, 1, -71), run(0x0292, 0x0292, 1, -219),
    run(0x029d, 0x029d, 1, -23275), run(0x029e, 0x029e, 1, -23278), run(0x0345, 0x0345, 1, 84),
    run(0x0371, 0x0373, 2, -1), run(0x0377, 0x0377, 1, -1), run(0x037b, 0x037d, 1, 130),
    run(0x03ac, 0x03ac, 1, -38), run(0x03ad, 0x03af, 1, -37), run(0x03b1, 0x03c1, 1, -32),
    run(0x03c2, 0x03c2, 1, -31), run(0x03c3, 0x03cb, 1, -32), run(0x03cc, 0x03cc, 1, -64),
    run(0x03cd, 0x03ce, 1, -63), run(0x03d0, 0x03d0, 1, -62), run(0x03d1, 0x03d1, 1, -57),
    run(0x03d5, 0x03d5, 1, -47), run(0x03d6, 0x03d6, 1, -54), run(0x03d7, 0x03d7, 1, -8),
    run(0x03d9, 0x03ef, 2, -1), run(0x03f0, 0x03f0, 1, -86), run(0x03f1, 0x03f1, 1, -80),
    run(0x03f2, 0x03f2, 1, 7), run(0x03f3, 0x03f3, 1, -116), run(0x03f5, 0x03f5, 1, -96),
    run(0x03f8, 0x03f8, 1, -1), run(0x03fb, 0x03fb, 1, -1), run(0x0430, 0x044f, 1, -32),
    run(0x0450, 0x045f, 1, -80), run(0x0461, 0x0481, 2, -1), run(0x048b, 0x04bf, 2, -1),
    run(0x04c2, 0x04ce, 2, -1), run(0x04cf, 0x04cf, 1, -15), run(0x04d1, 0x052f, 2, -1),
    run(0x0561, 0x0586, 1, -48), run(0x10d0, 0x10fa, 1, 3008), run(0x10fd, 0x10ff, 1, 3008),
    run(0x13f8, 0x13fd, 1, -8), run(0x1c80, 0x1c80, 1, -6254), run(0x1c81, 0x1c81, 1, -6253),
    run(0x1c82, 0x1c82, 1, -6244), run(0x1c83, 0x1c84, 1, -6242), run(0x1c85, 0x1c85, 1, -6243),
    run(0x1c86, 0x1c86, 1, -6236), run(0x1c87, 0x1c87, 1, -6181), run(0x1c88, 0x1c88, 1, -30270),
    run(0x1d79, 0x1d79, 1, -30204), run(0x1d7d, 0x1d7d, 1, 3814), run(0x1d8e, 0x1d8e, 1, -30152),
    run(0x1e01, 0x1e95, 2, -1), run(0x1e9b, 0x1e9b, 1, -59), run(0x1ea1, 0x1eff, 2, -1),
    run(0x1f00, 0x1f07, 1, 8), run(0x1f10, 0x1f15, 1, 8), run(0x1f20, 0x1f27, 1, 8),
    run(0x1f30, 0x1f37, 1, 8), run(0x1f40, 0x1f45, 1, 8), run(0x1f51, 0x1f57, 2, 8),
    run(0x1f60, 0x1f67, 1, 8), run(0x1f70, 0x1f71, 1, 74), run(0x1f72, 0x1f75, 1, 86),
    run(0x1f76, 0x1f77, 1, 100), run(0x1f78, 0x1f79, 1, 128), run(0x1f7a, 0x1f7b, 1, 112),
    run(0x1f7c, 0x1f7d, 1, 126), run(0x1f80, 0x1f87, 1, 8), run(0x1f90, 0x1f97, 1, 8),
    run(0x1fa0, 0x1fa7, 1, 8), run(0x1fb0, 0x1fb1, 1, 8), run(0x1fb3, 0x1fb3, 1, 9),
    run(0x1fbe, 0x1fbe, 1, -7205), run(0x1fc3, 0x1fc3, 1, 9), run(0x1fd0, 0x1fd1, 1, 8),
    run(0x1fe0, 0x1fe1, 1, 8), run(0x1fe5, 0x1fe5, 1, 7), run(0x1ff3, 0x1ff3, 1, 9),
    run(0x214e, 0x214e, 1, -28), run(0x2170, 0x217f, 1, -16), run(0x2184, 0x2184, 1, -1),
    run(0x24d0, 0x24e9, 1, -26), run(0x2c30, 0x2c5f, 1, -48), run(0x2c61, 0x2c61, 1, -1),
    run(0x2c65, 0x2c65, 1, -10795), run(0x2c66, 0x2c66, 1, -10792), run(0x2c68, 0x2c6c, 2, -1),
    run(0x2c73, 0x2c73, 1, -1), run(0x2c76, 0x2c76, 1, -1), run(0x2c81, 0x2ce3, 2, -1),
    run(0x2cec, 0x2cee, 2, -1), run(0x2cf3, 0x2cf3, 1, -1), run(0x2d00, 0x2d25, 1, -7264),
    run(0x2d27, 0x2d27, 1, -7264), run(0x2d2d, 0x2d2d, 1, -7264), run(0xa641, 0xa66d, 2, -1),
    run(0xa681, 0xa69b, 2, -1), run(0xa723, 0xa72f, 2, -1), run(0xa733, 0xa76f, 2, -1),
    run(0xa77a, 0xa77c, 2, -1), run(0xa77f, 0xa787, 2, -1), run(0xa78c, 0xa78c, 1, -1),
    run(0xa791, 0xa793, 2, -1), run(0xa794, 0xa794, 1, 48), run(0xa797, 0xa7a9, 2, -1),
    run(0xa7b5, 0xa7c3, 2, -1), run(0xa7c8, 0xa7ca, 2, -1), run(0xa7d1, 0xa7d1, 1, -1),
    run(0xa7d7, 0xa7d9, 2, -1), run(0xa7f6, 0xa7f6, 1, -1), run(0xab53, 0xab53, 1, -928),
    run(0xab70, 0xabbf, 1, 26672), run(0xff41, 0xff5a, 1, -32),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// A44: what stays as it is, although Unicode or a locale would change it.
    #[test]
    fn a44_letters_without_an_upper_case() {
        for letter in [
            '\u{131}', '\u{17f}', 'ß', 'I', 'İ', 'ŉ', 'ﬁ', '\u{301}', '田', '\u{3a9}', '0',
        ] {
            assert_eq!(upper_case_unit(letter as u16), letter as u16, "{letter}");
        }
        for unit in (0xd800..=0xdfff).chain([0, 0xffff]) {
            assert_eq!(upper_case_unit(unit), unit);
        }
    }

    #[test]
    fn letters_with_an_upper_case() {
        for (lower, upper) in [
            ('a', 'A'),
            ('i', 'I'),
            ('z', 'Z'),
            ('ÿ', 'Ÿ'),
            ('ā', 'Ā'),
            ('ο', 'Ο'),
            ('ж', 'Ж'),
            ('ᾀ', 'ᾈ'),
            ('ꭰ', 'Ꭰ'),
            ('ａ', 'Ａ'),
        ] {
            assert_eq!(upper_case_unit(lower as u16), upper as u16, "{lower}");
        }
    }

    /// Every unit of the table against the standard library, which knows the same mapping in a newer version.
    #[test]
    fn the_table_agrees_with_unicode() {
        let mut changed = 0;
        for unit in 0..=u16::MAX {
            let upper = upper_case_unit(unit);
            if upper == unit {
                continue;
            }
            changed += 1;
            let lower = char::from_u32(unit.into()).unwrap();
            let upper = char::from_u32(upper.into()).unwrap();
            // Where Unicode makes two letters, the simple mapping is the title case, whose lower case leads back.
            let one = lower.to_uppercase().eq([upper]);
            assert!(one || upper.to_lowercase().eq([lower]), "{lower} {upper}");
        }
        assert_eq!(changed, 1188);
    }

    #[test]
    fn the_table_is_in_order() {
        assert!(RUNS.iter().all(|run| run.first <= run.last && run.step > 0));
        assert!(RUNS.windows(2).all(|pair| pair[0].last < pair[1].first));
    }
}
