//! Why there is no ticket.

use adlib_core::UnixTime;

use adlib_kerberos::initiator::ExchangeError;

use crate::{KrbError, LocateError, Unreachable};

/// A ticket that could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TicketError {
    /// A KDC answered, and refuses.
    #[error("the KDC refuses: {0}")]
    Rejected(#[from] Rejection),
    /// No KDC gave an answer.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// This source of tickets cannot ask for what was asked.
    #[error("this source of tickets cannot ask: {0}")]
    NotSupported(#[from] NotSupported),
    /// The KDCs of a realm that another one referred to cannot be found.
    #[error("the KDCs of {realm}: {source}")]
    NotLocated {
        /// The realm.
        realm: String,
        /// Why not.
        source: LocateError,
        /// Whether the KDC of another realm answered before, as it has where it refers to this one.
        reached: bool,
    },
    /// The KDC's answer is not one to what was asked.
    #[error(transparent)]
    Exchange(ExchangeError),
    /// The application's own account has no ticket to armour the exchange with: this says nothing about the user.
    #[error("no armour for the exchange: {0}")]
    Armour(Box<TicketError>),
    /// The operating system gives no random numbers.
    #[error("the operating system gives no random numbers")]
    NoRandom,
    /// The KDC's answers make no sense, or are a liar's.
    #[error("the KDC's answers cannot be used: {detail}")]
    Protocol {
        /// What happened, for the operator.
        detail: String,
    },
}

impl TicketError {
    /// Whether a KDC is there, although the answer that counts did not come ([`Unreachable::reached`]): whoever is between
    /// here and the next one, or its name, must gain nothing by it (R5).
    #[must_use]
    pub fn is_cut_short(&self) -> bool {
        match self {
            Self::Unreachable(unreachable) => unreachable.reached,
            Self::NotLocated { reached, .. } => *reached,
            Self::Armour(cause) => cause.is_cut_short(),
            _ => false,
        }
    }
}

/// Why a KDC gives no ticket.
///
/// Nothing authenticates a KDC's refusal: it may be forged by whoever sits on the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The realm has no such account.
    #[error("the realm has no such account")]
    UnknownPrincipal,
    /// The password is not the account's.
    #[error("the password is wrong")]
    WrongPassword,
    /// The account is disabled.
    #[error("the account is disabled")]
    Disabled,
    /// The account is past its last day.
    #[error("the account has expired")]
    AccountExpired,
    /// The account is locked after too many wrong passwords.
    #[error("the account is locked")]
    Locked,
    /// The account is disabled, expired or locked: the KDC does not say which. Samba says no more of a locked one.
    #[error("the account is disabled, has expired or is locked: the KDC does not say which")]
    Revoked,
    /// The password is too old.
    #[error("the password has expired")]
    PasswordExpired,
    /// The user must choose a new password first.
    #[error("the user must change the password first")]
    MustChangePassword,
    /// The password is too old or must be changed: the KDC does not say which.
    #[error("the password has expired or must be changed: the KDC does not say which")]
    KeyExpired,
    /// The account may not sign in at this hour.
    #[error("the account may not sign in at this hour")]
    LogonHours,
    /// The account may not sign in from here.
    #[error("the account may not sign in from this workstation")]
    Workstation,
    /// The account must sign in with a smart card.
    #[error("the account must sign in with a smart card")]
    SmartcardRequired,
    /// A policy forbids it: the KDC does not say which.
    #[error("a policy of the domain forbids it")]
    Policy,
    /// No account has the service's name: Kerberos cannot be used for it (R5).
    #[error("no account in the realm has this service principal name")]
    ServiceUnknown,
    /// The account or the service has no key of an encryption type that was offered (R5).
    #[error("the KDC has no key of an encryption type that was offered")]
    EtypeUnsupported,
    /// The clocks are too far apart.
    #[error("the clocks are too far apart{}", kdc_clock(.server_time))]
    ClockSkew {
        /// What time the KDC says it is. For the operator's eyes: nobody vouches for it.
        server_time: Option<UnixTime>,
    },
    /// The account belongs to another realm.
    #[error("the account belongs to another realm")]
    WrongRealm,
    /// Another reason.
    #[error("error code {code}{}", nt_status_text(.nt_status))]
    Other {
        /// `error-code` (RFC 4120 7.5.9).
        code: i32,
        /// The NT status that came with it.
        nt_status: Option<u32>,
    },
}

impl From<ExchangeError> for TicketError {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::Refused(error) => Rejection::from(&*error).into(),
            // The reply of an account that needs no pre-authentication opens with the right password only.
            ExchangeError::NotOpened {
                preauthenticated: false,
            } => Rejection::WrongPassword.into(),
            ExchangeError::NoUsableKey { .. } => Rejection::EtypeUnsupported.into(),
            error => Self::Exchange(error),
        }
    }
}

impl From<&KrbError> for Rejection {
    /// By the NT status, which is exact, or else by the error code (RFC 4120 7.5.9).
    fn from(error: &KrbError) -> Self {
        if let Some(rejection) = error.nt_status.and_then(by_nt_status) {
            return rejection;
        }
        match error.code {
            1 => Self::AccountExpired,
            6 => Self::UnknownPrincipal,
            7 => Self::ServiceUnknown,
            12 => Self::Policy,
            14 => Self::EtypeUnsupported,
            18 => Self::Revoked,
            23 => Self::KeyExpired,
            24 => Self::WrongPassword,
            37 => Self::ClockSkew {
                server_time: Some(error.server_time),
            },
            68 => Self::WrongRealm,
            code => Self::Other {
                code,
                nt_status: error.nt_status,
            },
        }
    }
}

/// The account's state by NT status (MS-ERREF 2.3.1).
const fn by_nt_status(status: u32) -> Option<Rejection> {
    Some(match status {
        0xc000_0064 => Rejection::UnknownPrincipal,
        0xc000_006a => Rejection::WrongPassword,
        0xc000_006f => Rejection::LogonHours,
        0xc000_0070 => Rejection::Workstation,
        0xc000_0071 => Rejection::PasswordExpired,
        0xc000_0072 => Rejection::Disabled,
        0xc000_0193 => Rejection::AccountExpired,
        0xc000_0224 => Rejection::MustChangePassword,
        0xc000_0234 => Rejection::Locked,
        0xc000_02fa => Rejection::SmartcardRequired,
        _ => return None,
    })
}

fn kdc_clock(server_time: &Option<UnixTime>) -> String {
    match server_time {
        Some(time) => format!(": the KDC's says {time}"),
        None => String::new(),
    }
}

fn nt_status_text(status: &Option<u32>) -> String {
    match status {
        Some(status) => format!(", NT status {status:#010x}"),
        None => String::new(),
    }
}

/// What a source of tickets cannot do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotSupported {
    /// The account or realm has characters outside of ASCII, or ones that separate parts of a name.
    #[error("the account or realm has a character that it cannot send")]
    Name,
    /// The account's salt has characters outside of ASCII.
    #[error("the account's salt has a character that it cannot use")]
    Salt,
    /// The account's keys, in place of its password.
    #[error("it takes passwords only, and was given keys")]
    Keys,
    /// The service is not written `class/host`.
    #[error("the service principal name is not of the form class/host")]
    ServiceName,
    /// The account needs no pre-authentication.
    #[error("the account does not require pre-authentication")]
    NoPreauthentication,
    /// The service's session key is of another encryption type than the account's key.
    #[error("the service's session key is of another encryption type than the account's key")]
    SessionKey,
    /// The service is in another realm than the account.
    #[error("the service is in another realm than the account")]
    OtherRealm,
}

#[cfg(test)]
mod tests {
    use super::*;
    use adlib_kerberos::issue::KrbErrorBuilder;

    const NOW: UnixTime = UnixTime::from_seconds(1_700_000_000);

    fn rejection(code: i32, nt_status: Option<u32>) -> Rejection {
        let mut error = KrbErrorBuilder::new(code, "CORP.EXAMPLE.COM", NOW);
        if let Some(status) = nt_status {
            error.explain(status);
        }
        Rejection::from(&KrbError::decode(&error.encode()).unwrap())
    }

    /// R9: the exact reason where the KDC gives it.
    #[test]
    fn the_status_is_more_exact_than_the_code() {
        for (code, status, expected) in [
            (18, 0xc000_0072, Rejection::Disabled),
            (18, 0xc000_0193, Rejection::AccountExpired),
            (18, 0xc000_0234, Rejection::Locked),
            (23, 0xc000_0071, Rejection::PasswordExpired),
            (23, 0xc000_0224, Rejection::MustChangePassword),
            (12, 0xc000_006f, Rejection::LogonHours),
            (12, 0xc000_0070, Rejection::Workstation),
            (12, 0xc000_02fa, Rejection::SmartcardRequired),
            (24, 0xc000_006a, Rejection::WrongPassword),
            (6, 0xc000_0064, Rejection::UnknownPrincipal),
        ] {
            assert_eq!(rejection(code, Some(status)), expected);
        }
    }

    /// R9
    #[test]
    fn without_a_status_the_code_decides() {
        for (code, expected) in [
            (1, Rejection::AccountExpired),
            (6, Rejection::UnknownPrincipal),
            (7, Rejection::ServiceUnknown),
            (12, Rejection::Policy),
            (14, Rejection::EtypeUnsupported),
            (18, Rejection::Revoked),
            (23, Rejection::KeyExpired),
            (24, Rejection::WrongPassword),
            (
                37,
                Rejection::ClockSkew {
                    server_time: Some(NOW),
                },
            ),
            (68, Rejection::WrongRealm),
        ] {
            assert_eq!(rejection(code, None), expected);
            assert_eq!(
                rejection(code, Some(0xc000_0001)),
                expected,
                "an unknown status says nothing"
            );
        }
        let other = rejection(60, Some(0xc000_0001));
        assert_eq!(other.to_string(), "error code 60, NT status 0xc0000001");
    }
}
