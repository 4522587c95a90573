//! A message to a KDC and its answer, over udp and tcp (RFC 4120 7.2).
//!
//! Trust level: whoever listens there answers. Lengths and times are bounded here; of the meaning only two errors are
//! looked at, that say to ask in another way.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use adlib_kerberos::initiator::KrbError;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, sleep, timeout};

use crate::{Attempt, AttemptFailure, Endpoint, Unreachable};

/// The longest answer that is read: a ticket with a large PAC is below 64 KiB.
const MAX_REPLY: u32 = 128 * 1024;
/// The longest answer over udp.
const MAX_DATAGRAM: usize = 64 * 1024;
/// How many addresses are tried.
const MAX_ATTEMPTS: usize = 16;
/// A longer message goes over tcp: in more than one packet it would hardly arrive.
const UDP_LIMIT: usize = 1400;
/// For how long an answer over udp is waited for. The datagram is not sent again: a wrong password would count twice.
const UDP_WAIT: Duration = Duration::from_secs(1);
/// Pauses before a connection that was reset is made again.
const RESET_PAUSES: [Duration; 3] = [
    Duration::from_millis(50),
    Duration::from_millis(250),
    Duration::from_millis(1000),
];
/// `KDC_ERR_SVC_UNAVAILABLE`: another KDC may know more.
const SERVICE_UNAVAILABLE: i32 = 29;

/// The KDCs of one realm, to be asked until a deadline.
///
/// The one that answered last is asked first the next time, so that an exchange stays with one KDC.
#[derive(Debug)]
pub struct KdcTransport {
    kdcs: Vec<(String, SocketAddr)>,
    until: Instant,
    /// Whether udp is worth a try: a firewall that swallows it costs a second once, not with every message.
    udp: bool,
    /// Whether one of them took a connection or gave an answer, to this message or an earlier one.
    reached: bool,
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
            udp: true,
            reached: false,
        }
    }

    /// Send `message` and read the answer, from the first KDC that gives one.
    ///
    /// Each attempt has its share of the time that is left. A short message goes over udp first, and over tcp when
    /// nothing comes back or the answer does not fit. Half of the time is for a second try, where somebody was silent:
    /// a KDC with many clients loses connections.
    ///
    /// # Errors
    /// [`Unreachable`] with every attempt, when none gives an answer.
    pub async fn exchange(&mut self, message: &[u8]) -> Result<Vec<u8>, Unreachable> {
        let mut tried = Vec::new();
        let half = self.until.saturating_duration_since(Instant::now()) / 2;
        for until in [self.until - half, self.until] {
            if let Some(reply) = self.round(message, until, &mut tried).await {
                self.reached = true;
                return Ok(reply);
            }
            if !tried
                .iter()
                .any(|attempt| attempt.failure == AttemptFailure::TimedOut)
            {
                break;
            }
        }
        let reached = self.reached;
        Err(Unreachable { tried, reached })
    }

    /// Ask every KDC once.
    async fn round(&mut self, message: &[u8], until: Instant, tried: &mut Vec<Attempt>) -> Option<Vec<u8>> {
        let mut attempts_left = u32::try_from(self.kdcs.len()).unwrap_or(u32::MAX);
        while let Some((host, address)) = self.kdcs.first().cloned().filter(|_| attempts_left > 0) {
            let share = until.saturating_duration_since(Instant::now()) / attempts_left;
            let failure = match timeout(share, self.ask(address, message, share)).await {
                Ok(Ok(reply)) => return Some(reply),
                Ok(Err(failure)) => failure,
                Err(_) => AttemptFailure::TimedOut,
            };
            tracing::debug!(%host, %address, %failure, "no answer from a KDC");
            tried.push(Attempt {
                host,
                address,
                failure,
            });
            self.kdcs.rotate_left(1);
            attempts_left -= 1;
        }
        None
    }

    /// One message, one answer, from one address.
    async fn ask(
        &mut self,
        address: SocketAddr,
        message: &[u8],
        share: Duration,
    ) -> Result<Vec<u8>, AttemptFailure> {
        if self.udp && message.len() <= UDP_LIMIT {
            match timeout(UDP_WAIT.min(share / 2), by_udp(address, message)).await {
                Ok(Ok(reply)) => {
                    self.reached = true;
                    match error_code(&reply) {
                        Some(SERVICE_UNAVAILABLE) => return Err(AttemptFailure::Unavailable),
                        Some(KrbError::RESPONSE_TOO_BIG) => {}
                        _ => return Ok(reply),
                    }
                }
                Ok(Err(_)) => {}
                Err(_) => {
                    let reply = by_tcp(address, message, &mut self.reached).await?;
                    self.udp = false;
                    return Ok(reply);
                }
            }
        }
        let reply = match by_tcp(address, message, &mut self.reached).await {
            // Where tcp does not get through, a long message may still arrive over udp.
            Err(failure @ AttemptFailure::Io(_)) if message.len() > UDP_LIMIT => {
                let reply = timeout(UDP_WAIT, by_udp(address, message)).await;
                let reply = reply.ok().and_then(Result::ok).ok_or(failure)?;
                self.reached = true;
                reply
            }
            reply => reply?,
        };
        match error_code(&reply) {
            Some(SERVICE_UNAVAILABLE) => Err(AttemptFailure::Unavailable),
            _ => Ok(reply),
        }
    }
}

/// The code of a KRB-ERROR.
fn error_code(reply: &[u8]) -> Option<i32> {
    let error = KrbError::is_one(reply).then(|| KrbError::decode(reply))?;
    error.ok().map(|error| error.code)
}

/// One datagram there, one back. The socket is connected, so what comes from elsewhere is not seen.
pub(crate) async fn by_udp(address: SocketAddr, message: &[u8]) -> Result<Vec<u8>, AttemptFailure> {
    let any: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(address).await?;
    socket.send(message).await?;
    let mut reply = vec![0; MAX_DATAGRAM];
    let length = socket.recv(&mut reply).await?;
    reply.truncate(length);
    Ok(reply)
}

/// The answer over tcp, and whether a connection was `taken`. A KDC with many clients resets connections that it has not
/// looked at yet: they are tried again.
pub(crate) async fn by_tcp(
    address: SocketAddr,
    message: &[u8],
    taken: &mut bool,
) -> Result<Vec<u8>, AttemptFailure> {
    for pause in RESET_PAUSES {
        match by_connection(address, message, taken).await {
            Err(AttemptFailure::Io(ErrorKind::ConnectionReset)) => sleep(pause).await,
            result => return result,
        }
    }
    by_connection(address, message, taken).await
}

/// One connection, one message, one answer.
async fn by_connection(
    address: SocketAddr,
    message: &[u8],
    taken: &mut bool,
) -> Result<Vec<u8>, AttemptFailure> {
    let length = u32::try_from(message.len()).map_err(|_| AttemptFailure::Length(u32::MAX))?;
    let mut stream = TcpStream::connect(address).await?;
    *taken = true;
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

#[cfg(test)]
mod tests {
    use super::*;
    use adlib_core::UnixTime;
    use adlib_kerberos::issue::KrbErrorBuilder;
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
        assert!(error.reached, "R5: it took the connection");
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

    /// A KDC over udp that answers from `source`, if that is another socket, and says the same over tcp.
    async fn udp_kdc(answer: Vec<u8>, tcp_answer: Option<Vec<u8>>, elsewhere: bool) -> Endpoint {
        let (tcp, udp) = loop {
            let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
            if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()).await {
                break (tcp, udp);
            }
        };
        let port = udp.local_addr().unwrap().port();
        tokio::spawn(async move {
            let other = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let mut question = [0; 2048];
            while let Ok((_, client)) = udp.recv_from(&mut question).await {
                let from = if elsewhere { &other } else { &udp };
                from.send_to(&answer, client).await.unwrap();
            }
        });
        tokio::spawn(async move {
            while let (Ok((mut stream, _)), Some(answer)) = (tcp.accept().await, &tcp_answer) {
                let length = u32::try_from(answer.len()).unwrap();
                stream.write_u32(length).await.unwrap();
                stream.write_all(answer).await.unwrap();
            }
        });
        Endpoint::parse("127.0.0.1", port).unwrap()
    }

    fn krb_error(code: i32) -> Vec<u8> {
        KrbErrorBuilder::new(code, "R", UnixTime::from_seconds(1_700_000_000)).encode()
    }

    /// R6: over udp, without tcp.
    #[tokio::test]
    async fn a_short_message_goes_over_udp() {
        let kdc = udp_kdc(b"udp".to_vec(), Some(b"tcp".to_vec()), false).await;
        let mut transport = KdcTransport::new(&[kdc], Duration::from_secs(5));
        assert_eq!(transport.exchange(&[0; UDP_LIMIT]).await.unwrap(), b"udp");
        assert_eq!(transport.exchange(&[0; UDP_LIMIT + 1]).await.unwrap(), b"tcp");
    }

    /// R6: a long message over udp, where nobody listens on tcp.
    #[tokio::test]
    async fn udp_alone_will_do() {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let port = udp.local_addr().unwrap().port();
        tokio::spawn(async move {
            let mut question = [0; 4096];
            while let Ok((length, client)) = udp.recv_from(&mut question).await {
                udp.send_to(&question[..length], client).await.unwrap();
            }
        });
        let kdc = Endpoint::parse("127.0.0.1", port).unwrap();
        let mut transport = KdcTransport::new(&[kdc], Duration::from_secs(5));
        assert_eq!(transport.exchange(&[7; 3000]).await.unwrap(), [7; 3000]);
    }

    /// R6
    #[tokio::test]
    async fn an_answer_that_does_not_fit_comes_over_tcp() {
        let kdc = udp_kdc(
            krb_error(KrbError::RESPONSE_TOO_BIG),
            Some(b"tcp".to_vec()),
            false,
        )
        .await;
        let mut transport = KdcTransport::new(&[kdc], Duration::from_secs(5));
        assert_eq!(transport.exchange(b"request").await.unwrap(), b"tcp");
    }

    /// A67
    #[tokio::test]
    async fn a67_an_answer_from_another_address_is_not_seen() {
        let forged = udp_kdc(b"forged".to_vec(), Some(b"tcp".to_vec()), true).await;
        let mut transport = KdcTransport::new(&[forged], Duration::from_secs(5));
        assert_eq!(transport.exchange(b"request").await.unwrap(), b"tcp");
        let begin = Instant::now();
        assert_eq!(transport.exchange(b"request").await.unwrap(), b"tcp");
        assert!(begin.elapsed() < UDP_WAIT, "a silent udp is waited for once");
    }

    /// R4: a KDC that is there and cannot answer.
    #[tokio::test]
    async fn the_next_one_is_asked_when_the_first_is_unavailable() {
        let unavailable = krb_error(SERVICE_UNAVAILABLE);
        let ill = udp_kdc(unavailable.clone(), Some(unavailable), false).await;
        let well = udp_kdc(b"answer".to_vec(), None, false).await;
        let mut transport = KdcTransport::new(&[ill.clone(), well], Duration::from_secs(5));
        assert_eq!(transport.exchange(b"request").await.unwrap(), b"answer");
        assert_eq!(
            failure_of(ill, Duration::from_secs(5)).await,
            AttemptFailure::Unavailable
        );
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

    /// R5: one that answered a message and is silent at the next is there; one that takes no connection is not.
    #[tokio::test]
    async fn r05_who_answered_once_is_there() {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let port = udp.local_addr().unwrap().port();
        tokio::spawn(async move {
            let mut question = [0; 64];
            let (_, client) = udp.recv_from(&mut question).await.unwrap();
            udp.send_to(b"once", client).await.unwrap();
            std::future::pending::<()>().await;
        });
        let kdc = Endpoint::parse("127.0.0.1", port).unwrap();
        let mut transport = KdcTransport::new(&[kdc], Duration::from_secs(2));
        assert_eq!(transport.exchange(b"first").await.unwrap(), b"once");
        assert!(transport.exchange(b"second").await.unwrap_err().reached);

        let free = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap();
        let nobody = Endpoint::parse("127.0.0.1", free.port()).unwrap();
        let error = KdcTransport::new(&[nobody], SOON)
            .exchange(b"")
            .await
            .unwrap_err();
        assert!(!error.reached, "{error}");
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
