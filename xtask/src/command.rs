//! Running other programs at the root of the workspace.

use std::{
    env,
    ffi::OsString,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::failure::Failure;

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

/// `program` with `args`, at the root.
pub(crate) fn program(program: impl Into<OsString>, args: &[&str]) -> Command {
    let mut command = Command::new(program.into());
    command.args(args).current_dir(root());
    command
}

/// The cargo that runs this task, with `args`.
pub(crate) fn cargo(args: &[&str]) -> Command {
    program(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), args)
}

/// Runs `command`, which speaks for itself.
///
/// # Errors
/// When it does not start or does not succeed.
pub(crate) fn run(mut command: Command) -> Result<(), Failure> {
    let status = command
        .status()
        .map_err(|error| Failure::new(format!("{}: {error}", described(&command))))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(format!("{}: {status}", described(&command))))
    }
}

/// Runs `command` and returns what it prints to standard output.
///
/// # Errors
/// When it does not start or does not succeed.
pub(crate) fn read(command: Command) -> Result<String, Failure> {
    let mut text = String::new();
    watch(command, |line| {
        text.push_str(line);
        text.push('\n');
    })?;
    Ok(text)
}

/// Runs `command` and hands each line of its standard output to `each`.
///
/// # Errors
/// When it does not start or does not succeed.
pub(crate) fn watch(mut command: Command, mut each: impl FnMut(&str)) -> Result<(), Failure> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| Failure::new(format!("{}: {error}", described(&command))))?;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            each(&String::from_utf8_lossy(&line?));
        }
    }
    let status = child.wait()?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(format!("{}: {status}", described(&command))))
    }
}

/// Whether `command` starts and succeeds, in silence.
pub(crate) fn succeeds(mut command: Command) -> bool {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// A longer command is cut where it is described.
const DESCRIBED: usize = 100;

/// The file name and the arguments, as one would type them.
fn described(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    let mut text = program.to_string_lossy().into_owned();
    for arg in command.get_args() {
        text.push(' ');
        text.push_str(&arg.to_string_lossy());
    }
    match text.char_indices().nth(DESCRIBED) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + " ...",
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command_and_its_status() {
        let failure = run(program("sh", &["-c", "exit 3"])).unwrap_err();
        assert_eq!(failure.to_string(), "sh -c exit 3: exit status: 3");
        assert!(run(program("no-such-program", &[])).is_err());
        assert!(!succeeds(program("no-such-program", &[])));
        let long = run(program("sh", &["-c", "exit 3", &"x".repeat(200)])).unwrap_err();
        assert!(long.to_string().ends_with("x ...: exit status: 3"));
    }

    #[test]
    fn lines_are_read_even_when_they_are_not_text() {
        let text = read(program("printf", &["one\\n\\377\\n"])).unwrap();
        assert_eq!(text, "one\n\u{fffd}\n");
    }
}
