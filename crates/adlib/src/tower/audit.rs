//! What goes into the operator's records: who, by what, and the verdict with its reason. Never a secret, never a token.

use super::Rejection;
use crate::{Identity, Mechanism};

/// What the records are filtered by.
const TARGET: &str = "adlib::audit";

pub(super) fn accepted(identity: &Identity, client: Option<&str>) {
    record(identity, client, "accepted", None);
}

pub(super) fn not_admitted(identity: &Identity, client: Option<&str>) {
    record(identity, client, "refused", Some(Rejection::NotAdmitted.reason()));
}

/// A request that is not let through, and of which nobody knows whose it is.
pub(super) fn denied(rejection: &Rejection, client: Option<&str>) {
    let reason = rejection.reason();
    match rejection {
        Rejection::NoCredentials => tracing::debug!(target: TARGET, verdict = "asked", reason, client),
        _ => tracing::warn!(target: TARGET, verdict = "refused", reason, client, detail = %rejection),
    }
}

fn record(identity: &Identity, client: Option<&str>, verdict: &'static str, reason: Option<&'static str>) {
    let mechanism = &identity.evidence().mechanism;
    let ticket = match mechanism {
        Mechanism::Kerberos(ticket) => Some(ticket),
        _ => None,
    };
    tracing::info!(
        target: TARGET,
        verdict,
        reason,
        client,
        user = identity.account(),
        domain = identity.domain(),
        sid = identity.sid().map(tracing::field::display),
        mechanism = mechanism.as_str(),
        service = ticket.map(|ticket| ticket.service.as_str()),
        ticket_etype = ticket.map(|ticket| ticket.ticket_etype),
        session_etype = ticket.map(|ticket| ticket.session_etype),
        kvno = ticket.map(|ticket| ticket.kvno),
        bindings = mechanism.bindings(),
    );
}
