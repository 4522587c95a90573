//! Who signed in, whichever way they came.

use adlib_core::{Sid, UnixTime};
use adlib_schema::record::Key;

use crate::{Refusal, SourceRole};

/// Somebody who was let in.
///
/// The same value whichever mechanism vouched for it. Only a verified sign-in makes one.
///
/// ```
/// use adlib::Identity;
///
/// fn greeting(user: &Identity) -> String {
///     let name = user.full_name().unwrap_or(user.account());
///     let is_operator = user.groups().iter().any(|group| group.name() == Some(r"corp.example.com\operators"));
///     eprintln!("audit: {:?} by {}", user.sid(), user.evidence().mechanism.as_str());
///     format!("Welcome, {name}{}", if is_operator { ", operator" } else { "" })
/// }
/// # let _ = greeting;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub(crate) sid: Option<Sid>,
    pub(crate) key: Option<Key>,
    pub(crate) account: String,
    pub(crate) domain: String,
    pub(crate) upn: Option<String>,
    pub(crate) full_name: Option<String>,
    pub(crate) groups: Vec<GroupIdentity>,
    pub(crate) profile: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) evidence: Evidence,
}

impl Identity {
    /// The security identifier: what an application should know the user by. Other directories than Active Directory
    /// have none: see [`key`](Self::key).
    #[must_use]
    pub const fn sid(&self) -> Option<&Sid> {
        self.sid.as_ref()
    }

    /// What the entry is known by whatever it is called, `objectGUID` or `entryUUID` for one, and what a synchronised
    /// user has as its key. Absent where no directory was asked.
    #[must_use]
    pub const fn key(&self) -> Option<&Key> {
        self.key.as_ref()
    }

    /// The account name exactly as registered (R3).
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The DNS name of the account's domain, in lower case.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The user principal name exactly as registered, if the account has one.
    #[must_use]
    pub fn upn(&self) -> Option<&str> {
        self.upn.as_deref()
    }

    /// The name to show.
    #[must_use]
    pub fn full_name(&self) -> Option<&str> {
        self.full_name.as_deref()
    }

    /// The groups that the controller vouched for, nested ones included.
    #[must_use]
    pub fn groups(&self) -> &[GroupIdentity] {
        &self.groups
    }

    /// The profile of the first provisioning rule that fits (R12).
    #[must_use]
    pub fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// What the application's user list knows the user by, where there is one.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        self.user_id.as_deref()
    }

    /// Until when the word of the controller holds: no session on the strength of it should last longer. NTLM and a bind set no end.
    #[must_use]
    pub const fn ends(&self) -> Option<UnixTime> {
        match &self.evidence.mechanism {
            Mechanism::Kerberos(kerberos) => Some(kerberos.ends),
            Mechanism::Ntlm(_) | Mechanism::NtlmResponse(_) | Mechanism::Bind(_) => None,
        }
    }

    /// What the verdict rests on.
    #[must_use]
    pub const fn evidence(&self) -> &Evidence {
        &self.evidence
    }
}

/// A group of an [`Identity`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupIdentity {
    pub(crate) sid: Option<Sid>,
    pub(crate) name: Option<String>,
}

impl GroupIdentity {
    /// The security identifier of the group; other directories than Active Directory have none.
    #[must_use]
    pub const fn sid(&self) -> Option<&Sid> {
        self.sid.as_ref()
    }

    /// `domain\name`, where a configured directory knows the group.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// What a verdict rests on, for the operator's records (I4).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Evidence {
    /// The directory that the account is in (R40).
    pub source: SourceRole,
    /// The distinguished name of the account, where one was looked for in a directory (R18).
    pub account_dn: Option<String>,
    /// The mechanism that vouched for the account, and what it saw.
    pub mechanism: Mechanism,
    /// Why NTLM was used in place of Kerberos (R5). Whoever sits on the network can forge such a reason.
    pub fallback: Option<Refusal>,
    /// How the mechanism was negotiated, where the client sent tokens.
    pub negotiation: Option<NegotiationEvidence>,
}

/// How a client and this side came to use a mechanism.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NegotiationEvidence {
    /// Whether SPNEGO was around the mechanism's tokens.
    pub wrapped: bool,
    /// Whether both sides proved which mechanisms were on offer.
    pub mech_list_mic: MechListMic,
}

/// Whether both sides proved which mechanisms were on offer (RFC 4178 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MechListMic {
    /// They did.
    Valid,
    /// Nothing had to be proven.
    Absent,
}

impl MechListMic {
    /// `valid` or `absent`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Absent => "absent",
        }
    }
}

/// The mechanism that vouched for an identity, and what it saw.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mechanism {
    /// A service ticket, opened with the application's own key.
    Kerberos(KerberosEvidence),
    /// A bind at a controller that had proven itself.
    Ntlm(NtlmEvidence),
    /// An NTLM response that the client sent us.
    NtlmResponse(NtlmResponseEvidence),
    /// A simple bind as the user's entry, at a directory other than Active Directory (R39).
    Bind(BindEvidence),
}

impl Mechanism {
    /// The mechanism as one word.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Kerberos(_) => "kerberos",
            Self::Ntlm(_) | Self::NtlmResponse(_) => "ntlm",
            Self::Bind(_) => "ldap",
        }
    }

    /// Whether channel bindings tie the sign-in to a connection: `bound`, `absent` or `not-checked`.
    #[must_use]
    pub const fn bindings(&self) -> &'static str {
        match self {
            Self::Kerberos(evidence) => evidence.bindings,
            Self::Ntlm(evidence) => evidence.bindings,
            Self::NtlmResponse(evidence) => evidence.bindings,
            Self::Bind(_) => "not-checked",
        }
    }
}

/// What a simple bind as the user's entry saw.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BindEvidence {
    /// The server that took the password, as `host:port`, or as the path of a socket of this machine.
    pub server: String,
}

/// What the verification of a service ticket saw.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KerberosEvidence {
    /// The service principal of the keytab entry that opened the ticket.
    pub service: String,
    /// The number of the ticket's encryption type.
    pub ticket_etype: i32,
    /// The number of the session key's encryption type.
    pub session_etype: i32,
    /// The version of the key that opened the ticket.
    pub kvno: u32,
    /// The controller's time less ours, in seconds (R10); the client's where it brought the ticket itself.
    pub clock_difference_s: i64,
    /// Whether the ticket's PAC was verified: `verified`, `absent` or `off`.
    pub pac: &'static str,
    /// Whether channel bindings tie the sign-in to a connection: `bound`, `absent` or `not-checked`.
    pub bindings: &'static str,
    /// Until when the ticket is valid.
    pub ends: UnixTime,
}

/// What a bind by NTLM saw.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NtlmEvidence {
    /// The controller that compared the response, as `host:port`.
    pub controller: String,
    /// Whether the controller proved itself by a certificate (R7).
    pub controller_authenticated: bool,
    /// Whether channel bindings tie the response to the connection: `bound` or `absent`.
    pub bindings: &'static str,
    /// The controller's time less ours, in seconds (R10); `None` if it does not tell.
    pub clock_difference_s: Option<i64>,
}

/// What the verification of a client's NTLM response saw.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NtlmResponseEvidence {
    /// Who compared the proof: `hash`, here, or `pass-through`, a controller.
    pub verified_by: &'static str,
    /// What the account was proven with, as `ntlmv2`.
    pub response: &'static str,
    /// Whether the messages were those that both sides saw: `valid` or `absent`.
    pub mic: &'static str,
    /// Whether channel bindings tie the sign-in to a connection: `bound`, `absent` or `not-checked`.
    pub bindings: &'static str,
    /// The service that the client means; `None` if it names none.
    pub target_name: Option<String>,
    /// What the client calls its machine, which nobody verified.
    pub workstation: String,
    /// The client's time less ours, in seconds; `None` if its response has none.
    pub clock_difference_s: Option<i64>,
}
