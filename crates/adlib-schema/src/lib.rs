#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod ad;
mod attribute_name;
pub mod preset;
mod raw_entry;
pub mod read;
pub mod record;
pub mod syntax;

pub use attribute_name::{AttributeName, AttributeNameError};
pub use preset::{Preset, Schema, SchemaError};
pub use raw_entry::RawEntry;
pub use syntax::{Dn, Filter, FilterTemplate};
