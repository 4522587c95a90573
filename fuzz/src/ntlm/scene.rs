//! A client, an acceptor and an account with fixed keys, names and time.

use adlib_core::{ChannelBindings, FileTime, gss::Protection};
use adlib_ntlm::{
    Acceptor, Account, AwaitingAuthenticate, AwaitingChallenge, BindingsMode, ClientChallenge, Ephemeral,
    Initiator, MicMode, NtHash, Policy, ServerChallenge, ServerNames, Session, SessionKey,
    message::{AuthenticateMessage, AvId, AvPairsBuilder, ChallengeMessage, NegotiateMessage, Version},
};

/// The time of everything.
pub const NOW: FileTime = FileTime(133_500_000_000_000_000);

/// What a client and an acceptor agree on in advance.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    key: [u8; 16],
    protection: Protection,
    bound: bool,
    /// What the acceptor asks of the MIC.
    pub mic: MicMode,
}

impl Scene {
    /// Scenes differ in protection, channel bindings and the acceptor's policy, and in the keys of account and client.
    #[must_use]
    pub const fn new(number: u8, key: [u8; 16]) -> Self {
        Self {
            key,
            protection: protection(number % 3),
            bound: number / 3 % 2 == 1,
            mic: match number / 6 % 2 {
                0 => MicMode::IfPromised,
                _ => MicMode::Require,
            },
        }
    }

    /// The same with nothing but the account's password between the two.
    #[must_use]
    pub const fn without_protection(self) -> Self {
        Self {
            protection: Protection::None,
            bound: false,
            ..self
        }
    }

    /// The hash of the only account's password.
    #[must_use]
    pub const fn hash(self) -> NtHash {
        NtHash::new(self.key)
    }

    /// The key that clients choose.
    #[must_use]
    pub const fn session_key(self) -> SessionKey {
        SessionKey::new(self.key)
    }

    /// What ties both to the connection, if anything does.
    #[must_use]
    pub fn bindings(self) -> Option<ChannelBindings> {
        self.bound
            .then(|| ChannelBindings::tls_server_end_point(&[0xab; 32]))
    }

    /// What the acceptor accepts.
    #[must_use]
    pub fn policy(self) -> Policy {
        let mut policy = Policy::default();
        policy.mic = self.mic;
        if self.bound {
            policy.bindings = BindingsMode::Require;
        }
        policy
    }

    /// The client's first message. Nobody else's handshake has the bytes of `nonce`.
    #[must_use]
    pub fn negotiate(self, nonce: u8) -> (Vec<u8>, AwaitingChallenge) {
        let ephemeral = Ephemeral {
            now: NOW,
            client_challenge: [nonce; 8],
            session_key: self.session_key(),
        };
        let account = account();
        let initiator = Initiator::new(account.user, account.domain, self.hash(), ephemeral)
            .workstation("WS1")
            .target_name("ldap/app1.corp.example.com")
            .protection(self.protection);
        match self.bindings() {
            Some(bindings) => initiator.channel_bindings(&bindings).negotiate(),
            None => initiator.negotiate(),
        }
    }

    /// The acceptor's answer to `negotiate`, if it has one.
    #[must_use]
    pub fn challenge(self, negotiate: &[u8], nonce: u8) -> Option<(Vec<u8>, AwaitingAuthenticate)> {
        let names = ServerNames {
            netbios_computer: "APP1".into(),
            netbios_domain: "CORP".into(),
            dns_computer: "app1.corp.example.com".into(),
            ..ServerNames::default()
        };
        let acceptor = Acceptor::new(names).protection(self.protection);
        let challenge = ServerChallenge::new([nonce; 8]);
        acceptor.challenge(negotiate, challenge, NOW).ok()
    }

    /// The messages of a handshake that nobody disturbs, and what the client has of it.
    #[must_use]
    pub fn messages(self, nonce: u8) -> ([Vec<u8>; 3], Session) {
        let (negotiate, client) = self.negotiate(nonce);
        let (challenge, _) = self.challenge(&negotiate, nonce).expect("what both sides speak");
        let (authenticate, session) = client.authenticate(&challenge).expect("what both sides speak");
        ([negotiate, challenge, authenticate], session)
    }

    /// Both sides of a handshake that nobody disturbs.
    #[must_use]
    pub fn sessions(self) -> (Session, Session) {
        let (negotiate, client) = self.negotiate(1);
        let (challenge, acceptor) = self.challenge(&negotiate, 1).expect("what both sides speak");
        let (authenticate, session) = client.authenticate(&challenge).expect("what both sides speak");
        let bindings = self.bindings().map(|bindings| bindings.hash());
        let pending = acceptor.authenticate(&authenticate, &self.policy(), NOW, bindings);
        let accepted = pending
            .and_then(|pending| pending.verify(&self.hash()))
            .expect("the right hash");
        (session, accepted)
    }
}

const fn protection(number: u8) -> Protection {
    match number {
        0 => Protection::None,
        1 => Protection::Integrity,
        _ => Protection::Confidentiality,
    }
}

/// The only account.
#[must_use]
pub fn account() -> Account {
    Account {
        user: "zoë".into(),
        domain: "CORP".into(),
    }
}

/// The first message of a client that knows of no MIC.
#[must_use]
pub fn old_negotiate() -> Vec<u8> {
    let (negotiate, _) = Scene::new(0, [0; 16]).negotiate(1);
    let message = NegotiateMessage::decode(&negotiate).expect("our own");
    let old = NegotiateMessage {
        workstation: b"WS1",
        version: None,
        ..message
    };
    old.encode().expect("short")
}

/// Its answer to `challenge`, if it takes it: the server's pairs as they are, and two responses.
#[must_use]
pub fn old_authenticate(challenge: &[u8], hash: &NtHash) -> Option<Vec<u8>> {
    let challenge = ChallengeMessage::decode(challenge).ok()?;
    let mut pairs = AvPairsBuilder::new();
    pairs
        .extend(challenge.target_info?.iter(), |id| id != AvId::FLAGS)
        .text(AvId::TARGET_NAME, "ldap/app1.corp.example.com");
    let client = ClientChallenge {
        time: NOW,
        nonce: [1; 8],
        target_info: &pairs.finish().ok()?,
    };
    let Account { user, domain } = account();
    let key = hash.response_key(&user, &domain);
    let (nt_response, _) = key.respond(challenge.server_challenge, &client);
    let utf16 = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let message = AuthenticateMessage {
        flags: challenge.flags,
        lm_response: &key.respond_lmv2(challenge.server_challenge, [1; 8]).0,
        nt_response: &nt_response,
        domain: &utf16(&domain),
        user: &utf16(&user),
        workstation: &utf16("WS1"),
        encrypted_session_key: &[],
        version: Some(Version::OWN),
        mic: None,
    };
    message.encode().ok()
}
