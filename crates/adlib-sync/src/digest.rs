//! SHA-256 of many small things.

use std::fmt::{self, Write};

use adlib_schema::record::Pin;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};

use crate::store::DigestKey;

/// SHA-256 of what comes in small pieces.
#[derive(Default)]
pub(crate) struct Digest {
    sha: Sha256,
    pieces: Vec<u8>,
}

/// Hashed at once.
const BLOCK: usize = 16 * 1024;

impl Digest {
    pub(crate) fn add(&mut self, item: &impl fmt::Debug) {
        // Writing to a hash cannot fail, and no derived `Debug` does.
        let _ = writeln!(self, "{item:?}");
    }

    /// Bytes, and how many they are.
    pub(crate) fn add_bytes(&mut self, bytes: &[u8]) {
        self.put(&(bytes.len() as u64).to_le_bytes());
        self.put(bytes);
    }

    fn put(&mut self, bytes: &[u8]) {
        self.pieces.extend_from_slice(bytes);
        if self.pieces.len() >= BLOCK {
            self.sha.update(&self.pieces);
            self.pieces.clear();
        }
    }

    /// A PIN as a keyed digest.
    pub(crate) fn add_pin(&mut self, key: &DigestKey, pin: &Pin) {
        // A key of HMAC is filled up with zeros to one block (RFC 2104 2).
        let mut block = [0; 64];
        block
            .iter_mut()
            .zip(key.expose())
            .for_each(|(to, from)| *to = *from);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(pin.expose().as_bytes());
        self.put(&mac.finalize().into_bytes());
    }

    pub(crate) fn finish(mut self) -> [u8; 32] {
        self.sha.update(&self.pieces);
        self.sha.finalize().into()
    }
}

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.put(text.as_bytes());
        Ok(())
    }
}
