//! A finished handshake: who, under which key, and messages signed and sealed (MS-NLMP 3.4).

use alloc::{borrow::ToOwned, boxed::Box, string::String, vec::Vec};
use core::fmt;

use adlib_core::{
    Secret,
    gss::{self, NTLM_OID, Peer, Protection},
};

use crate::{
    Evidence, Rejection, SessionKey,
    crypto::{SIGNATURE_BYTES, Sealing, Sender},
    message::NegotiateFlags,
};

/// An account, as a handshake names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Account {
    /// The user's name: a `sAMAccountName`, or a UPN beside an empty domain.
    pub user: String,
    /// The user's domain, to the letter: its spelling is part of the proof.
    pub domain: String,
}

/// A finished handshake.
///
/// It counts messages: each is to be given to [`wrap`](Self::wrap) or [`unwrap`](Self::unwrap) once and in order. A
/// message that is refused ends the connection: the ciphers are out of step.
pub struct Session {
    sender: Sender,
    account: Option<Account>,
    workstation: String,
    flags: NegotiateFlags,
    key: SessionKey,
    evidence: Option<Evidence>,
    /// Made for the first message: many sessions never see one.
    sealing: Option<Box<Sealing>>,
}

/// What a handshake ends in.
pub(crate) struct Agreed {
    pub(crate) account: Option<Account>,
    pub(crate) workstation: String,
    pub(crate) flags: NegotiateFlags,
    pub(crate) key: SessionKey,
    pub(crate) evidence: Option<Evidence>,
}

impl Session {
    pub(crate) fn new(sender: Sender, agreed: Agreed) -> Self {
        Self {
            sender,
            account: agreed.account,
            workstation: agreed.workstation,
            flags: agreed.flags,
            key: agreed.key,
            evidence: agreed.evidence,
            sealing: None,
        }
    }

    /// The account that signed in; `None` for an anonymous session, which is nobody's.
    #[must_use]
    pub const fn account(&self) -> Option<&Account> {
        self.account.as_ref()
    }

    /// What was seen while the initiator was verified; `None` on its own side, which verifies nobody.
    #[must_use]
    pub const fn evidence(&self) -> Option<&Evidence> {
        self.evidence.as_ref()
    }

    /// The initiator's own name for its machine, which nobody verified.
    #[must_use]
    pub fn workstation(&self) -> &str {
        &self.workstation
    }

    /// What both sides agreed on.
    #[must_use]
    pub const fn flags(&self) -> NegotiateFlags {
        self.flags
    }

    /// The key that both sides have.
    #[must_use]
    pub const fn key(&self) -> &SessionKey {
        &self.key
    }

    /// What both sides agreed to do to each message.
    #[must_use]
    pub const fn protection(&self) -> Protection {
        if self.flags.contains(NegotiateFlags::SEAL) {
            Protection::Confidentiality
        } else if self.flags.contains(NegotiateFlags::SIGN) {
            Protection::Integrity
        } else {
            Protection::None
        }
    }

    /// Protect `message` as agreed: a signature of 16 bytes, then the message, sealed or as it is (MS-NLMP 3.4.6).
    ///
    /// # Errors
    /// `NotProtected`.
    pub fn wrap(&mut self, message: &[u8]) -> Result<Vec<u8>, Rejection> {
        let sealed = self.protection() == Protection::Confidentiality;
        let sealing = self.sealing()?;
        if sealed {
            return Ok(sealing.seal(message));
        }
        Ok([&sealing.sign(message)[..], message].concat())
    }

    /// The message that the peer protected as `token`.
    ///
    /// # Errors
    /// `NotProtected`, `Malformed`, `OutOfOrder`, `WrongSignature`.
    pub fn unwrap(&mut self, token: &[u8]) -> Result<Vec<u8>, Rejection> {
        let sealed = self.protection() == Protection::Confidentiality;
        let sealing = self.sealing()?;
        if sealed {
            return sealing.unseal(token);
        }
        let (signature, message) = token.split_at_checked(SIGNATURE_BYTES).unwrap_or((token, &[]));
        sealing.verify(message, signature)?;
        Ok(message.to_owned())
    }

    /// The signature of `message`, which is sent as it is (MS-NLMP 3.4.8).
    ///
    /// # Errors
    /// `NotProtected`.
    pub fn sign(&mut self, message: &[u8]) -> Result<[u8; SIGNATURE_BYTES], Rejection> {
        Ok(self.sealing()?.sign(message))
    }

    /// Compare the peer's signature of `message` (MS-NLMP 3.4.9).
    ///
    /// # Errors
    /// `NotProtected`, `Malformed`, `OutOfOrder`, `WrongSignature`.
    pub fn verify(&mut self, message: &[u8], signature: &[u8]) -> Result<(), Rejection> {
        self.sealing()?.verify(message, signature)
    }

    /// The integrity code over SPNEGO's list of mechanisms. It counts as a message, but what the cipher has used for it is
    /// used again for the first one (MS-SPNG 3.3.5.1).
    ///
    /// # Errors
    /// As [`sign`](Self::sign).
    pub fn sign_mech_list(&mut self, list: &[u8]) -> Result<[u8; SIGNATURE_BYTES], Rejection> {
        let signature = self.sign(list)?;
        let (key, flags, sender) = (&self.key, self.flags, self.sender);
        if let Some(sealing) = &mut self.sealing {
            sealing.restart_outgoing(key, flags, sender);
        }
        Ok(signature)
    }

    /// Compare the peer's integrity code over SPNEGO's list of mechanisms, as
    /// [`sign_mech_list`](Self::sign_mech_list) makes it.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn verify_mech_list(&mut self, list: &[u8], signature: &[u8]) -> Result<(), Rejection> {
        self.verify(list, signature)?;
        let (key, flags, sender) = (&self.key, self.flags, self.sender);
        if let Some(sealing) = &mut self.sealing {
            sealing.restart_incoming(key, flags, sender);
        }
        Ok(())
    }

    fn sealing(&mut self) -> Result<&mut Sealing, Rejection> {
        if self.protection() == Protection::None {
            return Err(Rejection::NotProtected);
        }
        let new = || Box::new(Sealing::new(&self.key, self.flags, self.sender));
        Ok(self.sealing.get_or_insert_with(new))
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("account", &self.account)
            .field("workstation", &self.workstation)
            .field("flags", &self.flags)
            .field("evidence", &self.evidence)
            .finish_non_exhaustive()
    }
}

impl gss::Session for Session {
    fn mechanism(&self) -> &'static [u8] {
        NTLM_OID
    }

    /// The account, on the side that verified it.
    fn peer(&self) -> Option<Peer> {
        let account = self.account.as_ref().filter(|_| self.evidence.is_some())?;
        Some(Peer {
            name: account.user.clone(),
            domain: account.domain.clone(),
        })
    }

    fn protection(&self) -> Protection {
        self.protection()
    }

    fn wrap(&mut self, message: &[u8]) -> Result<Vec<u8>, gss::Error> {
        Ok(self.wrap(message)?)
    }

    fn unwrap(&mut self, token: &[u8]) -> Result<Vec<u8>, gss::Error> {
        Ok(self.unwrap(token)?)
    }

    fn mic(&mut self, message: &[u8]) -> Result<Vec<u8>, gss::Error> {
        Ok(self.sign(message)?.to_vec())
    }

    fn verify_mic(&mut self, message: &[u8], mic: &[u8]) -> Result<(), gss::Error> {
        Ok(self.verify(message, mic)?)
    }

    fn mech_list_mic(&mut self, list: &[u8]) -> Result<Vec<u8>, gss::Error> {
        Ok(self.sign_mech_list(list)?.to_vec())
    }

    fn verify_mech_list_mic(&mut self, list: &[u8], mic: &[u8]) -> Result<(), gss::Error> {
        Ok(self.verify_mech_list(list, mic)?)
    }

    fn key(&self) -> Option<Secret<Vec<u8>>> {
        Some(Secret::new(self.key.expose().to_vec()))
    }
}
