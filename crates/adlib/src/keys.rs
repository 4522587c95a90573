//! The service's own keys.

use std::sync::{Arc, PoisonError, RwLock};

use adlib_kerberos::{Keytab, KeytabError, ReloadableKeytab};

/// The service's own keys, replaced while running for all who verify with them.
#[derive(Clone)]
pub(crate) struct Keys(Arc<RwLock<ReloadableKeytab>>);

impl From<Keytab> for Keys {
    fn from(keytab: Keytab) -> Self {
        Self(Arc::new(RwLock::new(keytab.into())))
    }
}

impl Keys {
    /// Use the keys of `file`, a keytab's content, from now on; a broken one leaves those that were in force.
    pub(crate) fn reload(&self, file: &[u8]) -> Result<(), KeytabError> {
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .reload(file)
    }

    /// Those in force.
    pub(crate) fn keytab(&self) -> Keytab {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        keys.keytab().clone()
    }
}
