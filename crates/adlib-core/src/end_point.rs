//! What ties a sign-in to a TLS server's certificate: the `tls-server-end-point` binding (RFC 5929 4.1).

use alloc::string::String;
use core::fmt::Write;

use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use crate::{ChannelBindings, DecodeError, Reader, gss::element};

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
const HASH_ALGORITHM: u8 = 0xa0;

/// Why a certificate has no `tls-server-end-point` binding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndPointError {
    /// It is no certificate.
    #[error("not a certificate: {0}")]
    Malformed(#[from] DecodeError),
    /// Its signature names no single hash function, as Ed25519 does: RFC 5929 leaves the binding undefined there. Or the
    /// signature is of a kind that is not known here.
    #[error(
        "the signature of the certificate, {signature}, names no hash function to bind by; RSA and ECDSA do"
    )]
    NoHash {
        /// The object identifier of the signature, as `1.3.101.112`.
        signature: String,
    },
}

impl ChannelBindings {
    /// The `tls-server-end-point` binding of a server whose certificate, in DER, is `certificate`: its hash, by the hash
    /// function of its signature, with SHA-256 in place of MD5 and SHA-1 (RFC 5929 4.1).
    ///
    /// What a client computes of a certificate that it saw, a server computes of its own.
    ///
    /// ```
    /// use adlib_core::ChannelBindings;
    ///
    /// let key = rcgen::KeyPair::generate()?; // ECDSA with SHA-256
    /// let certificate = rcgen::CertificateParams::new(["dc1.corp.example.com".to_owned()])?.self_signed(&key)?;
    /// let bindings = ChannelBindings::of_server_certificate(certificate.der()).expect("a hash");
    /// assert_eq!(bindings.application_data().len(), "tls-server-end-point:".len() + 32);
    /// # Ok::<(), rcgen::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Malformed`, `NoHash`.
    pub fn of_server_certificate(certificate: &[u8]) -> Result<Self, EndPointError> {
        let hash = match signature_hash(certificate)? {
            Hash::Sha224 => Sha224::digest(certificate).to_vec(),
            Hash::Sha256 => Sha256::digest(certificate).to_vec(),
            Hash::Sha384 => Sha384::digest(certificate).to_vec(),
            Hash::Sha512 => Sha512::digest(certificate).to_vec(),
        };
        Ok(Self::tls_server_end_point(&hash))
    }
}

/// The hash functions that bindings are made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// ```text
/// Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm AlgorithmIdentifier, signatureValue }
/// AlgorithmIdentifier ::= SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY DEFINED BY algorithm OPTIONAL }
/// ```
///
/// # Errors
/// `Malformed`, `NoHash`.
fn signature_hash(certificate: &[u8]) -> Result<Hash, EndPointError> {
    const WHAT: &str = "Certificate";
    let mut reader = Reader::new(certificate);
    let mut parts = Reader::new(element(&mut reader, SEQUENCE, WHAT)?);
    reader.finish(WHAT)?;
    element(&mut parts, SEQUENCE, "tbsCertificate")?;
    let algorithm = element(&mut parts, SEQUENCE, "signatureAlgorithm")?;
    let mut algorithm = Reader::new(algorithm);
    let oid = element(&mut algorithm, OBJECT_IDENTIFIER, "algorithm")?;
    if oid == oid::RSASSA_PSS {
        return pss_hash(&mut algorithm);
    }
    by_signature(oid).ok_or_else(|| no_hash(oid))
}

/// The hash function that the parameters of an RSASSA-PSS signature name.
///
/// ```text
/// RSASSA-PSS-params ::= SEQUENCE { hashAlgorithm [0] AlgorithmIdentifier DEFAULT sha1, .. }     -- RFC 4055 3.1
/// ```
fn pss_hash(algorithm: &mut Reader<'_>) -> Result<Hash, EndPointError> {
    let parameters = element(algorithm, SEQUENCE, "RSASSA-PSS-params")?;
    let mut parameters = Reader::new(parameters);
    if parameters.rest().first() != Some(&HASH_ALGORITHM) {
        return Ok(Hash::Sha256);
    }
    let hash = element(&mut parameters, HASH_ALGORITHM, "hashAlgorithm")?;
    let hash = element(&mut Reader::new(hash), SEQUENCE, "hashAlgorithm")?;
    let oid = element(&mut Reader::new(hash), OBJECT_IDENTIFIER, "algorithm")?;
    match oid {
        oid::SHA1 | oid::SHA256 => Ok(Hash::Sha256),
        oid::SHA224 => Ok(Hash::Sha224),
        oid::SHA384 => Ok(Hash::Sha384),
        oid::SHA512 => Ok(Hash::Sha512),
        _ => Err(no_hash(oid)),
    }
}

const fn by_signature(oid: &[u8]) -> Option<Hash> {
    match oid {
        oid::RSA_MD5
        | oid::RSA_SHA1
        | oid::ECDSA_SHA1
        | oid::DSA_SHA1
        | oid::RSA_SHA256
        | oid::ECDSA_SHA256
        | oid::DSA_SHA256 => Some(Hash::Sha256),
        oid::RSA_SHA224 | oid::ECDSA_SHA224 | oid::DSA_SHA224 => Some(Hash::Sha224),
        oid::RSA_SHA384 | oid::ECDSA_SHA384 => Some(Hash::Sha384),
        oid::RSA_SHA512 | oid::ECDSA_SHA512 => Some(Hash::Sha512),
        _ => None,
    }
}

fn no_hash(oid: &[u8]) -> EndPointError {
    EndPointError::NoHash {
        signature: dotted(oid),
    }
}

/// An object identifier as it is written (X.690 8.19). A number that is too large ends it.
fn dotted(oid: &[u8]) -> String {
    let mut text = String::new();
    let mut number: u64 = 0;
    for octet in oid {
        if number >> 57 != 0 {
            break;
        }
        number = number << 7 | u64::from(octet & 0x7f);
        if octet & 0x80 != 0 {
            continue;
        }
        // Writing to a string does not fail.
        let _ = if text.is_empty() {
            let first = (number / 40).min(2);
            write!(text, "{first}.{}", number - first * 40)
        } else {
            write!(text, ".{number}")
        };
        number = 0;
    }
    text
}

/// The content octets of object identifiers (RFC 3279, RFC 4055, RFC 5758).
mod oid {
    /// 1.2.840.113549.1.1.4
    pub(super) const RSA_MD5: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04";
    /// 1.2.840.113549.1.1.5
    pub(super) const RSA_SHA1: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05";
    /// 1.2.840.113549.1.1.10
    pub(super) const RSASSA_PSS: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
    /// 1.2.840.113549.1.1.11
    pub(super) const RSA_SHA256: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b";
    /// 1.2.840.113549.1.1.12
    pub(super) const RSA_SHA384: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c";
    /// 1.2.840.113549.1.1.13
    pub(super) const RSA_SHA512: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d";
    /// 1.2.840.113549.1.1.14
    pub(super) const RSA_SHA224: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e";
    /// 1.2.840.10045.4.1
    pub(super) const ECDSA_SHA1: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x01";
    /// 1.2.840.10045.4.3.1
    pub(super) const ECDSA_SHA224: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x01";
    /// 1.2.840.10045.4.3.2
    pub(super) const ECDSA_SHA256: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x02";
    /// 1.2.840.10045.4.3.3
    pub(super) const ECDSA_SHA384: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x03";
    /// 1.2.840.10045.4.3.4
    pub(super) const ECDSA_SHA512: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x04";
    /// 1.2.840.10040.4.3
    pub(super) const DSA_SHA1: &[u8] = b"\x2a\x86\x48\xce\x38\x04\x03";
    /// 2.16.840.1.101.3.4.3.1
    pub(super) const DSA_SHA224: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x03\x01";
    /// 2.16.840.1.101.3.4.3.2
    pub(super) const DSA_SHA256: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x03\x02";
    /// 1.3.14.3.2.26
    pub(super) const SHA1: &[u8] = b"\x2b\x0e\x03\x02\x1a";
    /// 2.16.840.1.101.3.4.2.1
    pub(super) const SHA256: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x01";
    /// 2.16.840.1.101.3.4.2.2
    pub(super) const SHA384: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x02";
    /// 2.16.840.1.101.3.4.2.3
    pub(super) const SHA512: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x03";
    /// 2.16.840.1.101.3.4.2.4
    pub(super) const SHA224: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x04";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{
        CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519,
        SignatureAlgorithm,
    };
    use std::{string::ToString, vec, vec::Vec};

    fn certificate(algorithm: &'static SignatureAlgorithm) -> Vec<u8> {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let params = CertificateParams::new(["dc1.example.com".to_string()]).unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    /// One element, of less than 128 bytes.
    fn put(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut element = vec![tag, u8::try_from(content.len()).unwrap()];
        assert!(element[1] < 0x80);
        element.extend_from_slice(content);
        element
    }

    /// What looks like a certificate as far as it is read: with this signature algorithm.
    fn signed_by(algorithm: &[u8]) -> Vec<u8> {
        let parts = [put(SEQUENCE, b""), put(SEQUENCE, algorithm), put(0x03, b"\0")];
        put(SEQUENCE, &parts.concat())
    }

    fn of_oid(oid: &[u8]) -> Result<Hash, EndPointError> {
        signature_hash(&signed_by(
            &[put(OBJECT_IDENTIFIER, oid), put(0x05, b"")].concat(),
        ))
    }

    fn none(signature: &str) -> Result<Hash, EndPointError> {
        Err(EndPointError::NoHash {
            signature: signature.to_string(),
        })
    }

    /// RFC 5929 4.1, with certificates that another library makes.
    #[test]
    fn the_hash_of_the_certificate() {
        let certificate = super::tests::certificate(&PKCS_ECDSA_P256_SHA256);
        let expected = ChannelBindings::tls_server_end_point(&Sha256::digest(&certificate));
        assert_eq!(ChannelBindings::of_server_certificate(&certificate), Ok(expected));
        let certificate = super::tests::certificate(&PKCS_ECDSA_P384_SHA384);
        let expected = ChannelBindings::tls_server_end_point(&Sha384::digest(&certificate));
        assert_eq!(ChannelBindings::of_server_certificate(&certificate), Ok(expected));
        let certificate = super::tests::certificate(&PKCS_ED25519);
        let error = ChannelBindings::of_server_certificate(&certificate).unwrap_err();
        assert!(
            error.to_string().contains("1.3.101.112, names no hash"),
            "{error}"
        );
        let error = ChannelBindings::of_server_certificate(b"no certificate").unwrap_err();
        assert!(matches!(error, EndPointError::Malformed(_)));
    }

    /// RFC 5929 4.1: SHA-256 in place of MD5 and SHA-1.
    #[test]
    fn the_hash_function_of_the_signature() {
        for oid in [oid::RSA_MD5, oid::RSA_SHA1, oid::ECDSA_SHA1, oid::DSA_SHA1] {
            assert_eq!(of_oid(oid), Ok(Hash::Sha256));
        }
        assert_eq!(of_oid(oid::RSA_SHA256), Ok(Hash::Sha256));
        assert_eq!(of_oid(oid::ECDSA_SHA224), Ok(Hash::Sha224));
        assert_eq!(of_oid(oid::RSA_SHA384), Ok(Hash::Sha384));
        assert_eq!(of_oid(oid::ECDSA_SHA512), Ok(Hash::Sha512));
        assert_eq!(of_oid(b"\x2b\x65\x70"), none("1.3.101.112"));
        assert_eq!(
            of_oid(b"\x60\x86\x48\x01\x65\x03\x04\x03\x0a"),
            none("2.16.840.1.101.3.4.3.10")
        );
        assert_eq!(of_oid(&[0xff; 20]), none(""));
    }

    /// RFC 4055 3.1: RSASSA-PSS names its hash function in its parameters, SHA-1 where it names none.
    #[test]
    fn the_hash_function_of_rsassa_pss() {
        let pss = |parameters: &[u8]| {
            let algorithm = [put(OBJECT_IDENTIFIER, oid::RSASSA_PSS), put(SEQUENCE, parameters)];
            signature_hash(&signed_by(&algorithm.concat()))
        };
        let named = |oid: &[u8]| {
            let identifier = put(SEQUENCE, &put(OBJECT_IDENTIFIER, oid));
            pss(&[put(HASH_ALGORITHM, &identifier), put(0xa2, b"\x02\x01\x20")].concat())
        };
        assert_eq!(named(oid::SHA512), Ok(Hash::Sha512));
        assert_eq!(named(oid::SHA384), Ok(Hash::Sha384));
        assert_eq!(named(oid::SHA224), Ok(Hash::Sha224));
        assert_eq!(named(oid::SHA1), Ok(Hash::Sha256));
        assert_eq!(named(b"\x2a"), none("1.2"));
        assert_eq!(pss(b""), Ok(Hash::Sha256));
        assert!(pss(&[HASH_ALGORITHM, 0]).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = signature_hash(&bytes);
            let _ = signature_hash(&signed_by(&bytes));
        }
    }
}
