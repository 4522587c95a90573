//! The request for a bind and its answer (RFC 4511 4.2), which do not come by the LDAP library: it knows few mechanisms,
//! and leaves copies of a password behind.

use adlib_core::Secret;

use super::{
    ber,
    guard::disconnection,
    message::{BIND_RESPONSE, Envelope, result_of},
    password_policy::{self, PolicyError, decode_policy},
};
use crate::{ServerMessage, Violation};

const BIND_REQUEST: u8 = 0x60;
const SIMPLE: u8 = 0x80;
const SASL: u8 = 0xa3;
/// `messageID` is written in four octets, `version` in one.
const ID_OCTETS: usize = 4;
const VERSION: &[u8] = &[ber::INTEGER, 1, 3];
/// The answer has a result's parts, a token and perhaps a control or two.
const MAX_ELEMENTS: usize = 100;

/// What a bind proves itself by.
pub(crate) enum Authentication<'a> {
    /// A name and its password.
    Simple {
        /// A DN, or what else the server takes.
        name: &'a str,
        /// Not empty: servers take that for an anonymous success.
        password: &'a str,
    },
    /// A token of a mechanism.
    Sasl {
        /// The mechanism's registered name.
        mechanism: &'static str,
        /// The token.
        credentials: &'a [u8],
    },
}

/// ```text
/// LDAPMessage { messageID, BindRequest [APPLICATION 0] SEQUENCE { version 3, name LDAPDN, CHOICE {
///     simple [0] OCTET STRING,
///     sasl   [3] SEQUENCE { mechanism LDAPString, credentials OCTET STRING OPTIONAL } } }, controls [0] OPTIONAL }
/// ```
///
/// With a password, what its policy says of it is asked for too.
/// The buffer is made in its full length at once, so that no copy of a password stays behind, and is wiped.
pub(crate) fn encode_bind(id: u32, authentication: &Authentication<'_>) -> Secret<Vec<u8>> {
    let (name, tag, length) = match authentication {
        Authentication::Simple { name, password } => (*name, SIMPLE, password.len()),
        Authentication::Sasl {
            mechanism,
            credentials,
        } => {
            let length = ber::element_length(mechanism.len()) + ber::element_length(credentials.len());
            ("", SASL, length)
        }
    };
    let request = VERSION.len() + ber::element_length(name.len()) + ber::element_length(length);
    let controls = match authentication {
        Authentication::Simple { .. } => password_policy::REQUEST,
        Authentication::Sasl { .. } => &[],
    };
    let message = ber::element_length(ID_OCTETS) + ber::element_length(request) + controls.len();
    let mut bytes = Vec::with_capacity(ber::element_length(message));
    ber::put_header(&mut bytes, ber::SEQUENCE, message);
    ber::put(&mut bytes, ber::INTEGER, &id.to_be_bytes());
    ber::put_header(&mut bytes, BIND_REQUEST, request);
    bytes.extend_from_slice(VERSION);
    ber::put(&mut bytes, ber::OCTET_STRING, name.as_bytes());
    ber::put_header(&mut bytes, tag, length);
    match authentication {
        Authentication::Simple { password, .. } => bytes.extend_from_slice(password.as_bytes()),
        Authentication::Sasl {
            mechanism,
            credentials,
        } => {
            ber::put(&mut bytes, ber::OCTET_STRING, mechanism.as_bytes());
            ber::put(&mut bytes, ber::OCTET_STRING, credentials);
        }
    }
    bytes.extend_from_slice(controls);
    Secret::new(bytes)
}

/// The result of a step of a bind.
#[derive(Debug)]
pub(crate) struct BindResult {
    /// The result code.
    pub(crate) code: u32,
    /// What the server says about it.
    pub(crate) message: ServerMessage,
    /// The mechanism's token; an empty one counts as none.
    pub(crate) credentials: Option<Vec<u8>>,
    /// What a password policy says of the account.
    pub(crate) policy: Option<PolicyError>,
}

/// What the server says to a bind.
#[derive(Debug)]
pub(crate) enum BindAnswer {
    /// The result of this step.
    Result(BindResult),
    /// The server closes the connection (RFC 4511 4.4.1), with this result code and text.
    Disconnection(u32, ServerMessage),
}

/// The answer in `message` to the bind numbered `id`.
///
/// # Errors
/// `Malformed`, `UnknownMessage`, `WrongKind`.
pub(crate) fn decode_bind_answer(message: &[u8], id: u32) -> Result<BindAnswer, Violation> {
    ber::check_form(message, MAX_ELEMENTS)?;
    let envelope = Envelope::decode(message)?;
    if envelope.id == 0 {
        let (code, message) = disconnection(&envelope)?;
        return Ok(BindAnswer::Disconnection(code, message));
    }
    let result = result_of(message, id, BIND_RESPONSE)?;
    let credentials = result.server_sasl_creds.filter(|token| !token.is_empty());
    Ok(BindAnswer::Result(BindResult {
        code: result.code,
        policy: decode_policy(&result.controls)?,
        message: result.message,
        credentials: credentials.map(<[u8]>::to_vec),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_simple_bind_as_rfc_4511_writes_it() {
        let simple = Authentication::Simple {
            name: "cn=x",
            password: "secret",
        };
        let expected = b"\x30\x38\x02\x04\x7f\xff\xff\xff\x60\x11\x02\x01\x03\x04\x04cn=x\x80\x06secret\
                         \xa0\x1d\x30\x1b\x04\x191.3.6.1.4.1.42.2.27.8.5.1";
        assert_eq!(encode_bind(0x7fff_ffff, &simple).expose(), expected);
    }

    #[test]
    fn a_sasl_bind_of_any_length() {
        for length in [0, 100, 127, 128, 300, 70_000] {
            let sasl = Authentication::Sasl {
                mechanism: "GSS-SPNEGO",
                credentials: &vec![0xab; length],
            };
            let bytes = encode_bind(7, &sasl);
            assert_eq!(ber::check_form(bytes.expose(), 9), Ok(()), "{length}");
            assert_eq!(
                bytes.expose().len(),
                bytes.expose().capacity(),
                "nothing was moved"
            );
            let envelope = Envelope::decode(bytes.expose()).unwrap();
            assert_eq!((envelope.id, envelope.operation.tag), (7, BIND_REQUEST));
        }
    }

    #[test]
    fn a_token_in_the_answer() {
        let answer = b"\x30\x11\x02\x01\x07\x61\x0c\x0a\x01\x0e\x04\x00\x04\x00\x87\x03abc";
        let BindAnswer::Result(result) = decode_bind_answer(answer, 7).unwrap() else {
            panic!("not a result")
        };
        assert_eq!(
            (result.code, result.credentials.as_deref()),
            (14, Some(&b"abc"[..]))
        );
    }

    proptest! {
        /// A50
        #[test]
        fn a50_no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = decode_bind_answer(&bytes, 7);
            let mut answer = b"\x30\x00\x02\x01\x07\x61".to_vec();
            answer.extend_from_slice(&bytes);
            answer[1] = u8::try_from(answer.len() - 2).unwrap();
            let _ = decode_bind_answer(&answer, 7);
        }
    }
}
