//! Armour around the messages to a KDC (RFC 6113 5.4).

use ::der::{
    Decode, DecodeValue, Encode, EncodeValue, Error, FixedTag, Header, Length, Reader, Sequence, Tag,
    TagNumber, Writer,
};

use super::{
    Checksum, EncryptedData, EncryptionKey, KerberosFlags, KerberosString, KerberosTime, MethodData,
    Microseconds, Octets, PrincipalName, ReqBody,
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

impl<'a, T: Decode<'a, Error = Error>> DecodeValue<'a> for Armored<T> {
    type Error = Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, _header: Header) -> Result<Self, Error> {
        T::decode(reader).map(Self)
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
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(crate) struct KrbFastArmor<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) armor_type: i32,
    #[asn1(context_specific = "1")]
    pub(crate) armor_value: Octets<'a>,
}

impl KrbFastArmor<'_> {
    /// `FX_FAST_ARMOR_AP_REQUEST`: the armour is made of a ticket.
    pub(crate) const AP_REQUEST: i32 = 1;
}

/// ```text
/// KrbFastArmoredReq ::= SEQUENCE { armor [0] KrbFastArmor OPTIONAL, req-checksum [1] Checksum,
///                                  enc-fast-req [2] EncryptedData }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(crate) struct KrbFastArmoredReq<'a> {
    #[asn1(context_specific = "0", optional = "true")]
    pub(crate) armor: Option<KrbFastArmor<'a>>,
    #[asn1(context_specific = "1")]
    pub(crate) req_checksum: Checksum<'a>,
    #[asn1(context_specific = "2")]
    pub(crate) enc_fast_req: EncryptedData<'a>,
}

/// ```text
/// KrbFastReq ::= SEQUENCE { fast-options [0] FastOptions, padata [1] SEQUENCE OF PA-DATA, req-body [2] KDC-REQ-BODY }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(crate) struct KrbFastReq<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) fast_options: KerberosFlags,
    #[asn1(context_specific = "1")]
    pub(crate) padata: MethodData<'a>,
    #[asn1(context_specific = "2")]
    pub(crate) req_body: ReqBody<'a>,
}

/// ```text
/// KrbFastArmoredRep ::= SEQUENCE { enc-fast-rep [0] EncryptedData }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(crate) struct KrbFastArmoredRep<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) enc_fast_rep: EncryptedData<'a>,
}

/// ```text
/// KrbFastResponse ::= SEQUENCE { padata [0] SEQUENCE OF PA-DATA, strengthen-key [1] EncryptionKey OPTIONAL,
///                                finished [2] KrbFastFinished OPTIONAL, nonce [3] UInt32 }
/// ```
#[derive(Clone, PartialEq, Eq, Sequence)]
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

/// ```text
/// KrbFastFinished ::= SEQUENCE { timestamp [0] KerberosTime, usec [1] Microseconds, crealm [2] Realm,
///                                cname [3] PrincipalName, ticket-checksum [4] Checksum }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
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
