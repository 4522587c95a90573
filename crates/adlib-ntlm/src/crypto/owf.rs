//! One-way functions: password to hash, hash to response key (MS-NLMP 3.3.1 and 3.3.2).

use adlib_core::Password;
use md4::{Digest, Md4};
use zeroize::Zeroize;

use super::{
    des::des,
    hmac_md5::HmacMd5,
    keys::{LmHash, NtHash, ResponseKey},
    upper_case::upper_case_unit,
};

impl NtHash {
    /// `NTOWFv1`: MD4 of the password in UTF-16. The password is wiped.
    #[must_use]
    pub fn from_password(password: Password) -> Self {
        let mut hash = Md4::new();
        for unit in password.expose().encode_utf16() {
            hash.update(unit.to_le_bytes());
        }
        drop(password);
        Self::new(hash.finalize().into())
    }

    /// `NTOWFv2`: HMAC-MD5 of the user's name in upper case and the domain as it is spelt. `LMOWFv2` is the same.
    ///
    /// The domain is the one in the AUTHENTICATE message, to the letter: `CORP` and `corp` make different keys.
    #[must_use]
    pub fn response_key(&self, user: &str, domain: &str) -> ResponseKey {
        let mut mac = HmacMd5::new(self.expose());
        mac.update_units(
            user.encode_utf16()
                .map(upper_case_unit)
                .chain(domain.encode_utf16()),
        );
        ResponseKey::new(mac.finish())
    }
}

impl LmHash {
    /// `LMOWFv1`: DES of a constant under each half of the password in upper case. The password is wiped.
    ///
    /// `None` for a password that has no such hash: longer than 14 characters, or not ASCII, whose code page is not
    /// known.
    #[must_use]
    pub fn from_password(password: Password) -> Option<Self> {
        const CONSTANT: [u8; 8] = *b"KGS!@#$%";
        let text = password.expose();
        if !text.is_ascii() || text.len() > 14 {
            return None;
        }
        let mut halves = [[0; 7]; 2];
        let slots = halves.as_flattened_mut().iter_mut();
        slots
            .zip(text.bytes())
            .for_each(|(slot, byte)| *slot = byte.to_ascii_uppercase());
        drop(password);
        let mut hash = halves.map(|half| des(half, CONSTANT));
        halves.as_flattened_mut().zeroize();
        let mut flat = [0; 16];
        flat.copy_from_slice(hash.as_flattened());
        hash.as_flattened_mut().zeroize();
        Some(Self::new(flat))
    }
}
