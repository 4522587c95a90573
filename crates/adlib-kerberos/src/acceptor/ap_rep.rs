//! The answer, by which the client knows that the service could read its ticket (RFC 4120 3.2.4).

use alloc::vec::Vec;

use super::Accepted;
use crate::{
    Random,
    der::{
        self, ApRep, ApRepBody, EncApRepPart, EncApRepPartBody, EncryptedData, KerberosTime, Microseconds,
        Octets,
    },
    number::KeyUsage,
};

impl Accepted {
    /// The AP-REP, framed as the client's message was; `None` when the client wants none.
    #[must_use]
    pub fn ap_rep(&self, random: &mut Random<'_>) -> Option<Vec<u8>> {
        if !self.evidence.mutual {
            return None;
        }
        // RFC 4121 has both sides number their messages; the client learns our first number here.
        let mut sequence = [0; 4];
        random(&mut sequence);
        let part: EncApRepPart<'_> = der::Application(EncApRepPartBody {
            ctime: KerberosTime::from_unix(self.client_time),
            cusec: Microseconds(self.client_time.subsec_micros()),
            subkey: None,
            seq_number: Some((u32::from_be_bytes(sequence) >> 2).into()),
        });
        let cipher = self
            .session_key
            .cipher(KeyUsage::AP_REP)
            .encrypt(&der::encode(&part), random);
        let ap_rep: ApRep<'_> = der::Application(ApRepBody {
            pvno: der::VERSION,
            msg_type: ApRepBody::MESSAGE_TYPE,
            enc_part: EncryptedData {
                etype: self.session_key.etype().number(),
                kvno: None,
                cipher: Octets(&cipher),
            },
        });
        Some(self.framing.wrap_ap_rep(der::encode(&ap_rep)))
    }
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
