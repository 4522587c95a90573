//! Where a message is decrypted: one buffer, wiped afterwards.

use alloc::vec::Vec;
use core::ops::Range;

use zeroize::Zeroize;

use crate::crypto::Cipher;

/// The buffer with what was decrypted in it.
pub(super) enum Plaintext<'b> {
    /// One of its own.
    Own(Vec<u8>),
    /// The caller's, who uses it again: then nothing is allocated.
    Lent(&'b mut Vec<u8>),
}

impl Plaintext<'_> {
    fn bytes(&self) -> &Vec<u8> {
        match self {
            Self::Own(bytes) => bytes,
            Self::Lent(bytes) => bytes,
        }
    }

    fn bytes_mut(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Own(bytes) => bytes,
            Self::Lent(bytes) => bytes,
        }
    }

    /// The buffer emptied, with room for `length` bytes: it does not move while it holds secrets.
    pub(super) fn reserve(&mut self, length: usize) {
        let bytes = self.bytes_mut();
        bytes.clear();
        bytes.reserve(length);
    }

    /// Decrypt `message` behind what is here already; where the plaintext lies, or `None` when it is not authentic.
    pub(super) fn open(&mut self, cipher: &Cipher, message: &[u8]) -> Option<Range<usize>> {
        let bytes = self.bytes_mut();
        let start = bytes.len();
        bytes.extend_from_slice(message);
        let opened = bytes.get_mut(start..).and_then(|message| cipher.open(message));
        let opened = opened.map(|plaintext| (plaintext.as_ptr().addr(), plaintext.len()));
        let Some((address, length)) = opened else {
            // What did not verify may be plaintext all the same.
            bytes.get_mut(start..).unwrap_or_default().zeroize();
            bytes.truncate(start);
            return None;
        };
        let at = address.wrapping_sub(bytes.as_ptr().addr());
        Some(at..at.saturating_add(length))
    }

    /// The bytes in `range`, none where there is no such range.
    pub(super) fn get(&self, range: &Range<usize>) -> &[u8] {
        self.bytes().get(range.clone()).unwrap_or_default()
    }

    /// Where `part` lies, if it lies here.
    pub(super) fn find(&self, part: &[u8]) -> Range<usize> {
        let start = part.as_ptr().addr().wrapping_sub(self.bytes().as_ptr().addr());
        start..start.saturating_add(part.len())
    }
}

impl Drop for Plaintext<'_> {
    fn drop(&mut self) {
        // As a slice: a vector is wiped a byte at a time. There is nothing behind it, see `open`.
        let bytes = self.bytes_mut();
        bytes.as_mut_slice().zeroize();
        bytes.clear();
    }
}

impl core::fmt::Debug for Plaintext<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Plaintext({} bytes)", self.bytes().len())
    }
}
