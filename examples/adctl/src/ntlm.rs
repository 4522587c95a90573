//! `adctl ntlm`

pub(crate) mod arguments;
mod inspect;
mod verify;

use arguments::Ntlm;
pub(crate) use inspect::explained as explain;

use crate::outcome::{Outcome, Stopped};

pub(crate) fn run(call: &Ntlm) -> Result<Outcome, Stopped> {
    match call {
        Ntlm::Verify(call) => verify::verify(call),
        Ntlm::Inspect { file } => inspect::inspect(file),
    }
}
