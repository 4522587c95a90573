//! The verdict, with what it rests on.

use alloc::vec::Vec;

use adlib_core::UnixTime;

use super::{BindingsState, KeyTried};
use crate::{EncryptionType, Principal, SessionKey, gss::Framing, pac::VerifiedPac};

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
    pub(super) pac: Option<VerifiedPac>,
    pub(super) evidence: Evidence,
}

impl Accepted {
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
            Self::Absent => "absent",
            Self::Off => "off",
        }
    }
}
