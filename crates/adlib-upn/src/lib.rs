#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod account_case;
mod error;
mod format_character;
mod logon_name;
mod rules;
mod suffix_map;
mod upn;

pub use account_case::{AccountCase, AccountCaseParseError, normal_form};
pub use error::{NameError, NameRule};
pub use logon_name::{AccountName, DownLevelName, LogonName};
pub use rules::{MAX_LABEL_BYTES, MAX_NAME_CHARACTERS, MAX_SUFFIX_BYTES};
pub use suffix_map::{
    Candidate, Diagnostic, MAX_DIAGNOSTICS, MAX_FILE_BYTES, MAX_MAPPINGS, Mapping, Parsed, Problem,
    ReloadableSuffixMap, Side, SuffixMap, SuffixMapError,
};
pub use upn::Upn;
