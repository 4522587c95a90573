//! `KERB_VALIDATION_INFO`: the user and the groups (MS-PAC 2.5).

use alloc::{string::String, vec::Vec};

use adlib_core::{DecodeError, DecodeErrorKind, FileTime, Sid, utf16};

use super::ndr::{self, Deferred, Ndr, halves};

/// A group of the user's own domain, or of one domain of resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupMembership {
    /// The last part of the group's SID.
    pub rid: u32,
    /// `SE_GROUP_*`.
    pub attributes: u32,
}

impl GroupMembership {
    /// The membership in an array that is `RelativeId (4) Attributes (4)` for each.
    pub(super) fn of(bytes: &[u8; 8]) -> Self {
        let (rid, attributes) = halves(bytes);
        Self { rid, attributes }
    }
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
    /// # Errors
    /// What is wrong, by the name of its field.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        LogonView::decode(bytes).map(|view| view.read())
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

/// The structure where it lies: checked from end to end, with texts and lists that nobody has read yet.
pub(super) struct LogonView<'a> {
    logon_time: FileTime,
    account: &'a [u8],
    full_name: &'a [u8],
    user_rid: u32,
    primary_group_rid: u32,
    groups: &'a [[u8; 8]],
    logon_server: &'a [u8],
    domain: &'a [u8],
    domain_sid: Sid,
    user_account_control: u32,
    extra_sids: ExtraSids<'a>,
    resource_domain_sid: Option<Sid>,
    resource_groups: &'a [[u8; 8]],
}

impl<'a> LogonView<'a> {
    /// # Errors
    /// What is wrong, by the name of its field.
    pub(super) fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        ndr::read(bytes, Self::walk)
    }

    /// First come all the fixed fields, then, in the same order, what they point to.
    fn walk(ndr: &mut Ndr<'a>) -> Result<Self, DecodeError> {
        let logon_time = ndr.time("LogonTime")?;
        ndr.bytes("LogoffTime to PasswordMustChange", 40)?;
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

        let account = ndr.units("EffectiveName", effective_name)?;
        let full_name = ndr.units("FullName", full_name)?;
        ndr.units("LogonScript", logon_script)?;
        ndr.units("ProfilePath", profile_path)?;
        ndr.units("HomeDirectory", home_directory)?;
        ndr.units("HomeDirectoryDrive", home_drive)?;
        let groups = ndr.chunks("GroupIds", groups)?;
        let logon_server = ndr.units("LogonServer", logon_server)?;
        let domain = ndr.units("LogonDomainName", domain)?;
        let domain_sid = ndr.sid("LogonDomainId", domain_sid)?;
        let domain_sid = domain_sid.ok_or(DecodeError::new("LogonDomainId", 0, DecodeErrorKind::Invalid))?;
        let extra_sids = ExtraSids::walk(ndr, extra_sids)?;
        let resource_domain_sid = ndr.sid("ResourceGroupDomainSid", resource_domain_sid)?;
        let resource_groups = ndr.chunks("ResourceGroupIds", resource_groups)?;
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
    pub(super) fn user_sid(&self) -> Option<Sid> {
        match self.user_rid {
            0 => self.extra_sids.iter().next().map(|extra| extra.sid),
            rid => self.domain_sid.with_rid(rid),
        }
    }

    fn read(&self) -> LogonInfo {
        let memberships = |groups: &[[u8; 8]]| groups.iter().map(GroupMembership::of).collect();
        LogonInfo {
            logon_time: self.logon_time,
            account: utf16::decode_lossy(self.account),
            full_name: utf16::decode_lossy(self.full_name),
            user_rid: self.user_rid,
            primary_group_rid: self.primary_group_rid,
            groups: memberships(self.groups),
            logon_server: utf16::decode_lossy(self.logon_server),
            domain: utf16::decode_lossy(self.domain),
            domain_sid: self.domain_sid,
            user_account_control: self.user_account_control,
            extra_sids: self.extra_sids.iter().collect(),
            resource_domain_sid: self.resource_domain_sid,
            resource_groups: memberships(self.resource_groups),
        }
    }
}

/// An array of pointers to SIDs with a number beside each, and the SIDs behind the whole array.
#[derive(Clone, Copy)]
pub(super) struct ExtraSids<'a> {
    heads: &'a [[u8; 8]],
    /// Each SID with the number of its sub-authorities before it.
    sids: &'a [u8],
}

impl<'a> ExtraSids<'a> {
    /// # Errors
    /// What [`Ndr::chunks`], [`Ndr::referent`] and [`Ndr::sid`] say.
    pub(super) fn walk(ndr: &mut Ndr<'a>, head: Deferred) -> Result<Self, DecodeError> {
        let heads: &[[u8; 8]] = ndr.chunks("ExtraSids", head)?;
        let sids = ndr.span(|ndr| {
            for head in heads {
                ndr.referent("ExtraSids", halves(head).0)?;
            }
            for head in heads {
                ndr.sid("ExtraSids", halves(head).0 != 0)?;
            }
            Ok(())
        })?;
        Ok(Self { heads, sids })
    }

    pub(super) fn iter(self) -> impl Iterator<Item = SidAndAttributes> + use<'a> {
        let mut sids = adlib_core::Reader::new(self.sids);
        let present = self.heads.iter().map(halves).filter(|head| head.0 != 0);
        // They were read once: none fails now.
        present.map_while(move |(_, attributes)| {
            sids.u32_le("ExtraSids").ok()?;
            let sid = Sid::read(&mut sids).ok()?;
            Some(SidAndAttributes { sid, attributes })
        })
    }
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
