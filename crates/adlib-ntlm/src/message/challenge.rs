//! CHALLENGE: the server asks (MS-NLMP 2.2.1.2).

use alloc::string::String;

use adlib_core::DecodeError;

use super::{
    AvPairs, NegotiateFlags,
    field::{self, Field},
    sniff::{MessageType, behind_header},
};

/// The second message.
///
/// ```text
/// Signature (8) MessageType (4) = 2 TargetNameFields (8) NegotiateFlags (4) ServerChallenge (8) Reserved (8)
/// TargetInfoFields (8) Version (8) payload
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChallengeMessage<'a> {
    /// What the server agrees to.
    pub flags: NegotiateFlags,
    /// The bytes that the response must answer.
    pub server_challenge: [u8; 8],
    /// The server's name or domain, encoded as `flags` say.
    pub target_name: &'a [u8],
    /// What the server tells of itself; none when it does not.
    pub target_info: Option<AvPairs<'a>>,
}

impl<'a> ChallengeMessage<'a> {
    const HEADER: usize = 48;

    /// Take a message apart.
    ///
    /// # Errors
    /// `Unexpected`, `Truncated`, `Limit`, `OutOfBounds` for a field that lies outside of the payload, or what is
    /// wrong with the attribute pairs.
    pub fn decode(message: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = behind_header(message, MessageType::Challenge)?;
        let target_name = Field::read(&mut reader, "TargetName")?;
        let flags = NegotiateFlags(reader.u32_le("NegotiateFlags")?);
        let server_challenge = reader.array("ServerChallenge")?;
        reader.bytes("Reserved", 8)?;
        let target_info = Field::read(&mut reader, "TargetInfo")?.value(message, Self::HEADER)?;
        let target_info = (!target_info.is_empty())
            .then(|| AvPairs::decode(target_info))
            .transpose()?;
        Ok(Self {
            flags,
            server_challenge,
            target_name: target_name.value(message, Self::HEADER)?,
            target_info,
        })
    }

    /// The server's name or domain as text.
    ///
    /// # Errors
    /// `Text`.
    pub fn target_name_text(&self) -> Result<String, DecodeError> {
        field::text("TargetName", self.target_name, self.flags)
    }
}
