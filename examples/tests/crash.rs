//! A run over an SQLite file whose process is killed, or whose store fails, at every single point.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod interrupted;

use std::{
    fs,
    io::{BufRead, BufReader, Write as _},
    path::Path,
};

use adlib_examples::SqliteStore;
use adlib_sync::{
    Details, Error, Rejection, Store,
    store::{Begin, Origin, Run},
};

use interrupted::{
    BLOCKED, content, fail_at, kill_at, points_of_a_day, run, start, store_of_the_victim, wait_at_the_point,
};

/// A file as it was before the day, with a user of the application's own.
async fn prepare(directory: &Path) {
    interrupted::write_sources(directory);
    let store = SqliteStore::open(directory.join("before.sqlite")).unwrap();
    store
        .add_local("operator", Origin::Local, &Details::default())
        .unwrap();
    run(&store, directory, "before").await;
    assert!(store.set_blocked(BLOCKED, true).unwrap());
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
    let mut partial = 0;
    for point in 0..points {
        drop(copy(directory));
        let file = directory.join("users.sqlite");
        kill_at(
            "a58_a_process_killed_anywhere_leaves_what_the_next_run_finishes",
            file.to_str().unwrap(),
            point,
        );
        let store = SqliteStore::open(&file).unwrap();
        let left = content(&store).await;
        assert!(left.cursors == before.cursors || left == after, "point {point}");
        partial += usize::from(left != before && left != after);
        run(&store, directory, "after").await;
        assert_eq!(content(&store).await, after, "point {point}");
    }
    assert!(
        partial > points / 2,
        "{partial} of {points} were killed in the middle"
    );
}

/// What the process says that is silent for too long, when it has begun, and what its late operation comes to.
const BEGUN: &str = "begun";
const LATE: &str = "late: ";

/// A62: of two processes over one file the second is refused, until the first is silent for too long. Then the second
/// has the turn, and what the first one still tries takes no effect.
#[tokio::test]
async fn a62_a_process_that_is_silent_for_too_long_loses_its_turn() {
    const THIS: &str = "a62_a_process_that_is_silent_for_too_long_loses_its_turn";
    if let Some(file) = store_of_the_victim() {
        return be_silent(Path::new(&file)).await;
    }
    let site = tempfile::tempdir().unwrap();
    let directory = site.path();
    prepare(directory).await;
    let store = copy(directory);
    let mut silent = start(THIS, directory.join("users.sqlite").to_str().unwrap(), 0);
    let mut lines = BufReader::new(silent.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    assert!(lines.any(|line| line == BEGUN));
    let plan = interrupted::plan(&store, directory, "after").await.unwrap();
    let refused = plan.apply(&store).await.unwrap_err();
    assert!(matches!(refused, Error::Refused(Rejection::Busy)), "{refused}");

    // By another name it is the same store: the run is not taken for one whose process has died.
    let link = directory.join("link.sqlite");
    std::os::unix::fs::symlink(directory.join("users.sqlite"), &link).unwrap();
    let same = SqliteStore::open(&link).unwrap();
    let plan = interrupted::plan(&same, directory, "after").await.unwrap();
    let refused = plan.apply(&same).await.unwrap_err();
    assert!(matches!(refused, Error::Refused(Rejection::Busy)), "{refused}");

    let connection = rusqlite::Connection::open(directory.join("users.sqlite")).unwrap();
    let expire = "UPDATE sync_run SET expires = 0 WHERE ended IS NULL";
    assert_eq!(connection.execute(expire, []).unwrap(), 1);
    run(&store, directory, "after").await;
    let after = content(&store).await;
    silent.stdin.take().unwrap().write_all(b"\n").unwrap();
    let late = lines.find(|line| line.starts_with(LATE)).unwrap();
    assert_eq!(
        late,
        "late: this run was silent for too long, and another one has begun"
    );
    assert!(silent.wait().unwrap().success());
    assert_eq!(content(&store).await, after);
}

/// In the other process: a run that does one thing, waits for a line, and goes on.
async fn be_silent(file: &Path) {
    let store = SqliteStore::open(file).unwrap();
    let plan = interrupted::plan(&store, file.parent().unwrap(), "after")
        .await
        .unwrap();
    let Begin::Open(mut run) = store.begin(plan.revision()).await.unwrap() else {
        panic!("the first run was refused")
    };
    let mut operations = plan.operations();
    run.apply(&operations.next().unwrap()).await.unwrap();
    println!("\n{BEGUN}");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    let late = run.apply(&operations.next().unwrap()).await.unwrap_err();
    println!("\n{LATE}{late}");
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
