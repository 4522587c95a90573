//! A filter's judgement of an entry (RFC 4511 4.5.1.7), for directories that are files.

use std::cmp::Ordering;

use super::{Tree, item::Item};
use crate::{
    AttributeName, RawEntry,
    ad::GroupType,
    attribute_name::base_of,
    syntax::{Dn, parse_generalized_time, prepared},
};

/// `LDAP_MATCHING_RULE_BIT_AND` (MS-ADTS 3.1.1.3.4.4.1).
const BIT_AND: &str = "1.2.840.113556.1.4.803";
/// `LDAP_MATCHING_RULE_BIT_OR` (MS-ADTS 3.1.1.3.4.4.2).
const BIT_OR: &str = "1.2.840.113556.1.4.804";

const OBJECT_CATEGORY: AttributeName = AttributeName::from_static("objectCategory");
const GROUP_TYPE: AttributeName = AttributeName::from_static("groupType");

/// True, false, or `None` for "cannot be judged".
pub(super) fn tree(tree: &Tree<Item>, entry: &RawEntry) -> Option<bool> {
    match tree {
        Tree::And(all) => decide(all, entry, false),
        Tree::Or(any) => decide(any, entry, true),
        Tree::Not(inner) => self::tree(inner, entry).map(|verdict| !verdict),
        Tree::Leaf(item) => judge(item, entry),
    }
}

/// The verdict `deciding` as soon as one of `filters` gives it, else its opposite if all could be judged.
fn decide(filters: &[Tree<Item>], entry: &RawEntry, deciding: bool) -> Option<bool> {
    let mut verdict = Some(!deciding);
    for filter in filters {
        match tree(filter, entry) {
            Some(one) if one == deciding => return Some(deciding),
            Some(_) => {}
            None => verdict = None,
        }
    }
    verdict
}

fn judge(item: &Item, entry: &RawEntry) -> Option<bool> {
    match item {
        Item::Present { attribute } => Some(!entry.values_of(attribute).is_empty()),
        Item::Equal { attribute, value } | Item::Approximate { attribute, value } => {
            let same = equality(attribute, value);
            Some(entry.values_of(attribute).any(same))
        }
        Item::AtLeast { attribute, value } => Some(ordered(entry, attribute, value, Ordering::is_ge)),
        Item::AtMost { attribute, value } => Some(ordered(entry, attribute, value, Ordering::is_le)),
        Item::Substring { attribute, parts } => {
            let parts: Vec<String> = parts
                .iter()
                .map(|part| String::from_utf8_lossy(part).to_lowercase())
                .collect();
            Some(
                entry
                    .values_of(attribute)
                    .texts()
                    .any(|stored| has_parts(&stored.to_lowercase(), &parts)),
            )
        }
        Item::Extensible {
            attribute,
            dn,
            rule,
            value,
        } => extensible(entry, attribute.as_ref(), *dn, rule.as_ref(), value),
    }
}

/// How the values of `attribute` compare with `value`.
fn equality<'a>(attribute: &AttributeName, value: &'a [u8]) -> impl Fn(&[u8]) -> bool + 'a {
    // MS-ADTS 3.1.1.3.1.3.1: a class name stands for the class's DN.
    let may_be_dn = value.contains(&b'=');
    let class = !may_be_dn && *attribute == OBJECT_CATEGORY;
    let text = || str::from_utf8(value).ok();
    let group_type = (*attribute == GROUP_TYPE)
        .then(|| GroupType::parse(text()?))
        .flatten();
    let dn = may_be_dn.then(|| text()?.parse::<Dn>().ok()).flatten();
    move |stored| {
        if group_type.is_some() {
            return group_type == str::from_utf8(stored).ok().and_then(GroupType::parse);
        }
        if !class
            && dn.is_none()
            && let Some(same) = prepared::same_plainly(stored, value)
        {
            return same;
        }
        let (Some(text), Ok(stored)) = (text(), str::from_utf8(stored)) else {
            return stored == value;
        };
        match &dn {
            _ if class => first_rdn_is(stored, text),
            Some(dn) if stored.parse::<Dn>().is_ok_and(|stored| stored == *dn) => true,
            _ => prepared::same(stored, text),
        }
    }
}

/// Whether the first RDN of the DN `stored` has the value `name`.
fn first_rdn_is(stored: &str, name: &str) -> bool {
    match Dn::first_value(stored) {
        Some(value) => value.text().is_some_and(|value| prepared::same(&value, name)),
        None => prepared::same(stored, name),
    }
}

/// Whether any value of `attribute` is as `wanted` to `value`.
fn ordered(entry: &RawEntry, attribute: &AttributeName, value: &[u8], wanted: fn(Ordering) -> bool) -> bool {
    let Ok(value) = std::str::from_utf8(value) else {
        return false;
    };
    entry
        .values_of(attribute)
        .texts()
        .any(|stored| wanted(order(stored, value)))
}

/// As numbers, as times, else as text.
fn order(left: &str, right: &str) -> Ordering {
    if let (Ok(left), Ok(right)) = (left.parse::<i64>(), right.parse::<i64>()) {
        return left.cmp(&right);
    }
    if let (Ok(left), Ok(right)) = (parse_generalized_time(left), parse_generalized_time(right)) {
        return left.cmp(&right);
    }
    prepared::prepared(left).cmp(prepared::prepared(right))
}

/// Whether `text` begins with the first part, ends with the last, and has the others between, in order.
fn has_parts(text: &str, parts: &[String]) -> bool {
    let [initial, any @ .., last] = parts else {
        return false;
    };
    let Some(mut rest) = text.strip_prefix(initial.as_str()) else {
        return false;
    };
    for part in any {
        match rest.split_once(part.as_str()) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}

fn extensible(
    entry: &RawEntry,
    attribute: Option<&AttributeName>,
    dn: bool,
    rule: Option<&AttributeName>,
    value: &[u8],
) -> Option<bool> {
    let judge = rule_of(rule.map(AttributeName::as_str), attribute, value)?;
    let stored = entry.attributes().filter(|(name, _)| {
        attribute.is_none_or(|attribute| base_of(name).eq_ignore_ascii_case(attribute.base()))
    });
    if stored.flat_map(|(_, values)| values).any(judge.as_ref()) {
        return Some(true);
    }
    Some(
        dn && entry
            .dn()
            .parse::<Dn>()
            .is_ok_and(|dn| in_dn(&dn, attribute, &judge)),
    )
}

/// Whether one of the values in `dn` is what `judge` wants.
fn in_dn(dn: &Dn, attribute: Option<&AttributeName>, judge: &Judge<'_>) -> bool {
    dn.rdns().any(|rdn| {
        rdn.values()
            .iter()
            .filter(|value| attribute.is_none_or(|name| value.attribute().eq_ignore_ascii_case(name.base())))
            .any(|value| judge(&value.value()))
    })
}

type Judge<'a> = Box<dyn Fn(&[u8]) -> bool + 'a>;

/// How `rule` compares a stored value with `value`; `None` when the rule is not known.
fn rule_of<'a>(rule: Option<&str>, attribute: Option<&AttributeName>, value: &'a [u8]) -> Option<Judge<'a>> {
    let any = AttributeName::from_static("cn");
    match rule {
        None | Some("caseIgnoreMatch" | "2.5.13.2" | "distinguishedNameMatch" | "2.5.13.1") => {
            Some(Box::new(equality(attribute.unwrap_or(&any), value)))
        }
        Some("caseExactMatch" | "2.5.13.5" | "octetStringMatch" | "2.5.13.17") => {
            Some(Box::new(move |stored| stored == value))
        }
        Some(rule @ (BIT_AND | BIT_OR)) => {
            let mask = bits_of_mask(value)?;
            let all = rule == BIT_AND;
            Some(Box::new(move |stored| {
                bits(stored).is_some_and(|stored| {
                    if all {
                        stored & mask == mask
                    } else {
                        stored & mask != 0
                    }
                })
            }))
        }
        Some(_) => None,
    }
}

/// The bits to look for: a negative number of 32 bits has those of its unsigned form, so that a stored number has them
/// whichever way it is written.
fn bits_of_mask(value: &[u8]) -> Option<i64> {
    let mask = bits(value)?;
    Some(i32::try_from(mask).map_or(mask, |mask| mask.cast_unsigned().into()))
}

/// A decimal number, signed or not, as bits.
fn bits(value: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(value).ok()?.trim();
    text.parse::<i64>().ok()
}
