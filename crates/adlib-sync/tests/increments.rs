//! Runs on increments, with a cursor in the store, make the plans that runs on full reads make.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

mod company;

use std::collections::{BTreeMap, BTreeSet};

use adlib_core::Guid;
use adlib_schema::{
    Mapper, Preset, RawEntry, Schema,
    read::{
        DirectoryRead, ReadBuilder,
        changes::{Delivered, EntryId, Event, Increment, Presence, Replica},
    },
};
use adlib_sync::{
    Plan, Source, SyncOptions, preview,
    store::{Applied, Begin, Cursor, MemoryStore, Run, Store},
};
use company::{deleting, new_store, properties, ready, state};
use proptest::prelude::*;

const PLACE: &str = "example.org";
const BASE: &str = "dc=example,dc=org";

/// A user or a group, by its number.
#[derive(Debug, Clone)]
struct Node {
    is_group: bool,
    name: u8,
    mail: u8,
    members: BTreeSet<u8>,
    changed: u64,
}

/// A directory, and the number of its last change.
#[derive(Debug, Default)]
struct Model {
    nodes: BTreeMap<u8, Node>,
    gone: BTreeMap<u8, u64>,
    now: u64,
}

#[derive(Debug, Clone)]
enum Step {
    Add(u8, bool, u8),
    Delete(u8),
    Rename(u8, u8),
    Mail(u8, u8),
    Join(u8, u8),
    Leave(u8, u8),
    /// A run, cut off after so many of its operations if it has more.
    Run(usize),
}

impl Model {
    fn step(&mut self, step: &Step) {
        self.now += 1;
        let now = self.now;
        match *step {
            Step::Add(number, is_group, name) => {
                let node = Node {
                    is_group,
                    name,
                    mail: name,
                    members: BTreeSet::new(),
                    changed: now,
                };
                self.nodes.entry(number).or_insert(node);
                self.gone.remove(&number);
            }
            Step::Delete(number) => {
                if self.nodes.remove(&number).is_some() {
                    self.gone.insert(number, now);
                    for node in self.nodes.values_mut() {
                        if node.members.remove(&number) {
                            node.changed = now;
                        }
                    }
                }
            }
            Step::Rename(number, name) => self.change(number, |node| node.name = name),
            Step::Mail(number, mail) => self.change(number, |node| node.mail = mail),
            Step::Join(group, member) if self.nodes.contains_key(&member) => self.change(group, |node| {
                node.members.insert(member);
            }),
            Step::Leave(group, member) => self.change(group, |node| {
                node.members.remove(&member);
            }),
            Step::Join(..) | Step::Run(_) => {}
        }
    }

    fn change(&mut self, number: u8, change: impl FnOnce(&mut Node)) {
        if let Some(node) = self.nodes.get_mut(&number) {
            change(node);
            node.changed = self.now;
        }
    }

    /// The names of entries do not change here: what that means is the replica's own affair, and tested there.
    fn dn(number: u8) -> String {
        format!("cn=n{number},{BASE}")
    }

    fn entry(&self, number: u8) -> RawEntry {
        let node = &self.nodes[&number];
        let mut entry = RawEntry::new(Self::dn(number));
        entry.push("entryUUID", Guid::from_bytes([number; 16]).to_string());
        if node.is_group {
            entry.push("objectClass", "groupOfNames");
            entry.push("cn", format!("group{}", node.name));
            for member in node
                .members
                .iter()
                .filter(|member| self.nodes.contains_key(*member))
            {
                entry.push("member", Self::dn(*member));
            }
        } else {
            entry.push("objectClass", "inetOrgPerson");
            entry.push("uid", format!("user{}", node.name));
            entry.push("mail", format!("m{}@example.org", node.mail));
        }
        entry
    }

    /// What the server tells of everything after the change numbered `since`; from nothing, everything.
    fn increment(&self, since: Option<u64>, mapper: &Mapper) -> Increment {
        let event = |number: &u8| {
            let entry = self.entry(*number);
            Event::Entry(Box::new(Delivered::new(mapper.schema(), &entry).unwrap()))
        };
        let Some(since) = since else {
            return Increment::new(
                self.nodes.keys().map(event).collect(),
                Presence::Replaced,
                None,
                0,
            );
        };
        let changed = self.nodes.iter().filter(|(_, node)| node.changed > since);
        let gone = self.gone.iter().filter(|(_, when)| **when > since);
        let gone = gone.map(|(number, _)| Event::Gone(EntryId::from_bytes([*number; 16])));
        let events = changed.map(|(number, _)| event(number)).chain(gone).collect();
        Increment::new(events, Presence::Told, None, 0)
    }

    fn full_read(&self, mapper: &Mapper) -> DirectoryRead {
        let mut builder = ReadBuilder::new(mapper.clone());
        builder.begin(PLACE);
        for number in self.nodes.keys() {
            builder.entry(&self.entry(*number));
        }
        builder.end();
        builder.finish()
    }
}

/// A store whose cursor names one of the replicas that were kept.
struct Site {
    store: MemoryStore,
    replicas: BTreeMap<u64, Vec<u8>>,
    mapper: Mapper,
}

impl Site {
    /// The plan of a run that reads what changed since the store's cursor.
    fn plan(&mut self, model: &Model) -> Plan {
        let state = state(&self.store);
        let cursors = ready(self.store.cursors()).unwrap();
        let since = cursors.of(Source::Primary);
        let since = since.map(|cursor| u64::from_le_bytes(cursor.as_bytes().try_into().unwrap()));
        let kept = since.map(|since| Replica::decode(&self.replicas[&since]).unwrap());
        let mut replica = kept.unwrap_or_default();
        replica.apply(PLACE, model.increment(since, &self.mapper), &self.mapper);
        self.replicas.insert(model.now, replica.encode());
        let read = replica.read(&self.mapper);
        let plan = preview(&read, &state, &options(), &deleting()).unwrap();
        plan.with_cursor(Source::Primary, Cursor::new(model.now.to_le_bytes()))
    }

    fn run(&mut self, model: &Model, cut: usize) -> Result<(), TestCaseError> {
        let plan = self.plan(model);
        let full = model.full_read(&self.mapper);
        let full = preview(&full, &state(&self.store), &options(), &deleting()).unwrap();
        prop_assert_eq!(
            serde_json::to_value(&plan).unwrap(),
            serde_json::to_value(&full).unwrap()
        );
        if plan.is_stopped() || plan.operation_count() <= cut {
            // Without any user, an empty source stops the run.
            prop_assert!(plan.is_stopped() || ready(plan.apply(&self.store)).is_ok());
            return Ok(());
        }
        let Begin::Open(mut run) = ready(self.store.begin(plan.revision())).unwrap() else {
            panic!("refused")
        };
        for operation in plan.operations().take(cut) {
            prop_assert_eq!(ready(run.apply(&operation)).unwrap(), Applied::Done);
        }
        Ok(())
    }
}

fn options() -> SyncOptions {
    let mut options = SyncOptions::default();
    options.guard.only_above = usize::MAX;
    options
}

fn step() -> impl Strategy<Value = Step> {
    let (number, name) = (0..12_u8, 0..9_u8);
    prop_oneof![
        4 => (number.clone(), any::<bool>(), name.clone()).prop_map(|(number, group, name)| Step::Add(number, group, name)),
        2 => number.clone().prop_map(Step::Delete),
        2 => (number.clone(), name.clone()).prop_map(|(number, name)| Step::Rename(number, name)),
        2 => (number.clone(), name).prop_map(|(number, mail)| Step::Mail(number, mail)),
        4 => (number.clone(), number.clone()).prop_map(|(group, member)| Step::Join(group, member)),
        2 => (number.clone(), number).prop_map(|(group, member)| Step::Leave(group, member)),
        3 => (0..6_usize).prop_map(Step::Run),
        2 => Just(Step::Run(usize::MAX)),
    ]
}

proptest! {
    #![proptest_config(properties(300))]

    /// R28, R37: with a cursor that the last change of a run brings, and runs that are cut off anywhere, the plan made of
    /// increments is the plan made of a full read, every time.
    #[test]
    fn r28_increments_make_the_plan_of_a_full_read(steps in proptest::collection::vec(step(), 1..50)) {
        let mut model = Model::default();
        let mapper = Mapper::new(Schema::of(Preset::OpenLdap));
        let mut site = Site { store: new_store(), replicas: BTreeMap::new(), mapper };
        for step in &steps {
            model.step(step);
            if let Step::Run(cut) = step {
                site.run(&model, *cut)?;
            }
        }
        site.run(&model, usize::MAX)?;
        let rest = site.plan(&model);
        prop_assert!(rest.is_empty() || rest.is_stopped(), "{}", rest);
    }
}
