//! Memory while a file streams. Alone in its process: every allocation of it is counted.

#![allow(clippy::unwrap_used, missing_docs, reason = "a failure here is a failed test")]

use std::io::{self, Cursor, Read};

use adlib_schema::{LdifReader, ldif::LdifErrorKind};
use allocation_counter::measure;

const MIB: u64 = 1 << 20;

/// A file of at least so many bytes that nobody holds: each entry is made when it is read.
struct Written {
    entry: Cursor<Vec<u8>>,
    number: u32,
    left: u64,
}

impl Written {
    fn of(bytes: u64) -> Self {
        Self {
            entry: Cursor::default(),
            number: 0,
            left: bytes,
        }
    }
}

impl Read for Written {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.entry.read(buffer)?;
        if count > 0 || self.left == 0 {
            return Ok(count);
        }
        self.number += 1;
        let number = self.number;
        let entry = format!(
            "# entry {number}\ndn: uid=user{number},ou=people,dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: user{number}\n\
             cn:: w4nyc3VsYQ==\ndescription: a text that is folded in\n  to two lines\nmail: user{number}@example.org\n\n"
        );
        self.left = self.left.saturating_sub(u64::try_from(entry.len()).unwrap());
        self.entry = Cursor::new(entry.into_bytes());
        self.entry.read(buffer)
    }
}

/// The most bytes that were in use at a time, and how many entries came.
fn read(bytes: u64) -> (u64, u64) {
    let mut entries = 0;
    let used = measure(|| {
        for entry in LdifReader::new(Written::of(bytes)) {
            assert!(!entry.unwrap().dn().is_empty());
            entries += 1;
        }
    });
    (used.bytes_max, entries)
}

/// A55: a file of 32 MiB takes no more memory than one of 1 MiB.
#[test]
fn a55_memory_does_not_depend_on_the_size_of_a_file() {
    let ((small, few), (large, many)) = (read(MIB), read(32 * MIB));
    assert!(few > 4_000 && many > 31 * few, "{few} and {many} entries");
    assert!(large <= small + 4_096, "{small} and {large} bytes");
    assert!(large < MIB / 2, "{large} bytes");
}

/// A55: a line of 1 GiB, in one piece or folded, is refused before it fills the memory.
#[test]
fn a55_a_line_of_1_gib() {
    for fill in [b"a".repeat(1_024), [b" ", &*b"a".repeat(1_022), b"\n"].concat()] {
        let mut left = 1_u64 << 30;
        let line = std::iter::repeat_with(|| Cursor::new(fill.clone()));
        let mut line = line.take_while(|part| {
            left = left.saturating_sub(part.get_ref().len() as u64);
            left > 0
        });
        let used = measure(|| {
            let text = Chain(Cursor::new(b"dn: cn=x\ncn: a".to_vec()), &mut line);
            let error = LdifReader::new(text).next().unwrap().unwrap_err();
            assert!(matches!(error.kind, LdifErrorKind::LineTooLong(_)), "{error}");
        });
        assert!(used.bytes_max < 64 * MIB, "{} bytes", used.bytes_max);
    }
}

/// One part after the other.
struct Chain<'a, I>(Cursor<Vec<u8>>, &'a mut I);

impl<I: Iterator<Item = Cursor<Vec<u8>>>> Read for Chain<'_, I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => match self.1.next() {
                Some(next) => {
                    self.0 = next;
                    self.0.read(buffer)
                }
                None => Ok(0),
            },
            read => Ok(read),
        }
    }
}
