//! Why a ticket was refused: one variant a clause, with what an operator needs.

use alloc::{string::String, vec::Vec};
use core::time::Duration;

use adlib_core::{BindingsRefusal, DecodeError, UnixTime};

use crate::{ChecksumType, EncryptionType, ErrorCode, KeyTried, Principal, pac::PacRejection};

/// The part of a message that a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The ticket, encrypted with the service's key.
    Ticket,
    /// The session key within the ticket.
    SessionKey,
    /// The subkey within the authenticator.
    Subkey,
    /// The key that goes with a delegated ticket.
    DelegatedKey,
}

impl core::fmt::Display for Part {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Ticket => "ticket",
            Self::SessionKey => "session key",
            Self::Subkey => "subkey",
            Self::DelegatedKey => "delegated key",
        })
    }
}

/// Why a client's message was not accepted.
///
/// For the operator: names, numbers and times, and never a key or a byte of plaintext. The user is told nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The bytes are not what they should be.
    #[error("malformed: {0}")]
    Malformed(#[from] DecodeError),
    /// The ticket is encrypted with a session key (user to user), which no keytab holds.
    #[error("the client asks for user-to-user authentication")]
    UserToUser,
    /// DES, which is always refused (R11).
    #[error("the {part} has encryption type {etype}: DES is never accepted")]
    DesEtype {
        /// Where.
        part: Part,
        /// The number of the encryption type.
        etype: i32,
    },
    /// RC4, which the policy does not admit.
    #[error("the {part} has encryption type rc4-hmac (23), which the policy does not admit")]
    Rc4NotAdmitted {
        /// Where.
        part: Part,
    },
    /// An encryption type that is not spoken here.
    #[error("the {part} has encryption type {etype}, which is not supported")]
    UnknownEtype {
        /// Where.
        part: Part,
        /// The number of the encryption type.
        etype: i32,
    },
    /// A key of another length than its encryption type has.
    #[error("the {part} is no key of type {etype}: it has {actual} bytes")]
    KeyLength {
        /// Where.
        part: Part,
        /// The encryption type.
        etype: EncryptionType,
        /// The length in bytes.
        actual: usize,
    },
    /// The keytab has no key of the ticket's encryption type.
    #[error(
        "the keytab has no key of type {etype} for {service} (key version {})",
        Shown(kvno)
    )]
    NoKey {
        /// The encryption type of the ticket.
        etype: EncryptionType,
        /// The key version that the ticket names.
        kvno: Option<u32>,
        /// The service that the ticket names, unprotected.
        service: Principal,
    },
    /// No key of the keytab opens the ticket: it is for another service, for an older or newer password, or altered.
    #[error(
        "no key opens the ticket for {service} (type {etype}, key version {}); tried {}",
        Shown(kvno),
        List(tried)
    )]
    TicketNotOpened {
        /// The encryption type of the ticket.
        etype: EncryptionType,
        /// The key version that the ticket names.
        kvno: Option<u32>,
        /// The service that the ticket names, unprotected.
        service: Principal,
        /// The keys that were tried.
        tried: Vec<KeyTried>,
    },
    /// The session key does not open the authenticator: altered, or from another ticket.
    #[error("the session key does not open the authenticator")]
    AuthenticatorNotOpened,
    /// The ticket is for a service that the policy does not accept.
    #[error("the ticket is for {service}, which is not accepted here")]
    WrongService {
        /// The service whose key opened the ticket.
        service: Principal,
    },
    /// The client meant another service.
    #[error("the client means {target:?}, the ticket was opened by {service}")]
    TargetMismatch {
        /// The name in the client's authenticator.
        target: String,
        /// The service whose key opened the ticket.
        service: Principal,
    },
    /// Ticket and authenticator name different clients.
    #[error("the ticket is {ticket}'s, the authenticator {authenticator}'s")]
    ClientMismatch {
        /// The client of the ticket.
        ticket: Principal,
        /// The client of the authenticator.
        authenticator: Principal,
    },
    /// The clocks differ by more than the tolerance.
    #[error("the client's clock is {difference_s} s ahead; {} s are tolerated", tolerance.as_secs())]
    ClockSkew {
        /// The client's time less ours, in seconds.
        difference_s: i64,
        /// The policy's tolerance.
        tolerance: Duration,
    },
    /// The ticket bears the flag INVALID.
    #[error("the ticket is postdated and was never validated")]
    TicketInvalid,
    /// The ticket is not valid yet.
    #[error("the ticket is valid from {start}; it is {now}")]
    TicketNotYetValid {
        /// When its validity starts.
        start: UnixTime,
        /// The time of the verification.
        now: UnixTime,
    },
    /// The ticket is not valid any more.
    #[error("the ticket was valid until {end}; it is {now}")]
    TicketExpired {
        /// When its validity ended.
        end: UnixTime,
        /// The time of the verification.
        now: UnixTime,
    },
    /// The ticket lacks flags that the policy requires.
    #[error("the ticket lacks the flags {missing:#010x}")]
    TicketFlags {
        /// Those that are missing, bit 0 the most significant.
        missing: u32,
    },
    /// The client comes from an address that the ticket does not list.
    #[error("the ticket does not list the client's address {}", Shown(peer))]
    AddressMismatch {
        /// The client's address, if it is known.
        peer: Option<core::net::IpAddr>,
    },
    /// What the client delegates is not encrypted with a key of this message.
    #[error("no key opens the delegated credential")]
    DelegationNotOpened,
    /// The authenticator has a checksum of a type that does not belong there.
    #[error("the authenticator has a checksum of type {}, not a GSS-API one", .0.0)]
    ChecksumType(ChecksumType),
    /// The client sent no channel bindings, and they are required, or it says that it always sends them.
    #[error("the client sent no channel bindings")]
    BindingsMissing,
    /// The client is bound to another connection.
    #[error("the client's channel bindings are another connection's")]
    BindingsMismatch,
    /// Authorization data that is not known and may not be ignored (RFC 4120 5.2.6).
    #[error("authorization data of type {ad_type} is not known and not marked as ignorable")]
    UnknownAuthorizationData {
        /// The number of the type.
        ad_type: i32,
    },
    /// Authorization data nested deeper than anyone nests it.
    #[error("authorization data is nested more than {limit} deep")]
    AuthorizationDataNesting {
        /// The deepest nesting that is accepted.
        limit: usize,
    },
    /// Realms took part that no controller checked.
    #[error("the realms between {realm} and here were not checked by a controller")]
    TransitedNotChecked {
        /// The client's realm.
        realm: String,
    },
    /// There is no PAC, and the policy requires one.
    #[error("the ticket has no PAC")]
    PacMissing,
    /// There are two PACs.
    #[error("the ticket has more than one PAC")]
    PacDuplicate,
    /// There is a PAC in the authenticator, where the client could write what it likes.
    #[error("the authenticator has a PAC")]
    PacMisplaced,
    /// The PAC was refused.
    #[error("PAC: {0}")]
    Pac(#[from] PacRejection),
}

impl From<BindingsRefusal> for Rejection {
    fn from(refusal: BindingsRefusal) -> Self {
        match refusal {
            BindingsRefusal::Missing => Self::BindingsMissing,
            BindingsRefusal::Mismatch => Self::BindingsMismatch,
        }
    }
}

impl Rejection {
    /// The variant's name in kebab case: stable, for logs and tools.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::UserToUser => "user-to-user",
            Self::DesEtype { .. } => "des-etype",
            Self::Rc4NotAdmitted { .. } => "rc4-not-admitted",
            Self::UnknownEtype { .. } => "unknown-etype",
            Self::KeyLength { .. } => "key-length",
            Self::NoKey { .. } => "no-key",
            Self::TicketNotOpened { .. } => "ticket-not-opened",
            Self::AuthenticatorNotOpened => "authenticator-not-opened",
            Self::WrongService { .. } => "wrong-service",
            Self::TargetMismatch { .. } => "target-mismatch",
            Self::ClientMismatch { .. } => "client-mismatch",
            Self::ClockSkew { .. } => "clock-skew",
            Self::TicketInvalid => "ticket-invalid",
            Self::TicketNotYetValid { .. } => "ticket-not-yet-valid",
            Self::TicketExpired { .. } => "ticket-expired",
            Self::TicketFlags { .. } => "ticket-flags",
            Self::AddressMismatch { .. } => "address-mismatch",
            Self::DelegationNotOpened => "delegation-not-opened",
            Self::ChecksumType(_) => "checksum-type",
            Self::BindingsMissing => "bindings-missing",
            Self::BindingsMismatch => "bindings-mismatch",
            Self::UnknownAuthorizationData { .. } => "unknown-authorization-data",
            Self::AuthorizationDataNesting { .. } => "authorization-data-nesting",
            Self::TransitedNotChecked { .. } => "transited-not-checked",
            Self::PacMissing => "pac-missing",
            Self::PacDuplicate => "pac-duplicate",
            Self::PacMisplaced => "pac-misplaced",
            Self::Pac(rejection) => rejection.reason(),
        }
    }

    /// What the client is told, as the code of a KRB-ERROR (RFC 4120 7.5.9).
    #[must_use]
    pub const fn error_code(&self) -> ErrorCode {
        match self {
            Self::Malformed(_) => ErrorCode::GENERIC,
            Self::DesEtype { .. } | Self::Rc4NotAdmitted { .. } | Self::UnknownEtype { .. } => {
                ErrorCode::ETYPE_NOT_SUPPORTED
            }
            Self::UserToUser | Self::NoKey { .. } => ErrorCode::NO_KEY,
            Self::TicketNotOpened { .. } => ErrorCode::MODIFIED,
            Self::AuthenticatorNotOpened | Self::KeyLength { .. } | Self::DelegationNotOpened => {
                ErrorCode::BAD_INTEGRITY
            }
            Self::WrongService { .. } | Self::TargetMismatch { .. } => ErrorCode::NOT_US,
            Self::ClientMismatch { .. } => ErrorCode::BAD_MATCH,
            Self::ClockSkew { .. } => ErrorCode::SKEW,
            Self::TicketInvalid | Self::TicketNotYetValid { .. } => ErrorCode::TICKET_NOT_YET_VALID,
            Self::TicketExpired { .. } => ErrorCode::TICKET_EXPIRED,
            Self::TicketFlags { .. } => ErrorCode::POLICY,
            Self::AddressMismatch { .. } => ErrorCode::BAD_ADDRESS,
            Self::ChecksumType(_) => ErrorCode::INAPPROPRIATE_CHECKSUM,
            Self::TransitedNotChecked { .. } => ErrorCode::PATH_NOT_ACCEPTED,
            Self::BindingsMissing
            | Self::BindingsMismatch
            | Self::UnknownAuthorizationData { .. }
            | Self::AuthorizationDataNesting { .. }
            | Self::PacMissing
            | Self::PacDuplicate
            | Self::PacMisplaced
            | Self::Pac(_) => ErrorCode::GENERIC,
        }
    }
}

/// A value that may be absent.
struct Shown<'a, T>(&'a Option<T>);

impl<T: core::fmt::Display> core::fmt::Display for Shown<'_, T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.0 {
            Some(value) => write!(f, "{value}"),
            None => f.write_str("not named"),
        }
    }
}

/// Values with commas between them.
struct List<'a, T>(&'a [T]);

impl<T: core::fmt::Display> core::fmt::Display for List<'_, T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        for (index, value) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[cfg(feature = "issue")]
mod tests {
    use super::*;
    use crate::{
        AcceptedServices, AddressMode, BindingsMode, Keytab, PacMode, Principal,
        issue::{AD_CLIENT_TARGET, AD_WIN2K_PAC, ApReqBuilder, if_relevant},
        scene::{Scene, random, service_key},
    };
    use adlib_core::ChannelBindings;
    use std::{string::ToString, vec};

    /// For each variant a way to provoke it: as a match, so that a new variant does not compile without one.
    macro_rules! provoked {
        ($scene:ident; $($variant:pat => $rejection:expr),+ $(,)?) => {
            fn is_listed(rejection: &Rejection) {
                match rejection { $($variant => {}),+ }
            }

            /// I4
            #[test]
            fn every_variant_is_provoked() {
                let mut reasons = std::collections::BTreeSet::new();
                $({
                    #[allow(unused_mut)]
                    let mut $scene = Scene::new();
                    let rejection: Rejection = $rejection;
                    assert!(matches!(rejection, $variant), "{rejection:?} is not {}", stringify!($variant));
                    is_listed(&rejection);
                    assert!(!rejection.to_string().is_empty());
                    assert_ne!(rejection.error_code().0, 0);
                    assert!(reasons.insert(rejection.reason()), "two variants say {}", rejection.reason());
                })+
            }
        };
    }

    fn refused(scene: &Scene, request: &ApReqBuilder) -> Rejection {
        scene.accept(request).expect_err("refused")
    }

    provoked! { scene;
        Rejection::Malformed(_) => scene.verify(b"x").unwrap_err(),
        Rejection::UserToUser => {
            let mut request = scene.request();
            request.use_session_key = true;
            refused(&scene, &request)
        },
        Rejection::DesEtype { .. } => refused(&scene, &scene.request_with(|ticket| ticket.ticket_etype = Some(3))),
        Rejection::Rc4NotAdmitted { .. } => {
            refused(&scene, &scene.request_with(|ticket| ticket.ticket_etype = Some(23)))
        },
        Rejection::UnknownEtype { .. } => {
            refused(&scene, &scene.request_with(|ticket| ticket.session_etype = 77))
        },
        Rejection::KeyLength { .. } => refused(&scene, &scene.request_with(|ticket| ticket.session_etype = 17)),
        Rejection::NoKey { .. } => {
            scene.keytab = Keytab::default();
            refused(&scene, &scene.request())
        },
        Rejection::TicketNotOpened { .. } => {
            scene.key = service_key(EncryptionType::Aes256Sha1, 9);
            refused(&scene, &scene.request())
        },
        Rejection::AuthenticatorNotOpened => {
            let mut request = scene.request();
            request.ticket.session_key = crate::SessionKey::new(EncryptionType::Aes256Sha1, [8; 32]).unwrap();
            refused(&scene, &request)
        },
        Rejection::WrongService { .. } => {
            scene.policy.services = AcceptedServices::Only(vec![]);
            refused(&scene, &scene.request())
        },
        Rejection::TargetMismatch { .. } => {
            let mut request = scene.request();
            request.authorization_data = vec![if_relevant(&[(AD_CLIENT_TARGET, vec![])])];
            refused(&scene, &request)
        },
        Rejection::ClientMismatch { .. } => {
            let mut request = scene.request();
            request.client = Principal::user("eve", "CORP.EXAMPLE.COM");
            refused(&scene, &request)
        },
        Rejection::ClockSkew { .. } => {
            let mut request = scene.request();
            request.time = scene.later(-3600);
            refused(&scene, &request)
        },
        Rejection::TicketInvalid => refused(&scene, &scene.request_with(|ticket| ticket.flags |= 1 << 24)),
        Rejection::TicketNotYetValid { .. } => {
            refused(&scene, &scene.request_with(|ticket| ticket.start_time = Some(scene.later(3600))))
        },
        Rejection::TicketExpired { .. } => {
            refused(&scene, &scene.request_with(|ticket| ticket.end_time = scene.later(-3600)))
        },
        Rejection::TicketFlags { .. } => {
            scene.policy.required_ticket_flags = 1 << 31;
            refused(&scene, &scene.request())
        },
        Rejection::AddressMismatch { .. } => {
            scene.policy.addresses = AddressMode::Check;
            refused(&scene, &scene.request_with(|ticket| ticket.addresses = Some(vec![])))
        },
        Rejection::DelegationNotOpened => {
            let mut request = scene.request();
            let other = crate::SessionKey::new(EncryptionType::Aes256Sha1, [9; 32]).unwrap();
            request.delegate(&scene.issued(), Some(&other), &mut random);
            scene.accept(&request).unwrap().delegated_credential().unwrap_err()
        },
        Rejection::ChecksumType(_) => {
            let mut request = scene.request();
            request.checksum = Some((7, vec![0; 16]));
            refused(&scene, &request)
        },
        Rejection::BindingsMissing => {
            scene.policy.bindings = BindingsMode::Require;
            refused(&scene, &scene.request())
        },
        Rejection::BindingsMismatch => {
            scene.bindings = Some(ChannelBindings::new(b"one".to_vec()));
            refused(&scene, &scene.request().bound_to(&ChannelBindings::new(b"other".to_vec())))
        },
        Rejection::UnknownAuthorizationData { .. } => {
            refused(&scene, &scene.request_with(|ticket| ticket.authorization_data.push((77, vec![]))))
        },
        Rejection::AuthorizationDataNesting { .. } => {
            let nested = (0..9).fold((1, vec![]), |inner, _| if_relevant(&[inner]));
            refused(&scene, &scene.request_with(|ticket| ticket.authorization_data.push(nested)))
        },
        Rejection::TransitedNotChecked { .. } => {
            scene.policy.pac = PacMode::Off;
            refused(&scene, &scene.request_with(|ticket| ticket.transited = vec![1]))
        },
        Rejection::PacMissing => refused(&scene, &scene.request_with(|ticket| ticket.authorization_data.clear())),
        Rejection::PacDuplicate => {
            let two = scene.request_with(|ticket| ticket.authorization_data.push((AD_WIN2K_PAC, vec![])));
            refused(&scene, &two)
        },
        Rejection::PacMisplaced => {
            let mut request = scene.request();
            request.authorization_data = vec![(AD_WIN2K_PAC, vec![])];
            refused(&scene, &request)
        },
        Rejection::Pac(_) => {
            let forged = scene.pac().sign(&scene.controllers, &scene.controllers);
            let elements = vec![if_relevant(&[(AD_WIN2K_PAC, forged)])];
            refused(&scene, &scene.request_with(|ticket| ticket.authorization_data = elements))
        },
    }
}
