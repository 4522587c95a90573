//! What a hostile or broken directory tries (A56 to A63), and what a run makes of it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

mod company;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use adlib_schema::record::{Group, Pin};
use adlib_sync::{
    Details, EmailClash, Error, Guard, ManualRun, Plan, Rejection, Source, Sources, Store, SyncOptions,
    Trigger, preview,
    store::{
        Applied, Begin, Cursor, Cursors, MemoryRun, MemoryStore, MemoryStoreError, Operation, Origin,
        Revision, Run, StoreState,
    },
};
use company::{
    Directory, changes, deleting, held_back, memberships, names, new_store, nightly, plan, ready, run, state,
    store_of, stored,
};

fn options() -> SyncOptions {
    SyncOptions::default()
}

/// A56: a source without users stops the run, whatever guards it may pass; nothing is deleted.
#[test]
fn a56_an_empty_source_deletes_nothing() {
    let directory = Directory::of(&["ada", "bob"]);
    let store = store_of(&directory);
    let mut everything = ManualRun::default().deleting_missing();
    everything.allow = Guard::ALL.into();
    let (full, empty) = (directory.read(), Directory::default().read());
    for sources in [Sources::new(&empty), Sources::new(&full).with_secondary(&empty)] {
        let plan = plan(&store, sources, &options(), &everything.clone().into());
        assert!(plan.is_empty() && plan.is_stopped());
        assert_eq!(plan.alarms()[0].guard, Guard::EmptySource);
        assert!(!plan.to_string().contains("Nothing to do"), "{plan}");
        assert!(matches!(
            ready(plan.apply(&store)),
            Err(Error::Refused(Rejection::Guards(_)))
        ));
    }
    assert_eq!(names(&store), ["ada", "bob"]);
}

/// A57: a source that was not read to its end stops everything, also what is certain.
#[test]
fn a57_a_source_in_part_changes_nothing() {
    let mut directory = Directory::of(&["ada", "bob"]);
    let store = store_of(&directory);
    directory.dismiss("bob");
    directory.hire("carl");
    let (full, part) = (directory.read(), directory.read_in_part());
    for (origin, sources) in [
        (Source::Primary, Sources::new(&part)),
        (Source::Primary, Sources::new(&part).with_secondary(&full)),
        (Source::Secondary, Sources::new(&full).with_secondary(&part)),
    ] {
        let refused = preview(sources, &state(&store), &options(), &deleting()).unwrap_err();
        assert!(
            matches!(&refused, Rejection::Incomplete { origin: of, .. } if *of == origin),
            "{refused}"
        );
        assert!(
            refused
                .to_string()
                .contains("the connection was closed at page 7"),
            "{refused}"
        );
    }
}

/// A store that fails at one of its calls, before or after the call took effect.
struct Failing {
    store: MemoryStore,
    calls: Arc<AtomicUsize>,
    after: bool,
}

struct FailingRun {
    run: MemoryRun,
    calls: Arc<AtomicUsize>,
    after: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("the disk is full")]
struct DiskFull;

fn count_down(calls: &AtomicUsize) -> Result<(), DiskFull> {
    let left = calls.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
    left.map(drop).map_err(|_| DiskFull)
}

impl Store for Failing {
    type Error = DiskFull;
    type Run = FailingRun;

    async fn load(&self) -> Result<StoreState, DiskFull> {
        Ok(state(&self.store))
    }

    async fn cursors(&self) -> Result<Cursors, DiskFull> {
        Ok(self.store.cursors().await.unwrap())
    }

    async fn begin(&self, revision: &Revision) -> Result<Begin<FailingRun>, DiskFull> {
        Ok(match self.store.begin(revision).await.unwrap() {
            Begin::Open(run) => Begin::Open(FailingRun {
                run,
                calls: Arc::clone(&self.calls),
                after: self.after,
            }),
            Begin::Busy => Begin::Busy,
            Begin::Stale => Begin::Stale,
        })
    }
}

impl Run for FailingRun {
    type Error = DiskFull;

    async fn apply(&mut self, operation: &Operation) -> Result<Applied, DiskFull> {
        if !self.after {
            count_down(&self.calls)?;
        }
        let applied = self.run.apply(operation).await.unwrap();
        if self.after {
            count_down(&self.calls)?;
        }
        Ok(applied)
    }

    async fn finish(self, cursors: &Cursors) -> Result<(), DiskFull> {
        count_down(&self.calls)?;
        self.run.finish(cursors).await.unwrap();
        Ok(())
    }
}

/// A company before and after a change of every kind.
fn before_and_after() -> (Directory, Directory) {
    let mut before = Directory::of(&["ada", "bob", "carl", "dora", "emil", "frida"]);
    before.form("staff", &["ada", "bob", "carl"]);
    before.form("choir", &["ada", "dora"]);
    let mut after = before.clone();
    after.dismiss("carl");
    after.hire("gina").cards = vec!["1".into()];
    after.user("ada").account = "bob2".into();
    after.user("bob").account = "ada".into();
    after.user("bob2").account = "bob".into();
    after.user("dora").state.enabled = false;
    after.user("emil").email = Some("emil@elsewhere.example".into());
    after.user("frida").account = "carl".into();
    after.groups.retain(|group| group.name != "choir");
    after.groups[0].full_name = Some("All staff".into());
    after.form("board", &["gina", "emil"]);
    (before, after)
}

/// What a store holds, whatever numbers it gave to whom.
fn content(store: &MemoryStore) -> (Vec<String>, Vec<String>) {
    let mut users: Vec<String> = store
        .users()
        .into_iter()
        .map(|user| {
            format!(
                "{} {} {} {:?}",
                user.name, user.origin, user.enabled, user.details
            )
        })
        .collect();
    users.sort();
    (users, memberships(store))
}

/// A58, R37: the store fails at every call in turn, before and after it took effect; the next run ends in the state
/// of a run without failures.
#[test]
fn a58_the_store_fails_at_every_call() {
    let (before, after) = before_and_after();
    let goal = store_of(&before);
    let whole = run(&goal, &after.read(), &options(), &deleting());
    assert!(whole.operation_count() > 12, "{whole}");
    for call in 0..=whole.operation_count() {
        for after_effect in [false, true] {
            let failing = Failing {
                store: store_of(&before),
                calls: Arc::new(call.into()),
                after: after_effect,
            };
            let plan = plan(&failing.store, &after.read(), &options(), &deleting());
            let failed = ready(plan.apply(&failing)).unwrap_err();
            let Error::Store { applied, of, .. } = failed else {
                panic!("{failed}")
            };
            assert_eq!((applied, of), (call, whole.operation_count()));
            run(&failing.store, &after.read(), &options(), &deleting());
            assert_eq!(content(&failing.store), content(&goal), "failed at call {call}");
        }
    }
}

/// A59: a name freed in the same run, by a rename or a deletion, is taken by another user.
#[test]
fn a59_a_freed_name_is_taken() {
    let mut directory = Directory::of(&["ada", "bob", "carl"]);
    let store = store_of(&directory);
    let id = stored(&store, "bob").id;
    directory.dismiss("carl");
    directory.user("ada").account = "carl".into();
    directory.user("bob").account = "ada".into();
    directory.hire_with_key("key-2", "bob").email = None;
    run(&store, &directory.read(), &options(), &deleting());
    assert_eq!(names(&store), ["ada", "bob", "carl"]);
    assert_eq!(stored(&store, "ada").id, id);
    assert!(nightly(&store, &directory).is_empty());
}

/// A59: two users swap names, and five go round in a ring, in any case.
#[test]
fn a59_rings_of_names() {
    let mut directory = Directory::of(&["ada", "bob", "v", "w", "x", "y", "z"]);
    let store = store_of(&directory);
    let before = store.users();
    for (user, name) in directory
        .users
        .iter_mut()
        .zip(["BOB", "ada", "w", "X", "y", "z", "V"])
    {
        user.account = name.into();
    }
    let plan = run(&store, &directory.read(), &options(), &Trigger::Scheduled);
    assert_eq!(
        (plan.updates().len(), plan.operation_count()),
        (7, 9),
        "one step aside for each ring"
    );
    for (user, name) in before.iter().zip(["BOB", "ada", "w", "X", "y", "z", "V"]) {
        assert_eq!(stored(&store, name).id, user.id);
    }
    assert!(nightly(&store, &directory).is_empty());
}

/// A59: a group deleted and made anew is another group.
#[test]
fn a59_a_group_made_anew() {
    let mut directory = Directory::of(&["ada", "bob"]);
    directory.form("staff", &["ada", "bob"]);
    let store = store_of(&directory);
    let dn = directory.groups[0].dn.clone();
    let key = adlib_schema::record::Key::new("another-key");
    directory.groups[0] = Group::new(key.clone(), dn, "example.org", "staff");
    directory.members = [(directory.users[0].key.clone(), key)].into();
    run(&store, &directory.read(), &options(), &deleting());
    assert_eq!(memberships(&store), ["ada in staff"]);
    let groups = state(&store).groups().to_vec();
    let keys: Vec<&str> = groups.iter().map(|group| group.link.key.as_str()).collect();
    assert_eq!(
        keys,
        ["another-key"],
        "the new group, and not the old one under its name"
    );
    assert!(nightly(&store, &directory).is_empty());
}

/// A60: a mapping change that blanks a tenth of the e-mails is stopped.
#[test]
fn a60_blanked_emails_are_stopped() {
    let mut directory = Directory::with_users(6000);
    let store = store_of(&directory);
    for user in directory.users.iter_mut().step_by(10) {
        user.email = None;
    }
    let stopped = nightly(&store, &directory);
    assert_eq!(stopped.alarms()[0].to_string(), "blanked: 600 of 6000, limit 500");
    assert!(ready(stopped.apply(&store)).is_err());

    let mut directory = Directory::with_users(100);
    let store = store_of(&directory);
    for user in directory.users.iter_mut().step_by(10) {
        user.email = None;
    }
    let usual = options();
    let stopped = plan(&store, &directory.read(), &usual, &Trigger::Scheduled);
    assert_eq!(
        stopped.alarms()[0].to_string(),
        "blanked (email): 10 of 100, limit 9 %"
    );
    let allowed = ManualRun::default().allowing(Guard::Blanked).into();
    assert!(!plan(&store, &directory.read(), &usual, &allowed).is_stopped());
}

/// A61: markup and escapes in names are shown, not obeyed.
#[test]
fn a61_markup_and_escapes_are_shown() {
    const HOSTILE: &str = "<script>alert('x')</script>\"&\u{1b}]0;gotcha\u{7}\u{202e}\u{9b}31m\u{85}";
    let mut directory = Directory::default();
    let user = directory.hire_with_key("key-1", HOSTILE);
    user.full_name = Some(HOSTILE.into());
    user.dn = HOSTILE.into();
    directory.hire_with_key("key-2", "twin").dn = HOSTILE.into();
    directory.hire_with_key("key-3", "twin").dn = HOSTILE.into();
    directory.form(HOSTILE, &[HOSTILE]);
    let store = new_store();
    let first = run(&store, &directory.read(), &options(), &Trigger::Scheduled);
    directory.user(HOSTILE).full_name = Some(format!("{HOSTILE}2"));
    directory.groups[0].full_name = Some(HOSTILE.into());
    let second = nightly(&store, &directory);
    directory.users.clear();
    directory.hire("other");
    let third = plan(&store, &directory.read(), &options(), &deleting());
    for plan in [&first, &second, &third] {
        let (text, html) = (plan.to_string(), plan.to_html());
        for shown in [&text, &html] {
            assert!(
                !shown.contains(['\u{1b}', '\u{7}', '\u{202e}', '\u{9b}', '\u{85}']),
                "{shown}"
            );
            assert!(
                shown.contains("\\u{1b}]0;gotcha\\u{7}\\u{202e}\\u{9b}31m\\u{85}"),
                "{shown}"
            );
        }
        assert!(!html.contains("<script"), "{html}");
        assert!(
            html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;"),
            "{html}"
        );
        let json: serde_json::Value = serde_json::from_str(&serde_json::to_string(plan).unwrap()).unwrap();
        let names = format!("{} {} {}", json["creates"], json["updates"], json["missing"]);
        assert!(names.contains("gotcha"), "JSON has the name as it is: {names}");
    }
}

/// A61: values of a size that no person has hold back their user, and do not fill the screen.
#[test]
fn a61_huge_values_are_held_back() {
    let mut directory = Directory::of(&["ada", "bob", "carl"]);
    directory.user("ada").full_name = Some("x".repeat(10 << 20));
    directory.user("bob").other_emails = (0..100_000)
        .map(|number| format!("{number}@example.org"))
        .collect();
    directory.hire_with_key("key-4", &"n".repeat(10 << 20));
    let store = new_store();
    let plan = run(&store, &directory.read(), &options(), &Trigger::Scheduled);
    assert_eq!(names(&store), ["carl"]);
    assert!(held_back(&plan).iter().all(|(_, reason)| *reason == "too-large"));
    assert_eq!(held_back(&plan).len(), 3);
    for shown in [
        plan.to_string(),
        plan.to_html(),
        serde_json::to_string(&plan).unwrap(),
    ] {
        assert!(shown.len() < 10_000, "{} bytes", shown.len());
    }
}

/// A61: everybody with the same e-mail address, as a mapping mistake gives, is told in no time.
#[test]
fn a61_one_address_for_everybody() {
    let mut directory = Directory::with_users(5000);
    for user in &mut directory.users {
        user.email = Some("info@example.org".into());
    }
    let mut strict = options();
    strict.email_clash = EmailClash::HoldBack;
    let held = plan(&new_store(), &directory.read(), &strict, &Trigger::Scheduled);
    assert_eq!(held.held_back().len(), 5000);
    let left_out = nightly(&new_store(), &directory);
    assert_eq!(
        (left_out.creates().len(), left_out.warnings().len()),
        (5000, 5000)
    );
    assert!(
        left_out
            .creates()
            .iter()
            .all(|create| create.user.details.email.is_none())
    );
}

/// A62: two runs at once on one store; the second one is refused.
#[test]
fn a62_a_second_run_is_refused() {
    let directory = Directory::of(&["ada"]);
    let store = new_store();
    let plan = nightly(&store, &directory);
    let first = ready(store.begin(plan.revision())).unwrap();
    assert!(matches!(first, Begin::Open(_)));
    assert!(matches!(
        ready(plan.apply(&store)),
        Err(Error::Refused(Rejection::Busy))
    ));
    drop(first);
    assert!(ready(plan.apply(&store)).is_ok());
}

/// Everything that a plan and its parts can print.
fn everything_printed(plan: &Plan) -> String {
    let operations: Vec<String> = plan
        .operations()
        .map(|operation| format!("{operation:?}"))
        .collect();
    format!(
        "{plan}\n{plan:?}\n{}\n{}\n{operations:?}",
        plan.to_html(),
        serde_json::to_string(plan).unwrap()
    )
}

/// A63: a PIN is nowhere, neither the old one nor the new one; only that it changed.
#[test]
fn a63_pins_are_nowhere() {
    let mut directory = Directory::of(&["ada", "bob"]);
    directory.user("ada").pin = Pin::new("86420864208642");
    let store = new_store();
    let create = run(&store, &directory.read(), &options(), &Trigger::Scheduled);
    directory.user("ada").pin = Pin::new("97531975319753");
    let change = nightly(&store, &directory);
    directory.user("ada").pin = None;
    let blank = nightly(&store, &directory);
    for plan in [&create, &change, &blank] {
        let printed = everything_printed(plan);
        assert!(
            !printed.contains("8642086") && !printed.contains("9753197"),
            "{printed}"
        );
    }
    assert!(change.to_string().contains("pin: changed (primary)"), "{change}");
    assert_eq!(changes(&change), ["ada pin: changed -> changed"]);
    let state = format!("{:?} {:?}", state(&store), stored(&store, "ada"));
    assert!(!state.contains("8642086"), "{state}");
}

/// A63: what a panic says of users, operations and cursors, which hold all that was read, has no PIN in it.
#[test]
fn a63_a_panic_shows_no_pin() {
    let mut directory = Directory::of(&["ada"]);
    directory.user("ada").pin = Pin::new("86420864208642");
    let store = new_store();
    let cursor = Cursor::new(*b"pin: 86420864208642");
    let plan = nightly(&store, &directory).with_cursor(Source::Primary, cursor);
    let operations: Vec<Operation> = plan.operations().collect();
    assert!(ready(plan.apply(&store)).is_ok());
    let stored = stored(&store, "ada");
    assert_eq!(stored.details.pin, Pin::new("86420864208642"));
    let (stored_twin, cursors) = (stored.clone(), ready(store.cursors()).unwrap());
    assert_eq!(format!("{cursors:?}"), "Cursors({Primary: Cursor(19 bytes)})");
    let shown = (stored.clone(), operations, cursors.clone(), plan);
    let unwrapped = move || panic!("{shown:?}");
    let compared = move || assert_eq!((stored, cursors), (stored_twin, Cursors::default()));
    let panics: [Box<dyn FnOnce() + std::panic::UnwindSafe>; 2] = [Box::new(unwrapped), Box::new(compared)];
    for panic in panics {
        let payload = std::panic::catch_unwind(panic).unwrap_err();
        let said = payload.downcast::<String>().unwrap();
        assert!(said.contains("ada") && !said.contains("8642086"), "{said}");
    }
}

/// A63: a conflict on a PIN names the field only.
#[test]
fn a63_conflicts_do_not_show_pins() {
    let mut directory = Directory::of(&["ada"]);
    directory.user("ada").pin = Pin::new("86420864208642");
    let store = store_of(&directory);
    let old = nightly(&new_store(), &directory);
    directory.user("ada").pin = Pin::new("97531975319753");
    let plan = nightly(&store, &directory);
    let mut changed = stored(&store, "ada");
    changed.details.pin = Pin::new("11112222333344");
    let Some(Operation::UpdateUser { changes, .. }) = plan.operations().next() else {
        panic!("{plan}")
    };
    let conflict = changed.change(&changes).unwrap_err();
    assert_eq!(
        conflict.to_string(),
        "`ada` has another pin than when the plan was made"
    );
    let refused = ready(old.apply(&store)).unwrap_err();
    assert!(!format!("{conflict:?} {refused:?} {refused}").contains("1111222"));
}

/// R31, A58: a local user who takes a name while a run goes on is not touched; the run stops with the reason.
#[test]
fn a58_a_conflict_stops_the_run() {
    struct Meddled(MemoryStore);
    struct MeddledRun(MemoryRun, MemoryStore);
    impl Store for Meddled {
        type Error = MemoryStoreError;
        type Run = MeddledRun;
        async fn load(&self) -> Result<StoreState, Self::Error> {
            self.0.load().await
        }
        async fn cursors(&self) -> Result<Cursors, Self::Error> {
            self.0.cursors().await
        }
        async fn begin(&self, revision: &Revision) -> Result<Begin<MeddledRun>, Self::Error> {
            let Begin::Open(run) = self.0.begin(revision).await? else {
                panic!("refused")
            };
            Ok(Begin::Open(MeddledRun(run, self.0.clone())))
        }
    }
    impl Run for MeddledRun {
        type Error = MemoryStoreError;
        async fn apply(&mut self, operation: &Operation) -> Result<Applied, Self::Error> {
            self.1.insert_local("BOB", Origin::Local, Details::default());
            self.0.apply(operation).await
        }
        async fn finish(self, cursors: &Cursors) -> Result<(), Self::Error> {
            self.0.finish(cursors).await
        }
    }
    let store = new_store();
    let plan = nightly(&store, &Directory::of(&["ada", "bob"]));
    let refused = ready(plan.apply(&Meddled(store.clone()))).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "stopped after 1 operations: the name `bob` is taken"
    );
    assert_eq!(names(&store), ["BOB", "ada"]);
}
