//! The client's NTLM messages, and who can verify them.

use std::{pin::Pin, sync::Arc};

use adlib_core::{ChannelBindings, FileTime, Sid, UnixTime};
use adlib_ntlm::{
    Account, AwaitingAuthenticate, NetworkLogon, NetworkValidation, NtHash, PendingProof, Policy, Rejection,
    ResponseVersion, ServerChallenge, ServerNames, Session,
};

use super::{
    handshake::{Ended, Word},
    vouched::Vouched,
};
use crate::{Error, Mechanism, NtlmResponseEvidence, Reason, Refusal, SignInError, random};

/// A future that a trait object gives.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What somebody knows of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownAccount {
    /// The security identifier.
    pub sid: Sid,
    /// The account name exactly as registered.
    pub account: String,
    /// The DNS name of the account's domain, in lower case.
    pub domain: String,
    /// The user principal name, if it has one.
    pub upn: Option<String>,
    /// The name to show.
    pub full_name: Option<String>,
    /// The groups, nested ones included.
    pub groups: Vec<Sid>,
}

impl KnownAccount {
    /// An account with these names, in no group.
    pub fn new(sid: Sid, account: impl Into<String>, domain: impl Into<String>) -> Self {
        Self {
            sid,
            account: account.into(),
            domain: domain.into().to_lowercase(),
            upn: None,
            full_name: None,
            groups: Vec::new(),
        }
    }

    /// The same account, in these groups.
    #[must_use]
    pub fn with_groups(mut self, groups: Vec<Sid>) -> Self {
        self.groups = groups;
        self
    }
}

/// Knows the hashes of accounts.
///
/// ```
/// use adlib::{BoxFuture, Error, HashLookup, KnownAccount, ntlm::{Account, NtHash}};
///
/// struct One(NtHash, KnownAccount);
/// impl HashLookup for One {
///     fn find<'a>(
///         &'a self,
///         claimed: &'a Account,
///     ) -> BoxFuture<'a, Result<Option<(NtHash, KnownAccount)>, Error>> {
///         let is_it = claimed.user.eq_ignore_ascii_case(&self.1.account);
///         Box::pin(std::future::ready(Ok(is_it.then(|| (self.0.clone(), self.1.clone())))))
///     }
/// }
/// ```
pub trait HashLookup: Send + Sync {
    /// The account that a client claims to be, with its hash; `None` if there is no such account.
    ///
    /// # Errors
    /// Any variant where nobody can be asked, such as `Unreachable`; it is no verdict on the client.
    fn find<'a>(
        &'a self,
        claimed: &'a Account,
    ) -> BoxFuture<'a, Result<Option<(NtHash, KnownAccount)>, Error>>;
}

/// Takes a client's response to a domain controller, over a channel of the application's own (MS-NRPC
/// `NetrLogonSamLogonEx`).
pub trait PassThrough: Send + Sync {
    /// What the controller says of the response.
    ///
    /// # Errors
    /// `Refused` with the controller's reason, `Failed` where none can be asked.
    fn verify<'a>(
        &'a self,
        logon: NetworkLogon<'a>,
    ) -> BoxFuture<'a, Result<(NetworkValidation, KnownAccount), SignInError>>;
}

/// Who verifies responses.
#[derive(Clone)]
pub(super) enum Verifier {
    Lookup(Arc<dyn HashLookup>),
    PassThrough(Arc<dyn PassThrough>),
}

/// What is needed to verify responses.
pub(super) struct Responses {
    pub(super) names: ServerNames,
    pub(super) policy: Policy,
    pub(super) verifier: Verifier,
}

impl Responses {
    /// Our challenge to the client that sent `token`.
    pub(super) fn challenge(&self, token: &[u8], now: UnixTime) -> Result<Word, Ended> {
        let challenge = ServerChallenge::new(random::secret()?);
        let acceptor = adlib_ntlm::Acceptor::new(self.names.clone());
        let (reply, awaiting) = acceptor
            .challenge(token, challenge, FileTime::from_unix(now))
            .map_err(|rejection| refused(&rejection))?;
        Ok(Word::Challenge(reply, awaiting))
    }

    /// Whom the response in `token` proves.
    pub(super) async fn verify(
        &self,
        awaiting: AwaitingAuthenticate,
        token: &[u8],
        now: UnixTime,
        bindings: Option<&ChannelBindings>,
    ) -> Result<Word, Ended> {
        let bindings = bindings.map(ChannelBindings::hash);
        let pending = awaiting
            .authenticate(token, &self.policy, FileTime::from_unix(now), bindings)
            .map_err(|rejection| refused(&rejection))?;
        let (session, account, verified_by) = self.prove(pending).await?;
        Ok(Word::Vouched {
            vouched: Box::new(vouched(&session, account, verified_by)),
            reply: None,
            session: Box::new(session),
        })
    }

    async fn prove(
        &self,
        pending: PendingProof,
    ) -> Result<(Session, KnownAccount, &'static str), SignInError> {
        if pending.response() == ResponseVersion::Anonymous {
            // Nobody has no identity, whatever the policy says.
            return Err(refused(&Rejection::Anonymous).into());
        }
        let proven = match &self.verifier {
            Verifier::Lookup(lookup) => match lookup.find(pending.account()).await? {
                Some((hash, account)) => pending.verify(&hash).map(|session| (session, account, "hash")),
                None => Err(pending.verify_unknown()),
            },
            Verifier::PassThrough(controller) => {
                let (validation, account) = controller.verify(pending.network_logon()).await?;
                pending
                    .validated(&validation)
                    .map(|session| (session, account, "pass-through"))
            }
        };
        proven.map_err(|rejection| refused(&rejection).into())
    }
}

fn refused(rejection: &Rejection) -> Refusal {
    let reason = match rejection {
        Rejection::WrongProof => Reason::WrongPassword,
        Rejection::UnknownAccount => Reason::UnknownUser,
        Rejection::ClockSkew { .. } => Reason::ClockSkew,
        rejection => Reason::Ntlm(rejection.reason()),
    };
    Refusal::new(reason, format!("the NTLM token was refused: {rejection}"))
}

fn vouched(session: &Session, account: KnownAccount, verified_by: &'static str) -> Vouched {
    let evidence = session.evidence();
    Vouched {
        sid: Some(account.sid),
        account: account.account,
        domain: account.domain,
        upn: account.upn,
        full_name: account.full_name,
        groups: account.groups,
        mechanism: Mechanism::NtlmResponse(NtlmResponseEvidence {
            verified_by,
            response: evidence.map_or("", |evidence| evidence.response.as_str()),
            mic: evidence.map_or("", |evidence| evidence.mic.as_str()),
            bindings: evidence.map_or("", |evidence| evidence.bindings.as_str()),
            target_name: evidence.and_then(|evidence| evidence.target_name.clone()),
            workstation: session.workstation().to_owned(),
            clock_difference_s: evidence.and_then(|evidence| evidence.clock_difference_s),
        }),
        wrapped: false,
    }
}
