//! What runs, cursors and revisions promise.

use adlib_schema::record::Key;

use super::{
    super::{Applied, Begin, Cursor, Cursors, NewUser, Origin, Run, Store},
    Fixture, Nonconformance, Outcome,
    check::{begin, check, fail, failed, load, named, nonconformance, run},
    sample::{create, full_user},
    users::third,
};
use crate::Source;

pub(super) async fn one_run_at_a_time<F: Fixture>(fixture: &F) -> Outcome {
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

pub(super) async fn silent_runs_lose_their_turn<F: Fixture>(fixture: &F) -> Outcome {
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

pub(super) async fn cursors_come_last<F: Fixture>(fixture: &F) -> Outcome {
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
pub(super) async fn opened<S: Store>(store: &S, promise: &'static str) -> Result<S::Run, Nonconformance> {
    let revision = load(store, promise).await?.revision;
    match begin(store, &revision, promise).await? {
        Begin::Open(run) => Ok(run),
        Begin::Busy | Begin::Stale => Err(nonconformance(promise, "a run was refused")),
    }
}

pub(super) async fn revisions_tell_states_apart<F: Fixture>(fixture: &F) -> Outcome {
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
