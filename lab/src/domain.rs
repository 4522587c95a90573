//! What a test must know of a domain of the lab.

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    process::Output,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{
    TicketCache, fail,
    guard::{self, Shared},
    peer::PeerOptions,
    script::{self, Script, Settings},
};

const LDAPS_PORT: u16 = 636;
const NOT_RUNNING: &str = "the lab is not running; start it with `cargo xtask lab up`";

/// Addresses, names, passwords and files of one domain.
///
/// Passwords are those of the fixtures: they open nothing but a throw-away domain on loopback.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Domain {
    /// Address of the domain controller.
    pub ip: IpAddr,
    /// Host name of the domain controller, which its certificate bears.
    pub host: String,
    /// Kerberos realm.
    pub realm: String,
    /// DNS name of the domain, in lower case.
    pub dns_domain: String,
    /// `NetBIOS` name of the domain.
    pub netbios: String,
    /// DN of the domain.
    pub base: String,
    /// SID of the domain.
    pub sid: String,
    /// Port of LDAP over TLS.
    pub ldaps_port: u16,
    /// Certificate of the authority that signed the controller's, as PEM.
    pub ca_file: PathBuf,
    /// krb5.conf that knows both domains.
    pub krb5_config: PathBuf,
    /// Keys of the service accounts.
    pub keytab: PathBuf,
    /// Service whose account has AES-256 and AES-128 keys.
    pub http_service: String,
    /// Service whose account has an AES-128 key only.
    pub aes128_service: String,
    /// Service whose account has an RC4 key only.
    pub rc4_service: String,
    /// Password of [`ADMINISTRATOR`](crate::fixture::ADMINISTRATOR).
    pub admin_password: String,
    /// Password of every user.
    pub user_password: String,
    /// Password of every service account, [`SYNC`](crate::fixture::SYNC) among them.
    pub service_password: String,
    /// Password of the computer [`COMPUTER`](crate::fixture::COMPUTER).
    pub machine_password: String,
    /// Where the lab keeps its state.
    pub lab_dir: PathBuf,
    /// Address of a DNS server that knows both domains.
    pub resolver: IpAddr,
    /// The second domain; each trusts the other.
    pub staff: TrustedDomain,
    /// What its script is told, beside what the environment of the test says.
    settings: Settings,
}

/// STAFF.EXAMPLE.COM, another forest. Its users have CORP's passwords.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TrustedDomain {
    /// Address of the domain controller.
    pub ip: IpAddr,
    /// Host name of the domain controller, which its certificate bears.
    pub host: String,
    /// Kerberos realm.
    pub realm: String,
    /// DNS name of the domain, in lower case.
    pub dns_domain: String,
    /// `NetBIOS` name of the domain.
    pub netbios: String,
    /// DN of the domain.
    pub base: String,
    /// SID of the domain.
    pub sid: String,
}

impl TrustedDomain {
    /// The UPN of `account` with the domain's own suffix.
    #[must_use]
    pub fn upn(&self, account: &str) -> String {
        format!("{account}@{}", self.dns_domain)
    }
}

impl Domain {
    /// The domain as the script describes it, running or not; asked once a process.
    pub(crate) fn described() -> Self {
        static DESCRIBED: OnceLock<Domain> = OnceLock::new();
        DESCRIBED
            .get_or_init(|| Self::described_by(Settings::new()))
            .clone()
    }

    /// The domain that the script has with these settings, running or not.
    pub(crate) fn described_by(settings: Settings) -> Self {
        let environment = script::SAMBA.environment_with(&settings);
        let value = |name: &str| environment.value(name);
        let address = |name: &str| environment.address(name);
        let realm = value("LAB_CORP_REALM");
        let dns_domain = realm.to_lowercase();
        let staff_realm = value("LAB_STAFF_REALM");
        Self {
            ip: address("LAB_CORP_IP"),
            host: value("LAB_CORP_HOST"),
            netbios: "CORP".to_owned(),
            base: value("LAB_CORP_BASE"),
            sid: value("LAB_CORP_SID"),
            ldaps_port: LDAPS_PORT,
            ca_file: value("LAB_CA").into(),
            krb5_config: value("KRB5_CONFIG").into(),
            keytab: value("LAB_KEYTAB").into(),
            http_service: format!("HTTP/app.{dns_domain}"),
            aes128_service: format!("HTTP/aes128.{dns_domain}"),
            rc4_service: format!("HTTP/rc4.{dns_domain}"),
            admin_password: value("LAB_ADMIN_PASSWORD"),
            user_password: value("LAB_USER_PASSWORD"),
            service_password: value("LAB_SERVICE_PASSWORD"),
            machine_password: value("LAB_MACHINE_PASSWORD"),
            lab_dir: value("LAB_DIR").into(),
            realm,
            dns_domain,
            resolver: address("LAB_DNS"),
            staff: TrustedDomain {
                ip: address("LAB_STAFF_IP"),
                host: value("LAB_STAFF_HOST"),
                dns_domain: staff_realm.to_lowercase(),
                realm: staff_realm,
                netbios: "STAFF".to_owned(),
                base: value("LAB_STAFF_BASE"),
                sid: value("LAB_STAFF_SID"),
            },
            settings,
        }
    }

    /// Runs `command` where the domain's host names resolve, with its environment, and returns what it said.
    ///
    /// # Panics
    /// When the command cannot be started.
    #[must_use]
    pub fn exec(&self, command: &[&str]) -> Output {
        script::SAMBA.exec_with(&self.settings, command)
    }

    /// The address of LDAP over TLS.
    #[must_use]
    pub fn ldaps(&self) -> SocketAddr {
        SocketAddr::new(self.ip, self.ldaps_port)
    }

    /// The UPN of `account` with the domain's own suffix.
    #[must_use]
    pub fn upn(&self, account: &str) -> String {
        format!("{account}@{}", self.dns_domain)
    }

    /// A cache with a ticket-granting ticket of `user`, an account of this domain.
    ///
    /// # Panics
    /// When the controller gives none.
    #[must_use]
    pub fn tickets(&self, user: &str) -> TicketCache {
        TicketCache::new(&format!("{user}@{}", self.realm), &self.user_password)
    }

    /// A peer that initiates for `service`: with Kerberos as `name`, an account of this domain or `user@REALM`; with
    /// NTLM as `DOMAIN\\user`.
    pub fn initiator(&self, name: &str, password: &str, service: &str) -> PeerOptions {
        PeerOptions::initiator(script::SAMBA, name, password, service)
    }

    /// A peer that accepts, with the keys of [`keytab`](Self::keytab).
    pub fn acceptor(&self) -> PeerOptions {
        PeerOptions::acceptor(script::SAMBA, &self.keytab)
    }

    /// The keys that sign the domain's tickets and PACs, those of `krbtgt`, as a keytab.
    ///
    /// # Panics
    /// When the controller does not give them.
    #[must_use]
    pub fn controllers_keytab(&self) -> Vec<u8> {
        static EXPORTS: AtomicUsize = AtomicUsize::new(0);
        let number = EXPORTS.fetch_add(1, Ordering::Relaxed);
        let file = format!("adlib-lab-krbtgt-{}-{number}", std::process::id());
        let file = std::env::temp_dir().join(file);
        let principal = format!("--principal=krbtgt@{}", self.realm);
        let settings = self.lab_dir.join("corp/smb.conf");
        let (name, settings) = (file.display().to_string(), settings.display().to_string());
        let export = [
            "samba-tool",
            "domain",
            "exportkeytab",
            &name,
            &principal,
            "-s",
            &settings,
        ];
        let output = script::SAMBA.exec(&export);
        match std::fs::read(&file) {
            Ok(keytab) => {
                drop(std::fs::remove_file(&file));
                keytab
            }
            Err(_) => fail(&String::from_utf8_lossy(&output.stderr)),
        }
    }

    /// Whether the controller answers.
    pub(crate) fn answers(&self) -> bool {
        self.ca_file.exists() && guard::answers(self.ldaps())
    }
}

impl Shared for Domain {
    const SCRIPT: Script = script::SAMBA;

    fn lab_dir(&self) -> &Path {
        &self.lab_dir
    }

    fn assert_answers(&self) {
        if !self.answers() {
            fail(NOT_RUNNING);
        }
    }
}
