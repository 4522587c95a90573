//! CHALLENGE: the server asks (MS-NLMP 2.2.1.2).

use alloc::{string::String, vec::Vec};

use adlib_core::DecodeError;

use super::{
    AvPairs, EncodeError, NegotiateFlags, Version,
    field::{self, Field, Payload},
    sniff::{MessageType, behind_header, header},
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
    /// The version block, whether or not the flags admit to it.
    pub version: Option<Version>,
}

impl<'a> ChallengeMessage<'a> {
    const HEADER: usize = 48;
    const VERSION_END: usize = 56;

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
        let target_info = Field::read(&mut reader, "TargetInfo")?;
        let payload = target_info.begin_before(target_name.begin_before(message.len()));
        let target_info = target_info.value(message, Self::HEADER)?;
        let target_info = (!target_info.is_empty())
            .then(|| AvPairs::decode(target_info))
            .transpose()?;
        Ok(Self {
            flags,
            server_challenge,
            target_name: target_name.value(message, Self::HEADER)?,
            target_info,
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
        let target_name = payload.place("TargetName", self.target_name)?;
        let info = self.target_info.map(|pairs| pairs.as_bytes());
        let target_info = payload.place("TargetInfo", info.unwrap_or_default())?;
        let mut writer = header(MessageType::Challenge);
        target_name.write(&mut writer);
        writer
            .u32_le(self.flags.0)
            .bytes(&self.server_challenge)
            .bytes(&[0; 8]);
        target_info.write(&mut writer);
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

    /// The server's name or domain as text.
    ///
    /// # Errors
    /// `Text`.
    pub fn target_name_text(&self) -> Result<String, DecodeError> {
        field::decode_text("TargetName", self.target_name, self.flags)
    }
}
