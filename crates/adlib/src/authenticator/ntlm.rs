//! By NTLM: a controller that has proven itself compares a response to its challenge (R7).

use adlib_core::Sid;
use adlib_ldap::SaslMechanism;
use adlib_ntlm::{Account, NtHash};
use adlib_schema::{RawEntry, RootDse, lookup, record::User};

use super::{
    mechanism::{Denied, Vouched},
    reason,
    source::SignInSource,
};
use crate::{
    Error, Mechanism, NtlmEvidence, Reason, Refusal,
    directory::{Lookup, bind_ntlm},
};

impl SignInSource {
    /// What a controller of the user's domain vouches for, once it has taken a response made with `hash`.
    pub(super) async fn by_ntlm(
        &self,
        accounts: &Lookup<'_>,
        user: &User,
        hash: &NtHash,
    ) -> Result<Vouched, Denied> {
        let authenticated = accounts.controllers_prove_themselves().ok_or_else(|| {
            let detail = "NTLM needs a controller to ask, and the directory is in files";
            Refusal::new(Reason::MechanismUnavailable, detail)
        })?;
        if !authenticated && !self.common.settings.danger_accept_unauthenticated_controller {
            let detail = "a controller that does not prove itself by a certificate could let anybody in; use \
                          transport = \"ldaps\" or \"starttls\"";
            return Err(Refusal::new(Reason::ControllerNotAuthenticated, detail).into());
        }
        let connection = accounts.controller(&user.domain).await?;
        let account = Account {
            user: user.account.clone(),
            domain: user.domain.clone(),
        };
        let bound = bind_ntlm(&connection, &account, hash, self.common.clock.now()).await?;
        bound.map_err(|error| reason::of_bind(error, &user.dn))?;
        let root_dse = connection.root_dse().await.map_err(Error::from)?;
        let context = lookup::security_context(&root_dse);
        let sid = vouched_sid(user, &context)?;
        let clock_difference_s = self.clock_difference(&root_dse)?;
        let bindings = connection.channel(SaslMechanism::GssSpnego).bindings;
        Ok(Vouched {
            sid,
            groups: groups(&context, sid),
            mechanism: Mechanism::Ntlm(NtlmEvidence {
                controller: connection.endpoint().to_owned(),
                controller_authenticated: authenticated,
                bindings: if bindings.is_some() { "bound" } else { "absent" },
                clock_difference_s,
            }),
        })
    }
}

impl SignInSource {
    /// The controller's time less ours, if it is within the tolerance (R10).
    fn clock_difference(&self, root_dse: &RawEntry) -> Result<Option<i64>, Refusal> {
        let Some(time) = RootDse::of(root_dse).time else {
            return Ok(None);
        };
        let difference = time.seconds_after(self.common.clock.now());
        let tolerance = self.common.settings.clock_tolerance.as_secs();
        if difference.unsigned_abs() > tolerance {
            let detail = format!(
                "the controller's clock is {difference} s ahead of ours; at most {tolerance} s are tolerated"
            );
            return Err(Refusal::new(Reason::ClockSkew, detail));
        }
        Ok(Some(difference))
    }
}

/// The SID of the account that was found, if it is in the security context (R18). Users are in no other user's.
fn vouched_sid(user: &User, context: &[Sid]) -> Result<Sid, Refusal> {
    match user.sid {
        Some(sid) if context.contains(&sid) => Ok(sid),
        Some(sid) => Err(Refusal::new(
            Reason::SidMismatch,
            format!("{} has {sid}, which the controller does not vouch for", user.dn),
        )),
        None => Err(Refusal::new(
            Reason::SidMismatch,
            format!("{} has no SID to compare", user.dn),
        )),
    }
}

/// The domain groups in the security context of `user`, as a ticket would name them: without those that say how
/// somebody came in, such as "Network", and those of the controller itself.
fn groups(context: &[Sid], user: Sid) -> Vec<Sid> {
    const NT_AUTHORITY: u64 = 5;
    const DOMAIN: u32 = 21;
    let of_a_domain =
        |sid: &Sid| sid.authority() == NT_AUTHORITY && sid.sub_authorities().first() == Some(&DOMAIN);
    let mut groups: Vec<Sid> = context.iter().copied().filter(of_a_domain).collect();
    groups.retain(|sid| *sid != user);
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use adlib_schema::record::Key;

    fn sid(text: &str) -> Sid {
        text.parse().unwrap()
    }

    /// R18
    #[test]
    fn r18_the_controller_must_vouch_for_the_account_found() {
        let mut user = User::new(Key::new("1"), "CN=Ada", "corp.example.com", "ada");
        let context = [
            sid("S-1-5-21-1-2-3-1104"),
            sid("S-1-5-21-1-2-3-513"),
            sid("S-1-5-2"),
        ];
        let reason = |user: &User| vouched_sid(user, &context).map_err(|refusal| refusal.reason().clone());
        assert_eq!(reason(&user), Err(Reason::SidMismatch));
        user.sid = Some(sid("S-1-5-21-1-2-3-1105"));
        assert_eq!(reason(&user), Err(Reason::SidMismatch));
        user.sid = Some(context[0]);
        assert_eq!(reason(&user), Ok(context[0]));
        assert_eq!(groups(&context, context[0]), [context[1]]);
    }
}
