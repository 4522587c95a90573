//! One-way functions: password to hash, hash to response key (MS-NLMP 3.3.1 and 3.3.2).

use alloc::vec::Vec;

use adlib_core::Password;
use md4::{Digest, Md4};

use super::{
    hmac_md5::hmac_md5,
    keys::{NtHash, ResponseKey},
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

    /// `NTOWFv2`: HMAC-MD5 of the user's name in upper case and the domain as it is spelt.
    ///
    /// The domain is the one in the AUTHENTICATE message, to the letter: `CORP` and `corp` make different keys.
    #[must_use]
    pub fn response_key(&self, user: &str, domain: &str) -> ResponseKey {
        let user = user.encode_utf16().map(upper_case_unit);
        let identity: Vec<u8> = user
            .chain(domain.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        ResponseKey::new(hmac_md5(self.expose(), [identity.as_slice()]))
    }
}
