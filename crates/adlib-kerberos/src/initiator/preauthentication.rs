//! The client's key, as the KDC describes it (RFC 4120 5.2.7.5, RFC 3962 4, RFC 8009 4).
//!
//! Trust level: the description comes unauthenticated. It chooses among what was offered, and within bounds.

use alloc::{string::String, vec::Vec};

use adlib_core::{DecodeError, DecodeErrorKind, Password};

use super::{ClientSecret, ExchangeError, ExchangePolicy};
use crate::{
    EncryptionType, MAX_ITERATIONS, Principal, ServiceKey, SessionKey,
    der::{self, EtypeInfo2, EtypeInfo2Entry},
};

/// Whose key is wanted, and what may be used.
pub(super) struct KeyChoice<'a> {
    /// The client.
    pub(super) client: &'a Principal,
    /// The realm that knows the client.
    pub(super) realm: &'a str,
    /// What the key is made of.
    pub(super) secret: &'a ClientSecret,
    /// The bounds.
    pub(super) policy: &'a ExchangePolicy,
    /// The encryption types that were offered, the preferred one first.
    pub(super) offer: &'a [EncryptionType],
}

impl KeyChoice<'_> {
    /// The preferred one of the keys that `info`, an `ETYPE-INFO2`, names. Our order counts, not the KDC's: it could
    /// be a liar's.
    pub(super) fn by(&self, info: Option<&[u8]>) -> Result<SessionKey, ExchangeError> {
        let Some(info) = info else {
            return self.without_description();
        };
        let entries: EtypeInfo2<'_> = der::decode("ETYPE-INFO2", info)?;
        let entry_of = |etype: &EncryptionType| {
            let entry = entries.iter().find(|entry| entry.etype == etype.number())?;
            Some((*etype, entry))
        };
        match self.offer.iter().find_map(entry_of) {
            Some((etype, entry)) => self.key(etype, Some(entry)),
            None => Err(ExchangeError::NoUsableKey {
                found: entries.iter().map(|entry| entry.etype).collect(),
            }),
        }
    }

    /// The key of the preferred encryption type, with the salt that is usual (RFC 4120 4).
    pub(super) fn without_description(&self) -> Result<SessionKey, ExchangeError> {
        let preferred = self.offer.first().ok_or(ExchangeError::NothingToOffer)?;
        self.key(*preferred, None)
    }

    /// The key of `etype`, which was offered.
    fn key(
        &self,
        etype: EncryptionType,
        entry: Option<&EtypeInfo2Entry<'_>>,
    ) -> Result<SessionKey, ExchangeError> {
        let key = match self.secret {
            ClientSecret::Password(password) => self.password_key(etype, password, entry)?,
            ClientSecret::Keys(keys) => {
                let key = keys.iter().find(|key| key.etype() == etype);
                key.ok_or(ExchangeError::NothingToOffer)?.clone()
            }
        };
        Ok(SessionKey::copied(etype, key.expose())?)
    }

    fn password_key(
        &self,
        etype: EncryptionType,
        password: &Password,
        entry: Option<&EtypeInfo2Entry<'_>>,
    ) -> Result<ServiceKey, ExchangeError> {
        let salt = entry.and_then(|entry| entry.salt);
        let salt = salt.map_or_else(|| self.usual_salt(), |salt| salt.text().into());
        let parameters = entry.and_then(|entry| entry.s2kparams);
        let iterations = match parameters {
            Some(parameters) if etype != EncryptionType::Rc4 => Some(self.iterations(parameters.0)?),
            _ => None,
        };
        Ok(ServiceKey::from_password(
            etype,
            password,
            salt.as_bytes(),
            iterations,
        )?)
    }

    /// The realm and the components of the name, with nothing between them.
    fn usual_salt(&self) -> String {
        let parts: Vec<&str> = self.client.components().iter().map(String::as_str).collect();
        [self.realm, &parts.concat()].concat()
    }

    /// The count of iterations in four bytes; 0 stands for 2^32 (RFC 3962 4).
    fn iterations(&self, parameters: &[u8]) -> Result<u32, ExchangeError> {
        let bytes: [u8; 4] = parameters
            .try_into()
            .map_err(|_| DecodeError::new("s2kparams", 0, DecodeErrorKind::Invalid))?;
        match u32::from_be_bytes(bytes) {
            0 => Err(ExchangeError::Iterations(1 << 32)),
            count if count < self.policy.min_iterations || count > MAX_ITERATIONS => {
                Err(ExchangeError::Iterations(count.into()))
            }
            count => Ok(count),
        }
    }
}
