//! The OpenLDAP server, and who is in it.

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

const SCRIPT: Script = script::OPENLDAP;

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
    fn running() -> Self {
        let environment = SCRIPT.environment();
        let value = |name: &str| environment.value(name);
        let server = Self {
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
        };
        if TcpStream::connect_timeout(&server.ldaps(), Duration::from_secs(2)).is_err() {
            fail("no OpenLDAP is running; start it with `cargo xtask lab up`");
        }
        server
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
pub struct OpenLdap {
    server: Server,
    _turn: Turn,
}

impl Deref for OpenLdap {
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
pub fn openldap() -> OpenLdap {
    let turn = Turn::to_read(&Server::running().lab_dir, SCRIPT);
    let server = Server::running();
    OpenLdap { server, _turn: turn }
}

/// The running server, to change: alone with it, and it is reset on drop (1 s).
#[derive(Debug)]
pub struct OpenLdapChange {
    server: Server,
    turn: Turn,
}

impl Deref for OpenLdapChange {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl OpenLdapChange {
    /// Makes the changes of `ldif`, change records or entries, as the administrator.
    ///
    /// # Panics
    /// When a change fails.
    pub fn modify(&self, ldif: &str) {
        let uri = format!("ldap://{}", self.server.ip);
        let (dn, password) = (&self.server.admin_dn, &self.server.admin_password);
        let tool = format!("ldapmodify -a -x -M -e '!relax' -H {uri} -D {dn} -w {password}");
        let command = format!("{tool} <<'LDIF'\n{ldif}\nLDIF");
        let output = self.server.exec(&["bash", "-c", &command]);
        if !output.status.success() {
            fail(&String::from_utf8_lossy(&output.stderr));
        }
    }
}

impl Drop for OpenLdapChange {
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
pub fn openldap_change() -> OpenLdapChange {
    let turn = Turn::to_change(&Server::running().lab_dir, SCRIPT);
    let server = Server::running();
    OpenLdapChange { server, turn }
}
