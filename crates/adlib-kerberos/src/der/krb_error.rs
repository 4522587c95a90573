//! What is said in place of an answer (RFC 4120 5.9.1).

use ::der::{EncodeValue, asn1::AnyRef};

use super::{
    Application, KerberosString, KerberosTime, Microseconds, Octets, PrincipalName, fields::decode_fields,
};

/// `KRB-ERROR ::= [APPLICATION 30] SEQUENCE`.
pub(crate) type KrbErrorMessage<'a> = Application<30, KrbErrorBody<'a>>;

/// ```text
/// SEQUENCE {
///     pvno [0] INTEGER (5), msg-type [1] INTEGER (30), ctime [2] KerberosTime OPTIONAL,
///     cusec [3] Microseconds OPTIONAL, stime [4] KerberosTime, susec [5] Microseconds, error-code [6] Int32,
///     crealm [7] Realm OPTIONAL, cname [8] PrincipalName OPTIONAL, realm [9] Realm, sname [10] PrincipalName,
///     e-text [11] KerberosString OPTIONAL, e-data [12] OCTET STRING OPTIONAL }
/// ```
///
/// The text is not looked into: an unreadable reason is still a refusal.
#[derive(Debug, Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct KrbErrorBody<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) pvno: i32,
    #[asn1(context_specific = "1")]
    pub(crate) msg_type: i32,
    #[asn1(context_specific = "2", optional = "true")]
    pub(crate) ctime: Option<KerberosTime>,
    #[asn1(context_specific = "3", optional = "true")]
    pub(crate) cusec: Option<Microseconds>,
    #[asn1(context_specific = "4")]
    pub(crate) stime: KerberosTime,
    #[asn1(context_specific = "5")]
    pub(crate) susec: Microseconds,
    #[asn1(context_specific = "6")]
    pub(crate) error_code: i32,
    #[asn1(context_specific = "7", optional = "true")]
    pub(crate) crealm: Option<KerberosString<'a>>,
    #[asn1(context_specific = "8", optional = "true")]
    pub(crate) cname: Option<PrincipalName<'a>>,
    #[asn1(context_specific = "9")]
    pub(crate) realm: KerberosString<'a>,
    #[asn1(context_specific = "10")]
    pub(crate) sname: PrincipalName<'a>,
    #[asn1(context_specific = "11", optional = "true")]
    pub(crate) e_text: Option<AnyRef<'a>>,
    #[asn1(context_specific = "12", optional = "true")]
    pub(crate) e_data: Option<Octets<'a>>,
}

decode_fields!(KrbErrorBody<'a> {
    pvno: required 0,
    msg_type: required 1,
    ctime: optional 2,
    cusec: optional 3,
    stime: required 4,
    susec: required 5,
    error_code: required 6,
    crealm: optional 7,
    cname: optional 8,
    realm: required 9,
    sname: required 10,
    e_text: any 11,
    e_data: optional 12,
});

impl KrbErrorBody<'_> {
    /// The message type of a KRB-ERROR.
    pub(crate) const MESSAGE_TYPE: i32 = 30;
}
