//! An initiator and an acceptor in memory, a virtual clock between them, and a client that breaks every rule.

// Also compiled into the crate's own tests, where nothing of this is at hand by itself.
use std::{string::String, vec, vec::Vec};

use adlib_core::{ChannelBindings, FileTime, UnixTime, gss::Protection, utf16};
use adlib_ntlm::{
    Acceptor, AwaitingAuthenticate, ClientChallenge, Ephemeral, Initiator, LmHash, NtHash, PendingProof,
    Policy, Rejection, ServerChallenge, ServerNames, Session, SessionKey,
    crypto::{KeyExchangeKey, V1KeyInput, extended_challenge},
    message::{
        AuthenticateMessage, AvFlags, AvId, AvPairs, AvPairsBuilder, ChallengeMessage, NegotiateFlags,
        NegotiateMessage, Version,
    },
};

pub(crate) const PASSWORD: &str = "Passw0rd.Test";
pub(crate) const SERVER_CHALLENGE: [u8; 8] = *b"question";
pub(crate) const NONCE: [u8; 8] = *b"answer!!";

/// When everything happens.
pub(crate) fn now() -> FileTime {
    FileTime::from_unix(UnixTime::from_seconds(1_800_000_000))
}

/// So many seconds later.
pub(crate) fn later(seconds: i64) -> FileTime {
    FileTime::from_unix(UnixTime::from_seconds(1_800_000_000 + seconds))
}

pub(crate) fn hash() -> NtHash {
    NtHash::from_password(PASSWORD.into())
}

pub(crate) fn names() -> ServerNames {
    ServerNames {
        netbios_computer: "APP1".into(),
        netbios_domain: "CORP".into(),
        dns_computer: "app1.corp.example.com".into(),
        dns_domain: "corp.example.com".into(),
        dns_tree: "corp.example.com".into(),
    }
}

pub(crate) fn bindings(certificate: u8) -> ChannelBindings {
    ChannelBindings::tls_server_end_point(&[certificate; 32])
}

/// The initiator's clock is a minute ahead.
pub(crate) fn ephemeral() -> Ephemeral {
    Ephemeral {
        now: later(60),
        client_challenge: NONCE,
        session_key: SessionKey::new(*b"a session's key!"),
    }
}

pub(crate) fn initiator() -> Initiator {
    Initiator::new("ada", "CORP", hash(), ephemeral()).workstation("WS1")
}

/// The acceptor's side: what it demands, and what it knows.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) policy: Policy,
    pub(crate) now: FileTime,
    pub(crate) bindings: Option<ChannelBindings>,
    pub(crate) protection: Protection,
    pub(crate) names: ServerNames,
    pub(crate) hash: NtHash,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self {
            policy: Policy::default(),
            now: now(),
            bindings: None,
            protection: Protection::None,
            names: names(),
            hash: hash(),
        }
    }

    /// The acceptor's challenge.
    pub(crate) fn challenge(&self, negotiate: &[u8]) -> Result<(Vec<u8>, AwaitingAuthenticate), Rejection> {
        Acceptor::new(self.names.clone())
            .protection(self.protection)
            .challenge(negotiate, ServerChallenge::new(SERVER_CHALLENGE), now())
    }

    /// What the acceptor makes of the client's answer.
    pub(crate) fn pending(
        &self,
        awaiting: AwaitingAuthenticate,
        token: &[u8],
    ) -> Result<PendingProof, Rejection> {
        let bindings = self.bindings.as_ref().map(ChannelBindings::hash);
        awaiting.authenticate(token, &self.policy, self.now, bindings)
    }

    /// A recorded handshake, judged anew.
    pub(crate) fn judge(&self, transcript: &[Vec<u8>; 3]) -> Result<Session, Rejection> {
        let [negotiate, challenge, authenticate] = transcript;
        let awaiting = AwaitingAuthenticate::from_transcript(negotiate, challenge)?;
        self.pending(awaiting, authenticate)?.verify(&self.hash)
    }

    /// A whole handshake; both sides' sessions.
    pub(crate) fn sign_in(&self, initiator: Initiator) -> Result<(Session, Session), Rejection> {
        let (negotiate, awaiting_challenge) = initiator.negotiate();
        let (challenge, awaiting) = self.challenge(&negotiate)?;
        let (authenticate, session) = awaiting_challenge.authenticate(&challenge)?;
        let accepted = self.pending(awaiting, &authenticate)?.verify(&self.hash)?;
        Ok((session, accepted))
    }

    /// The three messages of a handshake of a client of ours.
    pub(crate) fn transcript(&self, initiator: Initiator) -> [Vec<u8>; 3] {
        let (negotiate, awaiting) = initiator.negotiate();
        let (challenge, _) = self.challenge(&negotiate).unwrap();
        let (authenticate, _) = awaiting.authenticate(&challenge).unwrap();
        [negotiate, challenge, authenticate]
    }

    /// The acceptor's view of a client that breaks rules.
    pub(crate) fn claim(&self, client: &Client) -> Result<PendingProof, Rejection> {
        let negotiate = client.negotiate();
        let (challenge, awaiting) = self.challenge(&negotiate)?;
        self.pending(awaiting, &client.authenticate(&negotiate, &challenge))
    }

    pub(crate) fn accept(&self, client: &Client) -> Result<Session, Rejection> {
        self.claim(client)?.verify(&self.hash)
    }
}

/// What a client proves with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    V2,
    V1,
    V1Extended,
    LmV2,
    Lm,
    Nothing,
}

/// What stands in the place of the MIC.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mic {
    Right,
    Zero,
    Wrong,
    NoRoom,
}

/// A client that knows a password, and need not keep to anything.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) user: String,
    pub(crate) domain: String,
    pub(crate) password: String,
    pub(crate) flags: NegotiateFlags,
    /// Flags that only the last message has, or lacks.
    pub(crate) last_flags: Option<NegotiateFlags>,
    pub(crate) proof: Proof,
    pub(crate) mic: Mic,
    pub(crate) time: FileTime,
    pub(crate) av_flags: Option<AvFlags>,
    pub(crate) bindings: Option<[u8; 16]>,
    pub(crate) target_name: Option<String>,
    /// A pair of its own, in place of the server's.
    pub(crate) pair: Option<(AvId, Vec<u8>)>,
    /// What it sends as session key; `None`: what it should.
    pub(crate) session_key: Option<Vec<u8>>,
    /// Whether it takes what it sends as session key for one.
    pub(crate) exchanges: bool,
    pub(crate) version: Version,
}

impl Client {
    pub(crate) fn new() -> Self {
        let flags = NegotiateFlags::UNICODE
            | NegotiateFlags::NTLM
            | NegotiateFlags::ALWAYS_SIGN
            | NegotiateFlags::EXTENDED_SESSION_SECURITY
            | NegotiateFlags::VERSION
            | NegotiateFlags::SIGN
            | NegotiateFlags::SEAL
            | NegotiateFlags::KEY_EXCHANGE
            | NegotiateFlags::KEY_128;
        Self {
            user: "ada".into(),
            domain: "CORP".into(),
            password: PASSWORD.into(),
            flags,
            last_flags: None,
            proof: Proof::V2,
            mic: Mic::Right,
            time: now(),
            av_flags: Some(AvFlags::MIC),
            bindings: None,
            target_name: None,
            pair: None,
            session_key: None,
            exchanges: true,
            version: Version::OWN,
        }
    }

    /// One that knows neither MIC nor time stamps.
    pub(crate) fn without_mic() -> Self {
        Self {
            av_flags: None,
            mic: Mic::NoRoom,
            ..Self::new()
        }
    }

    /// One that neither signs nor seals.
    pub(crate) fn unprotected(mut self) -> Self {
        self.flags = self.flags & !(NegotiateFlags::SIGN | NegotiateFlags::SEAL);
        self
    }

    pub(crate) fn negotiate(&self) -> Vec<u8> {
        let message = NegotiateMessage {
            flags: self.flags,
            domain: b"",
            workstation: b"",
            version: None,
        };
        message.encode().unwrap()
    }

    fn text(&self, text: &str) -> Vec<u8> {
        if self.flags.contains(NegotiateFlags::UNICODE) {
            utf16::encode(text)
        } else {
            text.as_bytes().to_vec()
        }
    }

    fn target_info(&self, server: &AvPairs<'_>) -> Vec<u8> {
        let mut builder = AvPairsBuilder::new();
        builder.extend(server.iter(), |_| true);
        if let Some(flags) = self.av_flags {
            builder.flags(flags);
        }
        if let Some(hash) = self.bindings {
            builder.channel_bindings(hash);
        }
        if let Some(name) = &self.target_name {
            builder.text(AvId::TARGET_NAME, name);
        }
        if let Some((id, value)) = &self.pair {
            builder.set(*id, value.as_slice());
        }
        builder.finish().unwrap()
    }

    /// The responses, and the key that they make.
    fn respond(&self, challenge: &ChallengeMessage<'_>) -> (Vec<u8>, Vec<u8>, KeyExchangeKey) {
        let hash = NtHash::from_password(self.password.as_str().into());
        let key = hash.response_key(&self.user, &self.domain);
        let lm_hash = || LmHash::from_password(self.password.as_str().into()).unwrap();
        let v1_key = |lm_response| {
            let input = V1KeyInput {
                server_challenge: SERVER_CHALLENGE,
                lm_response,
                lm_hash: None,
            };
            let flags = self.flags & challenge.flags;
            hash.session_base_key_v1().key_exchange_key_v1(flags, &input)
        };
        match self.proof {
            Proof::V2 => {
                let target_info = self.target_info(&challenge.target_info.unwrap());
                let client = ClientChallenge {
                    time: self.time,
                    nonce: NONCE,
                    target_info: &target_info,
                };
                let (response, key) = key.respond(SERVER_CHALLENGE, &client);
                (vec![0; 24], response, key.key_exchange_key())
            }
            Proof::V1 => {
                let lm_response = lm_hash().respond(SERVER_CHALLENGE);
                let response = hash.respond_v1(SERVER_CHALLENGE);
                (
                    lm_response.to_vec(),
                    response.to_vec(),
                    v1_key(*lm_response.first_chunk().unwrap()),
                )
            }
            Proof::V1Extended => {
                let response = hash.respond_v1(extended_challenge(SERVER_CHALLENGE, NONCE));
                ([&NONCE[..], &[0; 16]].concat(), response.to_vec(), v1_key(NONCE))
            }
            Proof::LmV2 => {
                let (response, key) = key.respond_lmv2(SERVER_CHALLENGE, NONCE);
                (response.to_vec(), vec![], key.key_exchange_key())
            }
            Proof::Lm => {
                let hash = lm_hash();
                let response = hash.respond(SERVER_CHALLENGE).to_vec();
                (response, vec![], hash.key_exchange_key())
            }
            Proof::Nothing => (vec![0], vec![], KeyExchangeKey::new([0; 16])),
        }
    }

    pub(crate) fn authenticate(&self, negotiate: &[u8], challenge: &[u8]) -> Vec<u8> {
        let message = ChallengeMessage::decode(challenge).unwrap();
        let (lm_response, nt_response, key) = self.respond(&message);
        let flags = self.last_flags.unwrap_or(message.flags & self.flags);
        let session_key = SessionKey::new(*b"the client's key");
        let exchanges = flags.contains(NegotiateFlags::KEY_EXCHANGE);
        let encrypted = match &self.session_key {
            Some(bytes) => bytes.clone(),
            None if exchanges => key.encrypt(&session_key).to_vec(),
            None => vec![],
        };
        let message = AuthenticateMessage {
            flags,
            lm_response: &lm_response,
            nt_response: &nt_response,
            domain: &self.text(&self.domain),
            user: &self.text(&self.user),
            workstation: &self.text("WS1"),
            encrypted_session_key: &encrypted,
            version: Some(self.version),
            mic: (self.mic != Mic::NoRoom).then_some([0; 16]),
        };
        let mut bytes = message.encode().unwrap();
        let key = match exchanges && self.exchanges && encrypted.len() == 16 {
            true => session_key,
            false => key.to_session_key(),
        };
        let mic = match self.mic {
            Mic::Right => key.mic(negotiate, challenge, &bytes),
            Mic::Wrong => [7; 16],
            Mic::Zero | Mic::NoRoom => return bytes,
        };
        bytes.splice(72..88, mic);
        bytes
    }
}
