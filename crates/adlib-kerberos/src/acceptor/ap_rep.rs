//! The answer, by which the client knows that the service could read its ticket (RFC 4120 3.2.4).

use alloc::{boxed::Box, vec::Vec};

use adlib_core::gss::Peer;
use zeroize::Zeroizing;

use super::Accepted;
use crate::{
    EncryptionType, KerberosSession, Random, SessionKey, SessionRandom,
    der::{
        self, ApRep, ApRepBody, EncApRepPart, EncApRepPartBody, EncryptedData, EncryptionKey, KerberosTime,
        Microseconds, Octets,
    },
    gss::{AP_REP_TOKEN, Agreement, Role},
    number::KeyUsage,
};

impl Accepted {
    /// The AP-REP, framed as the client's message was; `None` when the client wants none.
    ///
    /// For who needs no session: the client learns that it talks to the service, and nothing else is agreed.
    #[must_use]
    pub fn ap_rep(&self, random: &mut Random<'_>) -> Option<Vec<u8>> {
        let sequence = first_number(random);
        self.evidence
            .mutual
            .then(|| self.encode_ap_rep(None, sequence, random))
    }

    /// The session with the client, and the AP-REP that it waits for before it can use it, if it wants one.
    ///
    /// The session protects messages as the client asked; with an AP-REP comes a subkey of our own.
    #[must_use]
    pub fn session(&self, mut random: SessionRandom) -> (Option<Vec<u8>>, KerberosSession) {
        let clients = self.subkey.as_ref().unwrap_or(&self.session_key);
        // Without an answer of ours, both sides count from the client's number.
        let (mut send, mut own, mut ap_rep) = (self.sequence, None, None);
        if self.evidence.mutual {
            // RFC 4757 knows no subkey of the acceptor's.
            own = Some(clients.etype())
                .filter(|etype| *etype != EncryptionType::Rc4)
                .map(|etype| SessionKey::generate(etype, &mut *random));
            send = first_number(&mut *random);
            ap_rep = Some(self.encode_ap_rep(own.as_ref(), send, &mut *random));
        }
        let agreement = Agreement {
            role: Role::Acceptor,
            peer: Some(Box::new(Peer {
                name: self.client.name(),
                domain: self.client.realm().into(),
            })),
            flags: self.gss_flags,
            acceptor_subkey: own.is_some(),
            key: own.unwrap_or_else(|| clients.clone()),
            send,
            receive: self.sequence,
        };
        (ap_rep, KerberosSession::new(agreement, random))
    }

    fn encode_ap_rep(&self, subkey: Option<&SessionKey>, sequence: u32, random: &mut Random<'_>) -> Vec<u8> {
        let part: EncApRepPart<'_> = der::Application(EncApRepPartBody {
            ctime: KerberosTime::from_unix(self.client_time),
            cusec: Microseconds(self.client_time.subsec_micros()),
            subkey: subkey.map(|key| EncryptionKey {
                keytype: key.etype().number(),
                keyvalue: Octets(key.expose()),
            }),
            seq_number: Some(sequence.into()),
        });
        let part = Zeroizing::new(der::encode(&part));
        let cipher = self.session_key.cipher(KeyUsage::AP_REP).encrypt(&part, random);
        let ap_rep: ApRep<'_> = der::Application(ApRepBody {
            pvno: der::VERSION,
            msg_type: ApRepBody::MESSAGE_TYPE,
            enc_part: EncryptedData {
                etype: self.session_key.etype().number(),
                kvno: None,
                cipher: Octets(&cipher),
            },
        });
        self.framing.wrap(AP_REP_TOKEN, der::encode(&ap_rep))
    }
}

/// Where to begin to count messages: with room for more, and positive however it is read.
pub(crate) fn first_number(random: &mut Random<'_>) -> u32 {
    let mut number = [0; 4];
    random(&mut number);
    u32::from_be_bytes(number) >> 2
}

#[cfg(test)]
#[cfg(feature = "issue")]
mod tests {
    use adlib_core::gss::{KERBEROS_OID, unframe};

    use super::*;
    use crate::{
        Fresh,
        scene::{Scene, random},
    };

    fn time_in(ap_rep: &[u8], accepted: &Accepted) -> adlib_core::UnixTime {
        let ap_rep: ApRep<'_> = der::decode("AP-REP", ap_rep).unwrap();
        assert_eq!((ap_rep.0.pvno, ap_rep.0.msg_type), (5, 15));
        let cipher = accepted.session_key().cipher(KeyUsage::AP_REP);
        let plaintext = cipher.decrypt(ap_rep.0.enc_part.cipher.0).expect("authentic");
        let part: EncApRepPart<'_> = der::decode("EncAPRepPart", plaintext.expose()).unwrap();
        part.0.ctime.with_micros(part.0.cusec)
    }

    /// R13
    #[test]
    fn answers_with_the_clients_time_in_the_clients_frame() {
        let scene = Scene::new();
        let mut request = scene.request();
        request.mutual = true;

        let accepted = scene.accept(&request).unwrap();
        let raw = accepted.ap_rep(&mut random).expect("the client asked for it");
        assert_eq!(time_in(&raw, &accepted), scene.now);

        let token = request.encrypt_token(&mut random).unwrap();
        let accepted = scene.verify(&token).unwrap().accept(Fresh::danger_unchecked());
        let framed = accepted.ap_rep(&mut random).unwrap();
        let framed = unframe(&framed).unwrap();
        assert_eq!(framed.mechanism, KERBEROS_OID);
        assert_eq!(framed.inner[..2], [2, 0]);
        assert_eq!(time_in(&framed.inner[2..], &accepted), scene.now);
    }
}
