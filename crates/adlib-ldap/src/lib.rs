#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod bind;
mod changes;
mod config;
mod connection;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod ldap_url;
mod paged;
mod ranged;
mod referral;
mod sasl;
mod search;
mod source;
mod transport;

pub use bind::Rejection;
pub use changes::{ChangeReader, ChangeStream, PlaceRead};
pub use config::{Endpoint, Limits, Settings, Timeouts, TlsSettings, TransportSecurity};
pub use connection::Connection;
pub use error::{Error, ServerMessage, TlsFailure, Violation};
#[cfg(feature = "ldap3")]
#[doc(no_inline)]
pub use ldap3;
pub use paged::{Incomplete, PagedSearch};
pub use referral::{Connecting, ReferralProblem, Referrals};
pub use sasl::{Channel, SaslMechanism};
pub use search::{Scope, SearchResult};
pub use source::{DomainReader, read_domain};
pub use transport::reach;
