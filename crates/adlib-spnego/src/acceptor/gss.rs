//! The negotiation as a mechanism of its own.

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use adlib_core::gss::{self, AcceptorStep, Error};

use super::negotiation::{AwaitingMechanism, Negotiation, Received, Refused, Settled};
use crate::{Mechanism, Rejection};

/// A [`gss::Acceptor`] of whatever the initiator chooses among its mechanisms, raw or in SPNEGO.
///
/// ```
/// use adlib_core::gss;
/// use adlib_spnego::{Acceptor, Mechanism};
///
/// fn either(ticket: Box<dyn gss::Acceptor>, ntlm: Box<dyn gss::Acceptor>) -> Box<dyn gss::Acceptor> {
///     let acceptor = Acceptor::new().with(Mechanism::Kerberos, ticket).with(Mechanism::Ntlm, ntlm);
///     Box::new(acceptor)
/// }
/// ```
#[derive(Default)]
pub struct Acceptor {
    mechanisms: Vec<(Mechanism, Box<dyn gss::Acceptor>)>,
}

/// A negotiation, and the mechanisms that can be chosen; once one is, it alone.
struct Running {
    negotiation: Negotiation,
    mechanisms: Vec<(Mechanism, Box<dyn gss::Acceptor>)>,
}

impl Acceptor {
    /// An acceptor without mechanisms: it refuses everybody.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same acceptor, with one more mechanism, in the place of any other of its kind.
    #[must_use]
    pub fn with(mut self, mechanism: Mechanism, acceptor: Box<dyn gss::Acceptor>) -> Self {
        self.mechanisms.retain(|(other, _)| *other != mechanism);
        self.mechanisms.push((mechanism, acceptor));
        self
    }
}

impl gss::Acceptor for Acceptor {
    fn step(self: Box<Self>, token: &[u8]) -> Result<AcceptorStep, Error> {
        let admitted: Vec<Mechanism> = self.mechanisms.iter().map(|(mechanism, _)| *mechanism).collect();
        let running = Running {
            negotiation: Negotiation::new(&admitted),
            mechanisms: self.mechanisms,
        };
        Box::new(running).step(token)
    }
}

impl gss::Acceptor for Running {
    fn step(self: Box<Self>, token: &[u8]) -> Result<AcceptorStep, Error> {
        match self.negotiation.receive(token)? {
            Received::Token {
                mechanism,
                token,
                then,
            } => {
                let chosen = self.mechanisms.into_iter().find(|(own, _)| *own == mechanism);
                let (_, acceptor) = chosen.ok_or(Rejection::NotAdmitted(mechanism))?;
                run(mechanism, acceptor, &token, then)
            }
            Received::Answer { token, next } => Ok(continuing(token, next, self.mechanisms)),
            Received::Done { session } => Ok(AcceptorStep::Done { token: None, session }),
        }
    }
}

/// Give the mechanism its token.
fn run(
    mechanism: Mechanism,
    acceptor: Box<dyn gss::Acceptor>,
    token: &[u8],
    then: AwaitingMechanism,
) -> Result<AcceptorStep, Error> {
    match acceptor.step(token)? {
        AcceptorStep::Continue { token, next } => {
            let (token, negotiation) = then.proceed(&token);
            Ok(continuing(token, negotiation, Vec::from([(mechanism, next)])))
        }
        AcceptorStep::Done { token, session } => match then.established(token.as_deref(), session)? {
            Settled::Continue { token, next } => Ok(continuing(token, next, Vec::new())),
            Settled::Done { token, session, .. } => Ok(AcceptorStep::Done { token, session }),
        },
    }
}

fn continuing(
    token: Vec<u8>,
    negotiation: Negotiation,
    mechanisms: Vec<(Mechanism, Box<dyn gss::Acceptor>)>,
) -> AcceptorStep {
    AcceptorStep::Continue {
        token,
        next: Box::new(Running {
            negotiation,
            mechanisms,
        }),
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        refused.rejection.into()
    }
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mechanisms = self.mechanisms.iter().map(|(mechanism, _)| mechanism);
        f.debug_list().entries(mechanisms).finish()
    }
}
