//! The client's service ticket.

use std::sync::Arc;

use adlib_core::{ChannelBindings, UnixTime};
use adlib_kerberos::{Accepted, Policy, Principal, Rejection, UnverifiedApReq, pac::VerifiedPac};

use super::{
    handshake::{Ended, Word},
    vouched::Vouched,
};
use crate::{KerberosEvidence, Mechanism, Reason, Refusal, ReplayCache, keys::Keys, random};

/// What is needed to accept tickets.
pub(super) struct Tickets {
    pub(super) keys: Keys,
    pub(super) policy: Policy,
    pub(super) replays: Arc<dyn ReplayCache>,
}

impl Tickets {
    /// Whom the ticket in `token` vouches for.
    pub(super) async fn accept(
        &self,
        token: &[u8],
        now: UnixTime,
        bindings: Option<&ChannelBindings>,
    ) -> Result<Word, Ended> {
        let request = UnverifiedApReq::decode(token).map_err(|rejection| refused(&rejection))?;
        let service = request.unverified_service();
        let pending = request
            .decrypt(&self.keys.keytab(), &self.policy)
            .and_then(|decrypted| decrypted.check(&self.policy, now, bindings))
            .map_err(|rejection| told(&rejection, &service, now))?;
        let fresh = self
            .replays
            .check_and_insert(pending.record(), pending.expires(), now)
            .await;
        let fresh = fresh.map_err(|error| Refusal::new(Reason::Ticket(error.reason()), error.to_string()))?;
        let accepted = pending.accept(fresh);
        let (reply, session) = accepted.session(Box::new(random::stream()?));
        Ok(Word::Vouched {
            vouched: Box::new(vouched(&accepted)),
            reply,
            session: Box::new(session),
        })
    }
}

fn refused(rejection: &Rejection) -> Refusal {
    Refusal::new(
        Reason::Ticket(rejection.reason()),
        format!("the service ticket was refused: {rejection}"),
    )
}

/// The refusal, with a KRB-ERROR for the client: it may set its clock right, or get another ticket.
fn told(rejection: &Rejection, service: &Principal, now: UnixTime) -> Ended {
    Ended {
        reason: refused(rejection).into(),
        reply: Some(rejection.krb_error(service, now)),
    }
}

fn vouched(accepted: &Accepted) -> Vouched {
    let (client, evidence, pac) = (accepted.client(), accepted.evidence(), accepted.pac());
    let domain = pac.and_then(VerifiedPac::dns_domain).unwrap_or(client.realm());
    Vouched {
        sid: pac.and_then(VerifiedPac::user_sid),
        account: pac
            .and_then(VerifiedPac::account)
            .map_or_else(|| client.name(), str::to_owned),
        domain: domain.to_lowercase(),
        upn: pac.and_then(VerifiedPac::upn).map(str::to_owned),
        full_name: pac.and_then(VerifiedPac::full_name).map(str::to_owned),
        groups: pac.map(|pac| pac.groups().to_vec()).unwrap_or_default(),
        mechanism: Mechanism::Kerberos(KerberosEvidence {
            service: accepted.service().name(),
            ticket_etype: evidence.ticket_etype.number(),
            session_etype: evidence.session_etype.number(),
            kvno: evidence.kvno,
            clock_difference_s: evidence.clock_difference_s,
            pac: evidence.pac.as_str(),
            bindings: evidence.bindings.as_str(),
            ends: accepted.end_time(),
        }),
        wrapped: false,
    }
}
