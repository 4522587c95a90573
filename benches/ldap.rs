//! Reading a whole directory, beside `ldapsearch`, python-ldap and the `ldap3` crate: the same server, the same pages, the
//! same attributes, each in a process of its own.
//!
//! A server of 100,000 users is made for it, without TLS, so that what is compared is LDAP. A Samba of 20,000 takes part when
//! it runs; with these settings `lab/samba-ad up` makes it, and `lab/samba-ad load 20000` fills it:
//! `LAB_DIR=/tmp/ad-load LAB_IP=127.0.0.12 LAB_STAFF=0 LAB_STRONG_AUTH=no`.

#![allow(clippy::expect_used, reason = "a bench of nothing is none")]

use std::{
    env,
    process::{Command, Stdio},
};

use adlib_core::Password;
use adlib_ldap::{Connection, Endpoint, Scope, Settings};
use adlib_schema::{Mapped, Mapper, Preset, Schema};
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
const USERS: u64 = 100_000;

/// What is read from where.
#[derive(Clone)]
struct Target {
    name: &'static str,
    preset: Preset,
    host: String,
    bind: String,
    password: String,
    base: String,
    entries: u64,
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if let [_, contestant, host, bind, password, base, preset] = &arguments[..] {
        let preset = preset.parse().expect("a preset");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let entries = match &**contestant {
            "ours" => runtime.block_on(ours(host, bind, password, base, preset)),
            _ => runtime.block_on(plain_ldap3(host, bind, password, base, preset)),
        };
        println!("entries: {entries}");
        return;
    }
    let server = Server::start();
    for target in [server.as_ref().map(Server::target), samba()]
        .into_iter()
        .flatten()
    {
        compare(&target);
    }
    if server.is_none() {
        eprintln!(
            "ldap: left out, there is no slapd to be started; it needs root and `cargo xtask lab install`"
        );
    }
}

/// Every user as a record, one after the other, none kept.
async fn ours(host: &str, bind: &str, password: &str, base: &str, preset: Preset) -> u64 {
    let mut settings = Settings::default();
    settings.danger_plain = true;
    let endpoint = Endpoint::new(host, 389);
    let connection = Connection::open(&[endpoint], &settings)
        .await
        .expect("a connection");
    let bound = connection.bind_simple(bind, &Password::from(password)).await;
    bound.expect("a bind");
    let mapper = Mapper::new(Schema::of(preset));
    let filter = mapper.schema().user_search.for_all();
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
async fn plain_ldap3(host: &str, bind: &str, password: &str, base: &str, preset: Preset) -> u64 {
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
    let filter = schema.user_search.for_all().to_string();
    let attributes: Vec<String> = schema.attributes().into_iter().map(str::to_owned).collect();
    let search = ldap.streaming_search_with(adapters, base, ldap3::Scope::Subtree, &filter, attributes);
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

fn loaded(target: &Target) -> u64 {
    let measured = measured(&ldapsearch(target));
    let entries = measured.get("entries").and_then(Value::as_u64);
    entries.unwrap_or_default()
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
    ]
    .map(str::to_owned)
    .to_vec()
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
fn compare(target: &Target) {
    let contestants = [
        ldapsearch(target),
        python(target),
        myself("ldap3", target),
        myself("ours", target),
    ];
    let rounds: Vec<[Value; 4]> = (0..ROUNDS)
        .map(|_| contestants.each_ref().map(|command| measured(command)))
        .collect();
    let over = |who: usize, key: &str| {
        let values = rounds.iter().filter_map(|round| round.get(who)?[key].as_f64());
        median(values.collect())
    };
    for round in &rounds {
        for (who, result) in round.iter().enumerate() {
            assert_eq!(
                result["entries"].as_u64(),
                Some(target.entries),
                "{who}: {result}"
            );
        }
    }
    let entries = f64::from(u32::try_from(target.entries).unwrap_or(u32::MAX));
    let nanoseconds = |who, key| over(who, key) * 1e9 / entries;
    let kib = |who| over(who, "memory");
    for (who, name) in [(0, "ldapsearch"), (1, "python-ldap"), (2, "ldap3")] {
        let row = |what: &str| format!("ldap/read {}, {what} beside {name}", target.name);
        let wall = (who == 0).then_some(1.1);
        let cpu = (who == 2).then_some(1.0);
        print(
            &row("wall an entry"),
            nanoseconds(3, "wall"),
            nanoseconds(who, "wall"),
            "ns",
            wall,
        );
        print(
            &row("CPU an entry"),
            nanoseconds(3, "cpu"),
            nanoseconds(who, "cpu"),
            "ns",
            cpu,
        );
        print(&row("peak memory"), kib(3), kib(who), "KiB", None);
    }
}

/// One row, in which ours may be at most `bar` times the peer.
fn print(name: &str, ours: f64, peer: f64, unit: &str, bar: Option<f64>) {
    let ratio = ours / peer;
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
