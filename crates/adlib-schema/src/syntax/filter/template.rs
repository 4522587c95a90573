//! Filters with a hole for a name.

use std::{fmt, str::FromStr};

use super::{
    Filter, FilterError, Tree,
    item::Item,
    parse::{self, Leaf},
};
use crate::AttributeName;

/// Where the name goes.
const NAME: &[u8] = b"{0}";
/// Where the condition for enabled users goes.
const ENABLED: &str = "{1}";

/// A filter in which `{0}` stands for a name, and `{1}` for a condition that lookups may add.
///
/// The name is put in as a value after the filter was parsed: it can never become a part of the filter (A49).
///
/// ```
/// use adlib_schema::syntax::FilterTemplate;
///
/// let template: FilterTemplate = "(&(uid={0})(objectClass=person){1})".parse()?;
/// assert_eq!(template.for_name("a*").to_string(), r"(&(uid=a\2a)(objectClass=person))");
/// assert_eq!(template.for_all().to_string(), "(&(uid=*)(objectClass=person))");
/// let enabled = "(!(locked=TRUE))".parse()?;
/// assert_eq!(
///     template.for_enabled("ada", &enabled).to_string(),
///     "(&(uid=ada)(objectClass=person)(!(locked=TRUE)))",
/// );
/// # Ok::<(), adlib_schema::syntax::FilterError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterTemplate(Tree<Hole>);

/// A leaf of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Hole {
    /// A condition, in which `{0}` may stand.
    Item(Item),
    /// `{1}`
    Enabled,
}

impl Leaf for Hole {
    fn of(item: Item) -> Self {
        Self::Item(item)
    }

    fn placeholder(text: &str) -> Option<(Self, usize)> {
        text.starts_with(ENABLED)
            .then_some((Self::Enabled, ENABLED.len()))
    }
}

impl FilterTemplate {
    /// The filter that finds `name`, enabled or not.
    #[must_use]
    pub fn for_name(&self, name: &str) -> Filter {
        Filter(fill(&self.0, &|item| with_name(item, name), None))
    }

    /// The filter that finds `name` if `enabled` holds too.
    #[must_use]
    pub fn for_enabled(&self, name: &str, enabled: &Filter) -> Filter {
        Filter(fill(&self.0, &|item| with_name(item, name), Some(enabled)))
    }

    /// The attributes that the filter asks about.
    #[must_use]
    pub fn attributes(&self) -> Vec<&AttributeName> {
        let items = self.0.leaves().filter_map(|hole| match hole {
            Hole::Item(item) => Some(item),
            Hole::Enabled => None,
        });
        items.filter_map(Item::attribute).collect()
    }

    /// The filter that finds every name.
    #[must_use]
    pub fn for_all(&self) -> Filter {
        Filter(fill(&self.0, &with_star, None))
    }
}

/// The tree with its holes filled. A hole that stays empty is no condition.
fn fill(tree: &Tree<Hole>, name: &impl Fn(&Item) -> Item, enabled: Option<&Filter>) -> Tree<Item> {
    let is_kept = |tree: &&Tree<Hole>| enabled.is_some() || **tree != Tree::Leaf(Hole::Enabled);
    let list = |list: &[Tree<Hole>]| {
        list.iter()
            .filter(is_kept)
            .map(|tree| fill(tree, name, enabled))
            .collect()
    };
    match tree {
        Tree::And(all) => Tree::And(list(all)),
        Tree::Or(any) => Tree::Or(list(any)),
        Tree::Not(inner) => Tree::Not(Box::new(fill(inner, name, enabled))),
        Tree::Leaf(Hole::Item(item)) => Tree::Leaf(name(item)),
        Tree::Leaf(Hole::Enabled) => enabled.map_or(Tree::And(Vec::new()), |filter| filter.0.clone()),
    }
}

/// `item` with `name` where `{0}` stands.
fn with_name(item: &Item, name: &str) -> Item {
    let put = |value: &[u8]| pieces(value).join(name.as_bytes());
    let mut item = item.clone();
    match &mut item {
        Item::Equal { value, .. }
        | Item::Approximate { value, .. }
        | Item::AtLeast { value, .. }
        | Item::AtMost { value, .. }
        | Item::Extensible { value, .. } => *value = put(value),
        Item::Substring { parts, .. } => {
            for part in parts {
                *part = put(part);
            }
        }
        Item::Present { .. } => {}
    }
    item
}

/// `item` with `*` where `{0}` stands.
fn with_star(item: &Item) -> Item {
    match item {
        Item::Equal { attribute, value } => {
            let parts = pieces(value).into_iter().map(<[u8]>::to_vec).collect();
            Item::from_parts(attribute.clone(), parts)
        }
        Item::Substring { attribute, parts } => {
            let parts = parts
                .iter()
                .flat_map(|part| pieces(part))
                .map(<[u8]>::to_vec)
                .collect();
            Item::from_parts(attribute.clone(), parts)
        }
        other => other.clone(),
    }
}

/// What is before, between and after each `{0}`.
fn pieces(value: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut rest = value;
    while let Some(at) = rest.windows(NAME.len()).position(|window| window == NAME) {
        let (before, after) = rest.split_at(at);
        pieces.push(before);
        rest = after.get(NAME.len()..).unwrap_or_default();
    }
    pieces.push(rest);
    pieces
}

/// Whether a name can be put into `item`, or why not.
fn holds_name(item: &Item) -> Result<bool, FilterError> {
    let has = |value: &[u8]| pieces(value).len() > 1;
    match item {
        Item::Equal { value, .. } => Ok(has(value)),
        Item::Substring { parts, .. } => Ok(parts.iter().any(|part| has(part))),
        Item::Present { .. } => Ok(false),
        Item::Approximate { value, .. }
        | Item::AtLeast { value, .. }
        | Item::AtMost { value, .. }
        | Item::Extensible { value, .. } => match has(value) {
            true => Err(FilterError {
                at: 0,
                expected: "`{0}` only where `*` could stand, as in (uid={0})",
            }),
            false => Ok(false),
        },
    }
}

impl FromStr for FilterTemplate {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let tree = parse::filter::<Hole>(text)?;
        let mut named = false;
        for hole in tree.leaves() {
            if let Hole::Item(item) = hole {
                named |= holds_name(item)?;
            }
        }
        if !named {
            return Err(FilterError {
                at: text.len(),
                expected: "`{0}` somewhere, for the name",
            });
        }
        Ok(Self(tree))
    }
}

impl fmt::Display for Hole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Item(item) => item.fmt(f),
            Self::Enabled => f.write_str(ENABLED),
        }
    }
}

impl fmt::Display for FilterTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
