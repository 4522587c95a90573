//! A ticket for a password, and an identity for a ticket.

use adlib_core::{Password, Sid};
use adlib_kdc::{ApReqToken, Endpoint, Service, TicketError, TicketRequest, locate};
use adlib_kerberos::{Accepted, UnverifiedApReq, pac::VerifiedPac};
use adlib_schema::record::User;

use super::Inner;
use crate::{
    Error, Evidence, GroupIdentity, Identity, Mechanism, Reason, Refusal, SignInError, directory::Lookup,
};

impl Inner {
    /// The KDCs of a domain, with their addresses.
    pub(super) async fn kdcs_of(&self, domain: &str) -> Result<Vec<Endpoint>, Error> {
        let found = match self.kdcs.get(&domain.to_lowercase()) {
            Some(given) => adlib_kdc::locate::resolve(&*self.resolver, given.clone()).await,
            None => {
                locate(
                    &*self.resolver,
                    Service::Kerberos,
                    domain,
                    &mut crate::random::up_to,
                )
                .await
            }
        };
        found.map_err(|error| Error::Unreachable(error.to_string()))
    }

    /// A ticket for this application, bought with the password of `account`.
    pub(super) async fn ticket(
        &self,
        account: &str,
        domain: &str,
        password: &Password,
        kdcs: &[Endpoint],
    ) -> Result<ApReqToken, TicketError> {
        let realm = domain.to_uppercase();
        let request = TicketRequest {
            account,
            realm: &realm,
            password,
            service: &self.service,
            kdcs,
            deadline: self.settings.deadline,
        };
        self.tickets.service_ticket(request).await
    }

    /// The ticket in `token`, verified with our own key (R6).
    pub(super) fn accept(&self, token: &[u8]) -> Result<Accepted, Refusal> {
        let now = self.clock.now();
        let refused = |error: adlib_kerberos::Rejection| {
            Refusal::new(
                Reason::Ticket(error.reason()),
                format!("the service ticket was refused: {error}"),
            )
        };
        let pending = UnverifiedApReq::decode(token)
            .and_then(|token| token.decrypt(&self.keytab, &self.policy))
            .and_then(|decrypted| decrypted.check(&self.policy, now, None))
            .map_err(refused)?;
        let fresh = self
            .replays
            .check_and_insert(pending.record(), pending.expires(), now);
        let fresh = fresh.map_err(|error| Refusal::new(Reason::Ticket(error.reason()), error.to_string()))?;
        Ok(pending.accept(fresh))
    }

    /// Who signed in: the account that was found, if the controller vouches for that one (R18).
    pub(super) async fn identity(
        &self,
        lookup: &Lookup<'_>,
        user: &User,
        accepted: &Accepted,
    ) -> Result<Identity, SignInError> {
        let sid = vouched_sid(user, accepted)?;
        let sids = accepted.pac().map_or(&[][..], VerifiedPac::groups);
        let mut names = lookup.group_names(sids).await?;
        let group = |sid: &Sid| GroupIdentity {
            sid: *sid,
            name: names.remove(sid),
        };
        let groups: Vec<GroupIdentity> = sids.iter().map(group).collect();
        Ok(Identity {
            sid,
            account: user.account.clone(),
            domain: user.domain.clone(),
            upn: user.upn.clone(),
            full_name: user.full_name.clone(),
            profile: profile(&self.settings.provision, &groups),
            groups,
            evidence: evidence(user, accepted),
        })
    }
}

/// The SID that the controller vouches for, which must be that of the account that was found.
fn vouched_sid(user: &User, accepted: &Accepted) -> Result<Sid, Refusal> {
    let vouched = accepted.pac().and_then(VerifiedPac::user_sid);
    let client = accepted.client();
    let refused = |detail: String| Err(Refusal::new(Reason::SidMismatch, detail));
    match (user.sid, vouched) {
        (Some(found), Some(vouched)) if found == vouched => Ok(found),
        (Some(found), Some(vouched)) => refused(format!(
            "{} has {found}, the controller vouches for {client} with {vouched}",
            user.dn
        )),
        // Without a PAC, which the policy must have allowed, the name is all there is.
        (Some(found), None)
            if client.name().eq_ignore_ascii_case(&user.account)
                && client.realm().eq_ignore_ascii_case(&user.domain) =>
        {
            Ok(found)
        }
        (Some(_), None) => refused(format!(
            "{}: the controller vouches for {client}, without a SID",
            user.dn
        )),
        (None, _) => refused(format!("{} has no SID to compare", user.dn)),
    }
}

/// The profile of the first rule whose group is among `groups` (R12).
fn profile(rules: &[(String, String)], groups: &[GroupIdentity]) -> Option<String> {
    let is_in = |wanted: &str| {
        let names = groups.iter().filter_map(GroupIdentity::name);
        names.into_iter().any(|name| {
            let short = name.rsplit_once('\\').map_or(name, |(_, short)| short);
            name.eq_ignore_ascii_case(wanted) || short.eq_ignore_ascii_case(wanted)
        })
    };
    rules
        .iter()
        .find(|(group, _)| is_in(group))
        .map(|(_, profile)| profile.clone())
}

fn evidence(user: &User, accepted: &Accepted) -> Evidence {
    let evidence = accepted.evidence();
    Evidence {
        mechanism: Mechanism::Kerberos,
        service: accepted.service().name(),
        ticket_etype: evidence.ticket_etype.number(),
        session_etype: evidence.session_etype.number(),
        kvno: evidence.kvno,
        clock_difference_s: evidence.clock_difference_s,
        pac: evidence.pac.as_str(),
        bindings: evidence.bindings.as_str(),
        account_dn: user.dn.clone(),
    }
}
