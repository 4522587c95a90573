//! Active Directory: Samba's CORP.

use std::{collections::BTreeMap, time::Instant};

use adlib_lab::{Domain, directory_change, fixture};
use adlib_ldap::{Error, Incomplete};
use adlib_schema::{
    Mapper, Preset, Schema,
    read::changes::{
        Change, ChangeKind, FullReadReason, Increment, Mark, Method, Presence, Proof, Replica, Settings,
    },
};

use super::{
    busy::{PAUSE, Writer, busy_time},
    lab_server,
    reading::{Reader, assert_same},
    rounds, seed,
    tree::{DELETED, Flavour, Tree},
};

async fn reader(corp: &Domain, account: &str, password: &str, wanted: Option<Method>) -> Reader {
    let server = (&*corp.host, corp.ip, &*corp.ca_file);
    Reader {
        connection: lab_server::bound(server, &corp.upn(account), password).await,
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

/// One reader for each method and set of rights, who has read everything.
pub(super) async fn readers(corp: &Domain) -> [(&'static str, Reader); 5] {
    let mut readers = newcomers(corp).await;
    begin(&mut readers).await;
    readers
}

/// The same, before their first read.
pub(super) async fn newcomers(corp: &Domain) -> [(&'static str, Reader); 5] {
    [
        ("dirsync", syncing(corp, None).await),
        ("usn", syncing(corp, Some(Method::Usn)).await),
        (
            "dirsync without the right to replicate",
            ordinary(corp, Some(Method::DirSync)).await,
        ),
        ("usn without deleted entries", ordinary(corp, None).await),
        ("timestamps", ordinary(corp, Some(Method::ModifyTimestamp)).await),
    ]
}

/// The first read of each.
async fn begin(readers: &mut [(&'static str, Reader)]) {
    for (name, reader) in readers {
        let (read, _) = reader.go_on().await;
        assert_eq!(read.full, Some(FullReadReason::FirstRead), "{name}");
        println!("{name}: {} because {}", read.method, read.why);
    }
}

/// Run a script where the domain's names resolve.
fn script(corp: &Domain, text: &str) -> String {
    let output = corp.exec(&["bash", "-euc", text]);
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
    modify_by(corp, &format!("{} --show-deleted", tool(corp, "ldbmodify")), ldif);
}

/// Change the controller's own database, which takes more, and whatever has been done already.
fn modify_inside(corp: &Domain, ldif: &str) {
    let at = corp.lab_dir.display();
    let tool = format!("ldbmodify -H {at}/corp/private/sam.ldb --show-deleted");
    modify_by(
        corp,
        &format!("{tool} --controls=relax:0,permissive_modify:0"),
        ldif,
    );
}

fn modify_by(corp: &Domain, tool: &str, ldif: &str) {
    let ldif = with_deleted(corp, ldif);
    script(corp, &format!("{tool} >/dev/null <<'LDIF'\n{ldif}\nLDIF"));
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
    let output = script(
        corp,
        &format!("{tool} --show-deleted -b 'CN=Deleted Objects,{base}' '{filter}' dn"),
    );
    let output = output.replace("\n ", "");
    let dn = output.lines().find_map(|line| line.strip_prefix("dn: "));
    dn.unwrap_or_else(|| panic!("no {account} among what is deleted"))
        .to_owned()
}

/// R28: the law, by each method that the server has.
#[tokio::test]
async fn r28_increments_equal_a_full_read() {
    let corp = directory_change();
    let tree = Tree::new(Flavour::ActiveDirectory, &corp.base, seed());
    play(&corp, tree, modify, rounds(10)).await;
}

/// R28: the same where what is deleted keeps its memberships, and has them again when it comes back.
#[tokio::test]
async fn r28_increments_equal_a_full_read_with_the_recycle_bin() {
    let corp = directory_change();
    // For good (MS-ADTS 3.1.1.9.1).
    let (base, bin) = (&corp.base, "766ddcd8-acd0-445e-f3b9-a7f9b6744f2a");
    let feature = format!("enableOptionalFeature: CN=Partitions,CN=Configuration,{base}:{bin}\n");
    modify_inside(
        &corp,
        &format!("dn:\nchangetype: modify\nadd: enableOptionalFeature\n{feature}"),
    );
    let mut tree = Tree::new(Flavour::ActiveDirectory, &corp.base, seed());
    tree.recycles = true;
    play(&corp, tree, modify_inside, rounds(2)).await;
}

/// Random changes, and after each few the law, for so many rounds.
async fn play(corp: &Domain, mut tree: Tree, modify: fn(&Domain, &str), rounds: usize) {
    modify(corp, &tree.ldif());
    let mut readers = readers(corp).await;
    let mut least = usize::MAX;
    for round in 0..rounds {
        let begin = Instant::now();
        for _ in 0..8 {
            tree.change();
        }
        modify(corp, &tree.ldif());
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
            assert_eq!(read.full, None, "round {round}, {name}");
            assert_same(reader.kept(), fresh.clone(), &format!("round {round}, {name}"));
            least = least.min(read.increment.entries_read);
        }
    }
    let all = readers[0].1.kept().users.len();
    assert!(
        least * 4 < all,
        "at least {least} entries are read, of {all} users"
    );
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
    script(
        corp,
        &format!("/usr/bin/python3 - <<'PYTHON'\n{script_text}\nPYTHON"),
    )
}

/// The SIDs of those who read.
fn reading_sids(corp: &Domain) -> [String; 2] {
    [fixture::SYNC, fixture::ORDINARY].map(|account| {
        let (tool, base) = (tool(corp, "ldbsearch"), &corp.base);
        let output = script(
            corp,
            &format!("{tool} -b '{base}' '(sAMAccountName={account})' objectSid"),
        );
        let sid = output.lines().find_map(|line| line.strip_prefix("objectSid: "));
        sid.unwrap().to_owned()
    })
}

/// Deny those who read `rights`, an ACE in which `%s` is their SID, to the object `dn`; the descriptor that it had.
fn deny(corp: &Domain, dn: &str, rights: &str) -> String {
    let denial: String = reading_sids(corp).map(|sid| rights.replace("%s", &sid)).concat();
    let before = descriptor(corp, dn, "print(utils.get_sd_as_sddl(dn))");
    let before = before.trim();
    let (head, list) = before.split_once("D:").unwrap();
    let list = list.replacen('(', &format!("{denial}("), 1);
    descriptor(
        corp,
        dn,
        &format!("utils.modify_sd_on_dn(dn, {:?})", format!("{head}D:{list}")),
    );
    before.to_owned()
}

fn restore(corp: &Domain, dn: &str, before: &str) {
    descriptor(corp, dn, &format!("utils.modify_sd_on_dn(dn, {before:?})"));
}

/// As if the last list of all identities were a day old: Samba's DirSync tells nothing of what goes out of sight.
fn a_day_later(corp: &Domain, reader: &mut Reader) {
    let mark = reader.replica.cursor().of(&corp.dns_domain).cloned();
    let mut mark = mark.unwrap();
    if mark.method != Method::DirSync {
        return;
    }
    mark.position[12..20].fill(0);
    let nothing = Increment::new(Vec::new(), Presence::Told, Some(mark), 0);
    reader.replica.apply(&corp.dns_domain, nothing, &reader.mapper);
}

fn is_of_rights(reason: &Option<FullReadReason>) -> bool {
    matches!(reason, None | Some(FullReadReason::RightsChanged(_)))
}

/// R28: the right to replicate, taken away and given back.
#[tokio::test]
async fn r28_the_right_to_replicate_taken_away_and_restored() {
    let corp = directory_change();
    let mut readers = readers(&corp).await;
    let replication = "(OD;;CR;1131f6aa-9c07-11d1-f79f-00c04fc2dcd2;;%s)";
    let before = deny(&corp, &corp.base, replication);
    let denied = compare(&mut readers, "no right to replicate").await;
    restore(&corp, &corp.base, &before);
    let restored = compare(&mut readers, "the right to replicate again").await;
    println!("{denied:?}, then {restored:?}");
    assert!(
        matches!(denied[0], Some(FullReadReason::RightsChanged(_))),
        "{denied:?}"
    );
    assert!(denied.iter().chain(&restored).all(is_of_rights));
}

/// R28: one user who is moved where nobody may look, or whose rights are taken away: its changes cannot be seen then.
#[tokio::test]
async fn r28_one_user_out_of_sight() {
    const ACCOUNT: &str = "user02";
    let corp = directory_change();
    let dn = dn_of(&corp, ACCOUNT);
    let (rdn, above) = dn.split_once(',').unwrap();
    let hidden = format!("OU=Hidden,{}", corp.base);
    modify(
        &corp,
        &format!("dn: {hidden}\nchangetype: add\nobjectClass: organizationalUnit\n"),
    );
    deny(&corp, &hidden, "(D;CI;LCLORPRC;;;%s)");
    let mut readers = [
        ("dirsync", syncing(&corp, None).await),
        (
            "dirsync without the right to replicate",
            ordinary(&corp, Some(Method::DirSync)).await,
        ),
        ("usn", ordinary(&corp, Some(Method::Usn)).await),
    ];
    begin(&mut readers).await;
    let moved = |dn: &str, to: &str| {
        let change = "changetype: modrdn\nnewrdn";
        format!("dn: {dn}\n{change}: {rdn}\ndeleteoldrdn: 1\nnewsuperior: {to}\n")
    };
    modify(&corp, &moved(&dn, &hidden));
    next_day(&corp, &mut readers, "moved").await;
    for (name, reader) in &readers {
        let users = reader.kept().users;
        assert!(!users.iter().any(|user| user.account == ACCOUNT), "{name}");
    }
    modify(&corp, &moved(&format!("{rdn},{hidden}"), above));
    let before = deny(&corp, &dn, "(D;;LCLORPRC;;;%s)");
    next_day(&corp, &mut readers, "may not be read").await;
    restore(&corp, &dn, &before);
    next_day(&corp, &mut readers, "may be read again").await;
    deny(&corp, &dn, "(OD;;RP;bf967a6f-0de6-11d0-a285-00aa003049e2;;%s)");
    let reasons = next_day(&corp, &mut readers, "no uSNChanged").await;
    assert!(reasons[2].is_some(), "{reasons:?}");
    restore(&corp, &dn, &before);

    // Without an identity nobody can be told from one who is new.
    deny(&corp, &dn, "(OD;;RP;bf9679e7-0de6-11d0-a285-00aa003049e2;;%s)");
    for (name, reader) in &mut readers {
        a_day_later(&corp, reader);
        let (changes, mut progress) = (reader.changes(), |_| {});
        let read = changes.read(&reader.replica, reader.wanted, &mut progress);
        let Err(Error::Incomplete { reason, .. }) = read.await else {
            panic!("{name}: it is read");
        };
        assert_eq!(reason, Incomplete::NoIdentity(dn.clone()), "{name}");
    }
    restore(&corp, &dn, &before);
    next_day(&corp, &mut readers, "as it was").await;
}

/// Each reader goes on a day later, and has what a fresh read gives; why each read everything, if for rights.
async fn next_day(
    corp: &Domain,
    readers: &mut [(&'static str, Reader)],
    when: &str,
) -> Vec<Option<FullReadReason>> {
    a_day_later(corp, &mut readers[0].1);
    let reasons = compare(readers, when).await;
    println!("{when}: {reasons:?}");
    assert!(reasons.iter().all(is_of_rights), "{when}: {reasons:?}");
    reasons
}

fn dn_of(corp: &Domain, account: &str) -> String {
    let (tool, base) = (tool(corp, "ldbsearch"), &corp.base);
    let output = script(
        corp,
        &format!("{tool} -b '{base}' '(sAMAccountName={account})' dn"),
    );
    let output = output.replace("\n ", "");
    let dn = output.lines().find_map(|line| line.strip_prefix("dn: "));
    dn.unwrap().to_owned()
}

/// Each reader goes on, and has what a fresh read by the same account gives; why each read everything.
pub(super) async fn compare(
    readers: &mut [(&'static str, Reader)],
    when: &str,
) -> Vec<Option<FullReadReason>> {
    let told = told(readers, when).await.into_iter();
    told.map(|(reason, _)| reason).collect()
}

/// The same, and what was told to each.
pub(super) async fn told(
    readers: &mut [(&'static str, Reader)],
    when: &str,
) -> Vec<(Option<FullReadReason>, Vec<Change>)> {
    let (mut told, mut account, mut fresh) = (Vec::new(), String::new(), None);
    for (name, reader) in readers {
        let (read, changes) = reader.go_on().await;
        if account != reader.account {
            account.clone_from(&reader.account);
            fresh = Some(reader.fresh().await);
        }
        assert_same(
            reader.kept(),
            fresh.clone().unwrap(),
            &format!("{when}, {name}: {:?}", read.full),
        );
        told.push((read.full, changes));
    }
    told
}

/// R28: a unit that those who read may not see for a while, and what is directly in it, while all of it changes: nobody is
/// told as deleted, who is hidden is missed only where everything was read, for the rights, and all are back in the end.
#[tokio::test]
#[ignore = "each of five reads everything three times; `cargo xtask test --long` runs it"]
async fn r28_a_unit_out_of_sight() {
    let corp = directory_change();
    let unit = format!("OU=Sight,{}", corp.base);
    modify(&corp, &sights(&unit));
    let mut readers = readers(&corp).await;
    let before = deny(&corp, &unit, "(D;CI;LCLORPRC;;;%s)");
    let hidden = told(&mut readers, "hidden").await;
    for ((reason, changes), (name, reader)) in hidden.iter().zip(&readers) {
        assert!(
            matches!(reason, Some(FullReadReason::RightsChanged(_))),
            "{name}: {reason:?}"
        );
        let gone = changes.iter().filter(|change| is_gone(change));
        let gone = gone.map(|change| (&*change.dn, &change.kind));
        let absent = &ChangeKind::Gone { proof: Proof::Absent };
        let expected =
            ["CN=seen0,", "CN=seen1,", "CN=sighted,", "OU=Inner,"].map(|rdn| format!("{rdn}{unit}"));
        let mut expected: BTreeMap<_, _> = expected.iter().map(|dn| (&**dn, absent)).collect();
        let emptied = ChangeKind::Gone {
            proof: Proof::NoRecord,
        };
        expected.insert(&unit, &emptied);
        assert_eq!(gone.collect::<BTreeMap<_, _>>(), expected, "{name}");
        assert_eq!(seen(reader), [("seen2".to_owned(), None)], "{name}");
    }

    modify(&corp, &changes_out_of_sight(&unit));
    let changed = told(&mut readers, "changed out of sight").await;
    for ((reason, changes), (name, _)) in changed.iter().zip(&readers) {
        assert!(is_of_rights(reason), "{name}: {reason:?}");
        assert!(!changes.iter().any(is_gone), "{name}: {changes:?}");
    }

    restore(&corp, &unit, &before);
    let back = told(&mut readers, "given back").await;
    for ((reason, changes), (name, reader)) in back.iter().zip(&readers) {
        assert!(is_of_rights(reason), "{name}: {reason:?}");
        let returned = changes
            .iter()
            .filter(|change| change.kind == ChangeKind::Returned);
        assert_eq!(returned.count(), 4, "{name}: {changes:?}");
        let expected = [
            ("seen1", Some("meanwhile@example.com")),
            ("seen2", Some("seen2@example.com")),
            ("seen3", None),
        ];
        let expected = expected.map(|(who, mail)| (who.to_owned(), mail.map(str::to_owned)));
        assert_eq!(seen(reader), expected, "{name}");
    }
}

/// Users and a group in `unit`, and a user in a unit in it.
fn sights(unit: &str) -> String {
    let add = |rdn: &str, class: &str| format!("dn: {rdn}{unit}\nchangetype: add\nobjectClass: {class}\n");
    let user = |rdn: &str, account: &str| format!("{}sAMAccountName: {account}\n\n", add(rdn, "user"));
    [
        add("", "organizationalUnit\n"),
        add("OU=Inner,", "organizationalUnit\n"),
        user("CN=seen0,", "seen0"),
        user("CN=seen1,", "seen1"),
        user("CN=seen2,OU=Inner,", "seen2"),
        add("CN=sighted,", &format!("group\nmember: CN=seen1,{unit}\n")),
    ]
    .concat()
}

/// One is changed, one deleted, one comes, and what one is in is renamed.
fn changes_out_of_sight(unit: &str) -> String {
    format!(
        "dn: CN=seen1,{unit}\nchangetype: modify\nreplace: mail\nmail: meanwhile@example.com\n\n\
         dn: CN=seen2,OU=Inner,{unit}\nchangetype: modify\nreplace: mail\nmail: seen2@example.com\n\n\
         dn: CN=seen0,{unit}\nchangetype: delete\n\n\
         dn: OU=Inner,{unit}\nchangetype: modrdn\nnewrdn: OU=Deeper\ndeleteoldrdn: 1\n\n\
         dn: CN=seen3,OU=Deeper,{unit}\nchangetype: add\nobjectClass: user\nsAMAccountName: seen3\n\n"
    )
}

/// The names and addresses of those of [`sights`] whom a reader sees.
fn seen(reader: &Reader) -> Vec<(String, Option<String>)> {
    let users = reader.kept().users.into_iter();
    let seen = users.filter(|user| user.account.starts_with("seen"));
    let mut seen: Vec<_> = seen.map(|user| (user.account, user.email)).collect();
    seen.sort();
    seen
}

fn is_gone(change: &Change) -> bool {
    matches!(change.kind, ChangeKind::Gone { .. })
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
            with(&|mark| mark.position.truncate(28)),
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
