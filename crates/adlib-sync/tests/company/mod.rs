//! A directory that tests can change like a real one, and a store to keep in step with it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "helpers of tests; not every test uses all of them"
)]

use std::{
    collections::BTreeSet,
    pin::pin,
    task::{Context, Poll, Waker},
};

use adlib_schema::{
    Mapper, Preset, RawEntry, Schema,
    read::{DirectoryRead, Found, Memberships, ReadBuilder},
    record::{Group, Key, User},
};
use adlib_sync::{
    ManualRun, Plan, Sources, Store, SyncOptions, Trigger, preview,
    store::{DigestKey, MemoryStore, StoreState, StoredUser},
};
use proptest::test_runner::{Config as ProptestConfig, FileFailurePersistence};

/// As many cases as `PROPTEST_CASES` says, or else `cases`. An input that fails is kept beside the test.
pub fn properties(cases: u32) -> ProptestConfig {
    let told = ProptestConfig::default();
    let is_told = std::env::var_os("PROPTEST_CASES").is_some();
    ProptestConfig {
        cases: if is_told { told.cases } else { cases },
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource(
            "proptest-regressions",
        ))),
        ..told
    }
}

/// Users and groups of one domain, and who is in what.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    pub users: Vec<User>,
    pub groups: Vec<Group>,
    /// Keys of user and group.
    pub members: BTreeSet<(Key, Key)>,
}

impl Directory {
    /// A domain with these users, each with a key of its own.
    pub fn of(accounts: &[&str]) -> Self {
        let mut directory = Self::default();
        for account in accounts {
            directory.hire(account);
        }
        directory
    }

    /// A domain with users `u000`, `u001` and so on.
    pub fn with_users(count: usize) -> Self {
        let names: Vec<String> = (0..count).map(|number| format!("u{number:03}")).collect();
        Self::of(&names.iter().map(String::as_str).collect::<Vec<_>>())
    }

    pub fn hire(&mut self, account: &str) -> &mut User {
        self.hire_with_key(&format!("key-{account}"), account)
    }

    pub fn hire_with_key(&mut self, key: &str, account: &str) -> &mut User {
        let dn = format!("CN={account},OU=People,DC=example,DC=org");
        let mut user = User::new(Key::new(key), dn, "example.org", account);
        user.email = Some(format!("{account}@example.org"));
        self.users.push(user);
        self.users.last_mut().unwrap()
    }

    pub fn dismiss(&mut self, account: &str) {
        self.users.retain(|user| user.account != account);
    }

    pub fn user(&mut self, account: &str) -> &mut User {
        self.users
            .iter_mut()
            .find(|user| user.account == account)
            .unwrap()
    }

    pub fn form(&mut self, name: &str, members: &[&str]) {
        let key = Key::new(&format!("group-{name}"));
        let dn = format!("CN={name},OU=Groups,DC=example,DC=org");
        self.groups.push(Group::new(key.clone(), dn, "example.org", name));
        for member in members {
            let user = self.user(member).key.clone();
            self.members.insert((user, key.clone()));
        }
    }

    pub fn leave(&mut self, account: &str, group: &str) {
        let user = self.user(account).key.clone();
        self.members.remove(&(user, Key::new(&format!("group-{group}"))));
    }

    /// A complete read of the domain.
    pub fn read(&self) -> DirectoryRead {
        let mut read = complete();
        let groups_of = |user: &User| {
            let groups = self.groups.iter().enumerate();
            let in_it =
                groups.filter(|(_, group)| self.members.contains(&(user.key.clone(), group.key.clone())));
            in_it.map(|(index, _)| index).collect()
        };
        let groups_of_user = self.users.iter().map(groups_of).collect();
        read.memberships = Memberships::close(groups_of_user, &vec![Vec::new(); self.groups.len()]);
        read.users.clone_from(&self.users);
        read.groups.clone_from(&self.groups);
        read.found = vec![Found {
            domain: "example.org".to_owned(),
            users: self.users.len(),
            groups: self.groups.len(),
        }];
        read
    }

    /// A read that was cut off.
    pub fn read_in_part(&self) -> DirectoryRead {
        let mut builder = ReadBuilder::new(Mapper::new(Schema::of(Preset::OpenLdap)));
        builder.begin("example.org");
        builder.entry(&someone());
        builder.fail("the connection was closed at page 7");
        let mut read = self.read();
        read.completeness = builder.finish().completeness;
        read
    }
}

fn someone() -> RawEntry {
    let mut entry = RawEntry::new("uid=someone,dc=example,dc=org");
    entry.push("uid", "someone");
    entry.push("entryUUID", "597ae2f6-16a6-1027-98f4-d28b5365dc14");
    entry
}

fn complete() -> DirectoryRead {
    let mut builder = ReadBuilder::new(Mapper::new(Schema::of(Preset::OpenLdap)));
    builder.begin("example.org");
    builder.entry(&someone());
    builder.end();
    let read = builder.finish();
    assert!(read.completeness.complete().is_some());
    read
}

/// The result of a future that never waits, as those of a store in memory.
pub fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("waits"),
    }
}

pub fn new_store() -> MemoryStore {
    MemoryStore::new(DigestKey::new([7; 32]))
}

pub fn state(store: &MemoryStore) -> StoreState {
    ready(store.load()).unwrap()
}

/// A manual run that deletes what is missing.
pub fn deleting() -> Trigger {
    ManualRun::default().deleting_missing().into()
}

pub fn plan<'a>(
    store: &MemoryStore,
    sources: impl Into<Sources<'a>>,
    options: &SyncOptions,
    trigger: &Trigger,
) -> Plan {
    preview(sources, &state(store), options, trigger).unwrap()
}

/// Preview and apply.
pub fn run<'a>(
    store: &MemoryStore,
    sources: impl Into<Sources<'a>>,
    options: &SyncOptions,
    trigger: &Trigger,
) -> Plan {
    let plan = plan(store, sources, options, trigger);
    ready(plan.apply(store)).unwrap();
    plan
}

/// A store in step with `directory`.
pub fn store_of(directory: &Directory) -> MemoryStore {
    let store = new_store();
    run(
        &store,
        &directory.read(),
        &SyncOptions::default(),
        &Trigger::manual(),
    );
    store
}

/// The plan of a nightly run with the usual options.
pub fn nightly(store: &MemoryStore, directory: &Directory) -> Plan {
    plan(
        store,
        &directory.read(),
        &SyncOptions::default(),
        &Trigger::Scheduled,
    )
}

pub fn stored(store: &MemoryStore, name: &str) -> StoredUser {
    let user = store.users().into_iter().find(|user| user.name == name);
    user.unwrap_or_else(|| panic!("no user {name} in {:?}", names(store)))
}

pub fn names(store: &MemoryStore) -> Vec<String> {
    let mut names: Vec<String> = store.users().into_iter().map(|user| user.name).collect();
    names.sort();
    names
}

/// Each change as `user field from -> to`.
pub fn changes(plan: &Plan) -> Vec<String> {
    let updates = plan.updates().iter();
    updates
        .flat_map(|update| {
            let changes = update.changes.iter();
            changes.map(|change| {
                format!(
                    "{} {}: {} -> {}",
                    update.user, change.field, change.from, change.to
                )
            })
        })
        .collect()
}

/// Each membership as `user in group`.
pub fn memberships(store: &MemoryStore) -> Vec<String> {
    let state = state(store);
    let mut pairs: Vec<String> = state
        .memberships()
        .map(|(user, group)| {
            format!(
                "{} in {}",
                state.user(user).unwrap().name,
                state.groups()[group].name
            )
        })
        .collect();
    pairs.sort();
    pairs
}

/// Who is held back, and the name of the reason.
pub fn held_back(plan: &Plan) -> Vec<(&str, &str)> {
    plan.held_back()
        .iter()
        .map(|held| (held.user.as_str(), held.reason.as_str()))
        .collect()
}
