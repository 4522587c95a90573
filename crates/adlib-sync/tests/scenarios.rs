//! The famous accidents, told in files that an administrator can read: given, when, then.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]
#![allow(clippy::disallowed_methods, reason = "the scenarios are files")]

mod company;

use adlib_sync::{
    Details, Error, Plan, Rejection, SyncOptions, Trigger, preview,
    store::{MemoryStore, Origin, StoredUser},
};
use company::{Directory, deleting, names, new_store, ready, state, stored};

/// The company of a scenario, and what the last run made of it.
struct Scene {
    directory: Directory,
    options: SyncOptions,
    store: MemoryStore,
    is_cut_off: bool,
    plan: Option<Plan>,
    refusal: Option<Rejection>,
    before: Vec<StoredUser>,
}

impl Scene {
    fn run(&mut self, trigger: &Trigger, applies: bool) {
        let read = if self.is_cut_off {
            self.directory.read_in_part()
        } else {
            self.directory.read()
        };
        self.before = self.store.users();
        (self.plan, self.refusal) = (None, None);
        match preview(&read, &state(&self.store), &self.options, trigger) {
            Err(refusal) => self.refusal = Some(refusal),
            Ok(plan) => {
                if applies && let Err(Error::Refused(refusal)) = ready(plan.apply(&self.store)) {
                    self.refusal = Some(refusal);
                }
                self.plan = Some(plan);
            }
        }
    }

    fn employ(&mut self, whom: &str) {
        let wanted = listed(whom);
        self.directory.users.retain(|user| wanted.contains(&user.account));
        for name in wanted {
            if !self.directory.users.iter().any(|user| user.account == name) {
                self.directory.hire(&name);
            }
        }
    }

    fn step(&mut self, words: &[&str]) {
        match words {
            ["given" | "when", "the", "directory", "has", whom @ ..] if whom[0] != "the" => {
                self.employ(&whom.join(" "));
            }
            ["given", "the", "store", "is", "in", "step"] => self.run(&Trigger::manual(), true),
            ["given", "the", "store", "has", "the", "local", "user", name] => {
                assert!(self.store.insert_local(name, Origin::Local, Details::default()));
            }
            ["when", "the", "read", "is", "cut", "off"] => self.is_cut_off = true,
            ["when", name, "is", "renamed", "to", other] => {
                self.directory.user(name).account = (*other).into();
            }
            ["when", name, "is", state @ ("disabled" | "enabled")] => {
                self.directory.user(name).state.enabled = *state == "enabled";
            }
            ["when", "the", "administrator", "blocks", name] => assert!(self.store.set_blocked(name, true)),
            [
                "when",
                "the",
                "administrator",
                "lifts",
                "the",
                "block",
                "of",
                name,
            ] => {
                assert!(self.store.set_blocked(name, false));
            }
            ["when", name, "is", "deleted", "and", "made", "again"] => {
                self.directory.dismiss(name);
                self.directory
                    .hire_with_key(&format!("another key of {name}"), name);
            }
            ["when", one, "and", other, "swap", "their", "names"] => {
                self.directory.user(one).account = "between".into();
                self.directory.user(other).account = (*one).into();
                self.directory.user("between").account = (*other).into();
            }
            [
                "when",
                "the",
                "e-mail",
                "addresses",
                "of",
                count,
                "users",
                "are",
                "lost",
            ] => {
                let count = count.parse().unwrap();
                self.directory
                    .users
                    .iter_mut()
                    .take(count)
                    .for_each(|user| user.email = None);
            }
            ["when", "the", "scope", "is", "the", "group", group] => {
                self.options.scope.groups = vec![(*group).to_owned()];
            }
            [
                "given",
                "the",
                "directory",
                "has",
                "the",
                "group",
                name,
                "of",
                member,
            ] => {
                self.directory.form(name, &[member]);
            }
            ["when", "a", "scheduled", "run", "applies"] => self.run(&Trigger::Scheduled, true),
            ["when", "a", "manual", "run", "deletes", "what", "is", "missing"] => self.run(&deleting(), true),
            [
                "when",
                "a",
                "manual",
                "run",
                "that",
                "deletes",
                "what",
                "is",
                "missing",
                "is",
                "looked",
                "at",
            ] => {
                self.run(&deleting(), false);
            }
            ["then", rest @ ..] => self.check(rest),
            other => panic!("what is `{}`?", other.join(" ")),
        }
    }

    fn check(&self, words: &[&str]) {
        let plan = || self.plan.as_ref().unwrap();
        match words {
            ["the", "store", "has", whom @ ..] => assert_eq!(names(&self.store), listed(&whom.join(" "))),
            ["it", "is", "refused"] => assert!(self.refusal.is_some()),
            ["it", "is", "stopped", "by", guard] => {
                assert!(
                    matches!(self.refusal, Some(Rejection::Guards(_))),
                    "{:?}",
                    self.refusal
                );
                assert!(
                    plan().alarms().iter().any(|alarm| alarm.guard.as_str() == *guard),
                    "{}",
                    plan()
                );
            }
            ["the", "plan", "creates", name] => assert_eq!(plan().creates()[0].user.name, *name),
            ["the", "plan", "deletes", name] => assert_eq!(plan().deletes()[0].user, *name),
            [name, "is", "who", other, "was"] => {
                let was = self.before.iter().find(|user| user.name == *other).unwrap();
                assert_eq!(stored(&self.store, name).id, was.id);
            }
            [name, "may", "sign", "in"] => assert!(stored(&self.store, name).may_sign_in()),
            [name, "may", "not", "sign", "in"] => assert!(!stored(&self.store, name).may_sign_in()),
            ["nothing", "is", "left", "to", "do"] => assert!(plan().is_empty(), "{}", plan()),
            ["nobody", "is", "held", "back"] => assert!(plan().held_back().is_empty(), "{}", plan()),
            [name, "is", "held", "back"] => {
                assert!(
                    plan().held_back().iter().any(|held| held.user == *name),
                    "{}",
                    plan()
                );
            }
            [name, "is", "another", "user"] => {
                let was = self.before.iter().find(|user| user.name == *name).unwrap();
                assert_ne!(stored(&self.store, name).id, was.id);
            }
            [name, "is", "local"] => assert_eq!(stored(&self.store, name).origin, Origin::Local),
            other => panic!("what is `{}`?", other.join(" ")),
        }
    }
}

/// `ada, bob`, `nobody` or `100 users`.
fn listed(whom: &str) -> Vec<String> {
    if let Some(count) = whom.strip_suffix(" users") {
        return (0..count.parse::<usize>().unwrap())
            .map(|number| format!("u{number:03}"))
            .collect();
    }
    whom.split(", ")
        .filter(|name| *name != "nobody")
        .map(str::to_owned)
        .collect()
}

/// R29, R31, R33, R34, R35, A56, A57: every accident in `scenarios/` comes to nothing.
#[test]
fn a56_accidents_come_to_nothing() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut count = 0;
    for file in std::fs::read_dir(directory).unwrap() {
        let path = file.unwrap().path();
        println!("{}", path.display());
        let mut scene = Scene {
            directory: Directory::default(),
            options: SyncOptions::default(),
            store: new_store(),
            is_cut_off: false,
            plan: None,
            refusal: None,
            before: Vec::new(),
        };
        let text = std::fs::read_to_string(&path).unwrap();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            println!("  {line}");
            scene.step(&line.split_whitespace().collect::<Vec<_>>());
        }
        count += 1;
    }
    assert!(count >= 13, "{count} scenarios");
}
