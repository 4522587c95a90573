#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod attribute_name;
mod raw_entry;
pub mod read;
pub mod record;
pub mod syntax;

pub use attribute_name::{AttributeName, AttributeNameError};
pub use raw_entry::RawEntry;
