//! Credentials for somebody else (RFC 4120 5.8).

use ::der::EncodeValue;

use super::{
    Application, EncryptedData, EncryptionKey, HostAddress, KerberosFlags, KerberosString, KerberosTime,
    Microseconds, PrincipalName, SequenceOf, Ticket, fields::decode_fields,
};

/// `KRB-CRED ::= [APPLICATION 22] SEQUENCE`.
pub(crate) type KrbCred<'a> = Application<22, KrbCredBody<'a>>;

/// ```text
/// SEQUENCE { pvno [0] INTEGER (5), msg-type [1] INTEGER (22), tickets [2] SEQUENCE OF Ticket,
///            enc-part [3] EncryptedData }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct KrbCredBody<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) pvno: i32,
    #[asn1(context_specific = "1")]
    pub(crate) msg_type: i32,
    #[asn1(context_specific = "2")]
    pub(crate) tickets: SequenceOf<'a, Ticket<'a>>,
    #[asn1(context_specific = "3")]
    pub(crate) enc_part: EncryptedData<'a>,
}

decode_fields!(KrbCredBody<'a> {
    pvno: required 0,
    msg_type: required 1,
    tickets: required 2,
    enc_part: required 3,
});

impl KrbCredBody<'_> {
    /// The message type of a KRB-CRED.
    pub(crate) const MESSAGE_TYPE: i32 = 22;
}

/// `EncKrbCredPart ::= [APPLICATION 29] SEQUENCE`.
pub(crate) type EncKrbCredPart<'a> = Application<29, EncKrbCredPartBody<'a>>;

/// ```text
/// SEQUENCE {
///     ticket-info [0] SEQUENCE OF KrbCredInfo, nonce [1] UInt32 OPTIONAL, timestamp [2] KerberosTime OPTIONAL,
///     usec [3] Microseconds OPTIONAL, s-address [4] HostAddress OPTIONAL, r-address [5] HostAddress OPTIONAL }
/// ```
#[derive(Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct EncKrbCredPartBody<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) ticket_info: SequenceOf<'a, KrbCredInfo<'a>>,
    #[asn1(context_specific = "1", optional = "true")]
    pub(crate) nonce: Option<i64>,
    #[asn1(context_specific = "2", optional = "true")]
    pub(crate) timestamp: Option<KerberosTime>,
    #[asn1(context_specific = "3", optional = "true")]
    pub(crate) usec: Option<Microseconds>,
    #[asn1(context_specific = "4", optional = "true")]
    pub(crate) s_address: Option<HostAddress<'a>>,
    #[asn1(context_specific = "5", optional = "true")]
    pub(crate) r_address: Option<HostAddress<'a>>,
}

decode_fields!(EncKrbCredPartBody<'a> {
    ticket_info: required 0,
    nonce: optional 1,
    timestamp: optional 2,
    usec: optional 3,
    s_address: optional 4,
    r_address: optional 5,
});

/// What goes with one of the tickets.
///
/// ```text
/// KrbCredInfo ::= SEQUENCE {
///     key [0] EncryptionKey, prealm [1] Realm OPTIONAL, pname [2] PrincipalName OPTIONAL,
///     flags [3] TicketFlags OPTIONAL, authtime [4], starttime [5], endtime [6], renew-till [7] KerberosTime OPTIONAL,
///     srealm [8] Realm OPTIONAL, sname [9] PrincipalName OPTIONAL, caddr [10] HostAddresses OPTIONAL }
/// ```
#[derive(Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct KrbCredInfo<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) key: EncryptionKey<'a>,
    #[asn1(context_specific = "1", optional = "true")]
    pub(crate) prealm: Option<KerberosString<'a>>,
    #[asn1(context_specific = "2", optional = "true")]
    pub(crate) pname: Option<PrincipalName<'a>>,
    #[asn1(context_specific = "3", optional = "true")]
    pub(crate) flags: Option<KerberosFlags>,
    #[asn1(context_specific = "4", optional = "true")]
    pub(crate) authtime: Option<KerberosTime>,
    #[asn1(context_specific = "5", optional = "true")]
    pub(crate) starttime: Option<KerberosTime>,
    #[asn1(context_specific = "6", optional = "true")]
    pub(crate) endtime: Option<KerberosTime>,
    #[asn1(context_specific = "7", optional = "true")]
    pub(crate) renew_till: Option<KerberosTime>,
    #[asn1(context_specific = "8", optional = "true")]
    pub(crate) srealm: Option<KerberosString<'a>>,
    #[asn1(context_specific = "9", optional = "true")]
    pub(crate) sname: Option<PrincipalName<'a>>,
    #[asn1(context_specific = "10", optional = "true")]
    pub(crate) caddr: Option<SequenceOf<'a, HostAddress<'a>>>,
}

decode_fields!(KrbCredInfo<'a> {
    key: required 0,
    prealm: optional 1,
    pname: optional 2,
    flags: optional 3,
    authtime: optional 4,
    starttime: optional 5,
    endtime: optional 6,
    renew_till: optional 7,
    srealm: optional 8,
    sname: optional 9,
    caddr: optional 10,
});
