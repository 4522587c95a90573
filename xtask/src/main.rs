//! The project's own tasks; `cargo xtask` prints them.

mod bench;
mod command;
mod edges;
mod examples;
mod failure;
mod fuzz;
mod instructions;
mod lab;
mod python;
mod requirements;
mod source;
mod test;
mod tool;
mod workspace;

use std::{env, process::ExitCode};

use failure::Failure;

const USAGE: &str = "\
usage: cargo xtask TASK

  test [--no-lab] [--long]            everything that must hold; the last line counts the tests
  test --step NAME                    of that, the steps whose name contains this; with --long, also of those
  edges                               arrows between the crates, outside names, the clock's one place
  requirements                        which tests carry which number of the requirements and attacks
  examples                            runs every example, and counts the crates of the quickstart
  bench [--quick] [--no-lab]          ours beside a peer and a floor, into target/bench.json
  instructions [--accept]             instructions of the pure paths beside the counts that are kept
  fuzz [TARGET] [--seconds N]         fuzzes one target, or each in turn (default: 60 s each)
  fuzz --seed                         writes the seed corpora anew
  fuzz --replay                       replays corpora and kept crashes on this toolchain
  lab install|up|down|status|destroy  the servers for tests, all of them; see lab/README.md
  lab [SCRIPT] COMMAND...             one of them: samba-ad (the default), mit-kdc, heimdal-kdc
";

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[&str]) -> Result<(), Failure> {
    match args {
        ["test", options @ ..] => test::run(&test::Options::parse(options)?),
        ["edges"] => edges::run(),
        ["requirements"] => requirements::run(),
        ["examples"] => examples::run(),
        ["bench", options @ ..] => bench::run(options),
        ["instructions", options @ ..] => instructions::run(options),
        ["fuzz", options @ ..] => fuzz::run(options),
        ["lab", command @ ..] => lab::forward(command),
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        [unknown, ..] => Err(Failure::new(format!("no task `{unknown}`\n\n{USAGE}"))),
    }
}
