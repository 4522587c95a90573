//! What the counted paths are given: the same bytes in every run, wherever it runs.
#![expect(clippy::expect_used, reason = "a count of nothing is none")]

use std::fmt::Write as _;

use adlib_core::{FileTime, UnixTime};
use adlib_kerberos::{
    EncryptionType, Keytab, KeytabEntry, MemoryReplayCache, Policy, Principal, ServiceKey, SessionKey,
    issue::{ApReqBuilder, PacBuilder, TicketBuilder},
};
use adlib_ntlm::{AwaitingAuthenticate, Ephemeral, Initiator, NtHash, ServerChallenge, ServerNames};
use adlib_schema::{LdifReader, RawEntry};
use adlib_spnego::{MechType, NegTokenInit};

const NOW: UnixTime = UnixTime::from_seconds(1_700_000_000);
const REALM: &str = "CORP.EXAMPLE.COM";

/// A client's AP-REQ, and all that a service needs to accept it.
#[derive(Debug)]
pub struct Ticket {
    /// The message, with the PAC of a member of 52 groups.
    pub message: Vec<u8>,
    /// The same in its GSS-API frame.
    pub token: Vec<u8>,
    /// The service's keys.
    pub keytab: Keytab,
    /// The default one, with RC4 where that is the encryption type.
    pub policy: Policy,
    /// An empty one.
    pub replays: MemoryReplayCache,
    /// Large enough.
    pub buffer: Vec<u8>,
    /// When the message was made.
    pub now: UnixTime,
}

/// A message whose keys are all of `etype`.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn ticket(etype: EncryptionType) -> Ticket {
    let service: Principal = "HTTP/app.corp.example.com@CORP.EXAMPLE.COM"
        .parse()
        .expect("a service");
    let key = |byte| ServiceKey::new(etype, vec![byte; etype.key_length()]).expect("a key");
    let session_key = SessionKey::new(etype, vec![3; etype.key_length()]).expect("a key");
    let mut random = |bytes: &mut [u8]| bytes.fill(0x5a);
    let ticket = TicketBuilder::new(client(), service.clone(), session_key, NOW)
        .with_pac(member_of(52).sign(&key(1), &key(2)))
        .encrypt(&key(1), &mut random);
    let mut policy = Policy::default();
    policy.danger_accept_rc4 = etype == EncryptionType::Rc4;
    let request = || ApReqBuilder::new(&ticket, NOW);
    Ticket {
        message: request().encrypt(&mut random).expect("a message"),
        token: request().encrypt_token(&mut random).expect("a token"),
        keytab: Keytab::new(vec![entry(service, 1, key(1))]),
        policy,
        replays: MemoryReplayCache::new(),
        buffer: Vec::with_capacity(4096),
        now: NOW,
    }
}

fn client() -> Principal {
    Principal::user("ada.lovelace", REALM)
}

fn entry(principal: Principal, kvno: u32, key: ServiceKey) -> KeytabEntry {
    KeytabEntry {
        principal,
        kvno,
        key,
        timestamp: NOW,
    }
}

fn member_of(groups: u32) -> PacBuilder {
    let domain = "S-1-5-21-1111111111-2222222222-3333333333"
        .parse()
        .expect("a SID");
    let groups: Vec<u32> = (513..513 + groups).collect();
    PacBuilder::new(&client(), NOW, "CORP", domain, 1104, &groups)
}

/// The PAC of a member of `groups` groups.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn pac(groups: u32) -> Vec<u8> {
    let key = ServiceKey::new(EncryptionType::Aes256Sha1, [1; 32]).expect("a key");
    member_of(groups).sign(&key, &key)
}

/// A keytab file with `entries` keys.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn keytab(entries: u32) -> Vec<u8> {
    let entries = (0..entries).map(|number| {
        let principal = format!("HTTP/app{number}.corp.example.com@{REALM}");
        let key = ServiceKey::new(EncryptionType::Aes256Sha1, [1; 32]).expect("a key");
        entry(principal.parse().expect("a service"), number, key)
    });
    Keytab::new(entries.collect()).encode()
}

/// A token that offers Kerberos first and NTLM second, with an AP-REQ in it.
#[must_use]
pub fn negotiation() -> Vec<u8> {
    let token = ticket(EncryptionType::Aes256Sha1).token;
    NegTokenInit {
        mech_types: vec![MechType::KERBEROS, MechType::NTLM],
        mech_token: Some(&token),
        mech_list_mic: None,
    }
    .encode()
}

/// An NTLM handshake before its last message is judged.
#[derive(Debug)]
pub struct Handshake {
    /// The acceptor, which has sent its challenge.
    pub awaiting: AwaitingAuthenticate,
    /// The client's last message.
    pub authenticate: Vec<u8>,
    /// The user's.
    pub hash: NtHash,
    /// When all of it happened.
    pub now: FileTime,
}

/// A handshake with signatures and a MIC.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn handshake() -> Handshake {
    let now = FileTime::from_unix(NOW);
    let hash = NtHash::from_password("Passw0rd.Test".into());
    let ephemeral = Ephemeral {
        now,
        client_challenge: [1; 8],
        session_key: adlib_ntlm::SessionKey::new([2; 16]),
    };
    let (negotiate, client) = Initiator::new("ada.lovelace", "CORP", hash.clone(), ephemeral).negotiate();
    let names = ServerNames {
        netbios_computer: "APP1".to_owned(),
        netbios_domain: "CORP".to_owned(),
        ..ServerNames::default()
    };
    let (challenge, awaiting) = adlib_ntlm::Acceptor::new(names)
        .challenge(&negotiate, ServerChallenge::new([3; 8]), now)
        .expect("a challenge");
    let (authenticate, _) = client.authenticate(&challenge).expect("an answer");
    Handshake {
        awaiting,
        authenticate,
        hash,
        now,
    }
}

/// A file of 50 suffix mappings.
#[must_use]
pub fn mappings() -> Vec<u8> {
    let line = |number| format!("branch{number}.example = de{number}.corp.example.com\n");
    (0..50).map(line).collect::<String>().into_bytes()
}

/// An LDIF file of `users` users of Active Directory.
///
/// # Panics
/// Never: a `String` takes any text.
#[must_use]
pub fn ldif(users: usize) -> Vec<u8> {
    let mut file = String::from("version: 1\n\n");
    for user in 0..users {
        write!(
            file,
            "dn: CN=User {user},OU=Engineering,DC=corp,DC=example,DC=com\n\
             objectClass: top\nobjectClass: person\nobjectClass: organizationalPerson\nobjectClass: user\n\
             displayName: User Number {user}\nobjectGUID:: AAECAwQFBgcICQoLDA0ODw==\n\
             userAccountControl: 512\npwdLastSet: 133444736000000000\nprimaryGroupID: 513\n\
             objectSid:: AQUAAAAAAAUVAAAAx2uxQo5N8YQ50yUZUAQAAA==\naccountExpires: 9223372036854775807\n\
             sAMAccountName: user{user}\nsAMAccountType: 805306368\nlockoutTime: 0\n\
             userPrincipalName: user{user}@corp.example.com\nmail: user.number.{user}@corp.example.com\n\
             objectCategory: CN=Person,CN=Schema,CN=Configuration,DC=corp,DC=example,DC=com\n\
             msDS-User-Account-Control-Computed: 0\n\n"
        )
        .expect("a String takes any text");
    }
    file.into_bytes()
}

/// The entries of that file.
#[must_use]
pub fn raw_entries(users: usize) -> Vec<RawEntry> {
    LdifReader::new(&ldif(users)[..]).flatten().collect()
}
