//! One entry of a key table.

use adlib_core::UnixTime;

use crate::{Principal, ServiceKey, UnsupportedEtype};

/// A key with the principal that it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeytabEntry {
    /// The service.
    pub principal: Principal,
    /// The version of the key.
    pub kvno: u32,
    /// The key.
    pub key: ServiceKey,
    /// When the entry was written.
    pub timestamp: UnixTime,
}

/// An entry whose encryption type is not spoken here. Its key is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusableEntry {
    /// The service.
    pub principal: Principal,
    /// The version of the key.
    pub kvno: u32,
    /// The encryption type, and whether it is DES.
    pub etype: UnsupportedEtype,
    /// When the entry was written.
    pub timestamp: UnixTime,
}
