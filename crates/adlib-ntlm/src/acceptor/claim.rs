//! Who a client claims to be, and with what: read before anything is proven (MS-NLMP 3.2.5.1.2).

use alloc::{string::String, vec::Vec};

use adlib_core::{DecodeError, DecodeErrorKind};

use super::challenge::refuse_missing;
use crate::{
    Account, Ntlmv2Response, Policy, Rejection, ResponseVersion,
    message::{AuthenticateMessage, AvFlags, AvPairs, ChallengeMessage, NegotiateFlags},
};

/// The length of every response before `NTLMv2`.
const OLD_RESPONSE: usize = 24;

/// What an AUTHENTICATE message says, as far as the policy admits such messages at all.
pub(super) struct Claim<'a> {
    message: AuthenticateMessage<'a>,
    /// What both sides agreed on: what either says alone does not count.
    pub(super) flags: NegotiateFlags,
    account: Account,
    workstation: String,
    version: ResponseVersion,
    /// The `NTLMv2` response.
    pub(super) response: Option<Ntlmv2Response<'a>>,
}

/// As much of a claim as is kept until somebody knows the account's hash.
pub(super) struct OwnedClaim {
    pub(super) account: Account,
    pub(super) workstation: String,
    pub(super) flags: NegotiateFlags,
    pub(super) version: ResponseVersion,
    pub(super) nt_response: Vec<u8>,
    pub(super) lm_response: Vec<u8>,
    pub(super) encrypted_session_key: Option<[u8; 16]>,
    pub(super) mic: Option<[u8; 16]>,
    /// Whether the response says that there is a MIC.
    pub(super) mic_promised: bool,
}

impl<'a> Claim<'a> {
    /// Read the client's answer to `challenge`.
    pub(super) fn decode(
        token: &'a [u8],
        challenge: &ChallengeMessage<'_>,
        policy: &Policy,
    ) -> Result<Self, Rejection> {
        let message = AuthenticateMessage::decode(token)?;
        let flags = message.flags & challenge.flags;
        refuse_weak_keys(flags, policy)?;
        let version = version(&message, flags, policy)?;
        refuse_bad_session_key(&message, flags)?;
        let response = (version == ResponseVersion::NtlmV2)
            .then(|| Ntlmv2Response::decode(message.nt_response))
            .transpose()?;
        Ok(Self {
            flags,
            account: Account {
                user: message.user_text()?,
                domain: message.domain_text()?,
            },
            workstation: message.workstation_text()?,
            version,
            response,
            message,
        })
    }

    /// The client's attribute pairs: the server's and its own.
    pub(super) fn av_pairs(&self) -> Option<AvPairs<'a>> {
        self.response.map(|response| response.av_pairs)
    }

    /// What the client says of its own message; nothing if it cannot be read, which [`Terms`](super::terms::Terms)
    /// refuses.
    pub(super) fn av_flags(&self) -> AvFlags {
        let flags = self.av_pairs().and_then(|pairs| pairs.flags().ok().flatten());
        flags.unwrap_or_default()
    }

    /// Whether the account that is claimed is the one that everybody may use.
    pub(super) fn is_guest(&self) -> bool {
        self.account.user.eq_ignore_ascii_case("guest")
    }

    pub(super) fn into_owned(self) -> OwnedClaim {
        OwnedClaim {
            mic_promised: self.av_flags().contains(AvFlags::MIC),
            account: self.account,
            workstation: self.workstation,
            flags: self.flags,
            version: self.version,
            nt_response: self.message.nt_response.to_vec(),
            lm_response: self.message.lm_response.to_vec(),
            encrypted_session_key: self.message.encrypted_session_key.try_into().ok(),
            mic: self.message.mic,
        }
    }
}

/// Which proof a message holds, if it is one that the policy admits.
fn version(
    message: &AuthenticateMessage<'_>,
    flags: NegotiateFlags,
    policy: &Policy,
) -> Result<ResponseVersion, Rejection> {
    // Windows sends one zero byte in place of the LM response of an anonymous session.
    let unanswered = message.nt_response.is_empty() && matches!(message.lm_response, [] | [0]);
    if message.flags.contains(NegotiateFlags::ANONYMOUS) || message.user.is_empty() && unanswered {
        return admit(
            policy.danger_accept_anonymous,
            ResponseVersion::Anonymous,
            Rejection::Anonymous,
        );
    }
    if message.user.is_empty() {
        return Err(Rejection::EmptyUser);
    }
    let extended = flags.contains(NegotiateFlags::EXTENDED_SESSION_SECURITY);
    match (message.nt_response.len(), message.lm_response.len()) {
        (0, OLD_RESPONSE) => admit(
            policy.danger_accept_lm,
            ResponseVersion::Lm,
            Rejection::LmNotAdmitted,
        ),
        (0, _) => Err(DecodeError::new("NtChallengeResponse", 0, DecodeErrorKind::Truncated).into()),
        (OLD_RESPONSE, _) if extended => admit(
            policy.danger_accept_v1,
            ResponseVersion::NtlmV1Extended,
            Rejection::V1NotAdmitted,
        ),
        (OLD_RESPONSE, _) => admit(
            policy.danger_accept_v1,
            ResponseVersion::NtlmV1,
            Rejection::V1NotAdmitted,
        ),
        _ => Ok(ResponseVersion::NtlmV2),
    }
}

fn admit(
    admitted: bool,
    version: ResponseVersion,
    rejection: Rejection,
) -> Result<ResponseVersion, Rejection> {
    if admitted { Ok(version) } else { Err(rejection) }
}

/// Keys matter where messages will be protected with them.
fn refuse_weak_keys(flags: NegotiateFlags, policy: &Policy) -> Result<(), Rejection> {
    if policy.danger_accept_weak_keys || !protects(flags) {
        return Ok(());
    }
    let strong = NegotiateFlags::EXTENDED_SESSION_SECURITY | NegotiateFlags::KEY_128;
    refuse_missing(strong, flags)
}

/// A key that is to be exchanged must be there. Without protected messages none is, but the field is filled (MS-NLMP
/// 3.2.5.1.2), and some clients exchange one nevertheless.
fn refuse_bad_session_key(message: &AuthenticateMessage<'_>, flags: NegotiateFlags) -> Result<(), Rejection> {
    let length = message.encrypted_session_key.len();
    let good = match protects(flags) {
        true => length == 16,
        false => length != 0,
    };
    if good || !flags.contains(NegotiateFlags::KEY_EXCHANGE) {
        Ok(())
    } else {
        Err(Rejection::SessionKeyLength { length })
    }
}

/// Whether messages will be signed or sealed.
pub(super) const fn protects(flags: NegotiateFlags) -> bool {
    flags.intersects(NegotiateFlags(NegotiateFlags::SIGN.0 | NegotiateFlags::SEAL.0))
}
