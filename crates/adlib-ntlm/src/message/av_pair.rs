//! Attribute pairs: what server and client tell of themselves (MS-NLMP 2.2.2.1).

use alloc::vec::Vec;
use core::fmt;

use adlib_core::{DecodeError, DecodeErrorKind, Reader};

/// The most pairs that are read: eleven kinds are known, and each comes once.
pub const MAX_AV_PAIRS: usize = 64;

const END: AvId = AvId(0);

/// The kind of an attribute pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AvId(pub u16);

impl AvId {
    /// `MsvAvNbComputerName`: the server's `NetBIOS` name.
    pub const NETBIOS_COMPUTER: Self = Self(1);
    /// `MsvAvNbDomainName`: its domain's `NetBIOS` name.
    pub const NETBIOS_DOMAIN: Self = Self(2);
    /// `MsvAvDnsComputerName`: its DNS name.
    pub const DNS_COMPUTER: Self = Self(3);
    /// `MsvAvDnsDomainName`: its domain's DNS name.
    pub const DNS_DOMAIN: Self = Self(4);
    /// `MsvAvDnsTreeName`: its forest's DNS name.
    pub const DNS_TREE: Self = Self(5);
    /// `MsvAvFlags`: four bytes of flags; 2 says that there is a MIC.
    pub const FLAGS: Self = Self(6);
    /// `MsvAvTimestamp`: the server's time.
    pub const TIMESTAMP: Self = Self(7);
    /// `MsvAvSingleHost`: what the client tells of its machine.
    pub const SINGLE_HOST: Self = Self(8);
    /// `MsvAvTargetName`: the service that the client means.
    pub const TARGET_NAME: Self = Self(9);
    /// `MsvAvChannelBindings`: the hash of the client's channel bindings.
    pub const CHANNEL_BINDINGS: Self = Self(10);
}

/// One pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AvPair<'a> {
    /// What it tells.
    pub id: AvId,
    /// The bytes of it.
    pub value: &'a [u8],
}

/// A list of pairs that is known to have an end, and none of them twice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AvPairs<'a> {
    /// Up to and with `MsvAvEOL`.
    bytes: &'a [u8],
}

impl<'a> AvPairs<'a> {
    /// The list at the beginning of `bytes`; what follows its end is padding.
    ///
    /// ```text
    /// AvId (2) AvLen (2) Value (AvLen)   repeated; the last one is AvId 0, AvLen 0
    /// ```
    ///
    /// # Errors
    /// `Truncated` when there is no end, `Invalid` for a second pair of one kind or an end with a value, `Limit`.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let mut known = Vec::new();
        while known.len() < MAX_AV_PAIRS {
            let at = reader;
            let pair = read(&mut reader)?;
            if known.contains(&pair.id) || pair.id == END && !pair.value.is_empty() {
                return Err(at.error("AV_PAIR", DecodeErrorKind::Invalid));
            }
            if pair.id == END {
                return Ok(Self {
                    bytes: bytes.get(..reader.position()).unwrap_or_default(),
                });
            }
            known.push(pair.id);
        }
        Err(reader.error("AV_PAIR", DecodeErrorKind::Limit(MAX_AV_PAIRS)))
    }

    /// The encoded list, up to and with its end.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The pairs in their order, without the end.
    pub fn iter(&self) -> impl Iterator<Item = AvPair<'a>> + use<'a> {
        let mut reader = Reader::new(self.bytes);
        core::iter::from_fn(move || read(&mut reader).ok().filter(|pair| pair.id != END))
    }

    /// The value of the pair `id`.
    #[must_use]
    pub fn value(&self, id: AvId) -> Option<&'a [u8]> {
        self.iter().find(|pair| pair.id == id).map(|pair| pair.value)
    }
}

impl fmt::Debug for AvPairs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

fn read<'a>(reader: &mut Reader<'a>) -> Result<AvPair<'a>, DecodeError> {
    let id = AvId(reader.u16_le("AvId")?);
    let length = usize::from(reader.u16_le("AvLen")?);
    Ok(AvPair {
        id,
        value: reader.bytes("AvPair value", length)?,
    })
}
