#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod bindings_mode;
mod channel_binding;
mod decode_error;
mod end_point;
pub mod gss;
mod guid;
mod reader;
mod secret;
mod sid;
mod time;
pub mod utf16;
mod writer;

pub use bindings_mode::{BindingsMode, BindingsRefusal, BindingsState, OfferedBindings};
pub use channel_binding::ChannelBindings;
pub use decode_error::{DecodeError, DecodeErrorKind};
pub use end_point::EndPointError;
pub use guid::{Guid, GuidParseError};
pub use reader::Reader;
pub use secret::{Password, Secret};
pub use sid::{Sid, SidParseError};
pub use time::{FileTime, UnixTime};
pub use writer::Writer;
