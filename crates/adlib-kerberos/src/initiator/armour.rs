//! Armour around an AS exchange, made of another ticket (RFC 6113 5.4).
//!
//! Nobody on the way can then guess at the password from what is sent, or forge a reason.

use alloc::{vec, vec::Vec};

use adlib_core::{Secret, UnixTime};
use zeroize::Zeroizing;

use super::{Credentials, ExchangeError, ap_req::ApReqFields, request::random_key};
use crate::{
    ChecksumType, KeyError, Principal, Random, SessionKey,
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

    /// The key that opens the reply, once the armour has been compared with it, and the client.
    ///
    /// The client is the one within the armour (RFC 6113 5.4.3). Nothing protects the name outside of it, and some KDCs
    /// write none there.
    ///
    /// # Errors
    /// `Nonce`, and `Armour` when the ticket is not the one within the armour.
    pub(super) fn reply_key(
        &self,
        response: &KrbFastResponse<'_>,
        reply: &KdcRepBody<'_>,
        nonce: u32,
        client: &SessionKey,
    ) -> Result<(SessionKey, Principal), ExchangeError> {
        if response.nonce != i64::from(nonce) {
            return Err(ExchangeError::Nonce);
        }
        let finished = response.finished.as_ref().ok_or(ExchangeError::Armour)?;
        if !self.is_finished_by(finished, reply) {
            return Err(ExchangeError::Armour);
        }
        let name = finished.cname.in_realm(finished.crealm);
        let Some(strengthen) = &response.strengthen_key else {
            return Ok((client.clone(), name));
        };
        let etype = crate::EncryptionType::from_number(strengthen.keytype);
        let etype = etype.map_err(|etype| ExchangeError::EtypeNotOffered(etype.number()))?;
        let strengthen = SessionKey::copied(etype, strengthen.keyvalue.0)?;
        let key = combine(&strengthen, b"strengthenkey", client, b"replykey")?;
        Ok((key, name))
    }

    fn is_finished_by(&self, finished: &KrbFastFinished<'_>, reply: &KdcRepBody<'_>) -> bool {
        let sum = &finished.ticket_checksum;
        sum.cksumtype == ChecksumType::of(self.key.etype()).0
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        EncryptionType,
        der::{Application, KerberosString, KerberosTime, Microseconds, PrincipalName, Ticket, TicketBody},
    };

    fn name(text: &'static str) -> PrincipalName<'static> {
        PrincipalName {
            name_type: 1,
            name_string: der::SequenceOf::Made(vec![KerberosString::new(text)]),
        }
    }

    fn ticket(cipher: &[u8]) -> Ticket<'_> {
        Application(TicketBody {
            tkt_vno: 5,
            realm: KerberosString::new("R"),
            sname: name("krbtgt"),
            enc_part: encrypted(cipher),
        })
    }

    fn encrypted(cipher: &[u8]) -> EncryptedData<'_> {
        EncryptedData {
            etype: 18,
            kvno: None,
            cipher: Octets(cipher),
        }
    }

    /// A66: within the armour stand the nonce, the ticket's checksum and the client; the client outside of it is
    /// nobody's word, and Heimdal 7.8 writes none.
    #[test]
    fn a66_what_stands_within_the_armour_counts() {
        let key = SessionKey::new(EncryptionType::Aes256Sha1, [7; 32]).unwrap();
        let armour = Armour {
            key: key.clone(),
            ap_req: Vec::new(),
        };
        let sum = |ticket: &Ticket<'_>| {
            let sum = key
                .checksum_key(KeyUsage::FAST_FINISHED)
                .sum(&der::encode(ticket));
            sum.as_slice().to_vec()
        };
        let verdict = |sum: &[u8], finished: bool, nonce: i64| {
            let finished = finished.then(|| KrbFastFinished {
                timestamp: KerberosTime::from_unix(UnixTime::from_seconds(0)),
                usec: Microseconds(0),
                crealm: KerberosString::new("R"),
                cname: name("ada"),
                ticket_checksum: Checksum {
                    cksumtype: 16,
                    checksum: Octets(sum),
                },
            });
            let response = KrbFastResponse {
                padata: vec![],
                strengthen_key: None,
                finished,
                nonce,
            };
            let reply = KdcRepBody {
                pvno: 5,
                msg_type: 11,
                padata: None,
                crealm: KerberosString::new(""),
                cname: name("mallory"),
                ticket: ticket(b"ticket"),
                enc_part: encrypted(b""),
            };
            let key = armour.reply_key(&response, &reply, 9, &key);
            key.map(|(_, client)| client)
        };
        let right = sum(&ticket(b"ticket"));
        assert_eq!(verdict(&right, true, 9), Ok(Principal::user("ada", "R")));
        assert_eq!(
            verdict(&sum(&ticket(b"other")), true, 9),
            Err(ExchangeError::Armour)
        );
        assert_eq!(verdict(&right, false, 9), Err(ExchangeError::Armour));
        assert_eq!(verdict(&right, true, 8), Err(ExchangeError::Nonce));
    }
}
