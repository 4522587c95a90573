//! The realms of MIT's KDC and of Heimdal's, and who is in them; the scripts make the same for both.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    process::Output,
};

use crate::{
    fail,
    fixture::Refusal,
    guard,
    peer::PeerOptions,
    script::{self, Script},
};

const KDC_PORT: u16 = 88;

/// An ordinary user.
pub const USER: &str = "alice";
/// Another.
pub const OTHER_USER: &str = "bob";
/// A user whose name is not ASCII.
pub const NON_ASCII_USER: &str = "zoë";
/// A user whose password is [`Realm::non_ascii_password`].
pub const NON_ASCII_PASSWORD_USER: &str = "umlaut";
/// A user who gets tickets without pre-authentication; the others do not.
pub const NO_PREAUTH: &str = "nopreauth";
/// A user of MIT's realm whose tickets cannot be forwarded.
pub const NOT_FORWARDABLE: &str = "notforwardable";
/// A user of MIT's realm whose tickets end after two minutes.
pub const SHORT_LIVED: &str = "short";
/// A host of MIT's realm whose service may be given delegated tickets; see [`Realm::service`].
pub const DELEGATE_HOST: &str = "delegate";
/// Users whose log-on fails, each with what stops it.
pub const REFUSED: [(&str, Refusal); 4] = [
    ("disabled", Refusal::Disabled),
    ("expired", Refusal::AccountExpired),
    ("pwexpired", Refusal::PasswordExpired),
    ("needchange", Refusal::MustChangePassword),
];

/// Encryption types, by number, and the host whose service has a key of that type only; the session keys have it too.
const MIT_HOSTS: &[(i32, &str)] = &[
    (17, "aes128"),
    (18, "aes256"),
    (19, "aes128-sha2"),
    (20, "aes256-sha2"),
    (23, "rc4"),
];
const HEIMDAL_HOSTS: &[(i32, &str)] = &[(17, "aes128"), (18, "aes256"), (23, "rc4")];

/// Address, names, passwords and files of a realm. Nobody changes it, so tests need not take turns.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Realm {
    /// Address of the KDC.
    pub ip: IpAddr,
    /// Name of the realm.
    pub realm: String,
    /// DNS name of the realm, in lower case.
    pub dns_domain: String,
    /// krb5.conf that knows the realm.
    pub krb5_config: PathBuf,
    /// Keys of all services.
    pub keytab: PathBuf,
    /// Service with keys of every type.
    pub http_service: String,
    /// Password of every user but one.
    pub user_password: String,
    /// Password of [`NON_ASCII_PASSWORD_USER`].
    pub non_ascii_password: String,
    /// Where the KDC keeps its state, its log among it.
    pub lab_dir: PathBuf,
    script: Script,
    hosts: &'static [(i32, &'static str)],
}

/// MIT.EXAMPLE.COM.
///
/// # Panics
/// When its KDC is not running.
#[must_use]
pub fn mit() -> Realm {
    Realm::running(script::MIT, MIT_HOSTS)
}

/// HEIMDAL.EXAMPLE.COM.
///
/// # Panics
/// When its KDC is not running.
#[must_use]
pub fn heimdal() -> Realm {
    Realm::running(script::HEIMDAL, HEIMDAL_HOSTS)
}

impl Realm {
    fn running(script: Script, hosts: &'static [(i32, &'static str)]) -> Self {
        let environment = script.environment();
        let name = environment.value("REALM_NAME");
        let dns_domain = name.to_lowercase();
        let realm = Self {
            ip: environment.address("REALM_IP"),
            krb5_config: environment.value("KRB5_CONFIG").into(),
            keytab: environment.value("REALM_KEYTAB").into(),
            http_service: format!("HTTP/app.{dns_domain}"),
            user_password: environment.value("REALM_USER_PASSWORD"),
            non_ascii_password: environment.value("REALM_NON_ASCII_PASSWORD"),
            lab_dir: environment.value("REALM_DIR").into(),
            realm: name,
            dns_domain,
            script,
            hosts,
        };
        if !guard::answers(realm.kdc()) {
            fail(&format!(
                "no KDC of {} is running; start it with `cargo xtask lab up`",
                realm.realm
            ));
        }
        realm
    }

    /// The address of the KDC, for tcp and udp.
    #[must_use]
    pub fn kdc(&self) -> SocketAddr {
        SocketAddr::new(self.ip, KDC_PORT)
    }

    /// The principal of `user` with its realm.
    #[must_use]
    pub fn principal(&self, user: &str) -> String {
        format!("{user}@{}", self.realm)
    }

    /// The service of `host`, a name without the domain.
    #[must_use]
    pub fn service(&self, host: &str) -> String {
        format!("HTTP/{host}.{}", self.dns_domain)
    }

    /// Each encryption type, by number, with the service whose tickets and session keys have it.
    #[must_use]
    pub fn services(&self) -> Vec<(i32, String)> {
        let hosts = self.hosts.iter();
        hosts.map(|&(etype, host)| (etype, self.service(host))).collect()
    }

    /// A peer that initiates for `service` as `user`, with MIT's library and tickets of this realm.
    pub fn initiator(&self, user: &str, password: &str, service: &str) -> PeerOptions {
        PeerOptions::initiator(self.script, user, password, service)
    }

    /// A peer that accepts, with MIT's library and the keys of this realm's services.
    pub fn acceptor(&self) -> PeerOptions {
        PeerOptions::acceptor(self.script, &self.keytab)
    }

    /// Runs `command` in the realm's environment, as `kinit` and `kvno`, and returns what it said.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn exec(&self, command: &[&str]) -> Output {
        self.script.exec(command)
    }
}
