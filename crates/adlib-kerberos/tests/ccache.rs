//! Credential caches, as MIT's library lays them out.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use adlib_core::UnixTime;
use adlib_kerberos::{
    Ccache, CcacheError, EncryptionType, Principal, ServiceKey, SessionKey, UnsupportedEtype,
    issue::TicketBuilder, name_type,
};
use proptest::prelude::*;

fn counted(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
}

fn principal(realm: &str, components: &[&str]) -> Vec<u8> {
    let count = u32::try_from(components.len()).unwrap();
    let mut bytes = [1_u32.to_be_bytes(), count.to_be_bytes()].concat();
    bytes.extend(counted(realm.as_bytes()));
    components
        .iter()
        .for_each(|part| bytes.extend(counted(part.as_bytes())));
    bytes
}

/// A ticket that a service could open.
fn ticket(service: &[&str]) -> Vec<u8> {
    let components = service.iter().map(|part| (*part).to_owned()).collect();
    let service = Principal::new(name_type::SRV_INST, components, "CORP");
    let session_key = SessionKey::new(EncryptionType::Aes256Sha1, [3; 32]).unwrap();
    let builder = TicketBuilder::new(
        Principal::user("田中", "CORP"),
        service,
        session_key,
        UnixTime::from_seconds(1),
    );
    let key = ServiceKey::new(EncryptionType::Aes256Sha1, [4; 32]).unwrap();
    builder.encrypt(&key, &mut |bytes| bytes.fill(5)).der
}

struct Entry<'a> {
    service: &'a [&'a str],
    realm: &'a str,
    etype: u16,
    key: &'a [u8],
    end: u32,
    ticket: Vec<u8>,
}

impl Entry<'_> {
    fn new<'a>(service: &'a [&'a str], end: u32) -> Entry<'a> {
        Entry {
            service,
            realm: "CORP",
            etype: 18,
            key: &[3; 32],
            end,
            ticket: ticket(service),
        }
    }

    fn bytes(&self, version: u8) -> Vec<u8> {
        let mut bytes = [principal("CORP", &["田中"]), principal(self.realm, self.service)].concat();
        bytes.extend(self.etype.to_be_bytes());
        if version == 3 {
            bytes.extend(self.etype.to_be_bytes());
        }
        bytes.extend(counted(self.key));
        for time in [1000, 0, self.end, 0] {
            bytes.extend(u32::to_be_bytes(time));
        }
        bytes.push(0);
        bytes.extend(0x40e1_0000_u32.to_be_bytes());
        // One address, one element of authorization data.
        for _ in 0..2 {
            bytes.extend([0, 0, 0, 1, 0, 2]);
            bytes.extend(counted(&[127, 0, 0, 1]));
        }
        bytes.extend(counted(&self.ticket));
        bytes.extend(counted(&[]));
        bytes
    }
}

fn cache(version: u8, entries: &[Entry<'_>]) -> Vec<u8> {
    let mut bytes = vec![5, version];
    if version == 4 {
        // The clock's offset, which the header may have.
        bytes.extend([0, 12, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
    bytes.extend(principal("CORP", &["田中"]));
    entries
        .iter()
        .for_each(|entry| bytes.extend(entry.bytes(version)));
    bytes
}

const TGT: &[&str] = &["krbtgt", "CORP"];
const HTTP: &[&str] = &["HTTP", "app.corp"];

#[test]
fn both_versions_are_read() {
    for version in [3, 4] {
        let entries = [
            Entry::new(TGT, 2000),
            Entry::new(HTTP, 3000),
            Entry::new(TGT, 2500),
        ];
        let read = Ccache::decode(&cache(version, &entries)).unwrap();
        assert_eq!(read.client(), &Principal::user("田中", "CORP"));
        assert_eq!(read.credentials().len(), 3);
        let granting = read.ticket_granting_ticket().unwrap();
        assert_eq!(
            granting.end_time,
            UnixTime::from_seconds(2500),
            "the one that lasts longest"
        );
        assert_eq!(
            granting.start_time,
            UnixTime::from_seconds(1000),
            "no start: when authenticated"
        );
        assert_eq!((granting.flags, granting.renew_until), (0x40e1_0000, None));
        assert_eq!(granting.session_key.etype(), EncryptionType::Aes256Sha1);
        let http = read.ticket_for("http/APP.corp").unwrap();
        assert_eq!(http.ticket, ticket(HTTP));
        assert!(read.ticket_for("HTTP/other").is_none());
        http.ap_req_token(UnixTime::from_seconds(1500), &mut |bytes| bytes.fill(1))
            .unwrap();
    }
}

/// R11
#[test]
fn settings_are_passed_over_and_des_is_set_aside() {
    let mut settings = Entry::new(&["krb5_ccache_conf_data", "fast_avail"], 0);
    (settings.realm, settings.etype, settings.key) = ("X-CACHECONF:", 0, &[]);
    settings.ticket = b"yes".to_vec();
    let mut des = Entry::new(HTTP, 1);
    (des.etype, des.key) = (3, &[0; 8]);
    let read = Ccache::decode(&cache(4, &[settings, des])).unwrap();
    assert!(read.credentials().is_empty());
    assert_eq!(read.unusable().len(), 1);
    assert_eq!(read.unusable()[0].etype, UnsupportedEtype::Des(3));
}

#[test]
fn what_is_no_cache_is_refused() {
    assert_eq!(Ccache::decode(b""), Err(CcacheError::NotACcache));
    assert_eq!(Ccache::decode(b"hello"), Err(CcacheError::NotACcache));
    for version in [0, 1, 2, 5] {
        assert_eq!(Ccache::decode(&[5, version]), Err(CcacheError::Version(version)));
    }
    assert!(matches!(
        Ccache::decode(&[5, 4, 0, 9]),
        Err(CcacheError::Malformed(_))
    ));
    let mut short_key = Entry::new(HTTP, 1);
    short_key.key = &[3; 31];
    let mut no_ticket = Entry::new(HTTP, 1);
    no_ticket.ticket = b"nonsense".to_vec();
    for wrong in [short_key, no_ticket] {
        let bytes = cache(4, &[Entry::new(TGT, 1), wrong]);
        assert!(matches!(
            Ccache::decode(&bytes),
            Err(CcacheError::Entry { entry: 2, .. })
        ));
    }
}

/// A28: a cut file is refused, but where an entry ends; counts and lengths of 4 GiB are.
#[test]
fn a28_truncated_at_every_offset() {
    let whole = cache(4, &[Entry::new(TGT, 1)]);
    let empty = cache(4, &[]).len();
    for end in (0..whole.len()).filter(|end| *end != empty) {
        assert!(Ccache::decode(&whole[..end]).is_err(), "{end} bytes");
    }
    let mut many = whole[..empty].to_vec();
    many[20..24].fill(0xff);
    assert!(Ccache::decode(&many).is_err(), "components");
}

/// A63
#[test]
fn a63_debug_shows_no_key_and_no_ticket() {
    let read = Ccache::decode(&cache(4, &[Entry::new(HTTP, 1)])).unwrap();
    let shown = format!("{read:?}");
    assert!(
        shown.contains("Credentials(") && !shown.contains("3, 3, 3"),
        "{shown}"
    );
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0_usize..600, with: u8) {
        let _ = Ccache::decode(&[&[5, 4, 0, 0], &bytes[..]].concat());
        let mut changed = cache(4, &[Entry::new(TGT, 1)]);
        if let Some(byte) = changed.get_mut(at) {
            *byte = with;
        }
        let _ = Ccache::decode(&changed);
    }
}
