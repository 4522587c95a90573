//! `cargo xtask edges`: who may know whom.

use crate::{
    command::root,
    failure::Failure,
    source::rust_files,
    workspace::{Package, Workspace},
};

/// Each library crate, and the crates of ours that it may name.
const ARROWS: &[(&str, &[&str])] = &[
    ("adlib-core", &[]),
    ("adlib-upn", &[]),
    ("adlib-ntlm", &["adlib-core"]),
    ("adlib-kerberos", &["adlib-core"]),
    ("adlib-spnego", &["adlib-core"]),
    ("adlib-schema", &["adlib-core", "adlib-upn"]),
    ("adlib-sync", &["adlib-core", "adlib-schema"]),
    ("adlib-ldap", &["adlib-core", "adlib-schema"]),
    ("adlib-kdc", &["adlib-core", "adlib-kerberos"]),
    (
        "adlib",
        &[
            "adlib-core",
            "adlib-kdc",
            "adlib-kerberos",
            "adlib-ldap",
            "adlib-ntlm",
            "adlib-schema",
            "adlib-spnego",
            "adlib-sync",
            "adlib-upn",
        ],
    ),
];

/// Packages that stand outside and judge: they name none of ours.
const APART: &[&str] = &["adlib-lab", "xtask"];

/// Names from outside that have one place in the whole workspace.
const ONE_PLACE: &[(&str, &[&str])] = &[
    ("ldap3", &["adlib-ldap"]),
    ("sspi", &["adlib-kdc"]),
    ("kerberos_asn1", &[]),
];

/// Names that bring sockets, and the library crates that may have them.
const SOCKETS: &[&str] = &[
    "hickory-resolver",
    "mio",
    "rustls",
    "socket2",
    "tokio",
    "tokio-rustls",
];
const SOCKET_CRATES: &[&str] = &["adlib-ldap", "adlib-kdc", "adlib"];

/// The crates without `std`.
const NO_STD: &[&str] = &[
    "adlib-core",
    "adlib-kerberos",
    "adlib-ntlm",
    "adlib-spnego",
    "adlib-upn",
];

/// The one file of the library that reads the wall clock.
const CLOCK: &str = "crates/adlib/src/clock.rs";

/// Checks the workspace and prints each broken rule.
///
/// # Errors
/// When a rule is broken.
pub(crate) fn run() -> Result<(), Failure> {
    let workspace = Workspace::load()?;
    let mut broken = forbidden(&workspace.packages);
    broken.extend(sources()?);
    for line in &broken {
        println!("{line}");
    }
    if broken.is_empty() {
        println!("{} packages, no forbidden arrow", workspace.packages.len());
        Ok(())
    } else {
        Err(Failure::new(format!("{} broken rules", broken.len())))
    }
}

/// The forbidden arrows among `packages`, one sentence each.
fn forbidden(packages: &[Package]) -> Vec<String> {
    let ours = |name: &str| packages.iter().any(|package| package.name == name);
    let mut broken = Vec::new();
    for package in packages {
        let allowed = arrows(&package.name);
        for dependency in &package.dependencies {
            if ours(dependency) && allowed.is_some_and(|allowed| !allowed.contains(&dependency.as_str())) {
                broken.push(format!(
                    "{} -> {dependency}: no such arrow in the design",
                    package.name
                ));
            }
            broken.extend(misplaced(&package.name, dependency));
        }
    }
    broken
}

/// The crates of ours that `package` may name; `None` for examples and benches, which may name any.
fn arrows(package: &str) -> Option<&'static [&'static str]> {
    if APART.contains(&package) {
        return Some(&[]);
    }
    ARROWS
        .iter()
        .find(|(name, _)| *name == package)
        .map(|(_, allowed)| *allowed)
}

/// What is wrong with `package` naming `outside`.
fn misplaced(package: &str, outside: &str) -> Option<String> {
    if let Some((_, places)) = ONE_PLACE.iter().find(|(name, _)| *name == outside)
        && !places.contains(&package)
    {
        return Some(format!("{package} -> {outside}: its places are {places:?}"));
    }
    let library = ARROWS.iter().any(|(name, _)| *name == package);
    if library && SOCKETS.contains(&outside) && !SOCKET_CRATES.contains(&package) {
        return Some(format!(
            "{package} -> {outside}: sockets are for {SOCKET_CRATES:?}"
        ));
    }
    None
}

/// The rules that only the sources show.
fn sources() -> Result<Vec<String>, Failure> {
    let mut broken = Vec::new();
    for (name, _) in ARROWS {
        let source = root().join("crates").join(name).join("src");
        for (path, text) in rust_files(&source)? {
            let path = path
                .strip_prefix(root())
                .unwrap_or(&path)
                .to_string_lossy()
                .into_owned();
            broken.extend(clock_read(&path, &text));
            if path.ends_with("src/lib.rs") && NO_STD.contains(name) && !text.contains("no_std") {
                broken.push(format!("{path}: not `#![no_std]`"));
            }
        }
    }
    Ok(broken)
}

/// The lines of `text` that read the wall clock where it must not be read.
fn clock_read(path: &str, text: &str) -> Vec<String> {
    if path == CLOCK {
        return Vec::new();
    }
    text.lines()
        .enumerate()
        .filter(|(_, line)| line.contains("SystemTime::now") && !line.trim_start().starts_with("//"))
        .map(|(index, _)| format!("{path}:{}: the clock is read in {CLOCK} only", index + 1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A workspace of one package that names `dependencies`, with all of ours beside it.
    fn broken_by(name: &str, dependencies: &[&str]) -> Vec<String> {
        let mut packages: Vec<Package> = ARROWS
            .iter()
            .filter(|(other, _)| *other != name)
            .map(|(other, _)| Package {
                name: (*other).to_owned(),
                ..Package::default()
            })
            .collect();
        packages.push(Package {
            name: name.to_owned(),
            dependencies: dependencies
                .iter()
                .map(|&dependency| dependency.to_owned())
                .collect(),
            ..Package::default()
        });
        forbidden(&packages)
    }

    #[test]
    fn a_forbidden_arrow_is_caught() {
        assert_eq!(broken_by("adlib-ntlm", &["adlib-core", "thiserror"]), [""; 0]);
        assert_eq!(
            broken_by("adlib-ntlm", &["adlib-kerberos"]),
            ["adlib-ntlm -> adlib-kerberos: no such arrow in the design"]
        );
        for (low, high) in [
            ("adlib-core", "adlib-upn"),
            ("adlib-schema", "adlib-ldap"),
            ("adlib-ldap", "adlib-kerberos"),
            ("adlib-kdc", "adlib-ldap"),
            ("adlib-kdc", "adlib"),
        ] {
            assert_eq!(broken_by(low, &[high]).len(), 1, "{low} -> {high}");
        }
    }

    #[test]
    fn every_arrow_of_the_table_is_legal_and_points_down() {
        for (index, (name, allowed)) in ARROWS.iter().enumerate() {
            assert_eq!(broken_by(name, allowed), [""; 0]);
            for below in *allowed {
                let position = ARROWS.iter().position(|(other, _)| other == below);
                assert!(
                    position.is_some_and(|position| position < index),
                    "{name} -> {below}"
                );
            }
        }
    }

    #[test]
    fn the_lab_and_the_tasks_name_none_of_ours() {
        assert_eq!(broken_by("adlib-lab", &["adlib-core"]).len(), 1);
        assert_eq!(broken_by("xtask", &["adlib"]).len(), 1);
        assert_eq!(broken_by("adlib-examples", &["adlib", "adlib-kerberos"]), [""; 0]);
    }

    #[test]
    fn outside_names_have_one_place() {
        assert_eq!(broken_by("adlib-ldap", &["tokio"]), [""; 0]);
        assert_eq!(broken_by("adlib", &["ldap3"]).len(), 1);
        assert_eq!(broken_by("adctl", &["sspi"]).len(), 1);
        assert_eq!(broken_by("adlib-kerberos", &["kerberos_asn1"]).len(), 1);
        assert_eq!(broken_by("adlib-sync", &["tokio"]).len(), 1);
        assert_eq!(broken_by("adctl", &["tokio"]), [""; 0]);
    }

    #[test]
    fn the_clock_has_one_place() {
        let text = "// SystemTime::now is not for us\nlet now = SystemTime::now();\n";
        assert_eq!(
            clock_read("crates/adlib/src/syncer.rs", text),
            ["crates/adlib/src/syncer.rs:2: the clock is read in crates/adlib/src/clock.rs only"]
        );
        assert_eq!(clock_read(CLOCK, text), [""; 0]);
    }
}
