//! `S4U_DELEGATION_INFO`: who acts for the client (MS-PAC 2.9).

use alloc::{string::String, vec::Vec};

use adlib_core::DecodeError;

use super::ndr::{self, Ndr};

/// The services through which the client came, by constrained delegation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelegationInfo {
    /// The service that the ticket was made for.
    pub target: String,
    /// The services that acted for the client, the first one first.
    pub transited: Vec<String>,
}

impl DelegationInfo {
    /// The structure that `bytes` are.
    ///
    /// # Errors
    /// What is wrong, by the name of its field.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        ndr::read(bytes, Self::walk)
    }

    fn walk(ndr: &mut Ndr<'_>) -> Result<Self, DecodeError> {
        let target = ndr.string_head("S4U2proxyTarget")?;
        let services = ndr.counted("S4UTransitedServices")?;
        let target = ndr.string("S4U2proxyTarget", target)?;
        let heads = ndr.elements("S4UTransitedServices", services, 8, |ndr| {
            ndr.string_head("S4UTransitedServices")
        })?;
        let service = |head| ndr.string("S4UTransitedServices", head);
        Ok(Self {
            target,
            transited: heads.into_iter().map(service).collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::hex;
    use proptest::prelude::*;

    /// As Samba 4.17 writes it.
    const INFO: &str = "00000200
        34003400040002000200000008000200
        1a000000000000001a000000
        48005400540050002f006200610063006b002e0063006f00720070002e006500780061006d0070006c0065002e0063006f006d00
        02000000360036000c0002002e002e0010000200
        1b000000000000001b000000
        48005400540050002f00660072006f006e007400400043004f00520050002e004500580041004d0050004c0045002e0043004f004d000000
        170000000000000017000000
        43004900460053002f007800400043004f00520050002e004500580041004d0050004c0045002e0043004f004d000000";

    #[test]
    fn a_recorded_one() {
        let info = DelegationInfo::decode(&ndr::serialised(&hex(INFO))).unwrap();
        assert_eq!(info.target, "HTTP/back.corp.example.com");
        assert_eq!(
            info.transited,
            ["HTTP/front@CORP.EXAMPLE.COM", "CIFS/x@CORP.EXAMPLE.COM"]
        );
    }

    proptest! {
        /// A23
        #[test]
        fn a23_no_bytes_panic(at: usize, value: [u8; 4], length: usize) {
            let mut info = ndr::serialised(&hex(INFO));
            let at = at % (info.len() - 4);
            info[at..at + 4].copy_from_slice(&value);
            let _ = DelegationInfo::decode(&info);
            let _ = DelegationInfo::decode(&info[..length % info.len()]);
        }
    }
}
