//! A message to a KDC and its answer, over tcp (RFC 4120 7.2.2).
//!
//! Trust level: whoever listens there answers. Lengths and times are bounded here, the meaning is not looked at.

use std::fmt;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::Endpoint;

/// The longest answer that is read: a ticket with a large PAC is below 64 KiB.
const MAX_REPLY: u32 = 128 * 1024;
/// How many addresses are tried.
const MAX_ATTEMPTS: usize = 16;

/// The KDCs of one realm, to be asked until a deadline.
///
/// The one that answered last is asked first the next time, so that an exchange stays with one KDC.
#[derive(Debug)]
pub struct KdcTransport {
    kdcs: Vec<(String, SocketAddr)>,
    until: Instant,
}

impl KdcTransport {
    /// Ask `kdcs`, in their order, for at most `deadline` from now on in all.
    #[must_use]
    pub fn new(kdcs: &[Endpoint], deadline: Duration) -> Self {
        let kdcs = kdcs
            .iter()
            .flat_map(|kdc| kdc.socket_addresses().map(|address| (kdc.host.clone(), address)))
            .take(MAX_ATTEMPTS)
            .collect();
        Self {
            kdcs,
            until: Instant::now() + deadline,
        }
    }

    /// Send `message` and read the answer, from the first KDC that gives one.
    ///
    /// Each attempt has its share of the time that is left.
    ///
    /// # Errors
    /// [`Unreachable`] with every attempt, when none gives an answer.
    pub async fn exchange(&mut self, message: &[u8]) -> Result<Vec<u8>, Unreachable> {
        let mut tried = Vec::new();
        let mut attempts_left = u32::try_from(self.kdcs.len()).unwrap_or(u32::MAX);
        while let Some((host, address)) = self.kdcs.first().filter(|_| attempts_left > 0) {
            let share = self.until.saturating_duration_since(Instant::now()) / attempts_left;
            let failure = match timeout(share, ask(*address, message)).await {
                Ok(Ok(reply)) => return Ok(reply),
                Ok(Err(failure)) => failure,
                Err(_) => AttemptFailure::TimedOut,
            };
            tracing::debug!(%host, %address, %failure, "no answer from a KDC");
            tried.push(Attempt {
                host: host.clone(),
                address: *address,
                failure,
            });
            self.kdcs.rotate_left(1);
            attempts_left -= 1;
        }
        Err(Unreachable { tried })
    }
}

/// One connection, one message, one answer.
async fn ask(address: SocketAddr, message: &[u8]) -> Result<Vec<u8>, AttemptFailure> {
    let length = u32::try_from(message.len()).map_err(|_| AttemptFailure::Length(u32::MAX))?;
    let mut stream = TcpStream::connect(address).await?;
    stream
        .write_all(&[&length.to_be_bytes(), message].concat())
        .await?;
    let length = stream.read_u32().await?;
    if length == 0 || length > MAX_REPLY {
        return Err(AttemptFailure::Length(length));
    }
    // The buffer grows with what comes, not with what is announced.
    let mut reply = Vec::new();
    stream.take(u64::from(length)).read_to_end(&mut reply).await?;
    if u32::try_from(reply.len()) != Ok(length) {
        return Err(AttemptFailure::Io(ErrorKind::UnexpectedEof));
    }
    Ok(reply)
}

/// No KDC gave an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreachable {
    /// Every address that was tried, in order; empty when none was known.
    pub tried: Vec<Attempt>,
}

impl std::error::Error for Unreachable {}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no KDC answers")?;
        if self.tried.is_empty() {
            return f.write_str(": no address is known");
        }
        for (number, attempt) in self.tried.iter().enumerate() {
            write!(f, "{} {attempt}", if number == 0 { ":" } else { "," })?;
        }
        Ok(())
    }
}

/// An attempt to ask a KDC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The host's name as it was found.
    pub host: String,
    /// The address of this attempt.
    pub address: SocketAddr,
    /// Why there was no answer.
    pub failure: AttemptFailure,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} ({})", self.host, self.address, self.failure)
    }
}

/// Why a KDC gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttemptFailure {
    /// The connection could not be made, or broke.
    #[error("{0}")]
    Io(ErrorKind),
    /// The time for this attempt ran out.
    #[error("timed out")]
    TimedOut,
    /// A message of a length that is not acceptable.
    #[error("a message of {0} bytes")]
    Length(u32),
}

impl From<std::io::Error> for AttemptFailure {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error.kind())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// A KDC that answers every connection with `script`, byte by byte with pauses, and then waits.
    async fn kdc(script: Vec<u8>, pause: Duration) -> Endpoint {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let script = script.clone();
                tokio::spawn(async move {
                    for byte in script {
                        stream.write_all(&[byte]).await?;
                        if !pause.is_zero() {
                            tokio::time::sleep(pause).await;
                        }
                    }
                    std::future::pending::<std::io::Result<()>>().await
                });
            }
        });
        Endpoint::parse("127.0.0.1", port).unwrap()
    }

    async fn failure_of(kdc: Endpoint, deadline: Duration) -> AttemptFailure {
        let mut transport = KdcTransport::new(&[kdc], deadline);
        let begin = Instant::now();
        let error = transport.exchange(b"request").await.unwrap_err();
        assert!(begin.elapsed() < deadline + Duration::from_secs(1));
        error.tried[0].failure
    }

    const SOON: Duration = Duration::from_millis(300);

    /// A67
    #[tokio::test]
    async fn a67_a_length_of_4_gib_is_refused_at_once() {
        for length in [u32::MAX, 0x8000_0000, MAX_REPLY + 1, 0] {
            let kdc = kdc(length.to_be_bytes().to_vec(), Duration::ZERO).await;
            assert_eq!(
                failure_of(kdc, Duration::from_secs(5)).await,
                AttemptFailure::Length(length)
            );
        }
    }

    /// A67
    #[tokio::test]
    async fn a67_a_slow_drip_ends_at_the_deadline() {
        let mut script = 60_000_u32.to_be_bytes().to_vec();
        script.resize(60_000, 0);
        let kdc = kdc(script, Duration::from_millis(5)).await;
        assert_eq!(failure_of(kdc, SOON).await, AttemptFailure::TimedOut);
    }

    /// A67
    #[tokio::test]
    async fn a67_silence_and_a_half_answer_end_at_the_deadline() {
        for script in [vec![], vec![0, 0], vec![0, 0, 0, 9, 1, 2]] {
            let kdc = kdc(script, Duration::ZERO).await;
            assert_eq!(failure_of(kdc, SOON).await, AttemptFailure::TimedOut);
        }
    }

    /// R4, R9: the next KDC is asked, and stays the first.
    #[tokio::test]
    async fn the_next_one_is_asked_when_the_first_is_gone() {
        let gone = {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            Endpoint::parse("127.0.0.1", listener.local_addr().unwrap().port()).unwrap()
        };
        let silent = kdc(Vec::new(), Duration::ZERO).await;
        let alive = kdc(vec![0, 0, 0, 2, 0xca, 0xfe], Duration::ZERO).await;
        let mut transport = KdcTransport::new(&[gone, silent, alive], Duration::from_secs(2));
        assert_eq!(transport.exchange(b"request").await.unwrap(), [0xca, 0xfe]);
        let begin = Instant::now();
        assert_eq!(transport.exchange(b"request").await.unwrap(), [0xca, 0xfe]);
        assert!(
            begin.elapsed() < Duration::from_millis(500),
            "not the silent one again"
        );
    }

    #[tokio::test]
    async fn without_an_address_there_is_nothing_to_try() {
        let unknown = Endpoint::parse("dc1.corp.example.com", 88).unwrap();
        let error = KdcTransport::new(&[unknown], SOON)
            .exchange(b"")
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), "no KDC answers: no address is known");
    }
}
