//! The acceptor as a GSS mechanism, with somebody at hand who knows the hashes.

use alloc::boxed::Box;
use core::fmt;

use adlib_core::{
    ChannelBindings, FileTime,
    gss::{self, AcceptorStep},
};

use super::challenge::{Acceptor, AwaitingAuthenticate, ServerChallenge};
use crate::{Account, NtHash, Policy, ResponseVersion};

/// An acceptor that asks a function for the hash of the account that is claimed.
///
/// Where the answer must be awaited, the [states](crate::AwaitingAuthenticate) are the way.
///
/// ```
/// use adlib_core::{FileTime, gss};
/// use adlib_ntlm::{Acceptor, LookupAcceptor, NtHash, Policy, ServerChallenge, ServerNames};
///
/// let acceptor = LookupAcceptor::new(
///     Acceptor::new(ServerNames::default()),
///     ServerChallenge::new([3; 8]),
///     || FileTime(133_500_000_000_000_000),
///     |account| (account.user == "ada").then(|| NtHash::from_password("secret".into())),
/// );
/// let acceptor: Box<dyn gss::Acceptor> = Box::new(acceptor.policy(Policy::default()));
/// assert!(acceptor.step(b"no token").is_err());
/// ```
pub struct LookupAcceptor<C, L> {
    acceptor: Acceptor,
    challenge: ServerChallenge,
    rules: Rules<C, L>,
}

/// What is needed for the client's answer.
struct Rules<C, L> {
    policy: Policy,
    bindings: Option<[u8; 16]>,
    clock: C,
    lookup: L,
}

/// The challenge is out.
struct Awaiting<C, L> {
    awaiting: AwaitingAuthenticate,
    rules: Rules<C, L>,
}

impl<C, L> LookupAcceptor<C, L>
where
    C: Fn() -> FileTime + Send + 'static,
    L: Fn(&Account) -> Option<NtHash> + Send + 'static,
{
    /// `clock` gives the time, `lookup` an account's hash, or `None` if there is no such account.
    pub fn new(acceptor: Acceptor, challenge: ServerChallenge, clock: C, lookup: L) -> Self {
        Self {
            acceptor,
            challenge,
            rules: Rules {
                policy: Policy::default(),
                bindings: None,
                clock,
                lookup,
            },
        }
    }

    /// What is accepted. Default: [`Policy::default`].
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.rules.policy = policy;
        self
    }

    /// The connection's own bindings. Default: it has none.
    #[must_use]
    pub fn channel_bindings(mut self, bindings: &ChannelBindings) -> Self {
        self.rules.bindings = Some(bindings.hash());
        self
    }
}

impl<C, L> gss::Acceptor for LookupAcceptor<C, L>
where
    C: Fn() -> FileTime + Send + 'static,
    L: Fn(&Account) -> Option<NtHash> + Send + 'static,
{
    fn step(self: Box<Self>, token: &[u8]) -> Result<AcceptorStep, gss::Error> {
        let now = (self.rules.clock)();
        let (token, awaiting) = self.acceptor.challenge(token, self.challenge, now)?;
        let rules = self.rules;
        Ok(AcceptorStep::Continue {
            token,
            next: Box::new(Awaiting { awaiting, rules }),
        })
    }
}

impl<C, L> gss::Acceptor for Awaiting<C, L>
where
    C: Fn() -> FileTime + Send + 'static,
    L: Fn(&Account) -> Option<NtHash> + Send + 'static,
{
    fn step(self: Box<Self>, token: &[u8]) -> Result<AcceptorStep, gss::Error> {
        let Rules {
            policy,
            bindings,
            clock,
            lookup,
        } = self.rules;
        let pending = self.awaiting.authenticate(token, &policy, clock(), bindings)?;
        let session = if pending.response() == ResponseVersion::Anonymous {
            pending.accept_anonymous()?
        } else {
            match lookup(pending.account()) {
                Some(hash) => pending.verify(&hash)?,
                None => return Err(pending.verify_unknown().into()),
            }
        };
        Ok(AcceptorStep::Done {
            token: None,
            session: Box::new(session),
        })
    }
}

impl<C, L> fmt::Debug for LookupAcceptor<C, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LookupAcceptor")
            .field("acceptor", &self.acceptor)
            .field("policy", &self.rules.policy)
            .finish_non_exhaustive()
    }
}
