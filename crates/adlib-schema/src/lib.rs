#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod ad;
mod attribute_name;
pub mod ldif;
pub mod lookup;
pub mod mapping;
pub mod preset;
mod raw_entry;
pub mod read;
pub mod record;
mod root_dse;
pub mod syntax;

pub use adlib_upn::normal_form;
pub use attribute_name::{AttributeName, AttributeNameError};
pub use ldif::{LdifError, LdifReader};
pub use mapping::{CardFormat, CardRule, Mapped, Mapper, UserName};
pub use preset::{Preset, Schema, SchemaError};
pub use raw_entry::{RawEntry, Values};
pub use root_dse::{PAGE_LIMIT, RootDse, page_limit};
pub use syntax::{Dn, Filter, FilterTemplate};
