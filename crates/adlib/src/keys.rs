//! The service's own keys.

#[cfg(feature = "signin")]
use std::sync::Mutex;
use std::sync::{Arc, PoisonError, RwLock};

#[cfg(feature = "signin")]
use adlib_kdc::OwnAccount;
use adlib_kerberos::{Keytab, KeytabError, ReloadableKeytab};

/// The service's own keys, replaced while running for all who verify with them.
#[derive(Clone)]
pub(crate) struct Keys(Arc<Inner>);

struct Inner {
    keytab: RwLock<ReloadableKeytab>,
    /// The accounts that prove themselves with keys of the keytab, and for which principal these are.
    #[cfg(feature = "signin")]
    accounts: Mutex<Vec<(Arc<OwnAccount>, String)>>,
}

impl From<Keytab> for Keys {
    fn from(keytab: Keytab) -> Self {
        Self(Arc::new(Inner {
            keytab: RwLock::new(keytab.into()),
            #[cfg(feature = "signin")]
            accounts: Mutex::default(),
        }))
    }
}

impl Keys {
    /// Use the keys of `file`, a keytab's content, from now on; a broken one leaves those that were in force.
    pub(crate) fn reload(&self, file: &[u8]) -> Result<(), KeytabError> {
        let mut keytab = self.0.keytab.write().unwrap_or_else(PoisonError::into_inner);
        keytab.reload(file)?;
        #[cfg(feature = "signin")]
        for (account, principal) in &*self.0.accounts.lock().unwrap_or_else(PoisonError::into_inner) {
            account.replace_keys(keytab.keytab(), principal);
        }
        Ok(())
    }

    /// Those in force.
    pub(crate) fn keytab(&self) -> Keytab {
        let keys = self.0.keytab.read().unwrap_or_else(PoisonError::into_inner);
        keys.keytab().clone()
    }

    /// Prove `account` with the latest keys of `principal`, these and later ones.
    #[cfg(feature = "signin")]
    pub(crate) fn prove(&self, account: OwnAccount, principal: &str) -> Arc<OwnAccount> {
        let account = Arc::new(account.with_keytab(&self.keytab(), principal));
        let mut accounts = self.0.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.push((account.clone(), principal.to_owned()));
        account
    }
}
