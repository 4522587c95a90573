//! What a saved sign-in keeps (R8).

use alloc::{string::String, vec::Vec};
use core::{fmt, str};

use adlib_core::{DecodeError, DecodeErrorKind, Reader, Secret};

use crate::{Account, NtHash};

const WHAT: &str = "saved credential";
const SIGNATURE: &[u8; 8] = b"ADLNTLM\0";
const VERSION: u8 = 1;

/// An account and its NT hash: what signs in later without the password.
///
/// **The hash is as good as the password wherever NTLM is spoken**: who reads the bytes can sign in as the account until
/// its password changes. They belong encrypted, in the care of something that keeps keys. Nothing writes them but an
/// explicit call, and they are wiped on drop.
///
/// ```
/// use adlib_ntlm::{Account, NtHash, SavedCredential};
///
/// let account = Account { user: "ada".into(), domain: "CORP".into() };
/// let saved = SavedCredential::new(account, NtHash::from_password("secret".into()));
/// let bytes = saved.to_bytes();
/// assert_eq!(SavedCredential::from_bytes(bytes.expose())?, saved);
/// assert_eq!(format!("{saved:?}"), "SavedCredential(..)");
/// # Ok::<(), adlib_core::DecodeError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SavedCredential {
    account: Account,
    hash: NtHash,
}

impl SavedCredential {
    /// Keep `account` and its hash.
    #[must_use]
    pub const fn new(account: Account, hash: NtHash) -> Self {
        Self { account, hash }
    }

    /// The account.
    #[must_use]
    pub const fn account(&self) -> &Account {
        &self.account
    }

    /// Its hash.
    #[must_use]
    pub const fn hash(&self) -> &NtHash {
        &self.hash
    }

    /// The credential as bytes, which are as good as the password.
    ///
    /// ```text
    /// Signature (8) = "ADLNTLM" 0, Version (1) = 1, Hash (16), UserLength (4) User, DomainLength (4) Domain
    /// ```
    ///
    /// Lengths have the least significant byte first, texts are UTF-8.
    #[must_use]
    pub fn to_bytes(&self) -> Secret<Vec<u8>> {
        let Account { user, domain } = &self.account;
        // Written without growing: what grows leaves copies behind.
        let mut bytes = Vec::with_capacity(SIGNATURE.len() + 25 + user.len() + domain.len());
        bytes.extend_from_slice(SIGNATURE);
        bytes.push(VERSION);
        bytes.extend_from_slice(self.hash.expose());
        for text in [user, domain] {
            // No text of 4 GiB has come through a handshake, or out of a directory.
            let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        Secret::new(bytes)
    }

    /// The credential that [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// `Unexpected` for another signature or version, `Truncated`, `Trailing`, `Text`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let at = reader;
        let signature = reader.array::<8>(WHAT)?;
        let version = reader.u8(WHAT)?;
        if signature != *SIGNATURE || version != VERSION {
            return Err(at.error(WHAT, DecodeErrorKind::Unexpected));
        }
        let hash = NtHash::new(reader.array(WHAT)?);
        let account = Account {
            user: read_text(&mut reader)?,
            domain: read_text(&mut reader)?,
        };
        reader.finish(WHAT)?;
        Ok(Self { account, hash })
    }
}

fn read_text(reader: &mut Reader<'_>) -> Result<String, DecodeError> {
    let length = usize::try_from(reader.u32_le(WHAT)?).unwrap_or(usize::MAX);
    let at = *reader;
    let text = str::from_utf8(reader.bytes(WHAT, length)?);
    text.map(String::from)
        .map_err(|_| at.error(WHAT, DecodeErrorKind::Text))
}

impl fmt::Debug for SavedCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SavedCredential(..)")
    }
}
