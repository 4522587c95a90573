//! Attribute pairs: what server and client tell of themselves (MS-NLMP 2.2.2.1).

use alloc::string::String;
use core::{fmt, ops::BitOr};

use adlib_core::{DecodeError, DecodeErrorKind, FileTime, Reader, utf16};

use super::SingleHost;

/// The most pairs that are read: eleven kinds are known, and each comes once.
pub const MAX_AV_PAIRS: usize = 64;

/// `MsvAvEOL`.
pub(super) const END: AvId = AvId(0);

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

    /// The name in the specification, if it has one.
    ///
    /// ```
    /// use adlib_ntlm::message::AvId;
    ///
    /// assert_eq!(AvId::TIMESTAMP.name(), Some("MsvAvTimestamp"));
    /// assert_eq!(AvId(99).name(), None);
    /// ```
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        AV_NAMES.get(usize::from(self.0)).copied()
    }
}

/// By number (MS-NLMP 2.2.2.1).
const AV_NAMES: [&str; 11] = [
    "MsvAvEOL",
    "MsvAvNbComputerName",
    "MsvAvNbDomainName",
    "MsvAvDnsComputerName",
    "MsvAvDnsDomainName",
    "MsvAvDnsTreeName",
    "MsvAvFlags",
    "MsvAvTimestamp",
    "MsvAvSingleHost",
    "MsvAvTargetName",
    "MsvAvChannelBindings",
];

/// `MsvAvFlags`: what a client says of its own message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct AvFlags(pub u32);

impl AvFlags {
    /// The account is constrained in how it may sign in.
    pub const CONSTRAINED: Self = Self(1);
    /// The client's message has a MIC.
    pub const MIC: Self = Self(2);
    /// The target name comes from a source that the client does not trust.
    pub const UNTRUSTED_TARGET: Self = Self(4);

    /// Whether all of `flags` are set.
    #[must_use]
    pub const fn contains(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }
}

impl BitOr for AvFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
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
        // No list is collected on the heap: this is read before anything is verified.
        let mut known = [END; MAX_AV_PAIRS];
        for index in 0..MAX_AV_PAIRS {
            let at = reader;
            let pair = read(&mut reader)?;
            let (before, slot) = known.split_at_mut(index);
            if before.contains(&pair.id) || pair.id == END && !pair.value.is_empty() {
                return Err(at.error("AV_PAIR", DecodeErrorKind::Invalid));
            }
            if pair.id == END {
                return Ok(Self {
                    bytes: bytes.get(..reader.position()).unwrap_or_default(),
                });
            }
            slot.iter_mut().take(1).for_each(|slot| *slot = pair.id);
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

    /// The name in the pair `id`.
    ///
    /// # Errors
    /// `Text`.
    pub fn text(&self, id: AvId) -> Result<Option<String>, DecodeError> {
        self.value(id)
            .map(|value| utf16::decode("AvPair value", value))
            .transpose()
    }

    /// `MsvAvFlags`.
    ///
    /// # Errors
    /// `Truncated`, `Trailing`.
    pub fn flags(&self) -> Result<Option<AvFlags>, DecodeError> {
        let flags = self.array(AvId::FLAGS, "MsvAvFlags")?;
        Ok(flags.map(|flags| AvFlags(u32::from_le_bytes(flags))))
    }

    /// `MsvAvTimestamp`.
    ///
    /// # Errors
    /// `Truncated`, `Trailing`.
    pub fn timestamp(&self) -> Result<Option<FileTime>, DecodeError> {
        let time = self.array(AvId::TIMESTAMP, "MsvAvTimestamp")?;
        Ok(time.map(|time| FileTime(u64::from_le_bytes(time))))
    }

    /// `MsvAvChannelBindings`: the hash of the client's bindings; zeros say that it has none.
    ///
    /// # Errors
    /// `Truncated`, `Trailing`.
    pub fn channel_bindings(&self) -> Result<Option<[u8; 16]>, DecodeError> {
        self.array(AvId::CHANNEL_BINDINGS, "MsvAvChannelBindings")
    }

    /// `MsvAvTargetName`: the service that the client means.
    ///
    /// # Errors
    /// `Text`.
    pub fn target_name(&self) -> Result<Option<String>, DecodeError> {
        self.text(AvId::TARGET_NAME)
    }

    /// `MsvAvSingleHost`.
    ///
    /// # Errors
    /// What [`SingleHost::decode`] says.
    pub fn single_host(&self) -> Result<Option<SingleHost>, DecodeError> {
        self.value(AvId::SINGLE_HOST).map(SingleHost::decode).transpose()
    }

    /// The pair `id`, which has `N` bytes, no more and no less.
    fn array<const N: usize>(&self, id: AvId, what: &'static str) -> Result<Option<[u8; N]>, DecodeError> {
        let Some(value) = self.value(id) else {
            return Ok(None);
        };
        let mut reader = Reader::new(value);
        let array = reader.array(what)?;
        reader.finish(what).map(|()| Some(array))
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
