//! `adctl spnego`

pub(crate) mod arguments;
mod inspect;

use arguments::Spnego;

use crate::outcome::{Outcome, Stopped};

pub(crate) fn run(call: &Spnego) -> Result<Outcome, Stopped> {
    match call {
        Spnego::Inspect { file } => inspect::inspect(file),
    }
}
