//! The server asks: NEGOTIATE in, CHALLENGE out (MS-NLMP 3.2.5.1.1).

use alloc::{string::String, vec::Vec};
use core::fmt;

use adlib_core::{DecodeError, DecodeErrorKind, FileTime, gss::Protection};

use super::{claim::Claim, pending::PendingProof, terms::Terms};
use crate::{
    Policy, Rejection,
    message::{
        AvId, AvPairs, AvPairsBuilder, ChallengeMessage, NegotiateFlags, NegotiateMessage, Version,
        encode_text,
    },
};

/// The longest NEGOTIATE message that is taken: it is kept until the client answers, and holds two names at most.
pub const MAX_NEGOTIATE_BYTES: usize = 2048;

/// What a client may ask for and is given.
const GRANTED: NegotiateFlags = NegotiateFlags(
    NegotiateFlags::REQUEST_TARGET.0
        | NegotiateFlags::SIGN.0
        | NegotiateFlags::SEAL.0
        | NegotiateFlags::NTLM.0
        | NegotiateFlags::ALWAYS_SIGN.0
        | NegotiateFlags::EXTENDED_SESSION_SECURITY.0
        | NegotiateFlags::IDENTIFY.0
        | NegotiateFlags::VERSION.0
        | NegotiateFlags::KEY_128.0
        | NegotiateFlags::KEY_EXCHANGE.0
        | NegotiateFlags::KEY_56.0,
);

/// Eight random bytes that the client must answer. Each is used once: there is no second of a kind.
///
/// ```
/// use adlib_ntlm::ServerChallenge;
///
/// let challenge = ServerChallenge::new([7; 8]); // from a random number generator
/// assert_eq!(format!("{challenge:?}"), "ServerChallenge(..)");
/// ```
///
/// ```compile_fail,E0382
/// # use adlib_core::FileTime;
/// # use adlib_ntlm::{Acceptor, ServerChallenge, ServerNames};
/// let challenge = ServerChallenge::new([7; 8]);
/// let acceptor = Acceptor::new(ServerNames::default());
/// let _ = acceptor.clone().challenge(b"one client", challenge, FileTime(1));
/// let _ = acceptor.challenge(b"another", challenge, FileTime(1)); // it is gone
/// ```
pub struct ServerChallenge([u8; 8]);

impl ServerChallenge {
    /// A challenge of random bytes that were never used.
    #[must_use]
    pub const fn new(random: [u8; 8]) -> Self {
        Self(random)
    }
}

impl fmt::Debug for ServerChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerChallenge(..)")
    }
}

/// What the acceptor calls itself. A name that is empty is left out; clients that sign need the first two.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerNames {
    /// `MsvAvNbComputerName`, as `APP1`.
    pub netbios_computer: String,
    /// `MsvAvNbDomainName`, as `CORP`.
    pub netbios_domain: String,
    /// `MsvAvDnsComputerName`, as `app1.corp.example.com`.
    pub dns_computer: String,
    /// `MsvAvDnsDomainName`, as `corp.example.com`.
    pub dns_domain: String,
    /// `MsvAvDnsTreeName`: the forest's.
    pub dns_tree: String,
}

impl ServerNames {
    /// The names and the time as attribute pairs.
    fn target_info(&self, now: FileTime) -> AvPairsBuilder {
        let mut builder = AvPairsBuilder::new();
        for (id, name) in [
            (AvId::NETBIOS_DOMAIN, &self.netbios_domain),
            (AvId::NETBIOS_COMPUTER, &self.netbios_computer),
            (AvId::DNS_DOMAIN, &self.dns_domain),
            (AvId::DNS_COMPUTER, &self.dns_computer),
            (AvId::DNS_TREE, &self.dns_tree),
        ] {
            if !name.is_empty() {
                builder.text(id, name);
            }
        }
        builder.timestamp(now);
        builder
    }

    /// The name of the target, and the flag that says of what kind it is.
    fn target(&self) -> (&str, NegotiateFlags) {
        if self.netbios_domain.is_empty() {
            (&self.netbios_computer, NegotiateFlags::TARGET_TYPE_SERVER)
        } else {
            (&self.netbios_domain, NegotiateFlags::TARGET_TYPE_DOMAIN)
        }
    }
}

/// The side that is asked.
///
/// ```
/// use adlib_core::FileTime;
/// use adlib_ntlm::{Acceptor, Ephemeral, Initiator, NtHash, Policy, ServerChallenge, ServerNames, SessionKey};
///
/// let now = FileTime(133_500_000_000_000_000);
/// let hash = NtHash::from_password("secret".into());
/// let ephemeral = Ephemeral { now, client_challenge: [1; 8], session_key: SessionKey::new([2; 16]) };
/// let (negotiate, initiator) = Initiator::new("ada", "CORP", hash.clone(), ephemeral).negotiate();
///
/// let acceptor = Acceptor::new(ServerNames { netbios_domain: "CORP".into(), ..ServerNames::default() });
/// let (challenge, awaiting) = acceptor.challenge(&negotiate, ServerChallenge::new([3; 8]), now)?;
/// let (authenticate, _) = initiator.authenticate(&challenge)?;
///
/// let pending = awaiting.authenticate(&authenticate, &Policy::default(), now, None)?;
/// assert_eq!(pending.account().user, "ada"); // so she says: time to look up her hash
/// let session = pending.verify(&hash)?;
/// assert_eq!(session.evidence().unwrap().mic.as_str(), "valid");
/// # Ok::<(), adlib_ntlm::Rejection>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptor {
    names: ServerNames,
    protection: Protection,
}

impl Acceptor {
    /// An acceptor of these names.
    #[must_use]
    pub const fn new(names: ServerNames) -> Self {
        Self {
            names,
            protection: Protection::None,
        }
    }

    /// What must be done to each message afterwards, at least. Default: nothing.
    #[must_use]
    pub const fn protection(mut self, least: Protection) -> Self {
        self.protection = least;
        self
    }

    /// Answer the client's first message with a challenge.
    ///
    /// # Errors
    /// `Malformed`, `NoCharacterSet`, `FlagsMissing` for a client that offers no protection where it must, and
    /// `Unanswerable`.
    pub fn challenge(
        self,
        negotiate: &[u8],
        ServerChallenge(server_challenge): ServerChallenge,
        now: FileTime,
    ) -> Result<(Vec<u8>, AwaitingAuthenticate), Rejection> {
        let offered = decode_negotiate(negotiate)?.flags;
        let required = required(self.protection);
        refuse_missing(required, offered)?;
        let (target, target_type) = self.names.target();
        let flags = character_set(offered)? | offered & GRANTED | target_type | NegotiateFlags::TARGET_INFO;
        let target_info = self.names.target_info(now).finish()?;
        let message = ChallengeMessage {
            flags,
            server_challenge,
            target_name: &encode_text("TargetName", target, flags)?,
            target_info: Some(AvPairs::decode(&target_info)?),
            version: Some(Version::OWN),
        };
        let bytes = message.encode()?;
        let awaiting = AwaitingAuthenticate {
            negotiate: negotiate.to_vec(),
            challenge: bytes.clone(),
            required,
        };
        Ok((bytes, awaiting))
    }
}

/// The client's first message, of a size that may be kept.
fn decode_negotiate(negotiate: &[u8]) -> Result<NegotiateMessage<'_>, DecodeError> {
    if negotiate.len() > MAX_NEGOTIATE_BYTES {
        let kind = DecodeErrorKind::Limit(MAX_NEGOTIATE_BYTES);
        return Err(DecodeError::new("NEGOTIATE_MESSAGE", 0, kind));
    }
    NegotiateMessage::decode(negotiate)
}

/// Unicode if the client knows it, else its code page.
fn character_set(offered: NegotiateFlags) -> Result<NegotiateFlags, Rejection> {
    [NegotiateFlags::UNICODE, NegotiateFlags::OEM]
        .into_iter()
        .find(|flag| offered.contains(*flag))
        .ok_or(Rejection::NoCharacterSet)
}

/// The flags without which messages are not protected as they must be.
const fn required(protection: Protection) -> NegotiateFlags {
    match protection {
        Protection::None => NegotiateFlags(0),
        Protection::Integrity => NegotiateFlags::SIGN,
        Protection::Confidentiality => NegotiateFlags(NegotiateFlags::SIGN.0 | NegotiateFlags::SEAL.0),
    }
}

pub(super) fn refuse_missing(required: NegotiateFlags, offered: NegotiateFlags) -> Result<(), Rejection> {
    let missing = required & !offered;
    if missing == NegotiateFlags::default() {
        Ok(())
    } else {
        Err(Rejection::FlagsMissing { missing })
    }
}

/// The challenge is out; the client has to answer. What is kept meanwhile is the two messages.
pub struct AwaitingAuthenticate {
    negotiate: Vec<u8>,
    challenge: Vec<u8>,
    required: NegotiateFlags,
}

impl AwaitingAuthenticate {
    /// A handshake as it was recorded, to look into it afterwards.
    ///
    /// Nothing here knows whether the challenge was used before, so this is not for signing anyone in.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn from_transcript(negotiate: &[u8], challenge: &[u8]) -> Result<Self, Rejection> {
        decode_negotiate(negotiate)?;
        ChallengeMessage::decode(challenge)?;
        Ok(Self {
            negotiate: negotiate.to_vec(),
            challenge: challenge.to_vec(),
            required: NegotiateFlags::default(),
        })
    }

    /// Take the client's answer: who it claims to be, nothing of it proven.
    ///
    /// `bindings` are the [hash](adlib_core::ChannelBindings::hash) of the connection's. What the policy says of time,
    /// bindings and target is told only to who proves to be the account.
    ///
    /// # Errors
    /// `Malformed`, `FlagsMissing`, `Anonymous`, `EmptyUser`, `V1NotAdmitted`, `LmNotAdmitted`, `SessionKeyLength`.
    pub fn authenticate(
        self,
        token: &[u8],
        policy: &Policy,
        now: FileTime,
        bindings: Option<[u8; 16]>,
    ) -> Result<PendingProof, Rejection> {
        let challenge = ChallengeMessage::decode(&self.challenge)?;
        let claim = Claim::decode(token, &challenge, policy)?;
        refuse_missing(self.required, claim.flags)?;
        let terms = Terms::judge(&claim, challenge.target_info, policy, now, bindings);
        let server_challenge = challenge.server_challenge;
        Ok(PendingProof::new(
            [self.negotiate, self.challenge, token.to_vec()],
            server_challenge,
            claim.into_owned(),
            terms,
        ))
    }
}

impl fmt::Debug for AwaitingAuthenticate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwaitingAuthenticate").finish_non_exhaustive()
    }
}
