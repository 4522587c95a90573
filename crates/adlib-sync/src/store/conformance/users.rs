//! What users, groups and memberships promise.

use adlib_schema::record::Key;

use super::{
    super::{Applied, Conflict, NewUser, Operation, Origin, Store as _, StoreState, UserRef},
    Fixture, Outcome,
    check::{check, failed, load, named, run, users},
    sample::{create, full_user, group, join, pin, text, update},
};
use crate::{Change, Field, FoldedName, Link, Links, Source, Value};

pub(super) async fn what_is_created_is_loaded<F: Fixture>(fixture: &F) -> Outcome {
    const PROMISE: &str = "what is created is loaded again, field by field";
    let store = fixture.empty().await;
    let empty = load(&store, PROMISE).await?;
    check(
        PROMISE,
        empty.user_count() == 0 && empty.groups().is_empty(),
        || "users in an empty store".into(),
    )?;
    let bare = NewUser::new(third(Key::new("s2")), "Zoë O'Neil; DROP TABLE");
    let (full, staff) = (full_user("Ada"), group("staff"));
    let operations = [
        Operation::CreateGroup(staff.clone()),
        create(&full),
        create(&bare),
        join(&full, &staff),
    ];
    run(&store, PROMISE, &operations).await?;
    let state = load(&store, PROMISE).await?;
    for new in [&full, &bare] {
        let user = named(&state, &new.name, PROMISE)?;
        let same = user.origin == Origin::Directory(new.links.clone())
            && user.name == new.name
            && user.enabled == new.enabled
            && user.details == new.details;
        check(PROMISE, same, || format!("{user:?} for {new:?}"))?;
    }
    check(PROMISE, state.groups() == [staff], || {
        format!("{:?}", state.groups())
    })?;
    check(PROMISE, has_membership(&state, &full), || {
        "the membership is lost".into()
    })
}

pub(super) async fn users_are_found<F: Fixture>(fixture: &F) -> Outcome {
    const PROMISE: &str = "a user is found by name without case, by an entry and by SID, and nobody else is";
    let store = fixture.empty().await;
    let (ada, bare) = (full_user("Ada"), NewUser::new(third(Key::new("s2")), "Zoë"));
    run(&store, PROMISE, &[create(&ada), create(&bare)]).await?;
    let links: Vec<Link> = ada.links.iter().collect();
    let (name, nobody) = (FoldedName::of("ADA"), FoldedName::of("Ad"));
    let hers = links.iter().map(UserRef::Link).chain([UserRef::Name(&name)]);
    let hers = hers.chain(ada.details.sid.iter().map(UserRef::Sid));
    for wanted in hers {
        let found = store.find(wanted).await.map_err(failed(PROMISE))?;
        let found = found.map(|user| (user.name, user.origin));
        let expected = Some(("Ada".to_owned(), Origin::Directory(ada.links.clone())));
        check(PROMISE, found == expected, || format!("{found:?} for {wanted:?}"))?;
    }
    let elsewhere = Link::new(Source::Primary, Key::new("s2"));
    for wanted in [UserRef::Name(&nobody), UserRef::Link(&elsewhere)] {
        let found = store.find(wanted).await.map_err(failed(PROMISE))?;
        check(PROMISE, found.is_none(), || format!("{found:?} for {wanted:?}"))?;
    }
    Ok(())
}

pub(super) async fn operations_are_idempotent<F: Fixture>(fixture: &F) -> Outcome {
    const PROMISE: &str = "an operation applied once more changes nothing and says so";
    let store = fixture.empty().await;
    let (user, staff) = (full_user("ada"), group("staff"));
    run(&store, PROMISE, &[create(&user)]).await?;
    let state = load(&store, PROMISE).await?;
    let stored = named(&state, "ada", PROMISE)?;
    let mut renamed = staff.clone();
    renamed.name = "people".into();
    let operations = [
        create(&user),
        Operation::CreateGroup(staff.clone()),
        Operation::UpdateGroup {
            from: staff.clone(),
            to: renamed,
        },
        join(&user, &staff),
        update(&stored, Field::Office, text("a"), text("b")),
        update(&stored, Field::Pin, pin("1234"), Value::Absent),
        update(&stored, Field::Name, text("ada"), text("Ada")),
        Operation::RemoveMembership {
            user: user.links.owner(),
            group: staff.link.clone(),
        },
        Operation::DeleteGroup {
            group: staff.link.clone(),
        },
        Operation::DeleteUser {
            user: stored.id.clone(),
            links: user.links.clone(),
        },
    ];
    for (index, operation) in operations.iter().enumerate() {
        let first = if index == 0 {
            Applied::Already
        } else {
            Applied::Done
        };
        let applied = run(&store, PROMISE, std::slice::from_ref(operation)).await?;
        check(PROMISE, applied == [first], || {
            format!("{operation:?}: {applied:?}")
        })?;
        let before = load(&store, PROMISE).await?;
        let again = run(&store, PROMISE, std::slice::from_ref(operation)).await?;
        check(PROMISE, again == [Applied::Already], || {
            format!("{operation:?}: {again:?}")
        })?;
        let after = load(&store, PROMISE).await?;
        check(
            PROMISE,
            users(&before) == users(&after) && before.groups() == after.groups(),
            || format!("{operation:?}"),
        )?;
    }
    let state = load(&store, PROMISE).await?;
    check(
        PROMISE,
        state.user_count() == 0 && state.groups().is_empty(),
        || "something is left".into(),
    )
}

pub(super) async fn updates_compare_before_they_set<F: Fixture>(fixture: &F) -> Outcome {
    const PROMISE: &str = "an update that starts from another value changes nothing";
    let store = fixture.empty().await;
    run(&store, PROMISE, &[create(&full_user("ada"))]).await?;
    let before = load(&store, PROMISE).await?;
    let stored = named(&before, "ada", PROMISE)?;
    let good = Change::new(Field::Office, text("a"), text("b"), Source::Primary);
    let stale = Change::new(
        Field::Email,
        text("other@example.org"),
        Value::Absent,
        Source::Primary,
    );
    let both = Operation::UpdateUser {
        user: stored.id.clone(),
        changes: vec![good, stale],
    };
    let mut other = group("staff");
    other.full_name = Some("another".into());
    let moved_group = Operation::UpdateGroup {
        from: other.clone(),
        to: group("staff"),
    };
    let applied = run(&store, PROMISE, &[both, moved_group]).await?;
    let conflicts = applied
        .iter()
        .all(|applied| matches!(applied, Applied::Conflict(_)));
    check(PROMISE, conflicts, || format!("{applied:?}"))?;
    let after = load(&store, PROMISE).await?;
    check(PROMISE, users(&before) == users(&after), || {
        "the user was changed".into()
    })
}

pub(super) async fn names_are_unique<F: Fixture>(fixture: &F) -> Outcome {
    const PROMISE: &str = "names are unique without case, and can be swapped by way of a third";
    let store = fixture.empty().await;
    let zoe = NewUser::new(Links::primary(Key::new("k-zoe")), "zoë");
    let ada = NewUser::new(Links::primary(Key::new("k-ada")), "ada");
    run(&store, PROMISE, &[create(&zoe), create(&ada)]).await?;
    let state = load(&store, PROMISE).await?;
    let (zoe, ada) = (named(&state, "zoë", PROMISE)?, named(&state, "ada", PROMISE)?);
    let twin = NewUser::new(Links::primary(Key::new("k-2")), "ZOË");
    let clone = NewUser::new(Links::primary(Key::new("k-ada")), "eve");
    let taken = [
        create(&twin),
        create(&clone),
        update(&ada, Field::Name, text("ada"), text("ZOë")),
    ];
    let applied = run(&store, PROMISE, &taken).await?;
    let conflicts = applied
        .iter()
        .all(|applied| matches!(applied, Applied::Conflict(_)));
    check(PROMISE, conflicts, || format!("{applied:?}"))?;
    let swap = [
        update(&ada, Field::Name, text("ada"), text("ada~1")),
        update(&zoe, Field::Name, text("zoë"), text("ada")),
        update(&ada, Field::Name, text("ada~1"), text("zoë")),
    ];
    let applied = run(&store, PROMISE, &swap).await?;
    check(
        PROMISE,
        applied.iter().all(|applied| *applied == Applied::Done),
        || format!("{applied:?}"),
    )?;
    let state = load(&store, PROMISE).await?;
    check(PROMISE, named(&state, "zoë", PROMISE)?.id == ada.id, || {
        "the names did not change hands".into()
    })
}

pub(super) async fn others_are_protected<F: Fixture>(fixture: &F) -> Outcome {
    const PROMISE: &str = "a user whom no directory brought in is neither changed nor deleted";
    let store = fixture.empty().await;
    for (name, origin) in [
        ("local", Origin::Local),
        ("internal", Origin::Internal),
        ("guest", Origin::Guest),
    ] {
        fixture.add_local(&store, name, origin.clone()).await;
        let before = load(&store, PROMISE).await?;
        let stored = named(&before, name, PROMISE)?;
        check(PROMISE, stored.origin == origin, || format!("{stored:?}"))?;
        let operations = [
            update(&stored, Field::Email, Value::Absent, text("x@example.org")),
            Operation::DeleteUser {
                user: stored.id.clone(),
                links: Links::primary(Key::new("k")),
            },
        ];
        let applied = run(&store, PROMISE, &operations).await?;
        let protected = Applied::Conflict(Conflict::Protected(name.to_owned()));
        check(
            PROMISE,
            applied.iter().all(|applied| *applied == protected),
            || format!("{applied:?}"),
        )?;
        let after = load(&store, PROMISE).await?;
        check(PROMISE, users(&before) == users(&after), || {
            format!("{name} was changed")
        })?;
    }
    Ok(())
}

pub(super) async fn deleting_takes_memberships_along<F: Fixture>(fixture: &F) -> Outcome {
    const PROMISE: &str = "whoever is deleted is in no group any more, and nobody is in a deleted group";
    let store = fixture.empty().await;
    let (user, staff) = (full_user("ada"), group("staff"));
    let setup = [
        create(&user),
        Operation::CreateGroup(staff.clone()),
        join(&user, &staff),
    ];
    run(&store, PROMISE, &setup).await?;
    let state = load(&store, PROMISE).await?;
    let delete = Operation::DeleteUser {
        user: named(&state, "ada", PROMISE)?.id.clone(),
        links: user.links.clone(),
    };
    run(&store, PROMISE, &[delete, create(&user)]).await?;
    let state = load(&store, PROMISE).await?;
    check(PROMISE, state.membership_count() == 0, || {
        "a new user inherited memberships".into()
    })?;
    let delete = Operation::DeleteGroup {
        group: staff.link.clone(),
    };
    run(
        &store,
        PROMISE,
        &[join(&user, &staff), delete, Operation::CreateGroup(staff.clone())],
    )
    .await?;
    let state = load(&store, PROMISE).await?;
    check(PROMISE, state.membership_count() == 0, || {
        "a new group inherited members".into()
    })?;
    let nobody = Operation::AddMembership {
        user: Link::new(Source::Primary, Key::new("nobody")),
        group: staff.link.clone(),
    };
    let applied = run(&store, PROMISE, &[nobody]).await?;
    check(
        PROMISE,
        matches!(applied.as_slice(), [Applied::Conflict(Conflict::NoUser(_))]),
        || format!("{applied:?}"),
    )
}

fn has_membership(state: &StoreState, new: &NewUser) -> bool {
    let memberships: Vec<(usize, usize)> = state.memberships().collect();
    let [(user, 0)] = memberships.as_slice() else {
        return false;
    };
    state
        .user(*user)
        .is_some_and(|user| user.origin == Origin::Directory(new.links.clone()))
}

/// An entry of the third source only.
pub(super) fn third(key: Key) -> Links {
    Links::of([Link::new(Source::Third, key.clone())]).unwrap_or_else(|| Links::primary(key))
}
