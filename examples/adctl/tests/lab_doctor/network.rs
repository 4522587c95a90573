//! DNS, ports, certificates, KDCs.

use std::{
    io::{Read as _, Write as _},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, UNIX_EPOCH},
};

use adlib::{CheckKind, Clock as _, SystemClock};
use adlib_kerberos::{initiator::KrbError, issue::KrbErrorBuilder};

use crate::{between::certified, site::Site};

/// A way to `to` on an address of its own.
fn relay(to: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for from in listener.incoming() {
            let (from, to) = (from.unwrap(), TcpStream::connect(to).unwrap());
            for (mut from, mut to) in [(from.try_clone().unwrap(), to.try_clone().unwrap()), (to, from)] {
                thread::spawn(move || std::io::copy(&mut from, &mut to).ok());
            }
        }
    });
    address
}

/// Somebody who takes connections, listens, and says nothing.
fn mute() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for from in listener.incoming() {
            thread::spawn(move || from.unwrap().read_to_end(&mut Vec::new()).ok());
        }
    });
    address
}

/// A KDC that has another realm, and says so (RFC 4120 7.5.9).
fn another_realms() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let mut length = [0; 4];
            client.read_exact(&mut length).unwrap();
            let mut question = vec![0; u32::from_be_bytes(length) as usize];
            client.read_exact(&mut question).unwrap();
            let now = SystemClock.now();
            let error = KrbErrorBuilder::new(KrbError::WRONG_REALM, "ELSEWHERE.EXAMPLE.COM", now).encode();
            let length = u32::try_from(error.len()).unwrap().to_be_bytes();
            client.write_all(&[&length, &error[..]].concat()).unwrap();
        }
    });
    address
}

/// With its controllers at `controllers`, and the KDC where it is.
pub(crate) fn at(controllers: &str) -> Site {
    let site = Site::new();
    let ip = site.corp.ip;
    site.edit(&[
        (
            &format!("controllers = [\"{ip}\"]"),
            &format!("controllers = [{controllers}]"),
        ),
        ("[signin]", &format!("[signin]\nkdc = [\"{ip}\"]")),
    ]);
    site
}

/// With its KDC at `kdc`.
fn with_kdc(kdc: &str) -> Site {
    Site::new().with(&[("[signin]", &format!("[signin]\nkdc = [{kdc}]"))])
}

/// R4: by DNS alone; a name server that is not there; a domain that is not.
#[tokio::test]
async fn r04_dns() {
    let site = Site::new();
    let (ip, resolver) = (site.corp.ip, site.corp.resolver);
    let controllers = format!("controllers = [\"{ip}\"]");
    let by_dns = site.with(&[(&controllers, &format!("dns = [\"{resolver}\"]"))]);
    let examination = by_dns.examine().await;
    assert_eq!(crate::site::not_ok(&examination), Vec::<String>::new());
    for kind in [CheckKind::NameServer, CheckKind::Dns, CheckKind::KdcDns] {
        assert!(
            examination.checks.iter().any(|check| check.name.kind == kind),
            "{kind}"
        );
    }

    let gone = site.with(&[(&controllers, "dns = [\"127.0.0.99\"]")]);
    gone.only(CheckKind::NameServer, "dns-failed").await;
    let one_gone = site.with(&[(&controllers, &format!("dns = [\"{resolver}\", \"127.0.0.99\"]"))]);
    let examination = one_gone.examine().await;
    assert_eq!(
        crate::site::named(&examination),
        [(CheckKind::NameServer, "warning", "dns-failed")],
        "{examination:?}"
    );

    let unknown = by_dns.with(&[("domains = \"corp", "domains = \"nowhere.corp.example.com; corp")]);
    let examination = unknown.examine().await;
    assert_eq!(
        crate::site::named(&examination),
        [
            (CheckKind::KdcDns, "failed", "not-in-dns"),
            (CheckKind::Dns, "failed", "not-in-dns")
        ],
        "{examination:#?}"
    );
}

/// R4, A54: a name server that calls somebody else's host a controller of the domain. No password goes there.
#[tokio::test]
async fn a54_controllers_of_somebody_else() {
    let site = Site::new();
    let IpAddr::V4(ip) = site.corp.ip else {
        panic!("the lab is on IPv4")
    };
    let controllers = format!("controllers = [\"{ip}\"]");
    let by = |host: &str| {
        site.with(&[(
            &controllers,
            &format!("dns = [\"{}\"]", adlib_lab::name_server(host, ip)),
        )])
    };
    let seen = by("dc1.evil.example")
        .only(CheckKind::Dns, "outside-of-domain")
        .await;
    assert!(seen.contains("corp.example.com"), "{seen}");
    let examination = by("dc1.corp.example.com").examine().await;
    assert_eq!(crate::site::not_ok(&examination), Vec::<String>::new());
}

/// R4: nothing listens at a controller, at one of two, or somebody who says nothing.
#[tokio::test]
async fn r04_ports() {
    let ip = adlib_lab::corp().ip;
    at(&format!("\"{ip}:1\""))
        .only(CheckKind::Port, "nothing-listens")
        .await;
    let both = at(&format!("\"{ip}:1\", \"{ip}\""));
    both.only_warns(CheckKind::Port, "nothing-listens").await;
    let mute = at(&format!("\"{}\"", mute()));
    mute.edit(&[("timeout = \"10s\"", "timeout = \"1s\"")]);
    mute.only(CheckKind::Tls, "tls").await;
}

/// R4: a KDC that is not there, is not one, is another's, or takes no datagrams.
#[tokio::test]
async fn r04_kdcs() {
    let (ip, staff) = {
        let corp = adlib_lab::corp();
        (corp.ip, corp.staff.ip)
    };
    with_kdc(&format!("\"{ip}:1\""))
        .only(CheckKind::Kdc, "nothing-listens")
        .await;
    with_kdc(&format!("\"{ip}:389\""))
        .only(CheckKind::Kdc, "no-answer")
        .await;
    with_kdc(&format!("\"{}\"", mute()))
        .only(CheckKind::Kdc, "silent")
        .await;
    with_kdc(&format!("\"{}\"", another_realms()))
        .only(CheckKind::Kdc, "other-domain")
        .await;
    // Samba does not tell that it is another realm's: whoever asks for the ticket is unknown there.
    let staff = with_kdc(&format!("\"{staff}\""));
    staff.only(CheckKind::Ticket, "unknown-user").await;
    let kdc = relay(SocketAddr::new(staff.corp.ip, 88));
    let tcp_only = with_kdc(&format!("\"{kdc}\""));
    tcp_only.only_warns(CheckKind::Kdc, "nothing-listens").await;
}

/// R4, A53: what is wrong with a certificate.
#[tokio::test]
async fn a53_certificates() {
    let site = Site::new();
    let (ca, ldaps) = (site.corp.ca_file.display().to_string(), site.corp.ldaps());
    let other = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/other_authority.pem");
    site.with(&[(&ca, other)])
        .only(CheckKind::Tls, "unknown-authority")
        .await;
    let elsewhere = at(&format!("\"{}\"", relay(ldaps)));
    elsewhere.only(CheckKind::Tls, "certificate-name").await;
    let plain = at(&format!("\"{}:389\"", site.corp.ip));
    plain.only(CheckKind::Tls, "tls").await;

    let year = Duration::from_secs(365 * 24 * 3600);
    for (from, problem) in [(2000, "certificate-expired"), (2090, "certificate-not-yet-valid")] {
        certified(&site, from, year).only(CheckKind::Tls, problem).await;
    }
    let since_2000 = UNIX_EPOCH.elapsed().unwrap() - Duration::from_secs(946_684_800);
    let soon = certified(&site, 2000, since_2000 + Duration::from_secs(5 * 24 * 3600 - 60));
    let seen = soon.only_warns(CheckKind::Tls, "certificate-ends-soon").await;
    assert!(seen.contains("for 4 more days"), "{seen}");
}
