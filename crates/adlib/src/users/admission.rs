//! Whether who signed in is a user of the application, or becomes one (R12).

use std::sync::Arc;

use adlib_schema::record::User;

use super::{ListedUser, Provisioning, UserList};
use crate::{Error, Identity, Reason, Refusal, SignInError};

/// Who is let in of those who have proven themselves.
#[derive(Clone, Default)]
pub(crate) struct Admission {
    list: Option<Arc<dyn UserList>>,
    /// Groups, and the profiles of their members; the first that fits decides.
    rules: Vec<(String, String)>,
}

/// How somebody is let in.
pub(crate) enum Admitted {
    /// Whoever the list has, or everybody where there is none.
    AsListed,
    /// As a user that the list has only now, with this profile.
    Provisioned(String),
}

impl Admission {
    pub(crate) fn new(list: Option<Arc<dyn UserList>>, rules: Vec<(String, String)>) -> Self {
        Self { list, rules }
    }

    /// The rules of provisioning.
    pub(crate) fn rules(&self) -> &[(String, String)] {
        &self.rules
    }

    /// The list, if there is one.
    pub(crate) fn list(&self) -> Option<&Arc<dyn UserList>> {
        self.list.as_ref()
    }

    /// Let `identity` in, if the list has the user, or a rule makes one of the account that `user` finds.
    pub(crate) async fn admit(
        &self,
        identity: &mut Identity,
        user: impl Future<Output = Result<Option<User>, Error>>,
    ) -> Result<Admitted, SignInError> {
        let Some(list) = &self.list else {
            return Ok(Admitted::AsListed);
        };
        if let Some(listed) = list.find(identity).await? {
            take(identity, listed)?;
            return Ok(Admitted::AsListed);
        }
        let profile = identity.profile.clone();
        let profile = profile.ok_or_else(|| not_provisioned(identity, self.why_not()))?;
        let unknown = || not_provisioned(identity, "the account is not in the configured directory");
        let user = user.await?.ok_or_else(unknown)?;
        match list.create(identity, &user, &profile).await? {
            Provisioning::Created(listed) => take(identity, listed)?,
            Provisioning::Refused(why) => return Err(not_provisioned(identity, &why).into()),
        }
        Ok(Admitted::Provisioned(profile))
    }

    fn why_not(&self) -> &'static str {
        match self.rules.is_empty() {
            true => "there is no rule to provision users by",
            false => "the account is in no group that is mapped to a profile",
        }
    }
}

/// The listed user is who signed in, unless the application has blocked the user.
fn take(identity: &mut Identity, listed: ListedUser) -> Result<(), Refusal> {
    if !listed.may_sign_in {
        let detail = format!(
            "{}\\{} is blocked in the user list",
            identity.domain, identity.account
        );
        return Err(Refusal::new(Reason::BlockedHere, detail));
    }
    identity.user_id = Some(listed.id);
    Ok(())
}

fn not_provisioned(identity: &Identity, why: &str) -> Refusal {
    let who = format!("{}\\{}", identity.domain, identity.account);
    let detail = format!("{who} is not in the user list, and {why}");
    Refusal::new(Reason::NotProvisioned, detail)
}
