//! Carries requests of the `ldap3` library to the server and answers back, with a guard in between.
//!
//! The library takes the form of an answer for granted: nested deep it exhausts the stack, with a part missing it panics
//! or waits for ever. So nothing reaches it that was not checked to the last element.

use std::{collections::HashMap, io};

use ldap3::{LdapConnAsync, LdapConnSettings, StdStream};

use super::{
    Stream, ber,
    frames::Frames,
    guard::{Volume, disconnection},
    message::{EXTENDED_RESPONSE, Envelope, decode_controls, decode_entry, decode_result, decode_texts},
    search_message::decode_cookie,
    wire::End,
};
use crate::{Limits, Violation};

const SEARCH_RESULT_ENTRY: u8 = 0x64;
const SEARCH_RESULT_DONE: u8 = 0x65;
const SEARCH_RESULT_REFERENCE: u8 = 0x73;

/// The way within the process.
#[cfg(unix)]
type Local = tokio::net::UnixStream;
/// The way within the process.
#[cfg(not(unix))]
type Local = tokio::net::TcpStream;

/// The URL that makes the library take the stream that it is given.
#[cfg(unix)]
const URL: &str = "ldapi:///";
/// The URL that makes the library take the stream that it is given.
#[cfg(not(unix))]
const URL: &str = "ldap://127.0.0.1";

/// Put the library on `server`, which is at rest. The connection ends with the last handle.
///
/// # Errors
/// When the operating system gives no pair of sockets.
pub(crate) async fn hand_over(mut server: Frames<Stream>, limits: Limits) -> io::Result<ldap3::Ldap> {
    let (settings, end) = ends()?;
    let (library, ldap) = LdapConnAsync::with_settings(settings, URL)
        .await
        .map_err(io::Error::other)?;
    tokio::spawn(library.drive());
    tokio::spawn(async move {
        let mut library = Frames::new(end, limits.message_bytes);
        let why = relay(&mut server, &mut library, Library::new(limits)).await;
        tracing::debug!(?why, "a connection that was handed over ends");
    });
    Ok(ldap)
}

async fn relay(server: &mut Frames<Stream>, library: &mut Frames<Local>, mut guard: Library) -> End {
    loop {
        let carried = tokio::select! {
            biased;
            answer = server.next() => match answer {
                Ok(Some(answer)) => match guard.judge(answer) {
                    Ok(()) => library.send(answer).await.map_err(End::from),
                    Err(end) => Err(end),
                },
                Ok(None) => Err(End::Closed),
                Err(error) => Err(error.into()),
            },
            request = library.next() => match request {
                Ok(Some(request)) => match guard.asks(request) {
                    Ok(()) => server.send(request).await.map_err(End::from),
                    Err(end) => Err(end),
                },
                Ok(None) => Err(End::Closed),
                Err(error) => Err(error.into()),
            },
        };
        if let Err(end) = carried {
            return end;
        }
    }
}

/// What the library waits for.
struct Library {
    limits: Limits,
    asked: HashMap<u32, Asked>,
}

/// A request without its last answer yet.
struct Asked {
    /// The tag of the last answer.
    ends_with: u8,
    /// The library keeps an answer until somebody looks.
    volume: Volume,
}

impl Library {
    fn new(limits: Limits) -> Self {
        Self {
            limits,
            asked: HashMap::new(),
        }
    }

    /// Note a request on its way to the server.
    fn asks(&mut self, request: &[u8]) -> Result<(), End> {
        let envelope = Envelope::decode(request).map_err(Violation::from);
        let envelope = envelope.map_err(End::Violation)?;
        let Some(ends_with) = last_answer(envelope.operation.tag)? else {
            return Ok(());
        };
        let asked = Asked {
            ends_with,
            volume: Volume::new(),
        };
        self.asked.insert(envelope.id, asked);
        Ok(())
    }

    /// Whether an answer may pass.
    fn judge(&mut self, answer: &[u8]) -> Result<(), End> {
        ber::check_form(answer, self.limits.message_elements)
            .map_err(|error| End::Violation(error.into()))?;
        let envelope = Envelope::decode(answer).map_err(|error| End::Violation(error.into()))?;
        if envelope.id == 0 {
            let (code, message) = disconnection(&envelope).map_err(End::Violation)?;
            return Err(End::Disconnected(code, message));
        }
        self.judge_one(&envelope, answer.len()).map_err(End::Violation)
    }

    fn judge_one(&mut self, envelope: &Envelope<'_>, bytes: usize) -> Result<(), Violation> {
        let asked = self.asked.get_mut(&envelope.id);
        let asked = asked.ok_or(Violation::UnknownMessage(envelope.id))?;
        asked.volume.count(bytes, &self.limits)?;
        let content = envelope.operation.content;
        match (envelope.operation.tag, asked.ends_with) {
            (SEARCH_RESULT_ENTRY, SEARCH_RESULT_DONE) => drop(decode_entry(content)?),
            (SEARCH_RESULT_REFERENCE, SEARCH_RESULT_DONE) => {
                drop(decode_texts(content, "SearchResultReference")?);
            }
            (tag, last) if tag == last => {
                decode_result(content)?;
                self.asked.remove(&envelope.id);
            }
            (tag, _) => return Err(Violation::WrongKind(tag)),
        }
        let controls = envelope.controls.map(decode_controls).transpose()?;
        // The library panics at a cookie that is none.
        decode_cookie(&controls.unwrap_or_default())?;
        Ok(())
    }
}

/// The tag of the last answer to a request, if it is answered (RFC 4511 4.2 to 4.12).
///
/// # Errors
/// For a bind: it would change who asks below a layer that is another's.
fn last_answer(request: u8) -> Result<Option<u8>, End> {
    const UNBIND: u8 = 0x42;
    const ABANDON: u8 = 0x50;
    Ok(Some(match request {
        UNBIND | ABANDON => return Ok(None),
        // Search, modify, add, delete, rename, compare.
        0x63 => SEARCH_RESULT_DONE,
        0x66 => 0x67,
        0x68 => 0x69,
        0x4a => 0x6b,
        0x6c => 0x6d,
        0x6e => 0x6f,
        0x77 => EXTENDED_RESPONSE,
        kind => return Err(End::Violation(Violation::WrongKind(kind))),
    }))
}

/// Both ends of a connection within the process.
#[cfg(unix)]
fn ends() -> io::Result<(LdapConnSettings, Local)> {
    let (library, relay) = std::os::unix::net::UnixStream::pair()?;
    relay.set_nonblocking(true)?;
    let settings = LdapConnSettings::new().set_std_stream(StdStream::Unix(library));
    Ok((settings, Local::from_std(relay)?))
}

/// Both ends of a connection within the process.
#[cfg(not(unix))]
fn ends() -> io::Result<(LdapConnSettings, Local)> {
    let (library, relay) = loopback()?;
    relay.set_nonblocking(true)?;
    let settings = LdapConnSettings::new().set_std_stream(StdStream::Tcp(library));
    Ok((settings, Local::from_std(relay)?))
}

/// Two ends over loopback: only our own connecting socket is accepted, and the listener is closed at once.
#[cfg(any(not(unix), test))]
fn loopback() -> io::Result<(std::net::TcpStream, std::net::TcpStream)> {
    use std::net::{Ipv4Addr, TcpListener, TcpStream};
    const STRANGERS: usize = 16;

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let connecting = TcpStream::connect(listener.local_addr()?)?;
    let own = connecting.local_addr()?;
    for _ in 0..STRANGERS {
        let (accepted, peer) = listener.accept()?;
        if peer == own {
            return Ok((connecting, accepted));
        }
    }
    Err(io::Error::other(
        "other processes keep connecting to a socket of ours",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    #[test]
    fn the_ends_of_a_loopback_pair_are_connected() {
        let (mut one, mut other) = loopback().unwrap();
        one.write_all(b"ping").unwrap();
        let mut bytes = [0; 4];
        other.read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"ping");
    }
}
