//! Calls of a store, and what they should come to.

use super::{
    super::{Applied, Begin, Cursors, Operation, Revision, Run, Store, StoreState, StoredUser},
    Nonconformance, Outcome,
    runs::opened,
};
use crate::FoldedName;

pub(super) async fn load<S: Store>(store: &S, promise: &'static str) -> Result<StoreState, Nonconformance> {
    store.load().await.map_err(failed(promise))
}

pub(super) async fn begin<S: Store>(
    store: &S,
    revision: &Revision,
    promise: &'static str,
) -> Result<Begin<S::Run>, Nonconformance> {
    store.begin(revision).await.map_err(failed(promise))
}

pub(super) async fn run<S: Store>(
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

pub(super) fn failed<E: std::error::Error>(promise: &'static str) -> impl Fn(E) -> Nonconformance {
    move |error| nonconformance(promise, format!("the store failed: {error}"))
}

pub(super) fn nonconformance(promise: &'static str, found: impl Into<String>) -> Nonconformance {
    Nonconformance {
        promise,
        found: found.into(),
    }
}

pub(super) fn fail(promise: &'static str, found: &str) -> Outcome {
    Err(nonconformance(promise, found))
}

pub(super) fn check(promise: &'static str, kept: bool, found: impl FnOnce() -> String) -> Outcome {
    if kept {
        Ok(())
    } else {
        Err(nonconformance(promise, found()))
    }
}

pub(super) fn users(state: &StoreState) -> Vec<StoredUser> {
    state.users().collect()
}

pub(super) fn named(
    state: &StoreState,
    name: &str,
    promise: &'static str,
) -> Result<StoredUser, Nonconformance> {
    let folded = FoldedName::of(name);
    let found = state.users().find(|user| FoldedName::of(&user.name) == folded);
    found.ok_or_else(|| nonconformance(promise, format!("there is no user `{name}`")))
}
