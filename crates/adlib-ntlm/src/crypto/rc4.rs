//! RC4: a state that goes on from message to message, and one key used once.

use alloc::boxed::Box;

use rc4::{KeyInit, Rc4, StreamCipher};

/// The state of a cipher. It stays where it is, so that wiping it wipes all there is.
pub(super) struct Rc4State(Box<Rc4>);

impl Rc4State {
    /// `RC4Init`.
    pub(super) fn new(key: &[u8; 16]) -> Self {
        Self(Box::new(init(key)))
    }

    /// Encrypt or decrypt, which is the same.
    pub(super) fn apply(&mut self, data: &mut [u8]) {
        self.0.apply_keystream(data);
    }
}

/// `RC4K`: `data` under `key`, which encrypts nothing else.
pub(super) fn rc4k(key: &[u8; 16], mut data: [u8; 16]) -> [u8; 16] {
    init(key).apply_keystream(&mut data);
    data
}

#[expect(clippy::expect_used, reason = "the cipher takes keys of 1 to 256 bytes")]
fn init(key: &[u8; 16]) -> Rc4 {
    Rc4::new_from_slice(key).expect("a key of 16 bytes")
}
