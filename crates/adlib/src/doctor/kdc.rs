//! The KDCs of a domain: where they are, their ports, their clocks.

use std::{io::ErrorKind, net::SocketAddr, time::Duration};

use adlib_kdc::{AttemptFailure, Endpoint, KdcPort, Probed, Service, locate, locate::resolve, probe};

use super::{
    CheckKind, CheckName, Doctor, Problem,
    findings::{Came, Findings},
    source::{Section, in_dns},
};
use crate::directory::{Place, endpoint};

/// For how long a KDC may think over a refusal.
const WAIT: Duration = Duration::from_secs(3);

/// The KDCs that can be used, or the check that stands before them.
pub(super) type KdcsSeen = Result<Vec<Endpoint>, CheckName>;

impl Doctor {
    pub(super) async fn kdcs(
        &self,
        findings: &mut Findings<'_>,
        section: &Section<'_>,
        place: &Place,
    ) -> KdcsSeen {
        let kdcs = match self.located(findings, section, place).await {
            Ok(kdcs) => kdcs,
            Err(needs) => {
                findings.skip(CheckKind::Kdc, &place.name, &needs);
                return Err(needs);
            }
        };
        let realm = place.name.to_uppercase();
        let mut tcp = Vec::new();
        for kdc in &kdcs {
            tcp.push((
                of(kdc, KdcPort::Tcp),
                self.probed(kdc, &realm, KdcPort::Tcp).await,
            ));
        }
        let mut usable: KdcsSeen = Err(CheckName::new(CheckKind::Kdc, &place.name));
        for (kdc, answer) in kdcs.into_iter().zip(findings.add_any(CheckKind::Kdc, tcp)) {
            let answer = match answer {
                Ok(answer) => answer,
                Err(name) => {
                    usable = usable.or(Err(name));
                    continue;
                }
            };
            // A connection does in place of datagrams, a second later.
            let udp = self.probed(&kdc, &realm, KdcPort::Udp).await.lowered();
            let _ = findings.add(CheckKind::Kdc, &of(&kdc, KdcPort::Udp), udp);
            let clock = self.clock_came(answer.server_time, self.clock.now());
            usable = match (usable, findings.add(CheckKind::Clock, &kdc.to_string(), clock)) {
                (Ok(mut all), Ok(())) => {
                    all.push(kdc);
                    Ok(all)
                }
                (Err(_), Ok(())) => Ok(vec![kdc]),
                (Ok(all), Err(_)) => Ok(all),
                (Err(_), Err(name)) => Err(name),
            };
        }
        usable
    }

    /// The KDCs as they are given, or as DNS names them.
    async fn located(&self, findings: &mut Findings<'_>, section: &Section<'_>, place: &Place) -> KdcsSeen {
        let given = match self.given(section, place) {
            Ok(given) => given,
            Err(error) => return findings.add(CheckKind::KdcDns, &place.name, super::misconfigured(&error)),
        };
        if !given.is_empty() && given.iter().all(|kdc| !kdc.addresses.is_empty()) {
            return Ok(given);
        }
        if let Some(needs) = &section.no_dns {
            return Err(findings.skip(CheckKind::KdcDns, &place.name, needs));
        }
        let look = async {
            let resolver = &*section.resolver;
            let found = match given.is_empty() {
                true => {
                    locate(
                        resolver,
                        Service::Kerberos,
                        &place.name,
                        &mut crate::random::up_to,
                    )
                    .await
                }
                false => resolve(resolver, given).await,
            };
            match found {
                Ok(found) => {
                    let names: Vec<String> = found.iter().map(ToString::to_string).collect();
                    Came::ok(found, names.join(", "))
                }
                Err(error) => Came::failed(in_dns(&error), error.to_string()),
            }
        };
        findings
            .look(CheckKind::KdcDns, &place.name, self.limit, look)
            .await
    }

    /// `kdc`, or else the controllers at the port of a KDC.
    fn given(&self, section: &Section<'_>, place: &Place) -> Result<Vec<Endpoint>, crate::Error> {
        let port = Service::Kerberos.port();
        let kdcs = self
            .config
            .signin
            .kdc
            .as_ref()
            .map_or(&[][..], |kdcs| kdcs.of(&place.name));
        if !kdcs.is_empty() {
            return kdcs.iter().map(|kdc| endpoint(kdc, port)).collect();
        }
        let controllers = section.config.controllers.as_ref();
        let controllers = controllers.map_or(&[][..], |controllers| controllers.of(&place.name));
        let at_its_port = |controller: &String| Ok(Endpoint::new(endpoint(controller, port)?.host, port));
        controllers.iter().map(at_its_port).collect()
    }

    /// What a KDC says to a question that needs no password, at the first of its addresses that answers.
    async fn probed(&self, kdc: &Endpoint, realm: &str, port: KdcPort) -> Came<Probed> {
        let mut failure = Came::failed(Problem::NotInDns, "no address");
        for address in kdc.socket_addresses() {
            failure = match probe(address, realm, port, self.clock.now(), WAIT).await {
                Ok(probed) if probed.is_of_realm => return Came::ok(probed, "it answers"),
                Ok(_) => Came::failed(Problem::OtherDomain, format!("no KDC of {realm}")),
                Err(failure) => unanswered(address, failure),
            };
        }
        failure
    }
}

fn unanswered<T>(address: SocketAddr, failure: AttemptFailure) -> Came<T> {
    let problem = match failure {
        AttemptFailure::TimedOut => Problem::Silent,
        // Whoever takes a connection and closes it is there.
        AttemptFailure::Io(ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe) => {
            Problem::NoAnswer
        }
        AttemptFailure::Io(_) => Problem::NothingListens,
        _ => Problem::NoAnswer,
    };
    Came::failed(problem, format!("{address}: {failure}"))
}

fn of(kdc: &Endpoint, port: KdcPort) -> String {
    format!("{kdc}/{port}")
}
