//! Negotiate flags (MS-NLMP 2.2.2.5).

use core::fmt;

/// The flags by which both sides agree on what follows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct NegotiateFlags(pub u32);

impl NegotiateFlags {
    /// `NTLMSSP_NEGOTIATE_UNICODE`: texts are UTF-16.
    pub const UNICODE: Self = Self(0x0000_0001);
    /// `NTLM_NEGOTIATE_OEM`: texts are in a code page.
    pub const OEM: Self = Self(0x0000_0002);
    /// `NTLMSSP_REQUEST_TARGET`: the challenge names its target.
    pub const REQUEST_TARGET: Self = Self(0x0000_0004);
    /// `NTLMSSP_NEGOTIATE_SIGN`: messages will be signed.
    pub const SIGN: Self = Self(0x0000_0010);
    /// `NTLMSSP_NEGOTIATE_SEAL`: messages will be sealed.
    pub const SEAL: Self = Self(0x0000_0020);
    /// `NTLMSSP_NEGOTIATE_NTLM`: the NTLM protocol.
    pub const NTLM: Self = Self(0x0000_0200);
    /// The "anonymous" flag of AUTHENTICATE.
    pub const ANONYMOUS: Self = Self(0x0000_0800);
    /// `NTLMSSP_NEGOTIATE_ALWAYS_SIGN`.
    pub const ALWAYS_SIGN: Self = Self(0x0000_8000);
    /// `NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY`.
    pub const EXTENDED_SESSION_SECURITY: Self = Self(0x0008_0000);
    /// `NTLMSSP_NEGOTIATE_TARGET_INFO`: the challenge holds attribute pairs.
    pub const TARGET_INFO: Self = Self(0x0080_0000);
    /// `NTLMSSP_NEGOTIATE_VERSION`: the version block means something.
    pub const VERSION: Self = Self(0x0200_0000);
    /// `NTLMSSP_NEGOTIATE_128`: keys of 128 bits.
    pub const KEY_128: Self = Self(0x2000_0000);
    /// `NTLMSSP_NEGOTIATE_KEY_EXCH`: the client sends a session key.
    pub const KEY_EXCHANGE: Self = Self(0x4000_0000);
    /// `NTLMSSP_NEGOTIATE_56`: keys of 56 bits.
    pub const KEY_56: Self = Self(0x8000_0000);

    /// Whether all of `flags` are set.
    #[must_use]
    pub const fn contains(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }
}

impl fmt::Debug for NegotiateFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NegotiateFlags({:#010x})", self.0)
    }
}
