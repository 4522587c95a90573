//! The application's own service: its account, its keys, and a ticket for it.

use std::{collections::BTreeSet, fmt, time::Duration};

use adlib_core::Password;
use adlib_kdc::{AccountSecret, Endpoint, ExchangePolicy, KdcTicketSource, TicketRequest, TicketSource as _};
use adlib_kerberos::{AcceptedServices, EncryptionType, Keytab, ServiceKey, UnverifiedApReq};
use adlib_ldap::Scope;
use adlib_schema::{UserName, ad::ServiceAccount};

use super::{
    CheckKind, CheckName, CheckState, Doctor, Problem,
    files::Keys,
    findings::{Came, Findings},
    place::PlaceSeen,
};
use crate::{
    config::{BindConfig, BindMethod},
    directory::configured::password,
};

/// The account that the service belongs to, and where it is.
pub(super) struct Owner {
    account: ServiceAccount,
    domain: String,
}

/// Who asks for the test ticket.
struct Asker<'a> {
    account: String,
    domain: String,
    secret: Secret,
    kdcs: &'a [Endpoint],
}

enum Secret {
    Password(Password),
    Keys(Vec<ServiceKey>),
}

impl Doctor {
    pub(super) async fn service(
        &self,
        findings: &mut Findings<'_>,
        keytab: Result<Keytab, CheckName>,
        places: &[PlaceSeen<'_>],
    ) {
        let Some(service) = self.config.signin.service.as_deref() else {
            return;
        };
        let owner = self.owner(findings, service, places).await;
        let (keytab, owner) = match (keytab, owner) {
            (Ok(keytab), Ok(owner)) => (keytab, owner),
            (Err(needs), _) | (_, Err(needs)) => {
                findings.skip(CheckKind::Keys, service, &needs);
                findings.skip(CheckKind::Ticket, service, &needs);
                return;
            }
        };
        let keys = self.keys(&keytab, service, &owner);
        let fails = matches!(keys.state, CheckState::Failed(_));
        let own_keys = match fails {
            true => Err(CheckName::new(CheckKind::Keys, service)),
            false => Ok(latest(&keytab, service)),
        };
        let ticket = match self.asker(own_keys, service, &owner, places).await {
            Ok(asker) => Ok(self.ticket(&keytab, service, &asker).await),
            Err(needs) => Err(needs),
        };
        let opens = matches!(&ticket, Ok(came) if came.value.is_some());
        // Keys that open tickets are the right ones, whatever their versions say.
        let keys = if opens { keys.lowered() } else { keys };
        let _ = findings.add(CheckKind::Keys, service, keys);
        let keys = CheckName::new(CheckKind::Keys, service);
        match ticket {
            Err(needs) => drop(findings.skip(CheckKind::Ticket, service, &needs)),
            Ok(_) if fails && !opens => drop(findings.skip(CheckKind::Ticket, service, &keys)),
            Ok(came) => drop(findings.add(CheckKind::Ticket, service, came)),
        }
    }

    /// The one account that has the service's name.
    async fn owner(
        &self,
        findings: &mut Findings<'_>,
        service: &str,
        places: &[PlaceSeen<'_>],
    ) -> Result<Owner, CheckName> {
        let unread = places
            .iter()
            .filter(|place| !place.config.domains.is_empty())
            .find_map(|place| place.reader.as_ref().err());
        let mut owners = Vec::new();
        let look = async {
            for place in places {
                match owners_in(place, service).await {
                    Ok(found) => owners.extend(found),
                    Err(error) => return Came::failed(Problem::from(&error), error.to_string()),
                }
            }
            only(owners, service)
        };
        let came = tokio::time::timeout(self.limit, look).await;
        let came = came.unwrap_or_else(|_| Came::failed(Problem::TookTooLong, "no answer"));
        match (&came.state, unread) {
            // It may be in the domain that could not be asked.
            (CheckState::Failed(Problem::ServiceUnknown), Some(needs)) => {
                Err(findings.skip(CheckKind::Service, service, needs))
            }
            _ => findings.add(CheckKind::Service, service, came),
        }
    }

    /// The keytab against what the directory says (R11).
    fn keys(&self, keytab: &Keytab, service: &str, owner: &Owner) -> Came<()> {
        let keys = Keys::of(keytab, service);
        let account = &owner.account;
        let of_directory = match account.kvno {
            Some(kvno) => format!("the directory: version {kvno}"),
            None => "the directory does not tell its version".to_owned(),
        };
        let seen = format!("{keys}; {of_directory}");
        // A keytab may say 0 for a version that nobody knows.
        let current = |kvno: u32| keys.0.iter().filter(move |key| key.kvno == kvno || key.kvno == 0);
        let types: BTreeSet<i32> = match account.kvno {
            Some(kvno) => current(kvno).map(|key| key.etype).collect(),
            None => keys.0.iter().map(|key| key.etype).collect(),
        };
        if types.is_empty() {
            return Came::failed(Problem::KeyVersion, seen);
        }
        let Some(supported) = &account.encryption_types else {
            return Came::warning((), Problem::KeyTypesNotSaid, seen);
        };
        let seen = format!("{seen}, types {}", joined(supported));
        let rc4 = self.config.signin.danger_accept_rc4;
        let admitted = |etype: &&EncryptionType| **etype != EncryptionType::Rc4 || rc4;
        let mut strongest_first = EncryptionType::ALL
            .iter()
            .filter(admitted)
            .map(|etype| etype.number());
        // Tickets are encrypted with the strongest type of the account.
        match strongest_first.find(|etype| supported.contains(etype)) {
            Some(strongest) if types.contains(&strongest) => Came::ok((), seen),
            Some(_) => Came::failed(Problem::KeyType, seen),
            None => Came::failed(Problem::WeakKeysOnly, seen),
        }
    }

    /// The account that binds, or else the service's own by its keys, unless something is wrong with them: a wrong key counts
    /// as a wrong password.
    async fn asker<'a>(
        &self,
        own_keys: Result<Vec<ServiceKey>, CheckName>,
        service: &str,
        owner: &Owner,
        places: &'a [PlaceSeen<'_>],
    ) -> Result<Asker<'a>, CheckName> {
        let mut stands_before = None;
        for place in places {
            let kdcs = match &place.kdcs {
                None => continue,
                Some(Err(needs)) => {
                    stands_before = stands_before.or(Some(needs.clone()));
                    continue;
                }
                Some(Ok(kdcs)) => kdcs,
            };
            if let Some((account, secret)) = credentials(place).await {
                let domain = place.name.clone();
                return Ok(Asker {
                    account,
                    domain,
                    secret,
                    kdcs,
                });
            }
        }
        if let Some(needs) = stands_before {
            return Err(needs);
        }
        let own = places.iter().find(|place| place.name == owner.domain);
        let kdcs = match own.and_then(|place| place.kdcs.as_ref()) {
            Some(Ok(kdcs)) => kdcs,
            Some(Err(needs)) => return Err(needs.clone()),
            None => return Err(CheckName::new(CheckKind::Service, service)),
        };
        Ok(Asker {
            account: owner.account.account.clone(),
            domain: owner.domain.clone(),
            secret: Secret::Keys(own_keys?),
            kdcs,
        })
    }

    /// A ticket for the service, opened with the keytab (R6).
    async fn ticket(&self, keytab: &Keytab, service: &str, asker: &Asker<'_>) -> Came<()> {
        let mut policy = ExchangePolicy::default();
        policy.danger_accept_rc4 = self.config.signin.danger_accept_rc4;
        let clock = self.clock.clone();
        let source = KdcTicketSource::new(move || clock.now()).with_policy(policy);
        let request = TicketRequest {
            account: &asker.account,
            realm: &asker.domain.to_uppercase(),
            secret: match &asker.secret {
                Secret::Password(password) => AccountSecret::Password(password),
                Secret::Keys(keys) => AccountSecret::Keys(keys),
            },
            service,
            kdcs: asker.kdcs,
            deadline: self
                .config
                .signin
                .deadline
                .min(self.limit)
                .max(Duration::from_secs(1)),
        };
        let token = match source.service_ticket(request).await {
            Ok(token) => token,
            Err(error) => {
                let seen = format!("as {asker}: {error}");
                return Came::failed(Problem::from(&error), seen);
            }
        };
        let mut policy = self.config.signin.policy();
        policy.services = AcceptedServices::Only(vec![service.to_owned()]);
        let verified = UnverifiedApReq::decode(token.as_bytes())
            .and_then(|token| token.decrypt(keytab, &policy))
            .and_then(|decrypted| decrypted.check(&policy, self.clock.now(), None));
        match verified {
            Ok(_) => Came::ok((), format!("a ticket of {asker} is opened")),
            Err(rejection) => Came::failed(Problem::TicketRefused(rejection.reason()), rejection.to_string()),
        }
    }
}

impl fmt::Display for Asker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.account.contains('@') {
            true => f.write_str(&self.account),
            false => write!(f, "{}@{}", self.account, self.domain),
        }
    }
}

/// The accounts of a domain that have the service's name.
async fn owners_in(place: &PlaceSeen<'_>, service: &str) -> Result<Vec<Owner>, adlib_ldap::Error> {
    let Some(reader) = place
        .reader
        .as_ref()
        .ok()
        .filter(|_| !place.config.domains.is_empty())
    else {
        return Ok(Vec::new());
    };
    let found = reader
        .connection
        .search(
            &place.base,
            Scope::Subtree,
            &ServiceAccount::with_name(service),
            &ServiceAccount::ATTRIBUTES,
        )
        .await?;
    let owner = |entry| Owner {
        account: ServiceAccount::of(entry),
        domain: place.name.clone(),
    };
    Ok(found.entries.iter().map(owner).collect())
}

fn only(mut owners: Vec<Owner>, service: &str) -> Came<Owner> {
    if owners.len() > 1 {
        let dns: Vec<&str> = owners.iter().map(|owner| owner.account.dn.as_str()).collect();
        return Came::failed(Problem::ServiceDuplicate, dns.join("; "));
    }
    match owners.pop() {
        None => Came::failed(Problem::ServiceUnknown, format!("no account has {service}")),
        Some(owner) if owner.account.is_disabled => Came::failed(Problem::ServiceDisabled, owner.account.dn),
        Some(owner) => {
            let seen = owner.account.dn.clone();
            Came::ok(owner, seen)
        }
    }
}

/// With what the account that binds can ask the KDCs of `place`, if it binds there.
async fn credentials(place: &PlaceSeen<'_>) -> Option<(String, Secret)> {
    let config = place.config.bind.as_ref()?;
    let reader = place.reader.as_ref().ok()?;
    let secret = match config.method {
        BindMethod::Kerberos => Secret::Keys(bind_keys(config)?),
        _ => Secret::Password(password(config).ok()?),
    };
    let name = config.name.as_str();
    if let Some((account, domain)) = name.rsplit_once('@') {
        // The KDC knows which account a UPN is of; keys are of an account by its own name.
        let account = match secret {
            Secret::Keys(_) => account,
            Secret::Password(_) => name,
        };
        let is_here = domain.eq_ignore_ascii_case(&place.name) || matches!(secret, Secret::Password(_));
        return is_here.then(|| (account.to_owned(), secret));
    }
    if let Some((_, account)) = name.split_once('\\') {
        let found = reader.named(account, UserName::Account).await.ok()?;
        return found.map(|_| (account.to_owned(), secret));
    }
    None
}

fn bind_keys(config: &BindConfig) -> Option<Vec<ServiceKey>> {
    let keytab = Keytab::decode(&std::fs::read(config.keytab.as_ref()?).ok()?).ok()?;
    let (account, _) = config.name.rsplit_once('@')?;
    Some(latest(&keytab, account))
}

/// The latest keys of a principal.
fn latest(keytab: &Keytab, principal: &str) -> Vec<ServiceKey> {
    let own = || {
        let entries = keytab.entries().iter();
        entries.filter(|entry| entry.principal.name().eq_ignore_ascii_case(principal))
    };
    let latest = own().map(|entry| entry.kvno).max();
    own()
        .filter(|entry| Some(entry.kvno) == latest)
        .map(|entry| entry.key.clone())
        .collect()
}

fn joined(numbers: &[i32]) -> String {
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    numbers.join(", ")
}
