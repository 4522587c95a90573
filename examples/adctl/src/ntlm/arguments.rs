//! What can be typed after `adctl ntlm`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Ntlm {
    /// Judge a recorded handshake as a service does that knows the account's hash.
    Verify(Verify),
    /// Explain a message, without a key and without secrets.
    Inspect {
        /// A file with a message: raw or in SPNEGO; as it is, or in base64, as in a header.
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The client's first message.
    #[arg(long, value_name = "F")]
    pub(super) negotiate: PathBuf,
    /// The server's challenge.
    #[arg(long, value_name = "F")]
    pub(super) challenge: PathBuf,
    /// The client's answer.
    #[arg(long, value_name = "F")]
    pub(super) authenticate: PathBuf,
    #[command(flatten)]
    pub(super) secret: Secret,
    /// The time of the verification, such as 2026-03-01T12:00:00Z; without it, times are not checked.
    #[arg(long, value_name = "RFC3339")]
    pub(super) at: Option<String>,
    /// The MD5 hash of the connection's channel bindings (MS-NLMP 3.1.5.1.2).
    #[arg(long, value_name = "HEX16")]
    pub(super) bindings: Option<String>,
    /// Accept version 1, whose responses give the hash away, and its weak keys.
    #[arg(long)]
    pub(super) allow_v1: bool,
    /// Print the session key.
    #[arg(long)]
    pub(super) show_secrets: bool,
}

/// What the account answers with.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Secret {
    /// The account's NT hash.
    #[arg(long, value_name = "HEX")]
    pub(super) nt_hash: Option<String>,
    /// A file whose first line is the account's password.
    #[arg(long, value_name = "F")]
    pub(super) password_file: Option<PathBuf>,
}
