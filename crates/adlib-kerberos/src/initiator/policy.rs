//! What an exchange offers and takes: a plain value with safe defaults.

use alloc::{vec, vec::Vec};
use core::time::Duration;

use crate::EncryptionType;

/// What is offered to a KDC and taken from it.
///
/// ```
/// use adlib_kerberos::{EncryptionType, initiator::ExchangePolicy};
///
/// let policy = ExchangePolicy::default();
/// assert_eq!(policy.etypes[0], EncryptionType::Aes256Sha1);
/// assert!(!policy.danger_accept_rc4);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExchangePolicy {
    /// The encryption types that are offered, the preferred one first. Default: AES, in the order 18, 17, 20, 19.
    pub etypes: Vec<EncryptionType>,
    /// Offer RC4 too, after all others (R11). Default: no.
    pub danger_accept_rc4: bool,
    /// The fewest iterations of a password hash: fewer would help who wants to guess the password. Default: 4096.
    pub min_iterations: u32,
    /// By how much a KDC's clock may differ for this exchange's time stamps to follow it. Default: 10 minutes.
    pub clock_bound: Duration,
    /// How many other realms the KDCs may refer to. Default: 8.
    pub max_referrals: usize,
    /// For how long the ticket-granting ticket is asked for. Default: 10 hours.
    pub lifetime: Duration,
}

impl Default for ExchangePolicy {
    fn default() -> Self {
        use EncryptionType::{Aes128Sha1, Aes128Sha2, Aes256Sha1, Aes256Sha2};
        Self {
            etypes: vec![Aes256Sha1, Aes128Sha1, Aes256Sha2, Aes128Sha2],
            danger_accept_rc4: false,
            min_iterations: 4096,
            clock_bound: Duration::from_secs(600),
            max_referrals: 8,
            lifetime: Duration::from_secs(36_000),
        }
    }
}

impl ExchangePolicy {
    /// The encryption types to offer; RC4 is among them only by `danger_accept_rc4`.
    pub(super) fn offer(&self) -> Vec<EncryptionType> {
        let aes = self.etypes.iter().filter(|etype| **etype != EncryptionType::Rc4);
        let rc4 = self.danger_accept_rc4.then_some(EncryptionType::Rc4);
        aes.copied().chain(rc4).collect()
    }
}
