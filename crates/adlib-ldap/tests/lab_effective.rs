//! Users, groups and effective members of real servers, beside what a script computes of what another client reads (R21).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
mod lab_server;
mod mock;

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use adlib_lab::{Domain, corp, directory_change, ds389, fixture, openldap};
use adlib_ldap::{Connection, Scope, read_domain};
use adlib_schema::{
    AttributeName, Dn, Filter, LdifReader, Mapper, Preset, RawEntry, Schema,
    read::{DirectoryRead, ReadBuilder},
};
use mock::{Peer, Server, done, done_with_cookie, message, tlv};

/// What the script looks at.
const ATTRIBUTES: [&str; 9] = [
    "objectClass",
    "member",
    "uniqueMember",
    "memberUid",
    "gidNumber",
    "uid",
    "objectSid",
    "primaryGroupID",
    "sAMAccountType",
];

/// A server, and as whom it is read.
struct Place {
    host: String,
    ip: std::net::IpAddr,
    ca_file: PathBuf,
    bind: String,
    password: String,
    base: String,
}

impl Place {
    async fn connect(&self) -> Connection {
        let server = (&*self.host, self.ip, &*self.ca_file);
        lab_server::bound(server, &self.bind, &self.password).await
    }

    /// Everything, as ldapsearch prints it, in a file.
    fn ldif(&self, directory: &Path, attributes: &[&str], exec: &dyn Fn(&[&str]) -> Output) -> PathBuf {
        let uri = format!("ldaps://{}", self.ip);
        let login = ["-D", &self.bind, "-w", &self.password, "-b", &self.base];
        let options = [
            "-x",
            "-LLL",
            "-o",
            "ldif-wrap=no",
            "-E",
            "pr=500/noprompt",
            "-H",
            &uri,
        ];
        let command = [
            &["ldapsearch"][..],
            &options,
            &login,
            &["(objectClass=*)"],
            attributes,
        ]
        .concat();
        let output = exec(&command);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let file = directory.join(&self.base);
        fs::write(&file, output.stdout).unwrap();
        file
    }
}

/// What the script computes of the files.
fn computed(kind: &str, files: &[PathBuf]) -> BTreeSet<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../lab/python/effective.py");
    let output = Command::new("python3")
        .arg(script)
        .arg(kind)
        .args(files)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

async fn read(places: &[Place], preset: Preset, page_size: u32) -> DirectoryRead {
    let mut builder = ReadBuilder::new(Mapper::new(Schema::of(preset)));
    for place in places {
        let connection = place.connect().await;
        let mut progress = |_| {};
        let (name, base) = (&place.base, &place.base);
        let read = read_domain(&connection, name, base, page_size, &mut builder, &mut progress);
        read.await.unwrap();
    }
    builder.finish()
}

/// A DN as the script folds it.
fn fold(dn: &str) -> String {
    let dn: Dn = dn.parse().unwrap();
    let text = dn.to_string();
    let mut folded = String::new();
    let mut chars = text.chars().peekable();
    let mut bytes = Vec::new();
    while let Some(char) = chars.next() {
        match char {
            '\\' => {
                let mut next = chars.clone();
                let pair: String = next.by_ref().take(2).collect();
                match u8::from_str_radix(&pair, 16) {
                    Ok(byte) => {
                        bytes.push(byte);
                        chars = next;
                    }
                    Err(_) => bytes.extend(chars.next().unwrap().to_string().bytes()),
                }
            }
            ',' => bytes.push(0x1f),
            char => bytes.extend(char.to_string().bytes()),
        }
    }
    folded.push_str(&String::from_utf8(bytes).unwrap().to_lowercase());
    folded
}

fn ours(read: &DirectoryRead) -> BTreeSet<String> {
    assert!(read.completeness.complete().is_some(), "{:?}", read.completeness);
    let mut lines = BTreeSet::new();
    for user in &read.users {
        lines.insert(format!("user {}", fold(&user.dn)));
    }
    for (index, group) in read.groups.iter().enumerate() {
        let name = fold(&group.dn);
        for &user in read.memberships.members_of(index) {
            lines.insert(format!("member {name} {}", fold(&read.users[user].dn)));
        }
        lines.insert(format!("group {name}"));
    }
    lines
}

#[track_caller]
fn same(ours: &BTreeSet<String>, computed: &BTreeSet<String>) {
    let only = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
        one.difference(other).take(5).cloned().collect::<Vec<_>>()
    };
    let (extra, missing) = (only(ours, computed), only(computed, ours));
    assert!(
        extra.is_empty() && missing.is_empty(),
        "extra {extra:?}, missing {missing:?}"
    );
}

fn scratch(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("adlib-effective-{name}-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    directory
}

/// R21, R22: both domains of the trust, each alone and together.
#[tokio::test]
async fn r21_effective_members_of_active_directory() {
    let corp = corp();
    let both = both_domains(&corp);
    let directory = scratch("ad");
    let files = both
        .each_ref()
        .map(|place| place.ldif(&directory, &ATTRIBUTES, &|command| adlib_lab::exec(command)));
    let together = read(&both, Preset::ActiveDirectory, 300).await;
    same(&ours(&together), &computed("active-directory", &files));
    for (place, file) in both.into_iter().zip(files) {
        let alone = read(&[place], Preset::ActiveDirectory, 1000).await;
        same(&ours(&alone), &computed("active-directory", &[file]));
    }
    fs::remove_dir_all(directory).unwrap();
}

/// R21: groups in groups, circles, members that are not there; and accounts of RFC 2307, primary groups among them.
#[tokio::test]
async fn r21_effective_members_of_openldap() {
    let server = openldap();
    let directory = scratch("openldap");
    for (preset, kind, base) in [
        (Preset::OpenLdap, "names", &server.base),
        (Preset::Unix, "unix", &server.unix_base),
    ] {
        let place = Place {
            host: server.host.clone(),
            ip: server.ip,
            ca_file: server.ca_file.clone(),
            bind: server.dn(openldap::SYNC),
            password: server.service_password.clone(),
            base: base.clone(),
        };
        let file = place.ldif(&directory, &ATTRIBUTES, &|command| server.exec(command));
        let computed = computed(kind, &[file]);
        assert!(computed.iter().filter(|line| line.starts_with("member ")).count() > 100);
        same(&ours(&read(&[place], preset, 40).await), &computed);
    }
    fs::remove_dir_all(directory).unwrap();
}

/// R21: the same of 389 DS, and deleted users are none, whoever reads and whatever the key.
#[tokio::test]
async fn r21_effective_members_of_389_ds() {
    let server = ds389();
    let directory = scratch("389");
    for (bind, password) in [
        (server.dn(ds389::SYNC), &server.service_password),
        (server.admin_dn.clone(), &server.admin_password),
    ] {
        let place = Place {
            host: server.host.clone(),
            ip: server.ip,
            ca_file: server.ca_file.clone(),
            bind,
            password: password.clone(),
            base: server.base.clone(),
        };
        let file = place.ldif(&directory, &ATTRIBUTES, &|command| server.exec(command));
        let computed = computed("names", &[file]);
        assert!(computed.iter().filter(|line| line.starts_with("member ")).count() > 150);
        let read = read(&[place], Preset::Ds389, 40).await;
        same(&ours(&read), &computed);
        assert!(read.users.iter().all(|user| user.account != ds389::GONE));
    }
    fs::remove_dir_all(directory).unwrap();
}

/// The entries of a directory, from a server that cuts every attribute into ranges of `cut` values (MS-ADTS 3.1.1.3.1.3.3),
/// as Active Directory does with 1,500; and how many ranges it was asked for.
async fn cutting(entries: Arc<Vec<RawEntry>>, cut: usize) -> (Server, Arc<AtomicUsize>) {
    const PAGE: usize = 100;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let server = Server::start(move |stream| {
        let (entries, count) = (Arc::clone(&entries), Arc::clone(&count));
        async move {
            let by_dn: HashMap<&str, &RawEntry> = entries.iter().map(|entry| (entry.dn(), entry)).collect();
            let mut peer = Peer::new(stream);
            let mut sent = 0;
            while let Some(request) = peer.request().await {
                let mut answer = Vec::new();
                if let Some((base, attribute, first)) = range(&request.bytes) {
                    count.fetch_add(1, Ordering::SeqCst);
                    let values: Vec<&[u8]> = by_dn[base.as_str()].values(&attribute).collect();
                    let part = part(&attribute, &values, first, cut);
                    answer.extend(message(request.id, &[as_entry(&base, &[part])]));
                    answer.extend(done(request.id, 0, ""));
                } else {
                    for entry in entries.iter().skip(sent).take(PAGE) {
                        let attributes = entry.attributes().flat_map(|(name, values)| {
                            let values: Vec<&[u8]> = values.collect();
                            let whole = (values.len() <= cut).then(|| attribute(name, &values));
                            // The name without a range stays, with no values.
                            whole.map_or_else(
                                || vec![attribute(name, &[]), part(name, &values, 0, cut)],
                                |one| vec![one],
                            )
                        });
                        let attributes: Vec<Vec<u8>> = attributes.collect();
                        answer.extend(message(request.id, &[as_entry(entry.dn(), &attributes)]));
                    }
                    sent += PAGE;
                    let cookie: &[u8] = if sent < entries.len() { b"more" } else { b"" };
                    answer.extend(done_with_cookie(request.id, cookie));
                }
                peer.send(&answer).await;
            }
        }
    })
    .await;
    (server, asked)
}

fn attribute(name: &str, values: &[&[u8]]) -> Vec<u8> {
    let values: Vec<u8> = values.iter().flat_map(|value| tlv(4, value)).collect();
    tlv(0x30, &[tlv(4, name.as_bytes()), tlv(0x31, &values)].concat())
}

/// The range of at most `cut` values from `first` on.
fn part(name: &str, values: &[&[u8]], first: usize, cut: usize) -> Vec<u8> {
    let end = values.len().min(first + cut);
    let last = if end == values.len() {
        "*".to_owned()
    } else {
        (end - 1).to_string()
    };
    attribute(&format!("{name};range={first}-{last}"), &values[first..end])
}

fn as_entry(dn: &str, attributes: &[Vec<u8>]) -> Vec<u8> {
    tlv(
        0x64,
        &[tlv(4, dn.as_bytes()), tlv(0x30, &attributes.concat())].concat(),
    )
}

/// The tag and the content of the first element, and what follows it.
fn element(bytes: &[u8]) -> (u8, &[u8], &[u8]) {
    let (mut start, mut length) = (2, usize::from(bytes[1]));
    if length >= 0x80 {
        start = 2 + length - 0x80;
        length = bytes[2..start]
            .iter()
            .fold(0, |length, octet| length << 8 | usize::from(*octet));
    }
    (bytes[0], &bytes[start..start + length], &bytes[start + length..])
}

/// The entry, the attribute and the first value of a search for a range.
fn range(request: &[u8]) -> Option<(String, String, usize)> {
    let (_, _, rest) = element(request);
    let (_, search, _) = element(rest);
    let (_, base, mut rest) = element(search);
    let mut attributes = base;
    while !rest.is_empty() {
        (_, attributes, rest) = element(rest);
    }
    let (_, name, _) = element(attributes);
    let (attribute, range) = str::from_utf8(name).unwrap().split_once(";range=")?;
    let first = range.strip_suffix("-*").unwrap().parse().unwrap();
    Some((
        String::from_utf8(base.to_vec()).unwrap(),
        attribute.to_owned(),
        first,
    ))
}

/// R21, R27: a real domain's entries, cut into ranges: users, groups and effective members are those that the script
/// computes of the whole.
#[tokio::test]
async fn r27_forced_ranges_of_active_directory() {
    let corp = corp();
    let place = domain(&corp, &corp.host, corp.ip, &corp.base, &corp.dns_domain);
    let directory = scratch("ranges");
    let file = place.ldif(&directory, &["*"], &|command| adlib_lab::exec(command));
    let computed = computed("active-directory", std::slice::from_ref(&file));
    let entries = LdifReader::new(fs::File::open(&file).unwrap());
    let entries: Arc<Vec<RawEntry>> = Arc::new(entries.collect::<Result<_, _>>().unwrap());
    for (cut, fewest) in [(6, 260), (1_500, 1)] {
        let (server, asked) = cutting(Arc::clone(&entries), cut).await;
        let connection = server.connect().await;
        let mut builder = ReadBuilder::new(Mapper::new(Schema::of(Preset::ActiveDirectory)));
        read_domain(
            &connection,
            &corp.dns_domain,
            &corp.base,
            100,
            &mut builder,
            &mut |_| {},
        )
        .await
        .unwrap();
        same(&ours(&builder.finish()), &computed);
        let asked = asked.load(Ordering::SeqCst);
        assert!(asked >= fewest, "{asked} ranges of {cut}");
    }
    fs::remove_dir_all(directory).unwrap();
}

/// A domain of the lab, read by its own administrator.
fn domain(corp: &Domain, host: &str, ip: std::net::IpAddr, base: &str, dns: &str) -> Place {
    Place {
        host: host.to_owned(),
        ip,
        ca_file: corp.ca_file.clone(),
        bind: format!("{}@{dns}", fixture::ADMINISTRATOR),
        password: corp.admin_password.clone(),
        base: base.to_owned(),
    }
}

fn both_domains(corp: &Domain) -> [Place; 2] {
    let staff = &corp.staff;
    [
        domain(corp, &corp.host, corp.ip, &corp.base, &corp.dns_domain),
        domain(corp, &staff.host, staff.ip, &staff.base, &staff.dns_domain),
    ]
}

/// Whether CORP trusts STAFF, and whether STAFF trusts CORP (MS-ADTS 6.1.6.7.12).
async fn trusts(corp: &Place) -> (bool, bool) {
    let connection = corp.connect().await;
    let filter = Filter::equal(AttributeName::from_static("objectClass"), "trustedDomain");
    let found = connection.search(&corp.base, Scope::Subtree, &filter, &["trustDirection"]);
    let direction = found.await.unwrap().entries[0]
        .text("trustDirection")
        .unwrap()
        .to_owned();
    let expected = match std::env::var("LAB_TRUST").as_deref() {
        Ok("incoming") => "1",
        Ok("outgoing") => "2",
        _ => "3",
    };
    assert_eq!(direction, expected);
    (direction != "1", direction != "2")
}

/// A group of `place` with stand-ins for accounts of the other domain.
fn add_group(place: &Place, name: &str, sids: &[String]) {
    let members: String = sids.iter().map(|sid| format!("member: <SID={sid}>\n")).collect();
    let base = &place.base;
    let ldif = format!(
        "dn: CN={name},CN=Users,{base}\nchangetype: add\nobjectClass: group\nsAMAccountName: {name}\n\
         groupType: -2147483644\n{members}"
    );
    let (host, login) = (&place.host, format!("{}%{}", place.bind, place.password));
    let command = format!("ldbmodify -H ldap://{host} -U '{login}' <<'LDIF'\n{ldif}\nLDIF");
    let output = adlib_lab::exec(&["bash", "-c", &command]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// R21, R22: whoever trusts the other domain holds stand-ins of its users and groups, which count there, nested groups
/// among them; whether the trust goes both ways or one.
#[tokio::test]
async fn r22_members_from_the_other_side_of_a_trust() {
    let corp = directory_change();
    let both = both_domains(&corp);
    let (corp_trusts, staff_trusts) = trusts(&both[0]).await;
    let before = read(&both, Preset::ActiveDirectory, 500).await;
    let user = |name: &str, domain: &str| {
        let mut users = before.users.iter();
        let user = users.find(|user| user.account == name && user.domain == domain);
        user.unwrap().sid.as_ref().unwrap().to_string()
    };
    let group = |name: &str| {
        let group = before.groups.iter().find(|group| group.name == name);
        group.unwrap().sid.as_ref().unwrap().to_string()
    };
    let mut expected = Vec::new();
    if corp_trusts {
        let tess = user("mia", &corp.staff.dns_domain);
        add_group(&both[0], "from-staff", &[tess, group("staff-universal")]);
        expected.extend(["sam", "tess", "mia"].map(|user| ("from-staff", user, &corp.staff.dns_domain)));
    }
    if staff_trusts {
        let ada = user(fixture::ORDINARY, &corp.dns_domain);
        add_group(&both[1], "from-corp", &[ada, group(fixture::NESTED_GROUPS[0])]);
        expected
            .extend([fixture::ORDINARY, fixture::NESTED].map(|user| ("from-corp", user, &corp.dns_domain)));
    }
    let directory = scratch("trust");
    let files = both
        .each_ref()
        .map(|place| place.ldif(&directory, &ATTRIBUTES, &|command| adlib_lab::exec(command)));
    let read = read(&both, Preset::ActiveDirectory, 500).await;
    same(&ours(&read), &computed("active-directory", &files));
    for (group, user, domain) in expected {
        let group = read.groups.iter().position(|found| found.name == group).unwrap();
        let mut members = read
            .memberships
            .members_of(group)
            .iter()
            .map(|user| &read.users[*user]);
        assert!(
            members.any(|found| found.account == user && found.domain == *domain),
            "{user} of {domain}"
        );
    }
    fs::remove_dir_all(directory).unwrap();
}
