//! What the crates of others may bring, by `deny.toml`.

use super::report::Report;
use crate::{
    command::{cargo, run, succeeds},
    failure::Failure,
};

/// Licences, sources, and names that have one place.
pub(super) fn check() -> Result<(), Failure> {
    run(cargo(&[
        "deny",
        "--all-features",
        "check",
        "bans",
        "licenses",
        "sources",
    ]))
}

/// Known holes, when their list can be had.
pub(super) fn advisories(report: &mut Report) -> Result<(), Failure> {
    if !succeeds(cargo(&["deny", "fetch", "db"])) {
        report.leave_out("advisories: their database could not be fetched");
        return Ok(());
    }
    run(cargo(&["deny", "--all-features", "check", "advisories"]))
}
