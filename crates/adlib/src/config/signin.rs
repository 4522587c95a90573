//! `[signin]`

use std::{path::PathBuf, time::Duration};

use adlib_kerberos::{BindingsMode, PacMode};
use adlib_upn::AccountCase;
use serde::{Deserialize, Deserializer};

use super::{Controllers, value};
use crate::Mode;

/// How users are signed in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct SignInConfig {
    /// Which mechanisms are used (R5).
    #[serde(deserialize_with = "value::parsed")]
    pub mode: Mode,
    /// The application's own service principal, such as `HTTP/app.corp.example.com`.
    pub service: Option<String>,
    /// The keytab with the service's keys.
    pub keytab: Option<PathBuf>,
    /// The account that the service belongs to, such as `svc-http@corp.example.com`: its tickets armour the exchanges with
    /// the KDCs (FAST, RFC 6113). Absent: no armour.
    pub armour: Option<String>,
    /// Where the KDCs are, for all realms or by realm; else the controllers of the directory, else DNS.
    pub kdc: Option<Controllers>,
    /// How far clocks may differ (R10).
    #[serde(deserialize_with = "value::duration")]
    pub clock_tolerance: Duration,
    /// How long one sign-in may take.
    #[serde(deserialize_with = "value::duration")]
    pub deadline: Duration,
    /// Whether the account part of a name is matched without case (R3).
    #[serde(deserialize_with = "value::parsed")]
    pub account_case: AccountCase,
    /// What is asked of channel bindings.
    #[serde(deserialize_with = "bindings_mode")]
    pub channel_bindings: BindingsMode,
    /// What is asked of the PAC.
    #[serde(deserialize_with = "pac_mode")]
    pub pac: PacMode,
    /// The file that maps alternate UPN suffixes (R16).
    pub upn_mappings: Option<PathBuf>,
    /// Whether `DOMAIN\user` is admitted (R1).
    pub accept_down_level_names: bool,
    /// Which group's members get which profile at their first sign-in (R12); the first that fits decides.
    pub provision: Vec<ProvisionRule>,
    /// Admit RC4-HMAC tickets (R11).
    pub danger_accept_rc4: bool,
    /// Admit NTLMv1.
    pub danger_accept_ntlmv1: bool,
    /// Take the word of a controller that has not proven itself (R7).
    pub danger_accept_unauthenticated_controller: bool,
}

impl Default for SignInConfig {
    fn default() -> Self {
        Self {
            mode: Mode::Auto,
            service: None,
            keytab: None,
            armour: None,
            kdc: None,
            clock_tolerance: Duration::from_secs(300),
            deadline: Duration::from_secs(20),
            account_case: AccountCase::Insensitive,
            channel_bindings: BindingsMode::IfOffered,
            pac: PacMode::Required,
            upn_mappings: None,
            accept_down_level_names: false,
            provision: Vec::new(),
            danger_accept_rc4: false,
            danger_accept_ntlmv1: false,
            danger_accept_unauthenticated_controller: false,
        }
    }
}

/// The members of `group` get `profile` (R12).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ProvisionRule {
    /// The group; nested members count.
    pub group: String,
    /// The application's name for what they get.
    pub profile: String,
}

impl SignInConfig {
    /// What is asked of tickets.
    #[must_use]
    pub fn policy(&self) -> adlib_kerberos::Policy {
        let mut policy = adlib_kerberos::Policy::default();
        policy.clock_tolerance = self.clock_tolerance;
        policy.pac = self.pac;
        policy.bindings = self.channel_bindings;
        policy.danger_accept_rc4 = self.danger_accept_rc4;
        policy
    }
}

impl SignInConfig {
    /// What is asked of NTLM responses that clients send.
    #[cfg(feature = "ntlm")]
    #[must_use]
    pub fn ntlm_policy(&self) -> adlib_ntlm::Policy {
        let mut policy = adlib_ntlm::Policy::default();
        policy.bindings = self.channel_bindings;
        policy.danger_accept_v1 = self.danger_accept_ntlmv1;
        policy
    }

    /// What in this section does not go together.
    pub(super) fn contradiction(&self) -> Option<String> {
        if self.deadline.is_zero() {
            return Some("`deadline` must be more than nothing".to_owned());
        }
        let armour = self.armour.as_deref()?;
        let names_both = armour
            .rsplit_once('@')
            .is_some_and(|(account, domain)| !account.is_empty() && !domain.is_empty());
        (!names_both)
            .then(|| format!("`armour`: `{armour}` is no account@domain, such as svc-http@corp.example.com"))
    }
}

fn pac_mode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PacMode, D::Error> {
    value::one_of(
        deserializer,
        &[
            ("required", PacMode::Required),
            ("best-effort", PacMode::BestEffort),
            ("off", PacMode::Off),
        ],
    )
}

fn bindings_mode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BindingsMode, D::Error> {
    value::one_of(
        deserializer,
        &[
            ("ignore", BindingsMode::Ignore),
            ("if-offered", BindingsMode::IfOffered),
            ("require", BindingsMode::Require),
        ],
    )
}
