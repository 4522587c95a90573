//! Tickets (RFC 4120 5.3).

use ::der::EncodeValue;

use super::{
    Application, AuthorizationData, EncryptedData, EncryptionKey, KerberosFlags, KerberosString,
    KerberosTime, Octets, PrincipalName, SequenceOf, fields::decode_fields,
};

/// `Ticket ::= [APPLICATION 1] SEQUENCE`.
pub(crate) type Ticket<'a> = Application<1, TicketBody<'a>>;

/// ```text
/// SEQUENCE { tkt-vno [0] INTEGER (5), realm [1] Realm, sname [2] PrincipalName, enc-part [3] EncryptedData }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct TicketBody<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) tkt_vno: i32,
    #[asn1(context_specific = "1")]
    pub(crate) realm: KerberosString<'a>,
    #[asn1(context_specific = "2")]
    pub(crate) sname: PrincipalName<'a>,
    #[asn1(context_specific = "3")]
    pub(crate) enc_part: EncryptedData<'a>,
}

decode_fields!(TicketBody<'a> {
    tkt_vno: required 0,
    realm: required 1,
    sname: required 2,
    enc_part: required 3,
});

/// `EncTicketPart ::= [APPLICATION 3] SEQUENCE`: what the service's key opens.
pub(crate) type EncTicketPart<'a> = Application<3, EncTicketPartBody<'a>>;

/// ```text
/// SEQUENCE {
///     flags [0] TicketFlags, key [1] EncryptionKey, crealm [2] Realm, cname [3] PrincipalName,
///     transited [4] TransitedEncoding, authtime [5] KerberosTime, starttime [6] KerberosTime OPTIONAL,
///     endtime [7] KerberosTime, renew-till [8] KerberosTime OPTIONAL, caddr [9] HostAddresses OPTIONAL,
///     authorization-data [10] AuthorizationData OPTIONAL }
/// ```
#[derive(Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct EncTicketPartBody<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) flags: KerberosFlags,
    #[asn1(context_specific = "1")]
    pub(crate) key: EncryptionKey<'a>,
    #[asn1(context_specific = "2")]
    pub(crate) crealm: KerberosString<'a>,
    #[asn1(context_specific = "3")]
    pub(crate) cname: PrincipalName<'a>,
    #[asn1(context_specific = "4")]
    pub(crate) transited: TransitedEncoding<'a>,
    #[asn1(context_specific = "5")]
    pub(crate) authtime: KerberosTime,
    #[asn1(context_specific = "6", optional = "true")]
    pub(crate) starttime: Option<KerberosTime>,
    #[asn1(context_specific = "7")]
    pub(crate) endtime: KerberosTime,
    #[asn1(context_specific = "8", optional = "true")]
    pub(crate) renew_till: Option<KerberosTime>,
    #[asn1(context_specific = "9", optional = "true")]
    pub(crate) caddr: Option<SequenceOf<'a, HostAddress<'a>>>,
    #[asn1(context_specific = "10", optional = "true")]
    pub(crate) authorization_data: Option<AuthorizationData<'a>>,
}

decode_fields!(EncTicketPartBody<'a> {
    flags: required 0,
    key: required 1,
    crealm: required 2,
    cname: required 3,
    transited: required 4,
    authtime: required 5,
    starttime: optional 6,
    endtime: required 7,
    renew_till: optional 8,
    caddr: optional 9,
    authorization_data: optional 10,
});

/// The realms that took part in authenticating the client.
///
/// ```text
/// TransitedEncoding ::= SEQUENCE { tr-type [0] Int32, contents [1] OCTET STRING }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct TransitedEncoding<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) tr_type: i32,
    #[asn1(context_specific = "1")]
    pub(crate) contents: Octets<'a>,
}

decode_fields!(TransitedEncoding<'a> { tr_type: required 0, contents: required 1 });

/// ```text
/// HostAddress ::= SEQUENCE { addr-type [0] Int32, address [1] OCTET STRING }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct HostAddress<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) addr_type: i32,
    #[asn1(context_specific = "1")]
    pub(crate) address: Octets<'a>,
}

decode_fields!(HostAddress<'a> { addr_type: required 0, address: required 1 });
