//! `cargo xtask test`: everything that must hold.

mod licences;
mod links;
mod long;
mod release;
mod report;
mod tally;

use crate::{
    command::{cargo, run as run_command},
    edges, examples,
    failure::Failure,
    fuzz, instructions,
    lab::RunningLab,
    requirements, tool,
    workspace::Workspace,
};
use release::Build;
use report::Report;

/// How long each fuzz target runs.
const FUZZ_SECONDS: u32 = 5;

/// What to leave out, and what to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    lab: bool,
    long: bool,
    /// A part of the name of the steps to run; empty for all.
    step: String,
}

impl Options {
    /// Reads `--no-lab`, `--long` and `--step NAME`.
    ///
    /// # Errors
    /// Any other word, or no name.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, Failure> {
        let mut options = Self {
            lab: true,
            long: false,
            step: String::new(),
        };
        let mut words = words.iter();
        while let Some(&word) = words.next() {
            match word {
                "--no-lab" => options.lab = false,
                "--long" => options.long = true,
                "--step" => {
                    let name = words
                        .next()
                        .ok_or_else(|| Failure::new("test: --step has no name"))?;
                    (*name).clone_into(&mut options.step);
                }
                _ => return Err(Failure::new(format!("test: no option `{word}`"))),
            }
        }
        Ok(options)
    }
}

/// Runs every step, goes on after a failure, and sums up.
///
/// # Errors
/// When a tool is missing or a step failed.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let mut report = Report::of(&options.step);
    report.step("tools", |_| tools(options));
    if report.is_clean() {
        let workspace = Workspace::load()?;
        fast_checks(&mut report);
        tests(&mut report, &workspace);
        report.step("instruction counts", |report| {
            if instructions::compare()? == instructions::Outcome::OtherCompiler {
                report.leave_out("the comparison of instruction counts: they are of another compiler");
            }
            Ok(())
        });
        lab_tests(&mut report, &workspace, options);
        fuzzing(&mut report, options);
        if options.long {
            long::steps(&mut report, options.lab);
        } else {
            report.leave_out(
                "soaks, packages built, feature powerset, minimal versions, oldest toolchain: they run with --long",
            );
        }
    }
    report.conclude()
}

/// What must be installed before anything else makes sense.
fn tools(options: &Options) -> Result<(), Failure> {
    if options.lab {
        tool::ensure_lab()?;
    }
    tool::DENY.ensure()?;
    tool::FUZZ.ensure()?;
    Ok(())
}

fn fast_checks(report: &mut Report) {
    report.step("format", |_| {
        run_command(cargo(&["fmt", "--all", "--check", "--", "-l"]))?;
        run_command(cargo(&[
            "fmt",
            "--manifest-path",
            "fuzz/Cargo.toml",
            "--check",
            "--",
            "-l",
        ]))
    });
    report.step("lints", |_| {
        let deny = ["--", "-D", "warnings"];
        let mut all = cargo(&["clippy", "--workspace", "--all-targets", "--all-features"]);
        all.args(deny);
        run_command(all)?;
        let mut oracles = fuzz::on_stable(&["clippy", "--all-targets"])?;
        oracles.args(deny);
        run_command(oracles)
    });
    report.step("edges", |_| edges::run());
    report.step("requirements", |_| requirements::check());
    report.step("links", |_| links::check());
    report.step("packages", |_| release::packages(Build::No));
    report.step("licences and sources", |_| licences::check());
    report.step("advisories", licences::advisories);
}

/// Unit, integration, doc and example tests, and the documentation itself.
///
/// All features at once, so that each crate is built once; the lab's tests are named apart.
fn tests(report: &mut Report, workspace: &Workspace) {
    report.step("unit and integration tests", |report| {
        let mut command = cargo(&["test", "--workspace", "--all-features", "--no-fail-fast"]);
        command.args(["--lib", "--bins", "--examples"]);
        for test in workspace.targets("test") {
            if !is_lab_test(test) {
                command.args(["--test", test]);
            }
        }
        report.count(command)
    });
    report.step("doc tests", |report| {
        report.count(cargo(&[
            "test",
            "--workspace",
            "--all-features",
            "--no-fail-fast",
            "--doc",
        ]))
    });
    report.step("documentation", |_| {
        let mut command = cargo(&["doc", "--workspace", "--all-features", "--no-deps"]);
        command.env("RUSTDOCFLAGS", "-D warnings");
        run_command(command)
    });
    report.step("examples", |_| examples::run());
}

fn lab_tests(report: &mut Report, workspace: &Workspace, options: &Options) {
    if !options.lab {
        report.leave_out("the tests against the lab: --no-lab");
        return;
    }
    let rounds = if options.long { long::LAB_ROUNDS } else { 1 };
    report.step("lab tests", |report| {
        let _lab = RunningLab::start()?;
        for _ in 0..rounds {
            let mut command = cargo(&["test", "--workspace", "--all-features", "--no-fail-fast"]);
            for test in workspace.targets("test") {
                if is_lab_test(test) {
                    command.args(["--test", test]);
                }
            }
            report.count(command)?;
        }
        if options.long {
            report.count(long::sign_ins())?;
            report.count(long::changes())?;
        }
        examples::run_in_lab()
    });
}

/// Whether the test target `name` needs the lab.
fn is_lab_test(name: &str) -> bool {
    name == "lab" || name.starts_with("lab_")
}

fn fuzzing(report: &mut Report, options: &Options) {
    report.step("replay of corpora and crashes", |report| {
        report.count(fuzz::replay_command()?)
    });
    let seconds = if options.long {
        long::FUZZ_SECONDS
    } else {
        FUZZ_SECONDS
    };
    report.step("fuzzing", |_| fuzz::fuzz(None, seconds));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_few_and_others_are_errors() {
        let all = Options {
            lab: true,
            long: false,
            step: String::new(),
        };
        assert_eq!(Options::parse(&[]), Ok(all));
        let one = Options {
            lab: false,
            long: true,
            step: "packages".to_owned(),
        };
        assert_eq!(
            Options::parse(&["--long", "--no-lab", "--step", "packages"]),
            Ok(one)
        );
        assert!(Options::parse(&["--lab"]).is_err());
        assert!(Options::parse(&["--step"]).is_err());
    }

    #[test]
    fn the_labs_tests_are_known_by_name() {
        assert!(is_lab_test("lab") && is_lab_test("lab_sync"));
        assert!(!is_lab_test("labels"));
    }
}
