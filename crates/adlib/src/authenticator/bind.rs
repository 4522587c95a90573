//! Directories other than Active Directory: the user is found by the configured filter, and a simple bind as that entry
//! decides (R39).

use adlib_core::{Password, UnixTime};
use adlib_ldap::Connection;
use adlib_schema::record::{Group, User};
use adlib_upn::{AccountCase, LogonName};

use super::{
    STAND_IN,
    attempt::Ongoing,
    mechanism::Proof,
    profile, reason, resolve,
    source::{Absence, Proven, SignInSource},
};
use crate::{
    BindEvidence, Error, Evidence, GroupIdentity, Identity, Mechanism, Reason, Refusal, SignInError,
    directory::{Found, Lookup},
};

impl SignInSource {
    /// The entry that `name` finds.
    pub(super) async fn find_entry(&self, lookup: &Lookup<'_>, name: &str) -> Result<Found, Absence> {
        let name = name_to_look_up(name)?;
        let mut found = lookup.found_by_filter(&name).await?;
        found.retain(|found| is_meant(&found.user, &name, self.common.settings.account_case));
        Ok(resolve::only(found, &name)?)
    }

    /// Who the directory takes `found` for.
    pub(super) async fn by_bind(
        &self,
        lookup: &Lookup<'_>,
        found: Found,
        ongoing: &Ongoing<'_>,
    ) -> Result<Proven, SignInError> {
        let Found { place, user } = found;
        let password = password_of(ongoing)?;
        let connection = lookup.server(place).await?;
        bind(&connection, &user, password).await?;
        usable(&user, self.common.clock.now())?;
        let groups = lookup.groups_of(place, &user).await?;
        let identity = self.identity_of(&connection, user.clone(), &groups);
        Ok(Proven { identity, user })
    }

    /// The exchanges of a wrong password for a name that stands for nobody, so that the two look alike from outside
    /// (R9): a password that is nobody's goes to the same server, as that of an entry that does not exist.
    pub(super) async fn stand_in_bind(&self, lookup: &Lookup<'_>, proof: Proof<'_>) -> Result<(), Error> {
        let Proof::Password(password) = proof else {
            return Ok(());
        };
        let Some(base) = lookup.base(0) else { return Ok(()) };
        let connection = lookup.server(0).await?;
        let nobody = format!("uid={STAND_IN},{base}");
        match connection
            .bind_simple(&nobody, password)
            .await
            .map_err(Error::from)
        {
            Err(error @ Error::Unreachable(_)) => Err(error),
            _ => Ok(()),
        }
    }

    fn identity_of(&self, connection: &Connection, user: User, groups: &[Group]) -> Identity {
        let group = |group: &Group| GroupIdentity {
            sid: group.sid,
            name: Some(group.qualified_name()),
        };
        let groups: Vec<GroupIdentity> = groups.iter().map(group).collect();
        Identity {
            sid: user.sid,
            profile: profile(&self.common.provision, &groups, &user.domain),
            key: Some(user.key),
            account: user.account,
            domain: user.domain,
            upn: user.upn,
            full_name: user.full_name,
            groups,
            user_id: None,
            evidence: Evidence {
                source: self.role,
                account_dn: Some(user.dn),
                mechanism: Mechanism::Bind(BindEvidence {
                    server: connection.endpoint().to_owned(),
                }),
                fallback: None,
                negotiation: None,
            },
        }
    }
}

/// The name that was typed, whatever its form: an account name, or one with an `@` in it.
fn name_to_look_up(name: &str) -> Result<String, Refusal> {
    match LogonName::parse(name) {
        Ok(name @ (LogonName::Upn(_) | LogonName::Bare(_))) => Ok(name.to_string()),
        Ok(_) => {
            let detail = "a name of the form DOMAIN\\user is none of this directory";
            Err(Refusal::new(Reason::DownLevelName, detail))
        }
        Err(error) => Err(Refusal::new(Reason::InvalidName, error.to_string())),
    }
}

/// Whether an entry that the filter finds may be meant by `name`: where case counts, another spelling of the account's
/// name is not it (R3). The filter may look at other attributes too.
fn is_meant(user: &User, name: &str, case: AccountCase) -> bool {
    case.same(&user.account, name) || !AccountCase::Insensitive.same(&user.account, name)
}

async fn bind(connection: &Connection, user: &User, password: &Password) -> Result<(), SignInError> {
    let bound = connection.bind_simple(&user.dn, password).await;
    bound.map_err(|error| reason::of_bind(error, &user.dn))
}

/// The password, without which no bind can be made.
fn password_of<'a>(ongoing: &Ongoing<'a>) -> Result<&'a Password, Refusal> {
    match ongoing.proof {
        Proof::Password(password) => Ok(password),
        Proof::Hash(_) => {
            let detail = "a saved sign-in keeps no password, and this directory takes nothing else";
            Err(Refusal::new(Reason::MechanismUnavailable, detail))
        }
    }
}

/// Servers take a bind of entries that only their attributes call disabled or expired, as RFC 2307 does.
fn usable(user: &User, now: UnixTime) -> Result<(), Refusal> {
    let refused = |reason| Err(Refusal::new(reason, format!("{}: by its attributes", user.dn)));
    let state = &user.state;
    if !state.enabled {
        refused(Reason::Disabled)
    } else if state.expires.is_some_and(|expires| expires <= now) {
        refused(Reason::AccountExpired)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adlib_schema::record::Key;

    fn user(account: &str) -> User {
        User::new(Key::new("1"), "uid=x", "example.org", account)
    }

    /// R3, R39
    #[test]
    fn r39_case_counts_where_the_policy_says_so() {
        assert!(is_meant(&user("Ada"), "ada", AccountCase::Insensitive));
        assert!(!is_meant(&user("Ada"), "ada", AccountCase::Sensitive));
        assert!(is_meant(&user("ada"), "ada", AccountCase::Sensitive));
        assert!(
            is_meant(&user("ada"), "ada@example.org", AccountCase::Sensitive),
            "found by mail"
        );
    }

    /// R2, R39
    #[test]
    fn r39_names_without_a_domain_are_names_here() {
        assert_eq!(name_to_look_up("ada").unwrap(), "ada");
        assert_eq!(name_to_look_up("ada@example.org").unwrap(), "ada@example.org");
        for (name, reason) in [
            ("*)(uid=*", "invalid-name"),
            ("", "invalid-name"),
            (r"X\ada", "down-level-name"),
        ] {
            assert_eq!(
                name_to_look_up(name).unwrap_err().reason().as_str(),
                reason,
                "{name}"
            );
        }
    }

    /// R39
    #[test]
    fn r39_attributes_may_forbid_what_a_bind_allows() {
        let now = UnixTime::from_seconds(1_000);
        let mut ada = user("ada");
        assert_eq!(usable(&ada, now), Ok(()));
        ada.state.expires = Some(now);
        assert_eq!(usable(&ada, now).unwrap_err().reason(), &Reason::AccountExpired);
        ada.state.enabled = false;
        assert_eq!(usable(&ada, now).unwrap_err().reason(), &Reason::Disabled);
    }
}
