//! Every input that is kept, given to its oracle again: on any toolchain, without instruments.

use std::{
    fs,
    panic::catch_unwind,
    path::{Path, PathBuf},
};

use adlib_fuzz::{ORACLES, seed::seeds};

fn here(directory: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(directory)
}

/// The files of a directory, in order; none when there is no such directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Replays what `kind` holds for each target, and names all inputs that fail.
fn replay(kind: &str) -> usize {
    let mut count = 0;
    let mut failed = Vec::new();
    for (target, oracle) in ORACLES {
        for file in files(&here(kind).join(target)) {
            let input = fs::read(&file).unwrap();
            count += 1;
            if catch_unwind(|| oracle(&input)).is_err() {
                failed.push(file);
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
    count
}

#[test]
fn the_corpora_hold() {
    assert!(replay("corpus") >= seeds().len());
}

#[test]
fn no_crash_comes_back() {
    replay("crashes");
}

#[test]
fn every_oracle_has_a_target_and_a_corpus_and_nothing_else_has() {
    let names: Vec<String> = ORACLES.iter().map(|(name, _)| (*name).to_owned()).collect();
    let listed = |directory: &str| -> Vec<String> {
        let stem = |path: PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
        files(&here(directory)).into_iter().map(stem).collect()
    };
    assert_eq!(listed("fuzz_targets"), names);
    assert_eq!(listed("corpus"), names);
    assert!(
        listed("crashes")
            .iter()
            .all(|name| names.contains(name) || name == ".gitkeep")
    );
}

#[test]
fn the_seeds_in_the_tree_are_those_that_would_be_written() {
    for (target, name, content) in seeds() {
        let file = here("corpus").join(target).join(name);
        assert!(
            fs::read(&file).is_ok_and(|kept| kept == content),
            "{}: write anew",
            file.display()
        );
    }
}
