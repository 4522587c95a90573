//! What holds for any directory, any store and any options.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

mod company;

use std::collections::BTreeSet;

use adlib_schema::{
    read::DirectoryRead,
    record::{Group, Key, Pin, User},
};
use adlib_sync::{
    Details, EmailClash, FoldedName, Link, Plan, Source, Sources, SyncOptions, Trigger, merge, preview,
    store::{Applied, Begin, MemoryStore, Origin, Run, Store, StoreState},
};
use company::{Directory, deleting, new_store, properties, ready, state};
use proptest::prelude::*;

const NAMES: [&str; 6] = ["ada", "Ada", "bob", "carl", "dora", "BOB"];

/// Two directories with few names, so that clashes, swaps and merges are common.
#[derive(Debug, Clone)]
struct World {
    primary: Directory,
    secondary: Option<Directory>,
}

impl World {
    fn reads(&self) -> (DirectoryRead, Option<DirectoryRead>) {
        (self.primary.read(), self.secondary.as_ref().map(Directory::read))
    }
}

fn user(key: usize) -> impl Strategy<Value = User> {
    let values = (
        0..NAMES.len(),
        proptest::option::weighted(0.6, 0..5_u8),
        proptest::option::weighted(0.4, 0..4_u8),
        proptest::option::weighted(0.3, 0..3_u8),
        any::<bool>(),
        proptest::bool::weighted(0.85),
    );
    values.prop_map(move |(name, email, card, pin, office, enabled)| {
        let dn = format!("CN={key},DC=example,DC=org");
        let mut user = User::new(Key::new(&format!("k{key}")), dn, "example.org", NAMES[name]);
        user.email = email.map(|email| format!("{email}@example.org"));
        user.cards = card.map(|card| card.to_string()).into_iter().collect();
        user.pin = pin.and_then(|pin| Pin::new(&format!("77{pin}")));
        user.office = office.then(|| "Turin".to_owned());
        user.state.enabled = enabled;
        user
    })
}

fn directory() -> impl Strategy<Value = Directory> {
    let keys = proptest::sample::subsequence((0..7).collect::<Vec<usize>>(), 1..=6);
    let users = keys.prop_flat_map(|keys| keys.into_iter().map(user).collect::<Vec<_>>());
    let groups = proptest::sample::subsequence(vec!["g0", "g1", "g2"], 0..=3);
    let members = proptest::collection::btree_set((0..7_usize, 0..3_usize), 0..8);
    (users, groups, members).prop_map(|(users, groups, members)| Directory {
        users,
        groups: groups
            .into_iter()
            .map(|name| Group::new(Key::new(name), format!("CN={name}"), "example.org", name))
            .collect(),
        members: members
            .into_iter()
            .map(|(user, group)| (Key::new(&format!("k{user}")), Key::new(&format!("g{group}"))))
            .collect(),
    })
}

fn world() -> impl Strategy<Value = World> {
    (directory(), proptest::option::of(directory()))
        .prop_map(|(primary, secondary)| World { primary, secondary })
}

/// Any options, with guards that never fire.
fn options() -> impl Strategy<Value = SyncOptions> {
    (any::<[bool; 7]>(), any::<bool>()).prop_map(|(flags, holds_emails)| {
        let mut options = SyncOptions::default();
        let [import_new, import_disabled, update, adopt, left, disabled, scoped] = flags;
        options.import_new = import_new;
        options.import_disabled = import_disabled;
        options.update_details = update;
        options.adopt_local = adopt;
        options.remove_left_scope = left;
        options.remove_disabled = disabled;
        options.guard.only_above = usize::MAX;
        if holds_emails {
            options.email_clash = EmailClash::HoldBack;
        }
        if scoped {
            options.scope.groups = vec!["g0".into()];
        }
        options
    })
}

fn trigger() -> impl Strategy<Value = Trigger> {
    prop_oneof![
        Just(Trigger::Scheduled),
        Just(Trigger::manual()),
        Just(deleting())
    ]
}

fn try_plan(store: &MemoryStore, world: &World, options: &SyncOptions, trigger: &Trigger) -> Option<Plan> {
    let (primary, secondary) = world.reads();
    let mut sources = Sources::new(&primary);
    if let Some(secondary) = &secondary {
        sources = sources.with_secondary(secondary);
    }
    // A scope whose group no source has is refused.
    preview(sources, &state(store), options, trigger).ok()
}

/// A store with a past: local users, and what earlier runs brought in.
fn store_with_past(past: &[(World, SyncOptions)]) -> MemoryStore {
    let store = new_store();
    let mut details = Details::default();
    details.cards = vec!["3".into()];
    store.insert_local("dora", Origin::Local, details);
    store.insert_local("guest", Origin::Guest, Details::default());
    for (world, options) in past {
        if let Some(plan) = try_plan(&store, world, options, &deleting()) {
            ready(plan.apply(&store)).unwrap();
        }
    }
    store
}

fn past() -> impl Strategy<Value = Vec<(World, SyncOptions)>> {
    proptest::collection::vec((world(), options()), 0..3)
}

/// What a store holds, whatever numbers it gave to whom.
fn content(state: &StoreState) -> (BTreeSet<String>, BTreeSet<String>, BTreeSet<String>) {
    let users = state.users();
    let pin = |details: &Details| details.pin.as_ref().map(|pin| pin.expose().to_owned());
    let pairs = state.memberships();
    (
        users
            .map(|u| {
                format!(
                    "{} {} {} {:?} {:?}",
                    u.name,
                    u.origin,
                    u.enabled,
                    u.details,
                    pin(&u.details)
                )
            })
            .collect(),
        state.groups().iter().map(|group| format!("{group:?}")).collect(),
        pairs
            .map(|(user, group)| {
                format!(
                    "{} {}",
                    state.user(user).unwrap().name,
                    state.groups()[group].link
                )
            })
            .collect(),
    )
}

fn is_unique<T: Ord>(items: impl Iterator<Item = T>) -> bool {
    let mut seen = BTreeSet::new();
    items.into_iter().all(|item| seen.insert(item))
}

proptest! {
    #![proptest_config(properties(400))]

    /// R33, R37: applying a plan reaches its target, and the plan after it is empty.
    #[test]
    fn r33_the_plan_after_is_empty(past in past(), world in world(), options in options(), trigger in trigger()) {
        let store = store_with_past(&past);
        let Some(plan) = try_plan(&store, &world, &options, &trigger) else { return Ok(()) };
        ready(plan.apply(&store)).unwrap();
        let again = try_plan(&store, &world, &options, &trigger).unwrap();
        prop_assert!(again.is_empty(), "{}\nthen\n{}", plan, again);
        prop_assert_eq!(plan.held_back(), again.held_back());

        let (primary, secondary) = world.reads();
        let sources = secondary.as_ref().map_or(Sources::new(&primary), |secondary| {
            Sources::new(&primary).with_secondary(secondary)
        });
        let snapshot = merge(sources, &options).unwrap();
        let state = state(&store);
        let held: BTreeSet<FoldedName> = plan.held_back().iter().map(|held| FoldedName::of(&held.user)).collect();
        for wanted in snapshot.users().filter(|wanted| !held.contains(&wanted.folded_name())) {
            let found = state.users().position(|user| user.origin == Origin::Directory(wanted.links.clone()));
            prop_assert!(found.is_some() || !options.import_new, "{wanted:?}");
            let Some(found) = found else { continue };
            let user = &state.user(found).unwrap();
            prop_assert_eq!((&user.name, user.enabled), (&wanted.name, wanted.enabled));
            let (mut has, mut wants) = (user.details.clone(), wanted.details.clone());
            if options.email_clash == EmailClash::KeepOwner {
                prop_assert!(has.email.is_none() || has.email == wants.email || !options.update_details);
                (has.email, wants.email) = (None, None);
            }
            prop_assert!(has == wants || !options.update_details);
            let groups: BTreeSet<&Link> = wanted.groups.iter().map(|group| &snapshot.groups()[*group].link).collect();
            let has: BTreeSet<&Link> = state.memberships().filter(|(user, _)| *user == found)
                .map(|(_, group)| &state.groups()[group].link)
                .filter(|link| link.source == Source::Primary || secondary.is_some())
                .collect();
            prop_assert_eq!(groups, has);
        }
    }

    /// R31: nothing local is touched, and nothing is deleted without being asked for.
    #[test]
    fn r31_local_users_are_not_touched(past in past(), world in world(), options in options(), trigger in trigger()) {
        let mut options = options;
        options.adopt_local = false;
        let store = store_with_past(&[]);
        for (world, past_options) in &past {
            let mut past_options = past_options.clone();
            past_options.adopt_local = false;
            if let Some(plan) = try_plan(&store, world, &past_options, &deleting()) {
                ready(plan.apply(&store)).unwrap();
            }
        }
        let local = |store: &MemoryStore| {
            store.users().into_iter().filter(|user| user.origin.links().is_none()).collect::<Vec<_>>()
        };
        let before = (local(&store), store.users().len());
        let Some(plan) = try_plan(&store, &world, &options, &trigger) else { return Ok(()) };
        ready(plan.apply(&store)).unwrap();
        prop_assert_eq!(&before.0, &local(&store));
        if trigger.as_manual().is_none_or(|run| !run.delete_missing) {
            prop_assert!(plan.deletes().is_empty() && plan.group_deletes().is_empty());
            prop_assert!(store.users().len() >= before.1);
        }
    }

    /// I7: whoever is deleted as gone is in no read.
    #[test]
    fn r31_deletes_are_proven_absent(past in past(), world in world(), options in options()) {
        let store = store_with_past(&past);
        let Some(plan) = try_plan(&store, &world, &options, &deleting()) else { return Ok(()) };
        for removal in plan.deletes() {
            let exists = removal.links.iter().any(|link| {
                let directory = match link.source {
                    Source::Primary => Some(&world.primary),
                    _ => world.secondary.as_ref(),
                };
                directory.is_some_and(|directory| directory.users.iter().any(|user| user.key == link.key))
            });
            prop_assert_eq!(exists, removal.reason.as_str() != "gone", "{:?}", removal);
        }
    }

    /// R36: after a run names are unique, and nobody whom it wrote shares an e-mail address or card with another.
    #[test]
    fn r36_names_and_cards_are_unique(past in past(), world in world(), options in options(), trigger in trigger()) {
        let store = store_with_past(&past);
        let Some(plan) = try_plan(&store, &world, &options, &trigger) else { return Ok(()) };
        ready(plan.apply(&store)).unwrap();
        let users = store.users();
        prop_assert!(is_unique(users.iter().map(|user| FoldedName::of(&user.name))));
        prop_assert!(is_unique(users.iter().flat_map(|user| &user.details.cards)), "{users:?}");
        prop_assert!(is_unique(users.iter().flat_map(|user| user.details.emails().map(FoldedName::of))), "{users:?}");
        prop_assert!(is_unique(users.iter().filter_map(|user| user.origin.links()).flat_map(|links| links.iter().collect::<Vec<_>>())));
    }

    /// The order in which a directory gives its entries changes nothing.
    #[test]
    fn order_changes_nothing(past in past(), world in world(), options in options(), seed in any::<u64>()) {
        let store = store_with_past(&past);
        let mut turned = world.clone();
        for directory in [Some(&mut turned.primary), turned.secondary.as_mut()].into_iter().flatten() {
            let (users, groups) = (directory.users.len(), directory.groups.len());
            directory.users.rotate_left(usize::try_from(seed % 7).unwrap() % users);
            if seed % 2 == 0 {
                directory.users.reverse();
            }
            if groups > 0 {
                directory.groups.rotate_left(usize::try_from(seed % 3).unwrap() % groups);
            }
        }
        let (one, other) = (try_plan(&store, &world, &options, &deleting()), try_plan(&store, &turned, &options, &deleting()));
        let (one, other) = (one.map(|plan| serde_json::to_string(&plan).unwrap()), other.map(|plan| serde_json::to_string(&plan).unwrap()));
        prop_assert_eq!(one, other);
    }

    /// R37, A58: a run that is cut off after any operation, and done again, ends where a whole run ends.
    #[test]
    fn r37_a_cut_run_ends_in_the_same_state(
        past in past(), world in world(), options in options(), trigger in trigger(), cut in any::<prop::sample::Index>(),
    ) {
        let (whole, parted) = (store_with_past(&past), store_with_past(&past));
        let Some(plan) = try_plan(&whole, &world, &options, &trigger) else { return Ok(()) };
        ready(plan.apply(&whole)).unwrap();
        let plan = try_plan(&parted, &world, &options, &trigger).unwrap();
        let Begin::Open(mut run) = ready(parted.begin(plan.revision())).unwrap() else { panic!("refused") };
        for operation in plan.operations().take(cut.index(plan.operation_count() + 1)) {
            prop_assert_eq!(ready(run.apply(&operation)).unwrap(), Applied::Done);
            prop_assert_eq!(ready(run.apply(&operation)).unwrap(), Applied::Already);
        }
        drop(run);
        let rest = try_plan(&parted, &world, &options, &trigger).unwrap();
        ready(rest.apply(&parted)).unwrap();
        prop_assert_eq!(content(&state(&whole)), content(&state(&parted)));
    }

    /// R34: a plan that is not stopped stays within the limits.
    #[test]
    fn r34_unstopped_plans_are_within_limits(past in past(), world in world(), options in options(), most in 0..3_usize) {
        let mut options = options;
        options.guard.max_deletes = most;
        options.guard.max_scope_removals = most;
        options.guard.max_membership_removals = most;
        options.guard.max_blanked = most;
        let store = store_with_past(&past);
        let Some(plan) = try_plan(&store, &world, &options, &deleting()) else { return Ok(()) };
        if !plan.is_stopped() {
            prop_assert!(plan.deletes().iter().filter(|removal| removal.reason.as_str() == "gone").count() <= most);
            prop_assert!(plan.deletes().iter().filter(|removal| removal.reason.as_str() != "gone").count() <= most);
            prop_assert!(plan.group_deletes().len() <= most && plan.memberships_removed().len() <= most);
            let changes = plan.updates().iter().flat_map(|update| &update.changes);
            prop_assert!(changes.filter(|change| change.is_blanking()).count() <= most);
        }
    }
}
