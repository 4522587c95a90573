//! Search filters (RFC 4515) as values: a name that is put into one stays a name (A49).

mod display;
mod encode;
mod evaluate;
mod item;
mod parse;
mod template;

use std::str::FromStr;

use crate::{AttributeName, RawEntry};
use item::Item;

pub use parse::FilterError;
pub use template::FilterTemplate;

/// How deep filters may be nested.
const MAX_DEPTH: usize = 64;

/// A search filter: shown as RFC 4515 text, and able to judge an entry itself.
///
/// ```
/// use adlib_schema::{AttributeName, RawEntry, syntax::Filter};
///
/// let class: Filter = "(objectClass=user)".parse()?;
/// let name = Filter::equal(AttributeName::from_static("cn"), "*)(uid=*");
/// let both = Filter::and([class, name]);
/// assert_eq!(both.to_string(), r"(&(objectClass=user)(cn=\2a\29\28uid=\2a))");
///
/// let mut entry = RawEntry::new("cn=x");
/// entry.push("cn", "anybody");
/// assert!(!both.matches(&entry));
/// # Ok::<(), adlib_schema::syntax::FilterError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(Tree<Item>);

/// Conditions joined by and, or and not.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Tree<L> {
    /// All of them; true when there are none (RFC 4526).
    And(Vec<Tree<L>>),
    /// Any of them; false when there are none (RFC 4526).
    Or(Vec<Tree<L>>),
    /// Not this one.
    Not(Box<Tree<L>>),
    /// A condition.
    Leaf(L),
}

impl Filter {
    /// All of `filters`; true when there are none.
    #[must_use]
    pub fn and(filters: impl IntoIterator<Item = Self>) -> Self {
        Self(Tree::And(filters.into_iter().map(|filter| filter.0).collect()))
    }

    /// Any of `filters`; false when there are none.
    #[must_use]
    pub fn or(filters: impl IntoIterator<Item = Self>) -> Self {
        Self(Tree::Or(filters.into_iter().map(|filter| filter.0).collect()))
    }

    /// What `filter` does not match.
    #[must_use]
    #[expect(
        clippy::should_implement_trait,
        reason = "the name that RFC 4511 4.5.1.7 gives it"
    )]
    pub fn not(filter: Self) -> Self {
        Self(Tree::Not(Box::new(filter.0)))
    }

    /// `attribute` has exactly this value.
    #[must_use]
    pub fn equal(attribute: AttributeName, value: impl Into<Vec<u8>>) -> Self {
        Self(Tree::Leaf(Item::Equal {
            attribute,
            value: value.into(),
        }))
    }

    /// `attribute` has any value.
    #[must_use]
    pub fn present(attribute: AttributeName) -> Self {
        Self(Tree::Leaf(Item::Present { attribute }))
    }

    /// `attribute` has a value that begins with `initial`, has all of `any` in this order, and ends with `last`.
    /// An empty part is no condition.
    ///
    /// ```
    /// use adlib_schema::{AttributeName, syntax::Filter};
    ///
    /// let filter = Filter::substring(AttributeName::from_static("o"), "univ", ["of", "mich"], "");
    /// assert_eq!(filter.to_string(), "(o=univ*of*mich*)");
    /// ```
    #[must_use]
    pub fn substring<'a>(
        attribute: AttributeName,
        initial: &str,
        any: impl IntoIterator<Item = &'a str>,
        last: &str,
    ) -> Self {
        let mut parts = vec![initial.as_bytes().to_vec()];
        parts.extend(
            any.into_iter()
                .filter(|part| !part.is_empty())
                .map(|part| part.as_bytes().to_vec()),
        );
        parts.push(last.as_bytes().to_vec());
        Self(Tree::Leaf(Item::from_parts(attribute, parts)))
    }

    /// `attribute` compared with `value` by the matching rule `rule`.
    ///
    /// ```
    /// use adlib_schema::{AttributeName, syntax::Filter};
    ///
    /// // LDAP_MATCHING_RULE_BIT_AND (MS-ADTS 3.1.1.3.4.4.1)
    /// let rule = AttributeName::from_static("1.2.840.113556.1.4.803");
    /// let disabled = Filter::extensible(AttributeName::from_static("userAccountControl"), rule, "2");
    /// assert_eq!(disabled.to_string(), "(userAccountControl:1.2.840.113556.1.4.803:=2)");
    /// ```
    #[must_use]
    pub fn extensible(attribute: AttributeName, rule: AttributeName, value: impl Into<Vec<u8>>) -> Self {
        Self(Tree::Leaf(Item::Extensible {
            attribute: Some(attribute),
            dn: false,
            rule: Some(rule),
            value: value.into(),
        }))
    }

    /// Whether `entry` matches, as a server that does not know its schema would say.
    ///
    /// Text compares without case and insignificant spaces, numbers by value in `>=` and `<=`, DNs by their
    /// normal form. `objectCategory=name` compares the first RDN value of the stored DN, as Active Directory
    /// does. A condition that cannot be judged (an unknown matching rule) makes neither itself nor its
    /// opposite true (RFC 4511 4.5.1.7).
    #[must_use]
    pub fn matches(&self, entry: &RawEntry) -> bool {
        evaluate::tree(&self.0, entry) == Some(true)
    }

    /// The attributes that the filter asks about.
    #[must_use]
    pub fn attributes(&self) -> Vec<&AttributeName> {
        self.0.leaves().filter_map(Item::attribute).collect()
    }
}

impl<L> Tree<L> {
    /// The conditions, from left to right.
    fn leaves(&self) -> impl Iterator<Item = &L> {
        let mut pending = vec![self];
        std::iter::from_fn(move || {
            loop {
                match pending.pop()? {
                    Self::And(all) | Self::Or(all) => pending.extend(all.iter().rev()),
                    Self::Not(inner) => pending.push(inner),
                    Self::Leaf(leaf) => return Some(leaf),
                }
            }
        })
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        parse::filter(text).map(Self)
    }
}
