//! Programs that the tasks need beyond the toolchain: installed when that is possible, named when it is not.

use crate::{
    command::{cargo, program, read, run, succeeds},
    failure::Failure,
    lab,
};

/// A subcommand of cargo, and the version that the project uses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    /// As in `cargo deny`.
    subcommand: &'static str,
    version: &'static str,
}

pub(crate) const DENY: Tool = Tool {
    subcommand: "deny",
    version: "0.20.2",
};
pub(crate) const FUZZ: Tool = Tool {
    subcommand: "fuzz",
    version: "0.13.2",
};
pub(crate) const HACK: Tool = Tool {
    subcommand: "hack",
    version: "0.6.46",
};

pub(crate) const SEMVER: Tool = Tool {
    subcommand: "semver-checks",
    version: "0.51.0",
};

impl Tool {
    /// Installs the tool unless some version of it is there.
    ///
    /// # Errors
    /// When it cannot be installed; the message has the command.
    pub(crate) fn ensure(self) -> Result<(), Failure> {
        if succeeds(cargo(&[self.subcommand, "--version"])) {
            return Ok(());
        }
        let package = format!("cargo-{}", self.subcommand);
        println!("installing {package} {}", self.version);
        run(cargo(&[
            "install",
            "--locked",
            "--version",
            self.version,
            &package,
        ]))
    }
}

/// What runs the benches under callgrind. It must be of the version that the benches are linked with.
const GUNGRAUN: &str = "0.20.0";

/// Installs valgrind and what starts it.
///
/// # Errors
/// When one of them cannot be installed.
pub(crate) fn ensure_callgrind() -> Result<(), Failure> {
    ensure_packages(&["valgrind"])?;
    let version = read(program("gungraun-runner", &["--version"])).unwrap_or_default();
    if version.trim() == format!("gungraun-runner {GUNGRAUN}") {
        return Ok(());
    }
    println!("installing gungraun-runner {GUNGRAUN}");
    run(cargo(&[
        "install",
        "--locked",
        "--version",
        GUNGRAUN,
        "gungraun-runner",
    ]))
}

/// Installs what the benches compile, and the packages of the lab, where most of their peers are.
///
/// # Errors
/// As [`ensure_lab`].
pub(crate) fn ensure_peers() -> Result<(), Failure> {
    ensure_lab()?;
    ensure_packages(&["gcc", "libkrb5-dev", "python3-venv"])
}

/// Installs those Debian packages that are not there.
fn ensure_packages(packages: &[&str]) -> Result<(), Failure> {
    let mut status = program("dpkg", &["--status"]);
    status.args(packages);
    if succeeds(status) {
        return Ok(());
    }
    run(program("apt-get", &["update", "-q"]))?;
    let mut install = program("apt-get", &["install", "-y", "-q", "--no-install-recommends"]);
    install.args(packages);
    run(install)
}

/// Installs the packages of the lab, or says which are missing.
///
/// # Errors
/// Without root, when packages are missing; or when apt fails.
pub(crate) fn ensure_lab() -> Result<(), Failure> {
    if !lab::is_root() {
        return Err(Failure::new(advice(&lab::missing_packages()?)));
    }
    if !succeeds(program("dpkg", &["--version"])) {
        return Err(Failure::new("the lab needs Debian; without it, use --no-lab"));
    }
    lab::install()
}

/// What someone without root must do.
fn advice(missing: &[String]) -> String {
    let mut text = "the lab needs root for the ports 53, 88 and 389; without it, use --no-lab".to_owned();
    if !missing.is_empty() {
        text.push_str("\nand, as root: apt-get install --no-install-recommends ");
        text.push_str(&missing.join(" "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_is_a_command_to_paste() {
        let advice = advice(&["samba".to_owned(), "ldap-utils".to_owned()]);
        assert!(advice.ends_with("apt-get install --no-install-recommends samba ldap-utils"));
        assert!(!super::advice(&[]).contains("apt-get"));
    }
}
