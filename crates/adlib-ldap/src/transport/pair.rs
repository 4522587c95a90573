//! The two ends of an in-process connection: one for the LDAP library, one for the relay.

use std::io;

use ldap3::{LdapConnSettings, StdStream};

/// The relay's end.
#[cfg(unix)]
pub(super) type RelayEnd = tokio::net::UnixStream;
/// The relay's end.
#[cfg(not(unix))]
pub(super) type RelayEnd = tokio::net::TcpStream;

/// The URL that makes the LDAP library take the stream that it is given.
#[cfg(unix)]
pub(super) const URL: &str = "ldapi:///";
/// The URL that makes the LDAP library take the stream that it is given.
#[cfg(not(unix))]
pub(super) const URL: &str = "ldap://127.0.0.1";

/// Both ends.
#[cfg(unix)]
pub(super) fn ends() -> io::Result<(LdapConnSettings, RelayEnd)> {
    let (library, relay) = std::os::unix::net::UnixStream::pair()?;
    relay.set_nonblocking(true)?;
    let settings = LdapConnSettings::new().set_std_stream(StdStream::Unix(library));
    Ok((settings, RelayEnd::from_std(relay)?))
}

/// Both ends.
#[cfg(not(unix))]
pub(super) fn ends() -> io::Result<(LdapConnSettings, RelayEnd)> {
    let (library, relay) = loopback()?;
    relay.set_nonblocking(true)?;
    let settings = LdapConnSettings::new().set_std_stream(StdStream::Tcp(library));
    Ok((settings, RelayEnd::from_std(relay)?))
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
