//! The 389 Directory Server, and who is in it.

use std::{
    net::{IpAddr, SocketAddr, TcpStream},
    ops::Deref,
    path::PathBuf,
    process::Output,
    time::Duration,
};

use crate::{
    fail,
    fixture::Refusal,
    script::{self, Script},
    turn::Turn,
};

const SCRIPT: Script = script::DS389;

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
    fn running() -> Self {
        let environment = SCRIPT.environment();
        let value = |name: &str| environment.value(name);
        let server = Self {
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
        };
        if TcpStream::connect_timeout(&server.ldaps(), Duration::from_secs(2)).is_err() {
            fail("no 389 Directory Server is running; start it with `cargo xtask lab up`");
        }
        server
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
        SCRIPT.exec(command)
    }
}

/// The server as made. While one lives, nobody changes the directory.
#[derive(Debug)]
pub struct Ds389 {
    server: Server,
    _turn: Turn,
}

impl Deref for Ds389 {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

/// The running server, to read from; waits while another test changes it.
///
/// # Panics
/// When it is not running.
#[must_use]
pub fn ds389() -> Ds389 {
    let turn = Turn::to_read(&Server::running().lab_dir, SCRIPT);
    let server = Server::running();
    Ds389 { server, _turn: turn }
}

/// The running server, to change: alone with it, and it is reset on drop (4 s).
#[derive(Debug)]
pub struct Ds389Change {
    server: Server,
    turn: Turn,
}

impl Deref for Ds389Change {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Ds389Change {
    /// Makes the changes of `ldif`, change records or entries, as the administrator.
    ///
    /// # Panics
    /// When a change fails.
    pub fn modify(&self, ldif: &str) {
        let uri = format!("ldap://{}", self.server.ip);
        let (dn, password) = (&self.server.admin_dn, &self.server.admin_password);
        let tool = format!("ldapmodify -a -x -M -H {uri} -D '{dn}' -w {password}");
        let command = format!("{tool} <<'LDIF'\n{ldif}\nLDIF");
        let output = self.server.exec(&["bash", "-c", &command]);
        if !output.status.success() {
            fail(&String::from_utf8_lossy(&output.stderr));
        }
    }
}

impl Drop for Ds389Change {
    fn drop(&mut self) {
        if SCRIPT.reset() {
            self.turn.restored();
        }
    }
}

/// The running server for a test that changes it; waits until no other test uses it.
///
/// # Panics
/// When it is not running, or other tests keep it for ten minutes.
#[must_use = "dropped, it resets the directory"]
pub fn ds389_change() -> Ds389Change {
    let turn = Turn::to_change(&Server::running().lab_dir, SCRIPT);
    let server = Server::running();
    Ds389Change { server, turn }
}
