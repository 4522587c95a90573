//! What a plan holds, and what a run makes of a store.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod company;

use adlib_schema::record::{Key, Pin};
use adlib_sync::{
    EmailClash, Guard, Limit, ManualRun, NameClash, Progress, Rejection, Source, Sources, Store, SyncOptions,
    Trigger, UserName, preview,
    store::{Applied, Begin, Conflict, Origin, Run as _},
};
use company::{
    Directory, changes, deleting, held_back, memberships, names, new_store, nightly, plan, ready, run, state,
    store_of, stored,
};

fn options() -> SyncOptions {
    SyncOptions::default()
}

/// R29: the same name in both sources is one user, the primary source's values first.
#[test]
fn r29_one_name_is_one_user() {
    let (mut primary, mut secondary) = (Directory::of(&["ada", "only-primary"]), Directory::default());
    primary.user("ada").department = Some("Analysis".into());
    let other = secondary.hire_with_key("ldap-1", "ADA");
    other.department = Some("Elsewhere".into());
    other.office = Some("London".into());
    secondary.hire_with_key("ldap-2", "only-secondary");
    let (primary, secondary) = (primary.read(), secondary.read());
    let sources = Sources::new(&primary).with_secondary(&secondary);
    let store = new_store();
    run(&store, sources, &options(), &Trigger::Scheduled);
    assert_eq!(names(&store), ["ada", "only-primary", "only-secondary"]);
    let ada = stored(&store, "ada");
    assert_eq!(ada.details.department.as_deref(), Some("Analysis"));
    assert_eq!(ada.details.office.as_deref(), Some("London"));
    assert_eq!(ada.origin.to_string(), "primary:key-ada + secondary:ldap-1");
    assert_eq!(
        stored(&store, "only-secondary")
            .origin
            .links()
            .unwrap()
            .owner()
            .source,
        Source::Secondary
    );
    assert!(plan(&store, sources, &options(), &Trigger::Scheduled).is_empty());
}

/// R29: each change names the source that gave the value.
#[test]
fn r29_the_winner_is_named() {
    let (mut primary, mut secondary) = (Directory::of(&["ada"]), Directory::of(&["ada"]));
    let store = new_store();
    let (p, s) = (primary.read(), secondary.read());
    run(
        &store,
        Sources::new(&p).with_secondary(&s),
        &options(),
        &Trigger::Scheduled,
    );
    primary.user("ada").office = Some("Turin".into());
    secondary.user("ada").department = Some("Analysis".into());
    let (p, s) = (primary.read(), secondary.read());
    let plan = plan(
        &store,
        Sources::new(&p).with_secondary(&s),
        &options(),
        &Trigger::Scheduled,
    );
    let winners: Vec<_> = plan.updates()[0]
        .changes
        .iter()
        .map(|change| (change.field.as_str(), change.source))
        .collect();
    assert_eq!(
        winners,
        [("department", Source::Secondary), ("office", Source::Primary)]
    );
}

/// R29, R40: a user who is disabled in the primary source does not come in by the secondary one.
#[test]
fn r29_disabled_at_the_owner_is_disabled() {
    let (mut primary, secondary) = (Directory::of(&["ada", "eve"]), Directory::of(&["eve"]));
    primary.user("eve").state.enabled = false;
    let (primary, secondary) = (primary.read(), secondary.read());
    let store = new_store();
    run(
        &store,
        Sources::new(&primary).with_secondary(&secondary),
        &options(),
        &Trigger::Scheduled,
    );
    assert_eq!(names(&store), ["ada"]);
}

/// R29, R40: the other source takes over a user whom the owner has no more, and gives it back.
#[test]
fn r40_the_record_follows_the_sources() {
    let (mut primary, mut secondary) = (Directory::of(&["ada", "bob"]), Directory::of(&["ada"]));
    secondary.user("ada").key = Key::new("ldap-ada");
    let sync = |primary: &Directory, secondary: &Directory, store: &_| {
        let (primary, secondary) = (primary.read(), secondary.read());
        run(
            store,
            Sources::new(&primary).with_secondary(&secondary),
            &options(),
            &deleting(),
        )
    };
    let store = new_store();
    sync(&primary, &secondary, &store);
    let before = stored(&store, "ada").id;
    primary.dismiss("ada");
    let plan = sync(&primary, &secondary, &store);
    assert_eq!(
        changes(&plan),
        ["ada entry: primary:key-ada + secondary:ldap-ada -> secondary:ldap-ada"]
    );
    primary.hire_with_key("key-ada-2", "ada");
    sync(&primary, &secondary, &store);
    assert_eq!(stored(&store, "ada").id, before);
    assert_eq!(
        stored(&store, "ada").origin.to_string(),
        "primary:key-ada-2 + secondary:ldap-ada"
    );
    let countess = secondary.user("ada");
    countess.account = "countess".into();
    countess.email = None;
    sync(&primary, &secondary, &store);
    assert_eq!(stored(&store, "ada").id, before);
    assert_eq!(names(&store), ["ada", "bob", "countess"]);
}

/// R30: every detail is kept up to date, and shown before and after.
#[test]
fn r30_details_follow() {
    let mut directory = Directory::of(&["ada", "bob"]);
    let store = store_of(&directory);
    let ada = directory.user("ada");
    ada.full_name = Some("Ada Lovelace".into());
    ada.email = Some("ada@lovelace.example".into());
    ada.other_emails = vec!["z@example.org".into(), "a@example.org".into()];
    ada.department = Some("Analysis".into());
    ada.office = Some("London".into());
    ada.cards = vec!["2".into(), "1".into(), "2".into()];
    ada.home_directory = Some(r"\\files\ada".into());
    ada.sid = "S-1-5-21-1-2-3-1104".parse().ok();
    let plan = nightly(&store, &directory);
    assert_eq!(
        changes(&plan),
        [
            r#"ada full_name: nothing -> "Ada Lovelace""#,
            r#"ada email: "ada@example.org" -> "ada@lovelace.example""#,
            r#"ada other_emails: nothing -> "a@example.org", "z@example.org""#,
            r#"ada department: nothing -> "Analysis""#,
            r#"ada office: nothing -> "London""#,
            r#"ada cards: nothing -> "2", "1""#,
            r#"ada home_directory: nothing -> "\\files\ada""#,
            "ada sid: nothing -> S-1-5-21-1-2-3-1104",
        ]
    );
    let mut names_only = options();
    names_only.update_details = false;
    assert!(company::plan(&store, &directory.read(), &names_only, &Trigger::Scheduled).is_empty());
    ready(plan.apply(&store)).unwrap();
    directory.user("ada").other_emails.reverse();
    assert!(
        nightly(&store, &directory).is_empty(),
        "the order of e-mails is no change"
    );
    directory.user("ada").cards = vec!["1".into(), "2".into()];
    assert_eq!(
        changes(&nightly(&store, &directory)),
        [r#"ada cards: "2", "1" -> "1", "2""#]
    );
}

/// R30: new users come in only where the options say so.
#[test]
fn r30_new_users_by_option() {
    let mut directory = Directory::of(&["ada"]);
    let store = store_of(&directory);
    directory.hire("bob");
    let mut no_new = options();
    no_new.import_new = false;
    assert!(plan(&store, &directory.read(), &no_new, &Trigger::Scheduled).is_empty());
    assert_eq!(nightly(&store, &directory).creates().len(), 1);
}

/// R31: who is in no source any more is deleted only in a manual run that asks for it.
#[test]
fn r31_deletion_is_asked_for() {
    let mut directory = Directory::of(&["ada", "bob", "eve"]);
    directory.form("staff", &["ada", "eve"]);
    directory.form("spies", &["eve"]);
    let store = store_of(&directory);
    directory.dismiss("eve");
    directory.groups.retain(|group| group.name != "spies");
    for trigger in [Trigger::Scheduled, Trigger::manual()] {
        let plan = plan(&store, &directory.read(), &options(), &trigger);
        assert!(plan.is_empty(), "{plan}");
        assert_eq!(plan.missing()[0].user, "eve");
        assert!(!plan.missing()[0].is_removed);
    }
    let plan = run(&store, &directory.read(), &options(), &deleting());
    assert_eq!(plan.deletes()[0].reason.as_str(), "gone");
    assert_eq!(plan.group_deletes()[0].group.name, "spies");
    assert_eq!(names(&store), ["ada", "bob"]);
    assert_eq!(memberships(&store), ["ada in staff"]);
}

/// R31: local, internal and guest users are neither changed nor deleted, and keep their names.
#[test]
fn r31_local_users_stay() {
    let store = new_store();
    for (name, origin) in [
        ("ada", Origin::Local),
        ("root", Origin::Internal),
        ("guest", Origin::Guest),
    ] {
        assert!(store.insert_local(name, origin, adlib_sync::Details::default()));
    }
    let before = store.users();
    let directory = Directory::of(&["Ada", "ROOT", "guest", "bob"]);
    let plan = run(&store, &directory.read(), &options(), &deleting());
    assert_eq!(
        held_back(&plan),
        [
            ("Ada", "name-taken"),
            ("ROOT", "name-taken"),
            ("guest", "name-taken")
        ]
    );
    assert!(plan.held_back()[0].to_string().contains("the local user `ada`"));
    assert_eq!(store.users()[..3], before);
    assert_eq!(names(&store), ["ada", "bob", "guest", "root"]);
}

/// R31: a local user is taken over where the options say so, an internal one never.
#[test]
fn r31_adoption_is_an_option() {
    let store = new_store();
    store.insert_local("ada", Origin::Local, adlib_sync::Details::default());
    store.insert_local("root", Origin::Internal, adlib_sync::Details::default());
    let mut adopting = options();
    adopting.adopt_local = true;
    let id = stored(&store, "ada").id;
    let plan = run(
        &store,
        &Directory::of(&["ada", "root"]).read(),
        &adopting,
        &Trigger::Scheduled,
    );
    assert_eq!(changes(&plan)[0], "ada entry: local -> primary:key-ada");
    assert_eq!(held_back(&plan), [("root", "name-taken")]);
    assert_eq!(stored(&store, "ada").id, id);
    assert_eq!(
        stored(&store, "ada").details.email.as_deref(),
        Some("ada@example.org")
    );
}

/// R31, R20, R23: who left the scope or is disabled is not gone; removing them is an option of its own.
#[test]
fn r31_unwanted_users_are_not_gone() {
    let mut directory = Directory::of(&["ada", "bob", "eve"]);
    directory.form("staff", &["ada", "bob", "eve"]);
    let mut scoped = options();
    scoped.scope.groups = vec!["example.org\\STAFF".into()];
    let store = new_store();
    run(&store, &directory.read(), &scoped, &Trigger::manual());
    directory.leave("bob", "staff");
    directory.user("eve").state.enabled = false;

    let found = plan(&store, &directory.read(), &scoped, &deleting());
    assert!(found.deletes().is_empty() && found.missing().is_empty());
    assert_eq!(found.left_scope()[0].user, "bob");
    assert_eq!(found.disabled()[0].user, "eve");
    assert_eq!(found.disables()[0].user, "eve");

    scoped.remove_left_scope = true;
    scoped.remove_disabled = true;
    for trigger in [Trigger::Scheduled, Trigger::manual()] {
        assert!(
            plan(&store, &directory.read(), &scoped, &trigger)
                .deletes()
                .is_empty()
        );
    }
    let plan = run(&store, &directory.read(), &scoped, &deleting());
    let reasons: Vec<_> = plan
        .deletes()
        .iter()
        .map(|removal| (removal.user.as_str(), removal.reason.as_str()))
        .collect();
    assert_eq!(reasons, [("bob", "left-scope"), ("eve", "disabled")]);
    assert_eq!(names(&store), ["ada"]);
}

/// R20: members of groups and everybody below units.
#[test]
fn r20_scope_by_group_or_unit() {
    let mut directory = Directory::of(&["ada", "bob", "eve"]);
    directory.form("staff", &["ada"]);
    directory.form("others", &["bob", "ada"]);
    directory.user("eve").dn = "CN=eve,OU=Berlin\\, Mitte,DC=example,DC=org".into();
    let mut scoped = options();
    scoped.scope.groups = vec!["staff".into()];
    scoped.scope.ous = vec!["ou=berlin\\2C mitte, dc=example, dc=org".into()];
    let store = new_store();
    let plan = run(&store, &directory.read(), &scoped, &Trigger::manual());
    assert_eq!(names(&store), ["ada", "eve"]);
    assert_eq!(
        plan.group_creates().len(),
        2,
        "the groups of those in scope come along"
    );
    assert_eq!(memberships(&store), ["ada in others", "ada in staff"]);
}

/// R20: a scope that names nothing would seem to have lost everybody.
#[test]
fn r20_a_scope_that_names_nothing_is_refused() {
    let directory = Directory::of(&["ada"]);
    let store = store_of(&directory);
    let mut scoped = options();
    scoped.scope.groups = vec!["stuff".into()];
    scoped.scope.ous = vec!["OU=Nowhere,DC=example,DC=org".into(), "no DN".into()];
    let refused = preview(&directory.read(), &state(&store), &scoped, &deleting()).unwrap_err();
    let unknown = ["stuff", "OU=Nowhere,DC=example,DC=org", "no DN"].map(str::to_owned);
    assert_eq!(refused, Rejection::UnknownScope(unknown.to_vec()));
}

/// R23: a disabled user is left out, blocked when known, and let in again when enabled.
#[test]
fn r23_disabled_users() {
    let mut directory = Directory::of(&["ada", "eve"]);
    directory.user("eve").state.enabled = false;
    let store = store_of(&directory);
    assert_eq!(names(&store), ["ada"]);
    let mut all = options();
    all.import_disabled = true;
    run(&store, &directory.read(), &all, &Trigger::manual());
    assert!(!stored(&store, "eve").enabled);
    assert!(nightly(&store, &directory).is_empty());
    directory.user("eve").state.enabled = true;
    directory.user("ada").state.enabled = false;
    let plan = run(&store, &directory.read(), &options(), &Trigger::Scheduled);
    assert_eq!(
        (plan.enables()[0].user.as_str(), plan.disables()[0].user.as_str()),
        ("eve", "ada")
    );
    assert!(plan.updates().is_empty());
    assert!(stored(&store, "eve").enabled && !stored(&store, "ada").enabled);
    assert!(nightly(&store, &directory).is_empty());
}

/// R33: the JSON has the keys of `adctl sync preview`.
#[test]
fn r33_json_has_the_stable_keys() {
    let mut directory = Directory::of(&["ada", "bob"]);
    let store = store_of(&directory);
    directory.user("ada").email = None;
    directory.dismiss("bob");
    directory.hire("eve").pin = Pin::new("135790");
    let plan = plan(&store, &directory.read(), &options(), &deleting());
    let json = serde_json::to_value(&plan).unwrap();
    assert_eq!(json["creates"][0]["user"], "eve");
    assert_eq!(json["creates"][0]["pin"], "changed");
    let change =
        serde_json::json!({"field": "email", "from": "ada@example.org", "to": null, "source": "primary"});
    assert_eq!(
        json["updates"],
        serde_json::json!([{"user": "ada", "identity": "same", "changes": [change]}])
    );
    assert_eq!(
        json["deletes"],
        serde_json::json!([{"user": "bob", "reason": "gone"}])
    );
    assert_eq!(
        json["groups"],
        serde_json::json!({"creates": [], "updates": [], "deletes": []})
    );
    assert_eq!(json["held_back"], serde_json::json!([]));
    let found = serde_json::json!([{"source": "primary", "domain": "example.org", "users": 2, "groups": 0}]);
    assert_eq!(json["found"], found);
    assert_eq!(json["stopped_by"], serde_json::Value::Null);
    assert_eq!(json["plan_hash"], plan.plan_hash());
    assert_eq!(plan.plan_hash().len(), 64);
}

/// R33: the same hash is the same plan; another source, option or operation is another hash.
#[test]
fn r33_the_hash_tells_plans_apart() {
    let mut directory = Directory::of(&["ada"]);
    directory.user("ada").pin = Pin::new("1234");
    let store = new_store();
    let first = nightly(&store, &directory);
    assert_eq!(first.plan_hash(), nightly(&store, &directory).plan_hash());
    let mut others = vec![first.plan_hash().to_owned()];
    let mut changed = directory.clone();
    changed.user("ada").pin = Pin::new("1235");
    others.push(nightly(&store, &changed).plan_hash().to_owned());
    let mut without = options();
    without.update_details = false;
    others.push(
        plan(&store, &directory.read(), &without, &Trigger::Scheduled)
            .plan_hash()
            .to_owned(),
    );
    ready(first.apply(&store)).unwrap();
    others.push(nightly(&store, &directory).plan_hash().to_owned());
    let other_key = adlib_sync::store::MemoryStore::new(adlib_sync::store::DigestKey::new([8; 32]));
    others.push(nightly(&other_key, &directory).plan_hash().to_owned());
    let distinct: std::collections::BTreeSet<_> = others.iter().collect();
    assert_eq!(distinct.len(), others.len());
}

/// R34: every guard fires with its figures, in numbers and in per cent, and is lifted by its name alone.
#[test]
fn r34_guards_fire_and_are_lifted_by_name() {
    let mut directory = Directory::with_users(100);
    let all: Vec<String> = directory.users.iter().map(|user| user.account.clone()).collect();
    directory.form("staff", &all.iter().map(String::as_str).collect::<Vec<_>>());
    let store = store_of(&directory);
    let mut small = directory.clone();
    small.users.truncate(70);
    let stopped = plan(&store, &small.read(), &options(), &deleting());
    let fired: Vec<_> = stopped
        .alarms()
        .iter()
        .map(|alarm| (alarm.guard, alarm.count, alarm.of))
        .collect();
    assert_eq!(fired, [(Guard::Deletes, 30, 100), (Guard::Shrink, 30, 100)]);
    assert_eq!(stopped.alarms()[0].limit, Limit::Percent(20));
    assert!(
        stopped.to_string().contains("deletes: 30 of 100, limit 20 %"),
        "{stopped}"
    );
    assert_eq!(serde_json::to_value(&stopped).unwrap()["stopped_by"], "guard");
    let refused = ready(stopped.apply(&store)).unwrap_err();
    assert!(matches!(refused, adlib_sync::Error::Refused(Rejection::Guards(alarms)) if alarms.len() == 2));
    assert_eq!(names(&store).len(), 100);

    let one = ManualRun::default().deleting_missing().allowing(Guard::Deletes);
    assert!(plan(&store, &small.read(), &options(), &one.clone().into()).is_stopped());
    let both = one.allowing(Guard::Shrink).into();
    run(&store, &small.read(), &options(), &both);
    assert_eq!(names(&store).len(), 70);
}

/// R34: memberships, users removed by option, groups; each with a limit in numbers.
#[test]
fn r34_guards_by_number() {
    let mut directory = Directory::of(&["ada", "bob", "eve"]);
    directory.form("staff", &["ada", "bob", "eve"]);
    directory.form("others", &["ada", "bob"]);
    let store = store_of(&directory);
    let mut strict = options();
    strict.guard.max_deletes = 0;
    strict.guard.max_membership_removals = 1;
    strict.guard.max_scope_removals = 0;
    strict.remove_disabled = true;
    directory.members.clear();
    directory.groups.pop();
    directory.user("eve").state.enabled = false;
    let plan = plan(&store, &directory.read(), &strict, &deleting());
    let fired: Vec<_> = plan
        .alarms()
        .iter()
        .map(|alarm| (alarm.guard, alarm.count, alarm.of))
        .collect();
    assert_eq!(
        fired,
        [
            (Guard::GroupDeletes, 1, 2),
            (Guard::ScopeRemovals, 1, 3),
            (Guard::MembershipRemovals, 2, 5)
        ]
    );
}

/// R34: a canary that does not sing stops a nightly run; so does a fall in the number of users.
#[test]
fn r34_nightly_runs_are_guarded() {
    let mut directory = Directory::with_users(50);
    let store = store_of(&directory);
    let mut watched = options();
    watched.guard.canaries = vec!["U000".into(), "example.org\\u001".into(), "administrator".into()];
    let stopped = plan(&store, &directory.read(), &watched, &Trigger::Scheduled);
    assert_eq!(
        stopped.alarms()[0].to_string(),
        "canary (administrator): none found"
    );
    assert!(stopped.is_stopped());
    directory.users.truncate(39);
    let stopped = nightly(&store, &directory);
    assert_eq!(stopped.alarms()[0].to_string(), "shrink: 11 of 50, limit 20 %");
    directory.hire("new");
    assert!(
        !nightly(&store, &directory).is_stopped(),
        "whoever comes makes up for who goes"
    );
}

/// R34: names of guards are taken back, others are refused with the list.
#[test]
fn r34_guard_names() {
    for guard in Guard::ALL {
        assert_eq!(guard.as_str().parse(), Ok(guard));
        let refused = "force".parse::<Guard>().unwrap_err().to_string();
        assert!(refused.contains(guard.as_str()), "{refused}");
    }
}

/// R35: a rename and a move follow the key.
#[test]
fn r35_renames_follow_the_key() {
    let mut directory = Directory::of(&["ada", "bob"]);
    let store = store_of(&directory);
    let id = stored(&store, "ada").id;
    let ada = directory.user("ada");
    ada.account = "lovelace".into();
    ada.dn = "CN=lovelace,OU=Elsewhere,DC=example,DC=org".into();
    let plan = run(&store, &directory.read(), &options(), &Trigger::Scheduled);
    assert_eq!(changes(&plan), [r#"ada name: "ada" -> "lovelace""#]);
    assert_eq!(stored(&store, "lovelace").id, id);
    assert_eq!(names(&store), ["bob", "lovelace"]);
}

/// R35: an account of the same name with another key is another one, and may be another person's.
#[test]
fn r35_a_recreated_account_is_another_one() {
    let mut directory = Directory::of(&["ada", "bob"]);
    let store = store_of(&directory);
    let id = stored(&store, "ada").id;
    directory.dismiss("ada");
    directory.hire_with_key("another-key", "ada");
    let plan = run(&store, &directory.read(), &options(), &Trigger::Scheduled);
    assert_eq!(held_back(&plan), [("ada", "re-created")]);
    assert_eq!(stored(&store, "ada").id, id);
    let plan = run(&store, &directory.read(), &options(), &deleting());
    assert!(plan.creates()[0].is_recreated);
    assert_ne!(stored(&store, "ada").id, id);
    assert!(nightly(&store, &directory).is_empty());
}

/// R36: who clashes is held back, with both names; all others go on.
#[test]
fn r36_only_those_who_clash_are_held_back() {
    let mut directory = Directory::of(&["ada", "bob", "carl", "dora", "emil"]);
    directory.user("bob").email = Some("ADA@example.org".into());
    directory.user("carl").cards = vec!["4711".into()];
    directory.user("dora").cards = vec!["1".into(), "4711".into()];
    directory.hire_with_key("another", "Emil").domain = "other.example.org".into();
    directory.hire("frida");
    let store = new_store();
    let mut strict = options();
    strict.email_clash = EmailClash::HoldBack;
    let plan = run(&store, &directory.read(), &strict, &Trigger::Scheduled);
    assert_eq!(
        held_back(&plan),
        [
            ("Emil", "name-clash"),
            ("ada", "email-taken"),
            ("bob", "email-taken"),
            ("carl", "card-taken"),
            ("dora", "card-taken"),
        ]
    );
    assert_eq!(names(&store), ["frida"]);
    assert!(
        plan.held_back()[1].to_string().contains("belongs to `bob` too"),
        "{plan}"
    );
}

/// R36, R37: of two newcomers with one address, both go without it, also where a cut run created only one of them.
#[test]
fn r36_an_address_is_nobodys_by_coming_later() {
    let mut directory = Directory::of(&["ada"]);
    directory.user("ada").email = Some("new@example.org".into());
    let mut keeping = options();
    keeping.update_details = false;
    let both = {
        let mut both = directory.clone();
        both.hire("bob").email = Some("New@example.org".into());
        both
    };
    let (whole, cut) = (new_store(), new_store());
    run(&whole, &both.read(), &keeping, &Trigger::Scheduled);
    let first = plan(&cut, &both.read(), &keeping, &Trigger::Scheduled);
    let Begin::Open(mut begun) = ready(cut.begin(first.revision())).unwrap() else {
        panic!("refused")
    };
    let created = ready(begun.apply(&first.operations().next().unwrap())).unwrap();
    assert_eq!((created, names(&cut)), (Applied::Done, vec!["ada".to_owned()]));
    drop(begun);
    run(&cut, &both.read(), &keeping, &Trigger::Scheduled);
    for store in [&whole, &cut] {
        assert_eq!(names(store), ["ada", "bob"]);
        assert!(
            names(store)
                .iter()
                .all(|name| stored(store, name).details.email.is_none())
        );
    }
}

/// R36: an e-mail address stays with whom the store has it; who comes later goes without, and a warning says so.
#[test]
fn r36_an_address_stays_with_its_owner() {
    let mut directory = Directory::of(&["ada", "bob"]);
    let store = store_of(&directory);
    directory.user("bob").email = Some("ADA@example.org".into());
    let carl = directory.hire("carl");
    carl.email = Some("ada@example.org".into());
    carl.other_emails = vec!["carl@example.org".into(), "Ada@Example.org".into()];
    for name in ["dora", "emil"] {
        directory.hire(name).email = Some("new@example.org".into());
    }
    let plan = run(&store, &directory.read(), &options(), &Trigger::Scheduled);
    assert!(plan.held_back().is_empty(), "{plan}");
    let email = |name: &str| stored(&store, name).details.email;
    assert_eq!(email("ada").as_deref(), Some("ada@example.org"));
    assert_eq!(
        (email("bob"), email("carl"), email("dora"), email("emil")),
        (None, None, None, None)
    );
    assert_eq!(stored(&store, "carl").details.other_emails, ["carl@example.org"]);
    let warnings: Vec<String> = plan
        .warnings()
        .iter()
        .map(|odd| odd.warning.to_string())
        .collect();
    assert_eq!(warnings.len(), 4);
    assert_eq!(
        warnings[0],
        "bob: the e-mail address ada@example.org belongs to `ada` too; left out"
    );
    assert!(warnings[3].contains("nobody gets it"), "{warnings:?}");
    assert!(nightly(&store, &directory).is_empty());
    directory.user("ada").email = None;
    directory.dismiss("carl");
    run(&store, &directory.read(), &options(), &Trigger::Scheduled);
    assert_eq!(
        stored(&store, "bob").details.email.as_deref(),
        Some("ADA@example.org")
    );
}

/// R36: several entries that bear one name are held back, get their UPNs, or give way to the first, as the options say.
#[test]
fn r36_policies_for_one_name() {
    let mut directory = Directory::of(&["ada", "eve"]);
    for (key, domain, upn) in [
        ("1", "a.example", Some("emil@a.example")),
        ("2", "b.example", None),
    ] {
        let emil = directory.hire_with_key(key, "emil");
        emil.dn = format!("CN=emil,DC={domain}");
        emil.email = None;
        emil.upn = upn.map(str::to_owned);
    }
    let with = |policy| {
        let mut options = options();
        options.name_clash = policy;
        let store = new_store();
        let plan = run(&store, &directory.read(), &options, &Trigger::Scheduled);
        let again = company::plan(&store, &directory.read(), &options, &Trigger::Scheduled);
        assert!(again.is_empty(), "{again}");
        (names(&store), plan.held_back().len())
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(with(NameClash::HoldBack), (names(&["ada", "eve"]), 1));
    assert_eq!(
        with(NameClash::Qualify),
        (names(&["ada", "emil@a.example", "eve"]), 1)
    );
    assert_eq!(with(NameClash::FirstWins), (names(&["ada", "emil", "eve"]), 1));
}

/// R35: an account that was moved to another domain has another key; its SID, or the memory of it, says who it is.
#[test]
fn r35_a_moved_account_is_known_by_its_sid() {
    let mut directory = Directory::of(&["ada", "bob"]);
    directory.user("ada").sid = "S-1-5-21-1-2-3-1104".parse().ok();
    let store = store_of(&directory);
    let id = stored(&store, "ada").id;
    directory.dismiss("ada");
    directory.hire_with_key("another-key", "countess").sid = "S-1-5-21-1-2-3-1104".parse().ok();
    let plan = run(&store, &directory.read(), &options(), &deleting());
    assert!(plan.deletes().is_empty() && plan.creates().is_empty(), "{plan}");
    assert_eq!(stored(&store, "countess").id, id);
    assert!(nightly(&store, &directory).is_empty());
}

/// R35: whose SID changed with the domain is the same account by its SID history, under another name too.
#[test]
fn r35_a_moved_account_is_known_by_its_sid_history() {
    let was = "S-1-5-21-1-2-3-1104".parse().unwrap();
    let mut directory = Directory::of(&["ada", "bob"]);
    directory.user("ada").sid = Some(was);
    let store = store_of(&directory);
    let id = stored(&store, "ada").id;
    directory.dismiss("ada");
    let moved = directory.hire_with_key("another-key", "countess");
    moved.sid = "S-1-5-21-7-8-9-2001".parse().ok();
    moved.sid_history = vec!["S-1-5-21-4-5-6-1500".parse().unwrap(), was];
    let plan = run(&store, &directory.read(), &options(), &deleting());
    assert!(plan.deletes().is_empty() && plan.creates().is_empty(), "{plan}");
    assert_eq!(plan.updates()[0].identity(), adlib_sync::Identity::Moved);
    assert_eq!(plan.updates()[0].rename(), Some(("ada", "countess")));
    let ada = stored(&store, "countess");
    assert_eq!((ada.id, ada.details.sid), (id, directory.user("countess").sid));
    assert!(nightly(&store, &directory).is_empty());
}

/// R35: a SID of one's own goes before a remembered one, and what several accounts remember names none of them.
#[test]
fn r35_a_remembered_sid_names_one_account_only() {
    let was = "S-1-5-21-1-2-3-1104".parse().unwrap();
    let mut directory = Directory::of(&["eve"]);
    directory.user("eve").sid = Some(was);
    let store = store_of(&directory);
    let id = stored(&store, "eve").id;
    directory.dismiss("eve");
    // By name, both come before the account whose SID it is.
    for account in ["ada", "bob"] {
        directory.hire(account).sid_history = vec![was];
    }
    let ambiguous = plan(&store, &directory.read(), &options(), &Trigger::Scheduled);
    assert_eq!((ambiguous.creates().len(), ambiguous.updates().len()), (2, 0));
    directory.hire_with_key("another-key", "zoe").sid = Some(was);
    run(&store, &directory.read(), &options(), &Trigger::Scheduled);
    assert_eq!(stored(&store, "zoe").id, id);
}

/// R23: whom the application's administrator blocked stays blocked, whatever the directory says of the account.
#[test]
fn r23_a_block_by_the_application_survives() {
    let mut directory = Directory::of(&["ada", "bob"]);
    let store = store_of(&directory);
    assert!(store.set_blocked("ada", true));
    for (enabled, may_bob) in [(false, false), (true, true)] {
        directory.user("ada").state.enabled = enabled;
        directory.user("bob").state.enabled = enabled;
        run(&store, &directory.read(), &options(), &deleting());
        let ada = stored(&store, "ada");
        assert_eq!(
            (ada.enabled, ada.blocked, ada.may_sign_in()),
            (enabled, true, false)
        );
        assert_eq!(stored(&store, "bob").may_sign_in(), may_bob);
    }
    directory.user("ada").account = "countess".to_owned();
    run(&store, &directory.read(), &options(), &deleting());
    assert!(stored(&store, "countess").blocked);
}

/// R29: any number of sources add to one another, in their order.
#[test]
fn r29_further_sources_add() {
    let (primary, mut third) = (Directory::of(&["ada"]), Directory::of(&["ADA", "carl"]));
    third.user("ADA").key = Key::new("third-ada");
    third.user("ADA").office = Some("Turin".into());
    let (primary, secondary, third) = (primary.read(), Directory::of(&["bob"]).read(), third.read());
    let sources = Sources::new(&primary)
        .with_secondary(&secondary)
        .with(Source::Third, &third);
    let store = new_store();
    let plan = run(&store, sources, &options(), &Trigger::Scheduled);
    assert_eq!(plan.creates().len(), 3);
    let ada = stored(&store, "ada");
    assert_eq!(ada.origin.to_string(), "primary:key-ada + third:third-ada");
    assert_eq!(ada.details.office.as_deref(), Some("Turin"));
    assert!(company::plan(&store, sources, &options(), &Trigger::Scheduled).is_empty());
}

/// R36: whoever is held back keeps what the store has, and nobody else gets it.
#[test]
fn r36_what_is_kept_is_not_given_away() {
    let mut directory = Directory::of(&["ada", "bob", "carl"]);
    directory.user("ada").cards = vec!["1".into()];
    let store = store_of(&directory);
    // Card 1 goes from ada to carl, but ada is held back for a clash with bob; so carl must wait.
    directory.user("ada").cards = vec!["2".into()];
    directory.user("bob").cards = vec!["2".into()];
    directory.user("carl").cards = vec!["1".into()];
    let plan = run(&store, &directory.read(), &options(), &Trigger::Scheduled);
    assert_eq!(
        held_back(&plan),
        [
            ("ada", "card-taken"),
            ("bob", "card-taken"),
            ("carl", "card-taken")
        ]
    );
    assert_eq!(stored(&store, "ada").details.cards, ["1"]);
    directory.user("bob").cards.clear();
    run(&store, &directory.read(), &options(), &Trigger::Scheduled);
    assert_eq!(stored(&store, "carl").details.cards, ["1"]);
    assert!(nightly(&store, &directory).is_empty());
}

/// R36: the two entries of a user were two users of the store before.
#[test]
fn r36_two_records_are_not_thrown_together() {
    let (mut primary, mut secondary) = (Directory::of(&["ada"]), Directory::default());
    secondary.hire_with_key("ldap-1", "countess");
    let store = new_store();
    let (p, s) = (primary.read(), secondary.read());
    run(
        &store,
        Sources::new(&p).with_secondary(&s),
        &options(),
        &Trigger::Scheduled,
    );
    primary.user("ada").account = "countess".into();
    let (p, s) = (primary.read(), secondary.read());
    let plan = run(
        &store,
        Sources::new(&p).with_secondary(&s),
        &options(),
        &deleting(),
    );
    assert_eq!(held_back(&plan), [("countess", "two-records")]);
    assert_eq!(names(&store), ["ada", "countess"]);
}

/// R36, R40: while the primary entry of a user is disabled or held back, the secondary one does not take the record.
#[test]
fn r40_the_owner_keeps_the_record() {
    let (mut primary, mut secondary) = (Directory::of(&["ada", "bob"]), Directory::default());
    secondary.hire_with_key("ldap-1", "ada");
    let sync = |primary: &Directory, secondary: &Directory, store: &_| {
        let (primary, secondary) = (primary.read(), secondary.read());
        run(
            store,
            Sources::new(&primary).with_secondary(&secondary),
            &options(),
            &deleting(),
        )
    };
    let store = new_store();
    sync(&primary, &secondary, &store);
    let before = stored(&store, "ada").id;
    let ada = primary.user("ada");
    ada.account = "countess".into();
    ada.state.enabled = false;
    let other = secondary.user("ada");
    other.account = "lovelace".into();
    other.email = None;
    let plan = sync(&primary, &secondary, &store);
    assert_eq!(held_back(&plan), [("lovelace", "entry-taken")]);
    assert_eq!(
        (stored(&store, "ada").id, stored(&store, "ada").enabled),
        (before.clone(), false)
    );

    primary.user("countess").state.enabled = true;
    primary.hire_with_key("twin", "countess").email = None;
    let plan = sync(&primary, &secondary, &store);
    assert_eq!(
        held_back(&plan),
        [("countess", "name-clash"), ("lovelace", "entry-taken")]
    );
    assert_eq!(stored(&store, "ada").id, before);

    primary.users.pop();
    sync(&primary, &secondary, &store);
    assert_eq!(stored(&store, "countess").id, before);
    assert_ne!(stored(&store, "lovelace").id, before);
}

/// R40: who left the scope of the primary source, and is in that of the secondary one under the same name, is
/// the same user.
#[test]
fn r40_a_user_in_scope_of_the_other_source_stays() {
    let (mut primary, mut secondary) = (Directory::of(&["ada"]), Directory::of(&["ada"]));
    primary.form("staff", &["ada"]);
    secondary.form("staff", &["ada"]);
    let mut scoped = options();
    scoped.scope.groups = vec!["staff".into()];
    let store = new_store();
    let (p, s) = (primary.read(), secondary.read());
    run(&store, Sources::new(&p).with_secondary(&s), &scoped, &deleting());
    let before = stored(&store, "ada").id;
    primary.leave("ada", "staff");
    let p = primary.read();
    run(&store, Sources::new(&p).with_secondary(&s), &scoped, &deleting());
    assert_eq!(stored(&store, "ada").id, before);
    assert_eq!(stored(&store, "ada").origin.to_string(), "secondary:key-ada");
}

/// R36: two entries with one key are nobody's.
#[test]
fn r36_a_key_is_one_entrys() {
    let mut directory = Directory::of(&["ada", "bob"]);
    directory.hire_with_key("key-bob", "eve");
    let plan = nightly(&new_store(), &directory);
    assert_eq!(held_back(&plan), [("bob", "key-clash"), ("eve", "key-clash")]);
    assert_eq!(plan.creates().len(), 1);
}

/// The UPN as user name: for domains whose account names clash.
#[test]
fn upns_as_names() {
    let mut directory = Directory::of(&["ada", "bob", "carl"]);
    directory.user("ada").upn = Some("ada@corp.example".into());
    directory.user("carl").upn = Some(format!("{}@example.org", "c".repeat(40)));
    let mut by_upn = options();
    by_upn.user_name = UserName::Upn;
    let store = new_store();
    let plan = run(&store, &directory.read(), &by_upn, &Trigger::Scheduled);
    assert_eq!(names(&store), ["ada@corp.example"]);
    let mut held = held_back(&plan);
    held.sort_by_key(|(_, reason)| *reason);
    assert_eq!(held[0].1, "name-too-long");
    assert_eq!(held[1], ("bob", "no-name"));
}

/// Nobody deletes what came from a source that is not configured any more: nothing is known of it.
#[test]
fn a_source_that_was_taken_away_deletes_nothing() {
    let (mut primary, mut secondary) = (Directory::of(&["ada"]), Directory::default());
    primary.form("staff", &["ada"]);
    secondary.hire_with_key("ldap-1", "eve");
    secondary.hire_with_key("ldap-2", "ada");
    secondary.form("choir", &["eve", "ada"]);
    let store = new_store();
    let (p, s) = (primary.read(), secondary.read());
    run(
        &store,
        Sources::new(&p).with_secondary(&s),
        &options(),
        &Trigger::Scheduled,
    );
    let before = memberships(&store);
    let plan = run(&store, &p, &options(), &deleting());
    assert_eq!(plan.unknown(), ["eve"]);
    assert!(plan.deletes().is_empty() && plan.group_deletes().is_empty());
    assert_eq!(names(&store), ["ada", "eve"]);
    assert_eq!(memberships(&store), before);
}

/// R38
#[test]
fn r38_progress_counts_every_operation() {
    let mut directory = Directory::of(&["ada", "bob"]);
    directory.form("staff", &["ada"]);
    let store = new_store();
    let plan = nightly(&store, &directory);
    let mut seen = Vec::new();
    let report =
        ready(plan.apply_with_progress(&store, |Progress { done, of, .. }| seen.push((done, of)))).unwrap();
    assert_eq!(seen, [(1, 4), (2, 4), (3, 4), (4, 4)]);
    assert_eq!(
        (
            report.users_created,
            report.groups_created,
            report.memberships_added
        ),
        (2, 1, 1)
    );
    assert_eq!(plan.operations().count(), plan.operation_count());
}

/// A plan is applied only to the state that it was made for.
#[test]
fn a_plan_is_for_one_state() {
    let mut directory = Directory::of(&["ada"]);
    let store = new_store();
    let old = nightly(&store, &directory);
    directory.hire("bob");
    run(&store, &directory.read(), &options(), &Trigger::Scheduled);
    let refused = ready(old.apply(&store)).unwrap_err();
    assert!(matches!(refused, adlib_sync::Error::Refused(Rejection::Stale)));
}

/// A conflict has its own words.
#[test]
fn conflicts_are_told_apart() {
    let texts = [
        Conflict::Protected("a".into()).to_string(),
        Conflict::NameTaken("a".into()).to_string(),
        Conflict::NoUser("a".into()).to_string(),
    ];
    assert_eq!(
        texts,
        [
            "`a` does not come from a directory",
            "the name `a` is taken",
            "there is no user a"
        ]
    );
}

/// Groups take other names without losing their members.
#[test]
fn groups_are_renamed() {
    let mut directory = Directory::of(&["ada"]);
    directory.form("staff", &["ada"]);
    let store = store_of(&directory);
    directory.groups[0].name = "people".into();
    directory.groups[0].full_name = Some("All people".into());
    let plan = run(&store, &directory.read(), &options(), &Trigger::Scheduled);
    assert_eq!(plan.group_updates()[0].to.qualified_name(), "example.org\\people");
    assert_eq!(memberships(&store), ["ada in people"]);
    assert!(nightly(&store, &directory).is_empty());
}
