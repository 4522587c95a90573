//! Whether a KDC is there, by a question that nobody's password is needed for.

use std::{fmt, net::SocketAddr, time::Duration};

use adlib_core::{Password, UnixTime};
use adlib_kerberos::{
    Principal,
    initiator::{AsExchange, AsRequest, KrbError},
};
use tokio::time::timeout;

use crate::{
    AttemptFailure,
    transport::{by_tcp, by_udp},
};

/// Who is asked about: nobody has the name, for it is longer than account names may be, so no account is touched.
const NOBODY: &str = "no-account-has-this-name";

/// The two ways to a KDC (RFC 4120 7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KdcPort {
    /// Datagrams.
    Udp,
    /// Connections, which a ticket with a large PAC needs.
    Tcp,
}

impl fmt::Display for KdcPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        })
    }
}

/// What a KDC says of itself. Nothing authenticates it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Probed {
    /// What time it says it is.
    pub server_time: UnixTime,
    /// Whether it is a KDC of the realm that it was asked about.
    pub is_of_realm: bool,
}

/// Ask the KDC of `realm` at `address` for a ticket of nobody, and wait for its refusal no longer than `wait`.
///
/// ```no_run
/// use std::time::Duration;
///
/// use adlib_core::UnixTime;
/// use adlib_kdc::{KdcPort, probe};
///
/// # async fn example(now: UnixTime) -> Result<(), Box<dyn std::error::Error>> {
/// let kdc = "192.0.2.1:88".parse()?;
/// let probed = probe(kdc, "CORP.EXAMPLE.COM", KdcPort::Tcp, now, Duration::from_secs(2)).await?;
/// println!("its clock is {} s ahead", probed.server_time.seconds_after(now));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// `Io`, `TimedOut`, `Length`; `NotAKdc` when somebody else answers.
pub async fn probe(
    address: SocketAddr,
    realm: &str,
    port: KdcPort,
    now: UnixTime,
    wait: Duration,
) -> Result<Probed, AttemptFailure> {
    let question = question(realm, now).ok_or(AttemptFailure::NotAKdc)?;
    let answer = async {
        match port {
            KdcPort::Udp => by_udp(address, &question).await,
            KdcPort::Tcp => by_tcp(address, &question, &mut false).await,
        }
    };
    let answer = timeout(wait, answer)
        .await
        .unwrap_or(Err(AttemptFailure::TimedOut))?;
    let error = KrbError::decode(&answer).map_err(|_| AttemptFailure::NotAKdc)?;
    Ok(Probed {
        server_time: error.server_time,
        is_of_realm: error.code != KrbError::WRONG_REALM,
    })
}

/// An AS-REQ without pre-authentication.
fn question(realm: &str, now: UnixTime) -> Option<Vec<u8>> {
    let request = AsRequest::new(Principal::user(NOBODY, realm), Password::from(NOBODY).into());
    // A nonce that is guessed tells nothing: no answer to it is believed.
    let exchange = AsExchange::begin(request, now, &mut |bytes| bytes.fill(1)).ok()?;
    Some(exchange.message().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use adlib_kerberos::issue::KrbErrorBuilder;
    use tokio::net::UdpSocket;

    const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

    async fn answered(answer: Vec<u8>) -> Result<Probed, AttemptFailure> {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut question = [0; 2048];
            let (_, client) = socket.recv_from(&mut question).await.unwrap();
            assert_eq!(question[0], 0x6a, "an AS-REQ");
            socket.send_to(&answer, client).await.unwrap();
        });
        probe(
            address,
            "CORP.EXAMPLE.COM",
            KdcPort::Udp,
            NOW,
            Duration::from_secs(5),
        )
        .await
    }

    /// R10: a refusal tells the KDC's clock, and whether it is the right KDC.
    #[tokio::test]
    async fn r10_a_refusal_tells_the_clock_and_the_realm() {
        let later = UnixTime::from_seconds(1_800_000_400);
        for (code, is_of_realm) in [(KrbError::CLIENT_UNKNOWN, true), (KrbError::WRONG_REALM, false)] {
            let error = KrbErrorBuilder::new(code, "CORP.EXAMPLE.COM", later).encode();
            let probed = answered(error).await.unwrap();
            assert_eq!(probed.server_time.seconds_after(NOW), 400);
            assert_eq!(probed.is_of_realm, is_of_realm);
        }
    }

    /// R4, A28
    #[tokio::test]
    async fn a28_whoever_else_listens_is_no_kdc() {
        for answer in [b"HTTP/1.1 400".to_vec(), vec![], vec![0x7e, 0x80], vec![0x6b, 0]] {
            assert_eq!(answered(answer).await, Err(AttemptFailure::NotAKdc));
        }
    }

    /// R4
    #[tokio::test]
    async fn r04_silence_ends() {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let wait = Duration::from_millis(100);
        let silent = probe(address, "CORP.EXAMPLE.COM", KdcPort::Udp, NOW, wait).await;
        assert_eq!(silent, Err(AttemptFailure::TimedOut));
    }
}
