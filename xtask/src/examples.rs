//! `cargo xtask examples`: every example runs, and the quickstart stays light.

use std::{
    collections::BTreeSet,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    command::{cargo, program, watch},
    failure::Failure,
    workspace::{Package, Target, Workspace},
};

/// The package of the examples.
const PACKAGE: &str = "adlib-examples";
/// The example that a newcomer runs first.
const QUICKSTART: &str = "quickstart";
/// The build of the quickstart has fewer crates.
const CRATE_LIMIT: usize = 120;
/// Examples are offline tours: one that takes longer waits for something.
const PATIENCE: Duration = Duration::from_secs(120);

/// Examples that run against the lab's servers too, and end.
const IN_LAB: &[&str] = &[
    "login",
    "replay_redis",
    "saved_credential",
    "suffix_map",
    "sync_sqlite",
    "verify_ticket",
];

/// Builds and runs each example, as a newcomer would.
///
/// # Errors
/// When one does not build, does not end well, or the quickstart has grown too heavy.
pub(crate) fn run() -> Result<(), Failure> {
    let package = package()?;
    let features = features(&package);
    for target in package.targets.iter().filter(|target| target.kind == "example") {
        let built = build(target, &features)?;
        run_built(target, &built, &[])?;
        println!("{}: {} crates, runs", target.name, built.crates.len());
        if target.name == QUICKSTART {
            check_weight(&built.crates)?;
        }
    }
    example(&package, QUICKSTART).map(|_| ())
}

/// Builds and runs the examples that know the lab, which must be running.
///
/// # Errors
/// When one does not build or does not end well.
pub(crate) fn run_in_lab() -> Result<(), Failure> {
    let package = package()?;
    let features = features(&package);
    for name in IN_LAB {
        let target = example(&package, name)?;
        run_built(target, &build(target, &features)?, &["--lab"])?;
        println!("{name}: runs in the lab");
    }
    Ok(())
}

fn package() -> Result<Package, Failure> {
    let workspace = Workspace::load()?;
    let package = workspace.package(PACKAGE).cloned();
    package.ok_or_else(|| Failure::new(format!("no package {PACKAGE}")))
}

/// What any of the examples needs: with the same features, the library is built once for all of them.
fn features(package: &Package) -> String {
    let examples = package.targets.iter().filter(|target| target.kind == "example");
    let features: BTreeSet<&str> = examples
        .flat_map(|target| &target.required_features)
        .map(String::as_str)
        .collect();
    features.into_iter().collect::<Vec<_>>().join(",")
}

fn example<'p>(package: &'p Package, name: &str) -> Result<&'p Target, Failure> {
    let mut targets = package.targets.iter();
    let found = targets.find(|target| target.kind == "example" && target.name == name);
    found.ok_or_else(|| Failure::new(format!("no example {name}")))
}

/// What a build made.
#[derive(Debug, Default)]
struct Built {
    /// The packages that were compiled, now or before.
    crates: BTreeSet<String>,
    executable: Option<String>,
}

/// Builds `target` the way `cargo run --example` does at the root; one that needs `features`, with all of them.
fn build(target: &Target, features: &str) -> Result<Built, Failure> {
    let mut args = vec![
        "build",
        "--message-format=json-render-diagnostics",
        "--example",
        &target.name,
    ];
    if !target.required_features.is_empty() {
        args.extend(["--features", features]);
    }
    let mut built = Built::default();
    let mut bad_json = None;
    watch(cargo(&args), |line| match serde_json::from_str(line) {
        Ok(message) => built.note(&message),
        Err(error) => bad_json = Some(error),
    })?;
    bad_json.map_or(Ok(built), |error| Err(error.into()))
}

impl Built {
    fn note(&mut self, message: &Value) {
        let text = |key: &str| message.get(key).and_then(Value::as_str);
        if text("reason") == Some("compiler-artifact") {
            self.crates.extend(text("package_id").map(str::to_owned));
            if let Some(executable) = text("executable") {
                self.executable = Some(executable.to_owned());
            }
        }
    }
}

/// Runs what was built, its output kept for the case that it fails.
fn run_built(target: &Target, built: &Built, arguments: &[&str]) -> Result<(), Failure> {
    let executable = built.executable.as_deref().unwrap_or_default();
    let log = format!("{executable}.log");
    let file = std::fs::File::create(&log)?;
    let mut child = program(executable, arguments)
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .spawn()?;
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            if status.success() {
                return Ok(());
            }
            print!("{}", std::fs::read_to_string(&log)?);
            return Err(Failure::new(format!("example {}: {status}", target.name)));
        }
        if start.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Err(Failure::new(format!(
                "example {}: not done after {PATIENCE:?}",
                target.name
            )));
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn check_weight(crates: &BTreeSet<String>) -> Result<(), Failure> {
    if crates.len() < CRATE_LIMIT {
        return Ok(());
    }
    for name in crates {
        println!("  {name}");
    }
    Err(Failure::new(format!(
        "the {QUICKSTART} builds {} crates; the limit is below {CRATE_LIMIT}",
        crates.len()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(package: &str, executable: Option<&str>) -> Value {
        serde_json::json!({"reason": "compiler-artifact", "package_id": package, "executable": executable})
    }

    #[test]
    fn a_crate_counts_once_and_build_scripts_with_it() {
        let mut built = Built::default();
        for message in [
            artifact("a", None),
            artifact("a", Some("/t/build-script")),
            artifact("b", Some("/t/b")),
        ] {
            built.note(&message);
        }
        built.note(&serde_json::json!({"reason": "build-finished", "success": true}));
        assert_eq!(built.crates.len(), 2);
        assert_eq!(built.executable.as_deref(), Some("/t/b"));
    }

    #[test]
    fn the_limit_is_exclusive() {
        let crates = |count: usize| (0..count).map(|n| n.to_string()).collect();
        assert!(check_weight(&crates(CRATE_LIMIT - 1)).is_ok());
        assert!(check_weight(&crates(CRATE_LIMIT)).is_err());
    }
}
