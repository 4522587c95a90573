//! Python modules that Debian has not, for the lab's peers: in a virtual environment of their own.

use std::fs;

use crate::{
    command::{program, root, run},
    failure::Failure,
};

const PYTHON: &str = "/usr/bin/python3";
const REQUIREMENTS: &str = "lab/python/requirements.txt";
/// Where `adlib_lab::peer::python` looks for it.
const ENVIRONMENT: &str = "target/lab-python";

/// Makes the environment, unless it holds what is required; then nothing is asked of the network.
///
/// # Errors
/// When Python or pip does not succeed.
pub(crate) fn ensure() -> Result<(), Failure> {
    let required = fs::read_to_string(root().join(REQUIREMENTS))?;
    let installed = root().join(ENVIRONMENT).join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == required) {
        return Ok(());
    }
    // Debian's modules are seen: what the requirements depend on is among them.
    run(program(
        PYTHON,
        &["-m", "venv", "--clear", "--system-site-packages", ENVIRONMENT],
    ))?;
    let pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"];
    let mut install = program(root().join(ENVIRONMENT).join("bin/python"), &pip);
    install.args(["--disable-pip-version-check", "--requirement", REQUIREMENTS]);
    run(install)?;
    Ok(fs::write(installed, required)?)
}
