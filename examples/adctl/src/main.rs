//! adlib from the command line, on its public API only.
//!
//! Exit 0: accepted, clean. Exit 1: refused, or something found. Exit 2: the operator's own inputs.

mod arguments;
mod changes;
mod directory;
mod doctor;
mod input;
mod kerberos;
mod login;
mod ntlm;
mod object;
mod outcome;
mod output_file;
mod progress;
mod refusal;
mod rows;
mod spnego;
mod sync;
mod token;
mod upn;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Call, Directory, Sync, Upn};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match &arguments.call {
        Call::Doctor(call) => doctor::doctor(call).await,
        Call::Login(login) => login::login(login).await,
        Call::Directory(Directory::Read(read)) => directory::read(read).await,
        Call::Directory(Directory::Changes(changes)) => changes::changes(changes).await,
        Call::Directory(Directory::List(read)) => directory::list(read).await,
        Call::Kerberos(call) => kerberos::run(call),
        Call::Ntlm(call) => ntlm::run(call),
        Call::Spnego(call) => spnego::run(call),
        Call::Sync(Sync::Preview(preview)) => sync::preview(preview).await,
        Call::Sync(Sync::Apply(apply)) => sync::apply(apply).await,
        Call::Sync(Sync::Explain(explain)) => sync::explain(explain).await,
        Call::Sync(Sync::WhatIf(what_if)) => sync::what_if(what_if).await,
        Call::Upn(Upn::Check { file }) => upn::check(file),
        Call::Upn(Upn::Resolve { file, name }) => upn::resolve(file, name),
    };
    match outcome {
        Ok(outcome) => outcome.print(arguments.json),
        Err(stopped) => stopped.print(),
    }
}
