//! From the account that was found and what a controller vouches for to an identity.

use adlib_core::Sid;
use adlib_schema::record::User;
use adlib_upn::AccountCase;

use super::{mechanism::Vouched, source::SignInSource};
use crate::{Error, Evidence, GroupIdentity, Identity, Refusal, directory::Lookup};

impl SignInSource {
    /// Who signed in.
    pub(super) async fn identity(
        &self,
        lookup: &Lookup<'_>,
        user: &User,
        vouched: Vouched,
        fallback: Option<Refusal>,
    ) -> Result<Identity, Error> {
        let mut names = lookup.group_names(&vouched.groups).await?;
        let group = |sid: &Sid| GroupIdentity {
            sid: Some(*sid),
            name: names.remove(sid),
        };
        let groups: Vec<GroupIdentity> = vouched.groups.iter().map(group).collect();
        Ok(Identity {
            sid: Some(vouched.sid),
            key: Some(user.key.clone()),
            account: user.account.clone(),
            domain: user.domain.clone(),
            upn: user.upn.clone(),
            full_name: user.full_name.clone(),
            profile: profile(&self.common.provision, &groups, &user.domain),
            groups,
            user_id: None,
            evidence: Evidence {
                source: self.role,
                account_dn: Some(user.dn.clone()),
                mechanism: vouched.mechanism,
                fallback,
                negotiation: None,
            },
        })
    }
}

/// The profile of the first rule whose group is among `groups` (R12). A name without a domain is a group of the
/// user's own domain: another domain's administrator must not be able to grant it.
pub(crate) fn profile(rules: &[(String, String)], groups: &[GroupIdentity], domain: &str) -> Option<String> {
    let is_in = |wanted: &str| {
        let wanted = if wanted.contains('\\') {
            wanted.to_owned()
        } else {
            format!("{domain}\\{wanted}")
        };
        let mut names = groups.iter().filter_map(GroupIdentity::name);
        names.any(|name| AccountCase::Insensitive.same(name, &wanted))
    };
    rules
        .iter()
        .find(|(group, _)| is_in(group))
        .map(|(_, profile)| profile.clone())
}
