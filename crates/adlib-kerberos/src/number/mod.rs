//! The registries of numbers that Kerberos speaks in, one file each.

pub(crate) mod ad_type;
mod checksum_type;
mod error_code;
mod etype;
mod key_usage;
pub mod name_type;
pub(crate) mod pa_type;

pub use checksum_type::ChecksumType;
pub use error_code::ErrorCode;
pub use etype::{EncryptionType, UnsupportedEtype};
pub(crate) use key_usage::KeyUsage;
