//! What a finished context does for messages.

use alloc::{string::String, vec::Vec};

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

/// Who is on the other side, as the mechanism proved it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Peer {
    /// The components of a Kerberos principal, joined by `/`, or the account that an NTLM client proved to know.
    pub name: String,
    /// The realm or the domain, to the letter; empty where NTLM's client named none.
    pub domain: String,
}

/// A finished context (RFC 2743 2.3). It counts messages, so each must be taken once and in order.
pub trait Session: Send {
    /// The content octets of the mechanism's object identifier.
    fn mechanism(&self) -> &'static [u8];

    /// Who is on the other side; `None` where nobody proved to be anybody, as servers do not by NTLM.
    fn peer(&self) -> Option<Peer>;

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

    /// The integrity code over the list of mechanisms, by which SPNEGO protects its choice (RFC 4178 5). It is made once,
    /// before any message.
    ///
    /// A code like another, unless the mechanism has it that the code leaves no trace in what comes after
    /// (MS-SPNG 3.3.5.1).
    ///
    /// # Errors
    /// As [`mic`](Self::mic).
    fn mech_list_mic(&mut self, list: &[u8]) -> Result<Vec<u8>, Error> {
        self.mic(list)
    }

    /// Compare the peer's integrity code over the list of mechanisms.
    ///
    /// # Errors
    /// As [`verify_mic`](Self::verify_mic).
    fn verify_mech_list_mic(&mut self, list: &[u8], mic: &[u8]) -> Result<(), Error> {
        self.verify_mic(list, mic)
    }

    /// The session key, for protocols that need one of their own.
    fn key(&self) -> Option<Secret<Vec<u8>>>;
}
