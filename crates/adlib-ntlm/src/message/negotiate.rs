//! NEGOTIATE: the client begins (MS-NLMP 2.2.1.1).

use alloc::vec::Vec;

use adlib_core::{DecodeError, Reader};

use super::{
    EncodeError, NegotiateFlags, Version,
    field::{Field, Payload},
    sniff::{MessageType, behind_header, header},
};

/// The first message.
///
/// ```text
/// Signature (8) MessageType (4) = 1 NegotiateFlags (4) DomainNameFields (8) WorkstationFields (8) Version (8) payload
/// ```
///
/// ```
/// use adlib_ntlm::message::{NegotiateFlags, NegotiateMessage};
///
/// let message = NegotiateMessage { flags: NegotiateFlags::UNICODE, domain: b"", workstation: b"WS1", version: None };
/// let bytes = message.encode()?;
/// assert_eq!(NegotiateMessage::decode(&bytes), Ok(message));
/// # Ok::<(), adlib_ntlm::message::EncodeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NegotiateMessage<'a> {
    /// What the client offers.
    pub flags: NegotiateFlags,
    /// The client's domain in its OEM code page.
    pub domain: &'a [u8],
    /// The client's own name in its OEM code page.
    pub workstation: &'a [u8],
    /// The version block, whether or not the flags admit to it.
    pub version: Option<Version>,
}

impl<'a> NegotiateMessage<'a> {
    const HEADER: usize = 32;
    const VERSION_END: usize = 40;

    /// Take a message apart. One that ends behind its flags is complete: old clients send such.
    ///
    /// # Errors
    /// `Unexpected`, `Truncated`, `Limit`, or `OutOfBounds` for a field that lies outside of the payload.
    pub fn decode(message: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = behind_header(message, MessageType::Negotiate)?;
        let flags = NegotiateFlags(reader.u32_le("NegotiateFlags")?);
        let mut payload = message.len();
        let mut value = |what| match reader.is_empty() {
            true => Ok(&[][..]),
            false => read_value(&mut reader, what, message, &mut payload),
        };
        Ok(Self {
            flags,
            domain: value("DomainName")?,
            workstation: value("Workstation")?,
            version: (payload >= Self::VERSION_END)
                .then(|| Version::read(&mut reader))
                .transpose()?,
        })
    }

    /// The message in its canonical form: what Windows sends.
    ///
    /// # Errors
    /// `TooLong`.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let mut payload = Payload::behind(match self.version {
            Some(_) => Self::VERSION_END,
            None => Self::HEADER,
        });
        let domain = payload.place_or_zero("DomainName", self.domain)?;
        let workstation = payload.place_or_zero("Workstation", self.workstation)?;
        let mut writer = header(MessageType::Negotiate);
        writer.u32_le(self.flags.0);
        domain.write(&mut writer);
        workstation.write(&mut writer);
        if let Some(version) = self.version {
            version.write(&mut writer);
        }
        Ok(payload.finish(writer))
    }

    /// Whether `message`, which this was decoded from, holds nothing but what it must, where it must.
    #[must_use]
    pub fn is_canonical(&self, message: &[u8]) -> bool {
        self.encode().is_ok_and(|canonical| canonical == message)
    }
}

fn read_value<'a>(
    reader: &mut Reader<'_>,
    what: &'static str,
    message: &'a [u8],
    payload: &mut usize,
) -> Result<&'a [u8], DecodeError> {
    let field = Field::read(reader, what)?;
    *payload = field.begin_before(*payload);
    field.value(message, NegotiateMessage::HEADER)
}
