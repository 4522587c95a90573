//! Python modules that Debian has not, for peers: in virtual environments of their own.

use std::fs;

use crate::{
    command::{program, root, run},
    failure::Failure,
};

const PYTHON: &str = "/usr/bin/python3";

/// An environment, and the file that says what is in it.
pub(crate) struct Environment {
    requirements: &'static str,
    path: &'static str,
}

/// The lab's peers; `adlib_lab::peer::python` looks for it there.
pub(crate) const LAB: Environment = Environment {
    requirements: "lab/python/requirements.txt",
    path: "target/lab-python",
};

/// The peers of `benches/sync.rs`.
pub(crate) const BENCHES: Environment = Environment {
    requirements: "benches/python/requirements.txt",
    path: "target/bench-python",
};

/// Makes the environment, unless it holds what is required; then nothing is asked of the network.
///
/// # Errors
/// When Python or pip does not succeed.
pub(crate) fn ensure(environment: &Environment) -> Result<(), Failure> {
    let Environment { requirements, path } = *environment;
    let required = fs::read_to_string(root().join(requirements))?;
    let installed = root().join(path).join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == required) {
        return Ok(());
    }
    // Debian's modules are seen: what the requirements depend on is among them.
    run(program(
        PYTHON,
        &["-m", "venv", "--clear", "--system-site-packages", path],
    ))?;
    let pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"];
    let mut install = program(root().join(path).join("bin/python"), &pip);
    install.args(["--disable-pip-version-check", "--requirement", requirements]);
    run(install)?;
    Ok(fs::write(installed, required)?)
}
