//! `KERB_VALIDATION_INFO`: the user and the groups (MS-PAC 2.5).

use alloc::{string::String, vec::Vec};

use adlib_core::{DecodeError, DecodeErrorKind, FileTime, Sid};

use super::ndr::Ndr;

/// A group of the user's own domain, or of one domain of resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupMembership {
    /// The last part of the group's SID.
    pub rid: u32,
    /// `SE_GROUP_*`.
    pub attributes: u32,
}

/// A group by its whole SID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SidAndAttributes {
    /// The SID.
    pub sid: Sid,
    /// `SE_GROUP_*`.
    pub attributes: u32,
}

/// What the controller says about the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogonInfo {
    /// When the user signed in.
    pub logon_time: FileTime,
    /// The account name (`EffectiveName`).
    pub account: String,
    /// The name to show.
    pub full_name: String,
    /// The last part of the user's SID; 0 when it is the first of `extra_sids`.
    pub user_rid: u32,
    /// The last part of the primary group's SID.
    pub primary_group_rid: u32,
    /// Groups of the domain.
    pub groups: Vec<GroupMembership>,
    /// The controller that signed the user in.
    pub logon_server: String,
    /// The `NetBIOS` name of the domain.
    pub domain: String,
    /// The SID of the domain.
    pub domain_sid: Sid,
    /// `userAccountControl` in the form of the account database (MS-SAMR 2.2.1.12).
    pub user_account_control: u32,
    /// Groups of other domains, and well-known ones.
    pub extra_sids: Vec<SidAndAttributes>,
    /// The SID of the domain of `resource_groups`.
    pub resource_domain_sid: Option<Sid>,
    /// Groups of the service's domain.
    pub resource_groups: Vec<GroupMembership>,
}

impl LogonInfo {
    /// The structure that `bytes` are.
    ///
    /// First come all the fixed fields, then, in the same order, what they point to.
    ///
    /// # Errors
    /// What is wrong, by the name of its field.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut ndr = Ndr::open(bytes)?;
        let logon_time = ndr.time("LogonTime")?;
        for _ in 0..5 {
            ndr.time("KERB_VALIDATION_INFO times")?;
        }
        let effective_name = ndr.string_head("EffectiveName")?;
        let full_name = ndr.string_head("FullName")?;
        let logon_script = ndr.string_head("LogonScript")?;
        let profile_path = ndr.string_head("ProfilePath")?;
        let home_directory = ndr.string_head("HomeDirectory")?;
        let home_drive = ndr.string_head("HomeDirectoryDrive")?;
        ndr.u16("LogonCount")?;
        ndr.u16("BadPasswordCount")?;
        let user_rid = ndr.u32("UserId")?;
        let primary_group_rid = ndr.u32("PrimaryGroupId")?;
        let groups = ndr.counted("GroupIds")?;
        ndr.u32("UserFlags")?;
        ndr.bytes("UserSessionKey", 16)?;
        let logon_server = ndr.string_head("LogonServer")?;
        let domain = ndr.string_head("LogonDomainName")?;
        let domain_sid = ndr.pointer("LogonDomainId")?;
        ndr.bytes("Reserved1", 8)?;
        let user_account_control = ndr.u32("UserAccountControl")?;
        ndr.bytes("SubAuthStatus to Reserved3", 28)?;
        let extra_sids = ndr.counted("ExtraSids")?;
        let resource_domain_sid = ndr.pointer("ResourceGroupDomainSid")?;
        let resource_groups = ndr.counted("ResourceGroupIds")?;

        let account = ndr.string("EffectiveName", &effective_name)?;
        let full_name = ndr.string("FullName", &full_name)?;
        ndr.string("LogonScript", &logon_script)?;
        ndr.string("ProfilePath", &profile_path)?;
        ndr.string("HomeDirectory", &home_directory)?;
        ndr.string("HomeDirectoryDrive", &home_drive)?;
        let groups = ndr.elements("GroupIds", &groups, 8, read_membership)?;
        let logon_server = ndr.string("LogonServer", &logon_server)?;
        let domain = ndr.string("LogonDomainName", &domain)?;
        let domain_sid = ndr.sid("LogonDomainId", domain_sid)?.ok_or(DecodeError::new(
            "LogonDomainId",
            0,
            DecodeErrorKind::Invalid,
        ))?;
        let extra_sids = ndr.elements("ExtraSids", &extra_sids, 8, |ndr| {
            Ok((ndr.pointer("ExtraSids")?, ndr.u32("ExtraSids")?))
        })?;
        let extra_sids = read_extra_sids(&mut ndr, extra_sids)?;
        let resource_domain_sid = ndr.sid("ResourceGroupDomainSid", resource_domain_sid)?;
        let resource_groups = ndr.elements("ResourceGroupIds", &resource_groups, 8, read_membership)?;
        Ok(Self {
            logon_time,
            account,
            full_name,
            user_rid,
            primary_group_rid,
            groups,
            logon_server,
            domain,
            domain_sid,
            user_account_control,
            extra_sids,
            resource_domain_sid,
            resource_groups,
        })
    }

    /// The user's SID; `None` when the structure has room for none.
    #[must_use]
    pub fn user_sid(&self) -> Option<Sid> {
        match self.user_rid {
            0 => self.extra_sids.first().map(|extra| extra.sid),
            rid => self.domain_sid.with_rid(rid),
        }
    }
}

fn read_membership(ndr: &mut Ndr<'_>) -> Result<GroupMembership, DecodeError> {
    Ok(GroupMembership {
        rid: ndr.u32("RelativeId")?,
        attributes: ndr.u32("Attributes")?,
    })
}

/// The SIDs that an array of pointers points to, behind the whole array.
fn read_extra_sids(ndr: &mut Ndr<'_>, heads: Vec<(bool, u32)>) -> Result<Vec<SidAndAttributes>, DecodeError> {
    let mut sids = Vec::with_capacity(heads.len());
    for (present, attributes) in heads {
        if let Some(sid) = ndr.sid("ExtraSids", present)? {
            sids.push(SidAndAttributes { sid, attributes });
        }
    }
    Ok(sids)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A23
        #[test]
        fn a23_no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = LogonInfo::decode(&bytes);
            let header = [1, 0x10, 8, 0, 0xcc, 0xcc, 0xcc, 0xcc, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0];
            let _ = LogonInfo::decode(&[&header[..], &bytes].concat());
        }
    }
}
