//! The script `samba-ad`, which runs the servers.

use std::{
    collections::HashMap,
    process::{Command, Output},
};

use crate::fail;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/samba-ad");

/// What `samba-ad env` exports.
pub(crate) fn environment() -> HashMap<String, String> {
    parse_exports(&String::from_utf8_lossy(&run(&["env"]).stdout))
}

/// Runs `command` in the lab's mount namespace.
pub(crate) fn exec(command: &[&str]) -> Output {
    let mut args = vec!["exec"];
    args.extend_from_slice(command);
    run(&args)
}

/// Puts the directory back to its fixtures, whether that worked.
///
/// A lab that was stopped stays so: whoever stopped it expects no other to start it.
pub(crate) fn reset() -> bool {
    if !run(&["status"]).status.success() {
        return false;
    }
    let output = run(&["reset"]);
    if !output.status.success() {
        eprintln!("lab: not reset: {}", String::from_utf8_lossy(&output.stderr));
    }
    output.status.success()
}

fn run(args: &[&str]) -> Output {
    match Command::new(SCRIPT).args(args).output() {
        Ok(output) => output,
        Err(error) => fail(&format!("{SCRIPT}: {error}")),
    }
}

/// The names and values of lines `export NAME=value`.
fn parse_exports(text: &str) -> HashMap<String, String> {
    text.lines()
        .filter_map(|line| line.strip_prefix("export ")?.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_are_parsed_and_other_lines_are_not() {
        let exports = parse_exports("export A=1\nnoise\nexport BASE=DC=corp,DC=example\n");
        assert_eq!(exports.len(), 2);
        assert_eq!(exports["BASE"], "DC=corp,DC=example");
    }

    #[test]
    fn the_script_describes_the_lab_without_running_it() {
        let environment = environment();
        for name in ["LAB_DIR", "LAB_CA", "LAB_KEYTAB", "LAB_CORP_IP", "LAB_CORP_BASE"] {
            assert!(environment.contains_key(name), "{name}");
        }
    }
}
