//! A tour of adlib, offline: `cargo run --example quickstart`.
//!
//! A directory is read from files, a user list is brought in step with it, an alternate name is resolved, and a
//! Kerberos ticket is verified. Nothing here opens a socket.

use std::{error::Error, fs, path::Path};

use adlib::{
    Directory, Keytab, LogonName, SuffixMap, Syncer, TicketPolicy, UnixTime,
    kerberos::{
        EncryptionType, KeytabEntry, MemoryReplayCache, Principal, ServiceKey, SessionKey, UnverifiedApReq,
        issue::{ApReqBuilder, PacBuilder, TicketBuilder},
    },
    sync::{Plan, SyncOptions},
};
use adlib_examples::SqliteStore;
use tabled::{Table, Tabled, settings::Style};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data");

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let scratch = tempfile::tempdir()?;
    println!("adlib: sign users in, know who they are, keep the user list in step.");
    synchronise(scratch.path()).await?;
    resolve()?;
    verify()
}

/// Steps 1 to 5: a directory becomes a user list, and stays one.
async fn synchronise(scratch: &Path) -> Result<()> {
    headline(
        1,
        "Read a directory. This one is two LDIF files, an invented company with a subsidiary",
    );
    let company = Directory::from_ldif([format!("{DATA}/company.ldif"), format!("{DATA}/subsidiary.ldif")]);
    let read = company.read().await?;
    for found in &read.found {
        println!(
            "   {}: {} users, {} groups",
            found.domain, found.users, found.groups
        );
    }
    let is_complete = read.completeness.complete().is_some();
    println!("   The read is complete: {is_complete}. Only a complete read can ever lead to a deletion.");

    headline(
        2,
        "Preview: what a run would do to an empty user list, and nothing is done yet",
    );
    let store = SqliteStore::open(scratch.join("users.sqlite"))?;
    let plan = Syncer::new(company.clone(), &store, SyncOptions::default())
        .preview()
        .await?;
    print_creates(&plan);
    print_held_back(&plan);

    headline(
        3,
        "Apply the plan to an SQLite file. A run applies a plan, and only a plan",
    );
    println!("   {}", plan.apply(&store).await?);
    let user = store
        .user_with_card("ID-100401")?
        .ok_or("the card is in the data")?;
    println!("   Card ID-100401 now belongs to {}, who is in:", user.name);
    for group in store.groups_of(&user.id)? {
        println!("     {group}");
    }

    headline(4, "Preview again: the list is in step");
    let plan = Syncer::new(company, &store, SyncOptions::default())
        .preview()
        .await?;
    println!("   Operations: {}", plan.operation_count());

    headline(5, "Somebody moves to another office, and a preview says so");
    let moved = scratch.join("company.ldif");
    let text = fs::read_to_string(format!("{DATA}/company.ldif"))?;
    fs::write(&moved, text.replacen("Mill 2.14", "Mill 3.01", 1))?;
    let company = Directory::from_ldif([moved, format!("{DATA}/subsidiary.ldif").into()]);
    let plan = Syncer::new(company, &store, SyncOptions::default())
        .preview()
        .await?;
    for update in plan.updates() {
        for change in &update.changes {
            println!(
                "   {}: {} was {}, becomes {}",
                update.user, change.field, change.from, change.to
            );
        }
    }
    Ok(())
}

/// Step 6: a name with an alternate suffix.
fn resolve() -> Result<()> {
    headline(6, "Alternate UPN suffixes: what may `mia@pw.example` stand for?");
    let map = SuffixMap::parse(&fs::read(format!("{DATA}/upn_mappings.conf"))?).into_map()?;
    for mapping in map.mappings() {
        println!("   {} = {}", mapping.alternate(), mapping.domain());
    }
    let name = LogonName::parse("mia@pw.example")?;
    for candidate in map.candidates(name.upn()?) {
        println!("   candidate: {candidate}");
    }
    match LogonName::parse("*)(uid=*@pw.example") {
        Ok(_) => println!("   that should not have been a name"),
        Err(error) => println!("   and `*)(uid=*@pw.example` is refused: {error}"),
    }
    Ok(())
}

/// Step 7: a service ticket, made here and verified with the service's own key.
fn verify() -> Result<()> {
    headline(7, "Verify a Kerberos ticket with the service's own key");
    let now = UnixTime::from_seconds(1_800_000_000);
    let service: Principal = "HTTP/app.paperworks.example@PAPERWORKS.EXAMPLE".parse()?;
    let key = ServiceKey::new(EncryptionType::Aes256Sha1, random_bytes()?)?;
    let token = ticket_for(&service, &key, now)?;
    println!("   A browser sent {} bytes for {service}.", token.len());

    let keytab = Keytab::new(vec![KeytabEntry {
        principal: service,
        kvno: 1,
        key,
        timestamp: now,
    }]);
    let policy = TicketPolicy::default();
    let replays = MemoryReplayCache::new();
    // Each step consumes the one before: what is left out does not compile.
    let pending = UnverifiedApReq::decode(&token)?
        .decrypt(&keytab, &policy)?
        .check(&policy, now, None)?;
    let (record, expires) = (pending.record(), pending.expires());
    let accepted = pending.accept(replays.check_and_insert(record, expires, now)?);
    println!("   accepted: {}", accepted.client());
    if let Some(pac) = accepted.pac() {
        let sid = pac.user_sid().ok_or("the PAC names a user")?;
        println!(
            "   the controller signed: {sid}, member of {} groups",
            pac.groups().len()
        );
    }

    // The same bytes again, and the same bytes with one bit changed.
    if let Err(error) = replays.check_and_insert(record, expires, now) {
        println!("   sent a second time: {error}");
    }
    let mut forged = token;
    if let Some(byte) = forged.last_mut() {
        *byte ^= 1;
    }
    if let Err(error) = UnverifiedApReq::decode(&forged)?.decrypt(&keytab, &policy) {
        println!("   with one bit changed: {error}");
    }
    Ok(())
}

/// What a controller and a client do, in memory.
fn ticket_for(service: &Principal, key: &ServiceKey, now: UnixTime) -> Result<Vec<u8>> {
    let mut failure = None;
    let random = &mut |bytes: &mut [u8]| failure = getrandom::fill(bytes).err();
    let client = Principal::user("akeller", "PAPERWORKS.EXAMPLE");
    let controllers = ServiceKey::new(EncryptionType::Aes256Sha1, random_bytes()?)?;
    let domain = "S-1-5-21-1111111111-2222222222-3333333333".parse()?;
    let pac = PacBuilder::new(&client, now, "PAPERWORKS", domain, 1101, &[513, 1201]).sign(key, &controllers);
    let session_key = SessionKey::new(EncryptionType::Aes256Sha1, random_bytes()?)?;
    let ticket = TicketBuilder::new(client, service.clone(), session_key, now)
        .with_pac(pac)
        .encrypt(key, random);
    let token = ApReqBuilder::new(&ticket, now).encrypt_token(random)?;
    match failure {
        Some(error) => Err(error.into()),
        None => Ok(token),
    }
}

fn random_bytes() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

fn headline(number: u8, text: &str) {
    println!("\n{number}. {text}");
}

/// A row of the preview.
#[derive(Tabled)]
struct Row<'a> {
    user: &'a str,
    #[tabled(rename = "full name")]
    full_name: &'a str,
    email: &'a str,
    office: &'a str,
    card: &'a str,
}

fn print_creates(plan: &Plan) {
    const SHOWN: usize = 12;
    let rows = plan.creates().iter().take(SHOWN).map(|create| {
        let details = &create.user.details;
        Row {
            user: &create.user.name,
            full_name: details.full_name.as_deref().unwrap_or_default(),
            email: details.email.as_deref().unwrap_or_default(),
            office: details.office.as_deref().unwrap_or_default(),
            card: details.cards.first().map(String::as_str).unwrap_or_default(),
        }
    });
    println!("{}", Table::new(rows).with(Style::rounded()));
    let more = plan.creates().len().saturating_sub(SHOWN);
    let (groups, memberships) = (plan.group_creates().len(), plan.memberships_added().len());
    println!("   and {more} more users; {groups} groups; {memberships} memberships, nested ones counted");
}

fn print_held_back(plan: &Plan) {
    for held_back in plan.held_back() {
        println!("   held back: {held_back}");
    }
}
