//! Armour around an AS exchange, made of another ticket (RFC 6113 5.4).
//!
//! Nobody on the way can then guess at the password from what is sent, or forge a reason.

use alloc::{vec, vec::Vec};

use adlib_core::{Secret, UnixTime};
use zeroize::Zeroizing;

use super::{Credentials, ExchangeError, ap_req::ApReqFields, request::random_key};
use crate::{
    ChecksumType, KeyError, Random, SessionKey,
    der::{
        self, Armored, Checksum, EncryptedData, KdcRepBody, KerberosFlags, KrbFastArmor, KrbFastArmoredRep,
        KrbFastArmoredReq, KrbFastFinished, KrbFastReq, KrbFastResponse, MethodData, Octets, PaData, ReqBody,
    },
    number::{KeyUsage, pa_type},
};

/// The armour of one exchange.
#[derive(Clone)]
pub(super) struct Armour {
    key: SessionKey,
    ap_req: Vec<u8>,
}

impl Armour {
    /// The armour that a ticket-granting ticket makes.
    ///
    /// # Errors
    /// `Malformed` when the ticket is none.
    pub(super) fn new(
        credentials: &Credentials,
        now: UnixTime,
        random: &mut Random<'_>,
    ) -> Result<Self, ExchangeError> {
        let subkey = random_key(credentials.session_key.etype(), random)?;
        let fields = ApReqFields {
            usage: KeyUsage::AP_REQ_AUTHENTICATOR,
            checksum: None,
            subkey: Some(&subkey),
            time: now,
        };
        Ok(Self {
            ap_req: fields.encode(credentials, random)?,
            key: combine(&subkey, b"subkeyarmor", &credentials.session_key, b"ticketarmor")?,
        })
    }

    /// The request with `padata` inside of the armour: the value of a `PA-FX-FAST`.
    pub(super) fn close(
        &self,
        body: &ReqBody<'_>,
        padata: MethodData<'_>,
        random: &mut Random<'_>,
    ) -> Vec<u8> {
        let checksum_key = self.key.checksum_key(KeyUsage::FAST_REQ_CHECKSUM);
        let sum = checksum_key.sum(&der::encode(body));
        let inner = der::encode(&KrbFastReq {
            fast_options: KerberosFlags(0),
            padata,
            req_body: body.clone(),
        });
        let cipher = self.key.cipher(KeyUsage::FAST_REQ).encrypt(&inner, random);
        der::encode(&Armored(KrbFastArmoredReq {
            armor: Some(KrbFastArmor {
                armor_type: KrbFastArmor::AP_REQUEST,
                armor_value: Octets(&self.ap_req),
            }),
            req_checksum: Checksum {
                cksumtype: checksum_key.checksum_type().0,
                checksum: Octets(sum.as_slice()),
            },
            enc_fast_req: EncryptedData {
                etype: self.key.etype().number(),
                kvno: None,
                cipher: Octets(&cipher),
            },
        }))
    }

    /// What is inside of the armour of an answer: the plaintext of a [`KrbFastResponse`].
    ///
    /// # Errors
    /// `Armour` when there is none, or it does not open.
    pub(super) fn open(&self, padata: &[PaData<'_>]) -> Result<Secret<Vec<u8>>, ExchangeError> {
        let value = der::find(padata, pa_type::FX_FAST).ok_or(ExchangeError::Armour)?;
        let Armored::<KrbFastArmoredRep<'_>>(reply) = der::decode("PA-FX-FAST-REPLY", value)?;
        let cipher = self.key.cipher(KeyUsage::FAST_REP);
        cipher
            .decrypt(reply.enc_fast_rep.cipher.0)
            .ok_or(ExchangeError::Armour)
    }

    /// The key for the client's challenge (RFC 6113 5.4.6).
    pub(super) fn challenge_key(&self, client: &SessionKey) -> Result<SessionKey, KeyError> {
        combine(&self.key, b"clientchallengearmor", client, b"challengelongterm")
    }

    /// The key that opens the reply, once the armour has been compared with it.
    ///
    /// # Errors
    /// `Nonce`, and `Armour` when ticket or client are not those within the armour.
    pub(super) fn reply_key(
        &self,
        response: &KrbFastResponse<'_>,
        reply: &KdcRepBody<'_>,
        nonce: u32,
        client: &SessionKey,
    ) -> Result<SessionKey, ExchangeError> {
        if response.nonce != i64::from(nonce) {
            return Err(ExchangeError::Nonce);
        }
        let finished = response.finished.as_ref().ok_or(ExchangeError::Armour)?;
        if !self.is_finished_by(finished, reply) {
            return Err(ExchangeError::Armour);
        }
        let Some(strengthen) = &response.strengthen_key else {
            return Ok(client.clone());
        };
        let etype = crate::EncryptionType::from_number(strengthen.keytype);
        let etype = etype.map_err(|etype| ExchangeError::EtypeNotOffered(etype.number()))?;
        let strengthen = SessionKey::copied(etype, strengthen.keyvalue.0)?;
        Ok(combine(&strengthen, b"strengthenkey", client, b"replykey")?)
    }

    fn is_finished_by(&self, finished: &KrbFastFinished<'_>, reply: &KdcRepBody<'_>) -> bool {
        let sum = &finished.ticket_checksum;
        let names = finished.crealm == reply.crealm && finished.cname.name_string == reply.cname.name_string;
        names
            && sum.cksumtype == ChecksumType::of(self.key.etype()).0
            && self
                .key
                .checksum_key(KeyUsage::FAST_FINISHED)
                .sum(&der::encode(&reply.ticket))
                .is(sum.checksum.0)
    }
}

impl core::fmt::Debug for Armour {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Armour(..)")
    }
}

/// `KRB-FX-CF2` (RFC 6113 5.1): one key of two, of the encryption type of the first.
fn combine(
    one: &SessionKey,
    pepper: &[u8],
    other: &SessionKey,
    other_pepper: &[u8],
) -> Result<SessionKey, KeyError> {
    let length = one.etype().key_length();
    let mut bytes = prf_plus(one, pepper, length);
    for (byte, with) in bytes.iter_mut().zip(prf_plus(other, other_pepper, length).iter()) {
        *byte ^= with;
    }
    SessionKey::copied(one.etype(), &bytes)
}

/// `PRF+` (RFC 6113 5.1): `length` bytes.
fn prf_plus(key: &SessionKey, pepper: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(vec![]);
    for counter in 1..=u8::MAX {
        bytes.extend_from_slice(key.prf(&[&[counter], pepper].concat()).expose());
        if bytes.len() >= length {
            break;
        }
    }
    bytes.truncate(length);
    bytes
}
