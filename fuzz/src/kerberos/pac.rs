//! Oracles of the PAC, whole and in its buffers.

use adlib_core::{DecodeError, Sid};
use adlib_kerberos::pac::{
    BufferType, ClaimValues, ClientInfo, DelegationInfo, DeviceInfo, LogonInfo, PacAttributes, PacContent,
    UnverifiedPac, UpnDnsInfo, decode_claims,
};

use crate::scene;

/// A PAC that verifies with the key of the scene is about the scene's client.
pub fn pac(data: &[u8]) {
    if let Ok(pac) = UnverifiedPac::decode(data) {
        assert!(pac.buffer_types().count() * 16 <= data.len());
        let report = pac.report(&scene::key(), Some(&scene::controllers()));
        if let Ok(verified) = pac.verify(&scene::key()) {
            assert_eq!(verified.user_sid(), scene::client_sid());
            let report = report.expect("a PAC that verifies");
            assert_eq!(report.content.user_sid(), scene::client_sid());
        }
    }
}

/// The buffers that one byte chooses among.
pub const BUFFERS: [BufferType; 10] = [
    BufferType::LOGON_INFO,
    BufferType::CLIENT_INFO,
    BufferType::UPN_DNS_INFO,
    BufferType::DELEGATION_INFO,
    BufferType::DEVICE_INFO,
    BufferType::ATTRIBUTES,
    BufferType::CLIENT_CLAIMS,
    BufferType::DEVICE_CLAIMS,
    BufferType::REQUESTOR,
    BufferType::CREDENTIALS,
];

/// A buffer, chosen by the first byte, holds no more than it has bytes for; in a PAC that the service's key signs it is the
/// same.
pub fn buffers(data: &[u8]) {
    let Some((choice, buffer)) = data.split_first() else {
        return;
    };
    let kind = BUFFERS[usize::from(*choice) % BUFFERS.len()];
    let alone = holds_no_more(kind, buffer);
    let mut builder = scene::pac_builder();
    match kind {
        BufferType::LOGON_INFO => builder.logon = None,
        BufferType::CLIENT_INFO => builder.client = None,
        BufferType::UPN_DNS_INFO => builder.names = None,
        _ => {}
    }
    builder.other.push((kind, buffer.to_vec()));
    let bytes = builder.sign(&scene::key(), &scene::controllers());
    let pac = UnverifiedPac::decode(&bytes).expect("well laid out");
    if let Ok(verified) = pac.verify(&scene::key()) {
        let content = verified.content();
        assert_eq!(within(kind, content).is_ok(), alone);
        assert!(content.groups().len() <= bytes.len() / 4);
    }
}

/// Whether the buffer is one, which then holds no more than it has bytes for.
#[must_use]
pub fn holds_no_more(kind: BufferType, buffer: &[u8]) -> bool {
    let room = buffer.len();
    match kind {
        BufferType::LOGON_INFO => LogonInfo::decode(buffer).is_ok_and(|info| {
            assert!((info.groups.len() + info.extra_sids.len() + info.resource_groups.len()) * 8 <= room);
            assert!(info.account.len() + info.full_name.len() <= 6 * room);
            true
        }),
        BufferType::CLIENT_INFO => ClientInfo::decode(buffer).is_ok_and(|info| {
            assert!(info.name.len() <= 2 * room);
            true
        }),
        BufferType::UPN_DNS_INFO => UpnDnsInfo::decode(buffer).is_ok_and(|info| {
            assert!(info.upn.len() <= 2 * room && info.dns_domain.len() <= 2 * room);
            true
        }),
        BufferType::DELEGATION_INFO => DelegationInfo::decode(buffer).is_ok_and(|info| {
            assert!(info.transited.len() * 8 <= room);
            true
        }),
        BufferType::DEVICE_INFO => DeviceInfo::decode(buffer).is_ok_and(|info| {
            let groups = info.groups.len() + info.extra_sids.len() + info.domain_groups.len();
            assert!(groups * 8 <= room);
            true
        }),
        BufferType::ATTRIBUTES => PacAttributes::decode(buffer).is_ok(),
        BufferType::CLIENT_CLAIMS | BufferType::DEVICE_CLAIMS => claims(buffer).is_ok(),
        BufferType::REQUESTOR => Sid::decode(buffer).is_ok(),
        _ => true,
    }
}

/// The largest set of claims that is decompressed.
const CLAIMS_BYTES: usize = 1 << 18;

fn claims(buffer: &[u8]) -> Result<(), DecodeError> {
    let claims = decode_claims(buffer)?;
    let values = claims.iter().map(|claim| match &claim.values {
        ClaimValues::Int64(values) => 8 * values.len(),
        ClaimValues::Uint64(values) => 8 * values.len(),
        ClaimValues::Boolean(values) => 8 * values.len(),
        ClaimValues::String(values) => values.iter().map(|value| value.len()).sum(),
        other => panic!("{other:?}"),
    });
    let bytes: usize = values.chain(claims.iter().map(|claim| claim.id.len())).sum();
    // A UTF-16 unit of two bytes is at most three in UTF-8.
    assert!(2 * bytes <= 3 * buffer.len().max(CLAIMS_BYTES));
    Ok(())
}

/// The buffer as the whole PAC tells of it.
fn within(kind: BufferType, content: &PacContent) -> Result<(), DecodeError> {
    match kind {
        BufferType::DELEGATION_INFO => content.delegation().map(|_| ()),
        BufferType::DEVICE_INFO => content.device().map(|_| ()),
        BufferType::ATTRIBUTES => content.attributes().map(|_| ()),
        BufferType::CLIENT_CLAIMS => content.claims().map(|_| ()),
        BufferType::DEVICE_CLAIMS => content.device_claims().map(|_| ()),
        _ => {
            let _ = (content.credentials(), content.upn(), content.account());
            Ok(())
        }
    }
}
