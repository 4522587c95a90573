//! The side that begins: `Initiator`, `AwaitingChallenge`, `Session` (MS-NLMP 3.1).

use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt;

use adlib_core::{
    ChannelBindings, DecodeError, DecodeErrorKind, FileTime,
    gss::{self, InitiatorStep, Protection},
    utf16,
};

use crate::{
    Account, NtHash, Rejection, Session, SessionKey,
    crypto::{ClientChallenge, KeyExchangeKey, Sender},
    message::{
        AuthenticateMessage, AvFlags, AvId, AvPairs, AvPairsBuilder, ChallengeMessage, NegotiateFlags,
        NegotiateMessage, Version,
    },
    session::Agreed,
};

/// What every handshake offers.
const OFFERED: NegotiateFlags = NegotiateFlags(
    NegotiateFlags::UNICODE.0
        | NegotiateFlags::REQUEST_TARGET.0
        | NegotiateFlags::NTLM.0
        | NegotiateFlags::ALWAYS_SIGN.0
        | NegotiateFlags::EXTENDED_SESSION_SECURITY.0
        | NegotiateFlags::VERSION.0
        | NegotiateFlags::KEY_128.0,
);

/// What a server must agree to: less is an old server, or somebody who would like us to take it for one.
const REQUIRED: NegotiateFlags = NegotiateFlags(
    NegotiateFlags::UNICODE.0 | NegotiateFlags::EXTENDED_SESSION_SECURITY.0 | NegotiateFlags::KEY_128.0,
);

/// What is new in each handshake: the time, and random bytes. Used once.
#[derive(Debug)]
pub struct Ephemeral {
    /// The time, which counts when the server sends none.
    pub now: FileTime,
    /// Eight random bytes.
    pub client_challenge: [u8; 8],
    /// Sixteen random bytes: the key of a session that is signed or sealed.
    pub session_key: SessionKey,
}

/// The side that begins.
///
/// ```
/// use adlib_core::FileTime;
/// use adlib_ntlm::{Ephemeral, Initiator, NtHash, SessionKey};
///
/// // The time and the random bytes come from outside.
/// let ephemeral = Ephemeral {
///     now: FileTime(133_500_000_000_000_000),
///     client_challenge: [1; 8],
///     session_key: SessionKey::new([2; 16]),
/// };
/// let initiator = Initiator::new("ada", "CORP", NtHash::from_password("secret".into()), ephemeral);
/// let (negotiate, awaiting) = initiator.workstation("WS1").negotiate();
/// assert!(negotiate.starts_with(b"NTLMSSP\0\x01"));
/// assert_eq!(awaiting.authenticate(b"no challenge").unwrap_err().reason(), "malformed");
/// ```
pub struct Initiator {
    account: Account,
    hash: NtHash,
    ephemeral: Ephemeral,
    workstation: String,
    protection: Protection,
    bindings: [u8; 16],
    target_name: String,
    target_flags: AvFlags,
}

impl Initiator {
    /// Sign `user` in: a `sAMAccountName` beside its domain, or a UPN beside an empty domain, spelt as the directory
    /// spells them.
    pub fn new(
        user: impl Into<String>,
        domain: impl Into<String>,
        hash: NtHash,
        ephemeral: Ephemeral,
    ) -> Self {
        Self {
            account: Account {
                user: user.into(),
                domain: domain.into(),
            },
            hash,
            ephemeral,
            workstation: String::new(),
            protection: Protection::None,
            bindings: [0; 16],
            target_name: String::new(),
            target_flags: AvFlags::default(),
        }
    }

    /// This machine's name. The controller compares it with the workstations that the user may use.
    #[must_use]
    pub fn workstation(mut self, name: impl Into<String>) -> Self {
        self.workstation = name.into();
        self
    }

    /// What is to be done to each message afterwards. Default: nothing.
    #[must_use]
    pub const fn protection(mut self, protection: Protection) -> Self {
        self.protection = protection;
        self
    }

    /// What ties the handshake to the connection that carries it. Default: said to be none.
    #[must_use]
    pub fn channel_bindings(mut self, bindings: &ChannelBindings) -> Self {
        self.bindings = bindings.hash();
        self
    }

    /// The service that is meant, as `ldap/dc1.corp.example.com`. Default: said to be none.
    #[must_use]
    pub fn target_name(mut self, name: impl Into<String>) -> Self {
        self.target_name = name.into();
        self
    }

    /// The service that is meant, by a name that nobody vouches for: a page's, a redirection's.
    #[must_use]
    pub fn untrusted_target_name(mut self, name: impl Into<String>) -> Self {
        self.target_name = name.into();
        self.target_flags = AvFlags::UNTRUSTED_TARGET;
        self
    }

    /// The first message.
    #[must_use]
    pub fn negotiate(self) -> (Vec<u8>, AwaitingChallenge) {
        let message = NegotiateMessage {
            flags: OFFERED | protection_flags(self.protection),
            domain: b"",
            workstation: b"",
            version: Some(Version::OWN),
        };
        // Without names it has 40 bytes, and cannot be too long.
        let negotiate = message.encode().unwrap_or_default();
        let awaiting = AwaitingChallenge {
            initiator: self,
            negotiate: negotiate.clone(),
        };
        (negotiate, awaiting)
    }
}

/// What both sides must agree to, so that messages are protected.
const fn protection_flags(protection: Protection) -> NegotiateFlags {
    // Without signed messages the two documented rules for an exchanged key differ; then none is exchanged.
    NegotiateFlags(match protection {
        Protection::None => 0,
        Protection::Integrity => NegotiateFlags::SIGN.0 | NegotiateFlags::KEY_EXCHANGE.0,
        Protection::Confidentiality => {
            NegotiateFlags::SIGN.0 | NegotiateFlags::SEAL.0 | NegotiateFlags::KEY_EXCHANGE.0
        }
    })
}

/// The first message is out; the server has to answer.
pub struct AwaitingChallenge {
    initiator: Initiator,
    negotiate: Vec<u8>,
}

impl AwaitingChallenge {
    /// Answer the server's challenge: the last message, and what the handshake is good for if the server takes it.
    ///
    /// That a server takes it proves nothing about the server.
    ///
    /// # Errors
    /// `Malformed`, `FlagsMissing`, `TargetInfoMissing`, `ServerNamesMissing`, `Unanswerable`.
    pub fn authenticate(self, challenge: &[u8]) -> Result<(Vec<u8>, Session), Rejection> {
        let message = ChallengeMessage::decode(challenge)?;
        let flags = self.agree(message.flags)?;
        let pairs = self.server_pairs(&message)?;
        let answer = self.respond(&message, &pairs)?;
        let (key, encrypted_session_key) = self.session_key(flags, &answer.key);

        let Self { initiator, negotiate } = self;
        let message = AuthenticateMessage {
            flags,
            lm_response: &answer.lm_response,
            nt_response: &answer.nt_response,
            domain: &utf16::encode(&initiator.account.domain),
            user: &utf16::encode(&initiator.account.user),
            workstation: &utf16::encode(&initiator.workstation),
            encrypted_session_key: encrypted_session_key.as_ref().map_or(&[], |key| key),
            version: Some(Version::OWN),
            mic: Some([0; 16]),
        };
        let mut authenticate = message.encode()?;
        if answer.mic {
            let mic = key.mic(&negotiate, challenge, &authenticate);
            let place = authenticate.iter_mut().skip(AuthenticateMessage::MIC_OFFSET);
            place.zip(mic).for_each(|(to, from)| *to = from);
        }
        let agreed = Agreed {
            account: Some(initiator.account),
            workstation: initiator.workstation,
            flags,
            key,
            evidence: None,
        };
        Ok((authenticate, Session::new(Sender::Initiator, agreed)))
    }

    /// The flags that both sides have.
    fn agree(&self, server: NegotiateFlags) -> Result<NegotiateFlags, Rejection> {
        let protection = protection_flags(self.initiator.protection);
        let missing = (REQUIRED | protection) & !server;
        if missing != NegotiateFlags::default() {
            return Err(Rejection::FlagsMissing { missing });
        }
        Ok((OFFERED | protection | NegotiateFlags::TARGET_INFO) & server)
    }

    /// What the server tells of itself, which a session with protected messages needs in full.
    fn server_pairs<'a>(&self, message: &ChallengeMessage<'a>) -> Result<AvPairs<'a>, Rejection> {
        let pairs = message.target_info.ok_or(Rejection::TargetInfoMissing)?;
        let named = [AvId::NETBIOS_COMPUTER, AvId::NETBIOS_DOMAIN]
            .into_iter()
            .all(|id| pairs.value(id).is_some());
        if self.initiator.protection != Protection::None && !named {
            return Err(Rejection::ServerNamesMissing);
        }
        Ok(pairs)
    }

    fn respond(&self, message: &ChallengeMessage<'_>, pairs: &AvPairs<'_>) -> Result<Answer, Rejection> {
        let timestamp = pairs.timestamp()?;
        let target_info = self.target_info(pairs, timestamp.is_some())?;
        let nonce = self.initiator.ephemeral.client_challenge;
        let client = ClientChallenge {
            time: timestamp.unwrap_or(self.initiator.ephemeral.now),
            nonce,
            target_info: &target_info,
        };
        let Account { user, domain } = &self.initiator.account;
        let key = self.initiator.hash.response_key(user, domain);
        let (nt_response, base_key) = key.respond(message.server_challenge, &client);
        // A server that knows of time stamps has no use for the other response (MS-NLMP 3.1.5.1.2).
        let lm_response = match timestamp {
            Some(_) => [0; 24],
            None => key.respond_lmv2(message.server_challenge, nonce).0,
        };
        Ok(Answer {
            lm_response,
            nt_response,
            key: base_key.key_exchange_key(),
            mic: timestamp.is_some(),
        })
    }

    /// The server's pairs with our own, which take the place of any that the server sent in our name.
    fn target_info(&self, server: &AvPairs<'_>, mic: bool) -> Result<Vec<u8>, Rejection> {
        let ours = [
            AvId::FLAGS,
            AvId::CHANNEL_BINDINGS,
            AvId::TARGET_NAME,
            AvId::SINGLE_HOST,
        ];
        let constrained = AvFlags(server.flags()?.unwrap_or_default().0 & AvFlags::CONSTRAINED.0);
        let promised = if mic { AvFlags::MIC } else { AvFlags::default() };
        let mut builder = AvPairsBuilder::new();
        builder
            .extend(server.iter(), |id| !ours.contains(&id))
            .flags(constrained | promised | self.initiator.target_flags)
            .channel_bindings(self.initiator.bindings)
            .text(AvId::TARGET_NAME, &self.initiator.target_name);
        Ok(builder.finish()?)
    }

    /// The key of the session, and as what it travels.
    fn session_key(&self, flags: NegotiateFlags, key: &KeyExchangeKey) -> (SessionKey, Option<[u8; 16]>) {
        if flags.contains(NegotiateFlags::KEY_EXCHANGE) {
            let session_key = &self.initiator.ephemeral.session_key;
            (session_key.clone(), Some(key.encrypt(session_key)))
        } else {
            (key.to_session_key(), None)
        }
    }
}

/// What answers a challenge.
struct Answer {
    lm_response: [u8; 24],
    nt_response: Vec<u8>,
    key: KeyExchangeKey,
    /// Whether the messages get a MIC.
    mic: bool,
}

impl fmt::Debug for Initiator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Initiator")
            .field("account", &self.account)
            .field("protection", &self.protection)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for AwaitingChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AwaitingChallenge").field(&self.initiator).finish()
    }
}

impl gss::Initiator for Initiator {
    /// The first step, whose `token` must be empty: the server has nothing to say yet.
    fn step(self: Box<Self>, token: &[u8]) -> Result<InitiatorStep, gss::Error> {
        if !token.is_empty() {
            let kind = DecodeErrorKind::Unexpected;
            return Err(DecodeError::new("first token", 0, kind).into());
        }
        let (token, next) = self.negotiate();
        Ok(InitiatorStep::Continue {
            token,
            next: Box::new(next),
        })
    }
}

impl gss::Initiator for AwaitingChallenge {
    fn step(self: Box<Self>, token: &[u8]) -> Result<InitiatorStep, gss::Error> {
        let (token, session) = self.authenticate(token)?;
        Ok(InitiatorStep::Done {
            token: Some(token),
            session: Box::new(session),
        })
    }
}
