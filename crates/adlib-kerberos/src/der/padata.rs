//! Pre-authentication data (RFC 4120 5.2.7, MS-KILE 2.2).

use alloc::vec::Vec;

use ::der::EncodeValue;

use super::{KerberosString, KerberosTime, Microseconds, Octets, fields::decode_fields};

/// `METHOD-DATA ::= SEQUENCE OF PA-DATA`: what a KDC asks for, or what a message brings along.
pub(crate) type MethodData<'a> = Vec<PaData<'a>>;

/// ```text
/// PA-DATA ::= SEQUENCE { padata-type [1] Int32, padata-value [2] OCTET STRING }
/// ```
///
/// A `KERB-ERROR-DATA` (MS-KILE 2.2.1) has the same shape, the value being optional there.
#[derive(Debug, Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct PaData<'a> {
    #[asn1(context_specific = "1")]
    pub(crate) padata_type: i32,
    #[asn1(context_specific = "2", optional = "true")]
    pub(crate) padata_value: Option<Octets<'a>>,
}

decode_fields!(PaData<'a> {
    padata_type: required 1,
    padata_value: optional 2,
});

impl<'a> PaData<'a> {
    /// The element of type `padata_type` with `value`.
    pub(crate) const fn new(padata_type: i32, value: &'a [u8]) -> Self {
        Self {
            padata_type,
            padata_value: Some(Octets(value)),
        }
    }

    /// The value; nothing where there is none.
    pub(crate) fn value(&self) -> &'a [u8] {
        self.padata_value.map_or(&[], |value| value.0)
    }
}

/// The value of the first element of type `padata_type`.
pub(crate) fn find<'a>(elements: &[PaData<'a>], padata_type: i32) -> Option<&'a [u8]> {
    let element = elements
        .iter()
        .find(|element| element.padata_type == padata_type)?;
    Some(element.value())
}

/// `ETYPE-INFO2 ::= SEQUENCE SIZE (1..MAX) OF ETYPE-INFO2-ENTRY` (RFC 4120 5.2.7.5).
pub(crate) type EtypeInfo2<'a> = Vec<EtypeInfo2Entry<'a>>;

/// ```text
/// ETYPE-INFO2-ENTRY ::= SEQUENCE { etype [0] Int32, salt [1] KerberosString OPTIONAL,
///                                  s2kparams [2] OCTET STRING OPTIONAL }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct EtypeInfo2Entry<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) etype: i32,
    #[asn1(context_specific = "1", optional = "true")]
    pub(crate) salt: Option<KerberosString<'a>>,
    #[asn1(context_specific = "2", optional = "true")]
    pub(crate) s2kparams: Option<Octets<'a>>,
}

decode_fields!(EtypeInfo2Entry<'a> {
    etype: required 0,
    salt: optional 1,
    s2kparams: optional 2,
});

/// ```text
/// PA-ENC-TS-ENC ::= SEQUENCE { patimestamp [0] KerberosTime, pausec [1] Microseconds OPTIONAL }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct PaEncTsEnc {
    #[asn1(context_specific = "0")]
    pub(crate) patimestamp: KerberosTime,
    #[asn1(context_specific = "1", optional = "true")]
    pub(crate) pausec: Option<Microseconds>,
}

decode_fields!(PaEncTsEnc {
    patimestamp: required 0,
    pausec: optional 1,
});

/// `KERB-PA-PAC-REQUEST ::= SEQUENCE { include-pac [0] BOOLEAN }` (MS-KILE 2.2.3).
#[derive(Debug, Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct PaPacRequest {
    #[asn1(context_specific = "0")]
    pub(crate) include_pac: bool,
}

decode_fields!(PaPacRequest {
    include_pac: required 0,
});
