//! Each message once, and in order if so agreed (RFC 2743 1.2.3).

use super::MessageRejection;

/// How many messages behind the latest one are told apart.
const WINDOW: u64 = 64;

/// The numbers of the messages that came.
#[derive(Debug, Clone)]
pub(super) struct Sequence {
    /// The number after the latest one.
    next: u64,
    /// The numbers before `next` that came, `next - 1` the lowest bit.
    seen: u64,
    ordered: bool,
}

impl Sequence {
    /// Nothing has come yet; `first` is the number that the peer starts with.
    pub(super) const fn new(first: u64, ordered: bool) -> Self {
        Self {
            next: first,
            // What is before the first counts as come.
            seen: u64::MAX,
            ordered,
        }
    }

    /// The whole number whose low 32 bits are `low`, nearest to the one that is due.
    pub(super) fn widen(&self, low: u32) -> u64 {
        let [.., a, b, c, d] = self.next.to_be_bytes();
        let ahead = low.wrapping_sub(u32::from_be_bytes([a, b, c, d]));
        self.next.saturating_add_signed(i64::from(ahead.cast_signed()))
    }

    /// Take message `number`, whose signature is right.
    ///
    /// # Errors
    /// `Replayed` when it came before or is too old to know, `OutOfOrder`.
    pub(super) fn take(&mut self, number: u64) -> Result<(), MessageRejection> {
        let expected = self.next;
        if number < expected {
            let bit = expected - 1 - number;
            if self.ordered || bit >= WINDOW || self.seen >> bit & 1 == 1 {
                return Err(MessageRejection::Replayed { number });
            }
            self.seen |= 1 << bit;
            return Ok(());
        }
        if self.ordered && number != expected {
            return Err(MessageRejection::OutOfOrder { expected, number });
        }
        let ahead = number - expected + 1;
        let shifted = u32::try_from(ahead)
            .ok()
            .and_then(|ahead| self.seen.checked_shl(ahead));
        self.seen = shifted.unwrap_or(0) | 1;
        self.next = number.saturating_add(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn in_order_means_in_order() {
        let mut sequence = Sequence::new(7, true);
        assert_eq!(sequence.take(7), Ok(()));
        assert_eq!(sequence.take(7), Err(MessageRejection::Replayed { number: 7 }));
        assert_eq!(sequence.take(6), Err(MessageRejection::Replayed { number: 6 }));
        let missing = MessageRejection::OutOfOrder {
            expected: 8,
            number: 9,
        };
        assert_eq!(sequence.take(9), Err(missing));
        assert_eq!(sequence.take(8), Ok(()));
    }

    #[test]
    fn numbers_of_32_bits_go_on() {
        let sequence = Sequence::new(0xffff_fffe, true);
        assert_eq!(sequence.widen(0xffff_fffe), 0xffff_fffe);
        assert_eq!(sequence.widen(1), 0x1_0000_0001);
        assert_eq!(sequence.widen(0xffff_fff0), 0xffff_fff0);
    }

    proptest! {
        #[test]
        fn out_of_order_each_comes_once(numbers in proptest::collection::vec(100_u64..300, 0..100)) {
            let mut sequence = Sequence::new(100, false);
            let mut taken = BTreeSet::new();
            for number in numbers {
                let highest = taken.last().copied().unwrap_or(99);
                let old = number + WINDOW <= highest;
                prop_assert_eq!(sequence.take(number).is_ok(), !old && taken.insert(number));
            }
        }
    }
}
