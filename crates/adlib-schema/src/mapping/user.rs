//! A user entry as a record.

use super::{CardRule, Mapper, identity, value::Values};
use crate::{
    AttributeName, Preset,
    ad::primary_group,
    record::{Pin, User},
};

const USER_PRINCIPAL_NAME: AttributeName = AttributeName::from_static("userPrincipalName");
/// How many further e-mail addresses a user may have.
const MAX_OTHER_EMAILS: usize = 100;

/// The user that the entry is.
pub(super) fn map(mapper: &Mapper, values: &mut Values<'_>) -> User {
    let schema = &mapper.schema;
    let key = identity::key(schema, values);
    let account = values.name(&schema.user_name);
    let mut user = User::new(key, values.entry.dn(), values.domain(), account);
    if values.dn.is_none() {
        values.warn("is not a distinguished name; groups that list it will not be found");
    }
    user.sid = identity::sid(values);
    user.sid_history = identity::sid_history(schema, values);
    user.upn = upn(values);
    user.full_name = values.text(&schema.user_full_name);
    user.email = values
        .text(&schema.user_email)
        .map(|email| email.trim().to_owned());
    user.other_emails = other_emails(&schema.other_emails, user.email.as_deref(), values);
    user.department = values.text(&schema.user_department);
    user.office = values.text(&schema.user_office);
    user.cards = cards(mapper, values);
    user.home_directory = values.text(&schema.home_directory);
    user.pin = pin(&schema.user_pin, values);
    user.state = schema.preset.account_state(values.entry);
    user.primary_group = primary_group_of(mapper, &user, values);
    if let Some(odd) = mapper.user_name.objection(&user) {
        values.warn(odd);
    }
    user
}

fn upn(values: &mut Values<'_>) -> Option<String> {
    values.text(&[USER_PRINCIPAL_NAME])
}

/// The SID of the primary group on Active Directory, its number elsewhere.
fn primary_group_of(mapper: &Mapper, user: &User, values: &mut Values<'_>) -> Option<String> {
    let id = values.text(&mapper.schema.primary_group)?;
    if mapper.schema.preset != Preset::ActiveDirectory {
        return Some(id);
    }
    let sid = user.sid.and_then(|sid| primary_group(&sid, &id));
    if sid.is_none() {
        values.warn("has a primary group, but no SID to tell its domain");
    }
    sid.map(|sid| sid.to_string())
}

/// Further addresses (R25): of several values, of one with `;` or `,` between them, of `proxyAddresses` with
/// their kind in front. Each once, without the first address.
fn other_emails(field: &[AttributeName], first: Option<&str>, values: &mut Values<'_>) -> Vec<String> {
    let mut emails: Vec<String> = Vec::new();
    for text in values.exactly_named(field) {
        for address in addresses(text) {
            let known = first.into_iter().chain(emails.iter().map(String::as_str));
            if known.into_iter().any(|known| known.eq_ignore_ascii_case(address)) {
                continue;
            }
            if emails.len() == MAX_OTHER_EMAILS {
                values.warn(format!(
                    "has more than {MAX_OTHER_EMAILS} further e-mail addresses; the rest was left out"
                ));
                return emails;
            }
            emails.push(address.to_owned());
        }
    }
    emails
}

/// The e-mail addresses in `text`. An address of another kind (`X500:`, `SIP:`) is none, and neither are the parts between
/// its semicolons (`X400:`).
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    let is_mail = kind(text).is_none_or(is_smtp);
    let parts = is_mail.then(|| text.split([';', ',']));
    parts.into_iter().flatten().filter_map(address)
}

/// The e-mail address that `text` is.
fn address(text: &str) -> Option<&str> {
    let address = match kind(text) {
        Some(kind) if is_smtp(kind) => text.get(kind.len() + 1..)?,
        Some(_) => return None,
        None => text,
    };
    Some(address.trim()).filter(|address| !address.is_empty())
}

/// What is before the colon in `text`: the kind of an address. A colon behind an `@` is of IPv6 (RFC 5321 4.1.3).
fn kind(text: &str) -> Option<&str> {
    let (kind, _) = text.split_once(':')?;
    (!kind.contains(['@', ';', ','])).then_some(kind)
}

fn is_smtp(kind: &str) -> bool {
    kind.trim().eq_ignore_ascii_case("smtp")
}

/// The card numbers (R24), the primary one first, each once.
fn cards(mapper: &Mapper, values: &mut Values<'_>) -> Vec<String> {
    let mut cards = Vec::new();
    for field in [&mapper.schema.user_card_id, &mapper.schema.user_second_card_id] {
        match card(&mapper.card, field, values) {
            Some(card) if !cards.contains(&card) => cards.push(card),
            _ => {}
        }
    }
    cards
}

/// The number in the first value of `field` that has one: the others may be about something else.
fn card(rule: &CardRule, field: &[AttributeName], values: &mut Values<'_>) -> Option<String> {
    let mut odd = None;
    let card = values.find(field, |text| {
        rule.number(text).unwrap_or_else(|format| {
            odd.get_or_insert(format);
            None
        })
    });
    if let (None, Some(format)) = (&card, odd) {
        values.warn(format!("has a card number that is not {format}; it was left out"));
    }
    card
}

/// The PIN. Neither it nor what stands in its place is ever in a warning (A63).
fn pin(field: &[AttributeName], values: &mut Values<'_>) -> Option<Pin> {
    let text = values.text(field)?;
    let pin = Pin::new(text.trim());
    if pin.is_none() {
        values.warn("has a PIN that is not digits only; it was left out");
    }
    pin
}
