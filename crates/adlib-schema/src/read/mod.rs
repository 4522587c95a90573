//! A read of a directory: what was found, and whether that is everything.

mod completeness;
mod directory_read;
mod membership;

pub use completeness::{Complete, Completeness, Shortfall};
pub use directory_read::{DirectoryRead, Found, Warning};
pub use membership::Memberships;
