//! The names of mechanisms.

use core::fmt;

use adlib_core::gss;
use der::asn1::ObjectIdentifier;

/// A mechanism, by the content octets of its object identifier. Any are kept as they came.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MechType<'a>(pub &'a [u8]);

impl MechType<'static> {
    /// 1.2.840.113554.1.2.2, Kerberos 5 (RFC 4121).
    pub const KERBEROS: Self = Self(gss::KERBEROS_OID);
    /// 1.2.840.48018.1.2.2, the same as Windows 2000 misspelt it (MS-SPNG 3.1.5.2).
    pub const MICROSOFT_KERBEROS: Self = Self(gss::MICROSOFT_KERBEROS_OID);
    /// 1.2.840.113554.1.2.2.3, Kerberos user-to-user.
    pub const USER_TO_USER: Self = Self(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02, 0x03]);
    /// 1.3.6.1.5.2.5, Kerberos by way of the acceptor.
    pub const IAKERB: Self = Self(&[0x2b, 0x06, 0x01, 0x05, 0x02, 0x05]);
    /// 1.3.6.1.4.1.311.2.2.10, NTLM (MS-NLMP 1.9).
    pub const NTLM: Self = Self(gss::NTLM_OID);
    /// 1.3.6.1.4.1.311.2.2.30, NEGOEX (MS-NEGOEX).
    pub const NEGOEX: Self = Self(&[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x1e]);
    /// 1.3.6.1.5.5.2, SPNEGO itself: the mechanism of the frame, never of an offer.
    pub const SPNEGO: Self = Self(gss::SPNEGO_OID);
}

impl fmt::Display for MechType<'_> {
    /// The mechanism's name, else its numbers with dots, else its bytes in hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            MechType::KERBEROS => f.write_str("kerberos"),
            MechType::MICROSOFT_KERBEROS => f.write_str("microsoft-kerberos"),
            MechType::USER_TO_USER => f.write_str("kerberos-user-to-user"),
            MechType::IAKERB => f.write_str("iakerb"),
            MechType::NTLM => f.write_str("ntlm"),
            MechType::NEGOEX => f.write_str("negoex"),
            MechType::SPNEGO => f.write_str("spnego"),
            Self(octets) => match ObjectIdentifier::from_bytes(octets) {
                Ok(oid) => oid.fmt(f),
                Err(_) => octets.iter().try_for_each(|octet| write!(f, "{octet:02x}")),
            },
        }
    }
}

impl fmt::Debug for MechType<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MechType({self})")
    }
}
