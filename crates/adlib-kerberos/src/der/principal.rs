//! Names of principals (RFC 4120 5.2.2).

use alloc::{string::String, vec::Vec};

use ::der::EncodeValue;

use super::{KerberosString, SequenceOf, fields::decode_fields};
use crate::Principal;

/// A name without its realm.
///
/// ```text
/// PrincipalName ::= SEQUENCE { name-type [0] Int32, name-string [1] SEQUENCE OF KerberosString }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, EncodeValue)]
pub(crate) struct PrincipalName<'a> {
    #[asn1(context_specific = "0")]
    pub(crate) name_type: i32,
    #[asn1(context_specific = "1")]
    pub(crate) name_string: SequenceOf<'a, KerberosString<'a>>,
}

decode_fields!(PrincipalName<'a> { name_type: required 0, name_string: required 1 });

impl<'a> PrincipalName<'a> {
    /// The principal of this name in `realm`.
    pub(crate) fn in_realm(&self, realm: KerberosString<'_>) -> Principal {
        let components: Vec<String> = self.components().map(String::from).collect();
        Principal::new(self.name_type, components, realm.text())
    }

    /// The components of the name, as they lie.
    pub(crate) fn octets(&self) -> impl Iterator<Item = &'a [u8]> + Clone {
        self.name_string.iter().map(|part| part.as_bytes())
    }

    /// The components of the name.
    pub(crate) fn components(&self) -> impl Iterator<Item = &'a str> + Clone {
        self.name_string.iter().map(|part| part.text())
    }
}

impl<'a> From<&'a Principal> for PrincipalName<'a> {
    fn from(principal: &'a Principal) -> Self {
        let components = principal.components().iter();
        Self {
            name_type: principal.name_type(),
            name_string: SequenceOf::Made(components.map(|part| KerberosString::new(part)).collect()),
        }
    }
}
