//! One newtype for each key: wiped on drop, compared in constant time, never shown.

use core::fmt;

use adlib_core::Secret;

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Secret<[u8; 16]>);

        impl $name {
            /// Take charge of the bytes of a key.
            #[must_use]
            pub const fn new(key: [u8; 16]) -> Self {
                Self(Secret::new(key))
            }

            /// The bytes themselves. Whoever calls this answers for where they go.
            #[must_use]
            pub const fn expose(&self) -> &[u8; 16] {
                self.0.expose()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

key! {
    /// The hash of a password, `NTOWFv1` (MS-NLMP 3.3.1): as good as the password wherever NTLM is spoken.
    ///
    /// ```
    /// use adlib_ntlm::NtHash;
    ///
    /// let hash = NtHash::from_password("Password".into());
    /// assert_eq!(format!("{hash:?}"), "NtHash(..)");
    /// assert_eq!(hash.expose()[..2], [0xa4, 0xf4]);
    /// ```
    NtHash
}

key! {
    /// The hash of a password in upper case, `LMOWFv1` (MS-NLMP 3.3.1), from which the password is soon found.
    LmHash
}

key! {
    /// What an account answers `NTLMv2` challenges with, `NTOWFv2` (MS-NLMP 3.3.2).
    ResponseKey
}

key! {
    /// The key that both sides have when the proof is right (MS-NLMP 3.3.2).
    SessionBaseKey
}

key! {
    /// What the session key travels under (MS-NLMP 3.4.5.1).
    KeyExchangeKey
}

key! {
    /// `ExportedSessionKey`: what signs, seals and makes the MIC (MS-NLMP 3.1.1.2).
    SessionKey
}

key! {
    /// What signs one direction (MS-NLMP 3.4.5.2).
    SigningKey
}

key! {
    /// What seals one direction (MS-NLMP 3.4.5.3).
    SealingKey
}
