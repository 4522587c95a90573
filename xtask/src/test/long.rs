//! What `--long` adds.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    release::{self, Build},
    report::Report,
};
use crate::{
    command::{cargo, program, read, root, run, succeeds},
    failure::Failure,
    lab::one_way_trusts,
    tool,
    workspace::Workspace,
};

/// How often the lab's tests run, for what fails now and then.
pub(super) const LAB_ROUNDS: u32 = 5;
/// How long each fuzz target runs.
pub(super) const FUZZ_SECONDS: u32 = 180;
/// How long the soak of the HTTP layer takes.
const SOAK_SECONDS: &str = "30";
/// Cases of each property; an ordinary run has 256.
const PROPERTY_CASES: &str = "10000";
/// The packages with properties of their public interface.
const WITH_PROPERTIES: [&str; 6] = [
    "adlib-kerberos",
    "adlib-ntlm",
    "adlib-schema",
    "adlib-spnego",
    "adlib-sync",
    "adlib-upn",
];

/// How many rounds of random changes each way to read them is held against a fresh read; an ordinary run has 10.
const CHANGE_ROUNDS: &str = "200";
/// For how long changes are made while others read; 5 s in an ordinary run.
const CHANGE_SECONDS: &str = "60";

/// The law of increments, with more rounds.
pub(super) fn changes() -> Command {
    let mut command = cargo(&["test", "--package", "adlib-ldap", "--features", "lab"]);
    command.args(["--test", "lab_changes", "--", "--include-ignored"]);
    command.env("ADLIB_CHANGE_ROUNDS", CHANGE_ROUNDS);
    command.env("ADLIB_CHANGE_SECONDS", CHANGE_SECONDS);
    command
}

/// The additional steps.
pub(super) fn steps(report: &mut Report, with_lab: bool) {
    if with_lab {
        report.step("trusts that go one way", |report| {
            one_way_trusts(|settings| {
                let mut command = cargo(&["test", "--package", "adlib-ldap", "--all-features"]);
                command.args(["--test", "lab_effective", "--", "active_directory", "trust"]);
                command.envs(settings.iter().copied());
                report.count(command)
            })
        });
    }
    report.step("properties, many cases", |report| {
        let mut inside = cargo(&["test", "--workspace", "--all-features", "--no-fail-fast", "--lib"]);
        let mut outside = cargo(&["test", "--no-fail-fast", "--tests"]);
        for package in WITH_PROPERTIES {
            outside.args(["--package", package]);
        }
        inside.env("PROPTEST_CASES", PROPERTY_CASES);
        outside.env("PROPTEST_CASES", PROPERTY_CASES);
        report.count(inside)?;
        report.count(outside)
    });
    report.step("64 connections at once", |report| {
        let mut command = cargo(&[
            "test",
            "--package",
            "adlib",
            "--features",
            "tower",
            "--test",
            "http",
        ]);
        command.arg("soak").env("ADLIB_SOAK_SECONDS", SOAK_SECONDS);
        report.count(command)
    });
    report.step("processes killed over PostgreSQL", |report| {
        let mut command = cargo(&["test", "--package", "adlib-examples", "--all-features"]);
        command.args(["--test", "lab_postgres", "--", "--ignored"]);
        report.count(command)
    });
    report.step("feature powerset", |_| {
        tool::HACK.ensure()?;
        let hack = [
            "hack",
            "check",
            "--workspace",
            "--ignore-private",
            "--feature-powerset",
            "--depth",
            "3",
        ];
        let mut command = cargo(&hack);
        command.args(["--keep-going", "--exclude-features", "lab,sspi"]);
        run(command)
    });
    report.step("packages, built", |_| release::packages(Build::Yes));
    report.step("public interface", release::interface);
    report.step("minimal versions", |_| minimal_versions());
    report.step("oldest toolchain", oldest_toolchain);
}

/// Ten minutes of sign-ins, how long refusals take, and controllers that are restarted. Needs the lab.
pub(super) fn sign_ins() -> Command {
    let mut command = cargo(&["test", "--package", "adlib", "--all-features"]);
    command.args([
        "--test",
        "lab_sign_in",
        "--",
        "--ignored",
        "--nocapture",
        "--test-threads",
        "1",
    ]);
    command
}

/// Builds a copy of the library with the oldest versions that the manifests admit.
///
/// Without `sspi`, which is in no default and pins versions and a toolchain of its own.
fn minimal_versions() -> Result<(), Failure> {
    let workspace = Workspace::load()?;
    let copy = workspace.target_directory.join("minimal-versions");
    copy_sources(&copy)?;
    let mut resolve = program("cargo", &["update", "-Z", "direct-minimal-versions"]);
    resolve.current_dir(&copy).env("RUSTC_BOOTSTRAP", "1");
    run(resolve)?;
    let mut check = program("cargo", &["check", "--workspace"]);
    check.args([
        "--exclude",
        "adlib-examples",
        "--exclude",
        "adctl",
        "--exclude",
        "adlib-benches",
    ]);
    check
        .arg("--target-dir")
        .arg(workspace.target_directory.join("minimal-versions-target"))
        .current_dir(&copy);
    run(check)
}

/// Copies what git knows, or would, into a fresh `copy`.
fn copy_sources(copy: &Path) -> Result<(), Failure> {
    if copy.exists() {
        fs::remove_dir_all(copy)?;
    }
    let files = read(program(
        "git",
        &["ls-files", "--cached", "--others", "--exclude-standard"],
    ))?;
    for file in files.lines() {
        let (from, to) = (root().join(file), copy.join(file));
        if from.is_file() {
            fs::create_dir_all(to.parent().map(PathBuf::from).unwrap_or_default())?;
            fs::copy(&from, &to)?;
            if from.ends_with("Cargo.toml") {
                fs::write(to, without_sspi(&fs::read_to_string(from)?))?;
            }
        }
    }
    Ok(())
}

/// A manifest that does not name `sspi`; its feature stays, and does nothing.
fn without_sspi(manifest: &str) -> String {
    let lines = manifest.lines().filter(|line| !line.starts_with("sspi = {"));
    lines
        .map(|line| line.replace("\"dep:sspi\"", "") + "\n")
        .collect()
}

/// Builds the library with the toolchain that `rust-version` names, when it is here or can be had.
fn oldest_toolchain(report: &mut Report) -> Result<(), Failure> {
    let manifest = fs::read_to_string(root().join("Cargo.toml"))?;
    let version = manifest
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = \"")?.strip_suffix('"'))
        .ok_or_else(|| Failure::new("no rust-version in Cargo.toml"))?;
    let is_here = || succeeds(program("rustup", &["run", version, "rustc", "--version"]));
    if !is_here()
        && !succeeds(program(
            "rustup",
            &["toolchain", "install", version, "--profile", "minimal"],
        ))
    {
        report.leave_out(format!(
            "a build with Rust {version}: no such toolchain here, and none to be had; clippy's incompatible_msrv stands in"
        ));
        return Ok(());
    }
    let directory = Workspace::load()?
        .target_directory
        .join(format!("rust-{version}"));
    let mut check = program(
        "rustup",
        &["run", version, "cargo", "check", "--package", "adlib"],
    );
    check
        .arg("--target-dir")
        .arg(directory)
        .env_remove("CARGO")
        .env_remove("RUSTUP_TOOLCHAIN");
    run(check)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sspi_goes_and_its_feature_stays() {
        let manifest =
            "[features]\nsspi = [\"dep:sspi\"]\n[dependencies]\nsspi = { workspace = true }\ntokio = \"1\"\n";
        assert_eq!(
            without_sspi(manifest),
            "[features]\nsspi = []\n[dependencies]\ntokio = \"1\"\n"
        );
    }
}
