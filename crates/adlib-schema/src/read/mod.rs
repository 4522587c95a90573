//! A read of a directory: what was found, and whether that is everything.

mod builder;
pub mod changes;
mod completeness;
mod directory_read;
mod membership;
mod nesting;
mod resolve;

pub use builder::ReadBuilder;
pub use completeness::{Complete, Completeness, Shortfall};
pub use directory_read::{DirectoryRead, Found, Warning};
pub use membership::Memberships;
pub use nesting::Nesting;
