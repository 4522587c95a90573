//! Reading a whole directory, beside `ldapsearch`, python-ldap and the `ldap3` crate: the same server, the same pages, the
//! same attributes, each in a process of its own.
//!
//! And reading what changed in a domain, beside reading it whole.
//!
//! A server of 100,000 users is made for it, without TLS, so that what is compared is LDAP. A Samba of 20,000 takes part when
//! it runs; with these settings `lab/samba-ad up` makes it, and `lab/samba-ad load 20000` fills it:
//! `LAB_DIR=/tmp/ad-load LAB_IP=127.0.0.12 LAB_STAFF=0 LAB_STRONG_AUTH=no`.

#![allow(clippy::expect_used, reason = "a bench of nothing is none")]

use std::{
    env,
    io::Write as _,
    process::{Command, Stdio},
};

use adlib_core::Password;
use adlib_ldap::{ChangeReader, Connection, Endpoint, Scope, Settings};
use adlib_schema::{Mapped, Mapper, Preset, Schema, read::changes::Replica};
use ldap3::{
    LdapConnAsync, SearchEntry,
    adapters::{Adapter, EntriesOnly, PagedResults},
};
use serde_json::{Value, json};

const HERE: &str = env!("CARGO_MANIFEST_DIR");
/// Debian's, which has python-ldap.
const PYTHON: &str = "/usr/bin/python3";
const PAGE_SIZE: i32 = 500;
const ROUNDS: usize = 5;
const USERS: u32 = 100_000;
/// How many users are changed between two reads of changes.
const CHANGED: usize = 100;

/// What is read from where.
#[derive(Clone)]
struct Target {
    name: &'static str,
    preset: Preset,
    host: String,
    bind: String,
    password: String,
    base: String,
    entries: u32,
}

/// The rows of changes, where that Samba runs; alone when called with `changes`.
fn changes_of_samba() {
    if let Some(samba) = samba()
        && let Err(missing) = changes(&samba)
    {
        eprintln!("ldap: changes left out: {missing}");
    }
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if let [_, contestant, host, bind, password, base, preset, filter] = &arguments[..] {
        let preset = preset.parse().expect("a preset");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let entries = match &**contestant {
            "ours" => runtime.block_on(ours(host, bind, password, base, preset, filter)),
            _ => runtime.block_on(plain_ldap3(host, bind, password, base, preset, filter)),
        };
        println!("entries: {entries}");
        return;
    }
    if arguments.iter().any(|argument| argument == "changes") {
        return changes_of_samba();
    }
    let server = Server::start();
    for target in [server.as_ref().map(Server::target), samba()]
        .into_iter()
        .flatten()
    {
        if let Err(missing) = compare(&target).and_then(|()| flat(&target)) {
            eprintln!("ldap: {} left out: {missing}", target.name);
        }
    }
    changes_of_samba();
    if server.is_none() {
        eprintln!(
            "ldap: left out, there is no slapd to be started; it needs root and `cargo xtask lab install`"
        );
    }
}

/// Every user as a record, one after the other, none kept.
async fn ours(host: &str, bind: &str, password: &str, base: &str, preset: Preset, filter: &str) -> u64 {
    let mut settings = Settings::default();
    settings.danger_plain = true;
    let endpoint = Endpoint::new(host, 389);
    let connection = Connection::open(&[endpoint], &settings)
        .await
        .expect("a connection");
    let bound = connection.bind_simple(bind, &Password::from(password)).await;
    bound.expect("a bind");
    let mapper = Mapper::new(Schema::of(preset));
    let filter = filter.parse().expect("a filter");
    let attributes = mapper.schema().attributes();
    let size = u32::try_from(PAGE_SIZE).expect("positive");
    let mut search = connection.paged(base, Scope::Subtree, &filter, &attributes, size);
    let (mut users, mut warnings) = (0, Vec::new());
    while let Some(entry) = search.next().await.expect("an entry") {
        users += u64::from(matches!(mapper.map(&entry, &mut warnings), Mapped::User(_)));
    }
    search.finish().expect("all of them");
    users
}

/// Every entry as the library's own, sorted into text and bytes.
async fn plain_ldap3(
    host: &str,
    bind: &str,
    password: &str,
    base: &str,
    preset: Preset,
    filter: &str,
) -> u64 {
    let opened = LdapConnAsync::new(&format!("ldap://{host}")).await;
    let (connection, mut ldap) = opened.expect("a connection");
    ldap3::drive!(connection);
    let bound = ldap.simple_bind(bind, password).await;
    bound.and_then(ldap3::LdapResult::success).expect("a bind");
    let schema = Schema::of(preset);
    let adapters: Vec<Box<dyn Adapter<'_, _, _>>> = vec![
        Box::new(EntriesOnly::new()),
        Box::new(PagedResults::new(PAGE_SIZE)),
    ];
    let attributes: Vec<String> = schema.attributes().into_iter().map(str::to_owned).collect();
    let search = ldap.streaming_search_with(adapters, base, ldap3::Scope::Subtree, filter, attributes);
    let mut search = search.await.expect("a search");
    let mut entries = 0;
    while let Some(entry) = search.next().await.expect("an entry") {
        let entry = SearchEntry::construct(entry);
        entries += u64::from(!std::hint::black_box(entry).dn.is_empty());
    }
    entries
}

/// A slapd of this bench's own.
struct Server {
    running_before: bool,
}

impl Server {
    /// Starts it, and fills it the first time.
    fn start() -> Option<Self> {
        let running_before = openldap(&["status"]);
        let server = (openldap(&["up"])).then_some(Self { running_before })?;
        let missing = USERS.saturating_sub(loaded(&server.target()));
        if missing > 0 && !openldap(&["load", &missing.to_string()]) {
            return None;
        }
        Some(server)
    }

    fn target(&self) -> Target {
        Target {
            name: "OpenLDAP",
            preset: Preset::OpenLdap,
            host: "127.0.0.66".to_owned(),
            bind: "uid=svc-sync,ou=people,dc=example,dc=org".to_owned(),
            password: "Passw0rd.Service".to_owned(),
            base: "ou=load,dc=example,dc=org".to_owned(),
            entries: USERS,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !self.running_before {
            openldap(&["down"]);
        }
    }
}

fn openldap(arguments: &[&str]) -> bool {
    let script = format!("{HERE}/../lab/openldap");
    let mut command = Command::new(script);
    command.args(arguments).stdout(Stdio::null());
    command
        .env("OPENLDAP_DIR", "/tmp/openldap-load")
        .env("OPENLDAP_IP", "127.0.0.66");
    command.status().is_ok_and(|status| status.success())
}

fn loaded(target: &Target) -> u32 {
    let entries = entries(&measured(&ldapsearch(target)));
    entries
        .and_then(|entries| entries.try_into().ok())
        .unwrap_or_default()
}

/// Samba with 20,000 users of OU=Load, when it runs.
fn samba() -> Option<Target> {
    let target = Target {
        name: "Samba",
        preset: Preset::ActiveDirectory,
        host: "127.0.0.12".to_owned(),
        bind: "svc-sync@corp.example.com".to_owned(),
        password: "Passw0rd.Service".to_owned(),
        base: "OU=Load,DC=corp,DC=example,DC=com".to_owned(),
        entries: 20_000,
    };
    std::net::TcpStream::connect((target.host.as_str(), 389)).ok()?;
    Some(target)
}

fn ldapsearch(target: &Target) -> Vec<String> {
    let schema = Schema::of(target.preset);
    let uri = format!("ldap://{}", target.host);
    let pages = format!("pr={PAGE_SIZE}/noprompt");
    let filter = schema.user_search.for_all().to_string();
    let mut command: Vec<&str> = vec!["ldapsearch", "-x", "-LLL", "-o", "ldif-wrap=no", "-H", &uri, "-D"];
    command.extend([
        &*target.bind,
        "-w",
        &target.password,
        "-b",
        &target.base,
        "-E",
        &pages,
        &filter,
    ]);
    command.extend(schema.attributes());
    command.into_iter().map(str::to_owned).collect()
}

fn python(target: &Target) -> Vec<String> {
    let schema = Schema::of(target.preset);
    let uri = format!("ldap://{}", target.host);
    let script = format!("{HERE}/ldap_python.py");
    let (filter, size) = (schema.user_search.for_all().to_string(), PAGE_SIZE.to_string());
    let mut command: Vec<&str> = vec![
        PYTHON,
        &script,
        &uri,
        &target.bind,
        &target.password,
        &target.base,
    ];
    command.extend([&*filter, &size]);
    command.extend(schema.attributes());
    command.into_iter().map(str::to_owned).collect()
}

/// This program, as one of the contestants.
fn myself(contestant: &str, target: &Target) -> Vec<String> {
    let everybody = Schema::of(target.preset).user_search.for_all();
    myself_reading(contestant, target, &everybody.to_string())
}

/// The same, for those whom `filter` finds.
fn myself_reading(contestant: &str, target: &Target, filter: &str) -> Vec<String> {
    let program = env::current_exe().expect("this program").display().to_string();
    let preset = target.preset.to_string();
    [
        &program,
        contestant,
        &target.host,
        &target.bind,
        &target.password,
        &target.base,
        &preset,
        filter,
    ]
    .map(str::to_owned)
    .to_vec()
}

/// How many entries were read.
fn entries(measured: &Value) -> Option<u64> {
    measured.get("entries")?.as_u64()
}

/// What `command` costs.
fn measured(command: &[String]) -> Value {
    let output = Command::new(PYTHON)
        .arg(format!("{HERE}/ldap_measure.py"))
        .args(command)
        .stderr(Stdio::inherit())
        .output()
        .expect("python");
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

/// The rows of one server: the four take turns.
///
/// # Errors
/// What the server lacks.
fn compare(target: &Target) -> Result<(), String> {
    let there = entries(&measured(&ldapsearch(target)));
    if there != Some(target.entries.into()) {
        let there = there.map_or("cannot be read".to_owned(), |there| {
            format!("has {there} of them")
        });
        return Err(format!("{} users are wanted, and it {there}", target.entries));
    }
    let contestants = [
        ldapsearch(target),
        python(target),
        myself("ldap3", target),
        myself("ours", target),
    ];
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let round = contestants.each_ref().map(|command| measured(command));
        if let Some(short) = round.iter().find(|one| entries(one) != there) {
            return Err(format!("somebody read less than everything: {short}"));
        }
        rounds.push(round);
    }
    let over = |value: &dyn Fn(&[Value; 4]) -> f64| median(rounds.iter().map(value).collect());
    for (who, name) in [(0, "ldapsearch"), (1, "python-ldap"), (2, "ldap3")] {
        for (what, key, unit) in [
            ("wall an entry", "wall", "ns"),
            ("CPU an entry", "cpu", "ns"),
            ("peak memory", "memory", "KiB"),
        ] {
            let figure = |round: &[Value; 4], who: usize| {
                let one = round.get(who).and_then(|one| one[key].as_f64());
                one.unwrap_or(f64::NAN)
            };
            let scale = if unit == "ns" {
                1e9 / f64::from(target.entries)
            } else {
                1.0
            };
            let bar = match (who, key) {
                (0, "wall") => Some(1.1),
                (2, "cpu") => Some(1.0),
                _ => None,
            };
            print(
                &format!("ldap/read {}, {what} beside {name}", target.name),
                over(&|round| figure(round, 3) * scale),
                over(&|round| figure(round, who) * scale),
                over(&|round| figure(round, 3) / figure(round, who)),
                unit,
                bar,
            );
        }
    }
    Ok(())
}

/// The peak memory of a read beside that of a tenth of it.
///
/// # Errors
/// What the server lacks.
fn flat(target: &Target) -> Result<(), String> {
    let schema = Schema::of(target.preset);
    let everybody = schema.user_search.for_all().to_string();
    let name = schema.user_name.first().ok_or("no attribute names a user")?;
    let tenth = format!("(&{everybody}({name}=*0))");
    let peaks = [(&everybody, target.entries), (&tenth, target.entries / 10)].map(|(filter, entries)| {
        let measured = measured(&myself_reading("ours", target, filter));
        let is_whole = self::entries(&measured) == Some(entries.into());
        let peak = measured
            .get("memory")
            .and_then(Value::as_f64)
            .filter(|_| is_whole);
        peak.ok_or_else(|| format!("{entries} entries are wanted: {measured}"))
    });
    let [all, tenth] = peaks;
    let (all, tenth) = (all?, tenth?);
    let name = format!("ldap/read {}, peak memory beside a tenth", target.name);
    print(&name, all, tenth, all / tenth, "KiB", Some(1.1));
    Ok(())
}

/// What changed in a domain, beside reading the domain: the entries that the server sends, and the time.
///
/// # Errors
/// What the server lacks, or refuses.
fn changes(target: &Target) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let rounds = runtime
        .block_on(read_changes(target))
        .map_err(|error| error.to_string())?;
    let (whole, rounds) = rounds.split_first().ok_or("nothing was read")?;
    if whole.0 < f64::from(target.entries) {
        return Err(format!(
            "{} users are wanted: {} entries",
            target.entries, whole.0
        ));
    }
    let entries = median(rounds.iter().map(|(entries, _)| *entries).collect());
    let time = median(rounds.iter().map(|(_, time)| *time).collect());
    for (what, ours, peer, unit) in [("entries", entries, whole.0, ""), ("time", time, whole.1, "ns")] {
        let name = format!(
            "ldap/{CHANGED} changes {}, {what} beside a full read",
            target.name
        );
        print(&name, ours, peer, ours / peer, unit, Some(0.02));
    }
    Ok(())
}

/// How many entries were read in how many nanoseconds: of everything first, then of the changes of each round.
async fn read_changes(target: &Target) -> Result<Vec<(f64, f64)>, Box<dyn std::error::Error>> {
    let mut settings = Settings::default();
    settings.danger_plain = true;
    let connection = Connection::open(&[Endpoint::new(&*target.host, 389)], &settings).await?;
    let password = Password::from(&*target.password);
    connection.bind_simple(&target.bind, &password).await?;
    let mapper = Mapper::new(Schema::of(target.preset));
    // A domain is read by DirSync as a whole.
    let (unit, domain) = target.base.split_once(',').ok_or("a unit is wanted")?;
    let reader = ChangeReader::new(&connection, &mapper, domain, domain, &target.bind);
    let users = names(&connection, target).await?;
    let (mut replica, mut rounds) = (Replica::default(), Vec::new());
    for round in 0..=ROUNDS {
        if round > 0 {
            modify(target, &users, round)?;
        }
        let begin = std::time::Instant::now();
        let read = reader.read(&replica, None, &mut |_| {}).await?;
        let time = begin.elapsed().as_secs_f64() * 1e9;
        let entries = u32::try_from(read.increment.entries_read)?;
        let changes = replica.apply(domain, read.increment, &mapper);
        let is_whole = read.full.is_some();
        if is_whole != (round == 0) || !is_whole && changes.len() != CHANGED {
            return Err(format!("{unit}: {} changes, {:?}", changes.len(), read.full).into());
        }
        rounds.push((f64::from(entries), time));
    }
    Ok(rounds)
}

/// The DNs of the users that are changed.
async fn names(connection: &Connection, target: &Target) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let everybody = Schema::of(target.preset).user_search.for_all();
    let mut search = connection.paged(&target.base, Scope::Subtree, &everybody, &["cn"], 500);
    let mut names = Vec::new();
    while let Some(entry) = search.next().await? {
        names.push(entry.dn().to_owned());
    }
    names.truncate(CHANGED);
    Ok(names)
}

/// Give each of `users` another address.
fn modify(target: &Target, users: &[String], round: usize) -> Result<(), Box<dyn std::error::Error>> {
    let uri = format!("ldap://{}", target.host);
    let (bind, password) = ("administrator@corp.example.com", "Passw0rd.Admin");
    let mut tool = Command::new("ldapmodify");
    tool.args(["-x", "-H", &uri, "-D", bind, "-w", password]);
    let mut tool = tool.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    let mut input = tool.stdin.take().ok_or("a pipe")?;
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed()?.as_secs();
    for dn in users {
        writeln!(
            input,
            "dn: {dn}\nchangetype: modify\nreplace: mail\nmail: m{now}-{round}@example.com\n"
        )?;
    }
    drop(input);
    if tool.wait()?.success() {
        Ok(())
    } else {
        Err("the changes were refused".into())
    }
}

/// One row, in which ours may be at most `bar` times the peer.
fn print(name: &str, ours: f64, peer: f64, ratio: f64, unit: &str, bar: Option<f64>) {
    let row = json!({
        "name": name,
        "ours": ours,
        "peer": peer,
        "floor": null,
        "ratio_to_peer": ratio,
        "ratio_to_floor": null,
        "unit": unit,
        "bar": bar.map(|bar| format!("at most {bar} of the peer")),
        "met": bar.map(|bar| ratio <= bar),
    });
    println!("{row}");
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
