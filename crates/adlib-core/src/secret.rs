//! Values that must not be shown, compared in variable time, or left in memory.

use alloc::string::String;
use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// A secret: wiped on drop, compared in constant time, shown as `Secret(..)`.
///
/// Each role has a newtype of its own (`Password`, `NtHash`, `SessionKey`, `ServiceKey`); this is what they
/// are made of.
///
/// ```
/// use adlib_core::Secret;
///
/// let key = Secret::new([7_u8; 16]);
/// assert_eq!(format!("{key:?}"), "Secret(..)");
/// assert_eq!(key.expose()[0], 7);
/// ```
#[derive(Clone)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Take charge of `value`.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Whoever calls this answers for where it goes.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl<T: Zeroize + AsRef<[u8]>> PartialEq for Secret<T> {
    /// In time that depends on the lengths only.
    fn eq(&self, other: &Self) -> bool {
        self.0.as_ref().ct_eq(other.0.as_ref()).into()
    }
}

impl<T: Zeroize + AsRef<[u8]>> Eq for Secret<T> {}

/// A password that a user typed.
///
/// ```
/// use adlib_core::Password;
///
/// let password = Password::from("Passw0rd.Test");
/// assert_eq!(format!("{password:?}"), "Password(..)");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Secret<String>);

impl Password {
    /// Take charge of `password`.
    #[must_use]
    pub const fn new(password: String) -> Self {
        Self(Secret::new(password))
    }

    /// The password itself. Whoever calls this answers for where it goes.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Whether there is no character in it. Servers take an empty password for an anonymous success.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }
}

impl From<String> for Password {
    fn from(password: String) -> Self {
        Self::new(password)
    }
}

impl From<&str> for Password {
    fn from(password: &str) -> Self {
        Self::new(password.into())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    /// A63
    #[test]
    fn a63_debug_shows_nothing() {
        let text = format!("{:?} {:?}", Password::from("hunter2"), Secret::new([0x41_u8; 4]));
        assert_eq!(text, "Password(..) Secret(..)");
    }

    #[test]
    fn equality_is_by_value() {
        assert_eq!(Password::from("a"), Password::from("a"));
        assert_ne!(Password::from("a"), Password::from("ab"));
    }
}
