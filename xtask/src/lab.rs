//! `cargo xtask lab`, and the lab of a test run.

use std::{
    fs, io,
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Stdio},
};

use crate::{
    command::{program, read, root, run, succeeds},
    failure::Failure,
    python,
};

/// Waits until standard input closes, then stops the lab; `$0` is the script.
const WATCHER: &str = "trap '' INT TERM HUP; cat >/dev/null; exec \"$0\" down";

/// The domains' script, which commands go to that are not for all.
const DOMAINS: &str = "samba-ad";

/// The scripts, in the order in which their servers start.
const SCRIPTS: [&str; 6] = [DOMAINS, "mit-kdc", "heimdal-kdc", "openldap", "ds389", "web"];

/// Hands `command` to the scripts: to the one that it names, or to all when that makes sense.
///
/// # Errors
/// When a script does not succeed.
pub(crate) fn forward(command: &[&str]) -> Result<(), Failure> {
    match command {
        ["install"] => install(),
        ["up" | "down" | "destroy" | "status" | "missing"] => each(command),
        [name, command @ ..] if SCRIPTS.contains(name) => run(program(script(name), command)),
        _ => run(program(script(DOMAINS), command)),
    }
}

/// Installs what the servers and the peers of their tests need.
///
/// # Errors
/// When a package cannot be had.
pub(crate) fn install() -> Result<(), Failure> {
    each(&["install"])?;
    python::ensure(&python::LAB)
}

/// Hands `command` to every script, whatever the others make of it; the first failure is returned.
fn each(command: &[&str]) -> Result<(), Failure> {
    let ends = SCRIPTS.map(|name| run(program(script(name), command)));
    ends.into_iter().collect()
}

/// Whether the servers of `script` run.
fn is_up(script: &Path) -> bool {
    succeeds(program(script, &["status"]))
}

/// The Debian packages that the lab wants and this machine has not, each once.
///
/// # Errors
/// When dpkg cannot be asked.
pub(crate) fn missing_packages() -> Result<Vec<String>, Failure> {
    let mut missing = Vec::new();
    for name in SCRIPTS {
        let lines = read(program(script(name), &["missing"]))?;
        missing.extend(lines.lines().map(str::to_owned));
    }
    missing.sort_unstable();
    missing.dedup();
    Ok(missing)
}

/// Whether this process may use the ports below 1024 and install packages.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// The lab while a test run uses it.
///
/// What a run started is stopped when this is dropped, and also when the run panics, is interrupted or killed: a
/// watcher process in a group of its own holds the other end of a pipe, and the kernel closes ours in any case.
#[derive(Debug, Default)]
pub(crate) struct RunningLab {
    watchers: Vec<Child>,
}

impl RunningLab {
    /// Starts the lab, or what of it does not run; what runs already is left running.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn start() -> Result<Self, Failure> {
        let mut lab = Self::default();
        for name in SCRIPTS {
            let script = script(name);
            if is_up(&script) {
                println!("{name} is already up; it stays up");
            } else {
                lab.watchers.push(watch(&script)?);
            }
            // What runs may hold the fixtures of another version.
            run(program(script, &["up"]))?;
        }
        Ok(lab)
    }
}

impl Drop for RunningLab {
    fn drop(&mut self) {
        // All pipes first, so that the servers stop at the same time.
        for watcher in &mut self.watchers {
            drop(watcher.stdin.take());
        }
        for watcher in &mut self.watchers {
            match watcher.wait() {
                Ok(status) if status.success() => {}
                other => eprintln!("xtask: a part of the lab may still run: {other:?}"),
            }
        }
    }
}

/// Where two domains are whose trust goes one way, beside those of the lab.
const ONE_WAY: [(&str, &str); 4] = [
    ("LAB_DIR", "/tmp/ad-one-way"),
    ("LAB_IP", "127.0.0.42"),
    ("LAB_STAFF_IP", "127.0.0.43"),
    ("LAB_DNS_IP", "127.0.0.44"),
];

/// Does `work` in each of two worlds: CORP is trusted and does not trust, and the other way round. It is given the
/// settings of the domains for the environment of its processes.
///
/// # Errors
/// When the domains cannot be started, and what `work` fails with.
pub(crate) fn one_way_trusts(
    mut work: impl FnMut(&[(&'static str, &'static str)]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let script = script(DOMAINS);
    let mut lab = RunningLab::default();
    lab.watchers.push(watch_with(&script, &ONE_WAY)?);
    for direction in ["incoming", "outgoing"] {
        let settings = [&ONE_WAY[..], &[("LAB_TRUST", direction)]].concat();
        // A trust cannot be turned: the domains begin anew.
        let mut begin = program(&script, &["reset"]);
        begin.envs(settings.iter().copied());
        run(begin)?;
        work(&settings)?;
    }
    Ok(())
}

/// Starts the process that stops the lab of `script` when we are gone.
fn watch(script: &Path) -> io::Result<Child> {
    watch_with(script, &[])
}

/// The same of a lab with other `settings`.
fn watch_with(script: &Path, settings: &[(&str, &str)]) -> io::Result<Child> {
    program("bash", &["-c", WATCHER])
        .arg(script)
        .envs(settings.iter().copied())
        .stdin(Stdio::piped())
        .process_group(0)
        .spawn()
}

fn script(name: &str) -> PathBuf {
    root().join("lab").join(name)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_was_started_is_stopped_when_the_pipes_close_and_not_before() {
        let directory = std::env::temp_dir().join(format!("xtask-lab-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let mut lab = RunningLab::default();
        let said = ["one", "two"].map(|name| {
            let (script, said) = (directory.join(name), directory.join(format!("{name}-said")));
            fs::write(&script, format!("#!/bin/sh\necho $1 >{}\n", said.display())).unwrap();
            fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
            lab.watchers.push(watch(&script).unwrap());
            said
        });
        assert!(said.iter().all(|said| !said.exists()));
        drop(lab);
        for said in said {
            assert_eq!(fs::read_to_string(said).unwrap(), "down\n");
        }
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn every_script_is_there() {
        for name in SCRIPTS {
            assert!(script(name).is_file(), "{name}");
        }
    }
}
