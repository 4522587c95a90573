//! Base64 (RFC 4648 4), as values have it in LDIF.

/// The bytes that `text` stands for; `None` when it is not Base64 with its padding.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let (groups, rest) = text.as_chunks::<4>();
    if !rest.is_empty() {
        return None;
    }
    let mut bytes = Vec::with_capacity(groups.len() * 3);
    let Some((last, groups)) = groups.split_last() else {
        return Some(bytes);
    };
    for [a, b, c, d] in groups {
        bytes.extend(join([digit(*a)?, digit(*b)?, digit(*c)?, digit(*d)?]));
    }
    let [a, b, c, d] = *last;
    let (used, c, d) = match (c, d) {
        (b'=', b'=') => (1, 0, 0),
        (_, b'=') => (2, digit(c)?, 0),
        _ => (3, digit(c)?, digit(d)?),
    };
    bytes.extend(join([digit(a)?, digit(b)?, c, d]).into_iter().take(used));
    Some(bytes)
}

fn join([a, b, c, d]: [u8; 4]) -> [u8; 3] {
    [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]
}

const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648 section 10.
    #[test]
    fn test_vectors() {
        for (text, bytes) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg==", "foob"),
            ("Zm9vYmE=", "fooba"),
            ("Zm9vYmFy", "foobar"),
        ] {
            assert_eq!(decode(text.as_bytes()), Some(bytes.as_bytes().to_vec()));
        }
    }

    #[test]
    fn refuses_what_is_not_base64() {
        for text in [
            "Z", "Zg", "Zg=", "Zg===", "====", "Z===", "Zg==Zg==", "Zm9 ", "Zm9v\n", "Zm-_",
        ] {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
        }
    }
}
