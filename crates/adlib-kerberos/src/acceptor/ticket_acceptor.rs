//! All steps in one, behind the trait that every mechanism implements.

use alloc::{boxed::Box, sync::Arc};

use adlib_core::{
    ChannelBindings, UnixTime,
    gss::{self, AcceptorStep, Error},
};

use super::{Accepted, ReplayCache, UnverifiedApReq};
use crate::{Keytab, Policy, Rejection, SessionRandom};

/// A [`gss::Acceptor`] for one client: its ticket, the answer, the session.
///
/// Who needs an asynchronous replay cache, or wants to send a KRB-ERROR, takes the steps one by one.
pub struct TicketAcceptor {
    /// The service's keys.
    pub keytab: Keytab,
    /// What is accepted.
    pub policy: Policy,
    /// The time at which the client's message is judged.
    pub now: UnixTime,
    /// What ties the sign-in to the connection.
    pub bindings: Option<ChannelBindings>,
    /// Which messages came before.
    pub replays: Arc<dyn ReplayCache>,
    /// Random bytes for the answer and the session.
    pub random: SessionRandom,
    /// Who hears who the client is.
    pub on_accepted: Box<dyn FnOnce(Accepted) + Send>,
}

impl gss::Acceptor for TicketAcceptor {
    fn step(self: Box<Self>, token: &[u8]) -> Result<AcceptorStep, Error> {
        let pending = UnverifiedApReq::decode(token)
            .and_then(|request| request.decrypt(&self.keytab, &self.policy))
            .and_then(|request| request.check(&self.policy, self.now, self.bindings.as_ref()))
            .map_err(|rejection| match rejection {
                Rejection::Malformed(error) => Error::Malformed(error),
                rejection => Error::refused(rejection.reason(), rejection),
            })?;
        let fresh = self
            .replays
            .check_and_insert(pending.record(), pending.expires(), self.now)
            .map_err(|error| Error::refused(error.reason(), error))?;
        let accepted = pending.accept(fresh);
        let (token, session) = accepted.session(self.random);
        (self.on_accepted)(accepted);
        Ok(AcceptorStep::Done {
            token,
            session: Box::new(session),
        })
    }
}
