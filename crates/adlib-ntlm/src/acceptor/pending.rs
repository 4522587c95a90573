//! An account is claimed; the proof is pending (MS-NLMP 3.2.5.1.2).

use alloc::vec::Vec;
use core::fmt;

use subtle::ConstantTimeEq;

use super::{
    claim::{OwnedClaim, protects},
    terms::Terms,
};
use crate::{
    Account, Evidence, LmHash, MicMode, MicState, NtHash, Ntlmv2Response, Rejection, ResponseVersion,
    Session, SessionBaseKey, SessionKey,
    crypto::{KeyExchangeKey, Sender, V1KeyInput, extended_challenge},
    message::NegotiateFlags,
    session::Agreed,
};

/// Somebody claims to be an account.
///
/// Whoever knows the account's hash calls [`verify`](Self::verify); who knows a domain controller that does, gives it
/// [`network_logon`](Self::network_logon) and calls [`validated`](Self::validated); and for an account that nobody
/// knows, there is [`verify_unknown`](Self::verify_unknown).
///
/// ```
/// use adlib_ntlm::{NetworkValidation, PendingProof, Rejection, Session};
/// # use adlib_ntlm::NetworkLogon;
/// # fn ask_controller(_: NetworkLogon<'_>) -> Option<NetworkValidation> { None }
///
/// fn pass_through(pending: PendingProof) -> Result<Session, Rejection> {
///     match ask_controller(pending.network_logon()) {
///         Some(validation) => pending.validated(&validation),
///         None => Err(Rejection::WrongProof),
///     }
/// }
/// ```
pub struct PendingProof {
    /// The three messages as they were sent.
    messages: [Vec<u8>; 3],
    server_challenge: [u8; 8],
    claim: OwnedClaim,
    terms: Terms,
}

/// What a domain controller needs to verify a response in our place (MS-NRPC `NETLOGON_NETWORK_INFO`).
#[derive(Clone, Copy)]
pub struct NetworkLogon<'a> {
    /// The user's name, as the client spells it.
    pub user: &'a str,
    /// The user's domain, as the client spells it.
    pub domain: &'a str,
    /// The client's own name.
    pub workstation: &'a str,
    /// `LmChallenge`: our challenge.
    pub server_challenge: [u8; 8],
    /// `NtChallengeResponse`.
    pub nt_response: &'a [u8],
    /// `LmChallengeResponse`.
    pub lm_response: &'a [u8],
}

/// What a domain controller says of a response that it verified (MS-NRPC `NETLOGON_VALIDATION_SAM_INFO4`).
#[derive(Debug, Clone)]
pub struct NetworkValidation {
    /// `UserSessionKey`.
    pub session_key: SessionBaseKey,
    /// Whether `UserFlags` say that the user is a guest, whoever was named.
    pub guest: bool,
}

impl PendingProof {
    pub(super) const fn new(
        messages: [Vec<u8>; 3],
        server_challenge: [u8; 8],
        claim: OwnedClaim,
        terms: Terms,
    ) -> Self {
        Self {
            messages,
            server_challenge,
            claim,
            terms,
        }
    }

    /// The account that is claimed; its names are empty where nobody is.
    #[must_use]
    pub const fn account(&self) -> &Account {
        &self.claim.account
    }

    /// What the client calls its machine.
    #[must_use]
    pub fn workstation(&self) -> &str {
        &self.claim.workstation
    }

    /// What both sides agreed on.
    #[must_use]
    pub const fn flags(&self) -> NegotiateFlags {
        self.claim.flags
    }

    /// What the account would be proven with. [`ResponseVersion::Lm`] stands for `LMv2` too until it is proven.
    #[must_use]
    pub const fn response(&self) -> ResponseVersion {
        self.claim.version
    }

    /// Compare the proof with the account's hash, and then all that the policy asks.
    ///
    /// # Errors
    /// `WrongProof` before anything else; `MicMissing`, `WrongMic`, `TargetInfoChanged`, `Guest`, `TimeMissing`,
    /// `ClockSkew`, `BindingsMissing`, `BindingsMismatch`, `TargetMissing`, `TargetMismatch`, `UntrustedTarget`,
    /// `Malformed`; `Anonymous` where nobody is claimed.
    pub fn verify(self, hash: &NtHash) -> Result<Session, Rejection> {
        let (key, version) = self.prove(hash)?;
        let key = self.key_exchange_key(&key);
        self.finish(&key, version, false)
    }

    /// As [`verify`](Self::verify), for an LM response alone and the hash that it is made from.
    ///
    /// # Errors
    /// As there; `WrongProof` for every other response.
    pub fn verify_lm(self, hash: &LmHash) -> Result<Session, Rejection> {
        if self.claim.version != ResponseVersion::Lm {
            return Err(Rejection::WrongProof);
        }
        compare(&hash.respond(self.server_challenge), &self.claim.lm_response)?;
        self.finish(&hash.key_exchange_key(), ResponseVersion::Lm, false)
    }

    /// The account does not exist: do what a wrong password would have made us do, and refuse.
    #[must_use]
    pub fn verify_unknown(self) -> Rejection {
        let _ = self.prove(&NtHash::new([0; 16]));
        Rejection::UnknownAccount
    }

    /// What a domain controller needs to verify the response in our place.
    #[must_use]
    pub fn network_logon(&self) -> NetworkLogon<'_> {
        NetworkLogon {
            user: &self.claim.account.user,
            domain: &self.claim.account.domain,
            workstation: &self.claim.workstation,
            server_challenge: self.server_challenge,
            nt_response: &self.claim.nt_response,
            lm_response: &self.claim.lm_response,
        }
    }

    /// A domain controller verified the response; do the rest, which is not its to do.
    ///
    /// # Errors
    /// As [`verify`](Self::verify), but for `WrongProof`.
    pub fn validated(self, validation: &NetworkValidation) -> Result<Session, Rejection> {
        if self.claim.version == ResponseVersion::Anonymous {
            return Err(Rejection::Anonymous);
        }
        let key = self.key_exchange_key(&validation.session_key);
        let version = self.claim.version;
        self.finish(&key, version, validation.guest)
    }

    /// Accept that nobody signs in.
    ///
    /// # Errors
    /// `WrongProof` where somebody is claimed: that must be proven. Else as [`verify`](Self::verify).
    pub fn accept_anonymous(self) -> Result<Session, Rejection> {
        if self.claim.version != ResponseVersion::Anonymous {
            return Err(Rejection::WrongProof);
        }
        // Everybody knows this key (MS-NLMP 3.2.5.1.2).
        self.finish(&KeyExchangeKey::new([0; 16]), ResponseVersion::Anonymous, false)
    }

    /// Compare the proof, whichever it is.
    fn prove(&self, hash: &NtHash) -> Result<(SessionBaseKey, ResponseVersion), Rejection> {
        let OwnedClaim {
            account,
            nt_response,
            lm_response,
            version,
            ..
        } = &self.claim;
        let response_key = || hash.response_key(&account.user, &account.domain);
        let key = match version {
            ResponseVersion::NtlmV2 => {
                let response = Ntlmv2Response::decode(nt_response)?;
                response_key().verify(self.server_challenge, &response)?
            }
            ResponseVersion::NtlmV1 | ResponseVersion::NtlmV1Extended => {
                compare(&hash.respond_v1(self.v1_challenge()), nt_response)?;
                hash.session_base_key_v1()
            }
            ResponseVersion::Lm | ResponseVersion::LmV2 => {
                let (_, nonce) = split_lm_response(lm_response);
                let (expected, key) = response_key().respond_lmv2(self.server_challenge, nonce);
                compare(&expected, lm_response)?;
                return Ok((key, ResponseVersion::LmV2));
            }
            ResponseVersion::Anonymous => return Err(Rejection::Anonymous),
        };
        Ok((key, *version))
    }

    /// What a response of version 1 answers.
    fn v1_challenge(&self) -> [u8; 8] {
        match self.claim.version {
            ResponseVersion::NtlmV1Extended => extended_challenge(
                self.server_challenge,
                split_lm_response(&self.claim.lm_response).0,
            ),
            _ => self.server_challenge,
        }
    }

    fn key_exchange_key(&self, key: &SessionBaseKey) -> KeyExchangeKey {
        match self.claim.version {
            ResponseVersion::NtlmV1 | ResponseVersion::NtlmV1Extended => {
                let input = V1KeyInput {
                    server_challenge: self.server_challenge,
                    lm_response: split_lm_response(&self.claim.lm_response).0,
                    lm_hash: None,
                };
                key.key_exchange_key_v1(self.claim.flags, &input)
            }
            _ => key.key_exchange_key(),
        }
    }

    /// The account is proven: the MIC, and what the policy says of the rest.
    fn finish(
        self,
        key: &KeyExchangeKey,
        version: ResponseVersion,
        guest: bool,
    ) -> Result<Session, Rejection> {
        let (key, mic) = self.check_mic(key)?;
        if let (MicState::Absent, Some(id)) = (mic, self.terms.changed) {
            return Err(Rejection::TargetInfoChanged { id });
        }
        let evidence = self.terms.evidence?;
        if guest && !self.terms.accept_guest {
            return Err(Rejection::Guest);
        }
        let evidence = Evidence {
            response: version,
            mic,
            guest: guest || evidence.guest,
            ..evidence
        };
        let account = (version != ResponseVersion::Anonymous).then_some(self.claim.account);
        let agreed = Agreed {
            account,
            workstation: self.claim.workstation,
            flags: self.claim.flags,
            key,
            evidence: Some(evidence),
        };
        Ok(Session::new(Sender::Acceptor, agreed))
    }

    /// The session's key, and whether a MIC is made with it.
    fn check_mic(&self, key: &KeyExchangeKey) -> Result<(SessionKey, MicState), Rejection> {
        let (key, other) = self.session_keys(key);
        // A MIC that is neither promised nor zero is one nevertheless (A33).
        let promised = self.claim.mic_promised;
        let Some(mic) = self.claim.mic.filter(|mic| promised || *mic != [0; 16]) else {
            return match self.terms.mic {
                MicMode::IfPromised if !promised => Ok((key, MicState::Absent)),
                MicMode::IfPromised | MicMode::Require => Err(Rejection::MicMissing),
            };
        };
        let [negotiate, challenge, authenticate] = &self.messages;
        let made_with = |key: &SessionKey| key.mic(negotiate, challenge, authenticate).ct_eq(&mic).into();
        core::iter::once(key)
            .chain(other)
            .find(made_with)
            .map(|key| (key, MicState::Valid))
            .ok_or(Rejection::WrongMic)
    }

    /// The session's key, and another that it may be: where messages are not protected, clients differ in whether the
    /// key in their message counts.
    fn session_keys(&self, key: &KeyExchangeKey) -> (SessionKey, Option<SessionKey>) {
        let exchanges = self.claim.flags.contains(NegotiateFlags::KEY_EXCHANGE);
        match self.claim.encrypted_session_key.filter(|_| exchanges) {
            Some(encrypted) if protects(self.claim.flags) => (key.decrypt(encrypted), None),
            Some(encrypted) => (key.decrypt(encrypted), Some(key.to_session_key())),
            None => (key.to_session_key(), None),
        }
    }
}

/// Compare in constant time.
fn compare(expected: &[u8; 24], response: &[u8]) -> Result<(), Rejection> {
    let same = bool::from(expected.ct_eq(response));
    same.then_some(()).ok_or(Rejection::WrongProof)
}

/// The first eight bytes of an LM response, and the last: one or the other is a challenge of the client's. What is not
/// there is zero, and will not be proven.
fn split_lm_response(response: &[u8]) -> ([u8; 8], [u8; 8]) {
    let first = response.first_chunk().copied().unwrap_or_default();
    let last = response.last_chunk().copied().unwrap_or_default();
    (first, last)
}

impl fmt::Debug for PendingProof {
    /// Without responses: a password can be guessed from them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingProof")
            .field("account", &self.claim.account)
            .field("workstation", &self.claim.workstation)
            .field("response", &self.claim.version)
            .field("flags", &self.claim.flags)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for NetworkLogon<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetworkLogon")
            .field("user", &self.user)
            .field("domain", &self.domain)
            .field("workstation", &self.workstation)
            .finish_non_exhaustive()
    }
}
