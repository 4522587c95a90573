//! One condition of a filter.

use crate::AttributeName;

/// A condition on one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    /// `a=v`
    Equal {
        attribute: AttributeName,
        value: Vec<u8>,
    },
    /// `a~=v`
    Approximate {
        attribute: AttributeName,
        value: Vec<u8>,
    },
    /// `a>=v`
    AtLeast {
        attribute: AttributeName,
        value: Vec<u8>,
    },
    /// `a<=v`
    AtMost {
        attribute: AttributeName,
        value: Vec<u8>,
    },
    /// `a=*`
    Present { attribute: AttributeName },
    /// `a=initial*any*any*last`: at least two parts, the first and the last of which may be empty.
    Substring {
        attribute: AttributeName,
        parts: Vec<Vec<u8>>,
    },
    /// `a:dn:rule:=v`
    Extensible {
        attribute: Option<AttributeName>,
        dn: bool,
        rule: Option<AttributeName>,
        value: Vec<u8>,
    },
}

impl Item {
    /// The condition that `attribute=` and these parts with `*` between them are.
    pub(super) fn from_parts(attribute: AttributeName, mut parts: Vec<Vec<u8>>) -> Self {
        if parts.len() <= 1 {
            let value = parts.pop().unwrap_or_default();
            return Self::Equal { attribute, value };
        }
        if parts.iter().all(Vec::is_empty) {
            return Self::Present { attribute };
        }
        // Two stars in a row are one.
        let last = parts.len() - 1;
        let mut index = 0;
        parts.retain(|part| {
            let end = index == 0 || index == last;
            index += 1;
            end || !part.is_empty()
        });
        Self::Substring { attribute, parts }
    }

    /// The attribute, unless all attributes are meant.
    pub(super) const fn attribute(&self) -> Option<&AttributeName> {
        match self {
            Self::Equal { attribute, .. }
            | Self::Approximate { attribute, .. }
            | Self::AtLeast { attribute, .. }
            | Self::AtMost { attribute, .. }
            | Self::Present { attribute }
            | Self::Substring { attribute, .. } => Some(attribute),
            Self::Extensible { attribute, .. } => attribute.as_ref(),
        }
    }
}
