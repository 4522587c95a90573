//! From what a mechanism vouches for to an identity.

use adlib_core::Sid;

use super::Acceptor;
use crate::{Evidence, GroupIdentity, Identity, Mechanism, NegotiationEvidence, SignInError, SourceRole};

/// Whom a mechanism vouches for.
pub(super) struct Vouched {
    /// `None` where only a name is vouched for.
    pub(super) sid: Option<Sid>,
    pub(super) account: String,
    /// The DNS name, in lower case.
    pub(super) domain: String,
    pub(super) upn: Option<String>,
    pub(super) full_name: Option<String>,
    pub(super) groups: Vec<Sid>,
    pub(super) mechanism: Mechanism,
    /// Whether SPNEGO was around the tokens.
    pub(super) wrapped: bool,
}

impl Vouched {
    /// Whether it is Kerberos that vouches.
    pub(super) const fn is_kerberos(&self) -> bool {
        matches!(self.mechanism, Mechanism::Kerberos(_))
    }
}

impl Vouched {
    /// Who signed in, as far as the mechanism says.
    fn into_identity(self, negotiation: NegotiationEvidence) -> Identity {
        let unnamed = |sid: &Sid| GroupIdentity {
            sid: Some(*sid),
            name: None,
        };
        Identity {
            sid: self.sid,
            key: None,
            groups: self.groups.iter().map(unnamed).collect(),
            account: self.account,
            domain: self.domain,
            upn: self.upn,
            full_name: self.full_name,
            profile: None,
            user_id: None,
            evidence: Evidence {
                source: SourceRole::Primary,
                account_dn: None,
                mechanism: self.mechanism,
                fallback: None,
                negotiation: Some(negotiation),
            },
        }
    }
}

impl Acceptor {
    /// Who signed in, if the application lets the user in.
    pub(super) async fn identity(
        &self,
        vouched: Vouched,
        negotiation: NegotiationEvidence,
    ) -> Result<Identity, SignInError> {
        let identity = vouched.into_identity(negotiation);
        #[cfg(feature = "signin")]
        let identity = self.with_directory(identity).await?;
        Ok(identity)
    }
}

#[cfg(feature = "signin")]
mod directory {
    use adlib_core::Sid;
    use adlib_schema::record::User;
    use adlib_upn::AccountCase;

    use super::Acceptor;
    use crate::{
        AuditEvent, Directory, Error, Identity, SignInError, SourceRole,
        authenticator::{Accounts, Wanted, profile},
        directory::Lookup,
        users::Admitted,
    };

    impl Acceptor {
        /// `identity`, with what the account's directory knows besides, if the application lets the user in.
        pub(super) async fn with_directory(&self, mut identity: Identity) -> Result<Identity, SignInError> {
            let admission = &self.inner.admission;
            let Some((role, directory)) = self.directory_of(&identity.domain) else {
                admission.admit(&mut identity, async { Ok(None) }).await?;
                return Ok(identity);
            };
            identity.evidence.source = role;
            let lookup = directory.lookup().await?;
            name_groups(&mut identity, &lookup).await?;
            if identity.sid.is_none() {
                let account = by_name(&lookup, &identity.domain, &identity.account).await?;
                identity.sid = account.as_ref().and_then(|user| user.sid);
                identity.key = account.as_ref().map(|user| user.key.clone());
                identity.evidence.account_dn = account.map(|user| user.dn);
            }
            identity.profile = profile(admission.rules(), &identity.groups, &identity.domain);
            let (domain, account, sid) = (identity.domain.clone(), identity.account.clone(), identity.sid);
            let user = vouched_for(&lookup, &domain, &account, sid);
            if let Admitted::Provisioned(profile) = admission.admit(&mut identity, user).await? {
                let (identity, profile) = (&identity, &*profile);
                self.record(AuditEvent::Provisioned { identity, profile });
            }
            Ok(identity)
        }

        /// The directory that has `domain`; else the primary one.
        fn directory_of(&self, domain: &str) -> Option<(SourceRole, &Directory)> {
            let roles = [SourceRole::Primary, SourceRole::Secondary];
            let mut sources = roles.into_iter().zip(&self.inner.directories);
            let has = |(_, directory): &(_, &Directory)| {
                let mut domains = directory.domains().into_iter();
                domains.any(|known| known.eq_ignore_ascii_case(domain))
            };
            let first = sources.clone().next();
            sources.find(has).or(first)
        }
    }

    async fn name_groups(identity: &mut Identity, lookup: &Lookup<'_>) -> Result<(), Error> {
        let sids: Vec<Sid> = identity.groups.iter().filter_map(|group| group.sid).collect();
        let mut names = lookup.group_names(&sids).await?;
        for group in &mut identity.groups {
            group.name = group.sid.and_then(|sid| names.remove(&sid));
        }
        Ok(())
    }

    /// The account that a mechanism vouches for, to make a user of it. Its SID decides, and not the name alone.
    async fn vouched_for(
        lookup: &Lookup<'_>,
        domain: &str,
        account: &str,
        sid: Option<Sid>,
    ) -> Result<Option<User>, Error> {
        let user = by_name(lookup, domain, account).await?;
        Ok(user.filter(|user| user.sid.is_some() && user.sid == sid))
    }

    /// The account of this name, where the policy does without a PAC and the name is all there is.
    async fn by_name(lookup: &Lookup<'_>, domain: &str, account: &str) -> Result<Option<User>, Error> {
        let found = lookup.find(domain, Wanted::Account(account)).await?;
        let case = AccountCase::Insensitive;
        let mut same = found.into_iter();
        Ok(same.find(|user| case.same(&user.account, account)))
    }
}
