//! What a KDC says in place of a ticket: KRB-ERROR (RFC 4120 5.9.1).
//!
//! Trust level: nothing authenticates a KRB-ERROR. It may say why there is no sign-in; it may not move a clock.

use adlib_core::{DecodeError, DecodeErrorKind, Reader, UnixTime};

/// The parts of a KRB-ERROR that tell why.
///
/// ```text
/// KRB-ERROR ::= [APPLICATION 30] SEQUENCE {
///     pvno [0] INTEGER (5), msg-type [1] INTEGER (30),
///     ctime [2] OPTIONAL, cusec [3] OPTIONAL, stime [4] KerberosTime, susec [5] Microseconds,
///     error-code [6] Int32, crealm [7] OPTIONAL, cname [8] OPTIONAL, realm [9] Realm,
///     sname [10] PrincipalName, e-text [11] OPTIONAL, e-data [12] OCTET STRING OPTIONAL }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KrbError {
    /// `error-code` (RFC 4120 7.5.9).
    pub code: i32,
    /// The NT status of the extended error in `e-data` (MS-KILE 2.2.1), if the KDC sends one.
    pub nt_status: Option<u32>,
    /// The salt of the account's first key in `PA-ETYPE-INFO2` (RFC 4120 5.2.7.5), if the KDC sends one.
    pub salt: Option<String>,
    /// `stime`: what time the KDC says it is.
    pub server_time: Option<UnixTime>,
}

const KRB_ERROR: u8 = 0x7e;
const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const GENERALIZED_TIME: u8 = 0x18;
const GENERAL_STRING: u8 = 0x1b;
const STIME: u8 = 0xa4;
const ERROR_CODE: u8 = 0xa6;
const E_DATA: u8 = 0xac;
/// `KERB_ERR_TYPE_EXTENDED` of a `KERB-ERROR-DATA`, and `PA-PW-SALT` of a `PA-DATA`: the same number and shape.
const EXTENDED: u8 = 3;
const PA_ETYPE_INFO2: u8 = 19;
/// More entries of `e-data` are not looked at.
const MAX_ENTRIES: usize = 32;

impl KrbError {
    /// Whether `message` is tagged as a KRB-ERROR.
    #[must_use]
    pub fn is_one(message: &[u8]) -> bool {
        message.first() == Some(&KRB_ERROR)
    }

    /// Decode a KRB-ERROR.
    ///
    /// # Errors
    /// When it is none, is cut short, or has no error code. What cannot be read in `stime` or `e-data` counts as
    /// absent: an unreadable reason is still a refusal.
    pub fn decode(message: &[u8]) -> Result<Self, DecodeError> {
        let content = single(message, KRB_ERROR, "KRB-ERROR")?;
        let mut fields = Reader::new(single(content, SEQUENCE, "KRB-ERROR")?);
        let mut code = None;
        let mut data = &[][..];
        let mut server_time = None;
        while !fields.is_empty() {
            let (tag, content) = element(&mut fields, "KRB-ERROR field")?;
            match tag {
                STIME => server_time = time(content),
                ERROR_CODE => code = Some(int32(single(content, INTEGER, "error-code")?, "error-code")?),
                E_DATA => data = single(content, OCTET_STRING, "e-data").unwrap_or_default(),
                _ => {}
            }
        }
        let missing = fields.error("error-code", DecodeErrorKind::Truncated);
        Ok(Self {
            code: code.ok_or(missing)?,
            nt_status: typed(data, EXTENDED).or(Some(data)).and_then(status),
            salt: typed(data, PA_ETYPE_INFO2).and_then(salt),
            server_time,
        })
    }
}

/// The value of type `kind` in `e-data`, which is one `KERB-ERROR-DATA` or a sequence of `PA-DATA`.
fn typed(data: &[u8], kind: u8) -> Option<&[u8]> {
    let content = single(data, SEQUENCE, "e-data").ok()?;
    if let Some(value) = value(content, kind) {
        return Some(value);
    }
    let mut entries = Reader::new(content);
    (0..MAX_ENTRIES)
        .map_while(|_| element(&mut entries, "e-data").ok())
        .filter(|(tag, _)| *tag == SEQUENCE)
        .find_map(|(_, content)| value(content, kind))
}

/// The value of one entry, `[1] INTEGER, [2] OCTET STRING`, if it is of type `kind`.
fn value(content: &[u8], kind: u8) -> Option<&[u8]> {
    let mut fields = Reader::new(content);
    let (_, found) = element(&mut fields, "data-type")
        .ok()
        .filter(|(tag, _)| *tag == 0xa1)?;
    let (_, value) = element(&mut fields, "data-value")
        .ok()
        .filter(|(tag, _)| *tag == 0xa2)?;
    if single(found, INTEGER, "data-type").ok()? != [kind] {
        return None;
    }
    single(value, OCTET_STRING, "data-value").ok()
}

/// The first entry's salt: `SEQUENCE OF SEQUENCE { etype [0], salt [1] GeneralString OPTIONAL, .. }`.
fn salt(value: &[u8]) -> Option<String> {
    let mut entries = Reader::new(single(value, SEQUENCE, "ETYPE-INFO2").ok()?);
    let (_, entry) = element(&mut entries, "ETYPE-INFO2-ENTRY").ok()?;
    let mut fields = Reader::new(entry);
    element(&mut fields, "etype").ok()?;
    let (_, salt) = element(&mut fields, "salt")
        .ok()
        .filter(|(tag, _)| *tag == 0xa1)?;
    String::from_utf8(single(salt, GENERAL_STRING, "salt").ok()?.to_vec()).ok()
}

/// `KERB-EXT-ERROR`: status, reserved, flags, each of four bytes; a flag says that the status is one (MS-KILE 2.2.2).
fn status(value: &[u8]) -> Option<u32> {
    let mut reader = Reader::new(value);
    let status = reader.u32_le("status").ok()?;
    reader.u32_le("reserved").ok()?;
    reader.u32_le("flags").ok()?;
    (reader.is_empty() && status != 0).then_some(status)
}

/// `YYYYMMDDHHMMSSZ`, the only form that Kerberos has (RFC 4120 5.2.3).
fn time(content: &[u8]) -> Option<UnixTime> {
    let text = single(content, GENERALIZED_TIME, "stime").ok()?;
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    if text.len() != 14 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |at: usize| text.get(at..at + 2)?.parse::<u8>().ok();
    let year = text.get(..4)?.parse().ok()?;
    UnixTime::from_civil(year, part(4)?, part(6)?, part(8)?, part(10)?, part(12)?)
}

fn int32(content: &[u8], what: &'static str) -> Result<i32, DecodeError> {
    let invalid = DecodeError::new(what, 0, DecodeErrorKind::Invalid);
    let first = *content.first().ok_or(invalid)?;
    if content.len() > 4 {
        return Err(invalid);
    }
    let sign = if first & 0x80 == 0 { 0_i32 } else { -1 };
    Ok(content
        .iter()
        .fold(sign, |value, byte| value << 8 | i32::from(*byte)))
}

/// The content of the one element that `input` is, with nothing behind it.
fn single<'a>(input: &'a [u8], tag: u8, what: &'static str) -> Result<&'a [u8], DecodeError> {
    let mut reader = Reader::new(input);
    let (found, content) = element(&mut reader, what)?;
    if found != tag {
        return Err(DecodeError::new(what, 0, DecodeErrorKind::Unexpected));
    }
    reader.finish(what)?;
    Ok(content)
}

/// The next element: a tag of one byte, a definite length in its shortest form.
fn element<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<(u8, &'a [u8]), DecodeError> {
    let tag = reader.u8(what)?;
    let at = *reader;
    let first = reader.u8(what)?;
    if first < 0x80 {
        return Ok((tag, reader.bytes(what, usize::from(first))?));
    }
    let octets = reader.bytes(what, usize::from(first & 0x7f))?;
    let length = octets
        .iter()
        .take(4)
        .fold(0_u64, |length, octet| length << 8 | u64::from(*octet));
    if octets.len() > 4 || octets.first().is_none_or(|octet| *octet == 0) || length < 0x80 {
        return Err(at.error(what, DecodeErrorKind::Invalid));
    }
    let length = usize::try_from(length).map_err(|_| at.error(what, DecodeErrorKind::Truncated))?;
    Ok((tag, reader.bytes(what, length)?))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut out = vec![tag];
        match u8::try_from(content.len()) {
            Ok(short) if short < 0x80 => out.push(short),
            Ok(long) => out.extend([0x81, long]),
            Err(_) => {
                out.push(0x82);
                out.extend_from_slice(&u16::try_from(content.len()).unwrap().to_be_bytes());
            }
        }
        out.extend_from_slice(content);
        out
    }

    fn integer(value: u8) -> Vec<u8> {
        tlv(INTEGER, &[value])
    }

    /// A KRB-ERROR with `code` and `e_data`.
    pub(crate) fn krb_error(code: u8, e_data: Option<&[u8]>) -> Vec<u8> {
        let mut fields = [
            tlv(0xa0, &integer(5)),
            tlv(0xa1, &integer(30)),
            tlv(STIME, &tlv(GENERALIZED_TIME, b"20240229123456Z")),
            tlv(0xa5, &integer(0)),
            tlv(ERROR_CODE, &integer(code)),
            tlv(0xa9, &tlv(0x1b, b"CORP.EXAMPLE.COM")),
            tlv(
                0xaa,
                &tlv(
                    SEQUENCE,
                    &[
                        tlv(0xa0, &integer(2)),
                        tlv(0xa1, &tlv(SEQUENCE, &tlv(0x1b, b"krbtgt"))),
                    ]
                    .concat(),
                ),
            ),
        ]
        .concat();
        if let Some(data) = e_data {
            fields.extend(tlv(E_DATA, &tlv(OCTET_STRING, data)));
        }
        tlv(KRB_ERROR, &tlv(SEQUENCE, &fields))
    }

    /// A `PA-DATA` with the salt of an AES-256 key.
    fn etype_info(salt: &[u8]) -> Vec<u8> {
        let entry = [tlv(0xa0, &integer(18)), tlv(0xa1, &tlv(GENERAL_STRING, salt))].concat();
        let info = tlv(SEQUENCE, &tlv(SEQUENCE, &entry));
        tlv(
            SEQUENCE,
            &[tlv(0xa1, &integer(19)), tlv(0xa2, &tlv(OCTET_STRING, &info))].concat(),
        )
    }

    /// `KERB-ERROR-DATA` with an NT status.
    pub(crate) fn error_data(status: u32) -> Vec<u8> {
        let value = [status.to_le_bytes(), [0; 4], 1_u32.to_le_bytes()].concat();
        tlv(
            SEQUENCE,
            &[tlv(0xa1, &integer(3)), tlv(0xa2, &tlv(OCTET_STRING, &value))].concat(),
        )
    }

    /// R9
    #[test]
    fn code_time_and_status_are_found() {
        let plain = KrbError::decode(&krb_error(24, None)).unwrap();
        assert_eq!((plain.code, plain.nt_status), (24, None));
        assert_eq!(plain.server_time.unwrap().to_string(), "2024-02-29T12:34:56Z");

        let one = error_data(0xc000_0072);
        let other = tlv(
            SEQUENCE,
            &[tlv(0xa1, &integer(19)), tlv(0xa2, &tlv(OCTET_STRING, b"x"))].concat(),
        );
        let list = tlv(SEQUENCE, &[other, one.clone()].concat());
        for data in [
            one.as_slice(),
            list.as_slice(),
            &[0x72, 0, 0, 0xc0, 0, 0, 0, 0, 1, 0, 0, 0],
        ] {
            let error = KrbError::decode(&krb_error(18, Some(data))).unwrap();
            assert_eq!((error.code, error.nt_status), (18, Some(0xc000_0072)));
        }
    }

    /// R6
    #[test]
    fn the_salt_is_found() {
        let salt_of = |data: &[u8]| KrbError::decode(&krb_error(25, Some(data))).unwrap().salt;
        let list = tlv(SEQUENCE, &etype_info(b"CORP.EXAMPLE.COMada"));
        assert_eq!(salt_of(&list).as_deref(), Some("CORP.EXAMPLE.COMada"));
        assert_eq!(salt_of(&tlv(SEQUENCE, &etype_info(b"\xff"))), None);
        assert_eq!(salt_of(&error_data(0xc000_0072)), None);
    }

    /// A65: data that cannot be read is absent, and the code still counts.
    #[test]
    fn a65_unreadable_data_is_absent() {
        for data in [
            &b""[..],
            b"\x30",
            b"\x30\x84\xff\xff\xff\xff",
            b"\x30\x80",
            &[0x30; 4000],
        ] {
            let error = KrbError::decode(&krb_error(18, Some(data))).unwrap();
            assert_eq!((error.code, error.nt_status), (18, None));
        }
    }

    /// A28
    #[test]
    fn a28_truncated_at_every_offset() {
        let whole = krb_error(18, Some(&error_data(0xc000_0072)));
        for end in 0..whole.len() {
            assert!(KrbError::decode(&whole[..end]).is_err(), "{end}");
        }
        assert!(KrbError::decode(&[whole, vec![0]].concat()).is_err(), "trailing");
        assert!(KrbError::decode(&[0x7e, 0x84, 0xff, 0xff, 0xff, 0xff]).is_err());
        assert!(
            KrbError::decode(&tlv(KRB_ERROR, &tlv(SEQUENCE, &[]))).is_err(),
            "no code"
        );
    }

    proptest! {
        /// A28
        #[test]
        fn a28_no_bytes_panic(at in 0_usize..110, with: u8, bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut message = krb_error(18, Some(&error_data(0xc000_0072)));
            if let Some(byte) = message.get_mut(at) {
                *byte = with;
            }
            let _ = KrbError::decode(&message);
            let _ = KrbError::decode(&bytes);
        }
    }
}
