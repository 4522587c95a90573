//! Why somebody was not let in: exactly for the operator, and not at all for the user (R9).

use std::fmt;

/// What every user sees whose sign-in failed, whatever the reason (R9).
pub const USER_MESSAGE: &str =
    "Authentication failed! The credentials you entered are invalid or cannot be authenticated.";

/// A sign-in that was refused.
///
/// ```
/// use adlib::{Reason, Refusal};
///
/// let refusal = Refusal::new(Reason::Disabled, "CN=Ada,DC=corp,DC=example,DC=com");
/// assert_eq!(refusal.reason().as_str(), "disabled");
/// assert!(!refusal.user_message().contains("disabled"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    reason: Reason,
    detail: String,
}

impl Refusal {
    /// A refusal for `reason`, with what an operator wants to know besides.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
        }
    }

    /// The exact reason, for the operator.
    #[must_use]
    pub const fn reason(&self) -> &Reason {
        &self.reason
    }

    /// What else the operator wants to know.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// What the user is told: the same for every reason (R9).
    #[must_use]
    pub const fn user_message(&self) -> &'static str {
        USER_MESSAGE
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.as_str(), self.detail)
    }
}

/// The reasons for which a sign-in is refused (R9).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The password is not this account's.
    WrongPassword,
    /// No account has this name.
    UnknownUser,
    /// Several accounts have this name; the candidates as `domain\account`.
    Ambiguous(Vec<String>),
    /// The account is disabled.
    Disabled,
    /// The account has expired.
    AccountExpired,
    /// The password has expired.
    PasswordExpired,
    /// The password must be changed first.
    MustChangePassword,
    /// The account is locked out.
    Locked,
    /// Not at this hour.
    LogonHours,
    /// Not from this workstation.
    Workstation,
    /// The account must sign in with a smart card.
    SmartcardRequired,
    /// `DOMAIN\user` is not admitted (R1).
    DownLevelName,
    /// The name breaks a rule (R2).
    InvalidName,
    /// The part after the `@` is neither a domain nor an alternate suffix (R18).
    UnknownDomain,
    /// Clocks differ by more than the tolerance (R10).
    ClockSkew,
    /// No controller could be asked.
    Unreachable,
    /// The controller vouches for another account than the one found (R18).
    SidMismatch,
    /// The service ticket was refused; the reason of the verification.
    Ticket(&'static str),
    /// The client's negotiation token was refused; the reason.
    Token(&'static str),
    /// The client's NTLM message was refused; the reason of the verification.
    Ntlm(&'static str),
    /// The client sent NTLM, which the mode never takes (R15).
    ClientSentNtlm,
    /// The client sent Kerberos, which the mode never takes (R15).
    ClientSentKerberos,
    /// The client sent NTLM after a Kerberos token that was refused, on the same connection.
    NtlmAfterKerberos,
    /// Kerberos could not be used for this account.
    KerberosUnavailable,
    /// The mode asks for a mechanism that cannot be used here.
    MechanismUnavailable,
    /// NTLM is not admitted, and Kerberos cannot be used for this sign-in (R5, R8).
    NtlmNotAdmitted,
    /// The controller did not prove itself, so that its yes proves nothing (R7).
    ControllerNotAuthenticated,
    /// A restriction on the account, such as membership in Protected Users, forbids it.
    AccountRestriction,
    /// The controller refused for a reason of its own.
    RefusedByController,
    /// The user is not in the application's list, and no rule makes one of the account (R12).
    NotProvisioned,
    /// An administrator of the application has blocked the user.
    BlockedHere,
    /// The application does not admit the user to this service.
    NotAdmitted,
    /// The application's rate limit does not admit the attempt; no controller heard of it.
    RateLimited,
}

impl Reason {
    /// The reason as one word, as `adctl login` prints it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::WrongPassword => "wrong-password",
            Self::UnknownUser => "unknown-user",
            Self::Ambiguous(_) => "ambiguous",
            Self::Disabled => "disabled",
            Self::AccountExpired => "account-expired",
            Self::PasswordExpired => "password-expired",
            Self::MustChangePassword => "must-change-password",
            Self::Locked => "locked",
            Self::LogonHours => "logon-hours",
            Self::Workstation => "workstation",
            Self::SmartcardRequired => "smartcard-required",
            Self::DownLevelName => "down-level-name",
            Self::InvalidName => "invalid-name",
            Self::UnknownDomain => "unknown-domain",
            Self::ClockSkew => "clock-skew",
            Self::Unreachable => "unreachable",
            Self::SidMismatch => "sid-mismatch",
            Self::Ticket(reason) | Self::Token(reason) | Self::Ntlm(reason) => reason,
            Self::ClientSentNtlm => "client-sent-ntlm",
            Self::ClientSentKerberos => "client-sent-kerberos",
            Self::NtlmAfterKerberos => "ntlm-after-kerberos",
            Self::KerberosUnavailable => "kerberos-unavailable",
            Self::MechanismUnavailable => "mechanism-unavailable",
            Self::NtlmNotAdmitted => "ntlm-not-admitted",
            Self::ControllerNotAuthenticated => "controller-not-authenticated",
            Self::AccountRestriction => "account-restriction",
            Self::RefusedByController => "refused-by-controller",
            Self::NotProvisioned => "not-provisioned",
            Self::BlockedHere => "blocked-here",
            Self::NotAdmitted => "not-admitted",
            Self::RateLimited => "rate-limited",
        }
    }
}
