//! The 389 Directory Server, and who is in it.

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    process::Output,
};

use crate::{
    fail,
    fixture::Refusal,
    guard::{self, Change, Shared, Unchanged},
    script::{self, Script},
};

/// An ordinary user; a member of a cycle of groups.
pub const USER: &str = "alice";
/// A user at the bottom of three groups in each other.
pub const NESTED: &str = "bob";
/// A user whose account is locked after three wrong passwords.
pub const LOCKABLE: &str = "lockable";
/// A user without a password.
pub const NO_PASSWORD: &str = "nopassword";
/// A user who was deleted, and of whom a tombstone is left.
pub const GONE: &str = "gone";
/// Reads for synchronising: no limits.
pub const SYNC: &str = "svc-sync";
/// Gets pages of up to 99 entries, and `sizeLimitExceeded` when it asks for larger ones.
pub const LIMITED: &str = "svc-limited";
/// For its searches the server looks at 100 entries, in pages or not: `adminLimitExceeded`.
pub const SHALLOW: &str = "svc-shallow";
/// Users whose log-on fails or is of no use, each with what stops it.
pub const REFUSED: [(&str, Refusal); 4] = [
    ("disabled", Refusal::Disabled),
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
    /// The DN of its database.
    pub base: String,
    /// Certificate of the authority that signed the server's, as PEM.
    pub ca_file: PathBuf,
    /// Who may change everything, and sees what is left of deleted entries.
    pub admin_dn: String,
    /// The password of [`admin_dn`](Self::admin_dn).
    pub admin_password: String,
    /// Password of every user.
    pub user_password: String,
    /// Password of [`SYNC`], [`LIMITED`] and [`SHALLOW`].
    pub service_password: String,
    lab_dir: PathBuf,
}

impl Server {
    /// The server as the script describes it, running or not.
    fn described() -> Self {
        let environment = Self::SCRIPT.environment();
        let value = |name: &str| environment.value(name);
        Self {
            ip: environment.address("DS389_IP"),
            host: value("DS389_HOST"),
            socket: value("DS389_SOCKET").into(),
            base: value("DS389_BASE"),
            ca_file: value("DS389_CA").into(),
            admin_dn: value("DS389_ADMIN_DN"),
            admin_password: value("DS389_ADMIN_PASSWORD"),
            user_password: value("DS389_USER_PASSWORD"),
            service_password: value("DS389_SERVICE_PASSWORD"),
            lab_dir: value("DS389_DIR").into(),
        }
    }

    /// The address of LDAP over TLS.
    #[must_use]
    pub fn ldaps(&self) -> SocketAddr {
        SocketAddr::new(self.ip, 636)
    }

    /// The DN of `account`, a name that needs no escape.
    #[must_use]
    pub fn dn(&self, account: &str) -> String {
        format!("uid={account},ou=people,{}", self.base)
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
    const SCRIPT: Script = script::DS389;

    fn lab_dir(&self) -> &Path {
        &self.lab_dir
    }

    fn assert_answers(&self) {
        if !guard::answers(self.ldaps()) {
            fail("no 389 Directory Server is running; start it with `cargo xtask lab up`");
        }
    }
}

impl Change<Server> {
    /// Makes the changes of `ldif`, change records or entries, as the administrator.
    ///
    /// # Panics
    /// When a change fails.
    pub fn modify(&self, ldif: &str) {
        let mut tool = Server::SCRIPT.command("exec");
        tool.args(["ldapmodify", "-a", "-x", "-M", "-H"]);
        tool.arg(format!("ldap://{}", self.ip));
        tool.args(["-D", &self.admin_dn, "-w", &self.admin_password]);
        guard::modify(tool, ldif);
    }
}

/// The running server, to read from; waits while another test changes it.
///
/// # Panics
/// When it is not running.
#[must_use]
pub fn ds389() -> Unchanged<Server> {
    Unchanged::wait(Server::described())
}

/// The running server for a test that changes it; waits until no other test uses it. The reset takes 4 s.
///
/// # Panics
/// When it is not running, or other tests keep it for ten minutes.
#[must_use = "dropped, it resets the directory"]
pub fn ds389_change() -> Change<Server> {
    Change::wait(Server::described())
}
