//! Many users in little memory: each is one row of bytes, and rows are found by what their entries are known by.
//!
//! Two rows are equal when the users are, so that whoever did not change costs one comparison of bytes. Only rows that
//! differ are ever decoded. PINs are no part of a row: they stay in values that are wiped.

mod codec;
mod index;
mod pairs;
mod record;
mod rows;

pub(crate) use codec::{str_of, unpack_key};
pub(crate) use index::{HashIndex, Hashed, hash, hash_claim};
pub(crate) use pairs::Pairs;
pub(crate) use record::{ClaimKind, EntryRecord, Fields, OriginKind, Record, encode, encode_entry};
pub(crate) use rows::{BATCH, Place, Rows};
