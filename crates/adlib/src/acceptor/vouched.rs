//! From what a mechanism vouches for to an identity.

use adlib_core::Sid;
use adlib_schema::record::Key;

use super::Acceptor;
use crate::{Evidence, GroupIdentity, Identity, Mechanism, NegotiationEvidence, SignInError};

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

impl Acceptor {
    /// Who signed in.
    pub(super) async fn identity(
        &self,
        vouched: Vouched,
        negotiation: NegotiationEvidence,
    ) -> Result<Identity, SignInError> {
        let known = self.known(&vouched).await?;
        Ok(Identity {
            sid: known.sid,
            key: known.key,
            account: vouched.account,
            domain: vouched.domain,
            upn: vouched.upn,
            full_name: vouched.full_name,
            groups: known.groups,
            profile: known.profile,
            evidence: Evidence {
                account_dn: known.dn,
                mechanism: vouched.mechanism,
                fallback: None,
                negotiation: Some(negotiation),
            },
        })
    }

    /// What is known of the client besides what the mechanism says: without a directory, nothing.
    async fn known(&self, vouched: &Vouched) -> Result<Known, SignInError> {
        #[cfg(feature = "signin")]
        if let Some(directory) = &self.inner.directory {
            return directory::known(directory, &self.inner.provision, vouched).await;
        }
        let unnamed = |sid: &Sid| GroupIdentity {
            sid: Some(*sid),
            name: None,
        };
        Ok(Known {
            sid: vouched.sid,
            groups: vouched.groups.iter().map(unnamed).collect(),
            profile: None,
            key: None,
            dn: None,
        })
    }
}

/// What a directory knows of a client.
struct Known {
    sid: Option<Sid>,
    key: Option<Key>,
    groups: Vec<GroupIdentity>,
    profile: Option<String>,
    dn: Option<String>,
}

#[cfg(feature = "signin")]
mod directory {
    use adlib_schema::record::User;
    use adlib_upn::AccountCase;

    use super::{Known, Vouched};
    use crate::{
        Directory, Error, GroupIdentity, SignInError,
        authenticator::{Accounts, Wanted, profile},
        directory::Lookup,
    };

    /// What `directory` knows of whom a mechanism vouches for.
    pub(super) async fn known(
        directory: &Directory,
        provision: &[(String, String)],
        vouched: &Vouched,
    ) -> Result<Known, SignInError> {
        let lookup = directory.lookup().await?;
        let mut names = lookup.group_names(&vouched.groups).await?;
        let groups: Vec<GroupIdentity> = vouched
            .groups
            .iter()
            .map(|sid| GroupIdentity {
                sid: Some(*sid),
                name: names.remove(sid),
            })
            .collect();
        let account = match vouched.sid {
            Some(_) => None,
            None => by_name(&lookup, vouched).await?,
        };
        let profile = profile(provision, &groups, &vouched.domain);
        Ok(Known {
            sid: vouched.sid.or_else(|| account.as_ref()?.sid),
            key: account.as_ref().map(|user| user.key.clone()),
            groups,
            profile,
            dn: account.map(|user| user.dn),
        })
    }

    /// The account of this name, where the policy does without a PAC and the name is all there is.
    async fn by_name(lookup: &Lookup<'_>, vouched: &Vouched) -> Result<Option<User>, Error> {
        let found = lookup
            .find(&vouched.domain, Wanted::Account(&vouched.account))
            .await?;
        let case = AccountCase::Insensitive;
        let mut same = found.into_iter();
        Ok(same.find(|user| case.same(&user.account, &vouched.account)))
    }
}
