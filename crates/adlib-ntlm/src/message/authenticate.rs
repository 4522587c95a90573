//! AUTHENTICATE: the client answers (MS-NLMP 2.2.1.3).

use alloc::{string::String, vec::Vec};
use core::fmt;

use adlib_core::{DecodeError, Reader};

use super::{
    EncodeError, NegotiateFlags, Version,
    field::{self, Field, Payload},
    sniff::{MessageType, behind_header, header},
};

/// The third message.
///
/// ```text
/// Signature (8) MessageType (4) = 3 LmChallengeResponseFields (8) NtChallengeResponseFields (8)
/// DomainNameFields (8) UserNameFields (8) WorkstationFields (8) EncryptedRandomSessionKeyFields (8)
/// NegotiateFlags (4) Version (8) MIC (16) payload
/// ```
///
/// ```
/// use adlib_ntlm::message::{AuthenticateMessage, NegotiateFlags};
///
/// let message = AuthenticateMessage {
///     flags: NegotiateFlags::OEM,
///     lm_response: &[],
///     nt_response: &[],
///     domain: b"CORP",
///     user: b"ada",
///     workstation: b"WS1",
///     encrypted_session_key: &[],
///     version: None,
///     mic: None,
/// };
/// let bytes = message.encode()?;
/// let decoded = AuthenticateMessage::decode(&bytes).unwrap();
/// assert_eq!(decoded.user_text().as_deref(), Ok("ada"));
/// assert!(decoded.is_canonical(&bytes));
/// # Ok::<(), adlib_ntlm::message::EncodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AuthenticateMessage<'a> {
    /// What both sides agreed on, as the client says.
    pub flags: NegotiateFlags,
    /// The LM response.
    pub lm_response: &'a [u8],
    /// The NT response: `NTLMv2` if it is longer than 24 bytes.
    pub nt_response: &'a [u8],
    /// The user's domain, encoded as `flags` say.
    pub domain: &'a [u8],
    /// The user's name, encoded as `flags` say.
    pub user: &'a [u8],
    /// The client's own name, encoded as `flags` say.
    pub workstation: &'a [u8],
    /// The session key under the key exchange key; empty without key exchange.
    pub encrypted_session_key: &'a [u8],
    /// The version block, whether or not the flags admit to it; a MIC is never without.
    pub version: Option<Version>,
    /// What stands in the place of the MIC; `None` when the payload begins before and leaves it none.
    pub mic: Option<[u8; 16]>,
}

impl<'a> AuthenticateMessage<'a> {
    const HEADER: usize = 64;
    /// Where the MIC stands, whether or not the flags admit to the version block before it: clients that leave the
    /// flag out leave the block in.
    pub const MIC_OFFSET: usize = 72;
    pub(crate) const MIC_END: usize = 88;

    /// Take a message apart.
    ///
    /// # Errors
    /// `Unexpected`, `Truncated`, `Limit`, or `OutOfBounds` for a field that lies outside of the payload.
    pub fn decode(message: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = behind_header(message, MessageType::Authenticate)?;
        let mut payload = message.len();
        let mut value = |what| read_value(&mut reader, what, message, &mut payload);
        let lm_response = value("LmChallengeResponse")?;
        let nt_response = value("NtChallengeResponse")?;
        let domain = value("DomainName")?;
        let user = value("UserName")?;
        let workstation = value("Workstation")?;
        let encrypted_session_key = value("EncryptedRandomSessionKey")?;
        let flags = NegotiateFlags(reader.u32_le("NegotiateFlags")?);
        let version = (payload >= Self::MIC_OFFSET)
            .then(|| Version::read(&mut reader))
            .transpose()?;
        let mic = (payload >= Self::MIC_END)
            .then(|| reader.array("MIC"))
            .transpose()?;
        Ok(Self {
            flags,
            lm_response,
            nt_response,
            domain,
            user,
            workstation,
            encrypted_session_key,
            version,
            mic,
        })
    }

    /// The message in its canonical form: what Windows sends.
    ///
    /// # Errors
    /// `TooLong`.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let mut payload = Payload::behind(match (self.version, self.mic) {
            (_, Some(_)) => Self::MIC_END,
            (Some(_), None) => Self::MIC_OFFSET,
            (None, None) => Self::HEADER,
        });
        let domain = payload.place("DomainName", self.domain)?;
        let user = payload.place("UserName", self.user)?;
        let workstation = payload.place("Workstation", self.workstation)?;
        let lm_response = payload.place("LmChallengeResponse", self.lm_response)?;
        let nt_response = payload.place("NtChallengeResponse", self.nt_response)?;
        let session_key = payload.place("EncryptedRandomSessionKey", self.encrypted_session_key)?;

        let mut writer = header(MessageType::Authenticate);
        for field in [lm_response, nt_response, domain, user, workstation, session_key] {
            field.write(&mut writer);
        }
        writer.u32_le(self.flags.0);
        if self.version.is_some() || self.mic.is_some() {
            self.version.unwrap_or_default().write(&mut writer);
        }
        writer.bytes(self.mic.as_ref().map_or(&[], |mic| mic));
        Ok(payload.finish(writer))
    }

    /// Whether `message`, which this was decoded from, holds nothing but what it must, where it must.
    #[must_use]
    pub fn is_canonical(&self, message: &[u8]) -> bool {
        self.encode().is_ok_and(|canonical| canonical == message)
    }

    /// The user's name as text.
    ///
    /// # Errors
    /// `Text`.
    pub fn user_text(&self) -> Result<String, DecodeError> {
        field::decode_text("UserName", self.user, self.flags)
    }

    /// The user's domain as text, as the client spells it.
    ///
    /// # Errors
    /// `Text`.
    pub fn domain_text(&self) -> Result<String, DecodeError> {
        field::decode_text("DomainName", self.domain, self.flags)
    }

    /// The client's own name as text.
    ///
    /// # Errors
    /// `Text`.
    pub fn workstation_text(&self) -> Result<String, DecodeError> {
        field::decode_text("Workstation", self.workstation, self.flags)
    }
}

impl fmt::Debug for AuthenticateMessage<'_> {
    /// Without responses and keys: a password can be guessed from a response.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticateMessage")
            .field("flags", &self.flags)
            .field("domain", &self.domain_text())
            .field("user", &self.user_text())
            .field("workstation", &self.workstation_text())
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// The value of the next field; `payload` becomes the least beginning of any.
fn read_value<'a>(
    reader: &mut Reader<'_>,
    what: &'static str,
    message: &'a [u8],
    payload: &mut usize,
) -> Result<&'a [u8], DecodeError> {
    let field = Field::read(reader, what)?;
    *payload = field.begin_before(*payload);
    field.value(message, AuthenticateMessage::HEADER)
}
