//! Encrypted data, keys and checksums (RFC 4120 5.2.9).

use ::der::EncodeValue;

use super::{Octets, fields::decode_fields};

/// ```text
/// EncryptedData ::= SEQUENCE { etype [0] Int32, kvno [1] UInt32 OPTIONAL, cipher [2] OCTET STRING }
/// ```
///
/// The version is read as wide as it may come: some controllers write it as a negative number.
#[derive(Debug, Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct EncryptedData<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) etype: i32,
    #[asn1(context_specific = "1", optional = "true")]
    pub(crate) kvno: Option<i64>,
    #[asn1(context_specific = "2")]
    pub(crate) cipher: Octets<'a>,
}

decode_fields!(EncryptedData<'a> { etype: required 0, kvno: optional 1, cipher: required 2 });

impl EncryptedData<'_> {
    /// The version of the key; controllers that write it as a negative number mean the 32 bits (A4).
    pub(crate) fn version(&self) -> Option<u32> {
        let kvno = self.kvno?;
        let signed = i32::try_from(kvno).map(i32::cast_unsigned);
        signed.or_else(|_| u32::try_from(kvno)).ok()
    }
}

/// ```text
/// EncryptionKey ::= SEQUENCE { keytype [0] Int32, keyvalue [1] OCTET STRING }
/// ```
#[derive(Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct EncryptionKey<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) keytype: i32,
    #[asn1(context_specific = "1")]
    pub(crate) keyvalue: Octets<'a>,
}

decode_fields!(EncryptionKey<'a> { keytype: required 0, keyvalue: required 1 });

/// ```text
/// Checksum ::= SEQUENCE { cksumtype [0] Int32, checksum [1] OCTET STRING }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct Checksum<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) cksumtype: i32,
    #[asn1(context_specific = "1")]
    pub(crate) checksum: Octets<'a>,
}

decode_fields!(Checksum<'a> { cksumtype: required 0, checksum: required 1 });
