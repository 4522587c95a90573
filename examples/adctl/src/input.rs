//! The operator's own inputs: what is wrong with one of them stops the call, and no message repeats a key.

use std::{fmt, path::Path};

use adlib::{
    Clock, Keytab, SystemClock, UnixTime,
    kerberos::{EncryptionType, ServiceKey},
};
use adlib_core::ChannelBindings;
use jiff::Timestamp;

use crate::outcome::Stopped;

pub(crate) fn read(file: &Path) -> Result<Vec<u8>, Stopped> {
    std::fs::read(file).map_err(|error| at_fault(file, error))
}

pub(crate) fn keytab(file: &Path) -> Result<Keytab, Stopped> {
    Keytab::decode(&read(file)?).map_err(|error| at_fault(file, error))
}

pub(crate) fn at_fault(file: &Path, error: impl fmt::Display) -> Stopped {
    Stopped::new(format_args!("{}: {error}", file.display()))
}

/// The key that `text` is, a value of the option `option`.
pub(crate) fn key(option: &str, text: &str) -> Result<ServiceKey, Stopped> {
    let wrong = |what: &dyn fmt::Display| Stopped::new(format_args!("{option}: {what}"));
    let (etype, bytes) = text.split_once(':').ok_or_else(|| wrong(&"expected ETYPE:HEX"))?;
    let etype = encryption_type(etype).map_err(|error| wrong(&error))?;
    let bytes = hex(bytes).ok_or_else(|| wrong(&"the key is not in hexadecimal"))?;
    ServiceKey::new(etype, bytes).map_err(|error| wrong(&error))
}

/// The encryption type that `text` is: its number, its name, or a name that MIT's and Samba's tools print.
fn encryption_type(text: &str) -> Result<EncryptionType, String> {
    if let Ok(number) = text.parse() {
        return EncryptionType::from_number(number).map_err(|error| error.to_string());
    }
    let named = |etype: &EncryptionType| etype.name() == text || other_names(*etype).contains(&text);
    let found = EncryptionType::ALL.into_iter().find(named);
    found.ok_or_else(|| {
        let known = EncryptionType::ALL.map(|etype| etype.to_string()).join(", ");
        format!("no encryption type is called {text:?}; expected one of {known}")
    })
}

const fn other_names(etype: EncryptionType) -> &'static [&'static str] {
    match etype {
        EncryptionType::Aes128Sha1 => &["aes128-cts", "aes128-sha1"],
        EncryptionType::Aes256Sha1 => &["aes256-cts", "aes256-sha1"],
        EncryptionType::Aes128Sha2 => &["aes128-sha2"],
        EncryptionType::Aes256Sha2 => &["aes256-sha2"],
        EncryptionType::Rc4 => &["arcfour-hmac", "arcfour-hmac-md5"],
    }
}

/// The channel bindings whose hash `text` is.
pub(crate) fn bindings(text: &str) -> Result<ChannelBindings, Stopped> {
    bindings_hash(text).map(ChannelBindings::from_hash)
}

/// The hash of channel bindings that `text` is.
pub(crate) fn bindings_hash(text: &str) -> Result<[u8; 16], Stopped> {
    let hash = hex(text).and_then(|bytes| bytes.try_into().ok());
    hash.ok_or_else(|| Stopped::new("--bindings: expected 16 bytes in hexadecimal"))
}

/// The time that `text` is; the present without one.
pub(crate) fn time(text: Option<&str>) -> Result<UnixTime, Stopped> {
    let Some(text) = text else {
        return Ok(SystemClock.now());
    };
    let time: Timestamp = text
        .parse()
        .map_err(|error| Stopped::new(format_args!("--at: {error}")))?;
    Ok(UnixTime::from_micros(time.as_microsecond()))
}

/// The bytes that `text` is in hexadecimal.
pub(crate) fn hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    pairs.iter().map(byte).collect()
}

/// `bytes` in hexadecimal.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R11: a type is known by its number and by every name that tools print; DES is named, and never a key.
    #[test]
    fn r11_keys_are_read_by_number_and_name() {
        let aes = "ab".repeat(32);
        for name in ["18", "aes256-cts-hmac-sha1-96", "aes256-cts", "aes256-sha1"] {
            let key = key("--key", &format!("{name}:{aes}")).unwrap();
            assert_eq!(key.etype(), EncryptionType::Aes256Sha1, "{name}");
            assert_eq!(key.expose(), [0xab; 32]);
        }
        for text in [
            "3:0011223344556677",
            "18",
            &format!("18:{aes}0"),
            &aes,
            "aes:00",
            "18:zz",
            "23:00",
        ] {
            let Err(stopped) = key("--key", text) else {
                panic!("{text} is no key");
            };
            assert!(!format!("{stopped:?}").contains("abab"), "{stopped:?}");
        }
    }

    #[test]
    fn hexadecimal_comes_back() {
        assert_eq!(hex("00fFA1").unwrap(), [0, 0xff, 0xa1]);
        assert_eq!(to_hex(&[0, 0xff, 0xa1]), "00ffa1");
        for text in ["0", "0g", "+1", "é"] {
            assert_eq!(hex(text), None, "{text}");
        }
    }

    #[test]
    fn times_are_read_with_their_zone() {
        let noon = UnixTime::from_seconds(1_772_366_400);
        assert_eq!(time(Some("2026-03-01T12:00:00Z")).unwrap(), noon);
        assert_eq!(time(Some("2026-03-01T13:00:00+01:00")).unwrap(), noon);
        assert!(time(Some("yesterday")).is_err());
    }
}
