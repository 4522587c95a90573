//! Negotiate flags (MS-NLMP 2.2.2.5).

use core::{
    fmt,
    ops::{BitAnd, BitOr, Not},
};

/// The flags by which both sides agree on what follows.
///
/// ```
/// use adlib_ntlm::message::NegotiateFlags;
///
/// let flags = NegotiateFlags::UNICODE | NegotiateFlags::SIGN;
/// assert!(flags.contains(NegotiateFlags::SIGN));
/// assert_eq!(flags.names().collect::<Vec<_>>(), ["UNICODE", "SIGN"]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct NegotiateFlags(pub u32);

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident = $bit:literal;)+) => {
        impl NegotiateFlags {
            $($(#[$doc])* pub const $name: Self = Self($bit);)+

            const NAMES: &'static [(Self, &'static str)] = &[$((Self::$name, stringify!($name))),+];
        }
    };
}

flags! {
    /// A, `NTLMSSP_NEGOTIATE_UNICODE`: texts are UTF-16.
    UNICODE = 0x0000_0001;
    /// B, `NTLM_NEGOTIATE_OEM`: texts are in a code page.
    OEM = 0x0000_0002;
    /// C, `NTLMSSP_REQUEST_TARGET`: the challenge names its target.
    REQUEST_TARGET = 0x0000_0004;
    /// D, `NTLMSSP_NEGOTIATE_SIGN`: messages will be signed.
    SIGN = 0x0000_0010;
    /// E, `NTLMSSP_NEGOTIATE_SEAL`: messages will be sealed.
    SEAL = 0x0000_0020;
    /// F, `NTLMSSP_NEGOTIATE_DATAGRAM`: messages may be lost or come in another order.
    DATAGRAM = 0x0000_0040;
    /// G, `NTLMSSP_NEGOTIATE_LM_KEY`: the session key comes from the LM response.
    LM_KEY = 0x0000_0080;
    /// H, `NTLMSSP_NEGOTIATE_NTLM`: the NTLM protocol.
    NTLM = 0x0000_0200;
    /// J, the connection is anonymous.
    ANONYMOUS = 0x0000_0800;
    /// K, `NTLMSSP_NEGOTIATE_OEM_DOMAIN_SUPPLIED`: the first message names the client's domain.
    OEM_DOMAIN_SUPPLIED = 0x0000_1000;
    /// L, `NTLMSSP_NEGOTIATE_OEM_WORKSTATION_SUPPLIED`: the first message names the client.
    OEM_WORKSTATION_SUPPLIED = 0x0000_2000;
    /// M, `NTLMSSP_NEGOTIATE_ALWAYS_SIGN`: a session key is made even if nothing will be signed.
    ALWAYS_SIGN = 0x0000_8000;
    /// N, `NTLMSSP_TARGET_TYPE_DOMAIN`: the challenge names a domain.
    TARGET_TYPE_DOMAIN = 0x0001_0000;
    /// O, `NTLMSSP_TARGET_TYPE_SERVER`: the challenge names a server.
    TARGET_TYPE_SERVER = 0x0002_0000;
    /// P, `NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY`.
    EXTENDED_SESSION_SECURITY = 0x0008_0000;
    /// Q, `NTLMSSP_NEGOTIATE_IDENTIFY`: the server may learn who the user is, and no more.
    IDENTIFY = 0x0010_0000;
    /// R, `NTLMSSP_REQUEST_NON_NT_SESSION_KEY`: the session key comes from the LM hash.
    NON_NT_SESSION_KEY = 0x0040_0000;
    /// S, `NTLMSSP_NEGOTIATE_TARGET_INFO`: the challenge holds attribute pairs.
    TARGET_INFO = 0x0080_0000;
    /// T, `NTLMSSP_NEGOTIATE_VERSION`: the version block means something.
    VERSION = 0x0200_0000;
    /// U, `NTLMSSP_NEGOTIATE_128`: keys of 128 bits.
    KEY_128 = 0x2000_0000;
    /// V, `NTLMSSP_NEGOTIATE_KEY_EXCH`: the client sends a session key.
    KEY_EXCHANGE = 0x4000_0000;
    /// W, `NTLMSSP_NEGOTIATE_56`: keys of 56 bits.
    KEY_56 = 0x8000_0000;
}

impl NegotiateFlags {
    /// Whether all of `flags` are set.
    #[must_use]
    pub const fn contains(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// Whether any of `flags` is set.
    #[must_use]
    pub const fn intersects(self, flags: Self) -> bool {
        self.0 & flags.0 != 0
    }

    /// The names of the flags that are set, as they are here; bits without a name are left out.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES
            .iter()
            .filter(move |(flag, _)| self.contains(*flag))
            .map(|(_, name)| *name)
    }
}

impl BitOr for NegotiateFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitAnd for NegotiateFlags {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Not for NegotiateFlags {
    type Output = Self;

    fn not(self) -> Self {
        Self(!self.0)
    }
}

impl fmt::Display for NegotiateFlags {
    /// The names with blanks between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.names().enumerate() {
            write!(f, "{}{name}", if index == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

impl fmt::Debug for NegotiateFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NegotiateFlags({:#010x})", self.0)
    }
}
