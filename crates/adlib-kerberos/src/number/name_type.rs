//! Name types (RFC 4120 6.2, MS-KILE 3.1.5.8). They are hints: no comparison looks at them.

/// The type is not known.
pub const UNKNOWN: i32 = 0;
/// A user, or a service by its account.
pub const PRINCIPAL: i32 = 1;
/// A service and its instance, such as `krbtgt/REALM` or `HTTP/host`.
pub const SRV_INST: i32 = 2;
/// A service on a host.
pub const SRV_HST: i32 = 3;
/// A name with its suffix, for the controller to resolve (RFC 6806 5).
pub const ENTERPRISE: i32 = 10;
