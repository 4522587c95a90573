//! A server of the lab together with a turn at it.

use std::{
    io::Write as _,
    net::{SocketAddr, TcpStream},
    ops::Deref,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use crate::{fail, script::Script, turn::Turn};

/// What tests take turns at.
pub(crate) trait Shared {
    /// What runs it.
    const SCRIPT: Script;

    /// Where the lab keeps its state.
    fn lab_dir(&self) -> &Path;

    /// Fails the test when it does not answer.
    fn assert_answers(&self);
}

/// A server as made. While one lives, nobody changes what it holds.
#[derive(Debug)]
pub struct Unchanged<S> {
    server: S,
    _turn: Turn,
}

impl<S> Unchanged<S> {
    /// Waits while another test changes `server`, which must be running.
    pub(crate) fn wait(server: S) -> Self
    where
        S: Shared,
    {
        let turn = Turn::to_read(server.lab_dir(), S::SCRIPT);
        server.assert_answers();
        Self { server, _turn: turn }
    }
}

impl<S> Deref for Unchanged<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.server
    }
}

/// A server to change: the test is alone with it, and it is reset on drop.
#[derive(Debug)]
pub struct Change<S> {
    server: S,
    turn: Turn,
}

impl<S> Change<S> {
    /// Waits until no other test uses `server`, which must be running.
    pub(crate) fn wait(server: S) -> Self
    where
        S: Shared,
    {
        let turn = Turn::to_change(server.lab_dir(), S::SCRIPT);
        server.assert_answers();
        Self { server, turn }
    }
}

impl<S> Deref for Change<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.server
    }
}

impl<S> Drop for Change<S> {
    fn drop(&mut self) {
        self.turn.restore();
    }
}

/// Whether something listens at `address`.
pub(crate) fn answers(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, Duration::from_secs(2)).is_ok()
}

/// Runs `ldapmodify`, as `tool` has it, on the changes of `ldif`, all of which must be made.
pub(crate) fn modify(mut tool: Command, ldif: &str) {
    tool.stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let output = tool.spawn().and_then(|mut tool| {
        if let Some(mut input) = tool.stdin.take() {
            input.write_all(ldif.as_bytes())?;
        }
        tool.wait_with_output()
    });
    match output {
        Ok(output) if output.status.success() => {}
        Ok(output) => fail(&String::from_utf8_lossy(&output.stderr)),
        Err(error) => fail(&error.to_string()),
    }
}
