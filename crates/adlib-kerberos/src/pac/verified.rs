//! A PAC that is believed.

use alloc::{boxed::Box, vec::Vec};

use adlib_core::{Sid, UnixTime};

use super::{BufferType, ClientInfo, LogonInfo, PacRejection, UnverifiedPac, UpnDnsInfo};
use crate::{Principal, ServiceKey};

/// `SE_GROUP_USE_FOR_DENY_ONLY`: a membership that grants nothing.
const DENY_ONLY: u32 = 0x10;

/// Who the user is: signed with the service's key, and with all of its parts in agreement.
///
/// A PAC of an MIT controller has no logon information (A27): then there is no SID and there are no groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedPac {
    buffers: Vec<BufferType>,
    client: ClientInfo,
    logon: Option<LogonInfo>,
    names: Option<UpnDnsInfo>,
    groups: Vec<Sid>,
}

impl UnverifiedPac<'_> {
    /// Verify the signature with the service's `key`, and that all buffers are about one user.
    ///
    /// # Errors
    /// [`PacRejection`]: the signature, a buffer that is malformed, or two users in one PAC.
    pub fn verify(&self, key: &ServiceKey) -> Result<VerifiedPac, PacRejection> {
        self.verify_server_signature(key)?;
        let client = self
            .buffer(BufferType::CLIENT_INFO)
            .ok_or(PacRejection::ClientInfoMissing)?;
        let client = ClientInfo::decode(client.data)?;
        let logon = self.buffer(BufferType::LOGON_INFO);
        let logon = logon.map(|buffer| LogonInfo::decode(buffer.data)).transpose()?;
        let names = self.buffer(BufferType::UPN_DNS_INFO);
        let names = names.map(|buffer| UpnDnsInfo::decode(buffer.data)).transpose()?;
        let requestor = self.buffer(BufferType::REQUESTOR);
        let requestor = requestor.map(|buffer| Sid::decode(buffer.data)).transpose()?;
        check_one_user(
            logon.as_ref(),
            &[requestor, names.as_ref().and_then(|names| names.sid)],
        )?;
        Ok(VerifiedPac {
            buffers: self.buffer_types().collect(),
            client,
            groups: logon.as_ref().map(groups).unwrap_or_default(),
            logon,
            names,
        })
    }
}

/// A22: that every SID of the user in the PAC is the same.
fn check_one_user(logon: Option<&LogonInfo>, others: &[Option<Sid>]) -> Result<(), PacRejection> {
    let Some(logon) = logon.and_then(LogonInfo::user_sid) else {
        return Ok(());
    };
    match others.iter().flatten().find(|other| **other != logon) {
        Some(other) => Err(PacRejection::SidMismatch {
            logon: Box::new(logon),
            other: Box::new(*other),
        }),
        None => Ok(()),
    }
}

/// The groups: the primary one, those of the domain, the extra ones, those of the service's domain; each once.
fn groups(logon: &LogonInfo) -> Vec<Sid> {
    let in_domain = |domain: Option<Sid>, rid: u32| domain.and_then(|domain| domain.with_rid(rid));
    let own = Some(logon.domain_sid);
    let primary = in_domain(own, logon.primary_group_rid);
    let groups =
        granting(&logon.groups, |group| group.attributes).filter_map(|group| in_domain(own, group.rid));
    // Without a RID of its own, the user's SID is the first of the extra ones.
    let user = usize::from(logon.user_rid == 0);
    let extra = logon.extra_sids.get(user..).unwrap_or_default();
    let extra = granting(extra, |extra| extra.attributes).map(|extra| extra.sid);
    let resource = granting(&logon.resource_groups, |group| group.attributes)
        .filter_map(|group| in_domain(logon.resource_domain_sid, group.rid));
    let mut seen = alloc::collections::BTreeSet::new();
    primary
        .into_iter()
        .chain(groups)
        .chain(extra)
        .chain(resource)
        .filter(|sid| seen.insert(*sid))
        .collect()
}

/// The memberships that are there to grant something.
fn granting<T>(memberships: &[T], attributes: impl Fn(&T) -> u32) -> impl Iterator<Item = &T> {
    memberships
        .iter()
        .filter(move |membership| attributes(membership) & DENY_ONLY == 0)
}

impl VerifiedPac {
    /// The user's SID.
    #[must_use]
    pub fn user_sid(&self) -> Option<Sid> {
        self.logon.as_ref().and_then(LogonInfo::user_sid)
    }

    /// The relative identifier of the primary group.
    #[must_use]
    pub fn primary_group(&self) -> Option<u32> {
        self.logon.as_ref().map(|logon| logon.primary_group_rid)
    }

    /// The groups, nested ones included: the primary one first, then those of the domain, of other domains, and of the
    /// service's domain. Memberships that only deny are left out.
    #[must_use]
    pub fn groups(&self) -> &[Sid] {
        &self.groups
    }

    /// The account name as registered.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        self.logon.as_ref().map(|logon| logon.account.as_str())
    }

    /// The `NetBIOS` name of the account's domain.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        self.logon.as_ref().map(|logon| logon.domain.as_str())
    }

    /// The name to show; `None` when the account has none.
    #[must_use]
    pub fn full_name(&self) -> Option<&str> {
        let name = self.logon.as_ref().map(|logon| logon.full_name.as_str());
        name.filter(|name| !name.is_empty())
    }

    /// The user principal name; `None` when the account has none and the controller made one up.
    #[must_use]
    pub fn upn(&self) -> Option<&str> {
        let names = self.names.as_ref().filter(|names| !names.constructed);
        names
            .map(|names| names.upn.as_str())
            .filter(|upn| !upn.is_empty())
    }

    /// The DNS name of the account's domain, as the controller spells it.
    #[must_use]
    pub fn dns_domain(&self) -> Option<&str> {
        let domain = self.names.as_ref().map(|names| names.dns_domain.as_str());
        domain.filter(|domain| !domain.is_empty())
    }

    /// When the user signed in.
    #[must_use]
    pub fn logon_time(&self) -> Option<UnixTime> {
        self.logon.as_ref().and_then(|logon| logon.logon_time.to_unix())
    }

    /// The types of all buffers, in their order, known or not.
    #[must_use]
    pub fn buffers(&self) -> &[BufferType] {
        &self.buffers
    }

    /// The logon information as it came.
    #[must_use]
    pub const fn logon_info(&self) -> Option<&LogonInfo> {
        self.logon.as_ref()
    }

    /// That the PAC is about the sign-in of `client` at `auth_time` (A21).
    ///
    /// # Errors
    /// `ClientName`, `ClientTime`.
    pub fn check_client(&self, client: &Principal, auth_time: UnixTime) -> Result<(), PacRejection> {
        self.client.check(client, auth_time)
    }
}
