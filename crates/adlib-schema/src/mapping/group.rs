//! A group entry as a record.

use super::{identity, value::Values};
use crate::{
    Schema,
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
                Ok(text) if schema.posix_groups => members.push(Member::Account(text.to_owned())),
                Ok(text) => members.push(Member::Dn(text.to_owned())),
                Err(_) => values.warn(format!("a value of `{attribute}` is not text and was left out")),
            }
        }
    }
    members
}
