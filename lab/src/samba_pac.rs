//! What Samba's library reads in a PAC; `python/samba_pac.py` asks it.

use std::process::Command;

use crate::{fail, hex};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/samba_pac.py");

/// What Samba's library reads in `pac`: a line `NAME=VALUE` for each field, buffer by buffer, in their order.
///
/// # Panics
/// When it cannot read the PAC.
#[must_use]
pub fn samba_reads_pac(pac: &[u8]) -> Vec<String> {
    let mut command = Command::new("/usr/bin/python3");
    let output = match command.arg(SCRIPT).arg(hex::encode(pac)).output() {
        Ok(output) => output,
        Err(error) => fail(&format!("{SCRIPT}: {error}")),
    };
    if !output.status.success() {
        fail(&String::from_utf8_lossy(&output.stderr));
    }
    let lines = String::from_utf8_lossy(&output.stdout);
    lines.lines().map(str::to_owned).collect()
}
