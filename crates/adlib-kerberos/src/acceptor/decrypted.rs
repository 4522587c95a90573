//! A message whose two halves opened: it is authentic, and now it is judged.

use alloc::vec::Vec;

use adlib_core::{ChannelBindings, UnixTime};

use super::{
    Accepted, BindingsState, Evidence, KeyTried, PacState, PendingReplay, ReplayRecord,
    authorization::{ClientAuthorization, TicketAuthorization},
    bindings::{self, Offered},
    key_search::Opened,
};
use crate::{
    ChecksumType, Keytab, KeytabEntry, PacMode, Policy, Principal, Rejection, SessionKey,
    der::{ApReqBody, AuthenticatorBody, Checksum, EncTicketPartBody, KerberosFlags},
    gss::{Framing, InitiatorChecksum},
    pac::{UnverifiedPac, VerifiedPac},
};

/// `TicketFlags` (RFC 4120 5.3): postdated, and not validated yet.
const INVALID: u32 = 7;
/// `TicketFlags`: a controller checked the realms in between.
const TRANSITED_POLICY_CHECKED: u32 = 12;

/// A client's message, opened: made by somebody who holds the session key, at some time, for some purpose.
#[derive(Debug)]
pub struct DecryptedApReq {
    entry: KeytabEntry,
    /// The principals that share the key: names of one account.
    aliases: Vec<Principal>,
    tried: Vec<KeyTried>,
    framing: Framing,
    mutual: bool,
    record: ReplayRecord,
    ticket: Ticket,
    authenticator: Authenticator,
}

/// What the ticket says.
#[derive(Debug)]
struct Ticket {
    flags: KerberosFlags,
    client: Principal,
    session_key: SessionKey,
    auth_time: UnixTime,
    start_time: Option<UnixTime>,
    end_time: UnixTime,
    transited: bool,
    authorization: TicketAuthorization,
}

/// What the authenticator says.
#[derive(Debug)]
struct Authenticator {
    client: Principal,
    time: UnixTime,
    subkey: Option<SessionKey>,
    checksum: Option<InitiatorChecksum>,
    authorization: ClientAuthorization,
}

/// What [`super::UnverifiedApReq::decrypt`] hands on.
pub(super) struct Message<'m, 'a> {
    pub(super) framing: Framing,
    pub(super) ap_options: KerberosFlags,
    pub(super) ticket: &'m EncTicketPartBody<'a>,
    pub(super) session_key: SessionKey,
    pub(super) authenticator: &'m AuthenticatorBody<'a>,
    pub(super) sealed_authenticator: &'m [u8],
    pub(super) subkey: Option<SessionKey>,
}

impl DecryptedApReq {
    pub(super) fn new(
        message: Message<'_, '_>,
        opened: &Opened<'_>,
        keytab: &Keytab,
    ) -> Result<Self, Rejection> {
        let entry = opened.entry.clone();
        let same_key = keytab.entries().iter().filter(|other| other.key == entry.key);
        Ok(Self {
            aliases: same_key.map(|other| other.principal.clone()).collect(),
            entry,
            tried: opened.tried.clone(),
            framing: message.framing,
            mutual: message.ap_options.has(ApReqBody::MUTUAL_REQUIRED),
            record: ReplayRecord::of(message.sealed_authenticator),
            ticket: Ticket::read(message.ticket, message.session_key)?,
            authenticator: Authenticator::read(message.authenticator, message.subkey)?,
        })
    }

    /// Judge the message at the time `now`, on a connection with `bindings`.
    ///
    /// Nothing is remembered here, so that a stale message costs no room in a replay cache (A16).
    ///
    /// # Errors
    /// `ClientMismatch`, `TargetMismatch`; `ClockSkew`, `TicketInvalid`, `TicketNotYetValid`, `TicketExpired`;
    /// `BindingsMissing`, `BindingsMismatch`; `PacMissing`, `Pac`; `TransitedNotChecked`.
    pub fn check(
        self,
        policy: &Policy,
        now: UnixTime,
        bindings: Option<&ChannelBindings>,
    ) -> Result<PendingReplay, Rejection> {
        self.check_names(policy)?;
        self.check_times(policy, now)?;
        let bindings = self.check_bindings(policy, bindings)?;
        let pac = self.check_pac(policy)?;
        self.check_transited(policy, pac.is_some())?;
        // A message from a clock ahead of ours stays acceptable for as long as its own time is.
        let expires = now
            .max(self.authenticator.time)
            .saturating_add(policy.clock_tolerance);
        let record = self.record;
        Ok(PendingReplay::new(
            self.into_accepted(policy, now, bindings, pac),
            record,
            expires,
        ))
    }

    fn check_names(&self, policy: &Policy) -> Result<(), Rejection> {
        if self.ticket.client != self.authenticator.client {
            return Err(Rejection::ClientMismatch {
                ticket: self.ticket.client.clone(),
                authenticator: self.authenticator.client.clone(),
            });
        }
        let mut accepted = self.aliases.iter().filter(|alias| policy.services.accept(alias));
        match &self.authenticator.authorization.target {
            Some(target) if !accepted.any(|alias| alias.answers_to(target)) => {
                Err(Rejection::TargetMismatch {
                    target: target.clone(),
                    service: self.entry.principal.clone(),
                })
            }
            _ => Ok(()),
        }
    }

    /// RFC 4120 3.2.3, in its order.
    fn check_times(&self, policy: &Policy, now: UnixTime) -> Result<(), Rejection> {
        let tolerance = policy.clock_tolerance;
        if self.authenticator.time.abs_diff(now) > tolerance {
            return Err(Rejection::ClockSkew {
                difference_s: self.authenticator.time.seconds_after(now),
                tolerance,
            });
        }
        if self.ticket.flags.has(INVALID) {
            return Err(Rejection::TicketInvalid);
        }
        let start = self.ticket.start_time.unwrap_or(self.ticket.auth_time);
        if start > now.saturating_add(tolerance) {
            return Err(Rejection::TicketNotYetValid { start, now });
        }
        let end = self.ticket.end_time;
        if end < now.saturating_sub(tolerance) {
            return Err(Rejection::TicketExpired { end, now });
        }
        Ok(())
    }

    fn check_bindings(
        &self,
        policy: &Policy,
        own: Option<&ChannelBindings>,
    ) -> Result<BindingsState, Rejection> {
        let offered = Offered {
            hash: self.authenticator.checksum.map(|checksum| checksum.bindings),
            promised: self.authenticator.authorization.binds_channels,
        };
        bindings::compare(policy.bindings, offered, own)
    }

    fn check_pac(&self, policy: &Policy) -> Result<Option<VerifiedPac>, Rejection> {
        if policy.pac == PacMode::Off {
            return Ok(None);
        }
        let Some(pac) = &self.ticket.authorization.pac else {
            return match policy.pac {
                PacMode::Required => Err(Rejection::PacMissing),
                _ => Ok(None),
            };
        };
        let pac = UnverifiedPac::decode(pac)?;
        let pac = pac.verify_in_place(&self.entry.key)?;
        pac.check_client(&self.ticket.client, self.ticket.auth_time)?;
        Ok(Some(pac.read()?))
    }

    /// A15. Windows never sets the flag; its PAC vouches for the client all the same.
    fn check_transited(&self, policy: &Policy, verified_pac: bool) -> Result<(), Rejection> {
        let checked = self.ticket.flags.has(TRANSITED_POLICY_CHECKED);
        let realm = self.ticket.client.realm();
        let trusted = policy.trusted_realms.iter().any(|trusted| trusted == realm);
        if !self.ticket.transited || checked || verified_pac || trusted {
            return Ok(());
        }
        Err(Rejection::TransitedNotChecked { realm: realm.into() })
    }

    fn into_accepted(
        self,
        policy: &Policy,
        now: UnixTime,
        bindings: BindingsState,
        pac: Option<VerifiedPac>,
    ) -> Accepted {
        let pac_state = match (&pac, policy.pac) {
            (Some(_), _) => PacState::Verified,
            (None, PacMode::Off) => PacState::Off,
            (None, _) => PacState::Absent,
        };
        let evidence = Evidence {
            ticket_etype: self.entry.key.etype(),
            session_etype: self.ticket.session_key.etype(),
            kvno: self.entry.kvno,
            keys_tried: self.tried,
            clock_difference_s: self.authenticator.time.seconds_after(now),
            bindings,
            pac: pac_state,
            mutual: self.mutual,
            delegated: self
                .authenticator
                .checksum
                .is_some_and(|checksum| checksum.delegated),
        };
        Accepted {
            client: self.ticket.client,
            service: self.entry.principal,
            session_key: self.ticket.session_key,
            subkey: self.authenticator.subkey,
            auth_time: self.ticket.auth_time,
            end_time: self.ticket.end_time,
            client_time: self.authenticator.time,
            framing: self.framing,
            pac,
            evidence,
        }
    }
}

impl Ticket {
    fn read(part: &EncTicketPartBody<'_>, session_key: SessionKey) -> Result<Self, Rejection> {
        Ok(Self {
            flags: part.flags,
            client: part.cname.in_realm(part.crealm),
            session_key,
            auth_time: part.authtime.to_unix(),
            start_time: part.starttime.map(crate::der::KerberosTime::to_unix),
            end_time: part.endtime.to_unix(),
            transited: !part.transited.contents.0.is_empty(),
            authorization: TicketAuthorization::read(part.authorization_data.as_ref())?,
        })
    }
}

impl Authenticator {
    fn read(part: &AuthenticatorBody<'_>, subkey: Option<SessionKey>) -> Result<Self, Rejection> {
        Ok(Self {
            client: part.cname.in_realm(part.crealm),
            time: part.ctime.with_micros(part.cusec),
            subkey,
            checksum: part.cksum.as_ref().map(read_checksum).transpose()?,
            authorization: ClientAuthorization::read(part.authorization_data.as_ref())?,
        })
    }
}

fn read_checksum(checksum: &Checksum<'_>) -> Result<InitiatorChecksum, Rejection> {
    match ChecksumType(checksum.cksumtype) {
        ChecksumType::GSS => Ok(InitiatorChecksum::decode(checksum.checksum.0)?),
        other => Err(Rejection::ChecksumType(other)),
    }
}
