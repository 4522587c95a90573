//! Why a peer is not believed: one variant a clause, with what an operator needs.

use alloc::string::String;
use core::time::Duration;

use adlib_core::{BindingsRefusal, DecodeError, gss};

use crate::message::{AvId, EncodeError, NegotiateFlags};

/// A clause of the specification, or of the policy, that a peer did not keep.
///
/// For the operator: names, numbers and times, and never a response or a key. The user is told nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The bytes are not what they should be.
    #[error("malformed: {0}")]
    Malformed(#[from] DecodeError),
    /// The answer cannot be written: names, the peer's or our own, are too long or not for its code page.
    #[error("no answer can be written: {0}")]
    Unanswerable(#[from] EncodeError),
    /// The peer does not agree to what is needed.
    #[error("the peer does not agree to {missing}")]
    FlagsMissing {
        /// The flags that it left out.
        missing: NegotiateFlags,
    },
    /// The client knows neither Unicode nor a code page.
    #[error("the client offers neither Unicode nor a code page")]
    NoCharacterSet,
    /// The challenge holds no attribute pairs: the server knows no `NTLMv2`.
    #[error("the challenge holds no target information")]
    TargetInfoMissing,
    /// The challenge does not name its server and domain, which a signed session needs (MS-NLMP 3.1.5.1.2).
    #[error("the challenge does not name its server and domain")]
    ServerNamesMissing,
    /// Nobody signs in, and the policy does not admit that.
    #[error("the client signs in as nobody")]
    Anonymous,
    /// A response without a user whose it could be.
    #[error("a response without a user")]
    EmptyUser,
    /// The guest account, which the policy does not admit.
    #[error("the user is a guest")]
    Guest,
    /// `NTLMv1`, which the policy does not admit.
    #[error("the response is NTLMv1, which the policy does not admit")]
    V1NotAdmitted,
    /// A LAN Manager response alone, which the policy does not admit.
    #[error("there is nothing but an LM response, which the policy does not admit")]
    LmNotAdmitted,
    /// A session key was agreed on, and this is none.
    #[error("the encrypted session key has {length} bytes")]
    SessionKeyLength {
        /// Its length in bytes.
        length: usize,
    },
    /// There is no such account.
    #[error("there is no such account")]
    UnknownAccount,
    /// The NT proof is not the one that the password's hash makes (MS-NLMP 3.3.2).
    #[error("the NT proof does not match the password")]
    WrongProof,
    /// There is no MIC where the client promised one, or the policy requires one.
    #[error("the messages have no MIC")]
    MicMissing,
    /// The MIC is not the one over these messages: one of them was changed on its way.
    #[error("the MIC does not match the messages")]
    WrongMic,
    /// What the challenge said came back as something else: it was changed on its way, or is another's.
    #[error("{} is not what the challenge said", .id.name().unwrap_or("an attribute"))]
    TargetInfoChanged {
        /// The attribute.
        id: AvId,
    },
    /// The response has no time, or there is none to compare it with.
    #[error("the response has no time")]
    TimeMissing,
    /// The response's time differs from ours by more than the tolerance.
    #[error("the response is from {difference_s} s ahead; {} s are tolerated", tolerance.as_secs())]
    ClockSkew {
        /// The response's time less ours, in seconds.
        difference_s: i64,
        /// The policy's tolerance.
        tolerance: Duration,
    },
    /// The client sent no channel bindings where it must, or says that its connection has none.
    #[error("the client sent no channel bindings")]
    BindingsMissing,
    /// The client is bound to another connection.
    #[error("the client's channel bindings are another connection's")]
    BindingsMismatch,
    /// The client does not say which service it means.
    #[error("the client does not say which service it means")]
    TargetMissing,
    /// The client means another service.
    #[error("the client means {target:?}")]
    TargetMismatch {
        /// The service, as the client names it.
        target: String,
    },
    /// The client means this service by a name that it does not trust itself.
    #[error("the client has the name {target:?} from a source that it does not trust")]
    UntrustedTarget {
        /// The service, as the client names it.
        target: String,
    },
    /// Neither side agreed to sign or seal.
    #[error("no protection of messages was agreed on")]
    NotProtected,
    /// A message that was lost, repeated or left out.
    #[error("message {actual} came in place of {expected}")]
    OutOfOrder {
        /// The number of the message that is awaited.
        expected: u32,
        /// The number of the one that came.
        actual: u32,
    },
    /// A message was changed on its way.
    #[error("the signature does not match the message")]
    WrongSignature,
}

impl From<BindingsRefusal> for Rejection {
    fn from(refusal: BindingsRefusal) -> Self {
        match refusal {
            BindingsRefusal::Missing => Self::BindingsMissing,
            BindingsRefusal::Mismatch => Self::BindingsMismatch,
        }
    }
}

impl Rejection {
    /// The clause in kebab-case, for logs and machines. These texts are stable.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::Unanswerable(_) => "unanswerable",
            Self::FlagsMissing { .. } => "flags-missing",
            Self::NoCharacterSet => "no-character-set",
            Self::TargetInfoMissing => "target-info-missing",
            Self::ServerNamesMissing => "server-names-missing",
            Self::Anonymous => "anonymous",
            Self::EmptyUser => "empty-user",
            Self::Guest => "guest",
            Self::V1NotAdmitted => "v1-not-admitted",
            Self::LmNotAdmitted => "lm-not-admitted",
            Self::SessionKeyLength { .. } => "session-key-length",
            Self::UnknownAccount => "unknown-account",
            Self::WrongProof => "wrong-proof",
            Self::MicMissing => "mic-missing",
            Self::WrongMic => "wrong-mic",
            Self::TargetInfoChanged { .. } => "target-info-changed",
            Self::TimeMissing => "time-missing",
            Self::ClockSkew { .. } => "clock-skew",
            Self::BindingsMissing => "bindings-missing",
            Self::BindingsMismatch => "bindings-mismatch",
            Self::TargetMissing => "target-missing",
            Self::TargetMismatch { .. } => "target-mismatch",
            Self::UntrustedTarget { .. } => "untrusted-target",
            Self::NotProtected => "not-protected",
            Self::OutOfOrder { .. } => "out-of-order",
            Self::WrongSignature => "wrong-signature",
        }
    }
}

impl From<Rejection> for gss::Error {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Malformed(error) => Self::Malformed(error),
            rejection => Self::refused(rejection.reason(), rejection),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{borrow::ToOwned, collections::BTreeSet, format, string::ToString, vec};

    use adlib_core::{FileTime, gss::Protection};

    use super::*;
    use crate::{
        AcceptedTargets, AwaitingChallenge, BindingsMode, Initiator,
        message::{AvPairsBuilder, ChallengeMessage},
        scene::{Client, Mic, Proof, Scene, bindings, ephemeral, hash, initiator, later},
    };

    /// For each variant a way to meet it: as a match, so that a new variant does not compile without one.
    macro_rules! met {
        ($($variant:pat => $rejection:expr),+ $(,)?) => {
            fn is_listed(rejection: &Rejection) {
                match rejection { $($variant => {}),+ }
            }

            /// I4
            #[test]
            fn every_variant_is_met() {
                let mut reasons = BTreeSet::new();
                $({
                    let rejection: Rejection = $rejection;
                    assert!(matches!(rejection, $variant), "{rejection:?} is not {}", stringify!($variant));
                    is_listed(&rejection);
                    assert!(!rejection.to_string().is_empty());
                    assert!(reasons.insert(rejection.reason()), "two variants say {}", rejection.reason());
                    assert_eq!(gss::Error::from(rejection.clone()).reason(), rejection.reason());
                })+
            }
        };
    }

    /// What the acceptor says to a client that is changed like this.
    fn client(change: impl FnOnce(&mut Client)) -> Rejection {
        scene(|_| {}, change)
    }

    /// What a changed acceptor says to a changed client.
    fn scene(setting: impl FnOnce(&mut Scene), change: impl FnOnce(&mut Client)) -> Rejection {
        let mut scene = Scene::new();
        setting(&mut scene);
        let mut client = Client::new();
        change(&mut client);
        scene.accept(&client).unwrap_err()
    }

    fn awaiting() -> AwaitingChallenge {
        initiator().protection(Protection::Confidentiality).negotiate().1
    }

    /// What the initiator says to a challenge that is changed like this.
    fn challenge(change: impl FnOnce(&mut ChallengeMessage<'_>)) -> Rejection {
        let (negotiate, _) = initiator().protection(Protection::Confidentiality).negotiate();
        let (challenge, _) = Scene::new().challenge(&negotiate).unwrap();
        let mut message = ChallengeMessage::decode(&challenge).unwrap();
        change(&mut message);
        awaiting().authenticate(&message.encode().unwrap()).unwrap_err()
    }

    fn signed() -> (crate::Session, crate::Session) {
        let initiator = initiator().protection(Protection::Integrity);
        Scene::new().sign_in(initiator).unwrap()
    }

    met! {
        Rejection::Malformed(_) => awaiting().authenticate(b"x").unwrap_err(),
        Rejection::Unanswerable(_) => {
            let name = "x".repeat(70_000);
            let initiator = Initiator::new(name, "CORP", hash(), ephemeral());
            Scene::new().sign_in(initiator).unwrap_err()
        },
        Rejection::FlagsMissing { .. } => challenge(|message| message.flags = NegotiateFlags::UNICODE),
        Rejection::NoCharacterSet => {
            client(|client| client.flags = client.flags & !NegotiateFlags::UNICODE)
        },
        Rejection::TargetInfoMissing => challenge(|message| message.target_info = None),
        Rejection::ServerNamesMissing => {
            let empty = AvPairsBuilder::new().finish().unwrap();
            let pairs = crate::message::AvPairs::decode(&empty).unwrap();
            let (negotiate, _) = initiator().protection(Protection::Confidentiality).negotiate();
            let (challenge, _) = Scene::new().challenge(&negotiate).unwrap();
            let message = ChallengeMessage::decode(&challenge).unwrap();
            let message = ChallengeMessage { target_info: Some(pairs), ..message };
            awaiting().authenticate(&message.encode().unwrap()).unwrap_err()
        },
        Rejection::Anonymous => client(|client| {
            client.user.clear();
            client.proof = Proof::Nothing;
        }),
        Rejection::EmptyUser => client(|client| client.user.clear()),
        Rejection::Guest => client(|client| client.user = "Guest".to_owned()),
        Rejection::V1NotAdmitted => client(|client| client.proof = Proof::V1Extended),
        Rejection::LmNotAdmitted => client(|client| client.proof = Proof::Lm),
        Rejection::SessionKeyLength { .. } => client(|client| client.session_key = Some(vec![])),
        Rejection::UnknownAccount => Scene::new().claim(&Client::new()).unwrap().verify_unknown(),
        Rejection::WrongProof => client(|client| client.password.push('x')),
        Rejection::MicMissing => client(|client| client.mic = Mic::NoRoom),
        Rejection::WrongMic => client(|client| client.mic = Mic::Wrong),
        Rejection::TargetInfoChanged { .. } => client(|client| {
            *client = Client::without_mic();
            client.pair = Some((AvId::DNS_TREE, vec![]));
        }),
        Rejection::TimeMissing => client(|client| client.time = FileTime(0)),
        Rejection::ClockSkew { .. } => scene(|scene| scene.now = later(3600), |_| {}),
        Rejection::BindingsMissing => scene(
            |scene| {
                scene.policy.bindings = BindingsMode::Require;
                scene.bindings = Some(bindings(1));
            },
            |_| {},
        ),
        Rejection::BindingsMismatch => scene(
            |scene| scene.bindings = Some(bindings(1)),
            |client| client.bindings = Some(bindings(2).hash()),
        ),
        Rejection::TargetMissing => {
            scene(|scene| scene.policy.targets = AcceptedTargets::Only(vec![]), |_| {})
        },
        Rejection::TargetMismatch { .. } => scene(
            |scene| scene.policy.targets = AcceptedTargets::Only(vec![]),
            |client| client.target_name = Some("HTTP/x".to_owned()),
        ),
        Rejection::UntrustedTarget { .. } => scene(
            |scene| scene.policy.targets = AcceptedTargets::Only(vec!["HTTP/x".to_owned()]),
            |client| {
                client.target_name = Some("HTTP/x".to_owned());
                client.av_flags = Some(crate::message::AvFlags(6));
            },
        ),
        Rejection::NotProtected => {
            Scene::new().sign_in(initiator()).unwrap().0.wrap(b"x").unwrap_err()
        },
        Rejection::OutOfOrder { .. } => {
            let (mut one, mut other) = signed();
            let _ = one.wrap(b"x");
            other.unwrap(&one.wrap(b"x").unwrap()).unwrap_err()
        },
        Rejection::WrongSignature => {
            let (mut one, mut other) = signed();
            let mut token = one.wrap(b"x").unwrap();
            token[16] = b'y';
            other.unwrap(&token).unwrap_err()
        },
    }

    /// A63: no text of a rejection holds more than what an operator may see.
    #[test]
    fn a63_a_rejection_shows_no_secret() {
        let rejection = client(|client| client.password = "hunter2".to_owned());
        assert_eq!(rejection.to_string(), "the NT proof does not match the password");
        assert_eq!(format!("{rejection:?}"), "WrongProof");
    }
}
