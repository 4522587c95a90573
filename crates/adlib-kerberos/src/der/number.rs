//! Numbers and truth values (X.690 8.2, 8.3, 11.1).

use super::fields::{Error, Result, Value};

/// The identifier of an INTEGER.
const INTEGER: u8 = 0x02;

/// The number in `contents`, of eight octets at most and in as few as there can be.
fn integer(contents: &[u8]) -> Result<i64> {
    let first = match contents {
        [only] => return Ok(i64::from(only.cast_signed())),
        // The first nine bits may not all be the same.
        [0, 0..=0x7f, ..] | [0xff, 0x80..=0xff, ..] | [] => return Err(Error::invalid(contents)),
        [first, ..] if contents.len() <= 8 => *first,
        _ => return Err(Error::invalid(contents)),
    };
    let sign = i64::from(first.cast_signed() >> 7);
    Ok(contents
        .iter()
        .fold(sign, |number, octet| number << 8 | i64::from(*octet)))
}

impl<'a> Value<'a> for i64 {
    const IDENTIFIER: u8 = INTEGER;

    fn read(contents: &'a [u8]) -> Result<Self> {
        integer(contents)
    }
}

impl<'a> Value<'a> for i32 {
    const IDENTIFIER: u8 = INTEGER;

    fn read(contents: &'a [u8]) -> Result<Self> {
        Self::try_from(integer(contents)?).map_err(|_| Error::invalid(contents))
    }
}

impl<'a> Value<'a> for u32 {
    const IDENTIFIER: u8 = INTEGER;

    fn read(contents: &'a [u8]) -> Result<Self> {
        Self::try_from(integer(contents)?).map_err(|_| Error::invalid(contents))
    }
}

impl<'a> Value<'a> for bool {
    const IDENTIFIER: u8 = 0x01;

    fn read(contents: &'a [u8]) -> Result<Self> {
        match contents {
            [0] => Ok(false),
            [0xff] => Ok(true),
            _ => Err(Error::invalid(contents)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::der::Decode;
    use proptest::prelude::*;

    /// That the DER library says the same of the element with `identifier` and `contents`.
    fn agree<'a, T>(identifier: u8, contents: &'a [u8])
    where
        T: Value<'a> + for<'b> Decode<'b> + PartialEq + core::fmt::Debug,
    {
        let length = u8::try_from(contents.len()).unwrap();
        let element = [&[identifier, length], contents].concat();
        assert_eq!(
            T::read(contents).ok(),
            T::from_der(&element).ok(),
            "{contents:x?}"
        );
    }

    fn all_agree(contents: &[u8]) {
        agree::<i32>(INTEGER, contents);
        agree::<i64>(INTEGER, contents);
        agree::<u32>(INTEGER, contents);
        agree::<bool>(bool::IDENTIFIER, contents);
    }

    /// A28
    #[test]
    fn a28_short_numbers_are_read_as_the_library_reads_them() {
        all_agree(&[]);
        for first in 0..=u8::MAX {
            all_agree(&[first]);
            for second in 0..=u8::MAX {
                all_agree(&[first, second]);
            }
        }
    }

    proptest! {
        /// A28
        #[test]
        fn a28_numbers_are_read_as_the_library_reads_them(
            edge in prop_oneof![Just(0), Just(0xff), Just(0x7f), Just(0x80), any::<u8>()],
            rest in proptest::collection::vec(any::<u8>(), 0..10),
        ) {
            all_agree(&[&[edge][..], &rest].concat());
        }
    }
}
