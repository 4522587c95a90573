//! What blocks promise: they outlast whatever a run does.

use adlib_core::Sid;
use adlib_schema::record::Key;

use super::{
    super::{Applied, NewUser, Operation, Origin, Store},
    Fixture, Outcome,
    check::{check, load, named, run},
    sample::{create, full_user, group, text, update},
    users::third,
};
use crate::{Change, Field, Link, Links, Source, Value};

pub(super) async fn blocks_survive<F: Fixture>(fixture: &F) -> Outcome {
    const PROMISE: &str =
        "a block that the application set outlasts every run, until the application lifts it";
    let store = fixture.empty().await;
    let (user, staff) = (full_user("ada"), group("staff"));
    let other = NewUser::new(third(Key::new("s2")), "bob");
    run(&store, PROMISE, &[create(&user), create(&other)]).await?;
    is_blocked(&store, PROMISE, "ada", false).await?;
    let before = load(&store, PROMISE).await?.revision;
    fixture.set_blocked(&store, "ada", true).await;
    let state = load(&store, PROMISE).await?;
    check(PROMISE, state.revision != before, || {
        "a block gave no other revision".into()
    })?;
    let stored = named(&state, "ada", PROMISE)?;
    let moved = Origin::Directory(Links::primary(Key::new("p2")));
    let operations = [
        update(&stored, Field::Enabled, false.into(), true.into()),
        update(&stored, Field::Office, text("a"), text("b")),
        update(
            &stored,
            Field::Entry,
            Value::Origin(stored.origin.clone()),
            Value::Origin(moved),
        ),
        update(&stored, Field::Name, text("ada"), text("countess")),
        Operation::CreateGroup(staff.clone()),
        Operation::AddMembership {
            user: Link::new(Source::Primary, Key::new("p2")),
            group: staff.link.clone(),
        },
    ];
    let applied = run(&store, PROMISE, &operations).await?;
    check(
        PROMISE,
        applied.iter().all(|applied| *applied == Applied::Done),
        || format!("{applied:?}"),
    )?;
    is_blocked(&store, PROMISE, "countess", true).await?;
    is_blocked(&store, PROMISE, "bob", false).await?;
    fixture.set_blocked(&store, "countess", false).await;
    is_blocked(&store, PROMISE, "countess", false).await
}

pub(super) async fn blocks_survive_deletion<F: Fixture>(fixture: &F) -> Outcome {
    const PROMISE: &str =
        "whoever is blocked, deleted and comes back, is blocked, until the application lifts it";
    let mut same_sid = NewUser::new(third(Key::new("s3")), "countess");
    same_sid.details.sid = full_user("ada").details.sid;
    let mut remembered = NewUser::new(third(Key::new("s4")), "lovelace");
    remembered.former_sids.extend(full_user("ada").details.sid);
    let same_name = NewUser::new(third(Key::new("s5")), "ADA");
    let same_entry = NewUser::new(Links::secondary(Key::new("s1")), "byron");
    for back in [full_user("ada"), same_sid, remembered, same_name, same_entry] {
        let store = fixture.empty().await;
        blocked_and_deleted(fixture, &store, PROMISE).await?;
        let other = NewUser::new(third(Key::new("s2")), "bob");
        run(&store, PROMISE, &[create(&other), create(&back)]).await?;
        is_blocked(&store, PROMISE, "bob", false).await?;
        is_blocked(&store, PROMISE, &back.name, true).await?;
        fixture.set_blocked(&store, &back.name, false).await;
        delete(&store, PROMISE, &back).await?;
        run(&store, PROMISE, &[create(&back)]).await?;
        is_blocked(&store, PROMISE, &back.name, false).await?;
    }
    let store = fixture.empty().await;
    blocked_and_deleted(fixture, &store, PROMISE).await?;
    fixture.set_blocked(&store, "Ada", false).await;
    run(&store, PROMISE, &[create(&full_user("ada"))]).await?;
    is_blocked(&store, PROMISE, "ada", false).await
}

pub(super) async fn a_name_uses_up_no_block<F: Fixture>(fixture: &F) -> Outcome {
    const PROMISE: &str =
        "a newcomer with the name of a blocked user who was deleted is blocked, and so is who comes back";
    let newcomer = NewUser::new(third(Key::new("s5")), "ADA");
    let mut same_sid = NewUser::new(third(Key::new("s3")), "countess");
    same_sid.details.sid = full_user("ada").details.sid;
    let mut remembered = NewUser::new(third(Key::new("s4")), "lovelace");
    remembered.former_sids.extend(full_user("ada").details.sid);
    let same_entry = NewUser::new(Links::secondary(Key::new("s1")), "byron");
    for back in [same_sid, remembered, same_entry] {
        let store = fixture.empty().await;
        blocked_and_deleted(fixture, &store, PROMISE).await?;
        run(&store, PROMISE, &[create(&newcomer)]).await?;
        is_blocked(&store, PROMISE, "ada", true).await?;
        // The newcomer is somebody else, as the application finds out.
        fixture.set_blocked(&store, "ada", false).await;
        run(&store, PROMISE, &[create(&back)]).await?;
        is_blocked(&store, PROMISE, &back.name, true).await?;
        is_blocked(&store, PROMISE, "ada", false).await?;
        fixture.set_blocked(&store, &back.name, false).await;
        delete(&store, PROMISE, &back).await?;
        run(&store, PROMISE, &[create(&back)]).await?;
        is_blocked(&store, PROMISE, &back.name, false).await?;
    }
    Ok(())
}

pub(super) async fn blocks_survive_adoption<F: Fixture>(fixture: &F) -> Outcome {
    const PROMISE: &str =
        "whoever is blocked and deleted, and comes back as the account of another user, is blocked";
    let sid = |sid: Option<Sid>| sid.map_or(Value::Absent, Value::Sid);
    let same_entry = (Links::secondary(Key::new("s1")), Value::Absent, true);
    let same_sid = (third(Key::new("s6")), sid(full_user("ada").details.sid), true);
    let somebody = (
        third(Key::new("s6")),
        sid(Sid::new(5, &[21, 1, 2, 3, 1105])),
        false,
    );
    // A user of the application's own who is adopted, and a directory's who stands for another entry from now on.
    for name in ["ada", "bob"] {
        for (links, sid, blocked) in [&same_entry, &same_sid, &somebody] {
            let store = fixture.empty().await;
            blocked_and_deleted(fixture, &store, PROMISE).await?;
            fixture.add_local(&store, "ada", Origin::Local).await;
            let bob = NewUser::new(third(Key::new("s2")), "bob");
            run(&store, PROMISE, &[create(&bob)]).await?;
            let stored = named(&load(&store, PROMISE).await?, name, PROMISE)?;
            let origin = Value::Origin(Origin::Directory(links.clone()));
            let relinked = Operation::UpdateUser {
                user: stored.id,
                changes: vec![
                    Change::new(
                        Field::Entry,
                        Value::Origin(stored.origin),
                        origin,
                        Source::Primary,
                    ),
                    Change::new(Field::Sid, Value::Absent, sid.clone(), Source::Primary),
                ],
            };
            let applied = run(&store, PROMISE, &[relinked]).await?;
            check(PROMISE, applied == [Applied::Done], || format!("{applied:?}"))?;
            is_blocked(&store, PROMISE, name, *blocked).await?;
        }
    }
    Ok(())
}

/// Leave a store behind from which a run deleted `ada`, whom the application had blocked.
async fn blocked_and_deleted<F: Fixture>(fixture: &F, store: &F::Store, promise: &'static str) -> Outcome {
    let ada = full_user("ada");
    run(store, promise, &[create(&ada)]).await?;
    fixture.set_blocked(store, "ada", true).await;
    delete(store, promise, &ada).await
}

async fn delete<S: Store>(store: &S, promise: &'static str, user: &NewUser) -> Outcome {
    let stored = named(&load(store, promise).await?, &user.name, promise)?;
    let delete = Operation::DeleteUser {
        user: stored.id,
        links: user.links.clone(),
    };
    let applied = run(store, promise, &[delete]).await?;
    check(promise, applied == [Applied::Done], || format!("{applied:?}"))
}

/// Check that the user is blocked, or is not.
async fn is_blocked<S: Store>(store: &S, promise: &'static str, name: &str, blocked: bool) -> Outcome {
    let user = named(&load(store, promise).await?, name, promise)?;
    check(promise, user.blocked == blocked, || format!("{user:?}"))
}
