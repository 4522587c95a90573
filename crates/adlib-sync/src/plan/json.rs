//! The plan as JSON, with the keys of `adctl sync preview`.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{FoundIn, Plan, SourceWarning};
use crate::{
    Change, Field, Memberships, Source,
    item::{Create, GroupUpdate, Identity, Unwanted, Update},
    store::StoredGroup,
};

impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let deletes = self.deletes().iter().map(|removal| Delete {
            user: &removal.user,
            reason: removal.reason.as_str(),
        });
        let body = Body {
            made_of: self.made_of(),
            trigger: self.trigger.as_str(),
            creates: self.creates(),
            updates: self.updates(),
            enables: names(self.enables()),
            disables: names(self.disables()),
            deletes: deletes.collect(),
            groups: Groups {
                creates: self
                    .group_creates()
                    .iter()
                    .map(StoredGroup::qualified_name)
                    .collect(),
                updates: self.group_updates().iter().map(group_update).collect(),
                deletes: self
                    .group_deletes()
                    .iter()
                    .map(|removal| removal.group.qualified_name())
                    .collect(),
            },
            memberships: AddedRemoved {
                added: self.memberships_added(),
                removed: self.memberships_removed(),
            },
            held_back: self.held_back(),
            left_scope: self.left_scope(),
            disabled: self.disabled(),
            missing: self.missing(),
            unknown: self.unknown(),
            found: self.found(),
            warnings: self.warnings(),
            guards: self.alarms(),
            stopped_by: self.is_stopped().then_some("guard"),
            plan_hash: self.plan_hash(),
        };
        body.serialize(serializer)
    }
}

#[derive(Serialize)]
struct Body<'a> {
    made_of: BTreeMap<&'static str, &'a str>,
    trigger: &'static str,
    creates: &'a [Create],
    updates: &'a [Update],
    enables: Vec<&'a str>,
    disables: Vec<&'a str>,
    deletes: Vec<Delete<'a>>,
    groups: Groups,
    memberships: AddedRemoved<'a>,
    held_back: &'a [crate::HeldBack],
    left_scope: &'a [Unwanted],
    disabled: &'a [Unwanted],
    missing: &'a [Unwanted],
    unknown: &'a [String],
    found: &'a [FoundIn],
    warnings: &'a [SourceWarning],
    guards: &'a [crate::Alarm],
    stopped_by: Option<&'static str>,
    plan_hash: &'a str,
}

#[derive(Serialize)]
struct Delete<'a> {
    user: &'a str,
    reason: &'static str,
}

#[derive(Serialize)]
struct Groups {
    creates: Vec<String>,
    updates: Vec<FromTo>,
    deletes: Vec<String>,
}

#[derive(Serialize)]
struct FromTo {
    group: String,
    from: Names,
    to: Names,
}

#[derive(Serialize)]
struct Names {
    name: String,
    full_name: Option<String>,
}

#[derive(Serialize)]
struct AddedRemoved<'a> {
    added: Memberships<'a>,
    removed: Memberships<'a>,
}

fn names(updates: &[Update]) -> Vec<&str> {
    updates.iter().map(|update| update.user.as_str()).collect()
}

fn group_update(update: &GroupUpdate) -> FromTo {
    let names = |group: &StoredGroup| Names {
        name: group.qualified_name(),
        full_name: group.full_name.clone(),
    };
    FromTo {
        group: update.from.qualified_name(),
        from: names(&update.from),
        to: names(&update.to),
    }
}

impl Serialize for Create {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("user", &self.user.name)?;
        map.serialize_entry("source", &self.user.links.owner().source)?;
        map.serialize_entry("enabled", &self.user.enabled)?;
        map.serialize_entry("re_created", &self.is_recreated)?;
        map.serialize_entry("reason", &self.reason)?;
        for field in Field::DETAILS {
            map.serialize_entry(&field, &self.user.details.value(field))?;
        }
        map.end()
    }
}

impl Serialize for Update {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Row<'a> {
            user: &'a str,
            identity: Identity,
            changes: &'a [Change],
        }
        let row = Row {
            user: &self.user,
            identity: self.identity(),
            changes: &self.changes,
        };
        row.serialize(serializer)
    }
}

impl Serialize for Memberships<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Row<'a> {
            user: &'a str,
            group: &'a str,
        }
        serializer.collect_seq(self.iter().map(|membership| Row {
            user: membership.user,
            group: membership.group,
        }))
    }
}

impl Serialize for Unwanted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Row<'a> {
            user: &'a str,
            removed: bool,
        }
        let row = Row {
            user: &self.user,
            removed: self.is_removed,
        };
        row.serialize(serializer)
    }
}

impl Serialize for FoundIn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Row<'a> {
            source: Source,
            domain: &'a str,
            users: usize,
            groups: usize,
        }
        let row = Row {
            source: self.source,
            domain: &self.found.domain,
            users: self.found.users,
            groups: self.found.groups,
        };
        row.serialize(serializer)
    }
}

impl Serialize for SourceWarning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Row<'a> {
            source: Source,
            subject: &'a str,
            message: &'a str,
        }
        let row = Row {
            source: self.source,
            subject: &self.warning.subject,
            message: &self.warning.message,
        };
        row.serialize(serializer)
    }
}
