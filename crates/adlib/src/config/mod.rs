//! The configuration file: TOML, every key optional unless its section says otherwise, unknown keys refused.

mod directory;
mod error;
mod signin;
mod sync;
mod value;

use std::path::Path;

use serde::{Deserialize, de::IgnoredAny};
use toml::Spanned;

pub use directory::{BindConfig, BindMethod, Controllers, DirectoryConfig, Transport};
pub use error::ConfigError;
pub use signin::{ProvisionRule, SignInConfig};
pub use sync::{CardConfig, ScopeConfig, SyncConfig};

/// The sources that there may be besides the first two.
const MOST_FURTHER: usize = 6;
/// Their section.
const FURTHER: &str = "further_directory";

/// A configuration file, read and checked.
///
/// ```
/// use adlib::Config;
///
/// let config = Config::parse(
///     r#"
///     [directory]
///     domains = "corp.example.com; staff.example.com"
///     transport = "ldaps"
///     "#,
/// )?;
/// assert_eq!(config.directory.unwrap().domains, ["corp.example.com", "staff.example.com"]);
///
/// let error = Config::parse("[signin]\nmodee = \"auto\"").unwrap_err();
/// assert_eq!(error.to_string(), "line 2, column 1: unknown key `modee`; did you mean `mode`?");
/// # Ok::<(), adlib::ConfigError>(())
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Config {
    /// The primary source.
    pub directory: Option<DirectoryConfig>,
    /// The secondary source (R29).
    pub secondary_directory: Option<DirectoryConfig>,
    /// Further sources, in the order in which their values count: the first is the third source, whether there is a
    /// secondary one or not. At most six.
    pub further_directory: Vec<DirectoryConfig>,
    /// Signing users in.
    pub signin: SignInConfig,
    /// Keeping the user list in step.
    pub sync: SyncConfig,
}

impl Config {
    /// The configuration in the file at `path`. Relative paths in it become relative to the file.
    ///
    /// # Errors
    /// When the file cannot be read, is not TOML, has an unknown key or a value that does not fit. The error
    /// names file, line and column.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError::unreadable(path, &error))?;
        let mut config = Self::parse(&text).map_err(|error| error.in_file(path))?;
        config.resolve_paths(path.parent().unwrap_or(Path::new("")));
        Ok(config)
    }

    /// The configuration in `text`. Relative paths stay as they are.
    ///
    /// # Errors
    /// When the text is not TOML, has an unknown key or a value that does not fit. The error names line and
    /// column.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| ConfigError::from_toml(&error, text))?;
        match config.contradiction() {
            None => Ok(config),
            Some((name, index, message)) => {
                let at = Headers::of(text).start(name, index);
                Err(ConfigError::in_section(name, &message, at, text))
            }
        }
    }

    /// The first section in which something does not go together, which one of its name it is, and what.
    fn contradiction(&self) -> Option<(&'static str, usize, String)> {
        let mut further = 0;
        for (name, section) in self.directories() {
            if let Some(message) = section.contradiction() {
                return Some((name, further, message));
            }
            further += usize::from(name == FURTHER);
        }
        if let Some(message) = self.signin.contradiction() {
            return Some(("signin", 0, message));
        }
        let message = "there are at most eight sources, so six of these at most";
        (further > MOST_FURTHER).then(|| (FURTHER, MOST_FURTHER, message.to_owned()))
    }

    /// The sections of the sources that are configured, the primary one first, each with its name.
    pub fn directories(&self) -> impl Iterator<Item = (&'static str, &DirectoryConfig)> {
        let primary = self.directory.iter().map(|section| ("directory", section));
        let secondary = self.secondary_directory.iter();
        let secondary = secondary.map(|section| ("secondary_directory", section));
        let further = self.further_directory.iter();
        let further = further.map(|section| (FURTHER, section));
        primary.chain(secondary).chain(further)
    }

    fn resolve_paths(&mut self, directory: &Path) {
        let resolve = |path: &mut std::path::PathBuf| *path = directory.join(&*path);
        let both = self.directory.iter_mut().chain(&mut self.secondary_directory);
        for source in both.chain(&mut self.further_directory) {
            source.ldif.iter_mut().for_each(resolve);
            source.ca_file.iter_mut().for_each(resolve);
            source
                .bind
                .iter_mut()
                .flat_map(|bind| bind.password_file.iter_mut().chain(&mut bind.keytab))
                .for_each(resolve);
        }
        self.signin.keytab.iter_mut().for_each(resolve);
        self.signin.upn_mappings.iter_mut().for_each(resolve);
        self.sync.store.iter_mut().for_each(resolve);
    }
}

/// Where the sections of a file begin.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Headers {
    directory: Option<Spanned<IgnoredAny>>,
    secondary_directory: Option<Spanned<IgnoredAny>>,
    further_directory: Vec<Spanned<IgnoredAny>>,
    signin: Option<Spanned<IgnoredAny>>,
}

impl Headers {
    /// Those of a file that was read before.
    fn of(text: &str) -> Self {
        toml::from_str(text).unwrap_or_default()
    }

    /// Where a section begins, of several of its name the one with this index.
    fn start(&self, name: &str, index: usize) -> Option<usize> {
        let section = match name {
            FURTHER => self.further_directory.get(index),
            "directory" => self.directory.as_ref(),
            "secondary_directory" => self.secondary_directory.as_ref(),
            _ => self.signin.as_ref(),
        };
        section.map(|section| section.span().start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every key that the configuration has, as documented.
    const EVERYTHING: &str = r#"
        [directory]
        preset      = "active-directory"
        domains     = "corp.example.com; staff.example.com"
        controllers = ["dc1.corp.example.com", "127.0.0.2:636"]
        dns         = ["10.0.0.1"]
        transport   = "ldaps"
        ca_file     = "ca.pem"
        ca_only     = true
        bind        = { method = "simple", name = "svc@corp.example.com", password_file = "pw" }
        page_size   = 500
        timeout     = "30s"
        [directory.schema]
        "user-office-field" = "roomNumber"
        "group-member-field" = ["member", "uniqueMember"]
        [secondary_directory]
        preset = "openldap"
        urls   = ["ldaps://ldap.example.org"]
        base   = "dc=example,dc=org"
        referrals = ["ldaps://ldap2.example.org"]
        [[further_directory]]
        preset = "unix"
        urls   = ["ldaps://unix.example.org"]
        base   = "dc=unix,dc=example,dc=org"
        [[further_directory]]
        ldif   = ["partners.ldif"]
        [signin]
        mode = "auto"
        service = "HTTP/app.corp.example.com"
        keytab = "http.keytab"
        kdc = { "CORP.EXAMPLE.COM" = ["dc1.corp.example.com"] }
        clock_tolerance = "5m"
        deadline = "20s"
        account_case = "insensitive"
        channel_bindings = "if-offered"
        pac = "required"
        upn_mappings = "ad_upn_mappings.conf"
        accept_down_level_names = false
        provision = [{ group = "Print Admins", profile = "admin" }]
        danger_accept_rc4 = false
        danger_accept_ntlmv1 = false
        danger_accept_unauthenticated_controller = false
        [sync]
        store = "users.sqlite"
        scope = { groups = ["Staff"], ous = ["OU=Berlin,DC=corp,DC=example,DC=com"] }
        import_new = true
        import_disabled = false
        update_details = true
        user_name = "account"
        schedule = "00:55"
        jitter = "10m"
        delta = "auto"
        card = { pattern = "ID-(\\d+)", format = "text" }
        guard = { max_deletes = 500, max_deletes_percent = 20, max_membership_removals = 5000, max_membership_removals_percent = 20,
                  max_blanked = 500, max_blanked_percent = 20, max_shrink = 500, max_shrink_percent = 20, canaries = ["administrator"], only_above = 20 }
    "#;

    #[test]
    fn every_documented_key_is_read() {
        let config = Config::parse(EVERYTHING).unwrap();
        let directory = config.directory.unwrap();
        assert_eq!(directory.page_size, 500);
        assert_eq!(directory.timeout, std::time::Duration::from_secs(30));
        assert_eq!(directory.schema.len(), 2);
        assert_eq!(config.signin.clock_tolerance, std::time::Duration::from_secs(300));
        assert_eq!(config.sync.guard.canaries, ["administrator"]);
    }

    #[test]
    fn controllers_are_a_list_or_a_table() {
        let controllers = |text: &str| {
            let text = format!("[directory]\ndomains = \"a.example; b.example\"\ncontrollers = {text}");
            Config::parse(&text)
                .unwrap()
                .directory
                .unwrap()
                .controllers
                .unwrap()
        };
        assert_eq!(controllers("[\"dc1\"]").of("b.example"), ["dc1"]);
        let table = controllers("{ \"A.example\" = [\"dc1\", \"dc2\"] }");
        assert_eq!(table.of("a.example"), ["dc1", "dc2"]);
        assert!(table.of("b.example").is_empty());
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("adlib.toml");
        std::fs::write(&path, EVERYTHING).unwrap();
        let config = Config::read(&path).unwrap();
        assert_eq!(
            config.signin.keytab.unwrap(),
            directory.path().join("http.keytab")
        );
        assert_eq!(
            config.directory.unwrap().ca_file.unwrap(),
            directory.path().join("ca.pem")
        );
    }

    #[test]
    fn errors_name_line_and_column() {
        for (text, expected) in [
            (
                "[directory]\ndomain = \"x\"",
                "line 2, column 1: unknown key `domain`; did you mean `domains`?",
            ),
            (
                "[signin]\nmode = \"kerberos\"",
                "line 2, column 8: `kerberos` is not a mode; expected one of",
            ),
            ("[signin]\n\ndeadline = \"soon\"", "line 3, column 12: "),
            ("[directory]\npreset = \"adx\"\n", "line 2, column 10: "),
            (
                "[directory]\n",
                "line 1, column 1: [directory] names no directory",
            ),
            ("[directory\n", "line 1, column 11: "),
            (
                "[directory]\ndomains=\"a\"\nbind = { method = \"simple\", name = \"x\" }",
                "line 1, column 1: [directory] bind",
            ),
            (
                "\n[signin]\narmour = \"svc-http\"\n",
                "line 2, column 1: [signin] `armour`: `svc-http` is no account@domain",
            ),
            (
                "# not [signin]\n[signin]\ndeadline = \"0s\"",
                "line 2, column 1: [signin] `deadline` must be more than nothing",
            ),
            (
                "[directory]\nldif=[\"a\"]\n[[further_directory]]\nldif=[\"b\"]\n[[further_directory]]\n",
                "line 5, column 1: [further_directory] names no directory",
            ),
            (
                "directory = { }",
                "line 1, column 13: [directory] names no directory",
            ),
            (
                "[directory]\ndomains=\"corp.example.com\"\ncontrollers={\"crop.example.com\"=[\"dc1\"]}",
                "line 1, column 1: [directory] `controllers` names `crop.example.com`, which is none of `domains`; \
                 did you mean `corp.example.com`?",
            ),
            (
                "[directory]\ndomains=\"a\"\n[directory.schema]\n\"user-mail-field\"=\"x\"",
                "line 4, column ",
            ),
        ] {
            let error = Config::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text:?}: {error}");
        }
    }

    /// As editors on Windows write it.
    #[test]
    fn a_mark_and_line_ends_of_windows() {
        let config = Config::parse("\u{feff}[signin]\r\nmode = \"modern\"\r\n").unwrap();
        assert_eq!(config.signin.mode, crate::Mode::ModernOnly);
        let error = Config::parse("\u{feff}[signin]\r\nmodee = \"modern\"\r\n").unwrap_err();
        assert_eq!(error.position(), Some((2, 1)));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Config::read("/nonexistent/adlib.toml").unwrap_err().to_string();
        assert!(
            error.starts_with("/nonexistent/adlib.toml: cannot be read"),
            "{error}"
        );
    }
}
