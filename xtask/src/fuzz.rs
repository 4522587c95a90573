//! `cargo xtask fuzz`: the targets of `fuzz/`, a workspace of its own.
//!
//! Fuzzing needs the sanitizer flags that only a nightly compiler takes, or a stable one with `RUSTC_BOOTSTRAP`.
//! What a run finds on its way goes into a scratch corpus below `target/`; the corpora in the tree are seeds.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    command::{cargo, root, run as run_command},
    failure::Failure,
    tool,
    workspace::Workspace,
};

/// How long a target is fuzzed when nobody says.
const DEFAULT_SECONDS: u32 = 60;
/// More memory than this in one input is a finding.
const MEMORY_MIB: u32 = 1024;
/// One input that takes longer is a finding.
const INPUT_SECONDS: u32 = 5;

/// Runs what `options` ask for.
///
/// # Errors
/// An unknown option or target, or a finding.
pub(crate) fn run(options: &[&str]) -> Result<(), Failure> {
    match options {
        ["--seed"] => seed(),
        ["--replay"] => replay(),
        _ => {
            let (target, seconds) = parse(options)?;
            fuzz(target, seconds)
        }
    }
}

/// The target, if one is named, and the seconds.
fn parse<'a>(options: &[&'a str]) -> Result<(Option<&'a str>, u32), Failure> {
    match options {
        [] => Ok((None, DEFAULT_SECONDS)),
        ["--seconds", seconds, rest @ ..] => Ok((parse(rest)?.0, whole_seconds(seconds)?)),
        [target, rest @ ..] if !target.starts_with('-') => Ok((Some(target), parse(rest)?.1)),
        [option, ..] => Err(Failure::new(format!("fuzz: no option `{option}`"))),
    }
}

fn whole_seconds(text: &str) -> Result<u32, Failure> {
    text.parse()
        .map_err(|_| Failure::new(format!("fuzz: `{text}` is no number of seconds")))
}

/// Fuzzes `target`, or each in turn, for `seconds` each.
///
/// # Errors
/// When there is no such target, it does not build, or it finds something.
pub(crate) fn fuzz(target: Option<&str>, seconds: u32) -> Result<(), Failure> {
    tool::FUZZ.ensure()?;
    let all = targets()?;
    let chosen: Vec<&str> = match target {
        Some(target) => vec![target],
        None => all.iter().map(String::as_str).collect(),
    };
    if let Some(unknown) = chosen
        .iter()
        .find(|target| !all.iter().any(|known| known == *target))
    {
        return Err(Failure::new(format!(
            "no fuzz target `{unknown}`; there are: {}",
            all.join(", ")
        )));
    }
    let directory = target_directory()?;
    run_command(instrumented(&["build"], &directory))?;
    let mut found = Vec::new();
    for target in chosen {
        if !runs_clean(target, seconds, &directory)? {
            found.push(target);
        }
    }
    if found.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "findings, kept in fuzz/crashes: {}",
            found.join(", ")
        )))
    }
}

/// Whether `target` finds nothing in `seconds`; prints how much it tried, or all that the engine said.
fn runs_clean(target: &str, seconds: u32, directory: &Path) -> Result<bool, Failure> {
    let log = directory.join(format!("{target}.log"));
    let mut command = fuzz_command(target, seconds, directory)?;
    let clean = command
        .stdout(Stdio::null())
        .stderr(fs::File::create(&log)?)
        .status()?
        .success();
    let said = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    match said
        .lines()
        .find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))
    {
        Some(inputs) if clean => println!("{target}: {} inputs in {seconds} s", inputs.trim()),
        _ => println!("{said}"),
    }
    Ok(clean)
}

/// Replays corpora and kept crashes, without instruments, on whatever toolchain is here.
///
/// # Errors
/// When one of them fails again.
pub(crate) fn replay() -> Result<(), Failure> {
    run_command(replay_command()?)
}

/// The tests of the fuzz workspace, among them the replay.
///
/// # Errors
/// When the workspace cannot be read.
pub(crate) fn replay_command() -> Result<Command, Failure> {
    on_stable(&["test", "--no-fail-fast"])
}

/// Writes the seeds.
fn seed() -> Result<(), Failure> {
    run_command(on_stable(&["run", "--example", "seeds"])?)
}

/// Cargo with `args` in the fuzz workspace, without the engine.
///
/// # Errors
/// When the main workspace, which says where to build, cannot be read.
pub(crate) fn on_stable(args: &[&str]) -> Result<Command, Failure> {
    let mut command = cargo(args);
    command.args([
        "--no-default-features",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--target-dir",
    ]);
    command.arg(target_directory()?);
    Ok(command)
}

/// The names of the targets, which are files.
fn targets() -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join("fuzz/fuzz_targets"))? {
        let path = entry?.path();
        if let (Some("rs"), Some(name)) = (
            path.extension().and_then(|extension| extension.to_str()),
            path.file_stem().and_then(|stem| stem.to_str()),
        ) {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// `cargo fuzz` with `args`, able to use the sanitizer on a stable compiler too.
fn instrumented(args: &[&str], directory: &Path) -> Command {
    let mut command = cargo(&["fuzz"]);
    command
        .args(args)
        .args(["--fuzz-dir", "fuzz", "--target-dir"])
        .arg(directory);
    command.env("RUSTC_BOOTSTRAP", "1");
    command
}

/// One run of one target: new inputs into the scratch corpus, seeds from the tree, findings into `fuzz/crashes`.
fn fuzz_command(target: &str, seconds: u32, directory: &Path) -> Result<Command, Failure> {
    let scratch = directory.join("corpus").join(target);
    let seeds = root().join("fuzz/corpus").join(target);
    let crashes = root().join("fuzz/crashes").join(target);
    for path in [&scratch, &seeds, &crashes] {
        fs::create_dir_all(path)?;
    }
    let mut command = instrumented(&["run"], directory);
    command.arg(target).args([scratch, seeds]).arg("--");
    command.args([
        format!("-max_total_time={seconds}"),
        format!("-rss_limit_mb={MEMORY_MIB}"),
        format!("-timeout={INPUT_SECONDS}"),
        format!("-artifact_prefix={}/", crashes.display()),
        "-print_final_stats=1".to_owned(),
        "-verbosity=0".to_owned(),
    ]);
    Ok(command)
}

fn target_directory() -> Result<PathBuf, Failure> {
    Ok(Workspace::load()?.target_directory.join("fuzz"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn target_and_seconds_come_in_any_order() {
        assert_eq!(parse(&[]), Ok((None, DEFAULT_SECONDS)));
        assert_eq!(parse(&["sid", "--seconds", "5"]), Ok((Some("sid"), 5)));
        assert_eq!(parse(&["--seconds", "5", "sid"]), Ok((Some("sid"), 5)));
        assert!(parse(&["--seconds", "soon"]).is_err());
        assert!(parse(&["--fast"]).is_err());
    }
}
