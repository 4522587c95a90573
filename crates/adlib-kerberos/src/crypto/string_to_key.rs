//! Keys from passwords (RFC 3962 4, RFC 8009 4, RFC 4757 2).

use alloc::{vec, vec::Vec};

use adlib_core::{Password, utf16};
use md4::{Digest, Md4};
use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Sha256, Sha384};
use zeroize::Zeroizing;

use super::{KeyBytes, KeyError, aes_sha1, aes_sha2, aes_sha2::Profile};
use crate::EncryptionType;

/// The most iterations that a key is computed with: the count comes from a peer, who could ask for hours.
pub const MAX_ITERATIONS: u32 = 1 << 20;

/// The bytes of the key that `password` gives.
///
/// # Errors
/// `Iterations` for 0 and for more than [`MAX_ITERATIONS`].
pub(super) fn string_to_key(
    etype: EncryptionType,
    password: &Password,
    salt: &[u8],
    iterations: Option<u32>,
) -> Result<KeyBytes, KeyError> {
    let iterations = iterations.unwrap_or(default_iterations(etype));
    if iterations == 0 || iterations > MAX_ITERATIONS {
        return Err(KeyError::Iterations(iterations));
    }
    let password = password.expose().as_bytes();
    let mut stretched = Zeroizing::new(vec![0; etype.key_length()]);
    Ok(match etype {
        EncryptionType::Aes128Sha1 | EncryptionType::Aes256Sha1 => {
            pbkdf2_hmac::<Sha1>(password, salt, iterations, &mut stretched);
            aes_sha1::derive(&KeyBytes::new(&stretched), b"kerberos")
        }
        EncryptionType::Aes128Sha2 => {
            pbkdf2_hmac::<Sha256>(password, &sha2_salt(etype, salt), iterations, &mut stretched);
            aes_sha2::derive(
                Profile::Sha256,
                &KeyBytes::new(&stretched),
                b"kerberos",
                etype.key_length(),
            )
        }
        EncryptionType::Aes256Sha2 => {
            pbkdf2_hmac::<Sha384>(password, &sha2_salt(etype, salt), iterations, &mut stretched);
            aes_sha2::derive(
                Profile::Sha384,
                &KeyBytes::new(&stretched),
                b"kerberos",
                etype.key_length(),
            )
        }
        EncryptionType::Rc4 => nt_hash(password),
    })
}

/// The count where the peer names none. RC4 does not iterate.
const fn default_iterations(etype: EncryptionType) -> u32 {
    match etype {
        EncryptionType::Aes128Sha1 | EncryptionType::Aes256Sha1 => 4096,
        EncryptionType::Aes128Sha2 | EncryptionType::Aes256Sha2 => 32_768,
        EncryptionType::Rc4 => 1,
    }
}

/// RFC 8009 4: the name of the encryption type is part of the salt.
fn sha2_salt(etype: EncryptionType, salt: &[u8]) -> Vec<u8> {
    [etype.name().as_bytes(), &[0], salt].concat()
}

/// RFC 4757 2: MD4 of the password in UTF-16, without any salt.
fn nt_hash(password: &[u8]) -> KeyBytes {
    // The bytes are those of a `str`.
    let text = core::str::from_utf8(password).unwrap_or_default();
    let units = Zeroizing::new(utf16::encode(text));
    KeyBytes::new(&Md4::digest(units.as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::hex;
    use std::string::String;

    /// RFC 3962 B and RFC 8009 A
    #[test]
    fn published_values() {
        for (etype, password, salt, iterations, expected) in KEYS {
            let etype = EncryptionType::from_number(*etype).unwrap();
            let password = Password::new(String::from_utf8(hex(password)).unwrap());
            let key = string_to_key(etype, &password, &hex(salt), Some(*iterations)).unwrap();
            assert_eq!(key.expose(), hex(expected), "{etype}");
        }
    }

    /// MS-NLMP 4.2.2.1.2
    #[test]
    fn rc4_key_is_the_nt_hash() {
        let key = string_to_key(EncryptionType::Rc4, &"Password".into(), b"ignored", None).unwrap();
        assert_eq!(key.expose(), hex("a4f49c406510bdcab6824ee7c30fd852"));
    }

    /// A65
    #[test]
    fn a65_iterations_are_bounded() {
        for iterations in [0, MAX_ITERATIONS + 1, u32::MAX] {
            let error = string_to_key(EncryptionType::Aes256Sha1, &"x".into(), b"", Some(iterations));
            assert_eq!(error.err().unwrap(), KeyError::Iterations(iterations));
        }
    }

    const KEYS: &[(i32, &str, &str, u32, &str)] = &[
        (
            17,
            "70617373776f7264",
            "415448454e412e4d49542e4544557261656275726e",
            1,
            "42263c6e89f4fc28b8df68ee09799f15",
        ),
        (
            18,
            "70617373776f7264",
            "415448454e412e4d49542e4544557261656275726e",
            1,
            "fe697b52bc0d3ce14432ba036a92e65bbb52280990a2fa27883998d72af30161",
        ),
        (
            17,
            "70617373776f7264",
            "415448454e412e4d49542e4544557261656275726e",
            2,
            "c651bf29e2300ac27fa469d693bdda13",
        ),
        (
            18,
            "70617373776f7264",
            "415448454e412e4d49542e4544557261656275726e",
            2,
            "a2e16d16b36069c135d5e9d2e25f896102685618b95914b467c67622225824ff",
        ),
        (
            17,
            "70617373776f7264",
            "415448454e412e4d49542e4544557261656275726e",
            1200,
            "4c01cd46d632d01e6dbe230a01ed642a",
        ),
        (
            18,
            "70617373776f7264",
            "415448454e412e4d49542e4544557261656275726e",
            1200,
            "55a6ac740ad17b4846941051e1e8b0a7548d93b0ab30a8bc3ff16280382b8c2a",
        ),
        (
            17,
            "70617373776f7264",
            "1234567878563412",
            5,
            "e9b23d52273747dd5c35cb55be619d8e",
        ),
        (
            18,
            "70617373776f7264",
            "1234567878563412",
            5,
            "97a4e786be20d81a382d5ebc96d5909cabcdadc87ca48f574504159f16c36e31",
        ),
        (
            17,
            "58585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858",
            "706173732070687261736520657175616c7320626c6f636b2073697a65",
            1200,
            "59d1bb789a828b1aa54ef9c2883f69ed",
        ),
        (
            18,
            "58585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858",
            "706173732070687261736520657175616c7320626c6f636b2073697a65",
            1200,
            "89adee3608db8bc71f1bfbfe459486b05618b70cbae22092534e56c553ba4b34",
        ),
        (
            17,
            "5858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858",
            "7061737320706872617365206578636565647320626c6f636b2073697a65",
            1200,
            "cb8005dc5f90179a7f02104c0018751d",
        ),
        (
            18,
            "5858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858585858",
            "7061737320706872617365206578636565647320626c6f636b2073697a65",
            1200,
            "d78c5c9cb872a8c9dad4697f0bb5b2d21496c82beb2caeda2112fceea057401b",
        ),
        (
            17,
            "f09d849e",
            "4558414d504c452e434f4d7069616e697374",
            50,
            "f149c1f2e154a73452d43e7fe62a56e5",
        ),
        (
            18,
            "f09d849e",
            "4558414d504c452e434f4d7069616e697374",
            50,
            "4b6d9839f84406df1f09cc166db4b83c571848b784a3d6bdc346589a3e393f9e",
        ),
        (
            19,
            "70617373776f7264",
            "10df9dd783e5bc8acea1730e74355f61415448454e412e4d49542e4544557261656275726e",
            32768,
            "089bca48b105ea6ea77ca5d2f39dc5e7",
        ),
        (
            20,
            "70617373776f7264",
            "10df9dd783e5bc8acea1730e74355f61415448454e412e4d49542e4544557261656275726e",
            32768,
            "45bd806dbf6a833a9cffc1c94589a222367a79bc21c413718906e9f578a78467",
        ),
    ];
}
