//! `adctl` against real directories that are no Active Directory.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod ds389;
#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
#[path = "../folder/mod.rs"]
mod folder;
mod openldap;
mod site;
