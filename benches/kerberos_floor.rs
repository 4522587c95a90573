//! What nobody can leave out: the calls of ciphers and HMACs that a message needs, on the same bytes.

use std::ops::Range;

use aes::cipher::{
    Array, BlockCipherDecrypt, BlockCipherEncrypt, BlockSizeUser, InnerIvInit, KeyInit, consts::U16,
};
use cts::{CbcCs3, Decrypt};
use hmac::{EagerHash, Hmac, Mac};
use md5::{Digest, Md5};
use rc4::{Rc4, StreamCipher};
use sha1::Sha1;

use adlib_benches::time;

use crate::kerberos_scene::Scene;

/// The calls of one encryption type.
pub(crate) trait Profile {
    /// What opens the messages of one usage.
    type Opener;
    /// What signs PACs.
    type Signer;
    fn opener(base: &[u8], usage: Usage) -> Self::Opener;
    fn signer(base: &[u8]) -> Self::Signer;
    /// Decrypt `message` into `room`: whether it is authentic.
    fn open(opener: &Self::Opener, message: &[u8], room: &mut [u8]) -> bool;
    /// The first byte of a signature.
    fn sign(signer: &Self::Signer, data: &[u8]) -> u8;
}

/// Key usages, with the constants that derive keys for them (RFC 3961 5.3).
#[derive(Clone, Copy)]
pub(crate) enum Usage {
    Ticket,
    Authenticator,
}

impl Usage {
    const fn number(self) -> u8 {
        match self {
            Self::Ticket => 2,
            Self::Authenticator => 11,
        }
    }

    /// The constants of encryption and integrity, folded to a block.
    const fn folded(self) -> [u128; 2] {
        match self {
            Self::Ticket => [
                0xb5b0_582c_14b6_500a_ad56_ab55_aa80_556a,
                0x62dc_6e37_1a63_a809_58ac_562b_1540_4ac5,
            ],
            Self::Authenticator => [
                0xfe54_aa55_a502_522f_bf5f_afd7_ea81_75fa,
                0xab80_c060_aaaf_aa2e_6ab5_5aad_5541_6b55,
            ],
        }
    }
}

/// The constant of the checksums of PACs (usage 17), folded to a block.
const PAC_FOLDED: u128 = 0x1ddb_6db6_d324_cc48_8843_a1d0_e642_343a;

/// All calls of one message.
pub(crate) struct Floor<P: Profile> {
    ticket_key: P::Opener,
    pac_key: P::Signer,
    session_key: Vec<u8>,
    /// Where the ticket's encrypted part lies in a token.
    ticket: Range<usize>,
    authenticator: Vec<u8>,
    pac: Vec<u8>,
    room: Vec<u8>,
}

impl<P: Profile> Floor<P> {
    pub(crate) fn new(scene: &Scene) -> Self {
        let message = scene.ap_req();
        let base = scene.key.expose();
        let ticket = last_octets(scene.ticket());
        let token = scene.tokens(1).concat();
        let start = token.windows(ticket.len()).position(|part| part == ticket);
        let start = start.unwrap_or(token.len());
        Self {
            ticket_key: P::opener(base, Usage::Ticket),
            pac_key: P::signer(base),
            session_key: scene.session_key().to_vec(),
            ticket: start..start + ticket.len(),
            authenticator: last_octets(&message).to_vec(),
            pac: scene.pac.clone(),
            room: vec![0; message.len()],
        }
    }

    /// The service's key is derived once, the session key is new with each ticket, which is read where `token` came.
    pub(crate) fn run(&mut self, token: &[u8]) -> (bool, u8) {
        let ticket = token.get(self.ticket.clone()).unwrap_or_default();
        let ticket = P::open(&self.ticket_key, ticket, &mut self.room);
        let session_key = P::opener(&self.session_key, Usage::Authenticator);
        let authenticator = P::open(&session_key, &self.authenticator, &mut self.room);
        (ticket && authenticator, self.sign())
    }

    /// Nanoseconds a message, when each is as new as those that an acceptor is given.
    pub(crate) fn batch(&mut self, scene: &Scene, calls: u32) -> f64 {
        let tokens = scene.tokens(calls);
        let mut tokens = tokens.iter();
        time(calls, &mut || tokens.next().map(|token| self.run(token)))
    }

    /// The signature of the PAC.
    pub(crate) fn sign(&self) -> u8 {
        P::sign(&self.pac_key, &self.pac)
    }
}

/// The contents of the last element of all that are nested at the end of `der`, which is the encrypted part.
fn last_octets(mut der: &[u8]) -> &[u8] {
    while let Some((tag, contents, rest)) = element(der) {
        match (tag, rest) {
            (4, []) => return contents,
            (_, []) => der = contents,
            _ => der = rest,
        }
    }
    &[]
}

/// The first element of `der`: its tag, its contents, and what comes behind it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (length, rest) = match rest {
        [0x82, a, b, rest @ ..] => (usize::from(u16::from_be_bytes([*a, *b])), rest),
        [0x81, a, rest @ ..] => (usize::from(*a), rest),
        [a, rest @ ..] => (usize::from(*a), rest),
        [] => return None,
    };
    let (contents, rest) = rest.split_at_checked(length)?;
    Some((*tag, contents, rest))
}

/// A block cipher that AES is one of.
pub(crate) trait Aes:
    KeyInit + BlockCipherEncrypt + BlockCipherDecrypt + BlockSizeUser<BlockSize = U16>
{
}

impl<A: KeyInit + BlockCipherEncrypt + BlockCipherDecrypt + BlockSizeUser<BlockSize = U16>> Aes for A {}

/// Encryption types 17 and 18 (RFC 3962).
pub(crate) struct AesSha1<A>(A);

impl<A: Aes> AesSha1<A> {
    fn derive(base: &A, folded: u128) -> Array<u8, A::KeySize> {
        let mut block = Array::from(folded.to_be_bytes());
        let mut key = Array::<u8, A::KeySize>::default();
        for part in key.chunks_mut(16) {
            base.encrypt_block(&mut block);
            part.copy_from_slice(&block);
        }
        key
    }
}

impl<A: Aes> Profile for AesSha1<A> {
    type Opener = (A, Hmac<Sha1>);
    type Signer = Hmac<Sha1>;

    fn opener(base: &[u8], usage: Usage) -> Self::Opener {
        let base = aes_of::<A>(base);
        let [encryption, integrity] = usage.folded().map(|folded| Self::derive(&base, folded));
        (A::new(&encryption), hmac_of(&integrity))
    }

    fn signer(base: &[u8]) -> Self::Signer {
        hmac_of(&Self::derive(&aes_of::<A>(base), PAC_FOLDED))
    }

    fn open((ke, ki): &Self::Opener, message: &[u8], room: &mut [u8]) -> bool {
        let Some((data, sent)) = message.split_last_chunk::<12>() else {
            return false;
        };
        let Some(plaintext) = decrypted(ke, data, room) else {
            return false;
        };
        let sum = ki.clone().chain_update(plaintext).finalize().into_bytes();
        sum.starts_with(sent)
    }

    fn sign(signer: &Self::Signer, data: &[u8]) -> u8 {
        first(&signer.clone().chain_update(data).finalize().into_bytes())
    }
}

/// Encryption types 19 and 20 (RFC 8009), with HMACs of `TAG` bytes.
pub(crate) struct AesSha2<A, H, const TAG: usize>(A, H);

impl<A: Aes, H: EagerHash, const TAG: usize> AesSha2<A, H, TAG> {
    fn derive<const N: usize>(base: &[u8], usage: u8, kind: u8) -> [u8; N] {
        let bits = u32::try_from(N * 8).unwrap_or(0).to_be_bytes();
        let parts = [&[0, 0, 0, 1, 0, 0, 0, usage, kind, 0][..], &bits];
        let key = hmac_of::<H>(base)
            .chain_update(parts.concat())
            .finalize()
            .into_bytes();
        let mut cut = [0; N];
        cut.iter_mut().zip(&key).for_each(|(to, from)| *to = *from);
        cut
    }
}

impl<A: Aes, H: EagerHash, const TAG: usize> Profile for AesSha2<A, H, TAG> {
    type Opener = (A, Hmac<H>);
    type Signer = Hmac<H>;

    fn opener(base: &[u8], usage: Usage) -> Self::Opener {
        let key: [u8; 32] = match base.len() {
            32 => Self::derive(base, usage.number(), 0xaa),
            _ => {
                let mut key = [0; 32];
                let short: [u8; 16] = Self::derive(base, usage.number(), 0xaa);
                key.iter_mut().zip(&short).for_each(|(to, from)| *to = *from);
                key
            }
        };
        let ke = aes_of(key.get(..base.len()).unwrap_or_default());
        let ki: [u8; TAG] = Self::derive(base, usage.number(), 0x55);
        (ke, hmac_of(&ki))
    }

    fn signer(base: &[u8]) -> Self::Signer {
        let kc: [u8; TAG] = Self::derive(base, 17, 0x99);
        hmac_of(&kc)
    }

    fn open((ke, ki): &Self::Opener, message: &[u8], room: &mut [u8]) -> bool {
        let Some((data, sent)) = message.split_last_chunk::<TAG>() else {
            return false;
        };
        let sum = ki.clone().chain_update([0; 16]).chain_update(data);
        sum.finalize().into_bytes().starts_with(sent) && decrypted(ke, data, room).is_some()
    }

    fn sign(signer: &Self::Signer, data: &[u8]) -> u8 {
        first(&signer.clone().chain_update(data).finalize().into_bytes())
    }
}

/// Encryption type 23 (RFC 4757).
pub(crate) struct Rc4Hmac;

impl Profile for Rc4Hmac {
    type Opener = (Vec<u8>, [u8; 4]);
    type Signer = (Hmac<Md5>, Md5);

    fn opener(base: &[u8], usage: Usage) -> Self::Opener {
        (base.to_vec(), [usage.number(), 0, 0, 0])
    }

    fn signer(base: &[u8]) -> Self::Signer {
        let signing = hmac_of::<Md5>(base).chain_update(b"signaturekey\0").finalize();
        (
            hmac_of(&signing.into_bytes()),
            Md5::new().chain_update([17, 0, 0, 0]),
        )
    }

    fn open((base, salt): &Self::Opener, message: &[u8], room: &mut [u8]) -> bool {
        let Some((sent, data)) = message.split_first_chunk::<16>() else {
            return false;
        };
        let k1 = hmac_of::<Md5>(base).chain_update(salt).finalize().into_bytes();
        let k3 = hmac_of::<Md5>(&k1).chain_update(sent).finalize().into_bytes();
        let Some(room) = room.get_mut(..data.len()) else {
            return false;
        };
        let Ok(mut rc4) = Rc4::new_from_slice(&k3) else {
            return false;
        };
        rc4.apply_keystream_b2b(data, room);
        let sum = hmac_of::<Md5>(&k1).chain_update(room).finalize().into_bytes();
        sum.as_slice() == sent
    }

    fn sign((signing, digest): &Self::Signer, data: &[u8]) -> u8 {
        let digest = digest.clone().chain_update(data).finalize();
        first(&signing.clone().chain_update(digest).finalize().into_bytes())
    }
}

fn decrypted<'r, A: Aes>(ke: &A, data: &[u8], room: &'r mut [u8]) -> Option<&'r [u8]> {
    let room = room.get_mut(..data.len())?;
    let cbc = CbcCs3::inner_iv_init(ke, &Array::default());
    cbc.decrypt_b2b(data, room).ok()?;
    Some(room)
}

fn aes_of<A: Aes>(key: &[u8]) -> A {
    A::new(&Array::try_from(key).unwrap_or_default())
}

fn hmac_of<H: EagerHash>(key: &[u8]) -> Hmac<H> {
    let mut block = Array::default();
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    KeyInit::new(&block)
}

fn first(bytes: &[u8]) -> u8 {
    bytes.first().copied().unwrap_or_default()
}
