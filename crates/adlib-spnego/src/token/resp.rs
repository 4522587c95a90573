//! Every token but the first (RFC 4178 4.2.2).

use alloc::vec::Vec;
use core::fmt;

use adlib_core::{DecodeError, DecodeErrorKind};
use der::Tag;

use super::{
    MechType,
    der::{Element, Part, encode, encode_octets, explicit},
};

const RESP: &str = "NegTokenResp";

/// How the negotiation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NegState {
    /// `accept-completed`: no more tokens.
    AcceptCompleted,
    /// `accept-incomplete`: another token is expected.
    AcceptIncomplete,
    /// `reject`: it is over.
    Reject,
    /// `request-mic`: another mechanism than the preferred one, so integrity codes are exchanged.
    RequestMic,
}

impl NegState {
    const ALL: [Self; 4] = [
        Self::AcceptCompleted,
        Self::AcceptIncomplete,
        Self::Reject,
        Self::RequestMic,
    ];

    const fn number(self) -> u8 {
        match self {
            Self::AcceptCompleted => 0,
            Self::AcceptIncomplete => 1,
            Self::Reject => 2,
            Self::RequestMic => 3,
        }
    }
}

/// What one side answers.
///
/// ```text
/// NegTokenResp ::= SEQUENCE {
///     negState       [0] ENUMERATED   OPTIONAL,
///     supportedMech  [1] MechType     OPTIONAL,
///     responseToken  [2] OCTET STRING OPTIONAL,
///     mechListMIC    [3] OCTET STRING OPTIONAL }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct NegTokenResp<'a> {
    /// How the negotiation stands.
    pub state: Option<NegState>,
    /// The mechanism that the acceptor has chosen: in its first answer only.
    pub supported_mech: Option<MechType<'a>>,
    /// The mechanism's next token.
    pub response_token: Option<&'a [u8]>,
    /// The integrity code over the list of mechanisms.
    pub mech_list_mic: Option<&'a [u8]>,
}

impl<'a> NegTokenResp<'a> {
    /// Take a token apart.
    ///
    /// # Errors
    /// `Unexpected` for another token, `Invalid` for a state that is none, `Truncated`, `Trailing` or `Invalid` for what
    /// is not strict DER.
    pub fn decode(token: &'a [u8]) -> Result<Self, DecodeError> {
        let sequence = Part::whole(token)
            .only(RESP, explicit(1))?
            .only(RESP, Tag::Sequence)?;
        let mut fields = sequence.elements(RESP)?;
        let state = fields.field("negState", 0)?.map(decode_state).transpose()?;
        let supported_mech = fields.field("supportedMech", 1)?;
        let supported_mech = supported_mech
            .map(|mech| mech.expect("supportedMech", Tag::ObjectIdentifier))
            .transpose()?;
        let response_token = fields.octets("responseToken", 2)?;
        let mech_list_mic = fields.octets("mechListMIC", 3)?;
        fields.finish()?;
        let supported_mech = supported_mech.map(|mech| MechType(mech.content));
        Ok(Self {
            state,
            supported_mech,
            response_token,
            mech_list_mic,
        })
    }

    /// The token.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let state = self
            .state
            .map(|state| encode(explicit(0), &encode(Tag::Enumerated, &[state.number()])));
        let mech = self
            .supported_mech
            .map(|mech| encode(explicit(1), &encode(Tag::ObjectIdentifier, mech.0)));
        let content = [
            state.unwrap_or_default(),
            mech.unwrap_or_default(),
            encode_octets(2, self.response_token),
            encode_octets(3, self.mech_list_mic),
        ];
        encode(explicit(1), &encode(Tag::Sequence, &content.concat()))
    }
}

impl fmt::Debug for NegTokenResp<'_> {
    /// Without the mechanism's token, which may hold what a password can be guessed from.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(RESP)
            .field("state", &self.state)
            .field("supported_mech", &self.supported_mech)
            .field("response_token", &self.response_token.map(<[u8]>::len))
            .field("mech_list_mic", &self.mech_list_mic.map(<[u8]>::len))
            .finish()
    }
}

fn decode_state(element: Element<'_>) -> Result<NegState, DecodeError> {
    let part = element.expect("negState", Tag::Enumerated)?;
    let state = NegState::ALL
        .into_iter()
        .find(|state| part.content == [state.number()]);
    state.ok_or(part.invalid("negState", DecodeErrorKind::Invalid))
}
