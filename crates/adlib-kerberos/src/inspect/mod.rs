//! What stands in a Kerberos token for all to read: no key is needed, and no secret is in it.
//!
//! Trust level: nothing of it is protected. It explains a token to an operator, and decides nothing.

mod message;
mod value;

use adlib_core::{
    DecodeError, DecodeErrorKind,
    gss::{KERBEROS_OID, MICROSOFT_KERBEROS_OID, unframe},
};

pub use value::Value;

/// 1.2.840.113554.1.2.2.3, Kerberos between two users.
const USER_TO_USER_OID: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02, 0x03];
/// The first byte of a framed token.
const APPLICATION_0: u8 = 0x60;

/// A token, explained.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspection {
    /// What it is: `ap-req`, `ap-rep`, `krb-error`, `ticket`, `krb-cred`, `as-req`, `as-rep`, `tgs-req`, `tgs-rep`,
    /// `tgt-req` or `tgt-rep`.
    pub kind: &'static str,
    /// The mechanism of its GSS-API frame: `kerberos`, `microsoft-kerberos` or `user-to-user`; `None` without a frame.
    pub mechanism: Option<&'static str>,
    /// What stands in it, in the order of the specification. What is encrypted is there by its type and length.
    pub fields: Value,
}

impl core::fmt::Display for Inspection {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mechanism = self.mechanism.unwrap_or("none");
        writeln!(f, "kind: {}\nmechanism: {mechanism}", self.kind)?;
        write!(f, "{}", self.fields)
    }
}

/// Explain `token`: a message, bare or in a GSS-API frame, or a ticket by itself.
///
/// ```
/// use adlib_core::UnixTime;
/// use adlib_kerberos::{UnverifiedApReq, inspect::{Value, inspect}};
///
/// let service = "HTTP/app.corp.example.com@CORP.EXAMPLE.COM".parse()?;
/// let rejection = UnverifiedApReq::decode(b"what is this?").unwrap_err();
/// let token = rejection.krb_error(&service, UnixTime::from_seconds(1_800_000_000));
/// let inspection = inspect(&token)?;
/// assert_eq!(inspection.kind, "krb-error");
/// assert_eq!(inspection.fields.field("error_code"), Some(&Value::Number(60)));
/// println!("{inspection}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// `Unexpected` for what is no Kerberos token; otherwise what DER finds wrong.
pub fn inspect(token: &[u8]) -> Result<Inspection, DecodeError> {
    let (mechanism, identifier, message) = open(token)?;
    let (kind, fields) = message::explain(identifier, message)?;
    Ok(Inspection {
        kind,
        mechanism,
        fields,
    })
}

/// The mechanism, the identifier and the message of a token, framed or not.
type Opened<'a> = (Option<&'static str>, Option<[u8; 2]>, &'a [u8]);

fn open(token: &[u8]) -> Result<Opened<'_>, DecodeError> {
    if token.first() != Some(&APPLICATION_0) {
        return Ok((None, None, token));
    }
    let framed = unframe(token)?;
    let mechanism = match framed.mechanism {
        KERBEROS_OID => "kerberos",
        MICROSOFT_KERBEROS_OID => "microsoft-kerberos",
        USER_TO_USER_OID => "user-to-user",
        _ => return Err(DecodeError::new("MechType", 0, DecodeErrorKind::Unexpected)),
    };
    let split = framed.inner.split_first_chunk::<2>();
    let truncated = DecodeError::new("token identifier", 0, DecodeErrorKind::Truncated);
    let (identifier, message) = split.ok_or(truncated)?;
    Ok((Some(mechanism), Some(*identifier), message))
}
