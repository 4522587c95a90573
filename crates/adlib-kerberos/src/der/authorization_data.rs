//! Authorization data (RFC 4120 5.2.6).

use ::der::EncodeValue;

use super::{Octets, SequenceOf, fields::decode_fields};

/// ```text
/// AuthorizationData ::= SEQUENCE OF SEQUENCE { ad-type [0] Int32, ad-data [1] OCTET STRING }
/// ```
pub(crate) type AuthorizationData<'a> = SequenceOf<'a, AuthorizationDatum<'a>>;

/// One element of authorization data.
#[derive(Debug, Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct AuthorizationDatum<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) ad_type: i32,
    #[asn1(context_specific = "1")]
    pub(crate) ad_data: Octets<'a>,
}

decode_fields!(AuthorizationDatum<'a> { ad_type: required 0, ad_data: required 1 });
