//! What a finished context does for messages.

use alloc::vec::Vec;

use super::Error;
use crate::Secret;

/// What a context does to each message, the stronger later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Protection {
    /// Nothing: the transport protects.
    #[default]
    None,
    /// Messages are signed.
    Integrity,
    /// Messages are signed and encrypted.
    Confidentiality,
}

/// A finished context (RFC 2743 2.3). It counts messages, so each must be taken once and in order.
pub trait Session: Send {
    /// The content octets of the mechanism's object identifier.
    fn mechanism(&self) -> &'static [u8];

    /// What both sides agreed to do to each message.
    fn protection(&self) -> Protection;

    /// Protect `message` as agreed.
    ///
    /// # Errors
    /// `Refused` when nothing was agreed.
    fn wrap(&mut self, message: &[u8]) -> Result<Vec<u8>, Error>;

    /// The message that the peer protected as `token`.
    ///
    /// # Errors
    /// `Malformed`; `Refused` when the protection is broken, the token out of order, or nothing was agreed.
    fn unwrap(&mut self, token: &[u8]) -> Result<Vec<u8>, Error>;

    /// A message integrity code over `message`.
    ///
    /// # Errors
    /// `Refused` when the context has no key for it.
    fn mic(&mut self, message: &[u8]) -> Result<Vec<u8>, Error>;

    /// Compare the peer's integrity code over `message`.
    ///
    /// # Errors
    /// `Malformed`; `Refused` when it is wrong or out of order.
    fn verify_mic(&mut self, message: &[u8], mic: &[u8]) -> Result<(), Error>;

    /// The session key, for protocols that need one of their own.
    fn key(&self) -> Option<Secret<Vec<u8>>>;
}
