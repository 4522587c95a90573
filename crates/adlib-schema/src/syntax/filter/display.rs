//! A filter as text (RFC 4515 3).

use std::fmt;

use super::{Filter, Tree, item::Item};

impl fmt::Display for Filter {
    /// RFC 4515 text; every byte of a value that could mean something else is escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<L: fmt::Display> fmt::Display for Tree<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, sign, filters: &[Self]| {
            write!(f, "({sign}")?;
            filters.iter().try_for_each(|filter| filter.fmt(f))?;
            f.write_str(")")
        };
        match self {
            Self::And(filters) => list(f, '&', filters),
            Self::Or(filters) => list(f, '|', filters),
            Self::Not(filter) => write!(f, "(!{filter})"),
            Self::Leaf(leaf) => leaf.fmt(f),
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equal { attribute, value } => write!(f, "({attribute}={})", Escaped(value)),
            Self::Approximate { attribute, value } => write!(f, "({attribute}~={})", Escaped(value)),
            Self::AtLeast { attribute, value } => write!(f, "({attribute}>={})", Escaped(value)),
            Self::AtMost { attribute, value } => write!(f, "({attribute}<={})", Escaped(value)),
            Self::Present { attribute } => write!(f, "({attribute}=*)"),
            Self::Substring { attribute, parts } => {
                write!(f, "({attribute}=")?;
                for (index, part) in parts.iter().enumerate() {
                    write!(f, "{}{}", if index == 0 { "" } else { "*" }, Escaped(part))?;
                }
                f.write_str(")")
            }
            Self::Extensible {
                attribute,
                dn,
                rule,
                value,
            } => {
                f.write_str("(")?;
                attribute
                    .iter()
                    .try_for_each(|attribute| write!(f, "{attribute}"))?;
                f.write_str(if *dn { ":dn" } else { "" })?;
                rule.iter().try_for_each(|rule| write!(f, ":{rule}"))?;
                write!(f, ":={})", Escaped(value))
            }
        }
    }
}

/// A value with `\xx` for what is special in a filter, not text, or not printable.
struct Escaped<'a>(&'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                match character {
                    '*' | '(' | ')' | '\\' | '\0'..='\x1f' | '\x7f' => {
                        write!(f, "\\{:02x}", u32::from(character))?;
                    }
                    _ => write!(f, "{character}")?,
                }
            }
            chunk
                .invalid()
                .iter()
                .try_for_each(|byte| write!(f, "\\{byte:02x}"))?;
        }
        Ok(())
    }
}
