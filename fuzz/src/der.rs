//! Elements of DER, made by hand (X.690 8.1, 10.1).

/// An element of fewer than 256 bytes of contents.
#[must_use]
pub fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    match contents.len() {
        length @ 0..128 => [&[tag, length as u8], &contents[..]].concat(),
        length => [&[tag, 0x81, length as u8], &contents[..]].concat(),
    }
}
