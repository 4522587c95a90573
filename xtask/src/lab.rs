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
};

/// Waits until standard input closes, then stops the lab; `$0` is the script.
const WATCHER: &str = "trap '' INT TERM HUP; cat >/dev/null; exec \"$0\" down";

/// Hands `command` to the script.
///
/// # Errors
/// When the script does not succeed.
pub(crate) fn forward(command: &[&str]) -> Result<(), Failure> {
    run(program(script(), command))
}

/// Whether a lab runs.
pub(crate) fn is_up() -> bool {
    succeeds(program(script(), &["status"]))
}

/// The Debian packages that the lab wants and this machine has not.
///
/// # Errors
/// When dpkg cannot be asked.
pub(crate) fn missing_packages() -> Result<Vec<String>, Failure> {
    let missing = read(program(script(), &["missing"]))?;
    Ok(missing.lines().map(str::to_owned).collect())
}

/// Whether this process may use the ports below 1024 and install packages.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// The lab while a test run uses it.
///
/// What a run started is stopped when this is dropped, and also when the run panics, is interrupted or killed: a
/// watcher process in a group of its own holds the other end of a pipe, and the kernel closes ours in any case.
#[derive(Debug)]
pub(crate) struct RunningLab {
    watcher: Option<Child>,
}

impl RunningLab {
    /// Starts the lab, or takes the one that runs and leaves it running.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn start() -> Result<Self, Failure> {
        if is_up() {
            println!("the lab is already up; it stays up");
            return Ok(Self { watcher: None });
        }
        let lab = Self {
            watcher: Some(watch(&script())?),
        };
        run(program(script(), &["up"]))?;
        Ok(lab)
    }
}

impl Drop for RunningLab {
    fn drop(&mut self) {
        if let Some(watcher) = &mut self.watcher {
            drop(watcher.stdin.take());
            match watcher.wait() {
                Ok(status) if status.success() => println!("the lab is stopped"),
                other => eprintln!("xtask: the lab may still run: {other:?}"),
            }
        }
    }
}

/// Starts the process that stops the lab of `script` when we are gone.
fn watch(script: &Path) -> io::Result<Child> {
    program("bash", &["-c", WATCHER])
        .arg(script)
        .stdin(Stdio::piped())
        .process_group(0)
        .spawn()
}

fn script() -> PathBuf {
    root().join("lab/samba-ad")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_lab_is_stopped_when_the_pipe_closes_and_not_before() {
        let directory = std::env::temp_dir().join(format!("xtask-lab-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let (script, said) = (directory.join("script"), directory.join("said"));
        fs::write(&script, format!("#!/bin/sh\necho $1 >{}\n", said.display())).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();

        let lab = RunningLab {
            watcher: Some(watch(&script).unwrap()),
        };
        assert!(!said.exists());
        drop(lab);
        assert_eq!(fs::read_to_string(&said).unwrap(), "down\n");
        fs::remove_dir_all(directory).unwrap();
    }
}
