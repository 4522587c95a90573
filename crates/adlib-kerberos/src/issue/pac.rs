//! PACs, as a controller makes them.

use alloc::{vec, vec::Vec};

use adlib_core::{FileTime, Sid, UnixTime, Writer, utf16};

use super::ndr::NdrWriter;
use crate::{
    Principal, ServiceKey,
    pac::{BufferType, ClientInfo, GroupMembership, LogonInfo, SidAndAttributes, UpnDnsInfo},
};

/// `SE_GROUP_MANDATORY`, `SE_GROUP_ENABLED_BY_DEFAULT` and `SE_GROUP_ENABLED`.
const GRANTED: u32 = 7;
/// `UserFlags`: there are extra SIDs; there are resource groups (MS-PAC 2.5).
const EXTRA_SIDS: u32 = 0x20;
const RESOURCE_GROUPS: u32 = 0x200;

/// What goes into a PAC.
#[derive(Debug, Clone)]
pub struct PacBuilder {
    /// The user and the groups.
    pub logon: Option<LogonInfo>,
    /// What ties the PAC to its ticket.
    pub client: Option<ClientInfo>,
    /// The names of the user.
    pub names: Option<UpnDnsInfo>,
    /// Buffers of other types.
    pub other: Vec<(BufferType, Vec<u8>)>,
    /// What a read-only controller puts after its signatures.
    pub rodc_identifier: Option<u16>,
}

impl PacBuilder {
    /// A PAC about `client`, whose account is `user_rid` in the domain `domain_sid` named `domain`, member of `groups`,
    /// the first of which is the primary one.
    #[must_use]
    pub fn new(
        client: &Principal,
        auth_time: UnixTime,
        domain: &str,
        domain_sid: Sid,
        user_rid: u32,
        groups: &[u32],
    ) -> Self {
        let member = |rid: &u32| GroupMembership {
            rid: *rid,
            attributes: GRANTED,
        };
        let time = FileTime::from_unix(auth_time);
        Self {
            logon: Some(LogonInfo {
                logon_time: time,
                account: client.name(),
                full_name: client.name(),
                user_rid,
                primary_group_rid: groups.first().copied().unwrap_or(0),
                groups: groups.iter().map(member).collect(),
                logon_server: "DC1".into(),
                domain: domain.into(),
                domain_sid,
                user_account_control: 0x10,
                extra_sids: Vec::new(),
                resource_domain_sid: None,
                resource_groups: Vec::new(),
            }),
            client: Some(ClientInfo {
                auth_time: time,
                name: client.name(),
            }),
            names: Some(UpnDnsInfo {
                upn: [&client.name(), "@", &client.realm().to_lowercase()].concat(),
                dns_domain: client.realm().into(),
                account: Some(client.name()),
                sid: domain_sid.with_rid(user_rid),
                constructed: false,
            }),
            other: Vec::new(),
            rodc_identifier: None,
        }
    }

    /// The PAC with the group `sid` of another domain.
    #[must_use]
    pub fn with_extra_sid(mut self, sid: Sid) -> Self {
        if let Some(logon) = &mut self.logon {
            logon.extra_sids.push(SidAndAttributes {
                sid,
                attributes: GRANTED,
            });
        }
        self
    }

    /// Sign the PAC with the service's key, and that signature with the controllers'.
    #[must_use]
    pub fn sign(&self, service: &ServiceKey, controllers: &ServiceKey) -> Vec<u8> {
        let mut buffers = self.unsigned();
        self.sign_buffers(&mut buffers, service, controllers);
        lay_out(&buffers)
    }

    /// The same with the controllers' signatures of the ticket, whose decrypted part with one zero byte in the place of
    /// the PAC is `ticket`, and of the whole PAC.
    #[must_use]
    pub(super) fn sign_with_ticket(
        &self,
        service: &ServiceKey,
        controllers: &ServiceKey,
        ticket: &[u8],
    ) -> Vec<u8> {
        let mut buffers = self.unsigned();
        let ticket_sum = controllers.pac_key().sum(ticket);
        let ticket_signature = self.encode_signature(controllers, Some(ticket_sum.as_slice()));
        buffers.push((BufferType::TICKET_SIGNATURE, ticket_signature));
        // Everything but the other signatures, which are zeros still.
        let unsigned = [
            (BufferType::SERVER_SIGNATURE, self.encode_signature(service, None)),
            (
                BufferType::KDC_SIGNATURE,
                self.encode_signature(controllers, None),
            ),
            (
                BufferType::FULL_SIGNATURE,
                self.encode_signature(controllers, None),
            ),
        ];
        buffers.extend(unsigned);
        let sum = controllers.pac_key().sum(&lay_out(&buffers));
        if let Some((_, full)) = buffers.last_mut() {
            *full = self.encode_signature(controllers, Some(sum.as_slice()));
        }
        self.sign_buffers(&mut buffers, service, controllers);
        lay_out(&buffers)
    }

    /// All buffers but the signatures.
    fn unsigned(&self) -> Vec<(BufferType, Vec<u8>)> {
        let mut buffers = Vec::new();
        buffers.extend(
            self.logon
                .as_ref()
                .map(|info| (BufferType::LOGON_INFO, encode_logon_info(info))),
        );
        buffers.extend(
            self.client
                .as_ref()
                .map(|info| (BufferType::CLIENT_INFO, encode_client_info(info))),
        );
        buffers.extend(
            self.names
                .as_ref()
                .map(|info| (BufferType::UPN_DNS_INFO, encode_upn_dns_info(info))),
        );
        buffers.extend(self.other.iter().cloned());
        buffers
    }

    /// The service's signature and the controllers' of it.
    fn sign_buffers(
        &self,
        buffers: &mut Vec<(BufferType, Vec<u8>)>,
        service: &ServiceKey,
        controllers: &ServiceKey,
    ) {
        if buffers
            .iter()
            .all(|(kind, _)| *kind != BufferType::SERVER_SIGNATURE)
        {
            buffers.push((BufferType::SERVER_SIGNATURE, self.encode_signature(service, None)));
            buffers.push((
                BufferType::KDC_SIGNATURE,
                self.encode_signature(controllers, None),
            ));
        }
        let server_sum = service.pac_key().sum(&lay_out(buffers));
        let controllers_sum = controllers.pac_key().sum(server_sum.as_slice());
        for (kind, data) in buffers {
            match *kind {
                BufferType::SERVER_SIGNATURE => {
                    *data = self.encode_signature(service, Some(server_sum.as_slice()));
                }
                BufferType::KDC_SIGNATURE => {
                    *data = self.encode_signature(controllers, Some(controllers_sum.as_slice()));
                }
                _ => {}
            }
        }
    }

    /// The type and `sum`, and what a read-only controller puts behind; zeros while the sum is not known.
    fn encode_signature(&self, key: &ServiceKey, sum: Option<&[u8]>) -> Vec<u8> {
        let checksum_type = key.pac_key().checksum_type();
        let zeros = vec![0; checksum_type.length().unwrap_or(0)];
        let mut data = Writer::new();
        data.u32_le(checksum_type.0.cast_unsigned())
            .bytes(sum.unwrap_or(&zeros));
        if let Some(identifier) = self.rodc_identifier {
            data.u16_le(if sum.is_some() { identifier } else { 0 });
        }
        data.finish()
    }
}

/// The table, then the buffers, each aligned to 8 bytes.
fn lay_out(buffers: &[(BufferType, Vec<u8>)]) -> Vec<u8> {
    let mut table = Writer::new();
    table.u32_le(u32::try_from(buffers.len()).unwrap_or(0)).u32_le(0);
    let mut offset = 8 + 16 * buffers.len();
    let mut contents = Writer::new();
    for (kind, data) in buffers {
        table
            .u32_le(kind.0)
            .u32_le(u32::try_from(data.len()).unwrap_or(0));
        table.u64_le(u64::try_from(offset).unwrap_or(0));
        contents.bytes(data).align(8);
        offset += data.len().next_multiple_of(8);
    }
    [table.finish(), contents.finish()].concat()
}

fn encode_client_info(info: &ClientInfo) -> Vec<u8> {
    let name = utf16::encode(&info.name);
    let mut data = Writer::new();
    data.u64_le(info.auth_time.0)
        .u16_le(u16::try_from(name.len()).unwrap_or(0))
        .bytes(&name);
    data.finish()
}

/// Texts and SID behind the structure, each aligned to 8 bytes.
fn encode_upn_dns_info(info: &UpnDnsInfo) -> Vec<u8> {
    use crate::pac::{UPN_CONSTRUCTED, UPN_EXTENDED};
    let extended = info.account.as_deref().zip(info.sid);
    let mut data = Writer::new();
    let mut contents = Writer::new();
    let start = if extended.is_some() { 24_usize } else { 16 };
    let mut place = |data: &mut Writer, bytes: &[u8]| {
        let offset = start + contents.position();
        data.u16_le(u16::try_from(bytes.len()).unwrap_or(0))
            .u16_le(u16::try_from(offset).unwrap_or(0));
        contents.bytes(bytes).align(8);
    };
    place(&mut data, &utf16::encode(&info.upn));
    place(&mut data, &utf16::encode(&info.dns_domain));
    let constructed = if info.constructed { UPN_CONSTRUCTED } else { 0 };
    data.u32_le(constructed | if extended.is_some() { UPN_EXTENDED } else { 0 });
    if let Some((account, sid)) = extended {
        place(&mut data, &utf16::encode(account));
        place(&mut data, &sid.encode());
    }
    data.align(8).bytes(&contents.finish());
    data.finish()
}

fn encode_logon_info(info: &LogonInfo) -> Vec<u8> {
    let memberships = |groups: &[GroupMembership]| -> Vec<(u32, u32)> {
        groups.iter().map(|group| (group.rid, group.attributes)).collect()
    };
    let extra: Vec<(Sid, u32)> = info
        .extra_sids
        .iter()
        .map(|extra| (extra.sid, extra.attributes))
        .collect();
    let flags = if extra.is_empty() { 0 } else { EXTRA_SIDS }
        | if info.resource_groups.is_empty() {
            0
        } else {
            RESOURCE_GROUPS
        };
    let mut ndr = NdrWriter::new();
    ndr.time(info.logon_time);
    for _ in 0..5 {
        ndr.time(FileTime::NEVER);
    }
    ndr.string(&info.account).string(&info.full_name);
    // Logon script, profile path, home directory and its drive.
    ndr.string("").string("").string("").string("");
    ndr.u16(0).u16(0).u32(info.user_rid).u32(info.primary_group_rid);
    ndr.pairs(&memberships(&info.groups)).u32(flags).bytes(&[0; 16]);
    ndr.string(&info.logon_server)
        .string(&info.domain)
        .sid(Some(&info.domain_sid));
    ndr.bytes(&[0; 8]).u32(info.user_account_control).bytes(&[0; 28]);
    ndr.sids(&extra).sid(info.resource_domain_sid.as_ref());
    ndr.pairs(&memberships(&info.resource_groups));
    ndr.finish()
}
