//! The answer, by which the client knows that the service could read its ticket (RFC 4120 3.2.4).

use alloc::vec::Vec;

use super::Accepted;
use crate::{
    Random,
    der::{self, ApRep, ApRepBody, EncApRepPart, EncApRepPartBody, EncryptedData, KerberosTime, Octets},
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
            cusec: self.client_time.subsec_micros().cast_signed(),
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
