//! AP-REQs with the credentials that a KDC gave (RFC 4120 3.2.2).

use alloc::vec::Vec;

use adlib_core::{DecodeError, UnixTime};

use super::Credentials;
use crate::{
    Random, SessionKey,
    der::{
        self, ApReq, ApReqBody, Application, Authenticator, AuthenticatorBody, Checksum, EncryptedData,
        EncryptionKey, KerberosFlags, KerberosString, KerberosTime, Microseconds, Octets, PrincipalName,
    },
    number::KeyUsage,
};

/// What goes into an AP-REQ, besides the credentials.
pub(super) struct ApReqFields<'a> {
    /// The purpose of the authenticator.
    pub(super) usage: KeyUsage,
    /// What the authenticator signs.
    pub(super) checksum: Option<Checksum<'a>>,
    /// A key for what follows.
    pub(super) subkey: Option<&'a SessionKey>,
    /// The client's time.
    pub(super) time: UnixTime,
}

impl ApReqFields<'_> {
    /// The message, with the ticket of `credentials`.
    ///
    /// # Errors
    /// What is wrong with the bytes of the ticket.
    pub(super) fn encode(
        &self,
        credentials: &Credentials,
        random: &mut Random<'_>,
    ) -> Result<Vec<u8>, DecodeError> {
        let authenticator = der::encode(&self.authenticator(credentials));
        let key = &credentials.session_key;
        let cipher = key.cipher(self.usage).encrypt(&authenticator, random);
        let ap_req: ApReq<'_> = Application(ApReqBody {
            pvno: der::VERSION,
            msg_type: ApReqBody::MESSAGE_TYPE,
            ap_options: KerberosFlags(0),
            ticket: der::decode("Ticket", &credentials.ticket)?,
            authenticator: EncryptedData {
                etype: key.etype().number(),
                kvno: None,
                cipher: Octets(&cipher),
            },
        });
        Ok(der::encode(&ap_req))
    }

    fn authenticator<'a>(&'a self, credentials: &'a Credentials) -> Authenticator<'a> {
        Application(AuthenticatorBody {
            authenticator_vno: der::VERSION,
            crealm: KerberosString::new(credentials.client.realm()),
            cname: PrincipalName::from(&credentials.client),
            cksum: self.checksum.clone(),
            cusec: Microseconds(self.time.subsec_micros()),
            ctime: KerberosTime::from_unix(self.time),
            subkey: self.subkey.map(|key| EncryptionKey {
                keytype: key.etype().number(),
                keyvalue: Octets(key.expose()),
            }),
            seq_number: None,
            authorization_data: None,
        })
    }
}
