//! What an entry is known by: its key and its SID.

use adlib_core::{Guid, Sid};

use super::value::Values;
use crate::{AttributeName, Dn, Preset, RawEntry, Schema, record::Key};

/// Attributes that are 16 bytes in Active Directory's order rather than text.
const GUIDS: [&str; 2] = ["objectGUID", "GUID"];
const SID_HISTORY: AttributeName = AttributeName::from_static("sIDHistory");
/// How many former SIDs a user may have.
const MAX_SID_HISTORY: usize = 100;

/// The lasting identity of the entry; its DN, with a warning, when it has none.
pub(super) fn key(schema: &Schema, values: &mut Values<'_>) -> Key {
    lasting_key(schema, values.entry).unwrap_or_else(|| {
        let names: Vec<&str> = schema.key.iter().map(AttributeName::as_str).collect();
        values.warn(format!(
            "has no `{}`; a rename will look like another entry",
            names.join("` or `")
        ));
        Key::new(values.dn.map_or_else(|| values.entry.dn(), Dn::normal))
    })
}

/// The lasting identity of the entry, if it came with one.
pub(super) fn lasting_key(schema: &Schema, entry: &RawEntry) -> Option<Key> {
    let mut attributes = schema.key.iter();
    attributes.find_map(|attribute| decode_key(attribute, entry.values_of(attribute).next()?))
}

/// The key in a value: bytes for the attributes that hold bytes, else text.
fn decode_key(attribute: &AttributeName, value: &[u8]) -> Option<Key> {
    if GUIDS
        .iter()
        .any(|name| attribute.base().eq_ignore_ascii_case(name))
        && let Ok(bytes) = <[u8; 16]>::try_from(value)
    {
        return Some(Key::new(&Guid::from_bytes(bytes).to_string()));
    }
    let text = std::str::from_utf8(value).ok()?.trim();
    let is_key = (1..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_key.then(|| Key::new(text.trim_start_matches('{').trim_end_matches('}')))
}

/// The SID of the entry, where it has one.
pub(super) fn sid(values: &mut Values<'_>) -> Option<Sid> {
    let value = values.entry.first("objectSid")?;
    let sid = decode_sid(value);
    if sid.is_none() {
        values.warn("`objectSid` is not a SID and was left out");
    }
    sid
}

/// The SIDs that the account had in other domains (MS-ADA3, `sIDHistory`), each once and in order, since a directory gives
/// them in any. No other preset has them.
pub(super) fn sid_history(schema: &Schema, values: &mut Values<'_>) -> Vec<Sid> {
    if schema.preset != Preset::ActiveDirectory {
        return Vec::new();
    }
    let entry = values.entry;
    let (mut history, mut has_odd) = (Vec::new(), false);
    for value in entry.values_of(&SID_HISTORY).take(MAX_SID_HISTORY) {
        match decode_sid(value) {
            Some(sid) => history.push(sid),
            None => has_odd = true,
        }
    }
    if has_odd {
        values.warn("`sIDHistory` has a value that is not a SID, which was left out");
    }
    if entry.values_of(&SID_HISTORY).count() > MAX_SID_HISTORY {
        values.warn(format!(
            "has more than {MAX_SID_HISTORY} values of `sIDHistory`; the rest was left out"
        ));
    }
    history.sort_unstable();
    history.dedup();
    history
}

/// The SID in a value: as bytes, or as the text that some exports write.
pub(super) fn decode_sid(value: &[u8]) -> Option<Sid> {
    Sid::decode(value)
        .ok()
        .or_else(|| std::str::from_utf8(value).ok()?.parse().ok())
}

/// The SID that the name of a foreign security principal is (MS-ADTS 6.1.1.4.10).
pub(crate) fn sid_in_dn(dn: &Dn) -> Option<Sid> {
    dn.rdns().next()?.first()?.text()?.parse().ok()
}
