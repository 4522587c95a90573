//! The overrides, by the names that administrators know.

use super::Schema;
use crate::{
    AttributeName,
    syntax::{FilterError, FilterTemplate},
};

/// An override that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// There is no such key.
    #[error("unknown key `{key}`;{} expected one of {}", suggestion.map(|near| format!(" did you mean `{near}`?")).unwrap_or_default(), KEYS.join(", "))]
    UnknownKey {
        /// The key as given.
        key: String,
        /// The known key that is nearest to it.
        suggestion: Option<&'static str>,
    },
    /// The value does not fit the key.
    #[error("`{value}` does not fit `{key}`; expected {expected}")]
    Value {
        /// The key.
        key: &'static str,
        /// The value as given.
        value: String,
        /// What fits.
        expected: &'static str,
    },
    /// The value of a search is not a filter.
    #[error("`{key}`: {source}")]
    Filter {
        /// The key.
        key: &'static str,
        /// Where the filter is wrong.
        source: FilterError,
    },
}

/// Every key.
const KEYS: [&str; 18] = [
    "user-name-field",
    "user-full-name-field",
    "user-email-field",
    "user-department-field",
    "user-office-field",
    "user-card-id-field",
    "user-second-card-id-field",
    "other-emails-field",
    "home-directory-field",
    "user-pin-field",
    "user-name-search",
    "group-name-field",
    "group-full-name-field",
    "group-member-field",
    "group-search",
    "primary-group",
    "posix-groups",
    "key",
];

/// What a key changes.
enum Knob<'a> {
    Field(&'a mut Vec<AttributeName>),
    Search(&'a mut FilterTemplate),
    Flag(&'a mut bool),
}

impl Schema {
    /// Every key that [`Schema::set`] knows.
    pub const KEYS: &'static [&'static str] = &KEYS;

    /// Change the knob `key`. No value, an empty one, or `-` empties a field.
    ///
    /// # Errors
    /// `UnknownKey`; `Value` when a value is no attribute name, or not `yes` or `no`, or there are several where
    /// one is wanted; `Filter` when a search is no filter with `{0}` in it. The schema is unchanged then.
    pub fn set(&mut self, key: &str, values: Vec<String>) -> Result<(), SchemaError> {
        let (key, knob) = self.knob(key)?;
        match knob {
            Knob::Field(field) => *field = attributes(key, values)?,
            Knob::Search(search) => {
                let text = single(key, values, "one search filter with `{0}` for the name")?;
                *search = text
                    .parse()
                    .map_err(|source| SchemaError::Filter { key, source })?;
            }
            Knob::Flag(flag) => {
                let text = single(key, values, "yes or no")?;
                *flag = match text.as_str() {
                    "yes" | "true" => true,
                    "no" | "false" => false,
                    _ => return Err(value_error(key, &text, "yes or no")),
                };
            }
        }
        Ok(())
    }

    fn knob(&mut self, key: &str) -> Result<(&'static str, Knob<'_>), SchemaError> {
        let Some(known) = KEYS.into_iter().find(|known| *known == key) else {
            return Err(SchemaError::UnknownKey {
                key: key.chars().take(80).collect(),
                suggestion: nearest(key),
            });
        };
        let knob = match known {
            "user-name-field" => Knob::Field(&mut self.user_name),
            "user-full-name-field" => Knob::Field(&mut self.user_full_name),
            "user-email-field" => Knob::Field(&mut self.user_email),
            "user-department-field" => Knob::Field(&mut self.user_department),
            "user-office-field" => Knob::Field(&mut self.user_office),
            "user-card-id-field" => Knob::Field(&mut self.user_card_id),
            "user-second-card-id-field" => Knob::Field(&mut self.user_second_card_id),
            "other-emails-field" => Knob::Field(&mut self.other_emails),
            "home-directory-field" => Knob::Field(&mut self.home_directory),
            "user-pin-field" => Knob::Field(&mut self.user_pin),
            "user-name-search" => Knob::Search(&mut self.user_search),
            "group-name-field" => Knob::Field(&mut self.group_name),
            "group-full-name-field" => Knob::Field(&mut self.group_full_name),
            "group-member-field" => Knob::Field(&mut self.group_member),
            "group-search" => Knob::Search(&mut self.group_search),
            "primary-group" => Knob::Field(&mut self.primary_group),
            "posix-groups" => Knob::Flag(&mut self.posix_groups),
            _ => Knob::Field(&mut self.key),
        };
        Ok((known, knob))
    }
}

/// Attribute names, each value possibly several with commas between them.
fn attributes(key: &'static str, values: Vec<String>) -> Result<Vec<AttributeName>, SchemaError> {
    let mut names = Vec::new();
    for value in values {
        for name in value
            .split(',')
            .map(str::trim)
            .filter(|name| !matches!(*name, "" | "-"))
        {
            let name = name
                .parse()
                .map_err(|_| value_error(key, &value, "names of attributes"))?;
            names.push(name);
        }
    }
    Ok(names)
}

fn single(key: &'static str, mut values: Vec<String>, expected: &'static str) -> Result<String, SchemaError> {
    match (values.pop(), values.is_empty()) {
        (Some(value), true) => Ok(value),
        (value, _) => Err(value_error(key, &value.unwrap_or_default(), expected)),
    }
}

fn value_error(key: &'static str, value: &str, expected: &'static str) -> SchemaError {
    SchemaError::Value {
        key,
        value: value.chars().take(80).collect(),
        expected,
    }
}

/// The known key that needs the fewest changes, if those are few.
fn nearest(key: &str) -> Option<&'static str> {
    let key: Vec<u8> = key.to_ascii_lowercase().bytes().take(40).collect();
    KEYS.into_iter()
        .map(|known| (distance(&key, known.as_bytes()), known))
        .min()
        .filter(|(distance, known)| *distance <= known.len() / 3)
        .map(|(_, known)| known)
}

/// The number of letters to change, add or take away (Levenshtein).
fn distance(from: &[u8], to: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, left) in from.iter().enumerate() {
        let mut diagonal = index;
        let mut before = index + 1;
        let mut next = vec![before];
        for (right, above) in to.iter().zip(row.iter().skip(1)) {
            let changed = diagonal + usize::from(left != right);
            diagonal = *above;
            before = changed.min(before + 1).min(above + 1);
            next.push(before);
        }
        row = next;
    }
    row.pop().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Preset;

    /// R19: every key of the table is known, and every field can be emptied and filled.
    #[test]
    fn r19_every_key_can_be_set() {
        for preset in Preset::ALL {
            for key in Schema::KEYS {
                let value = match *key {
                    "user-name-search" | "group-search" => "(&(a={0}){1})",
                    "posix-groups" if Schema::of(preset).posix_groups => "no",
                    "posix-groups" => "yes",
                    _ => "roomNumber, l",
                };
                let mut schema = Schema::of(preset);
                schema.set(key, vec![value.to_owned()]).unwrap();
                assert_ne!(schema, Schema::of(preset), "{key}");
                if key.ends_with("-field") {
                    schema.set(key, vec!["-".to_owned()]).unwrap();
                }
            }
        }
    }

    #[test]
    fn mistakes_are_told_with_their_fix() {
        let mut schema = Schema::of(Preset::ActiveDirectory);
        let error = |schema: &mut Schema, key: &str, value: &str| {
            schema.set(key, vec![value.to_owned()]).unwrap_err().to_string()
        };
        let text = error(&mut schema, "user-emial-field", "mail");
        assert!(
            text.starts_with("unknown key `user-emial-field`; did you mean `user-email-field`? expected"),
            "{text}"
        );
        assert!(
            error(&mut schema, "zzz", "x").starts_with("unknown key `zzz`; expected one of user-name-field")
        );
        assert!(error(&mut schema, "user-email-field", "a b").contains("names of attributes"));
        assert!(error(&mut schema, "posix-groups", "maybe").contains("yes or no"));
        assert!(error(&mut schema, "group-search", "(cn=x)").contains("{0}"));
        assert_eq!(schema, Schema::of(Preset::ActiveDirectory));
    }
}
