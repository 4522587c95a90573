//! The verdict, with what it rests on.

use alloc::vec::Vec;

use adlib_core::{BindingsState, Secret, UnixTime};

use super::{DecryptedApReq, DelegatedCredential, KeyTried, delegation};
use crate::{
    EncryptionType, Principal, Rejection, SessionKey,
    gss::Framing,
    pac::{Believed, VerifiedPac},
};

/// A client that proved who it is, to this service, now, for the first time with this message.
#[derive(Debug)]
pub struct Accepted {
    pub(super) client: Principal,
    pub(super) service: Principal,
    pub(super) session_key: SessionKey,
    pub(super) subkey: Option<SessionKey>,
    pub(super) auth_time: UnixTime,
    pub(super) end_time: UnixTime,
    pub(super) client_time: UnixTime,
    pub(super) framing: Framing,
    /// The number of the client's first message.
    pub(super) sequence: u32,
    /// What the client wants of a session (RFC 4121 4.1.1.1).
    pub(super) gss_flags: u32,
    /// The client's KRB-CRED, in which some clients leave a key as it is.
    delegation: Option<Secret<Vec<u8>>>,
    pub(super) pac: Option<VerifiedPac>,
    pub(super) evidence: Evidence,
}

/// What was found while a message was judged.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) now: UnixTime,
    pub(super) bindings: BindingsState,
    pub(super) pac: PacState,
    pub(super) believed: Option<Believed>,
}

impl Accepted {
    /// Read out of the buffer what lasts.
    pub(super) fn new(message: DecryptedApReq<'_>, verdict: Verdict) -> Self {
        let DecryptedApReq {
            plaintext,
            key,
            failed: mut keys_tried,
            framing,
            mutual,
            ticket,
            authenticator,
            ..
        } = message;
        let entry = key.entry();
        keys_tried.push(KeyTried::from(entry));
        let checksum = authenticator.checksum.as_ref();
        let delegation = checksum.and_then(|checksum| checksum.delegation.as_ref());
        let pac = ticket.pac.as_ref().map(|pac| plaintext.get(pac));
        let evidence = Evidence {
            ticket_etype: entry.key.etype(),
            session_etype: ticket.session_key.etype(),
            kvno: entry.kvno,
            keys_tried,
            clock_difference_s: authenticator.time.seconds_after(verdict.now),
            bindings: verdict.bindings,
            pac: verdict.pac,
            mutual,
            delegated: delegation.is_some(),
        };
        Self {
            client: ticket.client.principal(&plaintext),
            service: entry.principal.clone(),
            delegation: delegation.map(|range| Secret::new(plaintext.get(range).to_vec())),
            gss_flags: checksum.map_or(0, |checksum| checksum.flags),
            session_key: ticket.session_key,
            subkey: authenticator.subkey,
            auth_time: ticket.auth_time,
            end_time: ticket.end_time,
            client_time: authenticator.time,
            framing,
            sequence: authenticator.sequence,
            pac: pac
                .zip(verdict.believed)
                .map(|(pac, believed)| VerifiedPac::new(pac, believed)),
            evidence,
        }
    }

    /// What the client delegated: a ticket in its own name, with which the service can act for it.
    ///
    /// # Errors
    /// `DelegationNotOpened`, `Malformed`, `DesEtype`, `UnknownEtype`, `KeyLength`: somebody who holds the session key
    /// sent something else than a credential. Who does not want to act for the client need not ask.
    pub fn delegated_credential(&self) -> Result<Option<DelegatedCredential>, Rejection> {
        let keys = [Some(&self.session_key), self.subkey.as_ref()];
        let read = |bytes: &Secret<Vec<u8>>| delegation::open(bytes.expose(), keys.into_iter().flatten());
        self.delegation.as_ref().map(read).transpose()
    }

    /// The client. Where there is a PAC, its SID is what an account is known by.
    #[must_use]
    pub const fn client(&self) -> &Principal {
        &self.client
    }

    /// The service whose key opened the ticket, by its name in the keytab.
    #[must_use]
    pub const fn service(&self) -> &Principal {
        &self.service
    }

    /// The key that the controller made for this client and this service.
    #[must_use]
    pub const fn session_key(&self) -> &SessionKey {
        &self.session_key
    }

    /// The key that the client chose for this connection.
    #[must_use]
    pub const fn subkey(&self) -> Option<&SessionKey> {
        self.subkey.as_ref()
    }

    /// When the client was authenticated by a controller.
    #[must_use]
    pub const fn auth_time(&self) -> UnixTime {
        self.auth_time
    }

    /// Until when the ticket is valid: no session on its strength should last longer.
    #[must_use]
    pub const fn end_time(&self) -> UnixTime {
        self.end_time
    }

    /// Who the user is, signed by the controller.
    #[must_use]
    pub const fn pac(&self) -> Option<&VerifiedPac> {
        self.pac.as_ref()
    }

    /// What the verdict rests on.
    #[must_use]
    pub const fn evidence(&self) -> &Evidence {
        &self.evidence
    }
}

/// What a verdict rests on, for the operator's records (I4).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Evidence {
    /// The encryption type of the ticket.
    pub ticket_etype: EncryptionType,
    /// The encryption type of the session key.
    pub session_etype: EncryptionType,
    /// The version of the key that opened the ticket.
    pub kvno: u32,
    /// The keys that were tried; the last one opened the ticket.
    pub keys_tried: Vec<KeyTried>,
    /// The client's time less ours, in seconds (R10).
    pub clock_difference_s: i64,
    /// Whether the client means this connection.
    pub bindings: BindingsState,
    /// Whether there is a PAC.
    pub pac: PacState,
    /// Whether the client wants an AP-REP.
    pub mutual: bool,
    /// Whether the client delegated a ticket-granting ticket.
    pub delegated: bool,
}

/// What became of the PAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PacState {
    /// It verified.
    Verified,
    /// It verified, and names no user: the PACs of MIT controllers have no logon information (A27).
    NamesNoUser,
    /// There was none, and the policy does not require one.
    Absent,
    /// The policy says not to look at it.
    Off,
}

impl PacState {
    /// The state as one word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::NamesNoUser => "names-no-user",
            Self::Absent => "absent",
            Self::Off => "off",
        }
    }
}
