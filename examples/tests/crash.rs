//! A run over an SQLite file whose process is killed, or whose store fails, at every single point.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod interrupted;

use std::{fs, path::Path};

use adlib_examples::SqliteStore;
use adlib_sync::{Details, store::Origin};

use interrupted::{content, fail_at, kill_at, points_of_a_day, run, store_of_the_victim, wait_at_the_point};

/// A file as it was before the day, with a user of the application's own.
async fn prepare(directory: &Path) {
    interrupted::write_sources(directory);
    let store = SqliteStore::open(directory.join("before.sqlite")).unwrap();
    store
        .add_local("operator", Origin::Local, &Details::default())
        .unwrap();
    run(&store, directory, "before").await;
}

/// A copy of that file.
fn copy(directory: &Path) -> SqliteStore {
    for file in ["users.sqlite", "users.sqlite-wal", "users.sqlite-shm"] {
        drop(fs::remove_file(directory.join(file)));
    }
    fs::copy(directory.join("before.sqlite"), directory.join("users.sqlite")).unwrap();
    SqliteStore::open(directory.join("users.sqlite")).unwrap()
}

/// R37, A58: killed before and after every call of the store, the next run ends in the same state.
#[tokio::test]
async fn a58_a_process_killed_anywhere_leaves_what_the_next_run_finishes() {
    if let Some(file) = store_of_the_victim() {
        let file = Path::new(&file);
        let store = SqliteStore::open(file).unwrap();
        return wait_at_the_point(&store, file.parent().unwrap()).await;
    }
    let site = tempfile::tempdir().unwrap();
    let directory = site.path();
    prepare(directory).await;
    let points = points_of_a_day(&copy(directory), directory).await;
    let before = content(&copy(directory)).await;
    let whole = copy(directory);
    run(&whole, directory, "after").await;
    let after = content(&whole).await;
    drop(whole);
    for point in 0..points {
        drop(copy(directory));
        let file = directory.join("users.sqlite");
        kill_at(
            "a58_a_process_killed_anywhere_leaves_what_the_next_run_finishes",
            file.to_str().unwrap(),
            point,
        );
        let store = SqliteStore::open(&file).unwrap();
        // A run is one transaction here, and committed by its last call.
        let left = if point + 1 < points { &before } else { &after };
        assert_eq!(content(&store).await, *left, "point {point}");
        run(&store, directory, "after").await;
        assert_eq!(content(&store).await, after, "point {point}");
    }
}

/// R37, A58
#[tokio::test]
async fn a58_a_store_that_fails_anywhere_is_brought_to_the_end_by_the_next_run() {
    let site = tempfile::tempdir().unwrap();
    let directory = site.path();
    prepare(directory).await;
    let whole = copy(directory);
    let points = points_of_a_day(&whole, directory).await;
    run(&whole, directory, "after").await;
    let after = content(&whole).await;
    drop(whole);
    for point in 0..points {
        let store = copy(directory);
        fail_at(&store, directory, point).await;
        run(&store, directory, "after").await;
        assert_eq!(content(&store).await, after, "point {point}");
    }
}
