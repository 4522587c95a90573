//! What a password policy says beside the result of a bind (draft-behera-ldap-password-policy 6). Hostile bytes.

use adlib_core::{DecodeError, Reader};

use super::{ber, message::AnswerControl};

const NAME: &str = "1.3.6.1.4.1.42.2.27.8.5.1";
/// The older form, of Netscape's descendants: the password must be changed, whatever the value.
const PASSWORD_EXPIRED: &str = "2.16.840.1.113730.3.4.4";
const ERROR: u8 = 0x81;
/// ```text
/// controls [0] SEQUENCE OF SEQUENCE { controlType "1.3.6.1.4.1.42.2.27.8.5.1" }
/// ```
pub(super) const REQUEST: &[u8] = b"\xa0\x1d\x30\x1b\x04\x191.3.6.1.4.1.42.2.27.8.5.1";

/// Why a password policy stands in the way of an account. Its other errors are those of a change of password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PolicyError {
    /// `passwordExpired (0)`
    PasswordExpired,
    /// `accountLocked (1)`
    AccountLocked,
    /// `changeAfterReset (2)`
    ChangeAfterReset,
}

/// ```text
/// PasswordPolicyResponseValue ::= SEQUENCE { warning [0] CHOICE { .. } OPTIONAL, error [1] ENUMERATED { .. } OPTIONAL }
/// ```
///
/// # Errors
/// A `DecodeError` when the value of the control is anything else.
pub(super) fn decode_policy(controls: &[AnswerControl<'_>]) -> Result<Option<PolicyError>, DecodeError> {
    const WHAT: &str = "PasswordPolicyResponseValue";
    let named = |name| controls.iter().find(|control| control.name == name);
    let Some(value) = named(NAME).and_then(|control| control.value) else {
        return Ok(named(PASSWORD_EXPIRED).map(|_| PolicyError::ChangeAfterReset));
    };
    let mut reader = Reader::new(value);
    let mut parts = Reader::new(ber::expect(&mut reader, ber::SEQUENCE, WHAT)?);
    reader.finish(WHAT)?;
    while !parts.is_empty() {
        let part = ber::element(&mut parts, WHAT)?;
        if part.tag == ERROR {
            return Ok(match ber::number(part.content, "error")? {
                0 => Some(PolicyError::PasswordExpired),
                1 => Some(PolicyError::AccountLocked),
                2 => Some(PolicyError::ChangeAfterReset),
                _ => None,
            });
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(name: &str, value: &[u8]) -> Option<PolicyError> {
        let value = Some(value);
        decode_policy(&[AnswerControl { name, value }]).unwrap()
    }

    /// R39: as OpenLDAP and 389 DS write them.
    #[test]
    fn r39_errors_of_a_password_policy() {
        let error = |value: &[u8]| decoded(NAME, value);
        assert_eq!(error(b"\x30\x03\x81\x01\x00"), Some(PolicyError::PasswordExpired));
        assert_eq!(error(b"\x30\x03\x81\x01\x01"), Some(PolicyError::AccountLocked));
        assert_eq!(
            error(b"\x30\x03\x81\x01\x02"),
            Some(PolicyError::ChangeAfterReset)
        );
        assert_eq!(error(b"\x30\x03\x81\x01\x06"), None, "passwordTooShort");
        assert_eq!(error(b"\x30\x05\xa0\x03\x81\x01\x03"), None, "three grace logins");
        assert_eq!(
            error(b"\x30\x08\xa0\x03\x80\x01\x00\x81\x01\x02"),
            Some(PolicyError::ChangeAfterReset)
        );
        assert_eq!(error(b"\x30\x00"), None);
        assert_eq!(
            decoded(PASSWORD_EXPIRED, b"0"),
            Some(PolicyError::ChangeAfterReset)
        );
        assert_eq!(decoded("1.2.3", b"\x30\x03\x81\x01\x00"), None);
    }

    /// A50
    #[test]
    fn a50_a_malformed_policy_is_an_error() {
        for value in [&b""[..], b"\x04\x00", b"\x30\x02\x81\x00", b"\x30\x00\x00"] {
            let value = Some(value);
            assert!(decode_policy(&[AnswerControl { name: NAME, value }]).is_err());
        }
    }
}
