//! The plan as a page: self-contained, without scripts, readable in print.

use std::fmt;

use super::Plan;
use crate::{
    Field, Membership, Value,
    escape::Html,
    item::{Create, Unwanted},
};

const HEAD: &str = r#"<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Synchronisation plan</title>
<style>
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1d2530}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #d6dbe1;overflow-wrap:anywhere}
th{background:#f2f4f7}h1{margin-bottom:.2rem}.stopped{background:#b3261e;color:#fff;padding:.6rem 1rem}
code{font-size:.85em;overflow-wrap:anywhere}
nav{margin:1rem 0}nav label{display:inline-block;margin-right:1rem}tr{break-inside:avoid}
@media print{nav{display:none}body{margin:0;max-width:none}h2{break-after:avoid}}
"#;

/// The tables, in any order. Each can be left out of sight by a box of its own, without a script.
const TABLES: [&str; 17] = [
    "Guards that fired",
    "Found",
    "Users to create",
    "Users to update",
    "Users to delete",
    "Groups to create",
    "Groups to update",
    "Groups to delete",
    "Memberships to add",
    "Memberships to remove",
    "Held back",
    "Left the scope",
    "Disabled",
    "In no source any more",
    "From a source that is not configured",
    "Warnings",
    OTHER,
];

/// What a table that is not listed goes under.
const OTHER: &str = "Everything else";

/// The number of a table.
fn number_of(title: &str) -> usize {
    let number = TABLES.iter().position(|table| *table == title);
    number.unwrap_or(TABLES.len() - 1)
}

/// A plan, displayed as HTML.
pub(super) struct Page<'a>(pub(super) &'a Plan);

impl fmt::Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = self.0;
        let tables = Tables(plan).to_string();
        let shown =
            (0..TABLES.len()).filter(|number| tables.contains(&format!("<section class=\"t{number}\">")));
        let shown: Vec<usize> = shown.collect();
        f.write_str(HEAD)?;
        for number in &shown {
            writeln!(f, "body:has(#b{number}:not(:checked)) .t{number}{{display:none}}")?;
        }
        f.write_str("</style></head><body>\n<h1>Synchronisation plan</h1>\n")?;
        writeln!(
            f,
            "<p>A {} run. Plan <code>{}</code></p>",
            plan.trigger.as_str(),
            Html(plan.plan_hash())
        )?;
        if plan.is_stopped() {
            writeln!(
                f,
                "<p class=\"stopped\">Stopped by a guard: nothing would be changed.</p>"
            )?;
        }
        if plan.is_empty() && !plan.is_stopped() {
            writeln!(f, "<p>Nothing to do.</p>")?;
        }
        if !shown.is_empty() {
            f.write_str("<nav>Show:")?;
            for number in shown {
                let title = TABLES.get(number).copied().unwrap_or(OTHER);
                write!(
                    f,
                    " <label><input type=\"checkbox\" id=\"b{number}\" checked> {title}</label>"
                )?;
            }
            f.write_str("</nav>\n")?;
        }
        f.write_str(&tables)?;
        f.write_str("</body></html>\n")
    }
}

/// The tables of a plan.
struct Tables<'a>(&'a Plan);

impl fmt::Display for Tables<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = self.0;
        rows(f, "Guards that fired", &["Guard"], plan.alarms(), |alarm| {
            vec![alarm.to_string()]
        })?;
        rows(
            f,
            "Found",
            &["Source", "Domain", "Users", "Groups"],
            plan.found(),
            |found| {
                let (users, groups) = (found.found.users.to_string(), found.found.groups.to_string());
                vec![
                    found.source.to_string(),
                    found.found.domain.clone(),
                    users,
                    groups,
                ]
            },
        )?;
        self.users(f)?;
        self.groups(f)?;
        self.left_alone(f)
    }
}

impl Tables<'_> {
    fn users(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = self.0;
        let head = ["User", "Full name", "E-mail", "Department", "Source", "Why"];
        rows(f, "Users to create", &head, plan.creates(), create)?;
        let changes: Vec<_> = plan
            .updates()
            .iter()
            .chain(plan.enables())
            .chain(plan.disables())
            .flat_map(|update| update.changes.iter().map(|change| (update.user.clone(), change)))
            .collect();
        let head = ["User", "Field", "From", "To", "Source"];
        rows(f, "Users to update", &head, &changes, |(user, change)| {
            let (from, to) = match change.field {
                Field::Pin => (String::new(), "changed".to_owned()),
                _ => (shown(&change.from), shown(&change.to)),
            };
            vec![
                user.clone(),
                change.field.to_string(),
                from,
                to,
                change.source.to_string(),
            ]
        })?;
        rows(
            f,
            "Users to delete",
            &["User", "Reason"],
            plan.deletes(),
            |removal| vec![removal.user.clone(), removal.reason.as_str().to_owned()],
        )
    }

    fn groups(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = self.0;
        rows(f, "Groups to create", &["Group"], plan.group_creates(), |group| {
            vec![group.qualified_name()]
        })?;
        rows(
            f,
            "Groups to update",
            &["From", "To"],
            plan.group_updates(),
            |update| vec![update.from.qualified_name(), update.to.qualified_name()],
        )?;
        rows(
            f,
            "Groups to delete",
            &["Group"],
            plan.group_deletes(),
            |removal| vec![removal.group.qualified_name()],
        )?;
        let head = ["User", "Group"];
        for (title, memberships) in [
            ("Memberships to add", plan.memberships_added()),
            ("Memberships to remove", plan.memberships_removed()),
        ] {
            let memberships: Vec<Membership<'_>> = memberships.iter().collect();
            rows(f, title, &head, &memberships, |membership| {
                vec![membership.user.to_owned(), membership.group.to_owned()]
            })?;
        }
        Ok(())
    }

    fn left_alone(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = self.0;
        rows(
            f,
            "Held back",
            &["User", "Reason", "Detail"],
            plan.held_back(),
            |held| {
                vec![
                    held.user.clone(),
                    held.reason.as_str().to_owned(),
                    held.reason.to_string(),
                ]
            },
        )?;
        for (title, users) in [
            ("Left the scope", plan.left_scope()),
            ("Disabled", plan.disabled()),
            ("In no source any more", plan.missing()),
        ] {
            rows(f, title, &["User", "This run"], users, |user: &Unwanted| {
                vec![
                    user.user.clone(),
                    if user.is_removed { "removes" } else { "leaves" }.to_owned(),
                ]
            })?;
        }
        rows(
            f,
            "From a source that is not configured",
            &["User"],
            plan.unknown(),
            |user| vec![user.clone()],
        )?;
        rows(
            f,
            "Warnings",
            &["Source", "Subject", "Message"],
            plan.warnings(),
            |odd| {
                vec![
                    odd.source.to_string(),
                    odd.warning.subject.clone(),
                    odd.warning.message.clone(),
                ]
            },
        )
    }
}

fn create(create: &Create) -> Vec<String> {
    let user = &create.user;
    let detail = |field| user.details.value(field).as_ref().map(shown).unwrap_or_default();
    let (name, email) = (detail(Field::FullName), detail(Field::Email));
    vec![
        user.name.clone(),
        name,
        email,
        detail(Field::Department),
        user.links.owner().source.to_string(),
        create.reason.to_string(),
    ]
}

fn shown(value: &Value) -> String {
    match value {
        Value::Absent => String::new(),
        Value::Text(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A table; nothing when there are no rows. Cells are escaped here and nowhere else.
fn rows<T>(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    head: &[&str],
    items: &[T],
    cells: impl Fn(&T) -> Vec<String>,
) -> fmt::Result {
    if items.is_empty() {
        return Ok(());
    }
    let (number, count) = (number_of(title), items.len());
    write!(
        f,
        "<section class=\"t{number}\"><h2>{title} ({count})</h2>\n<table><tr>"
    )?;
    head.iter().try_for_each(|cell| write!(f, "<th>{cell}</th>"))?;
    writeln!(f, "</tr>")?;
    for item in items {
        f.write_str("<tr>")?;
        cells(item)
            .iter()
            .try_for_each(|cell| write!(f, "<td>{}</td>", Html(cell)))?;
        f.write_str("</tr>\n")?;
    }
    f.write_str("</table></section>\n")
}
