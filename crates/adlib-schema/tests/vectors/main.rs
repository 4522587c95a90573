//! Published values, by specification and section.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod rfc2849;
mod rfc4514;
mod rfc4515;
mod root_dse;
