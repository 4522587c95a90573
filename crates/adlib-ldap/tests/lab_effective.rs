//! Users, groups and effective members of real servers, beside what a script computes of what another client reads (R21).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use adlib_core::Password;
use adlib_lab::{corp, ds389, fixture, openldap};
use adlib_ldap::{Connection, Endpoint, Settings, read_domain};
use adlib_schema::{
    Dn, Mapper, Preset, Schema,
    read::{DirectoryRead, ReadBuilder},
};

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
        let mut settings = Settings::default();
        settings.tls.ca_pem = Some(fs::read(&self.ca_file).unwrap());
        settings.tls.ca_only = true;
        let endpoint = Endpoint::new(&self.host, 636).at([self.ip]);
        let connection = Connection::open(&[endpoint], &settings).await.unwrap();
        let password = Password::from(self.password.as_str());
        connection.bind_simple(&self.bind, &password).await.unwrap();
        connection
    }

    /// Everything, as ldapsearch prints it, in a file.
    fn ldif(&self, directory: &Path, exec: &dyn Fn(&[&str]) -> Output) -> PathBuf {
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
            &ATTRIBUTES,
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
    let place = |host: &str, ip, base: &str, dns: &str| Place {
        host: host.to_owned(),
        ip,
        ca_file: corp.ca_file.clone(),
        bind: format!("{}@{dns}", fixture::ADMINISTRATOR),
        password: corp.admin_password.clone(),
        base: base.to_owned(),
    };
    let staff = &corp.staff;
    let both = [
        place(&corp.host, corp.ip, &corp.base, &corp.dns_domain),
        place(&staff.host, staff.ip, &staff.base, &staff.dns_domain),
    ];
    let directory = scratch("ad");
    let files = both
        .each_ref()
        .map(|place| place.ldif(&directory, &|command| adlib_lab::exec(command)));
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
        let file = place.ldif(&directory, &|command| server.exec(command));
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
        let file = place.ldif(&directory, &|command| server.exec(command));
        let computed = computed("names", &[file]);
        assert!(computed.iter().filter(|line| line.starts_with("member ")).count() > 150);
        let read = read(&[place], Preset::Ds389, 40).await;
        same(&ours(&read), &computed);
        assert!(read.users.iter().all(|user| user.account != ds389::GONE));
    }
    fs::remove_dir_all(directory).unwrap();
}
