//! The addresses that a client may come from (RFC 4120 5.2.5, 7.5.3).

use core::net::IpAddr;

use crate::der::HostAddress;

/// `IPv4` and `IPv6`.
const IPV4: i32 = 2;
const IPV6: i32 = 24;

/// Whether `peer` is one of `addresses`. Those of other kinds, such as the `NetBIOS` names that Windows writes, match
/// nobody.
pub(super) fn include<'a>(mut addresses: impl Iterator<Item = HostAddress<'a>>, peer: IpAddr) -> bool {
    addresses.any(|address| {
        let bytes = address.address.0;
        let address = match address.addr_type {
            IPV4 => <[u8; 4]>::try_from(bytes).map(IpAddr::from),
            IPV6 => <[u8; 16]>::try_from(bytes).map(IpAddr::from),
            _ => return false,
        };
        address.is_ok_and(|address| address.to_canonical() == peer.to_canonical())
    })
}
