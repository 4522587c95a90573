//! The request for TLS on a connection in the clear (RFC 4511 4.14).

use tokio::net::TcpStream;

use super::{
    frames::{FrameError, Frames},
    message::{EXTENDED_RESPONSE, result_of},
};
use crate::{Endpoint, Error, Violation};

/// The answer has three short parts.
const MAX_ANSWER: usize = 16 << 10;
const MESSAGE_ID: u32 = 1;
/// ```text
/// LDAPMessage { messageID 1, extendedReq [APPLICATION 23] { requestName [0] "1.3.6.1.4.1.1466.20037" } }
/// ```
const REQUEST: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";

/// Ask for TLS; the stream that comes back is ready for the handshake.
///
/// # Errors
/// `StartTlsRefused` when the server will not; `Protocol` when it answers anything else, or sends bytes after its
/// answer that TLS would not protect; `Lost`.
pub(super) async fn ask(stream: TcpStream, endpoint: &Endpoint) -> Result<TcpStream, Error> {
    let lost = |reason: String| Error::Lost {
        endpoint: endpoint.to_string(),
        reason,
    };
    let broken = |violation| Error::Protocol {
        endpoint: endpoint.to_string(),
        violation,
    };
    let failed = |error| match error {
        FrameError::Io(error) => lost(error.to_string()),
        FrameError::Violation(violation) => broken(violation),
        FrameError::Protect(reason) => lost(reason.to_owned()),
    };
    let mut frames = Frames::new(stream, MAX_ANSWER);
    frames.send(REQUEST).await.map_err(failed)?;
    let answer = frames.next().await.map_err(failed)?;
    let answer = answer.ok_or_else(|| lost("the server closed it when asked for StartTLS".into()))?;
    let result = result_of(answer, MESSAGE_ID, EXTENDED_RESPONSE).map_err(broken)?;
    if result.code != 0 {
        return Err(Error::StartTlsRefused {
            endpoint: endpoint.to_string(),
            code: result.code,
            message: result.message,
        });
    }
    if !frames.is_at_rest() {
        return Err(broken(Violation::ClearAfterStartTls));
    }
    Ok(frames.into_inner())
}
