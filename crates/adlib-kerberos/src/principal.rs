//! Principals: a name and its realm (RFC 4120 6).

use alloc::{string::String, sync::Arc, vec, vec::Vec};
use core::{
    fmt,
    hash::{Hash, Hasher},
    mem,
    str::FromStr,
};

use crate::number::name_type;

/// A principal: the components of a name, and the realm.
///
/// The name type is a hint (RFC 4120 6.2): it is kept, and no comparison looks at it. A clone shares the text.
///
/// ```
/// use adlib_kerberos::Principal;
///
/// let service: Principal = "HTTP/app.corp.example.com@CORP.EXAMPLE.COM".parse()?;
/// assert_eq!(service.components(), ["HTTP", "app.corp.example.com"]);
/// assert_eq!(service.realm(), "CORP.EXAMPLE.COM");
/// assert_eq!(service.name(), "HTTP/app.corp.example.com");
/// # Ok::<(), adlib_kerberos::PrincipalParseError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Principal {
    name_type: i32,
    name: Arc<Name>,
}

/// What makes a principal.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Name {
    components: Vec<String>,
    realm: String,
}

impl Principal {
    /// The principal with these components in `realm`.
    #[must_use]
    pub fn new(name_type: i32, components: Vec<String>, realm: impl Into<String>) -> Self {
        Self {
            name_type,
            name: Arc::new(Name {
                components,
                realm: realm.into(),
            }),
        }
    }

    /// A user of `realm`.
    #[must_use]
    pub fn user(name: impl Into<String>, realm: impl Into<String>) -> Self {
        Self::new(name_type::PRINCIPAL, vec![name.into()], realm)
    }

    /// The type of the name, a number of [`name_type`].
    #[must_use]
    pub const fn name_type(&self) -> i32 {
        self.name_type
    }

    /// The components of the name.
    #[must_use]
    pub fn components(&self) -> &[String] {
        &self.name.components
    }

    /// The realm.
    #[must_use]
    pub fn realm(&self) -> &str {
        &self.name.realm
    }

    /// The components joined by `/`, nothing escaped, without the realm.
    #[must_use]
    pub fn name(&self) -> String {
        self.components().join("/")
    }

    /// Whether this is `name`, with or without `@REALM`, as Active Directory compares service principals: without case.
    pub(crate) fn answers_to(&self, name: &str) -> bool {
        self.answers_to_characters(name.chars())
    }

    /// The same for a name that comes in characters.
    pub(crate) fn answers_to_characters(&self, name: impl Iterator<Item = char> + Clone) -> bool {
        let with_realm = joined(self.components()).chain(['@']).chain(self.realm().chars());
        same(name.clone(), joined(self.components())) || same(name, with_realm)
    }

    /// Whether the components are `others`, without case.
    pub(crate) fn has_components<'o>(&self, others: impl Iterator<Item = &'o [u8]>) -> bool {
        let mut own = self.components().iter();
        let all = others.into_iter().all(|other| {
            own.next()
                .is_some_and(|own| own.as_bytes().eq_ignore_ascii_case(other))
        });
        all && own.next().is_none()
    }
}

/// Components with `/` between them, nothing escaped.
fn joined(components: &[String]) -> impl Iterator<Item = char> {
    joined_texts(components.iter().map(String::as_str))
}

/// The same of texts.
pub(crate) fn joined_texts<'c>(components: impl Iterator<Item = &'c str>) -> impl Iterator<Item = char> {
    components.enumerate().flat_map(|(index, component)| {
        let separator = (index > 0).then_some('/');
        separator.into_iter().chain(component.chars())
    })
}

fn same(one: impl Iterator<Item = char>, other: impl Iterator<Item = char>) -> bool {
    one.map(|character| character.to_ascii_lowercase())
        .eq(other.map(|character| character.to_ascii_lowercase()))
}

impl PartialEq for Principal {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Principal {}

impl Hash for Principal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Display for Principal {
    /// As `a/b@REALM`, with a backslash before what would be taken for a separator.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, component) in self.components().iter().enumerate() {
            if index > 0 {
                f.write_str("/")?;
            }
            escape(f, component)?;
        }
        f.write_str("@")?;
        escape(f, self.realm())
    }
}

/// Write `text` so that nothing in it separates, and no control character reaches a log.
fn escape(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    text.chars().try_for_each(|character| match character {
        '/' | '@' | '\\' => write!(f, "\\{character}"),
        _ if character.is_control() => write!(f, "{}", character.escape_default()),
        _ => write!(f, "{character}"),
    })
}

/// A text that is no principal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a principal; expected the form HTTP/app.example.com@EXAMPLE.COM")]
pub struct PrincipalParseError;

impl FromStr for Principal {
    type Err = PrincipalParseError;

    /// From `a/b@REALM`, a backslash taking the next character as it is. The realm is required.
    fn from_str(text: &str) -> Result<Self, PrincipalParseError> {
        let mut components = Vec::new();
        let mut part = String::new();
        let mut in_realm = false;
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            match character {
                '\\' => part.push(characters.next().ok_or(PrincipalParseError)?),
                '/' if !in_realm => components.push(mem::take(&mut part)),
                '@' if in_realm => return Err(PrincipalParseError),
                '@' => {
                    components.push(mem::take(&mut part));
                    in_realm = true;
                }
                _ => part.push(character),
            }
        }
        if !in_realm || part.is_empty() || components.iter().any(String::is_empty) {
            return Err(PrincipalParseError);
        }
        let name_type = if components.len() > 1 {
            name_type::SRV_INST
        } else {
            name_type::PRINCIPAL
        };
        Ok(Self::new(name_type, components, part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::ToString;

    #[test]
    fn what_is_no_principal_is_refused() {
        for text in ["", "ada", "@R", "ada@", "a//b@R", "a@R@R", "a@R\\", "/a@R"] {
            assert_eq!(text.parse::<Principal>(), Err(PrincipalParseError), "{text}");
        }
    }

    #[test]
    fn name_types_do_not_tell_principals_apart() {
        let ada = Principal::user("ada", "R");
        assert_eq!(
            ada,
            Principal::new(name_type::ENTERPRISE, vec!["ada".into()], "R")
        );
        assert_ne!(ada, Principal::user("ada", "r"));
        assert_ne!(ada, Principal::user("Ada", "R"));
    }

    #[test]
    fn services_are_compared_without_case() {
        let service: Principal = "HTTP/app@CORP".parse().unwrap();
        for name in ["HTTP/app", "http/APP", "HTTP/app@corp"] {
            assert!(service.answers_to(name), "{name}");
        }
        for name in ["HTTP/ap", "HTTP/app@OTHER", "HTTP/app@", "HTTP", ""] {
            assert!(!service.answers_to(name), "{name}");
        }
    }

    proptest! {
        #[test]
        fn text_comes_back(parts in proptest::collection::vec("[^\\p{Cc}]{1,8}", 1..4), realm in "[^\\p{Cc}]{1,8}") {
            let principal = Principal::new(0, parts, realm);
            prop_assert_eq!(principal.to_string().parse::<Principal>().unwrap(), principal);
        }
    }
}
