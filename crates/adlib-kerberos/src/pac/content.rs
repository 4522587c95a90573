//! What a PAC says, whoever vouches for it.

use alloc::{collections::BTreeSet, vec::Vec};

use adlib_core::{DecodeError, Sid, UnixTime};

use super::{
    BufferType, Claim, ClientInfo, DelegationInfo, DeviceInfo, LogonInfo, PacAttributes, UnverifiedPac,
    UpnDnsInfo, decode_claims,
};

/// `SE_GROUP_USE_FOR_DENY_ONLY`: a membership that grants nothing.
const DENY_ONLY: u32 = 0x10;

/// What a PAC says.
///
/// Out of a [`VerifiedPac`](super::VerifiedPac) it is true; out of a [`PacReport`](super::PacReport) it is what is
/// written there. What few ask for is read when it is asked for.
///
/// A PAC of an MIT controller has no logon information (A27): then there is no SID and there are no groups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PacContent {
    bytes: Vec<u8>,
    buffers: Vec<BufferType>,
    client: Option<ClientInfo>,
    logon: Option<LogonInfo>,
    names: Option<UpnDnsInfo>,
    requestor: Option<Sid>,
    groups: Vec<Sid>,
}

impl UnverifiedPac<'_> {
    /// What the PAC says, whether or not it is true.
    ///
    /// # Errors
    /// What is wrong with the logon information, the client's, the names or the requestor.
    pub fn unverified_content(&self) -> Result<PacContent, DecodeError> {
        let logon = self.data(BufferType::LOGON_INFO);
        let logon = logon.map(LogonInfo::decode).transpose()?;
        let client = self.data(BufferType::CLIENT_INFO);
        let names = self.data(BufferType::UPN_DNS_INFO);
        let requestor = self.data(BufferType::REQUESTOR);
        Ok(PacContent {
            bytes: self.bytes.to_vec(),
            buffers: self.buffer_types().collect(),
            client: client.map(ClientInfo::decode).transpose()?,
            names: names.map(UpnDnsInfo::decode).transpose()?,
            requestor: requestor.map(Sid::decode).transpose()?,
            groups: logon.as_ref().map(groups).unwrap_or_default(),
            logon,
        })
    }
}

/// The groups: the primary one, those of the domain, the extra ones, those of the service's domain; each once.
fn groups(logon: &LogonInfo) -> Vec<Sid> {
    let in_domain = |domain: Option<Sid>, rid: u32| domain.and_then(|domain| domain.with_rid(rid));
    let own = Some(logon.domain_sid);
    let primary = in_domain(own, logon.primary_group_rid);
    // The primary one is among them nearly always.
    let groups = granting(&logon.groups, |group| group.attributes)
        .filter(|group| group.rid != logon.primary_group_rid)
        .filter_map(|group| in_domain(own, group.rid));
    // Without a RID of its own, the user's SID is the first of the extra ones.
    let user = usize::from(logon.user_rid == 0);
    let extra = logon.extra_sids.get(user..).unwrap_or_default();
    let extra = granting(extra, |extra| extra.attributes).map(|extra| extra.sid);
    let resource = granting(&logon.resource_groups, |group| group.attributes)
        .filter_map(|group| in_domain(logon.resource_domain_sid, group.rid));
    let room = logon.groups.len() + logon.extra_sids.len() + logon.resource_groups.len() + 1;
    let mut all = Vec::with_capacity(room);
    all.extend(primary.into_iter().chain(groups).chain(extra).chain(resource));
    once_each(all)
}

/// `sids` without those that come a second time.
fn once_each(mut sids: Vec<Sid>) -> Vec<Sid> {
    let last_part = |sid: &Sid| sid.sub_authorities().last().copied();
    let mut last_parts: Vec<Option<u32>> = sids.iter().map(last_part).collect();
    last_parts.sort_unstable();
    // Whose last parts differ are different: nearly always, that is all to compare.
    if !last_parts.is_sorted_by(|one, next| one < next) {
        let mut seen = BTreeSet::new();
        sids.retain(|sid| seen.insert(*sid));
    }
    sids
}

/// The memberships that are there to grant something.
fn granting<T>(memberships: &[T], attributes: impl Fn(&T) -> u32) -> impl Iterator<Item = &T> {
    memberships
        .iter()
        .filter(move |membership| attributes(membership) & DENY_ONLY == 0)
}

impl PacContent {
    /// The types of all buffers, in their order, known or not.
    #[must_use]
    pub fn buffers(&self) -> &[BufferType] {
        &self.buffers
    }

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

    /// The client that the PAC was made for.
    #[must_use]
    pub const fn client_info(&self) -> Option<&ClientInfo> {
        self.client.as_ref()
    }

    /// The logon information as it came.
    #[must_use]
    pub const fn logon_info(&self) -> Option<&LogonInfo> {
        self.logon.as_ref()
    }

    /// The user's names as they came.
    #[must_use]
    pub const fn upn_dns_info(&self) -> Option<&UpnDnsInfo> {
        self.names.as_ref()
    }

    /// The SID of the client, which tickets for granting tickets carry.
    #[must_use]
    pub const fn requestor(&self) -> Option<Sid> {
        self.requestor
    }

    /// Whether the client asked for a PAC.
    ///
    /// # Errors
    /// `Truncated`.
    pub fn attributes(&self) -> Result<Option<PacAttributes>, DecodeError> {
        self.read(BufferType::ATTRIBUTES, PacAttributes::decode)
    }

    /// The services that acted for the client, if it came by delegation.
    ///
    /// # Errors
    /// What is wrong with the buffer.
    pub fn delegation(&self) -> Result<Option<DelegationInfo>, DecodeError> {
        self.read(BufferType::DELEGATION_INFO, DelegationInfo::decode)
    }

    /// The machine that the client signed in from.
    ///
    /// # Errors
    /// What is wrong with the buffer.
    pub fn device(&self) -> Result<Option<DeviceInfo>, DecodeError> {
        self.read(BufferType::DEVICE_INFO, DeviceInfo::decode)
    }

    /// The claims about the user; `None` when there is no such buffer.
    ///
    /// # Errors
    /// As [`decode_claims`].
    pub fn claims(&self) -> Result<Option<Vec<Claim>>, DecodeError> {
        self.read(BufferType::CLIENT_CLAIMS, decode_claims)
    }

    /// The claims about the machine; `None` when there is no such buffer.
    ///
    /// # Errors
    /// As [`decode_claims`].
    pub fn device_claims(&self) -> Result<Option<Vec<Claim>>, DecodeError> {
        self.read(BufferType::DEVICE_CLAIMS, decode_claims)
    }

    /// Credentials for the client's own machine: encrypted with a key that a service has not, and left as they are.
    #[must_use]
    pub fn credentials(&self) -> Option<&[u8]> {
        UnverifiedPac::decode(&self.bytes)
            .ok()?
            .data(BufferType::CREDENTIALS)
    }

    fn read<T>(
        &self,
        kind: BufferType,
        decode: impl Fn(&[u8]) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DecodeError> {
        // It was cut into buffers once: it is so again.
        let pac = UnverifiedPac::decode(&self.bytes).ok();
        pac.and_then(|pac| pac.data(kind)).map(decode).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_group_is_listed_once_where_it_stood_first(rids in proptest::collection::vec((0_u32..3, 0_u32..8), 0..12)) {
            let sid = |(domain, rid): &(u32, u32)| -> Sid { std::format!("S-1-5-21-{domain}-{rid}").parse().unwrap() };
            let sids: Vec<Sid> = rids.iter().map(sid).collect();
            let once = once_each(sids.clone());
            let mut expected: Vec<Sid> = Vec::new();
            for sid in sids {
                if !expected.contains(&sid) {
                    expected.push(sid);
                }
            }
            prop_assert_eq!(once, expected);
        }
    }
}
