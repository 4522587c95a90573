//! What can be typed after `adctl spnego`.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Spnego {
    /// Explain what a browser or a service sent, and the mechanism's token in it, without a key and without secrets.
    Inspect {
        /// A file with a token: as it is, in base64, or the line of a header.
        file: PathBuf,
    },
}
