//! Which mechanism decides, and when NTLM may take the place of Kerberos (R5): nowhere else.

use adlib_core::{Password, Sid};
use adlib_ntlm::NtHash;
use adlib_schema::record::User;

use super::{STAND_IN, attempt::Ongoing, source::SignInSource};
use crate::{AuditEvent, Error, Mechanism, Mode, Reason, Refusal, SignInError, directory::Lookup, random};

/// What a user proves to know.
#[derive(Clone, Copy)]
pub(super) enum Proof<'a> {
    /// The password.
    Password(&'a Password),
    /// What a saved sign-in keeps of it (R8).
    Hash(&'a NtHash),
}

/// What nobody's password is, of the kind of a proof: a source that is asked for the sake of looking alike must not learn
/// the password of another's user.
pub(super) enum Decoy {
    Password(Password),
    Hash(NtHash),
}

impl Decoy {
    /// As long as the password, where there is one.
    ///
    /// # Errors
    /// `Configuration` when the system has no random numbers.
    pub(super) fn like(proof: Proof<'_>) -> Result<Self, Error> {
        let random: [u8; 16] = random::secret()?;
        Ok(match proof {
            Proof::Password(password) => {
                let letters = random.iter().map(|byte| char::from(b'a' + byte % 26)).cycle();
                let text: String = letters.take(password.expose().len()).collect();
                Self::Password(text.into())
            }
            Proof::Hash(_) => Self::Hash(NtHash::new(random)),
        })
    }

    pub(super) const fn proof(&self) -> Proof<'_> {
        match self {
            Self::Password(password) => Proof::Password(password),
            Self::Hash(hash) => Proof::Hash(hash),
        }
    }
}

/// What a controller vouches for.
pub(super) struct Vouched {
    pub(super) sid: Sid,
    /// The groups, nested ones included.
    pub(super) groups: Vec<Sid>,
    pub(super) mechanism: Mechanism,
}

/// Why a mechanism vouches for nobody.
pub(super) enum Denied {
    /// It could not be used, which says nothing about the user.
    Unusable(SignInError),
    /// This is its verdict, or it was used and gave none.
    Verdict(SignInError),
}

impl From<Denied> for SignInError {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Unusable(error) | Denied::Verdict(error) => error,
        }
    }
}

impl From<SignInError> for Denied {
    /// Without a controller, without a key for our service, or without a common encryption type, a mechanism could
    /// not be used. All else is a verdict, and above all a wrong password and a disabled account are.
    fn from(error: SignInError) -> Self {
        let unusable = match &error {
            SignInError::Failed(error) => matches!(error, Error::Unreachable(_)),
            SignInError::Refused(refusal) => matches!(
                refusal.reason(),
                Reason::KerberosUnavailable | Reason::MechanismUnavailable
            ),
        };
        if unusable {
            Self::Unusable(error)
        } else {
            Self::Verdict(error)
        }
    }
}

impl From<Error> for Denied {
    fn from(error: Error) -> Self {
        SignInError::from(error).into()
    }
}

impl From<Refusal> for Denied {
    fn from(refusal: Refusal) -> Self {
        SignInError::from(refusal).into()
    }
}

impl SignInSource {
    /// What vouches for `user` by the mode, and why it is not Kerberos where it could have been.
    pub(super) async fn vouched(
        &self,
        lookup: &Lookup<'_>,
        user: &User,
        proof: Proof<'_>,
        ongoing: &Ongoing<'_>,
    ) -> Result<(Vouched, Option<Refusal>), SignInError> {
        let left = ongoing.left();
        match (self.common.settings.mode, proof) {
            (Mode::ModernOnly, Proof::Password(password)) => {
                Ok((self.by_kerberos(user, password, left).await?, None))
            }
            (Mode::ModernOnly, Proof::Hash(_)) => {
                let detail = "a saved sign-in needs NTLM, which mode modern never uses";
                Err(Refusal::new(Reason::NtlmNotAdmitted, detail).into())
            }
            (Mode::LegacyOnly, Proof::Password(password)) => {
                let hash = NtHash::from_password(password.clone());
                Ok((self.by_ntlm(lookup, user, &hash).await?, None))
            }
            (Mode::LegacyOnly | Mode::Auto, Proof::Hash(hash)) => {
                Ok((self.by_ntlm(lookup, user, hash).await?, None))
            }
            // Where no KDC is there, time must be left for NTLM.
            (Mode::Auto, Proof::Password(password)) => match self.by_kerberos(user, password, left / 2).await
            {
                Ok(vouched) => Ok((vouched, None)),
                Err(Denied::Verdict(error)) => Err(error),
                Err(Denied::Unusable(error)) => self.fall_back(lookup, user, password, error, ongoing).await,
            },
        }
    }

    /// NTLM in place of Kerberos, which could not be used for the reason `unusable`.
    async fn fall_back(
        &self,
        lookup: &Lookup<'_>,
        user: &User,
        password: &Password,
        unusable: SignInError,
        ongoing: &Ongoing<'_>,
    ) -> Result<(Vouched, Option<Refusal>), SignInError> {
        let because = match &unusable {
            SignInError::Refused(refusal) => refusal.clone(),
            SignInError::Failed(error) => Refusal::new(Reason::Unreachable, error.to_string()),
        };
        if user.dn != STAND_IN {
            let (account, because) = (&*user.dn, &because);
            ongoing.record(AuditEvent::FellBack { account, because });
        }
        let hash = NtHash::from_password(password.clone());
        match self.by_ntlm(lookup, user, &hash).await {
            Ok(vouched) => Ok((vouched, Some(because))),
            Err(Denied::Verdict(error)) => Err(error),
            // Neither could be used: the first tells more.
            Err(Denied::Unusable(_)) => Err(unusable),
        }
    }
}
