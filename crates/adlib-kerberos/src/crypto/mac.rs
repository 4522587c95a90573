//! Message authentication codes as the data comes, cut to the length that their checksum type has.

use hmac::{Hmac, KeyInit, Mac as _};
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha384};
use subtle::ConstantTimeEq;

use super::{KeyBytes, rc4_hmac};

/// The longest code.
const MAX_LENGTH: usize = 24;

/// A code, of 12, 16 or 24 bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tag {
    bytes: [u8; MAX_LENGTH],
    length: usize,
}

impl Tag {
    /// The first `N` bytes of `code`.
    fn new<const N: usize>(code: &[u8]) -> Self {
        let mut bytes = [0; MAX_LENGTH];
        if let (Some(first), Some(code)) = (bytes.first_chunk_mut::<N>(), code.first_chunk()) {
            *first = *code;
        }
        Self { bytes, length: N }
    }

    /// The bytes.
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// Whether this is `sent`, in constant time.
    pub(crate) fn is(&self, sent: &[u8]) -> bool {
        self.as_slice().ct_eq(sent).into()
    }
}

/// A code in the making.
#[derive(Clone)]
pub(crate) enum Mac {
    /// HMAC-SHA1-96 (RFC 3962).
    Sha1(Hmac<Sha1>),
    /// HMAC-SHA256-128 (RFC 8009).
    Sha256(Hmac<Sha256>),
    /// HMAC-SHA384-192 (RFC 8009).
    Sha384(Hmac<Sha384>),
    /// The HMAC of an MD5 digest, with a key of its own (RFC 4757 4).
    Md5 {
        /// The key of the HMAC.
        signing: KeyBytes,
        /// The digest so far.
        digest: Md5,
    },
}

impl Mac {
    /// HMAC-SHA1-96 with `key`.
    pub(crate) fn sha1(key: &KeyBytes) -> Self {
        Self::Sha1(Hmac::new(&key.padded().into()))
    }

    /// Take `data`.
    pub(crate) fn update(&mut self, data: &[u8]) {
        match self {
            Self::Sha1(mac) => mac.update(data),
            Self::Sha256(mac) => mac.update(data),
            Self::Sha384(mac) => mac.update(data),
            Self::Md5 { digest, .. } => digest.update(data),
        }
    }

    /// The code of what was taken.
    pub(crate) fn finish(self) -> Tag {
        match self {
            Self::Sha1(mac) => Tag::new::<12>(&mac.finalize().into_bytes()),
            Self::Sha256(mac) => Tag::new::<16>(&mac.finalize().into_bytes()),
            Self::Sha384(mac) => Tag::new::<24>(&mac.finalize().into_bytes()),
            Self::Md5 { signing, digest } => {
                Tag::new::<16>(&rc4_hmac::hmac_md5(&signing, &[&digest.finalize()]))
            }
        }
    }

    /// The code of `data`, behind what was taken.
    pub(crate) fn of(mut self, data: &[u8]) -> Tag {
        self.update(data);
        self.finish()
    }
}
