//! What a server tells entries apart by.

use std::fmt;

use adlib_core::Guid;

use super::extended_dn;
use crate::{AttributeName, Preset, RawEntry, syntax::Filter};

/// The identity that a server gives an entry for good: `objectGUID`, `entryUUID`, `nsUniqueId` or `GUID`, as 16 bytes.
///
/// ```
/// use adlib_schema::{Preset, RawEntry, read::changes::EntryId};
///
/// let mut entry = RawEntry::new("uid=ada,dc=example,dc=org");
/// entry.push("entryUUID", "597ae2f6-16a6-1027-98f4-d28b5365dc14");
/// let id = EntryId::of(Preset::OpenLdap, &entry).unwrap();
/// assert_eq!(id.as_bytes()[..4], [0x59, 0x7a, 0xe2, 0xf6]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId([u8; 16]);

impl EntryId {
    /// The identity with these bytes, in the server's order.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes, in the server's order.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The attribute that holds it.
    #[must_use]
    pub const fn attribute(preset: Preset) -> &'static str {
        match preset {
            Preset::ActiveDirectory => "objectGUID",
            Preset::Ds389 => "nsUniqueId",
            Preset::EDirectory => "GUID",
            Preset::OpenLdap | Preset::Unix | Preset::OpenDirectory => "entryUUID",
        }
    }

    /// The value that the attribute has, to search for it.
    #[must_use]
    pub fn value(&self, preset: Preset) -> Vec<u8> {
        let groups: &[usize] = match preset {
            Preset::ActiveDirectory | Preset::EDirectory => return self.0.to_vec(),
            Preset::Ds389 => &[4, 4, 4, 4],
            Preset::OpenLdap | Preset::Unix | Preset::OpenDirectory => &[4, 2, 2, 2, 6],
        };
        let mut rest = self.0.as_slice();
        let mut texts = Vec::new();
        for length in groups {
            let (group, behind) = rest.split_at_checked(*length).unwrap_or((rest, &[]));
            texts.push(group.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
            rest = behind;
        }
        texts.join("-").into_bytes()
    }

    /// What finds the entry.
    #[must_use]
    pub fn filter(&self, preset: Preset) -> Filter {
        let attribute = AttributeName::from_static(Self::attribute(preset));
        Filter::equal(attribute, self.value(preset))
    }

    /// The identity in front of a DN (MS-ADTS 3.1.1.3.4.1.5).
    #[must_use]
    pub fn in_dn(text: &str) -> Option<Self> {
        extended_dn::parse(text).0
    }

    /// The identity of `entry`; `None` when it does not bear it.
    #[must_use]
    pub fn of(preset: Preset, entry: &RawEntry) -> Option<Self> {
        let value = entry.first(Self::attribute(preset))?;
        match <[u8; 16]>::try_from(value) {
            Ok(bytes) => Some(Self(bytes)),
            Err(_) => Self::parse_digits(std::str::from_utf8(value).ok()?),
        }
    }

    /// 32 hexadecimal digits in the order of the bytes, hyphens anywhere.
    fn parse_digits(text: &str) -> Option<Self> {
        let mut bytes = [0_u8; 16];
        let mut digits = text.chars().filter(|c| *c != '-').map(|c| c.to_digit(16));
        for byte in &mut bytes {
            let high = digits.next()??;
            let low = digits.next()??;
            *byte = u8::try_from(high << 4 | low).ok()?;
        }
        digits.next().is_none().then_some(Self(bytes))
    }
}

impl From<Guid> for EntryId {
    fn from(guid: Guid) -> Self {
        Self(*guid.as_bytes())
    }
}

impl fmt::Debug for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_as_servers_write_them() {
        let of = |preset, name: &str, value: &[u8]| {
            let mut entry = RawEntry::new("");
            entry.push(name, value);
            EntryId::of(preset, &entry)
        };
        let bytes = EntryId([
            0x66, 0x44, 0x60, 1, 0x1d, 0xd2, 0x11, 0xb2, 0x80, 0, 0xae, 0, 0, 0, 0, 1,
        ]);
        assert_eq!(
            of(
                Preset::Ds389,
                "nsuniqueid",
                b"66446001-1dd211b2-8000ae00-00000001"
            ),
            Some(bytes)
        );
        assert_eq!(of(Preset::ActiveDirectory, "objectGUID", &bytes.0), Some(bytes));
        for odd in [
            &b"66446001"[..],
            b"",
            b"66446001-1dd211b2-8000ae00-0000000x",
            &[0xff; 17],
        ] {
            assert_eq!(of(Preset::OpenLdap, "entryUUID", odd), None);
        }
    }
}
