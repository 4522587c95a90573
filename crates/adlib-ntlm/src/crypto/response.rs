//! The `NTLMv2` response: made, taken apart, compared (MS-NLMP 2.2.2.7, 2.2.2.8, 3.3.2).

use alloc::vec::Vec;
use core::fmt;

use adlib_core::{DecodeError, DecodeErrorKind, FileTime, Reader, Writer};
use subtle::ConstantTimeEq;

use super::{
    hmac_md5::hmac_md5,
    keys::{ResponseKey, SessionBaseKey},
};
use crate::{Rejection, message::AvPairs};

/// `RespType` and `HiRespType`: the only version there is.
const VERSION: u8 = 1;
const CLIENT_CHALLENGE: &str = "NTLMv2_CLIENT_CHALLENGE";

/// What a client puts into its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientChallenge<'a> {
    /// The server's `MsvAvTimestamp` if it sent one, else the client's time.
    pub time: FileTime,
    /// Eight random bytes.
    pub nonce: [u8; 8],
    /// The attribute pairs, encoded, up to and with `MsvAvEOL`.
    pub target_info: &'a [u8],
}

impl ClientChallenge<'_> {
    /// ```text
    /// RespType (1) HiRespType (1) Reserved1 (2) Reserved2 (4) TimeStamp (8) ChallengeFromClient (8)
    /// Reserved3 (4) AvPairs Reserved4 (4)
    /// ```
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer
            .u8(VERSION)
            .u8(VERSION)
            .bytes(&[0; 6])
            .u64_le(self.time.0)
            .bytes(&self.nonce);
        writer.bytes(&[0; 4]).bytes(self.target_info).bytes(&[0; 4]);
        writer.finish()
    }
}

/// An `NTLMv2` response as it came, nothing about it verified.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ntlmv2Response<'a> {
    /// `NTProofStr`.
    pub proof: [u8; 16],
    /// The client's time stamp.
    pub time: FileTime,
    /// The client's random bytes.
    pub nonce: [u8; 8],
    /// The attribute pairs.
    pub av_pairs: AvPairs<'a>,
    /// All that the proof covers besides the server's challenge.
    covered: &'a [u8],
}

impl<'a> Ntlmv2Response<'a> {
    /// Take the `NtChallengeResponse` of an AUTHENTICATE message apart.
    ///
    /// # Errors
    /// `Truncated` (an `NTLMv1` response has 24 bytes and is too short), `Unexpected` for another version, or what is
    /// wrong with the attribute pairs.
    pub fn decode(response: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(response);
        let proof = reader.array("NTProofStr")?;
        let covered = reader.rest();
        let at = reader;
        if reader.array(CLIENT_CHALLENGE)? != [VERSION; 2] {
            return Err(at.error(CLIENT_CHALLENGE, DecodeErrorKind::Unexpected));
        }
        reader.bytes(CLIENT_CHALLENGE, 6)?;
        let time = FileTime(reader.u64_le("TimeStamp")?);
        let nonce = reader.array("ChallengeFromClient")?;
        reader.bytes(CLIENT_CHALLENGE, 4)?;
        // Zeros follow the last pair; how many is not agreed upon.
        let av_pairs = AvPairs::decode(reader.rest())?;
        Ok(Self {
            proof,
            time,
            nonce,
            av_pairs,
            covered,
        })
    }
}

impl fmt::Debug for Ntlmv2Response<'_> {
    /// Without the proof: a password can be guessed from it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ntlmv2Response")
            .field("time", &self.time)
            .field("av_pairs", &self.av_pairs)
            .finish_non_exhaustive()
    }
}

impl ResponseKey {
    /// The answer to `server_challenge`: an `NtChallengeResponse`, and the key that both sides have then.
    #[must_use]
    pub fn respond(
        &self,
        server_challenge: [u8; 8],
        client: &ClientChallenge<'_>,
    ) -> (Vec<u8>, SessionBaseKey) {
        let covered = client.encode();
        let proof = hmac_md5(self.expose(), [&server_challenge[..], &covered]);
        ([&proof[..], &covered].concat(), self.session_base_key(&proof))
    }

    /// Compare the proof of `response`, in constant time.
    ///
    /// # Errors
    /// `WrongProof`, whatever else the response holds.
    pub fn verify(
        &self,
        server_challenge: [u8; 8],
        response: &Ntlmv2Response<'_>,
    ) -> Result<SessionBaseKey, Rejection> {
        let proof = hmac_md5(self.expose(), [&server_challenge[..], response.covered]);
        if bool::from(proof.ct_eq(&response.proof)) {
            Ok(self.session_base_key(&proof))
        } else {
            Err(Rejection::WrongProof)
        }
    }

    /// The answer that a client gives beside the other when the server sent no time stamp (`LMv2`, MS-NLMP 3.3.2).
    #[must_use]
    pub fn respond_lmv2(&self, server_challenge: [u8; 8], nonce: [u8; 8]) -> ([u8; 24], SessionBaseKey) {
        let proof = hmac_md5(self.expose(), [&server_challenge[..], &nonce]);
        let mut response = [0; 24];
        let bytes = proof.iter().chain(&nonce);
        response.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        (response, self.session_base_key(&proof))
    }

    fn session_base_key(&self, proof: &[u8; 16]) -> SessionBaseKey {
        SessionBaseKey::new(hmac_md5(self.expose(), [&proof[..]]))
    }
}
