//! A folder with an operator's files, and what `adctl` says there.

use std::{
    fmt::Display,
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with an operator's files, and what `adctl` says there.
pub(crate) struct Folder(TempDir);

impl Folder {
    /// With files, which only their owner may read.
    pub(crate) fn of(files: &[(&str, &[u8])]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, content) in files {
            folder.write(name, content);
        }
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
        self.permissions(name, 0o600);
    }

    pub(crate) fn permissions(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Who may do what with a file.
    pub(crate) fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).unwrap().permissions().mode() & 0o777
    }

    /// Replaces parts of the configuration, each of which must be there.
    pub(crate) fn edit(&self, changes: &[(&str, &str)]) {
        let mut config = self.read("adlib.toml");
        for (from, to) in changes {
            assert!(config.contains(from), "{from}");
            config = config.replacen(from, to, 1);
        }
        self.write("adlib.toml", config);
    }

    /// A call of `adctl` here.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_adctl"));
        command.args(arguments).current_dir(self.0.path());
        command
    }

    /// Exit code, standard output and standard error of `adctl`.
    pub(crate) fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        self.run_with_input(arguments, "")
    }

    /// The same, with what is typed.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> (i32, String, String) {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Who is refused for another reason does not wait for it.
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code().unwrap(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    /// Exit code and object of `adctl --json`.
    pub(crate) fn json(&self, arguments: &[&str]) -> (i32, Value) {
        self.json_with_input(arguments, "")
    }

    /// The same, with what is typed.
    pub(crate) fn json_with_input(&self, arguments: &[&str], input: &str) -> (i32, Value) {
        let (code, output, errors) = self.run_with_input(&[arguments, &["--json"]].concat(), input);
        let value = serde_json::from_str(&output).unwrap_or_else(|_| panic!("no JSON: {output}\n{errors}"));
        (code, value)
    }
}

/// What a configuration says of a server that is no Active Directory; the file `password` has the password of `name`.
pub(crate) fn ldap_server(
    preset: &str,
    url: impl Display,
    base: &str,
    ca_file: &Path,
    name: impl Display,
) -> String {
    let ca_file = ca_file.display();
    format!(
        r#"
        preset = "{preset}"
        urls = ["{url}"]
        base = "{base}"
        ca_file = "{ca_file}"
        ca_only = true
        bind = {{ method = "simple", name = "{name}", password_file = "password" }}
        timeout = "20s"
        "#
    )
}
