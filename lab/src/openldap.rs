//! The OpenLDAP server, and who is in it.

use std::{
    net::{IpAddr, SocketAddr},
    ops::Deref,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::{
    fail,
    fixture::Refusal,
    guard::{self, Change, Shared, Unchanged},
    script::{self, Environment, Script},
};

/// An ordinary user of either schema; a member of a cycle of groups.
pub const USER: &str = "alice";
/// A user at the bottom of three groups in each other.
pub const NESTED: &str = "bob";
/// A user whose name is special in a DN.
pub const SPECIAL: &str = "comma, plus+";
/// A user whose account is locked after three wrong passwords.
pub const LOCKABLE: &str = "lockable";
/// A user without a password.
pub const NO_PASSWORD: &str = "nopassword";
/// Reads for synchronising: no limits.
pub const SYNC: &str = "svc-sync";
/// Sees 100 entries a search, in pages or not. Everybody else is so limited without pages only.
pub const LIMITED: &str = "svc-limited";
/// Users whose log-on fails or is of no use, each with what stops it.
pub const REFUSED: [(&str, Refusal); 3] = [
    ("locked", Refusal::Locked),
    ("mustchange", Refusal::MustChangePassword),
    ("pwexpired", Refusal::PasswordExpired),
];

/// Addresses, names, passwords and files of the server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Server {
    /// Its address, for the ports 389 and 636.
    pub ip: IpAddr,
    /// The host name that its certificate bears.
    pub host: String,
    /// Its socket for the local machine.
    pub socket: PathBuf,
    /// The database with `inetOrgPerson` and `groupOfNames`.
    pub base: String,
    /// The database with accounts and groups of RFC 2307.
    pub unix_base: String,
    /// The database a part of which is on another server, by a referral.
    pub split_base: String,
    /// Certificate of the authority that signed the server's, as PEM.
    pub ca_file: PathBuf,
    /// Who may change everything.
    pub admin_dn: String,
    /// The password of [`admin_dn`](Self::admin_dn).
    pub admin_password: String,
    /// Password of every user.
    pub user_password: String,
    /// Password of [`SYNC`] and [`LIMITED`].
    pub service_password: String,
    lab_dir: PathBuf,
}

impl Server {
    /// The server that `environment` describes, running or not.
    fn described(environment: &Environment) -> Self {
        let value = |name: &str| environment.value(name);
        Self {
            ip: environment.address("OPENLDAP_IP"),
            host: value("OPENLDAP_HOST"),
            socket: value("OPENLDAP_SOCKET").into(),
            base: value("OPENLDAP_BASE"),
            unix_base: value("OPENLDAP_UNIX_BASE"),
            split_base: value("OPENLDAP_SPLIT_BASE"),
            ca_file: value("OPENLDAP_CA").into(),
            admin_dn: value("OPENLDAP_ADMIN_DN"),
            admin_password: value("OPENLDAP_ADMIN_PASSWORD"),
            user_password: value("OPENLDAP_USER_PASSWORD"),
            service_password: value("OPENLDAP_SERVICE_PASSWORD"),
            lab_dir: value("OPENLDAP_DIR").into(),
        }
    }

    /// The address of LDAP over TLS.
    #[must_use]
    pub fn ldaps(&self) -> SocketAddr {
        SocketAddr::new(self.ip, 636)
    }

    /// The DN of `account`, a name that needs no escape, of the database with `inetOrgPerson`.
    #[must_use]
    pub fn dn(&self, account: &str) -> String {
        format!("uid={account},ou=people,{}", self.base)
    }

    /// The DN of `account` of the database with RFC 2307's.
    #[must_use]
    pub fn unix_dn(&self, account: &str) -> String {
        format!("uid={account},ou=people,{}", self.unix_base)
    }

    /// A process that makes the changes of the LDIF that it is fed, as the administrator, and goes on when one fails.
    #[must_use]
    pub fn writer(&self) -> Command {
        let mut tool = Command::new("ldapmodify");
        tool.args(["-a", "-c", "-x", "-M", "-e", "!relax", "-H"]);
        tool.arg(format!("ldap://{}", self.ip));
        tool.args(["-D", &self.admin_dn, "-w", &self.admin_password]);
        tool
    }

    /// Runs `command`, as `ldapsearch`, with the server's environment, and returns what it said.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn exec(&self, command: &[&str]) -> Output {
        Self::SCRIPT.exec(command)
    }
}

impl Shared for Server {
    const SCRIPT: Script = script::OPENLDAP;

    fn lab_dir(&self) -> &Path {
        &self.lab_dir
    }

    fn assert_answers(&self) {
        if !guard::answers(self.ldaps()) {
            fail("no OpenLDAP is running; start it with `cargo xtask lab up`");
        }
    }
}

impl Change<Server> {
    /// Makes the changes of `ldif`, change records or entries, as the administrator.
    ///
    /// # Panics
    /// When a change fails.
    pub fn modify(&self, ldif: &str) {
        guard::modify(self.writer(), ldif);
    }
}

/// The running server, to read from; waits while another test changes it.
///
/// # Panics
/// When it is not running.
#[must_use]
pub fn openldap() -> Unchanged<Server> {
    Unchanged::wait(Server::described(&Server::SCRIPT.environment()))
}

/// The running server for a test that changes it; waits until no other test uses it. The reset takes 1 s.
///
/// # Panics
/// When it is not running, or other tests keep it for ten minutes.
#[must_use = "dropped, it resets the directory"]
pub fn openldap_change() -> Change<Server> {
    Change::wait(Server::described(&Server::SCRIPT.environment()))
}

/// A server of a test's own, which is stopped and deleted on drop.
#[derive(Debug)]
pub struct OwnOpenLdap {
    server: Server,
    settings: [(&'static str, String); 2],
}

impl Deref for OwnOpenLdap {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

/// Starts a server of the test's own at `ip`, an address of 127/8 that nobody else uses, with the lab's entries.
///
/// # Panics
/// When it does not start.
#[must_use]
pub fn openldap_of_its_own(ip: &str) -> OwnOpenLdap {
    let directory = std::env::temp_dir().join(format!("openldap-own-{ip}"));
    let settings = [
        ("OPENLDAP_DIR", directory.display().to_string()),
        ("OPENLDAP_IP", ip.to_owned()),
    ];
    // What a test that died left behind.
    Server::SCRIPT.run_with(&settings, "destroy");
    Server::SCRIPT.run_with(&settings, "up");
    let environment = Server::SCRIPT.environment_with(&settings);
    let server = Server::described(&environment);
    server.assert_answers();
    OwnOpenLdap { server, settings }
}

impl OwnOpenLdap {
    /// Makes the changes of `ldif`, change records or entries, as the administrator.
    ///
    /// # Panics
    /// When a change fails.
    pub fn modify(&self, ldif: &str) {
        guard::modify(self.writer(), ldif);
    }

    /// Makes the changes of `ldif` in the server's own configuration.
    ///
    /// # Panics
    /// When a change fails.
    pub fn configure(&self, ldif: &str) {
        let mut tool = Command::new("ldapmodify");
        tool.args(["-x", "-H", &format!("ldap://{}", self.ip)]);
        tool.args(["-D", "cn=config", "-w", &self.admin_password]);
        guard::modify(tool, ldif);
    }

    /// Sends its process a signal: `KILL`, `STOP` or another one.
    ///
    /// # Panics
    /// When it has never run.
    pub fn signal(&self, signal: &str) {
        let file = self.server.lab_dir.join("slapd.pid");
        let pid = std::fs::read_to_string(&file);
        let pid = pid.unwrap_or_else(|error| fail(&format!("{}: {error}", file.display())));
        // A process that has ended already needs no signal.
        drop(
            Command::new("kill")
                .args([&format!("-{signal}"), pid.trim()])
                .output(),
        );
    }

    /// Keeps a copy of the databases as they are.
    ///
    /// # Panics
    /// When that does not work.
    pub fn keep(&self) {
        self.while_stopped("rm -rf kept; cp -a data kept");
    }

    /// Puts the databases back as they were kept.
    ///
    /// # Panics
    /// When that does not work.
    pub fn restore(&self) {
        self.while_stopped("rm -rf data; cp -a kept data");
    }

    /// Stops the server and starts it again.
    ///
    /// # Panics
    /// When that does not work.
    pub fn restart(&self) {
        self.while_stopped(":");
    }

    fn while_stopped(&self, script: &str) {
        Server::SCRIPT.run_with(&self.settings, "down");
        let mut shell = Command::new("bash");
        shell.args(["-euc", script]).current_dir(&self.server.lab_dir);
        match shell.status() {
            Ok(status) if status.success() => Server::SCRIPT.run_with(&self.settings, "up"),
            other => fail(&format!("{script}: {other:?}")),
        }
    }
}

impl Drop for OwnOpenLdap {
    fn drop(&mut self) {
        Server::SCRIPT.run_with(&self.settings, "destroy");
    }
}
