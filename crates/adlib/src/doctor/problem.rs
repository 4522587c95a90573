//! What can be wrong, and what to do about it.

use adlib_kdc::{Rejection, TicketError};
use adlib_ldap::TlsFailure;

use crate::Reason;

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// A setting weakens what is promised.
    Risky,
    /// A file cannot be read.
    Unreadable,
    /// A file with a secret in it can be read by others.
    ReadableByOthers,
    /// A file is not what it should be.
    Malformed,
    /// A mapping leads to a domain that is not configured.
    MappingUnused,
    /// The keytab has no key of the service, or the service has no keytab.
    NoKeyOfService,
    /// The keytab has only keys of the service that are not used.
    WeakKeysOnly,
    /// DNS answers that there is no such name.
    NotInDns,
    /// DNS cannot be asked, or answers with an error.
    DnsFailed,
    /// DNS names controllers outside of the domain.
    OutsideOfDomain,
    /// Nothing listens there.
    NothingListens,
    /// A connection, or an answer, does not come in time.
    Silent,
    /// A certificate has expired.
    CertificateExpired,
    /// A certificate ends soon.
    CertificateEndsSoon,
    /// A certificate is not valid yet.
    CertificateNotYetValid,
    /// A certificate is for another name.
    CertificateName,
    /// A certificate is by an authority that is not trusted.
    UnknownAuthority,
    /// TLS fails for another reason.
    Tls,
    /// The server is of another kind than the configuration says.
    OtherPreset,
    /// The kind of server is not known.
    UnknownServer,
    /// The server has not what is asked of it: it is for another domain.
    OtherDomain,
    /// The controller has not caught up with the others since it was started.
    NotSynchronized,
    /// The server does not answer as a server of its kind does.
    NoAnswer,
    /// A clock is off by more than the tolerance.
    ClockOff,
    /// A clock is off by more than half of the tolerance.
    ClockDrifts,
    /// There is nothing to bind with: no password, or no key of the account.
    NoCredentials,
    /// The server refuses the bind.
    BindRefused(Reason),
    /// The bind cannot be made this way at this server.
    BindNotAdmitted,
    /// Without a bind nothing can be read.
    NoBind,
    /// Active Directory takes a bind by Kerberos at the server's DNS name only, or gives no ticket for it.
    NoTicketForBind,
    /// The server gives no pages.
    NoPages,
    /// The server's pages are smaller than those asked for.
    SmallPages,
    /// No user can be read.
    NobodyReadable,
    /// Something that every user has cannot be read.
    NotReadable,
    /// The users were not read to the end.
    Incomplete,
    /// A user that must be there is not.
    CanaryMissing,
    /// No account has the service's name.
    ServiceUnknown,
    /// Several accounts have the service's name.
    ServiceDuplicate,
    /// The service's account is disabled.
    ServiceDisabled,
    /// The keytab has another version of the account's keys.
    KeyVersion,
    /// The keytab has no key of the type that tickets are encrypted with.
    KeyType,
    /// The directory does not say which encryption types the account supports.
    KeyTypesNotSaid,
    /// The KDC gives no ticket.
    NoTicket(Reason),
    /// The ticket is not opened by the keytab, or is refused; the reason of the verification.
    TicketRefused(&'static str),
    /// It took too long.
    TookTooLong,
}

impl Problem {
    /// The problem as one word, as `adctl doctor` prints it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Risky => "risky",
            Self::Unreadable => "unreadable",
            Self::ReadableByOthers => "readable-by-others",
            Self::Malformed => "malformed",
            Self::MappingUnused => "mapping-unused",
            Self::NoKeyOfService => "no-key-of-service",
            Self::WeakKeysOnly => "weak-keys-only",
            Self::NotInDns => "not-in-dns",
            Self::DnsFailed => "dns-failed",
            Self::OutsideOfDomain => "outside-of-domain",
            Self::NothingListens => "nothing-listens",
            Self::Silent => "silent",
            Self::CertificateExpired => "certificate-expired",
            Self::CertificateEndsSoon => "certificate-ends-soon",
            Self::CertificateNotYetValid => "certificate-not-yet-valid",
            Self::CertificateName => "certificate-name",
            Self::UnknownAuthority => "unknown-authority",
            Self::Tls => "tls",
            Self::OtherPreset => "other-preset",
            Self::UnknownServer => "unknown-server",
            Self::OtherDomain => "other-domain",
            Self::NotSynchronized => "not-synchronized",
            Self::NoAnswer => "no-answer",
            Self::ClockOff => "clock-off",
            Self::ClockDrifts => "clock-drifts",
            Self::NoCredentials => "no-credentials",
            Self::BindRefused(reason) | Self::NoTicket(reason) => reason.as_str(),
            Self::BindNotAdmitted => "bind-not-admitted",
            Self::NoBind => "no-bind",
            Self::NoTicketForBind => "no-ticket-for-bind",
            Self::NoPages => "no-pages",
            Self::SmallPages => "small-pages",
            Self::NobodyReadable => "nobody-readable",
            Self::NotReadable => "not-readable",
            Self::Incomplete => "incomplete",
            Self::CanaryMissing => "canary-missing",
            Self::ServiceUnknown => "service-unknown",
            Self::ServiceDuplicate => "service-duplicate",
            Self::ServiceDisabled => "service-disabled",
            Self::KeyVersion => "key-version",
            Self::KeyType => "key-type",
            Self::KeyTypesNotSaid => "key-types-not-said",
            Self::TicketRefused(reason) => reason,
            Self::TookTooLong => "took-too-long",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Risky => "take the setting out unless somebody has decided for it",
            Self::Unreadable => "see that the file is there, and that the account this runs as may read it",
            Self::ReadableByOthers => "take the right to read it from everybody but its owner: chmod 600",
            Self::Malformed => "mend the file, or make it anew",
            Self::MappingUnused => "configure the domain of the mapping, or take the mapping out",
            Self::NoKeyOfService => "export a keytab for exactly this service, and name it as `keytab`",
            Self::WeakKeysOnly => {
                "let the account support AES, change its password once, and export the keytab anew"
            }
            Self::NotInDns => {
                "check the domain's name, and that the DNS server is one of the domain; or name `controllers`"
            }
            Self::DnsFailed => {
                "check the domain's name, the name servers (`dns`, or the system's), and port 53 over udp and tcp"
            }
            Self::OutsideOfDomain => "if these are right, list them as `controllers`",
            Self::NothingListens => {
                "see that the server is up, and that its name, address and port are right"
            }
            Self::Silent => "see that no firewall swallows this port, and that the server is not overloaded",
            Self::CertificateExpired => "renew the server's certificate, or correct this machine's clock",
            Self::CertificateEndsSoon => "renew the server's certificate before that day",
            Self::CertificateNotYetValid => "correct this machine's clock, or the server's certificate",
            Self::CertificateName => "name the server as its certificate does, or give it one for this name",
            Self::UnknownAuthority => "name the present certificate of the authority as `ca_file`",
            Self::Tls => "see that the server speaks TLS on this port, and what is between here and it",
            Self::OtherPreset => "set `preset` to the kind of server that it is",
            Self::UnknownServer => "set `preset`",
            Self::OtherDomain => "name the domain's own servers, or correct `domains` or `base`",
            Self::NotSynchronized => "wait until the controller has replicated, or use another",
            Self::NoAnswer => "see that it is a directory server, or KDC, and not something in between",
            Self::ClockOff => "set both clocks by NTP; the tolerance is `clock_tolerance`",
            Self::ClockDrifts => "have both clocks set by NTP before they are too far apart",
            Self::NoCredentials => "see where `bind` reads its password or keytab",
            Self::BindRefused(reason) | Self::NoTicket(reason) => of_reason(reason),
            Self::BindNotAdmitted => {
                "use another `transport` or bind `method`, or have the server's policy admit this one"
            }
            Self::NoBind => "set `bind`: Active Directory lets nobody read who has not signed in",
            Self::NoTicketForBind => {
                "name the controllers by their DNS names, and see that the keytab is of the account"
            }
            Self::NoPages => "keep the number of entries below the server's limit, or have it give pages",
            Self::SmallPages => "set `page_size` to what the server gives",
            Self::NobodyReadable => {
                "give the account that binds the right to read the users; check the domain or `base`"
            }
            Self::NotReadable => "give the account that binds the right to read these attributes",
            Self::Incomplete => {
                "have the server's limits lifted for the account that binds; until then nothing is deleted"
            }
            Self::CanaryMissing => {
                "correct `canaries`, or give the account that binds the right to read this user"
            }
            Self::ServiceUnknown => {
                "register the name on the service's account: setspn -S, or samba-tool spn add"
            }
            Self::ServiceDuplicate => {
                "take the name from all accounts but one: setspn -D, or samba-tool spn delete"
            }
            Self::ServiceDisabled => "enable the account",
            Self::KeyVersion => {
                "export the keytab anew: the account's password was changed, or it is another account's"
            }
            Self::KeyType => "export the keytab anew, with keys of all types that the account supports",
            Self::KeyTypesNotSaid => {
                "let the account support AES-256 and AES-128 (msDS-SupportedEncryptionTypes = 24)"
            }
            Self::TicketRefused(_) => "export the keytab anew from the account that owns the service's name",
            Self::TookTooLong => "see whether the server is overloaded, or give it more time (`timeout`)",
        }
    }
}

const fn of_reason(reason: &Reason) -> &'static str {
    match reason {
        Reason::WrongPassword => {
            "correct the name or the password; a wrong one that is tried again and again locks the account"
        }
        Reason::UnknownUser => "correct the name of the account",
        Reason::Disabled => "enable the account",
        Reason::AccountExpired => "extend the account",
        Reason::PasswordExpired | Reason::MustChangePassword => {
            "set a new password that need not be changed, and put it where the configuration reads it"
        }
        Reason::Locked => "unlock the account, and find out who tries wrong passwords",
        Reason::LogonHours => "let the account sign in at all hours",
        Reason::Workstation => "let the account sign in from here",
        Reason::ClockSkew => "set both clocks by NTP",
        Reason::MechanismUnavailable => "bind by another `method`: the domain takes no NTLM",
        Reason::KerberosUnavailable => "see that the account has AES keys: change its password once",
        _ => "see what the server says, and its log",
    }
}

impl From<&TlsFailure> for Problem {
    fn from(failure: &TlsFailure) -> Self {
        match failure {
            TlsFailure::WrongName { .. } | TlsFailure::InvalidName(_) => Self::CertificateName,
            TlsFailure::UnknownAuthority | TlsFailure::BadSignature => Self::UnknownAuthority,
            TlsFailure::Expired => Self::CertificateExpired,
            TlsFailure::NotYetValid => Self::CertificateNotYetValid,
            _ => Self::Tls,
        }
    }
}

/// What connecting, or asking, came to.
impl From<&adlib_ldap::Error> for Problem {
    fn from(error: &adlib_ldap::Error) -> Self {
        use adlib_ldap::Error as Ldap;
        match error {
            Ldap::Connect { .. } => Self::NothingListens,
            Ldap::Timeout { .. } => Self::Silent,
            Ldap::NoneReachable(all) => all.first().map_or(Self::NothingListens, Self::from),
            Ldap::Tls { failure, .. } => failure.into(),
            Ldap::Authorities(_) => Self::UnknownAuthority,
            Ldap::StartTlsRefused { .. } => Self::Tls,
            Ldap::StrongerAuthRequired { .. }
            | Ldap::UnwillingToPerform { .. }
            | Ldap::SaslOverTlsRefused { .. }
            | Ldap::ChannelBindingRefused { .. }
            | Ldap::LayerNotOffered { .. }
            | Ldap::WrongProtection { .. }
            | Ldap::PasswordInTheClear { .. } => Self::BindNotAdmitted,
            _ => Self::NoAnswer,
        }
    }
}

/// Why there is no ticket.
impl From<&TicketError> for Problem {
    fn from(error: &TicketError) -> Self {
        match error {
            TicketError::Rejected(rejection) => Self::NoTicket(reason(*rejection)),
            TicketError::Unreachable(_) => Self::NothingListens,
            TicketError::NotLocated { .. } => Self::NotInDns,
            _ => Self::NoAnswer,
        }
    }
}

fn reason(rejection: Rejection) -> Reason {
    match rejection {
        Rejection::UnknownPrincipal | Rejection::WrongRealm => Reason::UnknownUser,
        Rejection::WrongPassword => Reason::WrongPassword,
        Rejection::Disabled => Reason::Disabled,
        Rejection::AccountExpired => Reason::AccountExpired,
        Rejection::Locked => Reason::Locked,
        Rejection::PasswordExpired | Rejection::KeyExpired => Reason::PasswordExpired,
        Rejection::MustChangePassword => Reason::MustChangePassword,
        Rejection::LogonHours => Reason::LogonHours,
        Rejection::Workstation => Reason::Workstation,
        Rejection::ClockSkew { .. } => Reason::ClockSkew,
        Rejection::ServiceUnknown | Rejection::EtypeUnsupported => Reason::KerberosUnavailable,
        _ => Reason::RefusedByController,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every problem says what to do.
    #[test]
    fn what_connecting_came_to() {
        use adlib_ldap::Error as Ldap;
        let connect = || Ldap::Connect {
            endpoint: "dc1:636".to_owned(),
            reason: "refused".to_owned(),
        };
        let tls = |failure| Ldap::Tls {
            endpoint: "dc1:636".to_owned(),
            failure,
        };
        for (error, expected) in [
            (connect(), "nothing-listens"),
            (Ldap::NoneReachable(vec![connect(), connect()]), "nothing-listens"),
            (tls(TlsFailure::Expired), "certificate-expired"),
            (tls(TlsFailure::NotYetValid), "certificate-not-yet-valid"),
            (tls(TlsFailure::BadSignature), "unknown-authority"),
            (tls(TlsFailure::Revoked), "tls"),
            (tls(TlsFailure::InvalidName("_".to_owned())), "certificate-name"),
            (Ldap::Authorities("none".to_owned()), "unknown-authority"),
            (
                Ldap::PasswordInTheClear {
                    endpoint: "dc1:389".to_owned(),
                },
                "bind-not-admitted",
            ),
        ] {
            let problem = Problem::from(&error);
            assert_eq!(problem.as_str(), expected);
            assert!(!problem.remedy().is_empty());
        }
    }

    /// R9: why there is no ticket.
    #[test]
    fn r09_why_there_is_no_ticket() {
        for (rejection, expected) in [
            (Rejection::ServiceUnknown, "kerberos-unavailable"),
            (Rejection::WrongPassword, "wrong-password"),
            (Rejection::Locked, "locked"),
            (Rejection::KeyExpired, "password-expired"),
            (Rejection::ClockSkew { server_time: None }, "clock-skew"),
            (Rejection::Revoked, "refused-by-controller"),
        ] {
            let problem = Problem::from(&TicketError::from(rejection));
            assert_eq!(problem.as_str(), expected);
        }
    }
}
