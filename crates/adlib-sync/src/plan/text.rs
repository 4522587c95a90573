//! The plan as text that is safe to print on a terminal.

use std::fmt;

use super::Plan;
use crate::{
    Change, Field, ScopeReason, Value,
    escape::Visible,
    item::{Create, Identity, Unwanted, Update},
};

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for FoundLine(text) in found(self) {
            writeln!(f, "{text}")?;
        }
        if self.is_empty() && !self.is_stopped() {
            writeln!(f, "Nothing to do.")?;
        }
        section(f, "Create", "user", self.creates(), |f, create| {
            user_line(f, create)
        })?;
        section(f, "Update", "user", self.updates(), |f, update| {
            update_lines(f, update)
        })?;
        section(f, "Enable", "user", self.enables(), |f, update| {
            line(f, '~', &update.user)
        })?;
        section(f, "Disable", "user", self.disables(), |f, update| {
            line(f, '~', &update.user)
        })?;
        section(f, "Delete", "user", self.deletes(), |f, removal| {
            writeln!(f, "  - {}  ({})", Visible(&removal.user), removal.reason.as_str())
        })?;
        section(f, "Create", "group", self.group_creates(), |f, group| {
            line(f, '+', &group.qualified_name())
        })?;
        section(f, "Update", "group", self.group_updates(), |f, update| {
            let (from, to) = (update.from.qualified_name(), update.to.qualified_name());
            let shown = |name: &Option<String>| Value::from(name.clone());
            let (old, new) = (shown(&update.from.full_name), shown(&update.to.full_name));
            writeln!(f, "  ~ {} ({old}) -> {} ({new})", Visible(&from), Visible(&to))
        })?;
        section(f, "Delete", "group", self.group_deletes(), |f, removal| {
            line(f, '-', &removal.group.qualified_name())
        })?;
        section(
            f,
            "Add",
            "membership",
            &self.memberships_added().iter().collect::<Vec<_>>(),
            |f, membership| {
                writeln!(
                    f,
                    "  + {} in {}",
                    Visible(membership.user),
                    Visible(membership.group)
                )
            },
        )?;
        section(
            f,
            "Remove",
            "membership",
            &self.memberships_removed().iter().collect::<Vec<_>>(),
            |f, membership| {
                writeln!(
                    f,
                    "  - {} from {}",
                    Visible(membership.user),
                    Visible(membership.group)
                )
            },
        )?;
        section(f, "Hold back", "user", self.held_back(), |f, held| {
            writeln!(f, "  ! {held}")
        })?;
        leave(f, "who left the scope", self.left_scope())?;
        leave(f, "who is disabled", self.disabled())?;
        leave(f, "whom no source has any more", self.missing())?;
        section(
            f,
            "Leave (from a source that is not configured)",
            "user",
            self.unknown(),
            |f, user| line(f, ' ', user),
        )?;
        section(f, "Note", "warning", self.warnings(), |f, odd| {
            writeln!(f, "  ! {}: {}", odd.source, Visible(&odd.warning.to_string()))
        })?;
        if !self.alarms().is_empty() {
            writeln!(
                f,
                "{}:",
                if self.is_stopped() {
                    "STOPPED by guards"
                } else {
                    "Guards that fired"
                }
            )?;
        }
        self.alarms()
            .iter()
            .try_for_each(|alarm| writeln!(f, "  ! {alarm}"))?;
        write!(f, "Plan {}", self.plan_hash())
    }
}

struct FoundLine(String);

fn found(plan: &Plan) -> impl Iterator<Item = FoundLine> {
    plan.found().iter().map(|found| {
        let domain = Visible(&found.found.domain);
        let (users, groups) = (found.found.users, found.found.groups);
        FoundLine(format!(
            "Found in {} {domain}: {users} users, {groups} groups",
            found.source
        ))
    })
}

fn section<T>(
    f: &mut fmt::Formatter<'_>,
    verb: &str,
    noun: &str,
    items: &[T],
    mut each: impl FnMut(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    match items.len() {
        0 => return Ok(()),
        1 => writeln!(f, "{verb} 1 {noun}:")?,
        count => writeln!(f, "{verb} {count} {noun}s:")?,
    }
    items.iter().try_for_each(|item| each(f, item))
}

fn line(f: &mut fmt::Formatter<'_>, mark: char, name: &str) -> fmt::Result {
    writeln!(f, "  {mark} {}", Visible(name))
}

fn user_line(f: &mut fmt::Formatter<'_>, create: &Create) -> fmt::Result {
    let user = &create.user;
    write!(f, "  + {}", Visible(&user.name))?;
    for field in [Field::FullName, Field::Email, Field::Department] {
        if let Some(Value::Text(text)) = user.details.value(field) {
            write!(f, "  {}", Visible(&text))?;
        }
    }
    write!(f, "  ({})", user.links.owner().source)?;
    if create.reason != ScopeReason::Everybody {
        write!(f, "  ({})", create.reason)?;
    }
    writeln!(
        f,
        "{}",
        if create.is_recreated {
            "  (created anew)"
        } else {
            ""
        }
    )
}

fn update_lines(f: &mut fmt::Formatter<'_>, update: &Update) -> fmt::Result {
    let identity = match update.identity() {
        Identity::Moved => "  (moved)",
        Identity::Adopted => "  (adopted)",
        Identity::Renamed | Identity::Same => "",
    };
    writeln!(f, "  ~ {}{identity}", Visible(&update.user))?;
    update
        .changes
        .iter()
        .try_for_each(|change: &Change| writeln!(f, "      {change}"))
}

fn leave(f: &mut fmt::Formatter<'_>, whom: &str, users: &[Unwanted]) -> fmt::Result {
    let left: Vec<&str> = users
        .iter()
        .filter(|user| !user.is_removed)
        .map(|user| user.user.as_str())
        .collect();
    if left.is_empty() {
        return Ok(());
    }
    writeln!(f, "Leave in the list, {whom}: {}", left.len())?;
    left.into_iter().try_for_each(|user| line(f, ' ', user))
}
