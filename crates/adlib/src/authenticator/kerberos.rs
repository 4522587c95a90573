//! A ticket for a password, and what a controller vouches for in it.

use std::time::Duration;

use adlib_core::{Password, Sid, UnixTime};
use adlib_kdc::{ApReqToken, Endpoint, Locate, TicketError, TicketRequest};
use adlib_kerberos::{Accepted, PacMode, UnverifiedApReq, pac::VerifiedPac};
use adlib_schema::record::User;

use super::{
    mechanism::{Denied, Vouched},
    reason,
    source::{KerberosParts, SignInSource},
};
use crate::{Error, KerberosEvidence, Mechanism, Reason, Refusal};

impl SignInSource {
    /// What the ticket that the password buys within `deadline` vouches for, once it is verified (R6).
    pub(super) async fn by_kerberos(
        &self,
        user: &User,
        password: &Password,
        deadline: Duration,
    ) -> Result<Vouched, Denied> {
        let not_configured = || Refusal::new(Reason::KerberosUnavailable, "no service is configured");
        let kerberos = self.kerberos.as_ref().ok_or_else(not_configured)?;
        let mut kdcs = kerberos.kdcs_of(&user.domain).await?;
        // A controller that gave no connection will hardly be a KDC that answers.
        kdcs.sort_by_cached_key(|kdc| self.directory.was_silent(&user.domain, &kdc.host));
        let token = kerberos.ticket(user, password, &kdcs, deadline).await;
        let token = token.map_err(|error| {
            let why = reason::of(&error, user, self.common.clock.now());
            match error.is_cut_short() {
                // A KDC is there, may have counted the password, and could have been slowed down to get at NTLM.
                true => Denied::Verdict(why),
                false => why.into(),
            }
        })?;
        let accepted = kerberos.accept(token.as_bytes(), self.common.clock.now()).await?;
        Ok(kerberos.vouched(user, &accepted, self.common.clock.now())?)
    }
}

impl KerberosParts {
    /// The KDCs of a domain, with their addresses.
    async fn kdcs_of(&self, domain: &str) -> Result<Vec<Endpoint>, Error> {
        let found = self.locator.kdcs(domain).await;
        found.map_err(|error| Error::Unreachable(error.to_string()))
    }

    /// A ticket for this application, bought with the password of `user`.
    async fn ticket(
        &self,
        user: &User,
        password: &Password,
        kdcs: &[Endpoint],
        deadline: Duration,
    ) -> Result<ApReqToken, TicketError> {
        let realm = user.domain.to_uppercase();
        let request = TicketRequest {
            account: &user.account,
            realm: &realm,
            secret: password.into(),
            service: &self.service,
            kdcs,
            deadline,
        };
        self.tickets.service_ticket(request).await
    }

    /// The ticket in `token`, verified with our own key (R6).
    async fn accept(&self, token: &[u8], now: UnixTime) -> Result<Accepted, Refusal> {
        let refused = |error: adlib_kerberos::Rejection| {
            Refusal::new(
                Reason::Ticket(error.reason()),
                format!("the service ticket was refused: {error}"),
            )
        };
        let pending = UnverifiedApReq::decode(token)
            .and_then(|token| token.decrypt(&self.keys.keytab(), &self.policy))
            .and_then(|decrypted| decrypted.check(&self.policy, now, None))
            .map_err(refused)?;
        let fresh = self
            .replays
            .check_and_insert(pending.record(), pending.expires(), now)
            .await;
        let fresh = fresh.map_err(|error| Refusal::new(Reason::Ticket(error.reason()), error.to_string()))?;
        Ok(pending.accept(fresh))
    }

    /// What the controller vouches for in a verified ticket, if it is the account that was found (R18).
    fn vouched(&self, user: &User, accepted: &Accepted, now: UnixTime) -> Result<Vouched, Refusal> {
        let sids = accepted.pac().map_or(&[][..], VerifiedPac::groups);
        let evidence = accepted.evidence();
        Ok(Vouched {
            sid: vouched_sid(user, accepted, self.policy.pac)?,
            groups: sids.to_vec(),
            mechanism: Mechanism::Kerberos(KerberosEvidence {
                service: accepted.service().name(),
                ticket_etype: evidence.ticket_etype.number(),
                session_etype: evidence.session_etype.number(),
                kvno: evidence.kvno,
                // The authenticator was made by our own clock: the KDC's time is that of the ticket it has just made.
                clock_difference_s: accepted.auth_time().seconds_after(now),
                pac: evidence.pac.as_str(),
                bindings: evidence.bindings.as_str(),
                ends: accepted.end_time(),
            }),
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
