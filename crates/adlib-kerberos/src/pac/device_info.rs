//! `PAC_DEVICE_INFO`: the machine that the client signed in from (MS-PAC 2.12).

use alloc::vec::Vec;

use adlib_core::{DecodeError, DecodeErrorKind, Sid};

use super::{
    logon_info::{ExtraSids, GroupMembership, SidAndAttributes},
    ndr::{self, Ndr},
};

/// What the controller says about the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceInfo {
    /// The last part of the machine account's SID.
    pub user_rid: u32,
    /// The last part of the SID of its primary group.
    pub primary_group_rid: u32,
    /// The SID of the machine's domain.
    pub domain_sid: Sid,
    /// Groups of that domain.
    pub groups: Vec<GroupMembership>,
    /// Groups by their whole SIDs.
    pub extra_sids: Vec<SidAndAttributes>,
    /// Groups of other domains, by domain.
    pub domain_groups: Vec<DomainGroups>,
}

/// Groups of one domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainGroups {
    /// The SID of the domain.
    pub domain_sid: Sid,
    /// Its groups.
    pub groups: Vec<GroupMembership>,
}

impl DeviceInfo {
    /// The structure that `bytes` are.
    ///
    /// # Errors
    /// What is wrong, by the name of its field.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        ndr::read(bytes, Self::walk)
    }

    /// The machine's SID; `None` when the structure has room for none.
    #[must_use]
    pub fn sid(&self) -> Option<Sid> {
        self.domain_sid.with_rid(self.user_rid)
    }

    fn walk(ndr: &mut Ndr<'_>) -> Result<Self, DecodeError> {
        let user_rid = ndr.u32("UserId")?;
        let primary_group_rid = ndr.u32("PrimaryGroupId")?;
        let domain = ndr.pointer("AccountDomainId")?;
        let groups = ndr.counted("AccountGroupIds")?;
        let extra_sids = ndr.counted("ExtraSids")?;
        let domain_groups = ndr.counted("DomainGroup")?;

        let domain_sid = required_sid(ndr, "AccountDomainId", domain)?;
        let groups = ndr.chunks("AccountGroupIds", groups)?;
        let extra_sids = ExtraSids::walk(ndr, extra_sids)?;
        let heads = ndr.elements("DomainGroup", domain_groups, 12, |ndr| {
            Ok((ndr.pointer("DomainId")?, ndr.counted("GroupIds")?))
        })?;
        let read = |(domain, groups)| {
            let domain_sid = required_sid(ndr, "DomainId", domain)?;
            let groups = ndr.chunks("GroupIds", groups)?;
            Ok(DomainGroups {
                domain_sid,
                groups: groups.iter().map(GroupMembership::of).collect(),
            })
        };
        let domain_groups = heads.into_iter().map(read);
        Ok(Self {
            user_rid,
            primary_group_rid,
            domain_sid,
            groups: groups.iter().map(GroupMembership::of).collect(),
            extra_sids: extra_sids.iter().collect(),
            domain_groups: domain_groups.collect::<Result<_, DecodeError>>()?,
        })
    }
}

fn required_sid(ndr: &mut Ndr<'_>, what: &'static str, present: bool) -> Result<Sid, DecodeError> {
    let sid = ndr.sid(what, present)?;
    sid.ok_or(DecodeError::new(what, 0, DecodeErrorKind::Invalid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::hex;
    use proptest::prelude::*;
    use std::string::ToString;

    /// Laid out by hand after MS-PAC 2.12: the machine 1105 of S-1-5-21-1-2-3 in two groups, S-1-18-1-1, and the group 99 of
    /// S-1-5-21-4-5-6.
    const INFO: &str = "00000200
        51040000 03020000 04000200 02000000 08000200 01000000 0c000200 01000000 10000200
        04000000 0104000000000005 15000000 01000000 02000000 03000000
        02000000 03020000 07000000 51040000 07000000
        01000000 14000200 07000000
        02000000 0102000000000012 01000000 01000000
        01000000 18000200 01000000 1c000200
        04000000 0104000000000005 15000000 04000000 05000000 06000000
        01000000 63000000 07000000";

    #[test]
    fn a_machine_in_groups_of_all_kinds() {
        let info = DeviceInfo::decode(&ndr::serialised(&hex(INFO))).unwrap();
        assert_eq!(info.sid().unwrap().to_string(), "S-1-5-21-1-2-3-1105");
        assert_eq!(info.primary_group_rid, 515);
        assert_eq!(
            info.groups.iter().map(|group| group.rid).collect::<Vec<_>>(),
            [515, 1105]
        );
        assert_eq!(info.extra_sids[0].sid.to_string(), "S-1-18-1-1");
        assert_eq!(info.domain_groups[0].domain_sid.to_string(), "S-1-5-21-4-5-6");
        assert_eq!(info.domain_groups[0].groups[0].rid, 99);
    }

    proptest! {
        /// A23
        #[test]
        fn a23_no_bytes_panic(at: usize, value: [u8; 4], length: usize) {
            let mut info = ndr::serialised(&hex(INFO));
            let at = at % (info.len() - 4);
            info[at..at + 4].copy_from_slice(&value);
            let _ = DeviceInfo::decode(&info);
            let _ = DeviceInfo::decode(&info[..length % info.len()]);
        }
    }
}
