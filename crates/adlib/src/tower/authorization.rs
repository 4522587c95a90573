//! What a request brings: the `Authorization` header (RFC 9110 section 11.6.2), and the token in it (RFC 4559 section 4.2).

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};

use super::Rejection;

/// The longest header that is looked at. A ticket with a large PAC, in base64, has some 20 KB; Windows' limit is the same.
pub(super) const MAX_HEADER: usize = 64 * 1024;

/// Base64 with or without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The scheme that carries a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// SPNEGO, or what clients send in its place.
    Negotiate,
    /// NTLM messages, and nothing around them.
    Ntlm,
}

impl Scheme {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Negotiate => "Negotiate",
            Self::Ntlm => "NTLM",
        }
    }
}

/// A token, and how it came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) scheme: Scheme,
    pub(super) token: Vec<u8>,
}

impl Credentials {
    /// Take the credentials out of the headers: nobody behind needs them, and nobody should log them.
    ///
    /// `None` where there are none, or those of a scheme that is not ours.
    ///
    /// # Errors
    /// `TwoHeaders`, `HeaderTooLarge`, `NotBase64`.
    pub(super) fn take(headers: &mut HeaderMap) -> Result<Option<Self>, Rejection> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(Rejection::TwoHeaders);
        }
        let credentials = Self::parse(value)?;
        if credentials.is_some() {
            headers.remove(AUTHORIZATION);
        }
        Ok(credentials)
    }

    fn parse(value: &HeaderValue) -> Result<Option<Self>, Rejection> {
        if value.len() > MAX_HEADER {
            return Err(Rejection::HeaderTooLarge(value.len()));
        }
        let bytes = value.as_bytes();
        let end = bytes.iter().position(|byte| *byte == b' ').unwrap_or(bytes.len());
        let (name, rest) = bytes.split_at(end);
        let schemes = [Scheme::Negotiate, Scheme::Ntlm];
        let mut schemes = schemes.into_iter();
        let Some(scheme) = schemes.find(|scheme| name.eq_ignore_ascii_case(scheme.name().as_bytes())) else {
            return Ok(None);
        };
        let token = BASE64
            .decode(rest.trim_ascii())
            .map_err(|_| Rejection::NotBase64)?;
        if token.is_empty() {
            return Err(Rejection::NotBase64);
        }
        Ok(Some(Self { scheme, token }))
    }
}

/// The value of `WWW-Authenticate` that offers `scheme`, or carries the next token of it.
pub(super) fn challenge(scheme: Scheme, token: Option<&[u8]>) -> HeaderValue {
    let text = match token {
        None => return HeaderValue::from_static(scheme.name()),
        Some(token) => format!("{} {}", scheme.name(), BASE64.encode(token)),
    };
    // Letters, digits, `+`, `/`, `=`: always a header's value.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(scheme.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(value: &str) -> Result<Option<Credentials>, Rejection> {
        Credentials::parse(&HeaderValue::from_str(value).unwrap())
    }

    #[test]
    fn a_scheme_is_known_in_any_case_and_others_are_not_ours() {
        for (value, scheme) in [
            ("Negotiate YQ==", Scheme::Negotiate),
            ("nEGOTIATE   YQ", Scheme::Negotiate),
            ("NTLM YQ==", Scheme::Ntlm),
            ("ntlm YQ== ", Scheme::Ntlm),
        ] {
            let token = b"a".to_vec();
            assert_eq!(parse(value), Ok(Some(Credentials { scheme, token })), "{value}");
        }
        for value in ["Basic YQ==", "", "Negotiatex YQ==", "Bearer x", "NTLMv2 YQ=="] {
            assert_eq!(parse(value), Ok(None), "{value}");
        }
    }

    /// A32
    #[test]
    fn a32_what_is_no_base64_is_refused() {
        for value in [
            "Negotiate",
            "Negotiate ",
            "Negotiate =",
            "Negotiate Y",
            "Negotiate YQ==YQ==",
            "Negotiate YQ==, Negotiate YQ==",
            "Negotiate a_-b",
            "Negotiate YR==",
            "NTLM Y Q",
        ] {
            assert_eq!(parse(value), Err(Rejection::NotBase64), "{value}");
        }
    }

    /// A32: the limit is inclusive.
    #[test]
    fn a32_the_longest_header() {
        let value = |length: usize| format!("Negotiate {}", "A".repeat(length - "Negotiate ".len()));
        assert_eq!(
            parse(&value(MAX_HEADER + 1)),
            Err(Rejection::HeaderTooLarge(MAX_HEADER + 1))
        );
        assert!(parse(&value(MAX_HEADER - 2)).is_ok_and(|credentials| credentials.is_some()));
    }

    #[test]
    fn a_challenge_is_the_scheme_or_carries_a_token() {
        assert_eq!(challenge(Scheme::Ntlm, None), "NTLM");
        assert_eq!(challenge(Scheme::Negotiate, Some(b"a")), "Negotiate YQ==");
    }
}
