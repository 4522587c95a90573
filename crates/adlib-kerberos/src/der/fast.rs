//! Armour around the messages to a KDC (RFC 6113 5.4).

use ::der::{Encode, EncodeValue, Error, FixedTag, Length, Tag, TagNumber, Writer};

use super::{
    Checksum, EncryptedData, EncryptionKey, KerberosFlags, KerberosString, KerberosTime, MethodData,
    Microseconds, Octets, PrincipalName, ReqBody,
    fields::{self, CONTEXT_SPECIFIC, Value, decode_fields},
};

/// The one alternative of `PA-FX-FAST-REQUEST` and of `PA-FX-FAST-REPLY`: `CHOICE { armored-data [0] T, ... }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Armored<T>(pub(crate) T);

impl<T> FixedTag for Armored<T> {
    const TAG: Tag = Tag::ContextSpecific {
        constructed: true,
        number: TagNumber(0),
    };
}

impl<'a, T: Value<'a>> Value<'a> for Armored<T> {
    const IDENTIFIER: u8 = CONTEXT_SPECIFIC;

    fn read(contents: &'a [u8]) -> fields::Result<Self> {
        fields::only(contents).map(Self)
    }
}

impl<T: Encode> EncodeValue for Armored<T> {
    fn value_len(&self) -> Result<Length, Error> {
        self.0.encoded_len()
    }

    fn encode_value(&self, writer: &mut impl Writer) -> Result<(), Error> {
        self.0.encode(writer)
    }
}

/// ```text
/// KrbFastArmor ::= SEQUENCE { armor-type [0] Int32, armor-value [1] OCTET STRING }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct KrbFastArmor<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) armor_type: i32,
    #[asn1(context_specific = "1")]
    pub(crate) armor_value: Octets<'a>,
}

decode_fields!(KrbFastArmor<'a> {
    armor_type: required 0,
    armor_value: required 1,
});

impl KrbFastArmor<'_> {
    /// `FX_FAST_ARMOR_AP_REQUEST`: the armour is made of a ticket.
    pub(crate) const AP_REQUEST: i32 = 1;
}

/// ```text
/// KrbFastArmoredReq ::= SEQUENCE { armor [0] KrbFastArmor OPTIONAL, req-checksum [1] Checksum,
///                                  enc-fast-req [2] EncryptedData }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct KrbFastArmoredReq<'a> {
    #[asn1(context_specific = "0", optional = "true")]
    pub(crate) armor: Option<KrbFastArmor<'a>>,
    #[asn1(context_specific = "1")]
    pub(crate) req_checksum: Checksum<'a>,
    #[asn1(context_specific = "2")]
    pub(crate) enc_fast_req: EncryptedData<'a>,
}

decode_fields!(KrbFastArmoredReq<'a> {
    armor: optional 0,
    req_checksum: required 1,
    enc_fast_req: required 2,
});

/// ```text
/// KrbFastReq ::= SEQUENCE { fast-options [0] FastOptions, padata [1] SEQUENCE OF PA-DATA, req-body [2] KDC-REQ-BODY }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct KrbFastReq<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) fast_options: KerberosFlags,
    #[asn1(context_specific = "1")]
    pub(crate) padata: MethodData<'a>,
    #[asn1(context_specific = "2")]
    pub(crate) req_body: ReqBody<'a>,
}

decode_fields!(KrbFastReq<'a> {
    fast_options: required 0,
    padata: required 1,
    req_body: required 2,
});

/// ```text
/// KrbFastArmoredRep ::= SEQUENCE { enc-fast-rep [0] EncryptedData }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct KrbFastArmoredRep<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) enc_fast_rep: EncryptedData<'a>,
}

decode_fields!(KrbFastArmoredRep<'a> {
    enc_fast_rep: required 0,
});

/// ```text
/// KrbFastResponse ::= SEQUENCE { padata [0] SEQUENCE OF PA-DATA, strengthen-key [1] EncryptionKey OPTIONAL,
///                                finished [2] KrbFastFinished OPTIONAL, nonce [3] UInt32 }
/// ```
#[derive(Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct KrbFastResponse<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) padata: MethodData<'a>,
    #[asn1(context_specific = "1", optional = "true")]
    pub(crate) strengthen_key: Option<EncryptionKey<'a>>,
    #[asn1(context_specific = "2", optional = "true")]
    pub(crate) finished: Option<KrbFastFinished<'a>>,
    #[asn1(context_specific = "3")]
    pub(crate) nonce: i64,
}

decode_fields!(KrbFastResponse<'a> {
    padata: required 0,
    strengthen_key: optional 1,
    finished: optional 2,
    nonce: required 3,
});

/// ```text
/// KrbFastFinished ::= SEQUENCE { timestamp [0] KerberosTime, usec [1] Microseconds, crealm [2] Realm,
///                                cname [3] PrincipalName, ticket-checksum [4] Checksum }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct KrbFastFinished<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) timestamp: KerberosTime,
    #[asn1(context_specific = "1")]
    pub(crate) usec: Microseconds,
    #[asn1(context_specific = "2")]
    pub(crate) crealm: KerberosString<'a>,
    #[asn1(context_specific = "3")]
    pub(crate) cname: PrincipalName<'a>,
    #[asn1(context_specific = "4")]
    pub(crate) ticket_checksum: Checksum<'a>,
}

decode_fields!(KrbFastFinished<'a> {
    timestamp: required 0,
    usec: required 1,
    crealm: required 2,
    cname: required 3,
    ticket_checksum: required 4,
});
