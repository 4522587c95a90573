//! What ties a sign-in to a TLS connection: the `tls-server-end-point` binding (RFC 5929 4.1).

use adlib_core::{ChannelBindings, DecodeError, Reader};
use rustls_pki_types::CertificateDer;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use super::ber;

const OBJECT_IDENTIFIER: u8 = 0x06;
const HASH_ALGORITHM: u8 = 0xa0;

/// The `tls-server-end-point` binding of a server whose certificate is `certificate`: its hash, by the hash function
/// of its signature, with SHA-256 in place of MD5 and SHA-1 (RFC 5929 4.1).
///
/// `None` where the signature names no single hash function, as Ed25519 and ML-DSA do: RFC 5929 leaves the binding
/// undefined there. Nor is there one for SHA-3, which no directory server binds by. What a client computes of a
/// certificate that it saw, a server computes of its own.
///
/// ```
/// use adlib_ldap::tls_server_end_point;
///
/// let key = rcgen::KeyPair::generate()?; // ECDSA with SHA-256
/// let certificate = rcgen::CertificateParams::new(["dc1.corp.example.com".to_owned()])?.self_signed(&key)?;
/// let bindings = tls_server_end_point(certificate.der()).expect("a hash");
/// assert_eq!(bindings.application_data().len(), "tls-server-end-point:".len() + 32);
/// # Ok::<(), rcgen::Error>(())
/// ```
#[must_use]
pub fn tls_server_end_point(certificate: &CertificateDer<'_>) -> Option<ChannelBindings> {
    let hash = match signature_hash(certificate).ok()?? {
        Hash::Sha224 => Sha224::digest(certificate).to_vec(),
        Hash::Sha256 => Sha256::digest(certificate).to_vec(),
        Hash::Sha384 => Sha384::digest(certificate).to_vec(),
        Hash::Sha512 => Sha512::digest(certificate).to_vec(),
    };
    Some(ChannelBindings::tls_server_end_point(&hash))
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
/// A `DecodeError` for what is no certificate.
fn signature_hash(certificate: &[u8]) -> Result<Option<Hash>, DecodeError> {
    const WHAT: &str = "Certificate";
    let mut reader = Reader::new(certificate);
    let mut parts = Reader::new(ber::expect(&mut reader, ber::SEQUENCE, WHAT)?);
    reader.finish(WHAT)?;
    ber::expect(&mut parts, ber::SEQUENCE, "tbsCertificate")?;
    let algorithm = ber::expect(&mut parts, ber::SEQUENCE, "signatureAlgorithm")?;
    let mut algorithm = Reader::new(algorithm);
    let oid = ber::expect(&mut algorithm, OBJECT_IDENTIFIER, "algorithm")?;
    if oid == oid::RSASSA_PSS {
        return pss_hash(&mut algorithm);
    }
    Ok(by_signature(oid))
}

/// The hash function that the parameters of an RSASSA-PSS signature name.
///
/// ```text
/// RSASSA-PSS-params ::= SEQUENCE { hashAlgorithm [0] AlgorithmIdentifier DEFAULT sha1, .. }     -- RFC 4055 3.1
/// ```
fn pss_hash(algorithm: &mut Reader<'_>) -> Result<Option<Hash>, DecodeError> {
    let parameters = ber::expect(algorithm, ber::SEQUENCE, "RSASSA-PSS-params")?;
    let mut parameters = Reader::new(parameters);
    if parameters.rest().first() != Some(&HASH_ALGORITHM) {
        return Ok(Some(Hash::Sha256));
    }
    let hash = ber::expect(&mut parameters, HASH_ALGORITHM, "hashAlgorithm")?;
    let hash = ber::expect(&mut Reader::new(hash), ber::SEQUENCE, "hashAlgorithm")?;
    let oid = ber::expect(&mut Reader::new(hash), OBJECT_IDENTIFIER, "algorithm")?;
    Ok(match oid {
        oid::SHA1 | oid::SHA256 => Some(Hash::Sha256),
        oid::SHA224 => Some(Hash::Sha224),
        oid::SHA384 => Some(Hash::Sha384),
        oid::SHA512 => Some(Hash::Sha512),
        _ => None,
    })
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

    fn certificate(algorithm: &'static SignatureAlgorithm) -> CertificateDer<'static> {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let params = CertificateParams::new(["dc1.example.com".to_owned()]).unwrap();
        params.self_signed(&key).unwrap().der().clone()
    }

    /// What looks like a certificate as far as it is read: with this signature algorithm.
    fn signed_by(algorithm: &[u8]) -> Vec<u8> {
        let mut parts = Vec::new();
        ber::put(&mut parts, ber::SEQUENCE, b"");
        ber::put(&mut parts, ber::SEQUENCE, algorithm);
        ber::put(&mut parts, 0x03, b"\0");
        let mut certificate = Vec::new();
        ber::put(&mut certificate, ber::SEQUENCE, &parts);
        certificate
    }

    fn of_oid(oid: &[u8]) -> Option<Hash> {
        let mut algorithm = Vec::new();
        ber::put(&mut algorithm, OBJECT_IDENTIFIER, oid);
        ber::put(&mut algorithm, 0x05, b"");
        signature_hash(&signed_by(&algorithm)).unwrap()
    }

    /// RFC 5929 4.1, with certificates that another library makes.
    #[test]
    fn the_hash_of_the_certificate() {
        let certificate = super::tests::certificate(&PKCS_ECDSA_P256_SHA256);
        let expected = ChannelBindings::tls_server_end_point(&Sha256::digest(&certificate));
        assert_eq!(tls_server_end_point(&certificate), Some(expected));
        let certificate = super::tests::certificate(&PKCS_ECDSA_P384_SHA384);
        let expected = ChannelBindings::tls_server_end_point(&Sha384::digest(&certificate));
        assert_eq!(tls_server_end_point(&certificate), Some(expected));
        let certificate = super::tests::certificate(&PKCS_ED25519);
        assert_eq!(tls_server_end_point(&certificate), None);
    }

    /// RFC 5929 4.1: SHA-256 in place of MD5 and SHA-1.
    #[test]
    fn the_hash_function_of_the_signature() {
        for oid in [oid::RSA_MD5, oid::RSA_SHA1, oid::ECDSA_SHA1, oid::DSA_SHA1] {
            assert_eq!(of_oid(oid), Some(Hash::Sha256));
        }
        assert_eq!(of_oid(oid::RSA_SHA256), Some(Hash::Sha256));
        assert_eq!(of_oid(oid::ECDSA_SHA224), Some(Hash::Sha224));
        assert_eq!(of_oid(oid::RSA_SHA384), Some(Hash::Sha384));
        assert_eq!(of_oid(oid::ECDSA_SHA512), Some(Hash::Sha512));
        assert_eq!(of_oid(b"\x2b\x65\x70"), None, "Ed25519");
        assert_eq!(of_oid(b"\x60\x86\x48\x01\x65\x03\x04\x03\x0a"), None, "SHA-3");
    }

    /// RFC 4055 3.1: RSASSA-PSS names its hash function in its parameters, SHA-1 where it names none.
    #[test]
    fn the_hash_function_of_rsassa_pss() {
        let pss = |parameters: &[u8]| {
            let mut algorithm = Vec::new();
            ber::put(&mut algorithm, OBJECT_IDENTIFIER, oid::RSASSA_PSS);
            ber::put(&mut algorithm, ber::SEQUENCE, parameters);
            signature_hash(&signed_by(&algorithm))
        };
        let named = |oid: &[u8]| {
            let (mut name, mut identifier, mut parameters) = (Vec::new(), Vec::new(), Vec::new());
            ber::put(&mut name, OBJECT_IDENTIFIER, oid);
            ber::put(&mut identifier, ber::SEQUENCE, &name);
            ber::put(&mut parameters, HASH_ALGORITHM, &identifier);
            ber::put(&mut parameters, 0xa2, b"\x02\x01\x20");
            pss(&parameters)
        };
        assert_eq!(named(oid::SHA512), Ok(Some(Hash::Sha512)));
        assert_eq!(named(oid::SHA384), Ok(Some(Hash::Sha384)));
        assert_eq!(named(oid::SHA224), Ok(Some(Hash::Sha224)));
        assert_eq!(named(oid::SHA1), Ok(Some(Hash::Sha256)));
        assert_eq!(named(b"\x2a"), Ok(None));
        assert_eq!(pss(b""), Ok(Some(Hash::Sha256)));
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
