//! A plan as coloured tables. What comes from a directory is made harmless here, cell by cell (A61).

use std::{collections::BTreeMap, fmt::Display};

use adlib::sync::{Create, Field, Plan, Unwanted, Update, Value};
use tabled::{
    builder::Builder,
    settings::{Color, Style, object::Rows},
};

use crate::outcome::visible;

/// Longer tables are cut; JSON and HTML have all.
const MOST_ROWS: usize = 200;
/// Longer cells are cut.
const WIDEST: usize = 60;
/// So many members of a group are named.
const NAMED: usize = 3;

/// What a line is about.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Come,
    Change,
    Go,
    Stay,
}

impl Kind {
    const fn mark(self) -> &'static str {
        match self {
            Self::Come => "+",
            Self::Change => "~",
            Self::Go => "-",
            Self::Stay => "!",
        }
    }

    fn color(self) -> Color {
        match self {
            Self::Come => Color::FG_GREEN,
            Self::Change => Color::FG_YELLOW,
            Self::Go => Color::FG_RED,
            Self::Stay => Color::FG_MAGENTA,
        }
    }
}

/// The whole plan.
pub(super) fn of(plan: &Plan) -> String {
    let mut text = String::new();
    for found in plan.found() {
        let domain = cell(&found.found.domain);
        let (users, groups) = (found.found.users, found.found.groups);
        text.push_str(&format!(
            "{} {domain}: {users} users, {groups} groups\n",
            found.source
        ));
    }
    text.push_str(&users(plan));
    text.push_str(&groups(plan));
    text.push_str(&memberships(plan));
    text.push_str(&left_alone(plan));
    text.push_str(&verdict(plan));
    text
}

fn users(plan: &Plan) -> String {
    let mut table = Lines::new(["user", "field", "before", "after", "source"]);
    for create in plan.creates() {
        table.add(Kind::Come, created(create));
    }
    for update in plan.updates().iter().chain(plan.enables()).chain(plan.disables()) {
        changed(&mut table, update);
    }
    for removal in plan.deletes() {
        let reason = removal.reason.as_str().to_owned();
        let row = [
            cell(&removal.user),
            "deleted".to_owned(),
            String::new(),
            String::new(),
            reason,
        ];
        table.add(Kind::Go, row);
    }
    table.titled("Users")
}

fn created(create: &Create) -> [String; 5] {
    let user = &create.user;
    let known: Vec<String> = [Field::FullName, Field::Email, Field::Department]
        .into_iter()
        .filter_map(|field| match user.details.value(field)? {
            Value::Text(text) => Some(text),
            _ => None,
        })
        .collect();
    let what = if create.is_recreated {
        "created anew"
    } else {
        "created"
    };
    let source = user.links.owner().source.to_string();
    [
        cell(&user.name),
        what.to_owned(),
        String::new(),
        cell(&known.join(", ")),
        source,
    ]
}

fn changed(table: &mut Lines<5>, update: &Update) {
    for (index, change) in update.changes.iter().enumerate() {
        let name = if index == 0 {
            cell(&update.user)
        } else {
            String::new()
        };
        let (before, after) = match change.field {
            Field::Pin => (String::new(), "changed".to_owned()),
            _ => (value(&change.from), value(&change.to)),
        };
        let kind = if change.is_blanking() {
            Kind::Go
        } else {
            Kind::Change
        };
        let (field, source) = (change.field.to_string(), change.source.to_string());
        table.add(kind, [name, field, before, after, source]);
    }
}

fn groups(plan: &Plan) -> String {
    let mut table = Lines::new(["group", "before", "after"]);
    for group in plan.group_creates() {
        let name = cell(&group.qualified_name());
        table.add(Kind::Come, [name, String::new(), "created".to_owned()]);
    }
    for update in plan.group_updates() {
        let names = [&update.from, &update.to].map(|group| {
            let name = group.qualified_name();
            cell(
                &group
                    .full_name
                    .as_ref()
                    .map_or(name.clone(), |full| format!("{name} ({full})")),
            )
        });
        let [from, to] = names;
        table.add(Kind::Change, [cell(&update.from.qualified_name()), from, to]);
    }
    for removal in plan.group_deletes() {
        let name = cell(&removal.group.qualified_name());
        table.add(Kind::Go, [name, String::new(), "deleted".to_owned()]);
    }
    table.titled("Groups")
}

/// Who joins and who leaves, a line for each group.
fn memberships(plan: &Plan) -> String {
    let mut by_group: BTreeMap<String, [Vec<String>; 2]> = BTreeMap::new();
    for membership in plan.memberships_added().iter() {
        let [joins, _] = by_group.entry(membership.group.to_owned()).or_default();
        joins.push(membership.user.to_owned());
    }
    for membership in plan.memberships_removed().iter() {
        let [_, leaves] = by_group.entry(membership.group.to_owned()).or_default();
        leaves.push(membership.user.to_owned());
    }
    let mut table = Lines::new(["group", "joins", "leaves"]);
    for (group, [joins, leaves]) in &by_group {
        let kind = if leaves.is_empty() { Kind::Come } else { Kind::Go };
        table.add(kind, [cell(group), some(joins), some(leaves)]);
    }
    table.titled("Memberships")
}

/// The first names, and how many there are.
fn some(users: &[String]) -> String {
    let named: Vec<String> = users.iter().take(NAMED).map(cell).collect();
    match users.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

fn left_alone(plan: &Plan) -> String {
    let mut table = Lines::new(["left as it is", "because"]);
    for held in plan.held_back() {
        table.add(Kind::Stay, [cell(&held.user), cell(&held.reason)]);
    }
    let gone: [(&[Unwanted], &str); 3] = [
        (plan.left_scope(), "left the scope"),
        (plan.disabled(), "is disabled"),
        (plan.missing(), "is in no source any more"),
    ];
    for (users, reason) in gone {
        for user in users.iter().filter(|user| !user.is_removed) {
            table.add(Kind::Stay, [cell(&user.user), reason.to_owned()]);
        }
    }
    for user in plan.unknown() {
        table.add(
            Kind::Stay,
            [cell(user), "is from a source that is not configured".to_owned()],
        );
    }
    table.titled("Left alone")
}

fn verdict(plan: &Plan) -> String {
    let mut text = String::new();
    for odd in plan.warnings() {
        text.push_str(&format!(
            "warning: {}: {}\n",
            odd.source,
            visible(&odd.warning.to_string())
        ));
    }
    for alarm in plan.alarms() {
        let color = if alarm.allowed {
            Color::FG_YELLOW
        } else {
            Color::FG_RED
        };
        let alarm = visible(&alarm.to_string());
        text.push_str(&format!("{}\n", color.colorize(format!("guard: {alarm}"))));
    }
    if plan.is_stopped() {
        let stopped = (Color::FG_RED | Color::BOLD).colorize("Stopped by a guard: nothing is changed.");
        text.push_str(&format!("{stopped}\n"));
    } else if plan.is_empty() {
        text.push_str("Nothing to do.\n");
    } else {
        let (come, go) = (plan.creates().len(), plan.deletes().len());
        let change = plan.updates().len() + plan.enables().len() + plan.disables().len();
        let (joins, leaves) = (plan.memberships_added().len(), plan.memberships_removed().len());
        text.push_str(&format!(
            "{come} users to create, {change} to update, {go} to delete; memberships: {joins} more, {leaves} fewer\n"
        ));
    }
    text.push_str(&format!("Plan {}\n", plan.plan_hash()));
    text
}

/// The rows of a table, each of a kind.
struct Lines<const N: usize> {
    builder: Builder,
    kinds: Vec<Kind>,
    left_out: usize,
}

impl<const N: usize> Lines<N> {
    fn new(head: [&str; N]) -> Self {
        let mut builder = Builder::default();
        builder.push_record([""].into_iter().chain(head));
        Self {
            builder,
            kinds: Vec::new(),
            left_out: 0,
        }
    }

    fn add(&mut self, kind: Kind, cells: [String; N]) {
        if self.kinds.len() == MOST_ROWS {
            self.left_out += 1;
            return;
        }
        self.builder
            .push_record([kind.mark().to_owned()].into_iter().chain(cells));
        self.kinds.push(kind);
    }

    /// The table under its title; nothing when there are no rows.
    fn titled(self, title: &str) -> String {
        if self.kinds.is_empty() {
            return String::new();
        }
        let mut table = self.builder.build();
        table.with(Style::rounded());
        for (index, kind) in self.kinds.iter().enumerate() {
            table.modify(Rows::one(index + 1), kind.color());
        }
        let more = match self.left_out {
            0 => String::new(),
            more => format!("and {more} more, which --json and --html have\n"),
        };
        format!("\n{}\n{table}\n{more}", Color::BOLD.colorize(title))
    }
}

fn value(value: &Value) -> String {
    match value {
        Value::Absent => String::new(),
        Value::Text(text) => cell(text),
        other => cell(&other.to_string()),
    }
}

/// One line of bounded width that obeys nobody.
fn cell(text: &(impl Display + ?Sized)) -> String {
    let text = visible(&text.to_string()).replace('\n', "\u{fffd}");
    match text.char_indices().nth(WIDEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A61
    #[test]
    fn a61_a_cell_is_one_short_line() {
        assert_eq!(cell("a\u{1b}[2J\nb\u{202e}"), "a\u{fffd}[2J\u{fffd}b\u{fffd}");
        assert_eq!(cell(&"ä".repeat(1 << 20)).chars().count(), WIDEST + 1);
    }

    #[test]
    fn long_tables_are_cut_and_say_so() {
        let mut lines = Lines::new(["user"]);
        for number in 0..MOST_ROWS + 7 {
            lines.add(Kind::Come, [number.to_string()]);
        }
        let text = lines.titled("Users");
        assert!(
            text.contains("and 7 more") && text.lines().count() < MOST_ROWS + 10,
            "{text}"
        );
        assert_eq!(
            some(&["a", "b", "c", "d", "e"].map(str::to_owned)),
            "a, b, c and 2 more"
        );
    }
}
