//! Which message it is (MS-NLMP 2.2.1).

use adlib_core::{DecodeError, DecodeErrorKind, Reader, Writer};

/// The largest message that is looked at: no field is longer than 64 KiB, and no honest message comes near.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;

const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";

/// The type of an NTLM message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageType {
    /// The client begins.
    Negotiate,
    /// The server asks.
    Challenge,
    /// The client answers.
    Authenticate,
}

/// The type of the message that `token` is, or `None` if it is none.
///
/// ```
/// use adlib_ntlm::message::{MessageType, sniff};
///
/// assert_eq!(sniff(b"NTLMSSP\0\x01\0\0\0"), Some(MessageType::Negotiate));
/// assert_eq!(sniff(b"\x60\x48\x06\x06"), None);
/// ```
#[must_use]
pub fn sniff(token: &[u8]) -> Option<MessageType> {
    let mut reader = Reader::new(token);
    if reader.array("Signature").ok()? != *SIGNATURE {
        return None;
    }
    match reader.u32_le("MessageType").ok()? {
        1 => Some(MessageType::Negotiate),
        2 => Some(MessageType::Challenge),
        3 => Some(MessageType::Authenticate),
        _ => None,
    }
}

/// What a message of this type begins with.
pub(super) fn header(message_type: MessageType) -> Writer {
    let mut writer = Writer::new();
    writer.bytes(SIGNATURE).u32_le(match message_type {
        MessageType::Negotiate => 1,
        MessageType::Challenge => 2,
        MessageType::Authenticate => 3,
    });
    writer
}

/// A reader behind the header of a message of type `expected`.
pub(super) fn behind_header<'a>(message: &'a [u8], expected: MessageType) -> Result<Reader<'a>, DecodeError> {
    let mut reader = Reader::new(message);
    if message.len() > MAX_MESSAGE_BYTES {
        return Err(reader.error("NTLM message", DecodeErrorKind::Limit(MAX_MESSAGE_BYTES)));
    }
    let at = reader;
    reader.bytes("Signature and MessageType", 12)?;
    if sniff(message) != Some(expected) {
        return Err(at.error("Signature and MessageType", DecodeErrorKind::Unexpected));
    }
    Ok(reader)
}
