//! `cargo xtask instructions`: how many instructions the paths without input and output take, beside the counts that the
//! repository keeps.
//!
//! Callgrind counts them, so that a busy machine says the same as a quiet one. A compiler of another version makes another
//! program, which is why counts are compared with those of the same version only.

use std::{collections::BTreeMap, fs, path::Path};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    command::{cargo, program, read, root, run as run_command},
    failure::Failure,
    tool,
    workspace::Workspace,
};

/// Where the counts are kept.
const COUNTS: &str = "benches/instructions/counts.json";
/// A rise by more than this is a failure.
const TOLERANCE: f64 = 0.03;

/// Instructions of each path.
type Instructions = BTreeMap<String, u64>;

/// What the repository keeps.
#[derive(Debug, Deserialize, Serialize)]
struct Counts {
    /// As `rustc --version` has it.
    rustc: String,
    instructions: Instructions,
}

/// What came of comparing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing takes more than it did.
    Compared,
    /// The counts are of another compiler.
    OtherCompiler,
}

/// Counts, prints, and with `--accept` writes what it counted.
///
/// # Errors
/// When a path takes more than it did, or there is nothing to compare with.
pub(crate) fn run(options: &[&str]) -> Result<(), Failure> {
    match options {
        [] => compare().map(drop),
        ["--accept"] => {
            let counts = Counts {
                rustc: compiler()?,
                instructions: count()?,
            };
            fs::write(root().join(COUNTS), serde_json::to_string_pretty(&counts)? + "\n")?;
            println!("written to {COUNTS}");
            Ok(())
        }
        [option, ..] => Err(Failure::new(format!("instructions: no option `{option}`"))),
    }
}

/// Counts, and compares with what the repository keeps.
///
/// # Errors
/// When a path takes more than it did, is not in the file, or nothing can be counted.
pub(crate) fn compare() -> Result<Outcome, Failure> {
    let kept: Counts = serde_json::from_str(&fs::read_to_string(root().join(COUNTS))?)?;
    let compiler = compiler()?;
    if kept.rustc != compiler {
        println!(
            "{COUNTS} is of {}, this is {compiler}: nothing is compared",
            kept.rustc
        );
        return Ok(Outcome::OtherCompiler);
    }
    let counted = count()?;
    let mut faults = Vec::new();
    println!("{:<40}{:>12}{:>12}{:>9}", "path", "kept", "counted", "change");
    for (path, now) in &counted {
        match kept.instructions.get(path) {
            Some(before) => {
                let change = *now as f64 / *before as f64 - 1.0;
                let line = format!("{path:<40}{before:>12}{now:>12}{:>8.1}%", change * 100.0);
                println!("{line}");
                if change > TOLERANCE {
                    faults.push(line);
                }
            }
            None => faults.push(format!("{path}: not in {COUNTS}")),
        }
    }
    let gone = kept
        .instructions
        .keys()
        .filter(|path| !counted.contains_key(*path));
    faults.extend(gone.map(|path| format!("{path}: was not counted")));
    if faults.is_empty() {
        return Ok(Outcome::Compared);
    }
    faults.push("what is meant to be so is kept by `cargo xtask instructions --accept`".to_owned());
    Err(Failure::new(faults.join("\n")))
}

fn compiler() -> Result<String, Failure> {
    let version = read(program("rustc", &["--version"]))?;
    Ok(version.trim().to_owned())
}

/// Runs the benches under callgrind.
fn count() -> Result<Instructions, Failure> {
    tool::ensure_callgrind()?;
    let home = Workspace::load()?.target_directory.join("instructions");
    if home.exists() {
        fs::remove_dir_all(&home)?;
    }
    let mut command = cargo(&[
        "bench",
        "--package",
        "adlib-instructions",
        "--bench",
        "pure_paths",
    ]);
    command
        .env("GUNGRAUN_HOME", &home)
        .env("GUNGRAUN_SAVE_SUMMARY", "json");
    run_command(command)?;
    let mut instructions = Instructions::new();
    summaries(&home, &mut instructions)?;
    Ok(instructions)
}

/// What the summaries in `directory`, and in those below it, say.
fn summaries(directory: &Path, instructions: &mut Instructions) -> Result<(), Failure> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            summaries(&path, instructions)?;
        } else if path.ends_with("summary.json") {
            instructions.extend(counted(&serde_json::from_slice(&fs::read(&path)?)?));
        }
    }
    Ok(())
}

/// The path that `summary` is about, and its instructions.
fn counted(summary: &Value) -> Option<(String, u64)> {
    let word = |key: &str| summary.get(key).and_then(Value::as_str);
    let name = format!("{}/{}", word("function_name")?, word("id")?);
    let total = summary.pointer("/profiles/0/data/total/metrics/Ir/values/new")?;
    Some((name, total.as_u64()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_has_a_name_and_a_count() {
        let metrics = serde_json::json!({ "Ir": { "values": { "new": 8761 } } });
        let summary = serde_json::json!({
            "function_name": "dn_parse", "id": "with_escape",
            "profiles": [{ "data": { "total": { "metrics": metrics } } }],
        });
        assert_eq!(counted(&summary), Some(("dn_parse/with_escape".to_owned(), 8761)));
        assert_eq!(counted(&serde_json::json!({})), None);
    }

    #[test]
    fn what_is_kept_can_be_read() {
        let kept: Counts =
            serde_json::from_str(include_str!("../../benches/instructions/counts.json")).unwrap();
        assert!(kept.rustc.starts_with("rustc 1."), "{}", kept.rustc);
        assert!(kept.instructions.values().all(|count| *count > 0));
    }
}
