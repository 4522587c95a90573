//! Why users are in the list or not, and what other options would change.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

mod company;

use adlib_schema::{
    read::Memberships,
    record::{Member, Pin},
};
use adlib_sync::{
    Field, Identity, ScopeReason, Sources, SyncOptions, Trigger, Value, merge, store::Origin, what_if,
};
use company::{Directory, new_store, plan, run, store_of, stored};

/// Ada is in staff by way of two groups, bob in staff itself, carl below a unit, dora nowhere.
fn nested() -> (Directory, adlib_schema::read::DirectoryRead, SyncOptions) {
    let mut directory = Directory::of(&["ada", "bob", "carl", "dora"]);
    directory.form("inner", &["ada"]);
    directory.form("middle", &[]);
    directory.form("Staff", &["bob"]);
    directory.user("carl").dn = "CN=carl,OU=Berlin,DC=example,DC=org".into();
    let (inner, middle) = (
        directory.groups[0].dn.to_uppercase(),
        directory.groups[1].dn.clone(),
    );
    directory.groups[1].members = vec![Member::Dn(inner)];
    directory.groups[2].members = vec![Member::Dn(middle), Member::Dn("CN=bob".into())];
    let mut read = directory.read();
    let groups_of_user = vec![vec![0], vec![2], vec![], vec![]];
    read.memberships = Memberships::close(groups_of_user, &[vec![1], vec![2], vec![]]);
    let mut options = SyncOptions::default();
    options.scope.groups = vec!["example.org\\staff".into()];
    options.scope.ous = vec!["OU=Berlin,DC=example,DC=org".into()];
    (directory, read, options)
}

/// R20, R33: each creation says why the user is in scope, with the path of memberships.
#[test]
fn r33_the_path_into_the_scope_is_shown() {
    let (_, read, options) = nested();
    let plan = plan(&new_store(), &read, &options, &Trigger::Scheduled);
    let reasons: Vec<String> = plan
        .creates()
        .iter()
        .map(|create| create.reason.to_string())
        .collect();
    assert_eq!(
        reasons,
        [
            "in Staff through inner > middle",
            "in Staff",
            "below OU=Berlin,DC=example,DC=org"
        ]
    );
    assert!(
        plan.to_string().contains("(in Staff through inner > middle)"),
        "{plan}"
    );
    let json = serde_json::to_value(&plan).unwrap();
    assert_eq!(json["creates"][0]["reason"], "in Staff through inner > middle");
    assert!(plan.to_html().contains("in Staff through inner &gt; middle"));
}

/// R33: each table of the page can be left out of sight, without a script; only those that are there have a box.
#[test]
fn r33_the_page_can_be_filtered() {
    let (_, read, options) = nested();
    let page = plan(&new_store(), &read, &options, &Trigger::Scheduled).to_html();
    for title in [
        "Users to create",
        "Groups to create",
        "Memberships to add",
        "Found",
    ] {
        assert!(page.contains(&format!("checked> {title}</label>")), "{page}");
    }
    assert!(
        !page.contains("Users to delete") && !page.contains("<script"),
        "{page}"
    );
    assert_eq!(page.matches("<section").count(), page.matches("checkbox").count());
    assert_eq!(
        page.matches("<section").count(),
        page.matches("</section>").count()
    );
}

/// R33: a user is explained: why in scope or not, and which source gave each field.
#[test]
fn r33_users_are_explained() {
    let (mut directory, mut read, options) = nested();
    directory.user("ada").pin = Pin::new("864208642");
    directory.user("ada").department = Some("Analysis".into());
    read.users.clone_from(&directory.users);
    let mut other = Directory::of(&["ADA"]);
    other.user("ADA").office = Some("Turin".into());
    other.form("staff", &["ADA"]);
    let mut other = other.read();
    other.users[0].key = adlib_schema::record::Key::new("other-ada");
    let sources = Sources::new(&read).with_secondary(&other);
    let snapshot = merge(sources, &options).unwrap();
    let ada = snapshot.explain("Ada");
    assert!(ada.in_scope);
    assert_eq!(
        ada.reason,
        Some(ScopeReason::Group {
            group: "Staff".into(),
            through: vec!["inner".into(), "middle".into()]
        })
    );
    assert_eq!(ada.entries.len(), 2);
    let given: Vec<String> = ada
        .fields
        .iter()
        .map(|(field, _, source)| format!("{field} by {source}"))
        .collect();
    assert_eq!(
        given,
        [
            "email by primary",
            "department by primary",
            "office by secondary",
            "pin by primary"
        ]
    );
    assert!(
        ada.groups.contains(&"example.org\\inner".to_owned()),
        "{:?}",
        ada.groups
    );
    let shown = format!("{ada}{ada:?}{}", serde_json::to_string(&ada).unwrap());
    assert!(!shown.contains("864208"), "{shown}");
    let dora = snapshot.explain("dora");
    assert!(!dora.in_scope && dora.reason.is_none());
    assert_eq!(dora.entries[0].standing, "left-scope");
    assert!(
        snapshot
            .explain("nobody")
            .to_string()
            .contains("no source has an entry of this name")
    );
}

/// R33: what other options would change, without any store.
#[test]
fn r33_options_are_compared() {
    let (_, read, present) = nested();
    let mut other = present.clone();
    other.scope.ous.clear();
    let difference = what_if(&read, &present, &other).unwrap();
    let leaving: Vec<&str> = difference
        .difference()
        .deletes()
        .iter()
        .map(|gone| gone.user.as_str())
        .collect();
    assert_eq!(leaving, ["carl"]);
    assert_eq!(difference.difference().deletes()[0].reason.as_str(), "left-scope");
    assert!(what_if(&read, &present, &present).unwrap().is_empty());
    let everybody = what_if(&read, &present, &SyncOptions::default()).unwrap();
    assert_eq!(everybody.difference().creates()[0].user.name, "dora");
}

/// R35: an update says who the user turned out to be.
#[test]
fn r35_updates_say_who_it_is() {
    let mut directory = Directory::of(&["ada", "bob", "carl", "dora"]);
    directory.user("carl").sid = "S-1-5-21-1-2-3-1104".parse().ok();
    directory.users.pop();
    let store = store_of(&directory);
    store.insert_local("dora", Origin::Local, adlib_sync::Details::default());
    directory.hire("dora");
    directory.user("ada").account = "countess".into();
    directory.user("bob").office = Some("Turin".into());
    let carl = directory.user("carl");
    carl.key = adlib_schema::record::Key::new("key-in-another-domain");
    let mut options = SyncOptions::default();
    options.adopt_local = true;
    let plan = run(&store, &directory.read(), &options, &Trigger::Scheduled);
    let identities: Vec<(&str, Identity)> = plan
        .updates()
        .iter()
        .map(|update| (update.user.as_str(), update.identity()))
        .collect();
    let expected = [
        Identity::Renamed,
        Identity::Same,
        Identity::Moved,
        Identity::Adopted,
    ];
    assert_eq!(
        identities,
        ["ada", "bob", "carl", "dora"]
            .into_iter()
            .zip(expected)
            .collect::<Vec<_>>()
    );
    assert_eq!(stored(&store, "carl").value(Field::Office), Value::Absent);
}
