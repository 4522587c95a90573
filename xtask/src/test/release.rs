//! What a release needs: packages that are whole, and a public interface that keeps its promises.

use super::report::Report;
use crate::{
    command::{cargo, program, read, root, run},
    failure::Failure,
    tool,
    workspace::Workspace,
};

/// Whether packages are also built from what is in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Build {
    Yes,
    No,
}

/// Packs every crate that is published.
pub(super) fn packages(build: Build) -> Result<(), Failure> {
    let workspace = Workspace::load()?;
    // What is needed was fetched for the build before.
    let mut command = cargo(&["package", "--quiet", "--allow-dirty", "--offline"]);
    for package in workspace.packages.iter().filter(|package| package.is_published) {
        files(&package.name)?;
        command.args(["--package", &package.name]);
    }
    if build == Build::No {
        command.arg("--no-verify");
    }
    run(command)
}

/// Whether the package has what each must have.
fn files(package: &str) -> Result<(), Failure> {
    let directory = root().join("crates").join(package);
    for file in ["README.md", "LICENSE-APACHE", "LICENSE-MIT"] {
        if !directory.join(file).is_file() {
            return Err(Failure::new(format!("{package}: no {file}")));
        }
    }
    Ok(())
}

/// Compares the public interface with that of the last release.
pub(super) fn interface(report: &mut Report) -> Result<(), Failure> {
    let tags = read(program("git", &["tag", "--list", "v*", "--sort=-v:refname"]))?;
    let Some(last) = tags.lines().next() else {
        report.leave_out("the public interface beside that of the last release: there is none yet");
        return Ok(());
    };
    tool::SEMVER.ensure()?;
    run(cargo(&[
        "semver-checks",
        "check-release",
        "--workspace",
        "--baseline-rev",
        last,
    ]))
}
