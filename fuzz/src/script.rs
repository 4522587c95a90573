//! What the engine's bytes do to messages of ours: a few bytes to a change, so that it finds its way among them.

use md5::{Digest, Md5};

/// Bytes that are read one after the other; at their end nothing more happens.
#[derive(Clone, Copy, Debug)]
pub struct Script<'a>(&'a [u8]);

/// A key that no script can be written for: the engine sees what is compared with what, and would write down a code that
/// it has seen.
#[must_use]
pub fn key_of(script: &[u8]) -> [u8; 16] {
    Md5::digest(script).into()
}

/// A change to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// Turns one bit over.
    Flip(u16, u8),
    /// Puts another byte in the place of one.
    Set(u16, u8),
    /// Leaves out what comes behind.
    Truncate(u16),
    /// Leaves out so many bytes.
    Remove(u16, u8),
    /// Puts bytes before others.
    Insert(u16, &'a [u8]),
    /// Copies so many bytes over others of the message.
    Copy(u16, u16, u8),
    /// Takes so many bytes from the place of another message.
    Splice(u16, u8),
    /// Takes all from another message.
    Replace,
}

impl<'a> Script<'a> {
    /// A script of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next byte.
    pub fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    /// The next number, the least significant byte first.
    pub fn number(&mut self) -> Option<u16> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u16::from_le_bytes(*bytes))
    }

    /// As many bytes as the next one says, or all that are left.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let count = self.byte()?;
        let (bytes, rest) = self.0.split_at(self.0.len().min(count.into()));
        self.0 = rest;
        Some(bytes)
    }

    /// The next change.
    pub fn change(&mut self) -> Option<Change<'a>> {
        let kind = self.byte()?;
        Some(match kind % 8 {
            0 => Change::Flip(self.number()?, self.byte()?),
            1 => Change::Set(self.number()?, self.byte()?),
            2 => Change::Truncate(self.number()?),
            3 => Change::Remove(self.number()?, self.byte()?),
            4 => Change::Insert(self.number()?, self.bytes()?),
            5 => Change::Copy(self.number()?, self.number()?, self.byte()?),
            6 => Change::Splice(self.number()?, self.byte()?),
            _ => Change::Replace,
        })
    }
}

impl Change<'_> {
    /// Does it to `message`, of which `other` is one of the same kind. Places are counted round the message.
    pub fn apply(self, message: &mut Vec<u8>, other: &[u8]) {
        let place = |place: u16| usize::from(place) % (message.len() + 1);
        let reach = |from: usize, count: u8| (from + usize::from(count)).min(message.len());
        match self {
            Self::Flip(at, bit) => set(message, at, |byte| byte ^ 1 << (bit % 8)),
            Self::Set(at, value) => set(message, at, |_| value),
            Self::Truncate(at) => message.truncate(place(at)),
            Self::Remove(at, count) => {
                let at = place(at);
                drop(message.drain(at..reach(at, count)));
            }
            Self::Insert(at, bytes) => {
                let at = place(at);
                drop(message.splice(at..at, bytes.iter().copied()));
            }
            Self::Copy(from, to, count) => {
                let (from, to) = (place(from), place(to));
                let bytes = message[from..reach(from, count)].to_vec();
                let end = (to + bytes.len()).min(message.len());
                drop(message.splice(to..end, bytes));
            }
            Self::Splice(at, count) => {
                let at = place(at);
                let end = reach(at, count);
                let bytes = other.get(at..end.min(other.len())).unwrap_or_default().to_vec();
                drop(message.splice(at..end, bytes));
            }
            Self::Replace => *message = other.to_vec(),
        }
    }
}

/// Changes the byte at a place, if there is one.
fn set(message: &mut [u8], at: u16, new: impl Fn(u8) -> u8) {
    if let Some(at) = usize::from(at).checked_rem(message.len()) {
        message[at] = new(message[at]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_does_what_it_says() {
        for (change, expected) in [
            (Change::Flip(1, 9), &b"a`cd"[..]),
            (Change::Set(6, b'x'), b"abxd"),
            (Change::Truncate(2), b"ab"),
            (Change::Remove(3, 9), b"abc"),
            (Change::Insert(4, b"!"), b"abcd!"),
            (Change::Copy(0, 3, 2), b"abcab"),
            (Change::Splice(1, 2), b"aBCd"),
            (Change::Replace, b"ABCDE"),
        ] {
            let mut message = b"abcd".to_vec();
            change.apply(&mut message, b"ABCDE");
            assert_eq!(message, expected, "{change:?}");
        }
    }

    #[test]
    fn no_change_needs_a_message() {
        for kind in 0..8 {
            let mut message = Vec::new();
            let script = [kind, 7, 0, 3, 1, 2];
            Script::new(&script).change().unwrap().apply(&mut message, b"");
            assert!(message.len() <= 2);
        }
        assert_eq!(Script::new(&[0, 1]).change(), None);
    }

    #[test]
    fn each_script_has_a_key_of_its_own() {
        assert_ne!(key_of(b"a"), key_of(b"b"));
    }
}
