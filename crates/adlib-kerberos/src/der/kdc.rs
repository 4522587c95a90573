//! The client's messages to a KDC and its answers (RFC 4120 5.4).

use alloc::vec::Vec;

use ::der::EncodeValue;

use super::{
    Application, EncryptedData, EncryptionKey, HostAddress, KerberosFlags, KerberosString, KerberosTime,
    MethodData, PrincipalName, Ticket, fields::decode_fields,
};

/// `AS-REQ ::= [APPLICATION 10] KDC-REQ`: for a ticket by a long-term key.
pub(crate) type AsReq<'a> = Application<10, KdcReqBody<'a>>;
/// `AS-REP ::= [APPLICATION 11] KDC-REP`.
pub(crate) type AsRep<'a> = Application<11, KdcRepBody<'a>>;
/// `TGS-REQ ::= [APPLICATION 12] KDC-REQ`: for a ticket by a ticket-granting ticket.
pub(crate) type TgsReq<'a> = Application<12, KdcReqBody<'a>>;
/// `TGS-REP ::= [APPLICATION 13] KDC-REP`.
pub(crate) type TgsRep<'a> = Application<13, KdcRepBody<'a>>;

/// ```text
/// KDC-REQ ::= SEQUENCE { pvno [1] INTEGER (5), msg-type [2] INTEGER (10 | 12),
///                        padata [3] SEQUENCE OF PA-DATA OPTIONAL, req-body [4] KDC-REQ-BODY }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct KdcReqBody<'a> {
    #[asn1(context_specific = "1")]
    pub(crate) pvno: i32,
    #[asn1(context_specific = "2")]
    pub(crate) msg_type: i32,
    #[asn1(context_specific = "3", optional = "true")]
    pub(crate) padata: Option<MethodData<'a>>,
    #[asn1(context_specific = "4")]
    pub(crate) req_body: ReqBody<'a>,
}

decode_fields!(KdcReqBody<'a> {
    pvno: required 1,
    msg_type: required 2,
    padata: optional 3,
    req_body: required 4,
});

/// What is asked for.
///
/// ```text
/// KDC-REQ-BODY ::= SEQUENCE {
///     kdc-options [0] KDCOptions, cname [1] PrincipalName OPTIONAL, realm [2] Realm, sname [3] PrincipalName OPTIONAL,
///     from [4] KerberosTime OPTIONAL, till [5] KerberosTime, rtime [6] KerberosTime OPTIONAL, nonce [7] UInt32,
///     etype [8] SEQUENCE OF Int32, addresses [9] HostAddresses OPTIONAL,
///     enc-authorization-data [10] EncryptedData OPTIONAL, additional-tickets [11] SEQUENCE OF Ticket OPTIONAL }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct ReqBody<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) kdc_options: KerberosFlags,
    #[asn1(context_specific = "1", optional = "true")]
    pub(crate) cname: Option<PrincipalName<'a>>,
    #[asn1(context_specific = "2")]
    pub(crate) realm: KerberosString<'a>,
    #[asn1(context_specific = "3", optional = "true")]
    pub(crate) sname: Option<PrincipalName<'a>>,
    #[asn1(context_specific = "4", optional = "true")]
    pub(crate) from: Option<KerberosTime>,
    #[asn1(context_specific = "5")]
    pub(crate) till: KerberosTime,
    #[asn1(context_specific = "6", optional = "true")]
    pub(crate) rtime: Option<KerberosTime>,
    #[asn1(context_specific = "7")]
    pub(crate) nonce: u32,
    #[asn1(context_specific = "8")]
    pub(crate) etype: Vec<i32>,
    #[asn1(context_specific = "9", optional = "true")]
    pub(crate) addresses: Option<Vec<HostAddress<'a>>>,
    #[asn1(context_specific = "10", optional = "true")]
    pub(crate) enc_authorization_data: Option<EncryptedData<'a>>,
    #[asn1(context_specific = "11", optional = "true")]
    pub(crate) additional_tickets: Option<Vec<Ticket<'a>>>,
}

decode_fields!(ReqBody<'a> {
    kdc_options: required 0,
    cname: optional 1,
    realm: required 2,
    sname: optional 3,
    from: optional 4,
    till: required 5,
    rtime: optional 6,
    nonce: required 7,
    etype: required 8,
    addresses: optional 9,
    enc_authorization_data: optional 10,
    additional_tickets: optional 11,
});

impl ReqBody<'_> {
    /// `KDCOptions`: the KDC may change names to the ones that it has registered, and refer to other realms
    /// (RFC 6806 3).
    pub(crate) const CANONICALIZE: u32 = 15;
}

/// ```text
/// KDC-REP ::= SEQUENCE { pvno [0] INTEGER (5), msg-type [1] INTEGER (11 | 13),
///                        padata [2] SEQUENCE OF PA-DATA OPTIONAL, crealm [3] Realm, cname [4] PrincipalName,
///                        ticket [5] Ticket, enc-part [6] EncryptedData }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct KdcRepBody<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) pvno: i32,
    #[asn1(context_specific = "1")]
    pub(crate) msg_type: i32,
    #[asn1(context_specific = "2", optional = "true")]
    pub(crate) padata: Option<MethodData<'a>>,
    #[asn1(context_specific = "3")]
    pub(crate) crealm: KerberosString<'a>,
    #[asn1(context_specific = "4")]
    pub(crate) cname: PrincipalName<'a>,
    #[asn1(context_specific = "5")]
    pub(crate) ticket: Ticket<'a>,
    #[asn1(context_specific = "6")]
    pub(crate) enc_part: EncryptedData<'a>,
}

decode_fields!(KdcRepBody<'a> {
    pvno: required 0,
    msg_type: required 1,
    padata: optional 2,
    crealm: required 3,
    cname: required 4,
    ticket: required 5,
    enc_part: required 6,
});

/// `EncASRepPart ::= [APPLICATION 25] EncKDCRepPart`.
pub(crate) type EncAsRepPart<'a> = Application<25, EncKdcRepPart<'a>>;
/// `EncTGSRepPart ::= [APPLICATION 26] EncKDCRepPart`. Some KDCs write it in an AS-REP too (RFC 4120 5.4.2).
pub(crate) type EncTgsRepPart<'a> = Application<26, EncKdcRepPart<'a>>;

/// What the client's key opens: the session key, and what the KDC did.
///
/// ```text
/// EncKDCRepPart ::= SEQUENCE {
///     key [0] EncryptionKey, last-req [1] LastReq, nonce [2] UInt32, key-expiration [3] KerberosTime OPTIONAL,
///     flags [4] TicketFlags, authtime [5] KerberosTime, starttime [6] KerberosTime OPTIONAL, endtime [7] KerberosTime,
///     renew-till [8] KerberosTime OPTIONAL, srealm [9] Realm, sname [10] PrincipalName,
///     caddr [11] HostAddresses OPTIONAL, encrypted-pa-data [12] SEQUENCE OF PA-DATA OPTIONAL }
/// ```
///
/// The nonce is read as wide as it may come: some controllers write it as a negative number.
#[derive(Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct EncKdcRepPart<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) key: EncryptionKey<'a>,
    #[asn1(context_specific = "1")]
    pub(crate) last_req: Vec<LastReqEntry>,
    #[asn1(context_specific = "2")]
    pub(crate) nonce: i64,
    #[asn1(context_specific = "3", optional = "true")]
    pub(crate) key_expiration: Option<KerberosTime>,
    #[asn1(context_specific = "4")]
    pub(crate) flags: KerberosFlags,
    #[asn1(context_specific = "5")]
    pub(crate) authtime: KerberosTime,
    #[asn1(context_specific = "6", optional = "true")]
    pub(crate) starttime: Option<KerberosTime>,
    #[asn1(context_specific = "7")]
    pub(crate) endtime: KerberosTime,
    #[asn1(context_specific = "8", optional = "true")]
    pub(crate) renew_till: Option<KerberosTime>,
    #[asn1(context_specific = "9")]
    pub(crate) srealm: KerberosString<'a>,
    #[asn1(context_specific = "10")]
    pub(crate) sname: PrincipalName<'a>,
    #[asn1(context_specific = "11", optional = "true")]
    pub(crate) caddr: Option<Vec<HostAddress<'a>>>,
    #[asn1(context_specific = "12", optional = "true")]
    pub(crate) encrypted_pa_data: Option<MethodData<'a>>,
}

decode_fields!(EncKdcRepPart<'a> {
    key: required 0,
    last_req: required 1,
    nonce: required 2,
    key_expiration: optional 3,
    flags: required 4,
    authtime: required 5,
    starttime: optional 6,
    endtime: required 7,
    renew_till: optional 8,
    srealm: required 9,
    sname: required 10,
    caddr: optional 11,
    encrypted_pa_data: optional 12,
});

/// ```text
/// LastReq ::= SEQUENCE OF SEQUENCE { lr-type [0] Int32, lr-value [1] KerberosTime }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, EncodeValue)]
pub(crate) struct LastReqEntry {
    #[asn1(context_specific = "0")]
    pub(crate) lr_type: i32,
    #[asn1(context_specific = "1")]
    pub(crate) lr_value: KerberosTime,
}

decode_fields!(LastReqEntry {
    lr_type: required 0,
    lr_value: required 1,
});
