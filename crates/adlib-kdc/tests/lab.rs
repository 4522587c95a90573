//! Names and tickets from a real domain: the lab's.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use adlib_core::{Password, UnixTime};
use adlib_kdc::{
    ApReqToken, DnsResolver, Endpoint, KdcTicketSource, LocateError, Locator, NotSupported, OwnAccount,
    Rejection, Resolver, Service, TicketError, TicketRequest, TicketSource, locate,
};
use adlib_kerberos::pac::VerifiedPac;
use adlib_kerberos::{Accepted, EncryptionType, Keytab, MemoryReplayCache, Policy, UnverifiedApReq};
use adlib_lab::{Corp, corp, fixture};

const DEADLINE: Duration = Duration::from_secs(20);

fn now() -> UnixTime {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    UnixTime::from_seconds(0).saturating_add(since_1970)
}

fn endpoint(ip: std::net::IpAddr) -> Endpoint {
    Endpoint::parse(&ip.to_string(), Service::Kerberos.port()).unwrap()
}

/// Our own exchanges, with the way to the KDCs of both domains.
fn own(corp: &Corp) -> KdcTicketSource {
    let resolver = DnsResolver::with_name_servers(&[corp.ip.to_string()]).unwrap();
    let locator =
        Locator::new(Arc::new(resolver)).with_kdcs(&corp.staff.realm, vec![endpoint(corp.staff.ip)]);
    KdcTicketSource::new(now).with_locator(Arc::new(locator))
}

/// Every source, by name.
fn sources(corp: &Corp) -> Vec<(&'static str, Arc<dyn TicketSource>)> {
    vec![
        ("own", Arc::new(own(corp))),
        #[cfg(feature = "sspi")]
        ("sspi", Arc::new(adlib_kdc::SspiTicketSource::new())),
    ]
}

/// Whom to ask for, and how.
#[derive(Clone, Copy)]
struct Question<'a> {
    account: &'a str,
    realm: &'a str,
    password: &'a str,
    service: &'a str,
    kdc: std::net::IpAddr,
    deadline: Duration,
}

impl<'a> Question<'a> {
    fn of(corp: &'a Corp, account: &'a str) -> Self {
        Self {
            account,
            realm: &corp.realm,
            password: &corp.user_password,
            service: &corp.http_service,
            kdc: corp.ip,
            deadline: DEADLINE,
        }
    }

    fn of_staff(corp: &'a Corp, account: &'a str) -> Self {
        Self {
            realm: &corp.staff.realm,
            kdc: corp.staff.ip,
            ..Self::of(corp, account)
        }
    }

    async fn ask(self, source: &dyn TicketSource) -> Result<ApReqToken, TicketError> {
        let kdcs = [endpoint(self.kdc)];
        let password = Password::from(self.password);
        let request = TicketRequest {
            account: self.account,
            realm: self.realm,
            secret: (&password).into(),
            service: self.service,
            kdcs: &kdcs,
            deadline: self.deadline,
        };
        source.service_ticket(request).await
    }

    async fn rejection(self, source: &dyn TicketSource) -> Rejection {
        match self.ask(source).await {
            Err(TicketError::Rejected(rejection)) => rejection,
            other => panic!("{}: {other:?}", self.account),
        }
    }
}

/// R4: by SRV, through the domain's own DNS.
#[tokio::test]
async fn the_domain_names_its_controllers() {
    let corp = corp();
    let resolver = DnsResolver::with_name_servers(&[corp.ip.to_string()]).unwrap();
    for service in [Service::Ldap, Service::Kerberos] {
        let found = locate(&resolver, service, &corp.dns_domain, &mut |_| 0)
            .await
            .unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].host.as_str(), found[0].port),
            (corp.host.as_str(), service.port())
        );
        assert_eq!(found[0].addresses, [corp.ip]);
    }
}

/// R4, A54
#[tokio::test]
async fn a_domain_that_is_not_there_is_not_found() {
    let corp = corp();
    let resolver = DnsResolver::with_name_servers(&[format!("{}:53", corp.ip)]).unwrap();
    let missing = format!("missing.{}", corp.dns_domain);
    let error = locate(&resolver, Service::Ldap, &missing, &mut |_| 0)
        .await
        .unwrap_err();
    assert!(matches!(error, LocateError::NotFound(_)), "{error}");
    assert!(
        resolver
            .addresses(&format!("no-such-host.{}", corp.dns_domain))
            .await
            .is_err()
    );
}

/// What the service finds in a token, by its own keys.
fn verify(corp: &Corp, token: &ApReqToken) -> Accepted {
    let keytab = Keytab::decode(&std::fs::read(&corp.keytab).unwrap()).unwrap();
    let (policy, now) = (Policy::default(), now());
    let decrypted = UnverifiedApReq::decode(token.as_bytes())
        .unwrap()
        .decrypt(&keytab, &policy);
    let pending = decrypted.unwrap().check(&policy, now, None).unwrap();
    let fresh = MemoryReplayCache::new().check_and_insert(pending.record(), pending.expires(), now);
    pending.accept(fresh.unwrap())
}

/// R6, R11: the service verifies what the KDC gave, by AES-256 and by AES-128.
#[tokio::test]
async fn a_password_gives_a_ticket_that_the_service_verifies() {
    let corp = corp();
    for (name, source) in sources(&corp) {
        for (service, etype) in [
            (&corp.http_service, EncryptionType::Aes256Sha1),
            (&corp.aes128_service, EncryptionType::Aes128Sha1),
        ] {
            for account in [
                "ada",
                "alan",
                "swap1",
                "swap2",
                "mia2",
                "noupn",
                "deep",
                "st.protected",
                "st.nopreauth",
            ] {
                let question = Question {
                    service,
                    ..Question::of(&corp, account)
                };
                let token = question.ask(&*source).await;
                let token = token.unwrap_or_else(|error| panic!("{account} by {name}: {error}"));
                let accepted = verify(&corp, &token);
                assert_eq!(accepted.client().to_string(), format!("{account}@{}", corp.realm));
                assert_eq!(accepted.evidence().ticket_etype, etype);
                let sid = accepted.pac().and_then(VerifiedPac::user_sid).unwrap();
                assert!(sid.to_string().starts_with(&corp.sid));
            }
        }
    }
}

/// R6: names in any script. sspi cannot, and says so before it sends anything.
#[tokio::test]
async fn names_in_any_script() {
    let corp = corp();
    let output = adlib_lab::exec(&[
        "samba-tool",
        "user",
        "list",
        "-H",
        "ldap://dc1.corp.example.com",
        "-Uadministrator%Passw0rd.Admin",
    ]);
    let listed = String::from_utf8(output.stdout).unwrap();
    let others: Vec<&str> = listed.lines().filter(|name| !name.is_ascii()).collect();
    assert!(others.contains(&"田中"), "{others:?}");
    for account in others
        .into_iter()
        .chain(["zoe", "tanaka", "oyvind", "ioannis", "nfd", "emoji"])
    {
        let token = Question::of(&corp, account).ask(&own(&corp)).await;
        let token = token.unwrap_or_else(|error| panic!("{account}: {error}"));
        assert_eq!(verify(&corp, &token).client().name(), account);
    }
    #[cfg(feature = "sspi")]
    assert_eq!(
        Question::of(&corp, "田中")
            .ask(&adlib_kdc::SspiTicketSource::new())
            .await
            .unwrap_err(),
        NotSupported::Name.into()
    );
}

/// R1, R18: a typed name can be left to the KDC to resolve; the client in the ticket is the account.
#[tokio::test]
async fn the_kdc_resolves_enterprise_names() {
    let corp = corp();
    for (typed, account) in [
        ("ada@corp.example.com", "ada"),
        ("alan.turing@corp.example.com", "alan"),
        ("grace.hopper@acme.example", "grace"),
        ("mia@acme.example", "mia2"),
    ] {
        let token = Question::of(&corp, typed).ask(&own(&corp)).await;
        let token = token.unwrap_or_else(|error| panic!("{typed}: {error}"));
        assert_eq!(
            verify(&corp, &token).client().to_string(),
            format!("{account}@{}", corp.realm)
        );
    }
}

/// R22: users of the trusted domain, for a service of ours. sspi stays in one realm.
#[tokio::test]
async fn users_of_the_trusted_domain_come_through_the_trust() {
    let corp = corp();
    for account in [fixture::STAFF_NAMESAKE, "sam", fixture::STAFF_ONLY] {
        let question = Question::of_staff(&corp, account);
        let token = question.ask(&own(&corp)).await;
        let token = token.unwrap_or_else(|error| panic!("{account}: {error}"));
        let accepted = verify(&corp, &token);
        assert_eq!(
            accepted.client().to_string(),
            format!("{account}@{}", corp.staff.realm)
        );
        let sid = accepted.pac().and_then(VerifiedPac::user_sid).unwrap();
        assert!(sid.to_string().starts_with(&corp.staff.sid));

        let at_home = KdcTicketSource::new(now);
        assert_eq!(
            question.ask(&at_home).await.unwrap_err(),
            NotSupported::OtherRealm.into(),
            "without a locator"
        );
    }
}

/// R22: the other way: our users, for a service of the trusted domain.
#[tokio::test]
async fn our_users_get_tickets_for_the_trusted_domain() {
    let corp = corp();
    let service = format!("ldap/{}", corp.staff.host);
    let question = Question {
        service: &service,
        ..Question::of(&corp, "ada")
    };
    assert!(question.ask(&own(&corp)).await.is_ok());
}

/// R9
#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_are_told_apart() {
    let corp = corp();
    for (name, source) in sources(&corp) {
        let wrong = |account| Question {
            password: "wrong",
            ..Question::of(&corp, account)
        };
        let reason = wrong("ada").rejection(&*source).await;
        assert_eq!(reason, Rejection::WrongPassword, "{name}");
        let reason = wrong("nobody.here").rejection(&*source).await;
        assert_eq!(reason, Rejection::UnknownPrincipal, "{name}");
        let reason = wrong("st.nopreauth").ask(&*source).await.unwrap_err();
        let refused = matches!(reason, TicketError::Rejected(Rejection::WrongPassword))
            || name == "sspi"
                && matches!(
                    reason,
                    TicketError::Protocol { .. } | TicketError::NotSupported(_)
                );
        assert!(refused, "{name}: {reason}");
    }
}

/// R9: every state of an account that stops a sign-in.
#[tokio::test]
async fn each_state_has_its_reason() {
    let corp = corp();
    for (name, source) in sources(&corp) {
        for (account, reason) in [
            ("st.disabled", Rejection::Disabled),
            ("st.expired", Rejection::AccountExpired),
            // Samba sends no status for a locked account; Windows does.
            ("st.locked", Rejection::Revoked),
            ("st.mustchange", Rejection::MustChangePassword),
            ("st.pwexpired", Rejection::PasswordExpired),
            ("st.hours", Rejection::LogonHours),
            ("st.workstation", Rejection::Workstation),
            // The directory gives the account a random password when a card becomes required.
            ("st.smartcard", Rejection::WrongPassword),
        ] {
            let found = Question::of(&corp, account).rejection(&*source).await;
            assert_eq!(found, reason, "{account} by {name}");
        }
    }
}

/// R5
#[tokio::test]
async fn a_service_that_nobody_has_is_unknown() {
    let corp = corp();
    for (name, source) in sources(&corp) {
        let question = Question {
            service: "HTTP/nowhere.corp.example.com",
            ..Question::of(&corp, "ada")
        };
        let error = question.ask(&*source).await.unwrap_err();
        assert_eq!(error, Rejection::ServiceUnknown.into(), "{name}");
    }
}

/// R5, R11: the service has an RC4 key only, and AES is offered.
#[tokio::test]
async fn a_service_without_an_aes_key_has_its_reason() {
    let corp = corp();
    for (name, source) in sources(&corp) {
        let question = Question {
            service: &corp.rc4_service,
            ..Question::of(&corp, "ada")
        };
        let error = question.ask(&*source).await.unwrap_err();
        assert_eq!(error, Rejection::EtypeUnsupported.into(), "{name}");
    }
}

/// The account that owns the service, by the service's keytab.
fn service_account(corp: &Corp, source: KdcTicketSource) -> OwnAccount {
    let keytab = Keytab::decode(&std::fs::read(&corp.keytab).unwrap()).unwrap();
    OwnAccount::new(source, fixture::HTTP, &corp.realm)
        .with_keytab(&keytab, &corp.http_service)
        .with_kdcs(vec![endpoint(corp.ip)])
}

/// R6: the service's own account, by keys; its tickets are kept.
#[tokio::test]
async fn the_services_own_account_signs_in_by_its_keys() {
    let corp = corp();
    let account = service_account(&corp, own(&corp));
    let granting = account.ticket_granting_ticket().await.unwrap();
    assert_eq!(granting.client.name(), fixture::HTTP);
    assert_eq!(account.ticket_granting_ticket().await.unwrap(), granting, "kept");
    let service = format!("ldap/{}", corp.host);
    let ticket = account.credentials(&service).await.unwrap();
    assert_eq!(ticket.service.name(), service);
    assert_eq!(account.credentials(&service).await.unwrap(), ticket, "kept");
    let abroad = account
        .credentials(&format!("ldap/{}", corp.staff.host))
        .await
        .unwrap();
    assert_eq!(abroad.service.realm(), corp.staff.realm);
}

/// A65: in armour of the service's own ticket; reasons come through it.
#[tokio::test]
async fn an_exchange_in_armour() {
    let corp = corp();
    let armour = Arc::new(service_account(&corp, own(&corp)));
    let source = own(&corp).with_armour(armour);
    for account in ["ada", "田中", "st.protected"] {
        let token = Question::of(&corp, account).ask(&source).await;
        let token = token.unwrap_or_else(|error| panic!("{account}: {error}"));
        assert_eq!(verify(&corp, &token).client().name(), account);
    }
    let wrong = Question {
        password: "wrong",
        ..Question::of(&corp, "ada")
    };
    assert_eq!(wrong.rejection(&source).await, Rejection::WrongPassword);
    let staff = Question::of_staff(&corp, fixture::STAFF_ONLY).ask(&source).await;
    assert_eq!(
        verify(&corp, &staff.unwrap()).client().name(),
        fixture::STAFF_ONLY
    );
}

/// R6: as many as an application may have at nine in the morning.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_sign_ins_at_once() {
    let corp = corp();
    let source = own(&corp);
    let begin = std::time::Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (source, ip, realm) = (source.clone(), corp.ip, corp.realm.clone());
        let (password, service) = (corp.user_password.clone(), corp.http_service.clone());
        tasks.spawn(async move {
            let question = Question {
                account: "ada",
                realm: &realm,
                password: &password,
                service: &service,
                kdc: ip,
                // The lab's one controller shares its processors with whatever else is tested.
                deadline: Duration::from_secs(60),
            };
            question.ask(&source).await
        });
    }
    for token in tasks.join_all().await {
        verify(&corp, &token.unwrap());
    }
    println!("200 sign-ins in {:?}", begin.elapsed());
}

mod realms {
    //! MIT's KDC and Heimdal's.

    use super::*;
    use adlib_kdc::{Credentials, ExchangePolicy};
    use adlib_kerberos::{Ccache, PacMode, Principal};
    use adlib_lab::realm::{self, Realm};

    fn realms() -> [Realm; 2] {
        [realm::mit(), realm::heimdal()]
    }

    async fn ticket(
        realm: &Realm,
        user: &str,
        password: &str,
        service: &str,
    ) -> Result<Credentials, TicketError> {
        let mut policy = ExchangePolicy::default();
        policy.danger_accept_rc4 = true;
        let source = KdcTicketSource::new(now).with_policy(policy);
        let (kdcs, password) = ([endpoint(realm.ip)], Password::from(password));
        let request = TicketRequest {
            account: user,
            realm: &realm.realm,
            secret: (&password).into(),
            service,
            kdcs: &kdcs,
            deadline: DEADLINE,
        };
        source.credentials(request).await
    }

    fn keytab(realm: &Realm) -> Keytab {
        Keytab::decode(&std::fs::read(&realm.keytab).unwrap()).unwrap()
    }

    /// The client that the service finds, by its own key.
    fn client(realm: &Realm, credentials: &Credentials) -> Principal {
        let mut policy = Policy::default();
        policy.pac = PacMode::Off;
        policy.danger_accept_rc4 = true;
        let token = credentials
            .ap_req_token(now(), &mut |bytes| bytes.fill(7))
            .unwrap();
        let decrypted = UnverifiedApReq::decode(&token)
            .unwrap()
            .decrypt(&keytab(realm), &policy);
        let pending = decrypted.unwrap().check(&policy, now(), None).unwrap();
        let cache = MemoryReplayCache::new();
        let fresh = cache.check_and_insert(pending.record(), pending.expires(), now());
        pending.accept(fresh.unwrap()).client().clone()
    }

    /// R6, R11: by passwords, for services of every encryption type.
    #[tokio::test]
    async fn passwords_and_every_encryption_type() {
        for realm in realms() {
            for (etype, service) in realm.services() {
                let credentials = ticket(&realm, realm::USER, &realm.user_password, &service).await;
                let credentials =
                    credentials.unwrap_or_else(|error| panic!("{}, {service}: {error}", realm.realm));
                assert_eq!(credentials.service.name(), service);
                assert_eq!(
                    client(&realm, &credentials).to_string(),
                    realm.principal(realm::USER),
                    "{etype}"
                );
            }
            for (user, password) in [
                (realm::NON_ASCII_USER, &realm.user_password),
                (realm::NON_ASCII_PASSWORD_USER, &realm.non_ascii_password),
                (realm::NO_PREAUTH, &realm.user_password),
            ] {
                let credentials = ticket(&realm, user, password, &realm.http_service).await;
                let credentials =
                    credentials.unwrap_or_else(|error| panic!("{}, {user}: {error}", realm.realm));
                assert_eq!(client(&realm, &credentials).name(), user);
            }
        }
    }

    /// R9: reasons without an NT status.
    #[tokio::test]
    async fn each_state_has_its_reason() {
        for realm in realms() {
            let ask = async |user, password: &str| {
                ticket(&realm, user, password, &realm.http_service)
                    .await
                    .unwrap_err()
            };
            assert_eq!(
                ask(realm::USER, "wrong").await,
                Rejection::WrongPassword.into(),
                "{}",
                realm.realm
            );
            assert_eq!(ask("nobody", "wrong").await, Rejection::UnknownPrincipal.into());
            assert_eq!(
                ask(realm::NO_PREAUTH, "wrong").await,
                Rejection::WrongPassword.into()
            );
            for (user, _) in realm::REFUSED {
                let error = ask(user, &realm.user_password).await;
                println!("{} {user}: {error}", realm.realm);
                assert!(matches!(error, TicketError::Rejected(_)), "{user}: {error}");
            }
        }
    }

    /// R6: a service signs in by its own keytab, and armours with what it gets.
    #[tokio::test]
    async fn keytabs_and_armour() {
        for realm in realms() {
            let source = KdcTicketSource::new(now);
            let account = OwnAccount::new(source.clone(), &realm.http_service, &realm.realm)
                .with_keytab(&keytab(&realm), &realm.http_service)
                .with_kdcs(vec![endpoint(realm.ip)]);
            let granting = account.ticket_granting_ticket().await;
            let granting = granting.unwrap_or_else(|error| panic!("{}: {error}", realm.realm));
            assert_eq!(granting.client.name(), realm.http_service);
            let (kdcs, password) = ([endpoint(realm.ip)], Password::from(realm.user_password.as_str()));
            let request = TicketRequest {
                account: realm::USER,
                realm: &realm.realm,
                secret: (&password).into(),
                service: &realm.http_service,
                kdcs: &kdcs,
                deadline: DEADLINE,
            };
            let armoured = source.with_armour(Arc::new(account)).credentials(request).await;
            let armoured = armoured.unwrap_or_else(|error| panic!("{}: {error}", realm.realm));
            assert_eq!(client(&realm, &armoured).name(), realm::USER);
        }
    }

    /// The tickets that `kinit` and `kvno` leave are those that we read.
    #[test]
    fn a_cache_of_kinit() {
        let realm = realm::mit();
        let path = std::env::temp_dir().join(format!("adlib-kdc-lab-{}.ccache", std::process::id()));
        let script = format!(
            "echo '{}' | kinit -c {path} {} && kvno -q -c {path} {}",
            realm.user_password,
            realm::USER,
            realm.http_service,
            path = path.display()
        );
        let output = realm.exec(&["sh", "-c", &script]);
        let bytes = std::fs::read(&path).unwrap_or_else(|_| panic!("{output:?}"));
        std::fs::remove_file(&path).unwrap();
        let cache = Ccache::decode(&bytes).unwrap();
        assert_eq!(cache.client().to_string(), realm.principal(realm::USER));
        assert!(cache.ticket_granting_ticket().is_some());
        let credentials = cache.ticket_for(&realm.http_service).unwrap();
        assert_eq!(client(&realm, credentials).name(), realm::USER);
    }
}
