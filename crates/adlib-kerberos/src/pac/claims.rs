//! Claims: attributes of the user or of the machine that the domain vouches for (MS-PAC 2.11, MS-ADTS 2.2.18).

use alloc::{borrow::Cow, string::String, vec::Vec};

use adlib_core::{DecodeError, DecodeErrorKind};

use super::{
    ndr::{self, Deferred, Ndr},
    xpress_huffman,
};

/// The largest set that is decompressed. A whole ticket has to be smaller than that.
const MAX_SIZE: usize = 1 << 18;
/// `COMPRESSION_FORMAT_XPRESS_HUFF`; 0 is no compression.
const XPRESS_HUFFMAN: u16 = 4;

/// A claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Who made it: 1 is the directory, 2 a certificate.
    pub source: u16,
    /// The identifier, such as `ad://ext/department`.
    pub id: String,
    /// The values.
    pub values: ClaimValues,
}

/// The values of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimValues {
    /// Numbers with a sign.
    Int64(Vec<i64>),
    /// Numbers without.
    Uint64(Vec<u64>),
    /// Texts.
    String(Vec<String>),
    /// Yes or no.
    Boolean(Vec<bool>),
}

/// The claims of a `PAC_CLIENT_CLAIMS_INFO` or `PAC_DEVICE_CLAIMS_INFO`.
///
/// # Errors
/// What is wrong, by the name of its field; `Limit` for a set larger than 256 KiB, `Invalid` for a compression that
/// nobody uses and for one that gives another size than it says.
pub fn decode_claims(bytes: &[u8]) -> Result<Vec<Claim>, DecodeError> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let set = ndr::read(bytes, claims_set)?;
    if set.is_empty() {
        return Ok(Vec::new());
    }
    ndr::read(&set, claims)
}

/// `CLAIMS_SET_METADATA`: the set, decompressed.
fn claims_set<'a>(ndr: &mut Ndr<'a>) -> Result<Cow<'a, [u8]>, DecodeError> {
    let set = ndr.counted("ClaimsSet")?;
    let format = ndr.u16("usCompressionFormat")?;
    let size = usize::try_from(ndr.u32("ulUncompressedClaimsSetSize")?).unwrap_or(usize::MAX);
    ndr.u16("usReservedType")?;
    let reserved = ndr.counted("ReservedField")?;
    let set = ndr.chunks::<1>("ClaimsSet", set)?.as_flattened();
    ndr.chunks::<1>("ReservedField", reserved)?;
    let error = |kind| DecodeError::new("ulUncompressedClaimsSetSize", 0, kind);
    match format {
        0 if size == set.len() => Ok(Cow::Borrowed(set)),
        0 => Err(error(DecodeErrorKind::Invalid)),
        XPRESS_HUFFMAN if size > MAX_SIZE => Err(error(DecodeErrorKind::Limit(MAX_SIZE))),
        XPRESS_HUFFMAN => xpress_huffman::decompress(set, size).map(Cow::Owned),
        _ => Err(DecodeError::new(
            "usCompressionFormat",
            0,
            DecodeErrorKind::Invalid,
        )),
    }
}

/// `CLAIMS_SET`: for each source an array of claims.
fn claims(ndr: &mut Ndr<'_>) -> Result<Vec<Claim>, DecodeError> {
    let arrays = ndr.counted("ClaimsArrays")?;
    ndr.u16("usReservedType")?;
    ndr.counted("ReservedField")?;
    let arrays = ndr.elements("ClaimsArrays", arrays, 12, |ndr| {
        Ok((ndr.u16("usClaimsSourceType")?, ndr.counted("ClaimEntries")?))
    })?;
    let mut claims = Vec::new();
    for (source, entries) in arrays {
        let heads = ndr.elements("ClaimEntries", entries, 16, Head::read)?;
        for head in heads {
            claims.push(head.claim(ndr, source)?);
        }
    }
    Ok(claims)
}

/// `CLAIM_ENTRY`: the identifier's pointer, the type twice (once as the union's), the number of values and their pointer.
struct Head {
    id: bool,
    kind: u16,
    values: Deferred,
}

impl Head {
    fn read(ndr: &mut Ndr<'_>) -> Result<Self, DecodeError> {
        let id = ndr.pointer("Id")?;
        let kind = ndr.u16("Type")?;
        if ndr.u16("Values")? != kind {
            return Err(DecodeError::new("Values", 0, DecodeErrorKind::Invalid));
        }
        let values = ndr.counted("Values")?;
        Ok(Self { id, kind, values })
    }

    fn claim(self, ndr: &mut Ndr<'_>, source: u16) -> Result<Claim, DecodeError> {
        if !self.id {
            return Err(DecodeError::new("Id", 0, DecodeErrorKind::Invalid));
        }
        let id = ndr.terminated("Id")?;
        let what = "Values";
        let values = match self.kind {
            1 => ClaimValues::Int64(
                ndr.elements(what, self.values, 8, |ndr| ndr.u64(what).map(u64::cast_signed))?,
            ),
            2 => ClaimValues::Uint64(ndr.elements(what, self.values, 8, |ndr| ndr.u64(what))?),
            3 => {
                let present = ndr.elements(what, self.values, 4, |ndr| ndr.pointer(what))?;
                let texts = present.into_iter().filter(|present| *present);
                ClaimValues::String(texts.map(|_| ndr.terminated(what)).collect::<Result<_, _>>()?)
            }
            6 => ClaimValues::Boolean(ndr.elements(what, self.values, 8, |ndr| Ok(ndr.u64(what)? != 0))?),
            _ => return Err(DecodeError::new("Type", 0, DecodeErrorKind::Invalid)),
        };
        Ok(Claim { source, id, values })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::hex;
    use adlib_core::{Writer, utf16};
    use proptest::prelude::*;
    use std::vec;

    /// An object behind its top pointer.
    fn serialised(object: &[u8]) -> Vec<u8> {
        ndr::serialised(&[&0x0002_0000_u32.to_le_bytes()[..], object].concat())
    }

    fn text(set: &mut Writer, text: &str) {
        let units = utf16::encode(&[text, "\0"].concat());
        let count = u32::try_from(units.len() / 2).unwrap();
        set.align(4).u32_le(count).u32_le(0).u32_le(count).bytes(&units);
    }

    /// The claims of one source after MS-ADTS 2.2.18: a number of each kind, two texts, a truth.
    fn set() -> Vec<u8> {
        let mut set = Writer::new();
        set.u32_le(1)
            .u32_le(0x0002_0004)
            .u16_le(0)
            .u16_le(0)
            .u32_le(0)
            .u32_le(0);
        set.u32_le(1).u16_le(1).u16_le(0).u32_le(4).u32_le(0x0002_0008);
        set.u32_le(4);
        let mut pointer = 0x0002_000c;
        for (kind, count) in [(1, 1), (2, 1), (3, 2), (6, 2)] {
            set.u32_le(pointer)
                .u16_le(kind)
                .u16_le(kind)
                .u32_le(count)
                .u32_le(pointer + 4);
            pointer += 8;
        }
        // The arrays are aligned to 8 bytes behind the header of 20: 4 more than a multiple here.
        let wide = |set: &mut Writer, values: &[u64]| {
            set.align(4).u32_le(u32::try_from(values.len()).unwrap());
            if !(set.position() + 20).is_multiple_of(8) {
                set.u32_le(0);
            }
            for value in values {
                set.u64_le(*value);
            }
        };
        text(&mut set, "ad://ext/level");
        wide(&mut set, &[u64::MAX]);
        text(&mut set, "ad://ext/badge");
        wide(&mut set, &[7]);
        text(&mut set, "ad://ext/department");
        set.align(4).u32_le(2).u32_le(pointer).u32_le(pointer + 4);
        text(&mut set, "Engineering");
        text(&mut set, "Größe");
        text(&mut set, "ad://ext/manager");
        wide(&mut set, &[1, 0]);
        serialised(&set.finish())
    }

    fn metadata(set: &[u8], format: u16, size: u32) -> Vec<u8> {
        let length = u32::try_from(set.len()).unwrap();
        let mut data = Writer::new();
        data.u32_le(length).u32_le(0x0002_0004).u16_le(format).u16_le(0);
        data.u32_le(size)
            .u16_le(0)
            .u16_le(0)
            .u32_le(0)
            .u32_le(0)
            .u32_le(length)
            .bytes(set);
        serialised(&data.finish())
    }

    /// `data` in codes of 8 bits and 9 bits, which is no compression but one in form.
    fn in_codes(data: &[u8]) -> Vec<u8> {
        let mut output = Vec::new();
        for block in data.chunks(1 << 16) {
            // A code of 8 bits for each byte but the last two, which have 9 as do two that are not used.
            output.extend([&[0x88; 127][..], &[0x99, 0x99], &[0; 127]].concat());
            let mut bits: Vec<bool> = Vec::new();
            for byte in block {
                let (code, length) = match byte {
                    254 | 255 => (0x1fc + u32::from(byte - 254), 9),
                    _ => (u32::from(*byte), 8),
                };
                bits.extend((0..length).rev().map(|bit| code >> bit & 1 == 1));
            }
            let pairs = bits.chunks(16).map(|bits| {
                bits.iter()
                    .zip(0..)
                    .fold(0_u16, |pair, (bit, at)| pair | u16::from(*bit) << (15 - at))
            });
            output.extend(pairs.flat_map(u16::to_le_bytes));
            output.extend([0; 4]);
        }
        output
    }

    #[test]
    fn claims_of_all_kinds() {
        let set = set();
        let size = u32::try_from(set.len()).unwrap();
        for bytes in [metadata(&set, 0, size), metadata(&in_codes(&set), 4, size)] {
            let claims = decode_claims(&bytes).unwrap();
            let ids: Vec<&str> = claims.iter().map(|claim| claim.id.as_str()).collect();
            let names = ["level", "badge", "department", "manager"];
            assert_eq!(ids, names.map(|name| ["ad://ext/", name].concat()));
            assert!(claims.iter().all(|claim| claim.source == 1));
            assert_eq!(claims[0].values, ClaimValues::Int64(vec![-1]));
            assert_eq!(claims[1].values, ClaimValues::Uint64(vec![7]));
            let texts = vec!["Engineering".into(), "Größe".into()];
            assert_eq!(claims[2].values, ClaimValues::String(texts));
            assert_eq!(claims[3].values, ClaimValues::Boolean(vec![true, false]));
        }
        assert_eq!(decode_claims(&[]), Ok(vec![]));
    }

    /// A24
    #[test]
    fn a24_sizes_that_lie_and_bombs_are_refused() {
        let set = set();
        let size = u32::try_from(set.len()).unwrap();
        let kind = |bytes: &[u8]| decode_claims(bytes).unwrap_err().kind;
        for wrong in [0, size - 1, size + 1, u32::MAX] {
            assert_eq!(kind(&metadata(&set, 0, wrong)), DecodeErrorKind::Invalid);
        }
        assert!(decode_claims(&metadata(&in_codes(&set), 4, size + 100)).is_err());
        assert_eq!(
            kind(&metadata(&set, 3, size)),
            DecodeErrorKind::Invalid,
            "another format"
        );
        let huge = metadata(&in_codes(&set), 4, u32::MAX);
        assert_eq!(kind(&huge), DecodeErrorKind::Limit(MAX_SIZE));
        // Codes of one bit for `a` and for a match of distance 1, whose length is 4 GiB.
        let mut bomb = vec![0; 256];
        (bomb[48], bomb[135]) = (0x10, 0x10);
        bomb.extend(hex("0040 0000 ff 0000 ffffffff"));
        assert_eq!(kind(&metadata(&bomb, 4, 1 << 18)), DecodeErrorKind::Invalid);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(at: usize, value: [u8; 4], length: usize, within: bool) {
            let (mut set, size) = (set(), u32::try_from(set().len()).unwrap());
            if within {
                let at = at % (set.len() - 4);
                set[at..at + 4].copy_from_slice(&value);
            }
            let mut bytes = metadata(&set, 0, size);
            let at = at % (bytes.len() - 4);
            if !within {
                bytes[at..at + 4].copy_from_slice(&value);
            }
            let _ = decode_claims(&bytes);
            let _ = decode_claims(&bytes[..length % bytes.len()]);
        }
    }
}
