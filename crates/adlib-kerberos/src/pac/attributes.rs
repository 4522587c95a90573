//! `PAC_ATTRIBUTES_INFO`: whether the client asked for a PAC (MS-PAC 2.14).

use adlib_core::{DecodeError, Reader};

/// How the PAC came to be.
///
/// ```text
/// FlagsLength (4), in bits; Flags (4 for each 32 of them)
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacAttributes {
    /// The client asked for a PAC.
    pub requested: bool,
    /// The client did not say, and was given one.
    pub given_implicitly: bool,
}

/// `PAC_WAS_REQUESTED`.
const REQUESTED: u32 = 1;
/// `PAC_WAS_GIVEN_IMPLICITLY`.
const GIVEN_IMPLICITLY: u32 = 2;

impl PacAttributes {
    /// The structure that `bytes` are. More flags than the first 32 are of no known meaning.
    ///
    /// # Errors
    /// `Truncated`.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let bits = reader.u32_le("FlagsLength")?;
        let flags = if bits == 0 { 0 } else { reader.u32_le("Flags")? };
        Ok(Self {
            requested: flags & REQUESTED != 0,
            given_implicitly: flags & GIVEN_IMPLICITLY != 0,
        })
    }
}
