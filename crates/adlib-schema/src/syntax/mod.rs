//! Attribute syntaxes: text and bytes that mean something (RFC 4514, 4515, 4517, 4518).
//!
//! Trust level: everything here takes what a server, a file or a user wrote, and answers with a value or an
//! error; nothing panics, and nothing recurses deeper than its stated limit.

mod boolean;
mod dn;
mod filter;
mod generalized_time;
pub(crate) mod prepared;

pub use boolean::parse as parse_boolean;
pub use dn::{AttributeValue, Dn, DnError, Rdn};
pub use filter::{Filter, FilterError, FilterTemplate};
pub use generalized_time::{GeneralizedTimeError, parse as parse_generalized_time};
