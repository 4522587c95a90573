//! Files that the configuration names.

use std::{
    fs,
    path::{Path, PathBuf},
};

use adlib_kerberos::Keytab;
use adlib_upn::SuffixMap;

use super::{
    CheckKind, CheckName, CheckState, Problem,
    findings::{Came, Findings},
};
use crate::config::{BindConfig, Config, DirectoryConfig};

/// The bytes of `file`; where it holds a secret, others who may read it are a reason to warn.
fn read(file: &Path, is_secret: bool) -> Came<Vec<u8>> {
    match fs::read(file) {
        Err(error) => Came::failed(Problem::Unreadable, error.to_string()),
        Ok(bytes) => match others_may_read(file).filter(|_| is_secret) {
            Some(mode) => Came::warning(
                bytes,
                Problem::ReadableByOthers,
                format!("its permissions are {mode:03o}"),
            ),
            None => {
                let seen = format!("{} bytes", bytes.len());
                Came::ok(bytes, seen)
            }
        },
    }
}

/// The permissions of a file that its group or everybody may read.
#[cfg(unix)]
fn others_may_read(file: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(file).ok()?.permissions().mode() & 0o777;
    (mode & 0o044 != 0).then_some(mode)
}

#[cfg(not(unix))]
fn others_may_read(_file: &Path) -> Option<u32> {
    None
}

/// The files of a directory section; gives the checks of those that cannot be read.
pub(super) fn of_directory(findings: &mut Findings<'_>, config: &DirectoryConfig) -> Vec<CheckName> {
    let mut missing = Vec::new();
    let open = |file: &PathBuf| (file.clone(), false);
    let files = config.ca_file.iter().chain(&config.ldif).map(open);
    let secret = |file: &PathBuf| (file.clone(), true);
    let bind = config.bind.iter();
    let bind = bind.flat_map(|bind| bind.password_file.iter().chain(&bind.keytab).map(secret));
    for (file, is_secret) in files.chain(bind) {
        let came = read(&file, is_secret);
        if let Err(name) = findings.add(CheckKind::File, &file.display().to_string(), came) {
            missing.push(name);
        }
    }
    missing
}

/// The check that the bind depends on.
pub(super) fn of_bind(bind: &BindConfig) -> Option<CheckName> {
    let file = bind.password_file.as_ref().or(bind.keytab.as_ref())?;
    Some(CheckName::new(CheckKind::File, file.display().to_string()))
}

/// The check that TLS depends on.
pub(super) fn of_tls(config: &DirectoryConfig) -> Option<CheckName> {
    let file = config.ca_file.as_ref()?;
    Some(CheckName::new(CheckKind::File, file.display().to_string()))
}

/// The mapping file, with every mistake in it (R17).
pub(super) fn mapping(findings: &mut Findings<'_>, config: &Config) {
    let Some(file) = &config.signin.upn_mappings else {
        return;
    };
    let domains = config
        .directory
        .as_ref()
        .map_or(&[][..], |section| &section.domains);
    let came = match fs::read(file) {
        Err(error) => Came::failed(Problem::Unreadable, error.to_string()),
        Ok(bytes) => judged(&bytes, domains),
    };
    let _ = findings.add(CheckKind::Mapping, &file.display().to_string(), came);
}

fn judged(file: &[u8], domains: &[String]) -> Came<()> {
    let parsed = SuffixMap::parse(file);
    if !parsed.diagnostics.is_empty() {
        let mistakes: Vec<String> = parsed.diagnostics.iter().map(ToString::to_string).collect();
        return Came::failed(Problem::Malformed, mistakes.join("; "));
    }
    let unused = parsed.map.unused(domains);
    let unused: Vec<String> = unused
        .map(|mapping| format!("line {}: {mapping}", mapping.line()))
        .collect();
    if domains.is_empty() || unused.is_empty() {
        return Came::ok(
            (),
            match parsed.map.len() {
                1 => "1 mapping".to_owned(),
                count => format!("{count} mappings"),
            },
        );
    }
    Came::warning((), Problem::MappingUnused, unused.join("; "))
}

/// The keytab of the service, and its keys in it.
pub(super) fn keytab(findings: &mut Findings<'_>, config: &Config) -> Result<Keytab, CheckName> {
    let signin = &config.signin;
    let came = match (&signin.keytab, &signin.service) {
        (None, _) => Came::failed(Problem::NoKeyOfService, "no `keytab` is named"),
        (Some(file), service) => with_keys(file, service.as_deref(), signin.danger_accept_rc4),
    };
    let of = signin.keytab.as_ref().map(|file| file.display().to_string());
    let of = of.or_else(|| signin.service.clone()).unwrap_or_default();
    findings.add(CheckKind::Keytab, &of, came)
}

fn with_keys(file: &Path, service: Option<&str>, rc4: bool) -> Came<Keytab> {
    let read = read(file, true);
    let Some(bytes) = read.value else {
        return Came::failed(Problem::Unreadable, read.seen);
    };
    let keytab = match Keytab::decode(&bytes) {
        Ok(keytab) => keytab,
        Err(error) => return Came::failed(Problem::Malformed, error.to_string()),
    };
    let Some(service) = service else {
        return Came::failed(Problem::NoKeyOfService, "no `service` is named");
    };
    let keys = Keys::of(&keytab, service);
    if keys.0.is_empty() {
        let principals: std::collections::BTreeSet<String> = keytab
            .entries()
            .iter()
            .map(|entry| entry.principal.to_string())
            .collect();
        let principals: Vec<String> = principals.into_iter().collect();
        let seen = format!("no key of {service}, but of {}", principals.join(", "));
        return Came::failed(Problem::NoKeyOfService, seen);
    }
    if !rc4 && keys.0.iter().all(|key| key.is_rc4) {
        return Came::failed(Problem::WeakKeysOnly, keys.to_string());
    }
    match read.state {
        CheckState::Ok => Came::ok(keytab, keys.to_string()),
        state => Came {
            value: Some(keytab),
            state,
            seen: format!("{keys}; {}", read.seen),
        },
    }
}

/// The keys of one service.
pub(super) struct Keys(pub(super) Vec<KeyOfService>);

/// One key, without the key.
pub(super) struct KeyOfService {
    pub(super) kvno: u32,
    pub(super) etype: i32,
    is_rc4: bool,
}

impl Keys {
    pub(super) fn of(keytab: &Keytab, service: &str) -> Self {
        let entries = keytab.entries().iter();
        let own = entries.filter(|entry| entry.principal.name().eq_ignore_ascii_case(service));
        let mut keys: Vec<KeyOfService> = own
            .map(|entry| KeyOfService {
                kvno: entry.kvno,
                etype: entry.key.etype().number(),
                is_rc4: entry.key.etype() == adlib_kerberos::EncryptionType::Rc4,
            })
            .collect();
        keys.sort_by_key(|key| (key.kvno, key.etype));
        Self(keys)
    }
}

impl std::fmt::Display for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, key) in self.0.iter().enumerate() {
            let comma = if index == 0 { "keys: " } else { ", " };
            write!(f, "{comma}version {} type {}", key.kvno, key.etype)?;
        }
        Ok(())
    }
}
