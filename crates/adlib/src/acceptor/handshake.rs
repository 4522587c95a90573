//! One client's handshake, token by token.

use std::fmt;

use adlib_core::{ChannelBindings, UnixTime, gss::Session};
#[cfg(feature = "ntlm")]
use adlib_ntlm::AwaitingAuthenticate;
use adlib_spnego::{AwaitingMechanism, Mechanism, Negotiation, Received, Refused, Rejection, Settled};

use super::{Acceptor, vouched::Vouched};
use crate::{AuditEvent, Identity, MechListMic, NegotiationEvidence, Reason, Refusal, SignInError};

/// One client's handshake on one connection.
///
/// A step takes it by value, and gives it back only where the client has to answer. So a handshake that failed cannot be
/// used again, and whoever keeps one for each connection cannot mix two:
///
/// ```compile_fail,E0382
/// # async fn mixed(acceptor: adlib::Acceptor, of_one: &[u8], of_another: &[u8]) {
/// let handshake = acceptor.handshake(None);
/// let _ = handshake.step(of_one).await;
/// let _ = handshake.step(of_another).await; // it is gone
/// # }
/// ```
#[must_use]
pub struct Handshake {
    acceptor: Acceptor,
    bindings: Option<ChannelBindings>,
    /// Whether a token of Kerberos was refused on this connection (A31).
    kerberos_failed: bool,
    negotiation: Negotiation,
    running: Running,
}

/// What is kept for the chosen mechanism.
enum Running {
    /// It had no token yet.
    Idle,
    /// Our challenge is out.
    #[cfg(feature = "ntlm")]
    Challenged(AwaitingAuthenticate),
    /// It has vouched for the client; the negotiation goes on.
    Vouched(Box<Vouched>),
}

/// Where a step of a handshake leads.
#[derive(Debug)]
#[must_use]
pub enum Step {
    /// The client has to answer, on the same connection.
    Continue {
        /// For the client.
        token: Vec<u8>,
        /// What awaits its answer.
        handshake: Handshake,
    },
    /// The client is who it says.
    Done {
        /// Who signed in, and what that rests on.
        identity: Box<Identity>,
        /// For the client; `None` when it needs no more.
        token: Option<Vec<u8>>,
    },
    /// The client is not let in, or nobody could decide.
    Refused {
        /// For the client, if there is anything that its mechanism understands.
        for_client: Option<Vec<u8>>,
        /// The exact reason, for the operator.
        reason: SignInError,
        /// What the connection goes on with: a handshake that remembers that a token of Kerberos was refused, after which
        /// NTLM is not taken (A31).
        retry: Handshake,
    },
}

/// Why a handshake ends, and what the client is told.
pub(super) struct Ended {
    pub(super) reason: SignInError,
    pub(super) reply: Option<Vec<u8>>,
}

impl<E: Into<SignInError>> From<E> for Ended {
    fn from(reason: E) -> Self {
        Self {
            reason: reason.into(),
            reply: None,
        }
    }
}

/// What a mechanism says of a token.
pub(super) enum Word {
    /// It needs the client's answer to this.
    #[cfg(feature = "ntlm")]
    Challenge(Vec<u8>, AwaitingAuthenticate),
    /// It vouches for the client.
    Vouched {
        vouched: Box<Vouched>,
        reply: Option<Vec<u8>>,
        session: Box<dyn Session>,
    },
}

/// A handshake between two steps, but for the parts that a step takes.
struct Ground {
    acceptor: Acceptor,
    bindings: Option<ChannelBindings>,
    kerberos_failed: bool,
}

impl Handshake {
    pub(super) fn new(acceptor: Acceptor, bindings: Option<ChannelBindings>, kerberos_failed: bool) -> Self {
        Self {
            negotiation: Negotiation::new(&acceptor.admitted(kerberos_failed)),
            acceptor,
            bindings,
            kerberos_failed,
            running: Running::Idle,
        }
    }

    /// Take the client's `token`.
    ///
    /// Dropping the future before it is ready ends the handshake.
    pub async fn step(self, token: &[u8]) -> Step {
        let Self {
            acceptor,
            bindings,
            kerberos_failed,
            negotiation,
            running,
        } = self;
        let ground = Ground {
            acceptor,
            bindings,
            kerberos_failed,
        };
        let now = ground.acceptor.inner.clock.now();
        match (negotiation.receive(token), running) {
            (Err(refused), running) => ground.refused_by_negotiation(refused, running.is_kerberos()),
            (Ok(Received::Answer { token, next }), running) => ground.go_on(token, next, running),
            (Ok(Received::Done { .. }), Running::Vouched(vouched)) => ground.done(vouched, None, true).await,
            (
                Ok(Received::Token {
                    mechanism,
                    token,
                    then,
                }),
                running,
            ) => {
                let word = ground.ask(mechanism, &token, running, now).await;
                match word {
                    Ok(word) => ground.settle(word, then).await,
                    Err(ended) => ground.refused_by_mechanism(mechanism, ended, then),
                }
            }
            // A session comes of no mechanism but one that has vouched.
            (Ok(Received::Done { .. }), _) => {
                ground.refused_by_negotiation(Rejection::UnknownToken.into(), false)
            }
        }
    }
}

impl Running {
    /// Whether Kerberos has vouched for the client.
    fn is_kerberos(&self) -> bool {
        matches!(self, Self::Vouched(vouched) if vouched.is_kerberos())
    }
}

impl Ground {
    /// Give the mechanism its token.
    async fn ask(
        &self,
        mechanism: Mechanism,
        token: &[u8],
        running: Running,
        now: UnixTime,
    ) -> Result<Word, Ended> {
        let bindings = self.bindings.as_ref();
        match (mechanism, running) {
            #[cfg(feature = "kerberos")]
            (Mechanism::Kerberos, Running::Idle) => {
                let tickets = self.acceptor.inner.kerberos.as_ref();
                let tickets = tickets.ok_or_else(|| self.acceptor.not_admitted(mechanism, false))?;
                tickets.accept(token, now, bindings).await
            }
            #[cfg(feature = "ntlm")]
            (Mechanism::Ntlm, Running::Idle) => {
                let responses = self.acceptor.inner.ntlm.as_ref();
                let responses = responses.ok_or_else(|| self.acceptor.not_admitted(mechanism, false))?;
                responses.challenge(token, now)
            }
            #[cfg(feature = "ntlm")]
            (Mechanism::Ntlm, Running::Challenged(awaiting)) => {
                let responses = self.acceptor.inner.ntlm.as_ref();
                let responses = responses.ok_or_else(|| self.acceptor.not_admitted(mechanism, false))?;
                responses.verify(awaiting, token, now, bindings).await
            }
            _ => Err(self.acceptor.not_admitted(mechanism, self.kerberos_failed).into()),
        }
    }

    /// The negotiation, with the mechanism's word.
    async fn settle(self, word: Word, then: AwaitingMechanism) -> Step {
        match word {
            #[cfg(feature = "ntlm")]
            Word::Challenge(reply, awaiting) => {
                let (token, next) = then.proceed(&reply);
                self.go_on(token, next, Running::Challenged(awaiting))
            }
            Word::Vouched {
                mut vouched,
                reply,
                session,
            } => {
                vouched.wrapped = then.is_wrapped();
                let kerberos = vouched.is_kerberos();
                match then.established(reply.as_deref(), session) {
                    Ok(Settled::Done { token, mic, .. }) => self.done(vouched, token, mic).await,
                    Ok(Settled::Continue { token, next }) => {
                        self.go_on(token, next, Running::Vouched(vouched))
                    }
                    Err(refused) => self.refused_by_negotiation(refused, kerberos),
                }
            }
        }
    }

    fn go_on(self, token: Vec<u8>, negotiation: Negotiation, running: Running) -> Step {
        let Self {
            acceptor,
            bindings,
            kerberos_failed,
        } = self;
        let handshake = Handshake {
            acceptor,
            bindings,
            kerberos_failed,
            negotiation,
            running,
        };
        Step::Continue { token, handshake }
    }

    async fn done(self, vouched: Box<Vouched>, token: Option<Vec<u8>>, mic: bool) -> Step {
        let negotiation = NegotiationEvidence {
            wrapped: vouched.wrapped,
            mech_list_mic: if mic {
                MechListMic::Valid
            } else {
                MechListMic::Absent
            },
        };
        match self.acceptor.identity(*vouched, negotiation).await {
            Ok(identity) => {
                self.acceptor.record(AuditEvent::Accepted(&identity));
                let identity = Box::new(identity);
                Step::Done { identity, token }
            }
            Err(reason) => self.refused(reason, None),
        }
    }

    /// SPNEGO itself refuses, after a token of Kerberos or before any.
    fn refused_by_negotiation(mut self, refused: Refused, kerberos: bool) -> Step {
        let Refused { rejection, token } = refused;
        self.kerberos_failed |= kerberos || matches!(rejection, Rejection::UserToUser | Rejection::Iakerb);
        let refusal = match rejection {
            Rejection::NotAdmitted(mechanism) => self.acceptor.not_admitted(mechanism, self.kerberos_failed),
            rejection => Refusal::new(Reason::Token(rejection.reason()), rejection.to_string()),
        };
        self.refused(refusal.into(), token)
    }

    /// The mechanism refuses.
    fn refused_by_mechanism(mut self, mechanism: Mechanism, ended: Ended, then: AwaitingMechanism) -> Step {
        self.kerberos_failed |= mechanism == Mechanism::Kerberos;
        let for_client = then.reject(ended.reply.as_deref());
        self.refused(ended.reason, for_client)
    }

    fn refused(self, reason: SignInError, for_client: Option<Vec<u8>>) -> Step {
        self.acceptor.record(Err(&reason).into());
        let retry = Handshake::new(self.acceptor, self.bindings, self.kerberos_failed);
        Step::Refused {
            for_client,
            reason,
            retry,
        }
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake")
            .field("negotiation", &self.negotiation)
            .field("kerberos_failed", &self.kerberos_failed)
            .finish_non_exhaustive()
    }
}
