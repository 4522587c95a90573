//! Active Directory: Samba's CORP.

use std::{fs, time::Instant};

use adlib_core::Password;
use adlib_lab::{Domain, directory_change, fixture};
use adlib_ldap::{Connection, Endpoint};
use adlib_schema::{
    Mapper, Preset, Schema,
    read::changes::{FullReadReason, Increment, Mark, Method, Presence, Replica, Settings},
};

use super::{
    busy::{PAUSE, Writer, busy_time},
    reading::{Reader, assert_same},
    rounds, seed,
    tree::{DELETED, Flavour, Tree},
};

async fn reader(corp: &Domain, account: &str, password: &str, wanted: Option<Method>) -> Reader {
    let mut settings = adlib_ldap::Settings::default();
    settings.tls.ca_pem = Some(fs::read(&corp.ca_file).unwrap());
    settings.tls.ca_only = true;
    let endpoint = Endpoint::new(&corp.host, corp.ldaps_port).at([corp.ip]);
    let connection = Connection::open(&[endpoint], &settings).await.unwrap();
    let password = Password::from(password);
    connection
        .bind_simple(&corp.upn(account), &password)
        .await
        .unwrap();
    Reader {
        connection,
        mapper: Mapper::new(Schema::of(Preset::ActiveDirectory)),
        name: corp.dns_domain.clone(),
        base: corp.base.clone(),
        account: account.to_owned(),
        wanted,
        replica: Replica::default(),
    }
}

async fn syncing(corp: &Domain, wanted: Option<Method>) -> Reader {
    reader(corp, fixture::SYNC, &corp.service_password, wanted).await
}

/// Whoever reads without a right to replicate or to see what is deleted.
async fn ordinary(corp: &Domain, wanted: Option<Method>) -> Reader {
    reader(corp, fixture::ORDINARY, &corp.user_password, wanted).await
}

/// One reader for each method and set of rights.
async fn readers(corp: &Domain) -> [(&'static str, Reader); 5] {
    let mut readers = [
        ("dirsync", syncing(corp, None).await),
        ("usn", syncing(corp, Some(Method::Usn)).await),
        (
            "dirsync without the right to replicate",
            ordinary(corp, Some(Method::DirSync)).await,
        ),
        ("usn without deleted entries", ordinary(corp, None).await),
        ("timestamps", ordinary(corp, Some(Method::ModifyTimestamp)).await),
    ];
    for (name, reader) in &mut readers {
        let (read, _) = reader.go_on().await;
        assert_eq!(read.full, Some(FullReadReason::FirstRead), "{name}");
        println!("{name}: {} because {}", read.method, read.why);
    }
    readers
}

/// Run a script where the lab's names resolve.
fn script(text: &str) -> String {
    let output = adlib_lab::exec(&["bash", "-euc", text]);
    assert!(
        output.status.success(),
        "{text}\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Change the directory as the administrator.
pub(super) fn modify(corp: &Domain, ldif: &str) {
    let ldif = with_deleted(corp, ldif);
    let tool = tool(corp, "ldbmodify");
    script(&format!(
        "{tool} --show-deleted >/dev/null <<'LDIF'\n{ldif}\nLDIF"
    ));
}

/// One of Samba's tools, as the administrator.
fn tool(corp: &Domain, name: &str) -> String {
    let (host, password) = (&corp.host, &corp.admin_password);
    format!("{name} -H ldap://{host} -U 'administrator%{password}'")
}

/// `ldif` with the DNs of the deleted entries that it speaks of.
fn with_deleted(corp: &Domain, ldif: &str) -> String {
    let mut parts = ldif.split(DELETED);
    let mut whole = parts.next().unwrap().to_owned();
    while let Some(account) = parts.next() {
        whole.push_str(&deleted(corp, account));
        whole.push_str(parts.next().unwrap());
    }
    whole
}

/// The DN that a deleted account has.
fn deleted(corp: &Domain, account: &str) -> String {
    let (tool, base) = (tool(corp, "ldbsearch"), &corp.base);
    let filter = format!("(&(isDeleted=TRUE)(sAMAccountName={account}))");
    let output = script(&format!(
        "{tool} --show-deleted -b 'CN=Deleted Objects,{base}' '{filter}' dn"
    ));
    let output = output.replace("\n ", "");
    let dn = output.lines().find_map(|line| line.strip_prefix("dn: "));
    dn.unwrap_or_else(|| panic!("no {account} among what is deleted"))
        .to_owned()
}

/// R28: the law, by each method that the server has.
#[tokio::test]
async fn r28_increments_equal_a_full_read() {
    let corp = directory_change();
    let seed = seed();
    let mut tree = Tree::new(Flavour::ActiveDirectory, &corp.base, seed);
    modify(&corp, &tree.ldif());
    let mut readers = readers(&corp).await;
    for round in 0..rounds() {
        let begin = Instant::now();
        for _ in 0..8 {
            tree.change();
        }
        modify(&corp, &tree.ldif());
        let changed = begin.elapsed();
        let fresh = readers[0].1.fresh().await;
        for (name, reader) in &mut readers {
            let begin = Instant::now();
            let (read, changes) = reader.go_on().await;
            println!(
                "round {round} ({changed:?}), {name}: {} entries, {} changes, {:?}",
                read.increment.entries_read,
                changes.len(),
                begin.elapsed()
            );
            assert_eq!(read.full, None, "seed {seed}, round {round}, {name}");
            assert_same(
                reader.kept(),
                fresh.clone(),
                &format!("seed {seed}, round {round}, {name}"),
            );
        }
    }
}

/// Calls `SDUtils` on an object of the directory (MS-ADTS 5.1.3).
fn descriptor(corp: &Domain, dn: &str, call: &str) -> String {
    let script_text = format!(
        "import os\nfrom samba.samdb import SamDB\nfrom samba.param import LoadParm\nfrom samba.credentials import Credentials\n\
         from samba.sd_utils import SDUtils\nloaded = LoadParm()\nwho = Credentials()\nwho.guess(loaded)\n\
         who.parse_string('administrator%{}')\ndn = '{dn}'\n\
         utils = SDUtils(SamDB(url='ldap://{}', credentials=who, lp=loaded))\n{call}\n",
        corp.admin_password, corp.host
    );
    script(&format!("/usr/bin/python3 - <<'PYTHON'\n{script_text}\nPYTHON"))
}

/// R28: the right to replicate, taken away and given back.
#[tokio::test]
async fn r28_the_right_to_replicate_taken_away_and_restored() {
    let corp = directory_change();
    let mut readers = readers(&corp).await;
    let sids = [fixture::SYNC, fixture::ORDINARY].map(|account| {
        let (tool, base) = (tool(&corp, "ldbsearch"), &corp.base);
        let output = script(&format!(
            "{tool} -b '{base}' '(sAMAccountName={account})' objectSid"
        ));
        let sid = output.lines().find_map(|line| line.strip_prefix("objectSid: "));
        sid.unwrap().to_owned()
    });
    let denied = |rights: &str| sids.each_ref().map(|sid| rights.replace("%s", sid)).concat();
    let (what, dn) = ("to replicate", corp.base.as_str());
    let denial = denied("(OD;;CR;1131f6aa-9c07-11d1-f79f-00c04fc2dcd2;;%s)");
    let before = descriptor(&corp, dn, "print(utils.get_sd_as_sddl(dn))");
    let before = before.trim();
    let deny = format!(
        "utils.modify_sd_on_dn(dn, {:?})",
        before.replacen("D:AI(", &format!("D:AI{denial}("), 1)
    );
    assert!(deny.contains(&denial), "{before}");
    descriptor(&corp, dn, &deny);
    let denied = compare_by_sight(&mut readers, &format!("no right {what}")).await;
    descriptor(&corp, dn, &format!("utils.modify_sd_on_dn(dn, {before:?})"));
    let restored = compare_by_sight(&mut readers, &format!("the right {what} again")).await;
    println!("{what}: {denied:?}, then {restored:?}");
    assert!(
        matches!(denied[0], Some(FullReadReason::RightsChanged(_))),
        "{what}: {denied:?}"
    );
    let is_changed =
        |reason: &Option<FullReadReason>| matches!(reason, None | Some(FullReadReason::RightsChanged(_)));
    assert!(denied.iter().chain(&restored).all(is_changed), "{what}");
}

/// Each reader goes on, and has what a fresh read by the same account gives; why each read everything.
async fn compare_by_sight(
    readers: &mut [(&'static str, Reader); 5],
    when: &str,
) -> Vec<Option<FullReadReason>> {
    let mut reasons = Vec::new();
    for (name, reader) in readers {
        let (read, _) = reader.go_on().await;
        assert_same(
            reader.kept(),
            reader.fresh().await,
            &format!("{when}, {name}: {:?}", read.full),
        );
        reasons.push(read.full);
    }
    reasons
}

/// R28: a cookie that is another domain's leads to no wrong result.
#[tokio::test]
async fn r28_a_cookie_of_another_domain() {
    let corp = adlib_lab::corp();
    let mut elsewhere = corp.clone();
    elsewhere.ip = corp.staff.ip;
    elsewhere.host = corp.staff.host.clone();
    elsewhere.dns_domain = corp.staff.dns_domain.clone();
    elsewhere.base = corp.staff.base.clone();
    let mut staff = reader(
        &elsewhere,
        "administrator",
        &corp.admin_password,
        Some(Method::DirSync),
    )
    .await;
    staff.go_on().await;
    let foreign = staff.replica.cursor().of(&elsewhere.dns_domain).unwrap().clone();
    let mut reader = syncing(&corp, None).await;
    reader.go_on().await;
    // As it is, it is refused; and so, or harmless, if everything else in it were as here.
    let mut mark = reader.replica.cursor().of(&corp.dns_domain).unwrap().clone();
    mark.position = foreign.position.clone();
    for (mark, is_refused) in [(foreign, true), (mark, false)] {
        let nothing = Increment::new(Vec::new(), Presence::Told, Some(mark), 0);
        reader.replica.apply(&corp.dns_domain, nothing, &reader.mapper);
        let (read, _) = reader.go_on().await;
        println!("{:?}", read.full);
        assert!(!is_refused || read.full.is_some());
        assert_same(reader.kept(), reader.fresh().await, "a cookie of another domain");
    }
}

/// R28: changes without a pause while everything and the changes are read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r28_changes_during_reads() {
    let corp = directory_change();
    let mut tree = Tree::new(Flavour::ActiveDirectory, &corp.base, seed());
    tree.undeletes = false;
    modify(&corp, &tree.ldif());
    let (host, who) = (
        format!("ldap://{}", corp.host),
        format!("administrator%{}", corp.admin_password),
    );
    let command = adlib_lab::command(&["ldbmodify", "-H", &host, "-U", &who]);
    let writer = Writer::start(command, tree, PAUSE, busy_time());
    let mut readers: Vec<_> = readers(&corp).await.into_iter().collect();
    while writer.is_busy() {
        for (name, reader) in &mut readers {
            assert_eq!(reader.go_on().await.0.full, None, "{name}");
        }
        if readers.len() < 10 {
            let mut late = syncing(&corp, [None, Some(Method::Usn)][readers.len() % 2]).await;
            late.go_on().await;
            readers.push(("one who began late", late));
        }
    }
    println!("{} changes in {:?}", writer.finish(), busy_time());
    let fresh = readers[0].1.fresh().await;
    for (name, reader) in &mut readers {
        assert_eq!(reader.go_on().await.0.full, None, "{name}");
        assert_same(reader.kept(), fresh.clone(), name);
    }
}

/// R28: another controller, a database restored from a copy, rights taken away, other settings: a full read with the reason.
#[tokio::test]
async fn r28_what_makes_increments_impossible() {
    let corp = adlib_lab::corp();
    let mut reader = syncing(&corp, None).await;
    reader.go_on().await;
    let good = reader.replica.clone();
    let with = |change: &dyn Fn(&mut Mark)| {
        let mut mark = good.cursor().of(&corp.dns_domain).unwrap().clone();
        change(&mut mark);
        let mut replica = good.clone();
        let nothing = Increment::new(Vec::new(), Presence::Told, Some(mark), 0);
        replica.apply(&corp.dns_domain, nothing, &reader.mapper);
        replica
    };
    let marks: [(&str, Replica); 5] = [
        (
            "another server answers",
            with(&|mark| mark.server = "CN=DC9".to_owned()),
        ),
        (
            "the server was restored",
            with(&|mark| mark.database = "00".to_owned()),
        ),
        (
            "the settings of the read",
            with(&|mark| mark.settings = Settings::of(["other"])),
        ),
        (
            "the server does not go on",
            with(&|mark| mark.position.truncate(20)),
        ),
        ("is damaged", with(&|mark| mark.position.truncate(3))),
    ];
    for (expected, replica) in marks {
        reader.replica = replica;
        let (read, _) = reader.go_on().await;
        let reason = read.full.unwrap().to_string();
        assert!(reason.contains(expected), "{expected}: {reason}");
    }
    assert_same(reader.kept(), reader.fresh().await, "after refusals");

    // The right to replicate is gone: the same cookie in the hands of an account without it.
    let mut ordinary = ordinary(&corp, None).await;
    let mut mark = good.cursor().of(&corp.dns_domain).unwrap().clone();
    ordinary.go_on().await;
    mark.settings = ordinary.replica.cursor().of(&corp.dns_domain).unwrap().settings;
    let nothing = Increment::new(Vec::new(), Presence::Told, Some(mark), 0);
    ordinary
        .replica
        .apply(&corp.dns_domain, nothing, &ordinary.mapper);
    let (read, _) = ordinary.go_on().await;
    assert!(
        matches!(read.full, Some(FullReadReason::RightsChanged(_))),
        "{:?}",
        read.full
    );
    assert_eq!(read.method, Method::Usn);
}
