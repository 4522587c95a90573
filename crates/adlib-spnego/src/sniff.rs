//! What a token is, by its first bytes.
//!
//! Trust level: a guess at a peer's bytes, which the decoder of what was guessed has to confirm.

use core::fmt;

use adlib_core::gss::{self, Framed};

use crate::MechType;

const NTLM_SIGNATURE: &[u8] = b"NTLMSSP\0";
const NEGOEX_SIGNATURE: &[u8] = b"NEGOEXTS";
/// `AP-REQ ::= [APPLICATION 14]` without a frame around it.
const AP_REQ: u8 = 0x6e;
const NEG_TOKEN_INIT: u8 = 0xa0;
const NEG_TOKEN_RESP: u8 = 0xa1;
/// `KERB-TGT-REQUEST` and `KERB-TGT-REPLY` in a Kerberos frame (draft-swift-win2k-krb-user2user-03 4.2).
const USER_TO_USER_TOKEN_IDS: [&[u8]; 2] = [b"\x04\x00", b"\x04\x01"];
/// `IAKERB_PROXY` in a Kerberos frame (draft-ietf-kitten-iakerb 3).
const IAKERB_TOKEN_ID: &[u8] = b"\x05\x01";

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenKind {
    /// The first token of SPNEGO, in its frame or, as some clients send it, without.
    NegTokenInit,
    /// Any later token of SPNEGO.
    NegTokenResp,
    /// A Kerberos token that is not wrapped.
    RawKerberos,
    /// An NTLM message that is not wrapped.
    RawNtlm,
    /// A NEGOEX message.
    NegoEx,
    /// Kerberos messages to be relayed.
    Iakerb,
    /// Kerberos user-to-user.
    UserToUser,
    /// None of these.
    Unknown,
}

impl fmt::Display for TokenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NegTokenInit => "neg-token-init",
            Self::NegTokenResp => "neg-token-resp",
            Self::RawKerberos => "raw-kerberos",
            Self::RawNtlm => "raw-ntlm",
            Self::NegoEx => "negoex",
            Self::Iakerb => "iakerb",
            Self::UserToUser => "user-to-user",
            Self::Unknown => "unknown",
        })
    }
}

/// What `token` is.
///
/// ```
/// use adlib_spnego::{TokenKind, sniff};
///
/// assert_eq!(sniff(b"NTLMSSP\0\x01\0\0\0"), TokenKind::RawNtlm);
/// assert_eq!(sniff(b"\xa1\x03\x30\x01"), TokenKind::NegTokenResp);
/// assert_eq!(sniff(b"GET / HTTP/1.1"), TokenKind::Unknown);
/// ```
#[must_use]
pub fn sniff(token: &[u8]) -> TokenKind {
    if token.starts_with(NTLM_SIGNATURE) {
        return TokenKind::RawNtlm;
    }
    if token.starts_with(NEGOEX_SIGNATURE) {
        return TokenKind::NegoEx;
    }
    match token.first() {
        Some(&NEG_TOKEN_INIT) => TokenKind::NegTokenInit,
        Some(&NEG_TOKEN_RESP) => TokenKind::NegTokenResp,
        Some(&AP_REQ) => TokenKind::RawKerberos,
        _ => gss::unframe(token).map_or(TokenKind::Unknown, sniff_framed),
    }
}

fn sniff_framed(framed: Framed<'_>) -> TokenKind {
    match MechType(framed.mechanism) {
        MechType::SPNEGO => TokenKind::NegTokenInit,
        MechType::IAKERB => TokenKind::Iakerb,
        MechType::USER_TO_USER => TokenKind::UserToUser,
        MechType::KERBEROS | MechType::MICROSOFT_KERBEROS => sniff_kerberos(framed.inner),
        _ => TokenKind::Unknown,
    }
}

fn sniff_kerberos(inner: &[u8]) -> TokenKind {
    if USER_TO_USER_TOKEN_IDS.iter().any(|id| inner.starts_with(id)) {
        TokenKind::UserToUser
    } else if inner.starts_with(IAKERB_TOKEN_ID) {
        TokenKind::Iakerb
    } else {
        TokenKind::RawKerberos
    }
}
