//! `adctl kerberos`

pub(crate) mod arguments;
mod inspect;
mod keytab;
mod pac;
mod ticket;
mod verify;

use arguments::Kerberos;
pub(crate) use inspect::explained as explain;

use crate::outcome::{Outcome, Stopped};

pub(crate) fn run(call: &Kerberos) -> Result<Outcome, Stopped> {
    match call {
        Kerberos::Verify(call) => verify::verify(call),
        Kerberos::Keytab { file } => keytab::list(file),
        Kerberos::Ticket(call) => ticket::report(call),
        Kerberos::Pac(call) => pac::report(call),
        Kerberos::Inspect { file } => inspect::explain(file),
    }
}
