//! What a client proves itself with.

use alloc::vec::Vec;

use adlib_core::Password;

use crate::{EncryptionType, ServiceKey};

/// A client's long-term secret.
///
/// ```
/// use adlib_core::Password;
/// use adlib_kerberos::initiator::ClientSecret;
///
/// let secret = ClientSecret::from(Password::from("Passw0rd"));
/// assert_eq!(format!("{secret:?}"), "Password(Password(..))");
/// ```
#[derive(Debug, Clone)]
pub enum ClientSecret {
    /// The password; the KDC says with which salt it makes a key.
    Password(Password),
    /// Keys, each of its own encryption type, as a keytab has them.
    Keys(Vec<ServiceKey>),
}

impl ClientSecret {
    /// Whether there is, or can be made, a key of this encryption type.
    pub(super) fn has(&self, etype: EncryptionType) -> bool {
        match self {
            Self::Password(_) => true,
            Self::Keys(keys) => keys.iter().any(|key| key.etype() == etype),
        }
    }
}

impl From<Password> for ClientSecret {
    fn from(password: Password) -> Self {
        Self::Password(password)
    }
}
