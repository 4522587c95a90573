//! The client's name, where it lies.

use core::ops::Range;

use super::plaintext::Plaintext;
use crate::{
    Principal,
    der::{KerberosString, PrincipalName, SequenceOf},
};

/// Where the parts of a name are in a [`Plaintext`].
#[derive(Debug, Clone)]
pub(super) struct NameRanges {
    name_type: i32,
    components: Range<usize>,
    realm: Range<usize>,
}

impl NameRanges {
    pub(super) fn of(plaintext: &Plaintext<'_>, name: &PrincipalName<'_>, realm: KerberosString<'_>) -> Self {
        Self {
            name_type: name.name_type,
            components: plaintext.find(name.name_string.contents()),
            realm: plaintext.find(realm.as_bytes()),
        }
    }

    /// Whether this is `name` in `realm`. Texts have one encoding: their bytes are compared as they lie.
    pub(super) fn is(
        &self,
        plaintext: &Plaintext<'_>,
        name: &PrincipalName<'_>,
        realm: KerberosString<'_>,
    ) -> bool {
        plaintext.get(&self.components) == name.name_string.contents()
            && plaintext.get(&self.realm) == realm.as_bytes()
    }

    /// The name without its realm.
    pub(super) fn name<'p>(&self, plaintext: &'p Plaintext<'_>) -> PrincipalName<'p> {
        PrincipalName {
            name_type: self.name_type,
            name_string: SequenceOf::Read(plaintext.get(&self.components)),
        }
    }

    /// The realm.
    pub(super) fn realm<'p>(&self, plaintext: &'p Plaintext<'_>) -> KerberosString<'p> {
        KerberosString::again(plaintext.get(&self.realm))
    }

    /// The whole name.
    pub(super) fn principal(&self, plaintext: &Plaintext<'_>) -> Principal {
        self.name(plaintext).in_realm(self.realm(plaintext))
    }
}
