//! A plan is written down, approved, and made again before it is applied (R33).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

mod company;

use adlib_sync::{
    ApprovedPlan, Details, Difference, Guard, ManualRun, Plan, PlanParseError, Rejection, SyncOptions,
    Trigger,
    store::{MemoryStore, Origin},
};
use company::{Directory, deleting, names, plan, ready, store_of};
use serde_json::{Value, json};

fn options() -> SyncOptions {
    SyncOptions::default()
}

fn approve(plan: &Plan) -> ApprovedPlan {
    ApprovedPlan::parse(&serde_json::to_vec(plan).unwrap()).unwrap()
}

/// A store, what the directory has become since, and the plan that somebody approves.
fn site() -> (MemoryStore, Directory, Plan) {
    let mut directory = Directory::of(&["ada", "bob", "carl"]);
    directory.form("staff", &["ada", "bob"]);
    let store = store_of(&directory);
    directory.dismiss("carl");
    directory.hire("dora").email = Some("dora@example.org".into());
    directory.user("ada").office = Some("Turin".into());
    directory.form("choir", &["ada"]);
    let plan = plan(&store, &directory.read(), &options(), &deleting());
    (store, directory, plan)
}

fn difference(approved: &ApprovedPlan, plan: &Plan) -> Difference {
    match approved.check(plan) {
        Err(Rejection::NotApproved(difference)) => difference,
        other => panic!("{other:?}"),
    }
}

/// R33: the same plan, made again, is what was approved, however its JSON is laid out; and it can be applied.
#[test]
fn r33_the_same_plan_made_again_is_the_approved_one() {
    let (store, directory, first) = site();
    let sorted: Value = serde_json::to_value(&first).unwrap();
    let again = plan(&store, &directory.read(), &options(), &deleting());
    for json in [
        serde_json::to_vec(&first).unwrap(),
        serde_json::to_vec_pretty(&first).unwrap(),
        serde_json::to_vec(&sorted).unwrap(),
    ] {
        let approved = ApprovedPlan::parse(&json).unwrap();
        assert_eq!(approved.plan_hash(), first.plan_hash());
        assert_eq!(approved.check(&again), Ok(()));
    }
    ready(again.apply(&store)).unwrap();
    assert_eq!(names(&store), ["ada", "bob", "dora"]);
}

/// R33, R34: a guard may be lifted for what was approved; that takes its name.
#[test]
fn r33_a_guard_is_lifted_for_an_approved_plan() {
    let (store, directory, _) = site();
    let mut strict = options();
    strict.guard.max_deletes = 0;
    let stopped = plan(&store, &directory.read(), &strict, &deleting());
    assert!(stopped.is_stopped());
    let lifted = ManualRun::default().deleting_missing().allowing(Guard::Deletes);
    let lifted = plan(&store, &directory.read(), &strict, &lifted.into());
    assert_eq!(approve(&stopped).check(&lifted), Ok(()));
}

/// R33: whatever was changed since, the plan is refused with what it was.
#[test]
fn r33_what_changed_since_is_told() {
    let (store, directory, first) = site();
    let approved = approve(&first);
    let other = |directory: &Directory, options: &SyncOptions, trigger: &Trigger| {
        difference(&approved, &plan(&store, &directory.read(), options, trigger))
    };
    let mut moved = directory.clone();
    moved.user("bob").office = Some("Milan".into());
    assert_eq!(other(&moved, &options(), &deleting()), Difference::Sources);
    let mut without = options();
    without.import_disabled = true;
    assert_eq!(other(&directory, &without, &deleting()), Difference::Options);
    let Difference::Rows(parts) = other(&directory, &options(), &Trigger::manual()) else {
        panic!("a run that deletes nobody is another one")
    };
    assert!(parts.contains(&"deletes".to_owned()), "{parts:?}");
    let scheduled = other(&directory, &options(), &Trigger::Scheduled);
    assert!(scheduled.to_string().contains("trigger"), "{scheduled}");

    // What the application did, even where the plan would be the same.
    assert!(store.set_blocked("bob", true));
    assert_eq!(other(&directory, &options(), &deleting()), Difference::Store);
    store.insert_local("guest", Origin::Guest, Details::default());
    assert_eq!(other(&directory, &options(), &deleting()), Difference::Store);
    let refused = approved.check(&plan(&store, &directory.read(), &options(), &deleting()));
    assert_eq!(
        refused.unwrap_err().to_string(),
        "not what was approved: the store was changed since; make another preview"
    );
}

/// R33: what the file shows is what is applied: a row that is added, removed or changed in it is found.
#[test]
fn r33_a_plan_changed_by_hand_is_not_approved() {
    let (store, directory, first) = site();
    let again = plan(&store, &directory.read(), &options(), &deleting());
    type Edit = fn(&mut Value);
    let edits: [(&str, Edit); 8] = [
        ("deletes", |json| json["deletes"] = json!([])),
        ("creates", |json| json["creates"][0]["user"] = "eve".into()),
        ("creates", |json| json["creates"][0]["email"] = Value::Null),
        ("updates", |json| {
            json["updates"][0]["changes"][0]["to"] = "Rome".into();
        }),
        ("memberships", |json| json["memberships"]["added"] = json!([])),
        ("found", |json| json["found"][0]["users"] = json!(3.0)),
        ("plan_hash", |json| json["plan_hash"] = "0".into()),
        ("remark", |json| json["remark"] = "looks fine".into()),
    ];
    for (part, edit) in edits {
        let mut json = serde_json::to_value(&first).unwrap();
        edit(&mut json);
        let approved = ApprovedPlan::parse(json.to_string().as_bytes()).unwrap();
        assert_eq!(
            difference(&approved, &again),
            Difference::Rows(vec![part.to_owned()]),
            "{part}"
        );
    }
}

fn error(json: &[u8]) -> PlanParseError {
    ApprovedPlan::parse(json).unwrap_err()
}

/// R33: whatever the bytes are, the answer is an error with its kind, within limits.
#[test]
fn r33_damaged_and_hostile_plans_are_refused() {
    let (_, _, plan) = site();
    let json = serde_json::to_string_pretty(&plan).unwrap();
    for end in (0..json.len()).filter(|end| json.is_char_boundary(*end)) {
        let cut = error(&json.as_bytes()[..end]);
        assert!(matches!(cut, PlanParseError::NotJson { .. }), "{end}: {cut}");
    }
    let behind = error(format!("{json}x").as_bytes());
    assert!(matches!(behind, PlanParseError::NotJson { .. }), "{behind}");
    assert!(matches!(
        error(b"{\"plan_hash\": \"\xff\"}"),
        PlanParseError::NotJson { line: 1, .. }
    ));
    assert_eq!(
        error(format!("{{\"a\":{}", "[".repeat(100_000)).as_bytes()),
        PlanParseError::TooDeep(1)
    );
    assert_eq!(
        error(format!("{{\"a\":{}", "{\"a\":".repeat(100_000)).as_bytes()),
        PlanParseError::TooDeep(1)
    );
    let many: Vec<String> = (0..100).map(|key| format!("\"{key}\":1")).collect();
    let many = many.join(",");
    assert_eq!(
        error(format!("{{{many}}}").as_bytes()),
        PlanParseError::TooManyKeys(1)
    );
    assert_eq!(
        error(format!("{{\"a\":{{{many}}}}}").as_bytes()),
        PlanParseError::TooManyKeys(1)
    );
    assert_eq!(
        error(&vec![0; ApprovedPlan::MAX_BYTES + 1]),
        PlanParseError::TooLong(ApprovedPlan::MAX_BYTES + 1)
    );
    for text in [
        "[]",
        "3",
        "{}",
        "{\"plan_hash\":1}",
        "{\"plan_hash\":\"a\",\"plan_hash\":\"b\"}",
        "{\"plan_hash\":\"a\"}",
    ] {
        let error = error(text.as_bytes());
        assert!(matches!(error, PlanParseError::NotAPlan(_)), "{text}: {error}");
    }
    let mut later = serde_json::to_value(&plan).unwrap();
    later["schema"] = 2.into();
    assert_eq!(
        error(later.to_string().as_bytes()),
        PlanParseError::OtherSchema(2)
    );
    later["schema"] = 1.into();
    assert!(
        ApprovedPlan::parse(later.to_string().as_bytes())
            .unwrap()
            .check(&plan)
            .is_ok()
    );
}
