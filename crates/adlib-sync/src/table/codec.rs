//! Lengths, texts and keys in a row.

/// Append a length, seven bits a byte.
pub(super) fn put_length(out: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        out.push(low_bits(length) | 0x80);
        length >>= 7;
    }
    out.push(low_bits(length));
}

fn low_bits(length: usize) -> u8 {
    u8::try_from(length & 0x7f).unwrap_or_default()
}

/// Append a text, or the absence of one.
pub(super) fn put_text(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        None => out.push(0),
        Some(text) => {
            put_length(out, text.len() + 1);
            out.extend_from_slice(text.as_bytes());
        }
    }
}

/// Append a list of texts.
pub(super) fn put_list(out: &mut Vec<u8>, list: &[impl AsRef<str>]) {
    put_length(out, list.len());
    list.iter().for_each(|text| put_text(out, Some(text.as_ref())));
}

/// Append a key. The text of a GUID takes 16 bytes, so that a key has one form only.
pub(super) fn put_key(out: &mut Vec<u8>, key: &str) {
    match pack_guid(key.as_bytes()) {
        Some(guid) => {
            out.push(0);
            out.extend_from_slice(&guid);
        }
        None => put_text(out, Some(key)),
    }
}

const DASHES: [usize; 4] = [8, 13, 18, 23];

/// The bytes of a GUID in the form that keys have: lower case, with its four dashes.
fn pack_guid(text: &[u8]) -> Option<[u8; 16]> {
    if text.len() != 36 {
        return None;
    }
    let mut guid = [0; 16];
    let mut nibble = 0;
    for (at, byte) in text.iter().enumerate() {
        if DASHES.contains(&at) {
            if *byte != b'-' {
                return None;
            }
            continue;
        }
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        let slot = guid.get_mut(nibble / 2)?;
        *slot = (*slot << 4) | value;
        nibble += 1;
    }
    Some(guid)
}

fn unpack_guid(guid: &[u8]) -> String {
    let nibbles = guid.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    let mut digits = nibbles.map(|nibble| match nibble {
        0..10 => b'0' + nibble,
        _ => b'a' + nibble - 10,
    });
    let mut text = [b'-'; 36];
    for (at, slot) in text.iter_mut().enumerate() {
        if !DASHES.contains(&at) {
            *slot = digits.next().unwrap_or(b'0');
        }
    }
    str_of(&text).to_owned()
}

/// Reads a row. Rows are written here only, so what is not there reads as nothing.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    #[inline]
    pub(super) fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    #[inline]
    pub(super) fn length(&mut self) -> usize {
        if let Some((first, rest)) = self.0.split_first()
            && *first < 0x80
        {
            self.0 = rest;
            return usize::from(*first);
        }
        let (mut length, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 || shift > 56 {
                return length;
            }
        }
    }

    #[inline]
    pub(super) fn bytes(&mut self, length: usize) -> &'a [u8] {
        let (bytes, rest) = self.0.split_at_checked(length).unwrap_or_default();
        self.0 = rest;
        bytes
    }

    #[inline]
    pub(super) fn raw_text(&mut self) -> Option<&'a [u8]> {
        let length = self.length().checked_sub(1)?;
        Some(self.bytes(length))
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        self.raw_text().map(str_of)
    }

    pub(super) fn list(&mut self) -> Vec<String> {
        (0..self.length())
            .map(|_| self.text().unwrap_or_default().to_owned())
            .collect()
    }

    pub(super) fn skip_list(&mut self) {
        for _ in 0..self.length() {
            self.raw_text();
        }
    }

    /// A key as it stands in the row.
    pub(super) fn packed_key(&mut self) -> &'a [u8] {
        let start = self.0;
        if start.first() == Some(&0) {
            return self.bytes(17);
        }
        self.raw_text();
        start.get(..start.len() - self.0.len()).unwrap_or_default()
    }
}

/// The text of a packed key.
pub(crate) fn unpack_key(packed: &[u8]) -> String {
    match packed.split_first() {
        Some((0, guid)) => unpack_guid(guid),
        _ => Cursor(packed).text().unwrap_or_default().to_owned(),
    }
}

pub(crate) fn str_of(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_and_have_one_form() {
        let guid = "597ae2f6-16a6-1027-98f4-d28b5365dc14";
        for key in [
            guid,
            "",
            "k",
            "597AE2F6-16a6-1027-98f4-d28b5365dc14",
            &guid.replace('-', "0"),
        ] {
            let mut row = Vec::new();
            put_key(&mut row, key);
            put_length(&mut row, 300);
            let mut cursor = Cursor(&row);
            assert_eq!(unpack_key(cursor.packed_key()), key);
            assert_eq!((cursor.length(), cursor.0), (300, &[][..]));
        }
    }

    #[test]
    fn texts_and_lists_come_back() {
        let long = "x".repeat(20_000);
        let mut row = Vec::new();
        for text in [None, Some(""), Some("a"), Some(long.as_str())] {
            put_text(&mut row, text);
        }
        put_list(&mut row, &["", "Zoë"]);
        let mut cursor = Cursor(&row);
        assert_eq!(
            (cursor.text(), cursor.text(), cursor.text()),
            (None, Some(""), Some("a"))
        );
        assert_eq!(cursor.text(), Some(long.as_str()));
        assert_eq!(cursor.list(), ["", "Zoë"]);
        assert_eq!(cursor.text(), None, "nothing is left");
    }
}
