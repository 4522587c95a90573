//! The scripts that run the servers.

use std::{
    collections::HashMap,
    process::{Command, Output},
};

use crate::fail;

/// Settings of a script, by name, in place of those of the environment.
pub(crate) type Settings = Vec<(&'static str, String)>;

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script(&'static str);

pub(crate) const SAMBA: Script = Script(concat!(env!("CARGO_MANIFEST_DIR"), "/samba-ad"));
pub(crate) const MIT: Script = Script(concat!(env!("CARGO_MANIFEST_DIR"), "/mit-kdc"));
pub(crate) const WEB: Script = Script(concat!(env!("CARGO_MANIFEST_DIR"), "/web"));
pub(crate) const HEIMDAL: Script = Script(concat!(env!("CARGO_MANIFEST_DIR"), "/heimdal-kdc"));
pub(crate) const DS389: Script = Script(concat!(env!("CARGO_MANIFEST_DIR"), "/ds389"));
pub(crate) const OPENLDAP: Script = Script(concat!(env!("CARGO_MANIFEST_DIR"), "/openldap"));

impl Script {
    /// The script, to be run with `verb` and what the caller adds.
    pub(crate) fn command(self, verb: &str) -> Command {
        let mut command = Command::new(self.0);
        command.arg(verb);
        command
    }

    /// What its `env` exports.
    pub(crate) fn environment(self) -> Environment {
        self.environment_with(&[])
    }

    /// What its `env` exports with other settings.
    pub(crate) fn environment_with(self, settings: &[(&str, String)]) -> Environment {
        let mut command = self.command("env");
        command.envs(settings.iter().map(|(name, value)| (name, value)));
        Environment {
            script: self,
            values: parse_exports(&String::from_utf8_lossy(&self.output(command).stdout)),
        }
    }

    /// Runs `verb` with other settings, which must succeed.
    pub(crate) fn run_with(self, settings: &[(&str, String)], verb: &str) {
        let mut command = self.command(verb);
        command.envs(settings.iter().map(|(name, value)| (name, value)));
        let output = self.output(command);
        if !output.status.success() {
            fail(&format!("{verb}: {}", String::from_utf8_lossy(&output.stderr)));
        }
    }

    /// Runs `command` with its environment, where the lab's host names resolve.
    pub(crate) fn exec(self, command: &[&str]) -> Output {
        self.exec_with(&[], command)
    }

    /// The same with other settings.
    pub(crate) fn exec_with(self, settings: &[(&str, String)], command: &[&str]) -> Output {
        let mut exec = self.command("exec");
        exec.envs(settings.iter().map(|(name, value)| (name, value)));
        exec.args(command);
        self.output(exec)
    }

    /// Puts the directory back to its fixtures, whether that worked.
    ///
    /// A lab that was stopped stays so: whoever stopped it expects no other to start it.
    pub(crate) fn reset(self) -> bool {
        if !self.run("status").status.success() {
            return false;
        }
        let output = self.run("reset");
        if !output.status.success() {
            eprintln!("lab: not reset: {}", String::from_utf8_lossy(&output.stderr));
        }
        output.status.success()
    }

    fn run(self, verb: &str) -> Output {
        self.output(self.command(verb))
    }

    fn output(self, mut command: Command) -> Output {
        match command.output() {
            Ok(output) => output,
            Err(error) => fail(&format!("{}: {error}", self.0)),
        }
    }
}

/// Starts the domains with `value` for `setting`.
pub(crate) fn restart_with(setting: &str, value: &str) {
    let mut command = SAMBA.command("up");
    command.env(setting, value);
    let output = SAMBA.output(command);
    if !output.status.success() {
        fail(&format!(
            "{setting}={value}: {}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
}

/// The settings that a script exports.
#[derive(Clone, Debug)]
pub(crate) struct Environment {
    script: Script,
    values: HashMap<String, String>,
}

impl Environment {
    /// The value of `name`.
    pub(crate) fn value(&self, name: &str) -> String {
        match self.values.get(name) {
            Some(value) => value.clone(),
            None => fail(&format!("`{} env` gives no {name}", self.script.0)),
        }
    }

    /// The address in `name`.
    pub(crate) fn address(&self, name: &str) -> std::net::IpAddr {
        match self.value(name).parse() {
            Ok(ip) => ip,
            Err(error) => fail(&format!("{name}: {error}")),
        }
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
    fn the_scripts_describe_their_servers_without_running_them() {
        for (script, names) in [
            (
                SAMBA,
                &["LAB_DIR", "LAB_CA", "LAB_KEYTAB", "LAB_CORP_IP", "LAB_CORP_BASE"][..],
            ),
            (MIT, &["REALM_NAME", "REALM_KEYTAB", "KRB5_CONFIG"]),
            (HEIMDAL, &["REALM_NAME", "REALM_KEYTAB", "KRB5_CONFIG"]),
            (DS389, &["DS389_DIR", "DS389_CA", "DS389_BASE", "DS389_ADMIN_DN"]),
            (
                OPENLDAP,
                &[
                    "OPENLDAP_DIR",
                    "OPENLDAP_CA",
                    "OPENLDAP_BASE",
                    "OPENLDAP_UNIX_BASE",
                ],
            ),
        ] {
            let environment = script.environment();
            for name in names {
                assert!(!environment.value(name).is_empty(), "{name}");
            }
        }
    }
}
