//! The client's message to the service and its answer (RFC 4120 5.5).

use ::der::EncodeValue;

use super::{
    Application, AuthorizationData, Checksum, EncryptedData, EncryptionKey, KerberosFlags, KerberosString,
    KerberosTime, Microseconds, PrincipalName, Ticket, fields::decode_fields,
};

/// `AP-REQ ::= [APPLICATION 14] SEQUENCE`.
pub(crate) type ApReq<'a> = Application<14, ApReqBody<'a>>;

/// ```text
/// SEQUENCE { pvno [0] INTEGER (5), msg-type [1] INTEGER (14), ap-options [2] APOptions,
///            ticket [3] Ticket, authenticator [4] EncryptedData }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct ApReqBody<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) pvno: i32,
    #[asn1(context_specific = "1")]
    pub(crate) msg_type: i32,
    #[asn1(context_specific = "2")]
    pub(crate) ap_options: KerberosFlags,
    #[asn1(context_specific = "3")]
    pub(crate) ticket: Ticket<'a>,
    #[asn1(context_specific = "4")]
    pub(crate) authenticator: EncryptedData<'a>,
}

decode_fields!(ApReqBody<'a> {
    pvno: required 0,
    msg_type: required 1,
    ap_options: required 2,
    ticket: required 3,
    authenticator: required 4,
});

impl ApReqBody<'_> {
    /// The message type of an AP-REQ.
    pub(crate) const MESSAGE_TYPE: i32 = 14;
    /// `APOptions`: the ticket is encrypted with the session key of a ticket-granting ticket.
    pub(crate) const USE_SESSION_KEY: u32 = 1;
    /// `APOptions`: the client wants an AP-REP.
    pub(crate) const MUTUAL_REQUIRED: u32 = 2;
}

/// `Authenticator ::= [APPLICATION 2] SEQUENCE`: what the session key opens.
pub(crate) type Authenticator<'a> = Application<2, AuthenticatorBody<'a>>;

/// ```text
/// SEQUENCE {
///     authenticator-vno [0] INTEGER (5), crealm [1] Realm, cname [2] PrincipalName, cksum [3] Checksum OPTIONAL,
///     cusec [4] Microseconds, ctime [5] KerberosTime, subkey [6] EncryptionKey OPTIONAL,
///     seq-number [7] UInt32 OPTIONAL, authorization-data [8] AuthorizationData OPTIONAL }
/// ```
///
/// The sequence number is read as wide as it may come: some implementations write it as a negative number.
#[derive(Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct AuthenticatorBody<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) authenticator_vno: i32,
    #[asn1(context_specific = "1")]
    pub(crate) crealm: KerberosString<'a>,
    #[asn1(context_specific = "2")]
    pub(crate) cname: PrincipalName<'a>,
    #[asn1(context_specific = "3", optional = "true")]
    pub(crate) cksum: Option<Checksum<'a>>,
    #[asn1(context_specific = "4")]
    pub(crate) cusec: Microseconds,
    #[asn1(context_specific = "5")]
    pub(crate) ctime: KerberosTime,
    #[asn1(context_specific = "6", optional = "true")]
    pub(crate) subkey: Option<EncryptionKey<'a>>,
    #[asn1(context_specific = "7", optional = "true")]
    pub(crate) seq_number: Option<i64>,
    #[asn1(context_specific = "8", optional = "true")]
    pub(crate) authorization_data: Option<AuthorizationData<'a>>,
}

decode_fields!(AuthenticatorBody<'a> {
    authenticator_vno: required 0,
    crealm: required 1,
    cname: required 2,
    cksum: optional 3,
    cusec: required 4,
    ctime: required 5,
    subkey: optional 6,
    seq_number: optional 7,
    authorization_data: optional 8,
});

impl AuthenticatorBody<'_> {
    /// The sequence number as 32 bits; 0 when there is none.
    pub(crate) fn sequence(&self) -> u32 {
        low_bits(self.seq_number)
    }
}

/// The low 32 bits of a sequence number, however it was written.
fn low_bits(number: Option<i64>) -> u32 {
    let [.., a, b, c, d] = number.unwrap_or(0).to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// `AP-REP ::= [APPLICATION 15] SEQUENCE`.
pub(crate) type ApRep<'a> = Application<15, ApRepBody<'a>>;

/// ```text
/// SEQUENCE { pvno [0] INTEGER (5), msg-type [1] INTEGER (15), enc-part [2] EncryptedData }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct ApRepBody<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) pvno: i32,
    #[asn1(context_specific = "1")]
    pub(crate) msg_type: i32,
    #[asn1(context_specific = "2")]
    pub(crate) enc_part: EncryptedData<'a>,
}

decode_fields!(ApRepBody<'a> {
    pvno: required 0,
    msg_type: required 1,
    enc_part: required 2,
});

impl ApRepBody<'_> {
    /// The message type of an AP-REP.
    pub(crate) const MESSAGE_TYPE: i32 = 15;
}

/// `EncAPRepPart ::= [APPLICATION 27] SEQUENCE`: the proof that the service could read the ticket.
pub(crate) type EncApRepPart<'a> = Application<27, EncApRepPartBody<'a>>;

/// ```text
/// SEQUENCE { ctime [0] KerberosTime, cusec [1] Microseconds, subkey [2] EncryptionKey OPTIONAL,
///            seq-number [3] UInt32 OPTIONAL }
/// ```
#[derive(Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct EncApRepPartBody<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) ctime: KerberosTime,
    #[asn1(context_specific = "1")]
    pub(crate) cusec: Microseconds,
    #[asn1(context_specific = "2", optional = "true")]
    pub(crate) subkey: Option<EncryptionKey<'a>>,
    #[asn1(context_specific = "3", optional = "true")]
    pub(crate) seq_number: Option<i64>,
}

decode_fields!(EncApRepPartBody<'a> {
    ctime: required 0,
    cusec: required 1,
    subkey: optional 2,
    seq_number: optional 3,
});

impl EncApRepPartBody<'_> {
    /// The sequence number as 32 bits; 0 when there is none.
    pub(crate) fn sequence(&self) -> u32 {
        low_bits(self.seq_number)
    }
}
