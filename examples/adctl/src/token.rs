//! What a file holds: the bytes as they are, or text that stands for them; and the message of one mechanism in a token.

use adlib::spnego::{NegTokenInit, NegTokenResp, Rejection, TokenKind, sniff};
use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use crate::{input, refusal::Refusal};

/// Base64 with or without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes that `content` stands for: base64, as in a header, or hexadecimal is text through and through, which no
/// token is.
pub(crate) fn bytes(content: Vec<u8>) -> Vec<u8> {
    let text = str::from_utf8(&content).ok();
    text.and_then(text_bytes).unwrap_or(content)
}

fn text_bytes(text: &str) -> Option<Vec<u8>> {
    let text: String = without_header(text).split_ascii_whitespace().collect();
    let bytes = input::hex(&text).or_else(|| BASE64.decode(&text).ok())?;
    (!bytes.is_empty()).then_some(bytes)
}

/// `text` without the name of a header and of a scheme.
fn without_header(text: &str) -> &str {
    let headers = [
        "Authorization:",
        "WWW-Authenticate:",
        "Negotiate ",
        "Kerberos ",
        "NTLM ",
    ];
    headers.into_iter().fold(text.trim(), |text, header| {
        match text.split_at_checked(header.len()) {
            Some((start, rest)) if start.eq_ignore_ascii_case(header) => rest.trim_start(),
            _ => text,
        }
    })
}

/// The mechanism's token in `token`, which may be in SPNEGO.
pub(crate) fn inner(token: &[u8]) -> Result<&[u8], Refusal> {
    let inner = match sniff(token) {
        TokenKind::NegTokenInit => NegTokenInit::decode(token)?.mech_token,
        TokenKind::NegTokenResp => NegTokenResp::decode(token)?.response_token,
        _ => Some(token),
    };
    Ok(inner.ok_or(Rejection::NoToken)?)
}

/// The Kerberos token in `token`.
pub(crate) fn kerberos(token: &[u8]) -> Result<&[u8], Refusal> {
    let inner = inner(token)?;
    match sniff(inner) {
        TokenKind::RawNtlm => Err(Refusal::malformed("an NTLM message, not a Kerberos one")),
        TokenKind::NegTokenInit | TokenKind::NegTokenResp => Err(Refusal::malformed("SPNEGO within SPNEGO")),
        TokenKind::NegoEx => Err(Rejection::NegoEx.into()),
        TokenKind::Iakerb => Err(Rejection::Iakerb.into()),
        TokenKind::UserToUser => Err(Rejection::UserToUser.into()),
        // The decoder says what is wrong with what is unknown.
        _ => Ok(inner),
    }
}

/// The NTLM message in `token`.
pub(crate) fn ntlm(token: &[u8]) -> Result<&[u8], Refusal> {
    let inner = inner(token)?;
    match sniff(inner) {
        TokenKind::RawKerberos => Err(Refusal::malformed("a Kerberos token, not an NTLM message")),
        TokenKind::NegTokenInit | TokenKind::NegTokenResp => Err(Refusal::malformed("SPNEGO within SPNEGO")),
        // The decoder says what is wrong with what is unknown.
        _ => Ok(inner),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: [u8; 5] = [0x60, 0x82, 0x00, 0xff, 0x01];

    #[test]
    fn bytes_and_texts_are_told_apart() {
        for content in [
            &TOKEN[..],
            b"YIIA/wE=",
            b"YIIA/wE",
            b" YIIA\r\n/wE=\r\n",
            b"Negotiate YIIA/wE=",
            b"authorization: negotiate YIIA/wE=\n",
            b"WWW-Authenticate: Negotiate YIIA/wE=",
            b"60820 0fF01\n",
        ] {
            assert_eq!(bytes(content.to_vec()), TOKEN, "{}", content.escape_ascii());
        }
    }

    #[test]
    fn what_stands_for_nothing_stays_as_it_is() {
        for content in [
            &b""[..],
            b"\n",
            b"no token!",
            b"Negotiate",
            b"Authorization: Basic YTpi:",
        ] {
            assert_eq!(bytes(content.to_vec()), content, "{}", content.escape_ascii());
        }
    }

    /// A30: a reason for each of what is not an AP-REQ.
    #[test]
    fn a30_other_tokens_are_refused_by_name() {
        let init = |token: Option<&[u8]>| {
            let mech_types = vec![adlib::spnego::MechType::KERBEROS];
            let (mech_token, mech_list_mic) = (token, None);
            NegTokenInit {
                mech_types,
                mech_token,
                mech_list_mic,
            }
            .encode()
        };
        let reason = |token: &[u8]| kerberos(token).map_or_else(|refusal| refusal.reason, |_| "none");
        assert_eq!(reason(b"NTLMSSP\0\x01\0\0\0"), "malformed");
        assert_eq!(reason(&init(Some(b"NTLMSSP\0\x01\0\0\0"))), "malformed");
        assert_eq!(reason(&init(Some(&init(None)))), "malformed");
        assert_eq!(reason(b"\xa0\x03\x30\x01"), "malformed");
        assert_eq!(reason(b"NEGOEXTS"), "negoex");
        assert_eq!(reason(&init(None)), "no-mech-token");
        assert_eq!(reason(&init(Some(b"\x6e\x00"))), "none");
        assert_eq!(reason(b"\x6e\x00"), "none");

        let reason = |token: &[u8]| ntlm(token).map_or_else(|refusal| refusal.reason, |_| "none");
        assert_eq!(reason(&init(Some(b"NTLMSSP\0\x01\0\0\0"))), "none");
        assert_eq!(reason(&init(Some(b"\x6e\x00"))), "malformed");
        assert_eq!(reason(&init(None)), "no-mech-token");
    }
}
