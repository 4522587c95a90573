//! What a KDC says, and what the account's attributes say, as one exact reason (R9).

use std::fmt;

use adlib_core::UnixTime;
use adlib_kdc::{NotSupported, Rejection, TicketError};
use adlib_schema::record::{AccountState, User};

use crate::{Error, Reason, Refusal, SignInError};

/// Why there is no ticket for `user`.
pub(super) fn of(error: &TicketError, user: &User, now: UnixTime) -> SignInError {
    let reason = match error {
        TicketError::Rejected(rejection) => of_rejection(*rejection, &user.state, now),
        TicketError::NotSupported(NotSupported::OtherRealm) => Reason::KerberosUnavailable,
        TicketError::NotSupported(_) => Reason::MechanismUnavailable,
        TicketError::Unreachable(_) | TicketError::NotLocated { .. } => {
            return Error::Unreachable(error.to_string()).into();
        }
        TicketError::Armour(cause) => {
            return match &**cause {
                TicketError::Unreachable(_) | TicketError::NotLocated { .. } => {
                    Error::Unreachable(error.to_string())
                }
                _ => Error::Configuration(error.to_string()),
            }
            .into();
        }
        _ => Reason::RefusedByController,
    };
    Refusal::new(reason, format!("{}: {error}", user.dn)).into()
}

fn of_rejection(rejection: Rejection, state: &AccountState, now: UnixTime) -> Reason {
    match rejection {
        Rejection::UnknownPrincipal | Rejection::WrongRealm => Reason::UnknownUser,
        Rejection::WrongPassword => Reason::WrongPassword,
        Rejection::Disabled => Reason::Disabled,
        Rejection::AccountExpired => Reason::AccountExpired,
        Rejection::Locked => Reason::Locked,
        Rejection::Revoked => revoked(state, now),
        Rejection::PasswordExpired => Reason::PasswordExpired,
        Rejection::MustChangePassword => Reason::MustChangePassword,
        Rejection::KeyExpired if state.must_change_password => Reason::MustChangePassword,
        Rejection::KeyExpired => Reason::PasswordExpired,
        Rejection::LogonHours => Reason::LogonHours,
        Rejection::Workstation => Reason::Workstation,
        Rejection::SmartcardRequired => Reason::SmartcardRequired,
        Rejection::ClockSkew { .. } => Reason::ClockSkew,
        Rejection::ServiceUnknown | Rejection::EtypeUnsupported => Reason::KerberosUnavailable,
        _ => Reason::RefusedByController,
    }
}

/// Why a controller did not take a response for `account`, or was given none. None of the reasons but the controller's own
/// word says anything about the password.
pub(super) fn of_bind(error: adlib_ldap::Error, account: &impl fmt::Display) -> SignInError {
    use adlib_ldap::Error as Ldap;
    let (reason, mend) = match &error {
        Ldap::BindRefused { rejection, .. } => (of_bind_rejection(*rejection), ""),
        // What to do about it stands in these errors.
        Ldap::SaslOverTlsRefused { .. }
        | Ldap::StrongerAuthRequired { .. }
        | Ldap::LayerNotOffered { .. } => (Reason::MechanismUnavailable, ""),
        Ldap::WrongProtection { .. } => (Reason::MechanismUnavailable, "; use transport = \"ldaps\""),
        Ldap::Mechanism { .. } => (
            Reason::ControllerNotAuthenticated,
            "; no controller in order answers like that: see what is between here and it",
        ),
        _ => return Error::from(error).into(),
    };
    Refusal::new(reason, format!("{account}: {error}{mend}")).into()
}

/// What a server's refusal of a bind is.
pub(crate) fn of_bind_rejection(rejection: adlib_ldap::Rejection) -> Reason {
    use adlib_ldap::Rejection as Bind;
    match rejection {
        Bind::WrongPassword => Reason::WrongPassword,
        Bind::UnknownUser => Reason::UnknownUser,
        Bind::NtlmBlocked => Reason::MechanismUnavailable,
        Bind::AccountRestriction => Reason::AccountRestriction,
        Bind::LogonHours => Reason::LogonHours,
        Bind::Workstation => Reason::Workstation,
        Bind::PasswordExpired => Reason::PasswordExpired,
        Bind::Disabled => Reason::Disabled,
        Bind::AccountExpired => Reason::AccountExpired,
        Bind::MustChangePassword => Reason::MustChangePassword,
        Bind::Locked => Reason::Locked,
        _ => Reason::RefusedByController,
    }
}

/// A KDC says "revoked" for disabled, expired and locked accounts alike: the attributes tell which.
fn revoked(state: &AccountState, now: UnixTime) -> Reason {
    if !state.enabled {
        Reason::Disabled
    } else if state.expires.is_some_and(|expires| expires <= now) {
        Reason::AccountExpired
    } else if state.locked_since.is_some() {
        Reason::Locked
    } else {
        Reason::RefusedByController
    }
}

#[cfg(test)]
mod tests {
    use adlib_schema::record::Key;

    use super::*;

    const NOW: UnixTime = UnixTime::from_seconds(1_700_000_000);

    fn reason(rejection: Rejection, change: impl FnOnce(&mut AccountState)) -> Reason {
        let mut state = AccountState::default();
        change(&mut state);
        of_rejection(rejection, &state, NOW)
    }

    /// R9: what the application's own account lacks is a fault of the configuration or of the network, and none of the user.
    #[test]
    fn r09_no_armour_says_nothing_about_the_user() {
        let user = User::new(Key::new("ada"), "CN=Ada", "CORP", "ada");
        let said = |cause| of(&TicketError::Armour(Box::new(cause)), &user, NOW);
        assert!(matches!(
            said(Rejection::WrongPassword.into()),
            SignInError::Failed(Error::Configuration(_))
        ));
        let unreachable = adlib_kdc::Unreachable::default();
        assert!(matches!(
            said(unreachable.into()),
            SignInError::Failed(Error::Unreachable(_))
        ));
    }

    /// R9: what keeps a bind from being made is no verdict, and says what to do.
    #[test]
    fn r09_a_bind_that_cannot_be_made_has_a_reason_of_its_own() {
        use adlib_core::gss::Protection;
        let endpoint = || "dc1:636".to_owned();
        for (error, expected, mend) in [
            (
                adlib_ldap::Error::SaslOverTlsRefused {
                    endpoint: endpoint(),
                    message: adlib_ldap::ServerMessage::default(),
                },
                Reason::MechanismUnavailable,
                "allow_sasl_over_tls",
            ),
            (
                adlib_ldap::Error::WrongProtection {
                    endpoint: endpoint(),
                    needed: Protection::Confidentiality,
                    agreed: Protection::None,
                },
                Reason::MechanismUnavailable,
                "ldaps",
            ),
            (
                adlib_ldap::Error::Mechanism {
                    endpoint: endpoint(),
                    name: "ada".to_owned(),
                    reason: "mic",
                    detail: "the MIC is wrong".to_owned(),
                },
                Reason::ControllerNotAuthenticated,
                "the MIC is wrong",
            ),
        ] {
            let SignInError::Refused(refusal) = of_bind(error, &"CN=Ada") else {
                panic!("an error, not a reason");
            };
            assert_eq!(*refusal.reason(), expected);
            assert!(refusal.detail().contains(mend), "{refusal}");
        }
    }

    /// R9: "revoked" is disabled, expired or locked.
    #[test]
    fn r09_revoked_is_resolved_by_the_attributes() {
        let revoked = |change: fn(&mut AccountState)| reason(Rejection::Revoked, change);
        assert_eq!(revoked(|state| state.enabled = false), Reason::Disabled);
        assert_eq!(revoked(|state| state.expires = Some(NOW)), Reason::AccountExpired);
        assert_eq!(revoked(|state| state.locked_since = Some(NOW)), Reason::Locked);
        assert_eq!(revoked(|_| {}), Reason::RefusedByController);
        assert_eq!(
            revoked(|state| state.expires = Some(UnixTime::from_seconds(1_700_000_001))),
            Reason::RefusedByController,
            "not expired yet"
        );
    }

    /// R9: "the key has expired" is a password to be changed, or an old one.
    #[test]
    fn r09_an_expired_key_is_resolved_by_the_attributes() {
        assert_eq!(
            reason(Rejection::KeyExpired, |state| state.must_change_password = true),
            Reason::MustChangePassword
        );
        assert_eq!(reason(Rejection::KeyExpired, |_| {}), Reason::PasswordExpired);
    }
}
