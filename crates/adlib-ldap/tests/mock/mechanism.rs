//! A mechanism of three tokens whose session counts, sums and shifts: enough to see whether somebody looks.

use adlib_core::{
    DecodeError, DecodeErrorKind, Secret,
    gss::{Error, Initiator, InitiatorStep, Protection, Session},
};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Peer, Request, message, tlv};

pub(crate) const HELLO: &[u8] = b"mock hello";
pub(crate) const CHALLENGE: &[u8] = b"mock challenge";
pub(crate) const PROOF: &[u8] = b"mock proof";
/// What a server proves itself by, where that is asked.
pub(crate) const SERVER_PROOF: &[u8] = b"mock server";
pub(crate) const IN_PROGRESS: u8 = 14;

/// The initiator of a session with `protection`.
pub(crate) fn initiator(protection: Protection) -> Box<dyn Initiator> {
    Box::new(Hello {
        protection,
        mutual: false,
    })
}

/// The same, and the server has to prove itself.
pub(crate) fn mutual(protection: Protection) -> Box<dyn Initiator> {
    Box::new(Hello {
        protection,
        mutual: true,
    })
}

/// One that answers any token by another.
pub(crate) struct Endless;

#[derive(Debug, thiserror::Error)]
#[error("this token is not the server's")]
struct WrongToken;

fn refuse_unless(token: &[u8], expected: &[u8]) -> Result<(), Error> {
    if token == expected {
        Ok(())
    } else {
        Err(Error::refused("wrong-token", WrongToken))
    }
}

struct Hello {
    protection: Protection,
    mutual: bool,
}

impl Initiator for Hello {
    fn step(self: Box<Self>, token: &[u8]) -> Result<InitiatorStep, Error> {
        refuse_unless(token, b"")?;
        Ok(InitiatorStep::Continue {
            token: HELLO.to_vec(),
            next: Box::new(AwaitingChallenge(*self)),
        })
    }
}

struct AwaitingChallenge(Hello);

impl Initiator for AwaitingChallenge {
    fn step(self: Box<Self>, token: &[u8]) -> Result<InitiatorStep, Error> {
        refuse_unless(token, CHALLENGE)?;
        let token = PROOF.to_vec();
        Ok(if self.0.mutual {
            InitiatorStep::Continue {
                token,
                next: Box::new(AwaitingProof(self.0)),
            }
        } else {
            InitiatorStep::Done {
                token: Some(token),
                session: Box::new(Shift::new(self.0.protection)),
            }
        })
    }
}

struct AwaitingProof(Hello);

impl Initiator for AwaitingProof {
    fn step(self: Box<Self>, token: &[u8]) -> Result<InitiatorStep, Error> {
        refuse_unless(token, SERVER_PROOF)?;
        Ok(InitiatorStep::Done {
            token: None,
            session: Box::new(Shift::new(self.0.protection)),
        })
    }
}

impl Initiator for Endless {
    fn step(self: Box<Self>, _: &[u8]) -> Result<InitiatorStep, Error> {
        Ok(InitiatorStep::Continue {
            token: HELLO.to_vec(),
            next: self,
        })
    }
}

/// A session: number and sum before the message, and the message shifted by the number where that is agreed.
pub(crate) struct Shift {
    protection: Protection,
    sent: u8,
    received: u8,
}

impl Shift {
    pub(crate) fn new(protection: Protection) -> Self {
        Self {
            protection,
            sent: 0,
            received: 0,
        }
    }

    fn shift(&self, number: u8) -> u8 {
        match self.protection {
            Protection::Confidentiality => number.wrapping_add(0x55),
            Protection::None | Protection::Integrity => 0,
        }
    }

    /// Bytes in a buffer as the other side takes it.
    pub(crate) fn buffer(&mut self, bytes: &[u8]) -> Vec<u8> {
        let token = self.wrap(bytes).unwrap();
        let length = u32::try_from(token.len()).unwrap();
        [&length.to_be_bytes()[..], &token].concat()
    }
}

fn sum(message: &[u8]) -> u8 {
    message
        .iter()
        .fold(0x77, |sum: u8, byte| sum.rotate_left(1) ^ byte)
}

impl Session for Shift {
    fn mechanism(&self) -> &'static [u8] {
        b"\x2a"
    }

    fn peer(&self) -> Option<adlib_core::gss::Peer> {
        None
    }

    fn protection(&self) -> Protection {
        self.protection
    }

    fn wrap(&mut self, message: &[u8]) -> Result<Vec<u8>, Error> {
        if self.protection == Protection::None {
            return Err(Error::refused("nothing-agreed", WrongToken));
        }
        self.sent = self.sent.wrapping_add(1);
        let shift = self.shift(self.sent);
        let shifted = message.iter().map(|byte| byte.wrapping_add(shift));
        Ok([self.sent, sum(message)].into_iter().chain(shifted).collect())
    }

    fn unwrap(&mut self, token: &[u8]) -> Result<Vec<u8>, Error> {
        let [number, expected, shifted @ ..] = token else {
            return Err(DecodeError::new("token", 0, DecodeErrorKind::Truncated).into());
        };
        self.received = self.received.wrapping_add(1);
        let shift = self.shift(self.received);
        let message: Vec<u8> = shifted.iter().map(|byte| byte.wrapping_sub(shift)).collect();
        if *number != self.received || sum(&message) != *expected {
            return Err(Error::refused("bad-signature", WrongToken));
        }
        Ok(message)
    }

    fn mic(&mut self, message: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(vec![sum(message)])
    }

    fn verify_mic(&mut self, message: &[u8], mic: &[u8]) -> Result<(), Error> {
        refuse_unless(mic, &[sum(message)])
    }

    fn key(&self) -> Option<Secret<Vec<u8>>> {
        None
    }
}

/// The answer to a step of a bind.
pub(crate) fn bind_step(id: u32, code: u8, text: &str, token: Option<&[u8]>) -> Vec<u8> {
    let token = token.map(|token| tlv(0x87, token)).unwrap_or_default();
    message(id, &[tlv(0x61, &[super::result(code, text), token].concat())])
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    /// The tokens of a bind but for the answer to the last; the request that waits for it.
    pub(crate) async fn challenge(&mut self) -> Option<Request> {
        let hello = self.request().await?;
        assert!(hello.contains(HELLO));
        self.send(&bind_step(hello.id, IN_PROGRESS, "", Some(CHALLENGE)))
            .await;
        let proof = self.request().await?;
        assert!(proof.contains(PROOF));
        Some(proof)
    }

    /// A whole bind.
    pub(crate) async fn accept_bind(&mut self) -> Option<()> {
        let proof = self.challenge().await?;
        self.send(&bind_step(proof.id, 0, "", None)).await;
        Some(())
    }

    /// The buffer that comes next, opened.
    pub(crate) async fn sealed(&mut self, session: &mut Shift) -> Option<Vec<u8>> {
        let length = self.read(4).await?;
        let length = u32::from_be_bytes(length.try_into().unwrap());
        let token = self.read(usize::try_from(length).unwrap()).await?;
        Some(session.unwrap(&token).unwrap())
    }

    /// The request in the buffer that comes next.
    pub(crate) async fn sealed_request(&mut self, session: &mut Shift) -> Option<Request> {
        let message = self.sealed(session).await?;
        let header = if message[1] < 0x80 {
            2
        } else {
            2 + usize::from(message[1] & 0x7f)
        };
        Some(Request::new(message[header..].to_vec()))
    }
}
