//! What can be typed after `adctl kerberos`.

use std::path::PathBuf;

use adlib::PacMode;
use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum Kerberos {
    /// Judge a client's token as a service does.
    Verify(Verify),
    /// List the keys of a keytab, without the keys.
    Keytab {
        /// The keytab.
        file: PathBuf,
    },
    /// Open a ticket and examine what vouches for it, whatever the time is.
    Ticket(Opened),
    /// Examine a privilege attribute certificate by itself.
    Pac(Opened),
    /// Explain a Kerberos token, without a key and without secrets.
    Inspect {
        /// The file, as it is or in base64; also in SPNEGO.
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// A file with an AP-REQ: raw, in a GSS-API frame or in SPNEGO; as it is, or in base64, as in a header.
    pub(super) token: PathBuf,
    #[command(flatten)]
    pub(super) keys: KeySource,
    /// The version of the key; else any.
    #[arg(long, value_name = "N", conflicts_with = "keytab")]
    pub(super) kvno: Option<u32>,
    /// The one service that is accepted, such as HTTP/app.corp.example.com.
    #[arg(long, value_name = "S")]
    pub(super) spn: Option<String>,
    /// The time of the verification, such as 2026-03-01T12:00:00Z; else the present.
    #[arg(long, value_name = "RFC3339")]
    pub(super) at: Option<String>,
    /// What is done about the PAC.
    #[arg(long, value_enum, default_value_t = Pac::Required)]
    pub(super) pac: Pac,
    /// The MD5 hash of the connection's channel bindings (RFC 4121 4.1.1.2).
    #[arg(long, value_name = "HEX16")]
    pub(super) bindings: Option<String>,
    /// Refuse a client that is not bound to the connection.
    #[arg(long)]
    pub(super) require_bindings: bool,
    /// Accept RC4 in tickets and session keys.
    #[arg(long)]
    pub(super) allow_rc4: bool,
    /// Print session key and subkey.
    #[arg(long)]
    pub(super) show_secrets: bool,
}

/// What opens the ticket.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct KeySource {
    /// The service's keys.
    #[arg(long, value_name = "F")]
    pub(super) keytab: Option<PathBuf>,
    /// The service's key, such as 18:0123..ef or aes256-cts-hmac-sha1-96:0123..ef, whatever service the ticket names.
    #[arg(long, value_name = "ETYPE:HEX")]
    pub(super) key: Option<String>,
}

/// What is done about the PAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Pac {
    /// A ticket without one is refused.
    Required,
    /// A ticket may come without one; one that is there must verify.
    BestEffort,
    /// It is not looked at.
    Off,
}

impl Pac {
    pub(super) const fn mode(self) -> PacMode {
        match self {
            Self::Required => PacMode::Required,
            Self::BestEffort => PacMode::BestEffort,
            Self::Off => PacMode::Off,
        }
    }
}

/// Something in a file, and what opens it.
#[derive(Debug, Args)]
pub(crate) struct Opened {
    /// The file, as it is or in base64.
    pub(super) file: PathBuf,
    /// The service's key, such as 18:0123..ef or aes256-cts-hmac-sha1-96:0123..ef.
    #[arg(long, value_name = "ETYPE:HEX")]
    pub(super) key: String,
    /// The key of the account krbtgt, for the signatures that only controllers can check.
    #[arg(long, value_name = "ETYPE:HEX")]
    pub(super) kdc_key: Option<String>,
}
