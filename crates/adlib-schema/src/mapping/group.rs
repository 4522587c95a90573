//! A group entry as a record.

use super::{identity, value::Values};
use crate::{
    Preset, Schema,
    record::{Group, Member},
};

/// The group that the entry is.
pub(super) fn map(schema: &Schema, values: &mut Values<'_>) -> Group {
    let key = identity::key(schema, values);
    let name = values.name(&schema.group_name);
    let mut group = Group::new(key, values.entry.dn(), values.domain(), name);
    group.full_name = values.text(&schema.group_full_name);
    group.sid = identity::sid(values);
    group.primary_id = match group.sid {
        Some(sid) => Some(sid.to_string()),
        None => values.text(&schema.primary_group),
    };
    group.members = members(schema, values);
    group
}

fn members(schema: &Schema, values: &mut Values<'_>) -> Vec<Member> {
    let mut members = Vec::new();
    for attribute in &schema.group_member {
        let listed = values.entry.all_values(attribute.base());
        for value in listed {
            match std::str::from_utf8(value) {
                Ok("") => {}
                Ok(text) if schema.preset == Preset::ActiveDirectory && is_deleted(text) => {}
                Ok(text) if schema.posix_groups => members.push(Member::Account(text.to_owned())),
                Ok(text) => members.push(Member::Dn(text.to_owned())),
                Err(_) => values.warn(format!("a value of `{attribute}` is not text and was left out")),
            }
        }
    }
    members
}

/// Whether the DN is of a deleted object (MS-ADTS 3.1.1.5.5). With the recycle bin, a group keeps its links to it, for its
/// return, and Samba lists them; Active Directory does not.
fn is_deleted(dn: &str) -> bool {
    const MARK: &[u8] = b"\\0ADEL:";
    const CONTAINER: &[u8] = b"cn=deleted objects,";
    let (rdn, parent) = dn.as_bytes().split_at(end_of_rdn(dn.as_bytes()));
    let starts = parent.get(1..=CONTAINER.len());
    starts.is_some_and(|start| start.eq_ignore_ascii_case(CONTAINER))
        && rdn
            .windows(MARK.len())
            .any(|part| part.eq_ignore_ascii_case(MARK))
}

/// Where the first comma is that no backslash escapes.
fn end_of_rdn(dn: &[u8]) -> usize {
    let mut escaped = false;
    let comma = dn.iter().position(|byte| {
        let is_end = *byte == b',' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        is_end
    });
    comma.unwrap_or(dn.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R21, R27: deleted objects, and what only looks like one.
    #[test]
    fn r27_deleted_members() {
        const DELETED: &str = r"CN=eve\0ADEL:00112233-4455-6677-8899-aabbccddeeff";
        for (dn, expected) in [
            (format!("{DELETED},CN=Deleted Objects,DC=corp"), true),
            (
                format!(r"CN=a\,b{},cn=deleted objects,DC=corp", &DELETED[6..]),
                true,
            ),
            (format!("{DELETED},OU=People,DC=corp"), false),
            ("CN=eve,CN=Deleted Objects,DC=corp".to_owned(), false),
            (r"CN=0ADEL:,CN=Deleted Objects,DC=corp".to_owned(), false),
            (DELETED.to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(is_deleted(&dn), expected, "{dn}");
        }
    }
}
