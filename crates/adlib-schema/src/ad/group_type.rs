//! `groupType` (MS-ADTS 2.2.12).

/// The kind of a group. It is a signed 32-bit number; some tools write the same bits unsigned.
///
/// ```
/// use adlib_schema::ad::{GroupScope, GroupType};
///
/// let signed = GroupType::parse("-2147483646").unwrap();
/// assert_eq!(signed, GroupType::parse("2147483650").unwrap());
/// assert!(signed.is_security());
/// assert_eq!(signed.scope(), Some(GroupScope::Global));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupType(u32);

/// Where the members of a group may come from, and where the group counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum GroupScope {
    /// Made by the system, of its own machine.
    BuiltinLocal,
    /// Members from the own domain, rights in every domain.
    Global,
    /// Members from every domain, rights in the own domain.
    DomainLocal,
    /// Members from every domain of the forest, rights in every domain.
    Universal,
}

impl GroupType {
    const SECURITY: u32 = 0x8000_0000;

    /// The type with these bits.
    #[must_use]
    pub const fn new(bits: u32) -> Self {
        Self(bits)
    }

    /// The type in `text`, signed or unsigned.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let unsigned = text.parse::<u32>().ok();
        unsigned
            .or_else(|| text.parse::<i32>().ok().map(i32::cast_unsigned))
            .map(Self)
    }

    /// Whether access rules can name the group; else it is a distribution list.
    #[must_use]
    pub const fn is_security(self) -> bool {
        self.0 & Self::SECURITY != 0
    }

    /// The scope, if one is said.
    #[must_use]
    pub const fn scope(self) -> Option<GroupScope> {
        match self.0 {
            bits if bits & 1 != 0 => Some(GroupScope::BuiltinLocal),
            bits if bits & 2 != 0 => Some(GroupScope::Global),
            bits if bits & 4 != 0 => Some(GroupScope::DomainLocal),
            bits if bits & 8 != 0 => Some(GroupScope::Universal),
            _ => None,
        }
    }
}
