//! `adctl directory`

use std::{collections::HashMap, iter::successors};

use adlib::{
    Config, Directory, DirectoryRead, Preset,
    schema::{
        Dn,
        read::Completeness,
        record::{Group, User},
    },
};
use serde_json::{Value, json};
use tabled::{builder::Builder, settings::Style};

use crate::{
    arguments::Read,
    outcome::{Outcome, Stopped},
    progress::Bar,
};

pub(crate) async fn read(arguments: &Read) -> Result<Outcome, Stopped> {
    let read = everything(arguments).await?;
    let shown = Shown {
        read: &read,
        disabled_too: arguments.import_disabled,
    };
    Ok(Outcome {
        clean: read.completeness.complete().is_some(),
        json: shown.json(),
        text: shown.text().into(),
    })
}

/// What a scope can name (R20).
pub(crate) async fn list(arguments: &Read) -> Result<Outcome, Stopped> {
    let read = everything(arguments).await?;
    let shown = Shown {
        read: &read,
        disabled_too: arguments.import_disabled,
    };
    let choices = shown.choices();
    Ok(Outcome {
        clean: read.completeness.complete().is_some(),
        json: choices.json(&shown),
        text: choices.text().into(),
    })
}

async fn everything(arguments: &Read) -> Result<DirectoryRead, Stopped> {
    let directory = configured(arguments)?;
    let bar = Bar::of_entries();
    let read = directory
        .read_with_progress(|progress| bar.entries(progress))
        .await;
    bar.clear();
    Ok(read?)
}

/// Groups and units, each with the number of users in it, nested and lower ones counted.
struct Choices {
    groups: Vec<(String, usize)>,
    units: Vec<(String, usize)>,
}

impl Choices {
    fn json(&self, shown: &Shown<'_>) -> Value {
        let listed = |all: &[(String, usize)], key: &str| -> Vec<Value> {
            let one = |(name, users): &(String, usize)| json!({ key: name, "users": users });
            all.iter().map(one).collect()
        };
        json!({
            "groups": listed(&self.groups, "name"),
            "units": listed(&self.units, "dn"),
            "complete": shown.read.completeness.complete().is_some(),
            "warnings": shown.warnings(),
        })
    }

    fn text(&self) -> String {
        let table = |title: &str, all: &[(String, usize)]| {
            let mut rows = Builder::default();
            rows.push_record([title, "users"]);
            for (name, users) in all {
                rows.push_record([name.clone(), users.to_string()]);
            }
            rows.build().with(Style::rounded()).to_string()
        };
        format!("{}\n{}", table("group", &self.groups), table("unit", &self.units))
    }
}

fn configured(arguments: &Read) -> Result<Directory, Stopped> {
    let preset = match arguments.preset.as_deref() {
        None => None,
        Some("auto") => Some(None),
        Some(name) => Some(Some(name.parse::<Preset>()?)),
    };
    let directory = match &arguments.config {
        Some(file) => {
            let config = Config::read(file)?;
            let section = config.directory.as_ref();
            let section = section
                .ok_or_else(|| Stopped::new(format_args!("{}: there is no [directory]", file.display())))?;
            Directory::from_config(section, &config.sync)?
        }
        None => Directory::from_ldif(&arguments.ldif),
    };
    Ok(match preset {
        Some(preset) => directory.with_preset(preset),
        None => directory,
    })
}

/// What was read, without the disabled users unless they are wanted (R23).
struct Shown<'a> {
    read: &'a DirectoryRead,
    disabled_too: bool,
}

impl Shown<'_> {
    fn users(&self) -> impl Iterator<Item = (usize, &User)> {
        let all = self.read.users.iter().enumerate();
        all.filter(|(_, user)| self.disabled_too || user.state.enabled)
    }

    fn groups_of(&self, user: usize) -> Vec<String> {
        let groups = self.read.memberships.groups_of(user).iter();
        groups
            .filter_map(|group| Some(self.read.groups.get(*group)?.qualified_name()))
            .collect()
    }

    fn members_of(&self, group: usize) -> Vec<String> {
        let members = self.read.memberships.members_of(group).iter();
        let users = members.filter_map(|user| self.read.users.get(*user));
        users
            .filter(|user| self.disabled_too || user.state.enabled)
            .map(User::qualified_name)
            .collect()
    }

    fn choices(&self) -> Choices {
        let groups = self.read.groups.iter().enumerate();
        let units = self.read.units.iter();
        let below = self.users_below();
        let users_in = |unit: &str| {
            let unit = unit.parse::<Dn>().ok();
            unit.and_then(|unit| below.get(unit.normal()).copied())
                .unwrap_or(0)
        };
        Choices {
            groups: groups
                .map(|(index, group)| (group.qualified_name(), self.members_of(index).len()))
                .collect(),
            units: units.map(|unit| (unit.dn.clone(), users_in(&unit.dn))).collect(),
        }
    }

    /// How many users are below each DN that anybody is below.
    fn users_below(&self) -> HashMap<String, usize> {
        let mut below = HashMap::new();
        for (_, user) in self.users() {
            for dn in successors(user.dn.parse::<Dn>().ok().and_then(|dn| dn.parent()), Dn::parent) {
                *below.entry(dn.into_normal()).or_insert(0) += 1;
            }
        }
        below
    }

    fn json(&self) -> Value {
        let users: Vec<Value> = self
            .users()
            .map(|(index, user)| {
                json!({
                    "name": user.account,
                    "domain": present(&user.domain),
                    "upn": user.upn,
                    "full_name": user.full_name,
                    "email": user.email,
                    "other_emails": user.other_emails,
                    "department": user.department,
                    "office": user.office,
                    "cards": user.cards,
                    "enabled": user.state.enabled,
                    "key": user.key.as_str(),
                    "sid": user.sid.map(|sid| sid.to_string()),
                    "groups": self.groups_of(index),
                })
            })
            .collect();
        let groups: Vec<Value> = self
            .read
            .groups
            .iter()
            .enumerate()
            .map(|(index, group)| {
                json!({
                    "name": group.name,
                    "domain": present(&group.domain),
                    "sid": group.sid.map(|sid| sid.to_string()),
                    "effective": self.members_of(index),
                })
            })
            .collect();
        let units: Vec<&str> = self.read.units.iter().map(|unit| unit.dn.as_str()).collect();
        let found = self.read.found.iter().map(|found| {
            json!({ "source": "directory", "domain": found.domain, "users": found.users, "groups": found.groups })
        });
        json!({
            "users": users,
            "groups": groups,
            "units": units,
            "found": found.collect::<Vec<_>>(),
            "nesting": {
                "depth": self.read.nesting.depth(),
                "deepest": self.names(&self.read.nesting.deepest),
                "circles": self.read.nesting.circles.iter().map(|circle| self.names(circle)).collect::<Vec<_>>(),
            },
            "complete": self.read.completeness.complete().is_some(),
            "warnings": self.warnings(),
        })
    }

    /// Groups by name.
    fn names(&self, groups: &[usize]) -> Vec<String> {
        let groups = groups.iter().filter_map(|group| self.read.groups.get(*group));
        groups.map(Group::qualified_name).collect()
    }

    /// What was odd, and what is missing.
    fn warnings(&self) -> Vec<String> {
        let odd = self.read.warnings.iter().map(ToString::to_string);
        let missing = match &self.read.completeness {
            Completeness::Complete(_) => &[][..],
            Completeness::Incomplete(shortfalls) => shortfalls,
        };
        odd.chain(missing.iter().map(|shortfall| format!("incomplete: {shortfall}")))
            .collect()
    }

    fn text(&self) -> String {
        let mut users = Builder::default();
        users.push_record(["user", "domain", "full name", "e-mail", "groups", ""]);
        for (index, user) in self.users() {
            users.push_record([
                user.account.clone(),
                user.domain.clone(),
                user.full_name.clone().unwrap_or_default(),
                user.email.clone().unwrap_or_default(),
                self.groups_of(index).len().to_string(),
                if user.state.enabled {
                    String::new()
                } else {
                    "disabled".to_owned()
                },
            ]);
        }
        let mut groups = Builder::default();
        groups.push_record(["group", "domain", "members"]);
        for (index, group) in self.read.groups.iter().enumerate() {
            let members = self.members_of(index).len().to_string();
            groups.push_record([group.name.clone(), group.domain.clone(), members]);
        }
        let mut text = format!(
            "{}\n{}\n",
            users.build().with(Style::rounded()),
            groups.build().with(Style::rounded())
        );
        for found in &self.read.found {
            text.push_str(&format!(
                "{}: {} users, {} groups\n",
                found.domain, found.users, found.groups
            ));
        }
        let nesting = &self.read.nesting;
        if nesting.depth() > 1 {
            let chain = self.names(&nesting.deepest).join(" in ");
            text.push_str(&format!("groups are nested {} deep: {chain}\n", nesting.depth()));
        }
        for warning in self.warnings() {
            text.push_str(&format!("warning: {}\n", warning));
        }
        text.push_str(match self.read.completeness {
            Completeness::Complete(_) => "The read is complete.\n",
            Completeness::Incomplete(_) => "The read is NOT complete.\n",
        });
        text
    }
}

/// The text, or nothing for an absent one.
fn present(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
