//! What every implementation of a store must do, as a function that any of them can run.

use adlib_core::Sid;
use adlib_schema::record::{Key, Pin};

use super::{
    Applied, Begin, Conflict, Cursor, Cursors, NewUser, Operation, Origin, Revision, Run, Store, StoreState,
    StoredGroup, StoredUser, UserRef,
};
use crate::{Change, Details, Field, FoldedName, Link, Links, Source, Value};

/// Where the stores under test come from.
pub trait Fixture: Sync {
    /// The store.
    type Store: Store;

    /// An empty store of its own.
    fn empty(&self) -> impl Future<Output = Self::Store> + Send;

    /// Give `store` a user whom no directory brought in.
    fn add_local(&self, store: &Self::Store, name: &str, origin: Origin) -> impl Future<Output = ()> + Send;

    /// Block the user of this name as an administrator of the application does, or lift the block.
    fn set_blocked(&self, store: &Self::Store, name: &str, blocked: bool) -> impl Future<Output = ()> + Send;

    /// Make the open run one that was silent for too long; `false` in a store where such a run keeps its turn.
    fn expire(&self, store: &Self::Store) -> impl Future<Output = bool> + Send;
}

/// A promise that a store does not keep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{promise}: {found}")]
pub struct Nonconformance {
    /// What a store promises.
    pub promise: &'static str,
    /// What was found in place of it.
    pub found: String,
}

/// Run every check on the stores of `fixture`.
///
/// # Errors
/// The first promise that is not kept.
pub async fn conformance<F: Fixture>(fixture: &F) -> Result<(), Nonconformance> {
    what_is_created_is_loaded(fixture).await?;
    users_are_found(fixture).await?;
    operations_are_idempotent(fixture).await?;
    updates_compare_before_they_set(fixture).await?;
    names_are_unique(fixture).await?;
    others_are_protected(fixture).await?;
    blocks_survive(fixture).await?;
    blocks_survive_deletion(fixture).await?;
    a_name_uses_up_no_block(fixture).await?;
    blocks_survive_adoption(fixture).await?;
    deleting_takes_memberships_along(fixture).await?;
    one_run_at_a_time(fixture).await?;
    silent_runs_lose_their_turn(fixture).await?;
    cursors_come_last(fixture).await?;
    revisions_tell_states_apart(fixture).await
}

type Outcome = Result<(), Nonconformance>;

async fn what_is_created_is_loaded<F: Fixture>(fixture: &F) -> Outcome {
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

async fn users_are_found<F: Fixture>(fixture: &F) -> Outcome {
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

async fn operations_are_idempotent<F: Fixture>(fixture: &F) -> Outcome {
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

async fn updates_compare_before_they_set<F: Fixture>(fixture: &F) -> Outcome {
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

async fn names_are_unique<F: Fixture>(fixture: &F) -> Outcome {
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

async fn others_are_protected<F: Fixture>(fixture: &F) -> Outcome {
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

async fn blocks_survive<F: Fixture>(fixture: &F) -> Outcome {
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

async fn blocks_survive_deletion<F: Fixture>(fixture: &F) -> Outcome {
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

async fn a_name_uses_up_no_block<F: Fixture>(fixture: &F) -> Outcome {
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

async fn blocks_survive_adoption<F: Fixture>(fixture: &F) -> Outcome {
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

async fn deleting_takes_memberships_along<F: Fixture>(fixture: &F) -> Outcome {
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

async fn one_run_at_a_time<F: Fixture>(fixture: &F) -> Outcome {
    const PROMISE: &str = "a second run is refused until the first one ends or is dropped";
    let store = fixture.empty().await;
    let revision = load(&store, PROMISE).await?.revision;
    let first = begin(&store, &revision, PROMISE).await?;
    let Begin::Open(first) = first else {
        return fail(PROMISE, "the first run was refused");
    };
    let second = begin(&store, &revision, PROMISE).await?;
    check(PROMISE, matches!(second, Begin::Busy), || {
        "two runs are open".into()
    })?;
    drop(first);
    let Begin::Open(mut third) = begin(&store, &revision, PROMISE).await? else {
        return fail(PROMISE, "a dropped run stays open");
    };
    third
        .apply(&create(&full_user("ada")))
        .await
        .map_err(failed(PROMISE))?;
    drop(third);
    // Whatever an unfinished run leaves behind, the next one can begin with it.
    let revision = load(&store, PROMISE).await?.revision;
    let Begin::Open(fourth) = begin(&store, &revision, PROMISE).await? else {
        return fail(PROMISE, "an unfinished run stays open");
    };
    fourth.finish(&Cursors::default()).await.map_err(failed(PROMISE))
}

async fn silent_runs_lose_their_turn<F: Fixture>(fixture: &F) -> Outcome {
    const PROMISE: &str = "a run that lost its turn changes nothing any more";
    let store = fixture.empty().await;
    let bob = create(&NewUser::new(third(Key::new("s2")), "bob"));
    let mut silent = opened(&store, PROMISE).await?;
    silent
        .apply(&create(&full_user("ada")))
        .await
        .map_err(failed(PROMISE))?;
    if !fixture.expire(&store).await {
        return Ok(());
    }
    let mut next = opened(&store, PROMISE).await?;
    check(PROMISE, silent.apply(&bob).await.is_err(), || {
        "a late operation was taken".into()
    })?;
    let late = Cursors::default().with(Source::Primary, Cursor::new(*b"late"));
    check(PROMISE, silent.finish(&late).await.is_err(), || {
        "a late end was taken".into()
    })?;
    let state = load(&store, PROMISE).await?;
    let cursors = store.cursors().await.map_err(failed(PROMISE))?;
    let untouched = named(&state, "bob", PROMISE).is_err() && cursors == Cursors::default();
    check(PROMISE, untouched, || format!("{state:?}, {cursors:?}"))?;
    let third = begin(&store, &state.revision, PROMISE).await?;
    check(PROMISE, matches!(third, Begin::Busy), || {
        "the end of the late run was taken for that of the next one".into()
    })?;
    let applied = next.apply(&bob).await.map_err(failed(PROMISE))?;
    check(PROMISE, applied == Applied::Done, || format!("{applied:?}"))?;
    next.finish(&Cursors::default()).await.map_err(failed(PROMISE))
}

async fn cursors_come_last<F: Fixture>(fixture: &F) -> Outcome {
    const PROMISE: &str = "cursors are stored by the end of a run and by nothing else";
    let store = fixture.empty().await;
    let has = async |cursors: &Cursors| {
        let stored = store.cursors().await.map_err(failed(PROMISE))?;
        check(PROMISE, stored == *cursors, || format!("{stored:?}"))
    };
    has(&Cursors::default()).await?;
    let mut cut = opened(&store, PROMISE).await?;
    cut.apply(&create(&full_user("ada")))
        .await
        .map_err(failed(PROMISE))?;
    drop(cut);
    has(&Cursors::default()).await?;
    run(&store, PROMISE, &[create(&full_user("ada"))]).await?;
    has(&Cursors::default()).await?;
    let before = load(&store, PROMISE).await?.revision;
    let first = Cursors::default().with(Source::Primary, Cursor::new(*b"\0'\xff"));
    let second = Cursors::default().with(Source::Third, Cursor::new([]));
    let third = Cursors::default().with(Source::Primary, Cursor::new(several_pieces()));
    let shorter = Cursors::default().with(Source::Primary, Cursor::new([7; 5000]));
    let both = first.clone().with(Source::Third, Cursor::new([]));
    let large = third.clone().with(Source::Third, Cursor::new([]));
    let last = shorter.clone().with(Source::Third, Cursor::new([]));
    let none = Cursors::default();
    for (stored, then) in [
        (&first, &first),
        (&second, &both),
        (&none, &both),
        (&third, &large),
        (&shorter, &last),
    ] {
        let run = opened(&store, PROMISE).await?;
        run.finish(stored).await.map_err(failed(PROMISE))?;
        has(then).await?;
    }
    let after = load(&store, PROMISE).await?.revision;
    check(PROMISE, before == after, || {
        "a cursor gave another revision".into()
    })
}

/// More than a store keeps in one piece.
fn several_pieces() -> Vec<u8> {
    let bytes = (0_u32..700_000).map(|number| number.wrapping_mul(0x9e37_79b1));
    bytes.flat_map(u32::to_le_bytes).collect()
}

/// An open run at the present revision.
async fn opened<S: Store>(store: &S, promise: &'static str) -> Result<S::Run, Nonconformance> {
    let revision = load(store, promise).await?.revision;
    match begin(store, &revision, promise).await? {
        Begin::Open(run) => Ok(run),
        Begin::Busy | Begin::Stale => Err(nonconformance(promise, "a run was refused")),
    }
}

async fn revisions_tell_states_apart<F: Fixture>(fixture: &F) -> Outcome {
    const PROMISE: &str = "every change gives another revision, and a run begins with the present one only";
    let store = fixture.empty().await;
    let empty = load(&store, PROMISE).await?;
    run(&store, PROMISE, &[create(&full_user("ada"))]).await?;
    let created = load(&store, PROMISE).await?;
    check(PROMISE, empty.revision != created.revision, || {
        "a run gave no other revision".into()
    })?;
    let stale = begin(&store, &empty.revision, PROMISE).await?;
    check(PROMISE, matches!(stale, Begin::Stale), || {
        "a run began with an old revision".into()
    })?;
    run(&store, PROMISE, &[create(&full_user("ada"))]).await?;
    let same = load(&store, PROMISE).await?;
    check(PROMISE, created.revision == same.revision, || {
        "a run without changes gave another revision".into()
    })?;
    fixture.add_local(&store, "local", Origin::Local).await;
    let local = load(&store, PROMISE).await?;
    check(PROMISE, same.revision != local.revision, || {
        "the application's change gave no other revision".into()
    })?;
    check(PROMISE, empty.digest_key == local.digest_key, || {
        "the digest key is another one".into()
    })
}

async fn load<S: Store>(store: &S, promise: &'static str) -> Result<StoreState, Nonconformance> {
    store.load().await.map_err(failed(promise))
}

async fn begin<S: Store>(
    store: &S,
    revision: &Revision,
    promise: &'static str,
) -> Result<Begin<S::Run>, Nonconformance> {
    store.begin(revision).await.map_err(failed(promise))
}

async fn run<S: Store>(
    store: &S,
    promise: &'static str,
    operations: &[Operation],
) -> Result<Vec<Applied>, Nonconformance> {
    let mut run = opened(store, promise).await?;
    let mut all = Vec::with_capacity(operations.len());
    for operation in operations {
        all.push(run.apply(operation).await.map_err(failed(promise))?);
    }
    run.finish(&Cursors::default()).await.map_err(failed(promise))?;
    Ok(all)
}

fn failed<E: std::error::Error>(promise: &'static str) -> impl Fn(E) -> Nonconformance {
    move |error| nonconformance(promise, format!("the store failed: {error}"))
}

fn nonconformance(promise: &'static str, found: impl Into<String>) -> Nonconformance {
    Nonconformance {
        promise,
        found: found.into(),
    }
}

fn fail(promise: &'static str, found: &str) -> Outcome {
    Err(nonconformance(promise, found))
}

fn check(promise: &'static str, kept: bool, found: impl FnOnce() -> String) -> Outcome {
    if kept {
        Ok(())
    } else {
        Err(nonconformance(promise, found()))
    }
}

fn users(state: &StoreState) -> Vec<StoredUser> {
    state.users().collect()
}

/// An entry of the third source only.
fn third(key: Key) -> Links {
    Links::of([Link::new(Source::Third, key.clone())]).unwrap_or_else(|| Links::primary(key))
}

fn named(state: &StoreState, name: &str, promise: &'static str) -> Result<StoredUser, Nonconformance> {
    let folded = FoldedName::of(name);
    let found = state.users().find(|user| FoldedName::of(&user.name) == folded);
    found.ok_or_else(|| nonconformance(promise, format!("there is no user `{name}`")))
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

fn full_user(name: &str) -> NewUser {
    let both = Links::both(Key::new("p1"), Key::new("s1"));
    let mut user = NewUser::new(both, name);
    user.enabled = false;
    user.details = Details {
        full_name: Some("Ada, Countess of Lovelace".into()),
        email: Some("ada@example.org".into()),
        other_emails: vec!["a@example.org".into(), "b@example.org".into()],
        department: Some("\u{5206}\u{6790} 'n <b>".into()),
        office: Some("a".into()),
        cards: vec!["9".into(), "10".into(), "1".into()],
        home_directory: Some("\\\\files\\ada".into()),
        pin: Pin::new("1234"),
        sid: Sid::new(5, &[21, 1, 2, 3, 1104]),
    };
    user
}

fn group(name: &str) -> StoredGroup {
    StoredGroup::new(Link::new(Source::Primary, Key::new("g1")), "example.org", name)
}

fn create(user: &NewUser) -> Operation {
    Operation::CreateUser(user.clone())
}

fn join(user: &NewUser, group: &StoredGroup) -> Operation {
    Operation::AddMembership {
        user: user.links.owner(),
        group: group.link.clone(),
    }
}

fn update(user: &StoredUser, field: Field, from: Value, to: Value) -> Operation {
    Operation::UpdateUser {
        user: user.id.clone(),
        changes: vec![Change::new(field, from, to, Source::Primary)],
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn pin(digits: &str) -> Value {
    Pin::new(digits).map_or(Value::Absent, Value::Pin)
}
