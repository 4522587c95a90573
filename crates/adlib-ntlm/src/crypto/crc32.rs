//! CRC-32 (ISO 3309), which signs messages where extended session security was not agreed on.

/// The checksum of `message`. Bit by bit: nobody who cares for speed is without extended session security.
pub(super) fn crc32(message: &[u8]) -> u32 {
    let remainder = message.iter().fold(u32::MAX, |remainder, byte| {
        (0..8).fold(remainder ^ u32::from(*byte), |remainder, _| {
            let reduced = remainder >> 1;
            if remainder & 1 == 0 {
                reduced
            } else {
                reduced ^ 0xedb8_8320
            }
        })
    });
    !remainder
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value of the algorithm's catalogue.
    #[test]
    fn check_value() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }
}
