//! NEGOTIATE: the client begins (MS-NLMP 2.2.1.1).

use adlib_core::{DecodeError, Reader};

use super::{
    NegotiateFlags,
    field::Field,
    sniff::{MessageType, behind_header},
};

/// The first message.
///
/// ```text
/// Signature (8) MessageType (4) = 1 NegotiateFlags (4) DomainNameFields (8) WorkstationFields (8) Version (8) payload
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NegotiateMessage<'a> {
    /// What the client offers.
    pub flags: NegotiateFlags,
    /// The client's domain in its OEM code page.
    pub domain: &'a [u8],
    /// The client's own name in its OEM code page.
    pub workstation: &'a [u8],
}

impl<'a> NegotiateMessage<'a> {
    const HEADER: usize = 32;

    /// Take a message apart. One that ends behind its flags is complete: old clients send such.
    ///
    /// # Errors
    /// `Unexpected`, `Truncated`, `Limit`, or `OutOfBounds` for a field that lies outside of the payload.
    pub fn decode(message: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = behind_header(message, MessageType::Negotiate)?;
        let flags = NegotiateFlags(reader.u32_le("NegotiateFlags")?);
        let mut value = |what| match reader.is_empty() {
            true => Ok(&[][..]),
            false => read_value(&mut reader, what, message),
        };
        Ok(Self {
            flags,
            domain: value("DomainName")?,
            workstation: value("Workstation")?,
        })
    }
}

fn read_value<'a>(
    reader: &mut Reader<'_>,
    what: &'static str,
    message: &'a [u8],
) -> Result<&'a [u8], DecodeError> {
    Field::read(reader, what)?.value(message, NegotiateMessage::HEADER)
}
