//! `userAccountControl` and `msDS-User-Account-Control-Computed` (MS-ADTS 2.2.16).

/// The flags of an account, stored and computed ones together.
///
/// ```
/// use adlib_schema::ad::UserAccountControl;
///
/// let flags = UserAccountControl::parse("66050").unwrap();
/// assert!(flags.is_disabled() && flags.password_never_expires());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UserAccountControl(u32);

impl UserAccountControl {
    const ACCOUNT_DISABLE: u32 = 0x0002;
    const LOCKOUT: u32 = 0x0010;
    const DONT_EXPIRE_PASSWORD: u32 = 0x0001_0000;
    const PASSWORD_EXPIRED: u32 = 0x0080_0000;

    /// The flags in `text`, a decimal number, signed or unsigned.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let unsigned = text.parse::<u32>().ok();
        unsigned
            .or_else(|| text.parse::<i32>().ok().map(i32::cast_unsigned))
            .map(Self)
    }

    /// These flags and `other`.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// `ADS_UF_ACCOUNT_DISABLE`: an administrator disabled the account.
    #[must_use]
    pub const fn is_disabled(self) -> bool {
        self.0 & Self::ACCOUNT_DISABLE != 0
    }

    /// `ADS_UF_LOCKOUT`: too many wrong passwords. Only the computed attribute tells.
    #[must_use]
    pub const fn is_locked_out(self) -> bool {
        self.0 & Self::LOCKOUT != 0
    }

    /// `ADS_UF_DONT_EXPIRE_PASSWD`
    #[must_use]
    pub const fn password_never_expires(self) -> bool {
        self.0 & Self::DONT_EXPIRE_PASSWORD != 0
    }

    /// `ADS_UF_PASSWORD_EXPIRED`: the password is too old, or must be changed. Only the computed attribute tells.
    #[must_use]
    pub const fn password_expired(self) -> bool {
        self.0 & Self::PASSWORD_EXPIRED != 0
    }
}
