#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod raw_entry;
pub mod read;
pub mod record;

pub use raw_entry::RawEntry;
