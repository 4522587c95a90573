//! Asking a peer for its ticket-granting ticket (draft-swift-win2k-krb-user2user 3): what Windows sends for a service
//! that has no key of its own.

use ::der::EncodeValue;

use super::{KerberosString, PrincipalName, Ticket, fields::decode_fields};

/// ```text
/// KERB-TGT-REQUEST ::= SEQUENCE { pvno [0] INTEGER (5), msg-type [1] INTEGER (16), server-name [2] PrincipalName OPTIONAL,
///                                 realm [3] Realm OPTIONAL }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct TgtRequest<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) pvno: i32,
    #[asn1(context_specific = "1")]
    pub(crate) msg_type: i32,
    #[asn1(context_specific = "2", optional = "true")]
    pub(crate) server_name: Option<PrincipalName<'a>>,
    #[asn1(context_specific = "3", optional = "true")]
    pub(crate) realm: Option<KerberosString<'a>>,
}

decode_fields!(TgtRequest<'a> {
    pvno: required 0,
    msg_type: required 1,
    server_name: optional 2,
    realm: optional 3,
});

/// ```text
/// KERB-TGT-REPLY ::= SEQUENCE { pvno [0] INTEGER (5), msg-type [1] INTEGER (17), ticket [2] Ticket }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct TgtReply<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) pvno: i32,
    #[asn1(context_specific = "1")]
    pub(crate) msg_type: i32,
    #[asn1(context_specific = "2")]
    pub(crate) ticket: Ticket<'a>,
}

decode_fields!(TgtReply<'a> {
    pvno: required 0,
    msg_type: required 1,
    ticket: required 2,
});
