//! What can be typed.

use std::path::PathBuf;

use adlib::Mode;
use clap::{Args, Parser, Subcommand};

use crate::{kerberos::arguments::Kerberos, ntlm::arguments::Ntlm, spnego::arguments::Spnego};

/// Active Directory from the command line: sign in, read, synchronise.
#[derive(Debug, Parser)]
#[command(name = "adctl", version, about, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Print one JSON object to standard output.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) call: Call,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Call {
    /// Look at everything that a sign-in and a synchronisation need. Exit 1: something failed.
    Doctor(Doctor),
    /// Sign a user in; the password is read from standard input.
    Login(Login),
    /// Read a directory.
    #[command(subcommand)]
    Directory(Directory),
    /// Keep the user list in step with the directory.
    #[command(subcommand)]
    Sync(Sync),
    /// Service tickets, keytabs and PACs.
    #[command(subcommand)]
    Kerberos(Kerberos),
    /// NTLM messages.
    #[command(subcommand)]
    Ntlm(Ntlm),
    /// Negotiation tokens, as they stand in headers.
    #[command(subcommand)]
    Spnego(Spnego),
    /// Alternate UPN suffixes.
    #[command(subcommand)]
    Upn(Upn),
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The configuration file.
    #[arg(long, value_name = "F")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Login {
    /// The configuration file.
    #[arg(long, value_name = "F")]
    pub(crate) config: PathBuf,
    /// The logon name, such as ada@corp.example.com.
    #[arg(allow_hyphen_values = true)]
    pub(crate) name: String,
    /// auto, modern (f, -f) or legacy (l, -l); else what the configuration says.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) mode: Option<Mode>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Directory {
    /// Print the users and groups, as found.
    Read(Read),
    /// Print the groups and units that a scope can be chosen from, with the number of users in each.
    List(Read),
    /// Print what changed since the last call, and remember where this one ends.
    Changes(Changes),
}

#[derive(Debug, Args)]
pub(crate) struct Changes {
    /// The configuration file.
    #[arg(long, value_name = "F")]
    pub(crate) config: PathBuf,
    /// Where the last call ended; made by the first. It is as confidential as the directory.
    #[arg(long, value_name = "FILE")]
    pub(crate) cursor: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Read {
    /// LDIF files, one domain each.
    #[arg(long, value_name = "F", num_args = 1.., required_unless_present = "config", conflicts_with = "config")]
    pub(crate) ldif: Vec<PathBuf>,
    /// The configuration file.
    #[arg(long, value_name = "F")]
    pub(crate) config: Option<PathBuf>,
    /// The kind of directory: active-directory, openldap, unix, 389-ds, edirectory, open-directory, auto.
    #[arg(long, value_name = "P")]
    pub(crate) preset: Option<String>,
    /// Print disabled users too.
    #[arg(long)]
    pub(crate) import_disabled: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Sync {
    /// Show what a run would do, and do nothing.
    Preview(Preview),
    /// Do it.
    Apply(Apply),
    /// Say why a user is brought in, or why not, and where each field comes from. Exit 1: not brought in.
    Explain(Explain),
    /// Show what the options of another configuration would change.
    WhatIf(WhatIf),
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The configuration file.
    #[arg(long, value_name = "F")]
    pub(crate) config: PathBuf,
    /// The user's name.
    #[arg(allow_hyphen_values = true)]
    pub(crate) user: String,
}

#[derive(Debug, Args)]
pub(crate) struct WhatIf {
    /// The configuration file, whose sources are read.
    #[arg(long, value_name = "F")]
    pub(crate) config: PathBuf,
    /// The configuration file with other options in `[sync]`.
    #[arg(long, value_name = "G")]
    pub(crate) against: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Preview {
    /// The configuration file.
    #[arg(long, value_name = "F")]
    pub(crate) config: PathBuf,
    /// Also write the preview as a page.
    #[arg(long, value_name = "OUT")]
    pub(crate) html: Option<PathBuf>,
    /// Also write the plan, to be applied later.
    #[arg(long, value_name = "OUT")]
    pub(crate) plan: Option<PathBuf>,
    /// As a run that deletes the users that no source has any more.
    #[arg(long)]
    pub(crate) delete_missing: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// The configuration file.
    #[arg(long, value_name = "F")]
    pub(crate) config: PathBuf,
    /// Apply only if what is to be done is still this plan.
    #[arg(long, value_name = "F")]
    pub(crate) plan: Option<PathBuf>,
    /// Delete the users that no source has any more.
    #[arg(long)]
    pub(crate) delete_missing: bool,
    /// Go on although this guard fired.
    #[arg(long, value_name = "GUARD")]
    pub(crate) allow: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Upn {
    /// Check a mapping file.
    Check {
        /// The mapping file.
        file: PathBuf,
    },
    /// Say what a name may stand for, by the mapping file alone.
    Resolve {
        /// The mapping file.
        file: PathBuf,
        /// The logon name.
        #[arg(allow_hyphen_values = true)]
        name: String,
    },
}
