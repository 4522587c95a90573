//! A message whose two halves opened: it is authentic, and now it is judged.

use alloc::vec::Vec;
use core::{net::IpAddr, ops::Range};

use adlib_core::{BindingsState, ChannelBindings, OfferedBindings, UnixTime, utf16};

use super::{
    KeyTried, PacState, PendingReplay, ReplayRecord,
    accepted::Verdict,
    addresses, ap_req,
    authorization::{ClientAuthorization, TicketAuthorization},
    key_search::OpeningKey,
    names::NameRanges,
    plaintext::Plaintext,
};
use crate::{
    AddressMode, ChecksumType, PacMode, Part, Policy, Principal, Rejection, SessionKey,
    der::{self, Authenticator, AuthenticatorBody, Checksum, EncTicketPart, KerberosFlags, SequenceOf},
    gss::{Framing, InitiatorChecksum},
    pac::{Believed, UnverifiedPac},
};

/// `TicketFlags` (RFC 4120 5.3): postdated, and not validated yet.
const INVALID: u32 = 7;
/// `TicketFlags`: a controller checked the realms in between.
const TRANSITED_POLICY_CHECKED: u32 = 12;

/// A client's message, opened: made by somebody who holds the session key, at some time, for some purpose.
#[derive(Debug)]
pub struct DecryptedApReq<'b> {
    pub(super) plaintext: Plaintext<'b>,
    pub(super) key: OpeningKey<'b>,
    /// The keys that did not open the ticket.
    pub(super) failed: Vec<KeyTried>,
    pub(super) framing: Framing,
    pub(super) mutual: bool,
    record: ReplayRecord,
    pub(super) ticket: TicketFacts,
    pub(super) authenticator: AuthenticatorFacts,
}

/// What the ticket says.
#[derive(Debug)]
pub(super) struct TicketFacts {
    flags: KerberosFlags,
    pub(super) client: NameRanges,
    pub(super) session_key: SessionKey,
    pub(super) auth_time: UnixTime,
    start_time: Option<UnixTime>,
    pub(super) end_time: UnixTime,
    transited: bool,
    /// The list of addresses, if there is one.
    addresses: Option<Range<usize>>,
    pub(super) pac: Option<Range<usize>>,
}

/// What the authenticator says.
#[derive(Debug)]
pub(super) struct AuthenticatorFacts {
    /// The client, if it is not the ticket's.
    other_client: Option<Principal>,
    pub(super) time: UnixTime,
    pub(super) subkey: Option<SessionKey>,
    /// The number of the client's first message.
    pub(super) sequence: u32,
    pub(super) checksum: Option<ChecksumFacts>,
    binds_channels: bool,
    target: Option<Range<usize>>,
}

/// What stands where the authenticator's checksum would be.
#[derive(Debug)]
pub(super) struct ChecksumFacts {
    bindings: [u8; 16],
    pub(super) flags: u32,
    /// The KRB-CRED of a client that delegates.
    pub(super) delegation: Option<Range<usize>>,
}

/// What [`super::UnverifiedApReq::decrypt`] hands on.
pub(super) struct Halves<'m, 'b> {
    pub(super) framing: Framing,
    pub(super) mutual: bool,
    pub(super) key: OpeningKey<'b>,
    pub(super) failed: Vec<KeyTried>,
    pub(super) ticket: TicketFacts,
    pub(super) sealed_authenticator: &'m [u8],
    pub(super) authenticator: Range<usize>,
}

/// The connection that a message came on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Connection<'c> {
    /// What ties a sign-in to the connection.
    pub bindings: Option<&'c ChannelBindings>,
    /// Where the client is.
    pub peer: Option<IpAddr>,
}

impl<'b> DecryptedApReq<'b> {
    pub(super) fn read(
        plaintext: Plaintext<'b>,
        halves: Halves<'_, 'b>,
        policy: &Policy,
    ) -> Result<Self, Rejection> {
        let Authenticator::<'_> { 0: authenticator } =
            der::decode("Authenticator", plaintext.get(&halves.authenticator))?;
        der::expect_number("authenticator-vno", authenticator.authenticator_vno, der::VERSION)?;
        let subkey = authenticator.subkey.as_ref();
        let subkey = subkey.map(|key| ap_req::read_key(Part::Subkey, key, policy));
        let facts =
            AuthenticatorFacts::read(&plaintext, &halves.ticket, &authenticator, subkey.transpose()?)?;
        Ok(Self {
            record: ReplayRecord::of(halves.sealed_authenticator, facts.time),
            ticket: halves.ticket,
            authenticator: facts,
            key: halves.key,
            failed: halves.failed,
            framing: halves.framing,
            mutual: halves.mutual,
            plaintext,
        })
    }

    /// Judge the message at the time `now`, on a connection with `bindings`.
    ///
    /// Nothing is remembered here, so that a stale message costs no room in a replay cache (A16).
    ///
    /// # Errors
    /// `ClientMismatch`, `TargetMismatch`; `ClockSkew`, `TicketInvalid`, `TicketNotYetValid`, `TicketExpired`,
    /// `TicketFlags`; `BindingsMissing`, `BindingsMismatch`, `AddressMismatch`; `PacMissing`, `Pac`;
    /// `TransitedNotChecked`.
    pub fn check(
        self,
        policy: &Policy,
        now: UnixTime,
        bindings: Option<&ChannelBindings>,
    ) -> Result<PendingReplay<'b>, Rejection> {
        let peer = None;
        self.check_on(policy, now, Connection { bindings, peer })
    }

    /// The same on a connection whose other end is known.
    ///
    /// # Errors
    /// As [`DecryptedApReq::check`].
    pub fn check_on(
        self,
        policy: &Policy,
        now: UnixTime,
        connection: Connection<'_>,
    ) -> Result<PendingReplay<'b>, Rejection> {
        self.check_names(policy)?;
        self.check_times(policy, now)?;
        self.check_flags(policy)?;
        let bindings = self.check_bindings(policy, connection.bindings)?;
        self.check_address(policy, connection.peer)?;
        let (pac, believed) = self.check_pac(policy)?;
        self.check_transited(policy, pac == PacState::Verified)?;
        // A message from a clock ahead of ours stays acceptable for as long as its own time is.
        let expires = now
            .max(self.authenticator.time)
            .saturating_add(policy.clock_tolerance);
        let record = self.record;
        let verdict = Verdict {
            now,
            bindings,
            pac,
            believed,
        };
        Ok(PendingReplay::new(self, verdict, record, expires))
    }

    fn check_names(&self, policy: &Policy) -> Result<(), Rejection> {
        if let Some(authenticator) = &self.authenticator.other_client {
            return Err(Rejection::ClientMismatch {
                ticket: self.ticket.client.principal(&self.plaintext),
                authenticator: authenticator.clone(),
            });
        }
        let Some(target) = &self.authenticator.target else {
            return Ok(());
        };
        let target = self.plaintext.get(target);
        let (units, _) = target.as_chunks::<2>();
        let units = units.iter().map(|unit| u16::from_le_bytes(*unit));
        let name = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
        // Some end it with a NUL.
        let name = name.take_while(|character| *character != '\0');
        // The names of one account share a key.
        let own = self.key.entry();
        let mut same_key = self.key.keys().iter().filter(|other| other.key == own.key);
        let meant = same_key.any(|alias| {
            policy.services.accept(&alias.principal) && alias.principal.answers_to_characters(name.clone())
        });
        if meant {
            return Ok(());
        }
        Err(Rejection::TargetMismatch {
            target: utf16::decode_lossy(target),
            service: own.principal.clone(),
        })
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

    fn check_flags(&self, policy: &Policy) -> Result<(), Rejection> {
        let missing = policy.required_ticket_flags & !self.ticket.flags.0;
        if missing == 0 {
            Ok(())
        } else {
            Err(Rejection::TicketFlags { missing })
        }
    }

    fn check_bindings(
        &self,
        policy: &Policy,
        own: Option<&ChannelBindings>,
    ) -> Result<BindingsState, Rejection> {
        let checksum = self.authenticator.checksum.as_ref();
        let offered = OfferedBindings {
            hash: checksum.map(|checksum| checksum.bindings),
            promised: self.authenticator.binds_channels,
        };
        let own = own.map(ChannelBindings::hash);
        Ok(offered.compare(policy.bindings, own)?)
    }

    fn check_address(&self, policy: &Policy, peer: Option<IpAddr>) -> Result<(), Rejection> {
        let listed = self.ticket.addresses.as_ref();
        let (Some(listed), AddressMode::Check) = (listed, policy.addresses) else {
            return Ok(());
        };
        let listed = SequenceOf::Read(self.plaintext.get(listed));
        if peer.is_some_and(|peer| addresses::include(listed.iter(), peer)) {
            Ok(())
        } else {
            Err(Rejection::AddressMismatch { peer })
        }
    }

    fn check_pac(&self, policy: &Policy) -> Result<(PacState, Option<Believed>), Rejection> {
        let pac = match (policy.pac, &self.ticket.pac) {
            (PacMode::Off, _) => return Ok((PacState::Off, None)),
            (PacMode::Required, None) => return Err(Rejection::PacMissing),
            (PacMode::BestEffort, None) => return Ok((PacState::Absent, None)),
            (_, Some(pac)) => UnverifiedPac::decode(self.plaintext.get(pac))?,
        };
        let client = &self.ticket.client;
        let pac = pac.verify_in_place(&self.key.entry().key)?;
        pac.check_client(
            &client.name(&self.plaintext),
            client.realm(&self.plaintext),
            self.ticket.auth_time,
        )?;
        let state = if pac.names_user() {
            PacState::Verified
        } else {
            PacState::NamesNoUser
        };
        Ok((state, Some(pac.believed())))
    }

    /// A15. Windows never sets the flag; its PAC vouches for the user all the same.
    fn check_transited(&self, policy: &Policy, verified_pac: bool) -> Result<(), Rejection> {
        let checked = self.ticket.flags.has(TRANSITED_POLICY_CHECKED);
        if !self.ticket.transited || checked || verified_pac {
            return Ok(());
        }
        let realm = self.ticket.client.realm(&self.plaintext).text();
        if policy.trusted_realms.iter().any(|trusted| trusted == realm) {
            return Ok(());
        }
        Err(Rejection::TransitedNotChecked { realm: realm.into() })
    }
}

impl TicketFacts {
    /// # Errors
    /// `Malformed`; `DesEtype`, `Rc4NotAdmitted`, `UnknownEtype`, `KeyLength`; `PacDuplicate`,
    /// `UnknownAuthorizationData`, `AuthorizationDataNesting`.
    pub(super) fn read(
        plaintext: &Plaintext<'_>,
        ticket: &Range<usize>,
        policy: &Policy,
    ) -> Result<Self, Rejection> {
        let EncTicketPart::<'_> { 0: part } = der::decode("EncTicketPart", plaintext.get(ticket))?;
        let session_key = ap_req::read_key(Part::SessionKey, &part.key, policy)?;
        let authorization = TicketAuthorization::read(part.authorization_data.as_ref())?;
        let addresses = part.caddr.as_ref();
        Ok(Self {
            flags: part.flags,
            client: NameRanges::of(plaintext, &part.cname, part.crealm),
            session_key,
            auth_time: part.authtime.to_unix(),
            start_time: part.starttime.map(der::KerberosTime::to_unix),
            end_time: part.endtime.to_unix(),
            transited: !part.transited.contents.0.is_empty(),
            addresses: addresses.map(|addresses| plaintext.find(addresses.contents())),
            pac: authorization.pac.map(|pac| plaintext.find(pac)),
        })
    }
}

impl AuthenticatorFacts {
    fn read(
        plaintext: &Plaintext<'_>,
        ticket: &TicketFacts,
        part: &AuthenticatorBody<'_>,
        subkey: Option<SessionKey>,
    ) -> Result<Self, Rejection> {
        let client = &ticket.client;
        let same_client = client.is(plaintext, &part.cname, part.crealm);
        let authorization = ClientAuthorization::read(part.authorization_data.as_ref())?;
        let checksum = part.cksum.as_ref();
        let checksum = checksum.map(|checksum| ChecksumFacts::read(plaintext, checksum));
        Ok(Self {
            other_client: (!same_client).then(|| part.cname.in_realm(part.crealm)),
            time: part.ctime.with_micros(part.cusec),
            subkey,
            sequence: part.sequence(),
            checksum: checksum.transpose()?,
            binds_channels: authorization.binds_channels,
            target: authorization.target.map(|target| plaintext.find(target)),
        })
    }
}

impl ChecksumFacts {
    fn read(plaintext: &Plaintext<'_>, checksum: &Checksum<'_>) -> Result<Self, Rejection> {
        match ChecksumType(checksum.cksumtype) {
            ChecksumType::GSS => {
                let checksum = InitiatorChecksum::decode(checksum.checksum.0)?;
                Ok(Self {
                    bindings: checksum.bindings,
                    flags: checksum.flags,
                    delegation: checksum.delegation.map(|bytes| plaintext.find(bytes)),
                })
            }
            other => Err(Rejection::ChecksumType(other)),
        }
    }
}
