//! A ticket for a password, and an identity for a ticket.

use adlib_core::{Password, Sid, UnixTime};
use adlib_kdc::{ApReqToken, Endpoint, Service, TicketError, TicketRequest, locate};
use adlib_kerberos::{Accepted, PacMode, UnverifiedApReq, pac::VerifiedPac};
use adlib_schema::record::User;
use adlib_upn::AccountCase;

use super::Inner;
use crate::{
    Error, Evidence, GroupIdentity, Identity, Mechanism, Reason, Refusal, SignInError, directory::Lookup,
};

impl Inner {
    /// The KDCs of a domain, with their addresses.
    pub(super) async fn kdcs_of(&self, domain: &str) -> Result<Vec<Endpoint>, Error> {
        let found = match self.kdcs.get(&domain.to_lowercase()) {
            Some(given) => adlib_kdc::locate::resolve(&*self.resolver, given.clone()).await,
            None if !self.other_kdcs.is_empty() => {
                adlib_kdc::locate::resolve(&*self.resolver, self.other_kdcs.clone()).await
            }
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
        let sid = vouched_sid(user, accepted, self.policy.pac)?;
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
            profile: profile(&self.settings.provision, &groups, &user.domain),
            groups,
            evidence: evidence(user, accepted, self.clock.now()),
        })
    }
}

/// The SID that the controller vouches for, which must be that of the account that was found.
fn vouched_sid(user: &User, accepted: &Accepted, pac: PacMode) -> Result<Sid, Refusal> {
    let vouched = accepted.pac().and_then(VerifiedPac::user_sid);
    let client = accepted.client();
    let refused = |detail: String| Err(Refusal::new(Reason::SidMismatch, detail));
    match (user.sid, vouched) {
        (Some(found), Some(vouched)) if found == vouched => Ok(found),
        (Some(found), Some(vouched)) => refused(format!(
            "{} has {found}, the controller vouches for {client} with {vouched}",
            user.dn
        )),
        // Where the policy does without a PAC, the name is all there is.
        (Some(found), None)
            if pac != PacMode::Required
                && client.name().eq_ignore_ascii_case(&user.account)
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

/// The profile of the first rule whose group is among `groups` (R12). A name without a domain is a group of the
/// user's own domain: another domain's administrator must not be able to grant it.
fn profile(rules: &[(String, String)], groups: &[GroupIdentity], domain: &str) -> Option<String> {
    let is_in = |wanted: &str| {
        let wanted = if wanted.contains('\\') {
            wanted.to_owned()
        } else {
            format!("{domain}\\{wanted}")
        };
        let mut names = groups.iter().filter_map(GroupIdentity::name);
        names.any(|name| AccountCase::Insensitive.same(name, &wanted))
    };
    rules
        .iter()
        .find(|(group, _)| is_in(group))
        .map(|(_, profile)| profile.clone())
}

fn evidence(user: &User, accepted: &Accepted, now: UnixTime) -> Evidence {
    let evidence = accepted.evidence();
    Evidence {
        mechanism: Mechanism::Kerberos,
        service: accepted.service().name(),
        ticket_etype: evidence.ticket_etype.number(),
        session_etype: evidence.session_etype.number(),
        kvno: evidence.kvno,
        // The authenticator was made by our own clock: the KDC's time is that of the ticket it has just made.
        clock_difference_s: accepted.auth_time().seconds_after(now),
        pac: evidence.pac.as_str(),
        bindings: evidence.bindings.as_str(),
        account_dn: user.dn.clone(),
    }
}
