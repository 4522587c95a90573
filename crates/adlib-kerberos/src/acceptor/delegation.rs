//! What a client delegates: a ticket in its own name, in a KRB-CRED (RFC 4121 4.1.1, RFC 4120 5.8).

use alloc::vec::Vec;

use adlib_core::{DecodeError, DecodeErrorKind, UnixTime};

use crate::{
    EncryptionType, Part, Principal, Rejection, SessionKey, UnsupportedEtype,
    der::{self, EncKrbCredPart, EncryptionKey, KrbCred, KrbCredBody, KrbCredInfo},
    initiator::Credentials,
    number::KeyUsage,
};

/// A ticket with its key, in the name of the client that delegated it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DelegatedCredential {
    /// The ticket, for granting tickets, as DER.
    pub ticket: Vec<u8>,
    /// The key that goes with it.
    pub session_key: SessionKey,
    /// The client.
    pub client: Option<Principal>,
    /// What the ticket is for.
    pub service: Option<Principal>,
    /// `TicketFlags`, bit 0 the most significant.
    pub flags: u32,
    /// When the client was authenticated.
    pub auth_time: Option<UnixTime>,
    /// From when the ticket is valid, if not from `auth_time`.
    pub start_time: Option<UnixTime>,
    /// Until when the ticket is valid.
    pub end_time: Option<UnixTime>,
    /// Until when it can be renewed.
    pub renew_until: Option<UnixTime>,
}

impl DelegatedCredential {
    /// The ticket in the form in which tickets for other services are bought with it; `None` when the client did not
    /// say whose it is, what for, or until when.
    ///
    /// ```
    /// use adlib_kerberos::{Accepted, Rejection, initiator::Credentials};
    ///
    /// fn on_behalf(accepted: &Accepted) -> Result<Option<Credentials>, Rejection> {
    ///     let delegated = accepted.delegated_credential()?;
    ///     Ok(delegated.and_then(|delegated| delegated.into_credentials()))
    /// }
    /// ```
    #[must_use]
    pub fn into_credentials(self) -> Option<Credentials> {
        let auth_time = self.auth_time.unwrap_or(UnixTime::from_seconds(0));
        Some(Credentials {
            client: self.client?,
            service: self.service?,
            session_key: self.session_key,
            flags: self.flags,
            auth_time,
            start_time: self.start_time.unwrap_or(auth_time),
            end_time: self.end_time?,
            renew_until: self.renew_until,
            ticket: self.ticket,
        })
    }
}

/// No encryption: what some clients do to a credential, because the authenticator around it is encrypted.
const NULL: i32 = 0;

/// The first credential in the KRB-CRED `bytes`, opened with one of `keys`.
///
/// # Errors
/// `Malformed`; `DelegationNotOpened`; `DesEtype`, `UnknownEtype`, `KeyLength` about the key in it.
pub(super) fn open<'k>(
    bytes: &[u8],
    keys: impl Iterator<Item = &'k SessionKey>,
) -> Result<DelegatedCredential, Rejection> {
    let KrbCred::<'_> { 0: message } = der::decode("KRB-CRED", bytes)?;
    der::expect_number("pvno", message.pvno, der::VERSION)?;
    der::expect_number("msg-type", message.msg_type, KrbCredBody::MESSAGE_TYPE)?;
    let sealed = &message.enc_part;
    if sealed.etype == NULL {
        return read(&message, sealed.cipher.0);
    }
    let mut keys = keys.filter(|key| key.etype().number() == sealed.etype);
    let plaintext = keys.find_map(|key| key.cipher(KeyUsage::KRB_CRED).decrypt(sealed.cipher.0));
    let plaintext = plaintext.ok_or(Rejection::DelegationNotOpened)?;
    read(&message, plaintext.expose())
}

fn read(message: &KrbCredBody<'_>, plaintext: &[u8]) -> Result<DelegatedCredential, Rejection> {
    let EncKrbCredPart::<'_> { 0: part } = der::decode("EncKrbCredPart", plaintext)?;
    let missing = DecodeError::new("KRB-CRED tickets", 0, DecodeErrorKind::Truncated);
    let ticket = message.tickets.iter().next().ok_or(missing)?;
    let info: KrbCredInfo<'_> = part.ticket_info.iter().next().ok_or(missing)?;
    let name = |name: &Option<der::PrincipalName<'_>>, realm: Option<der::KerberosString<'_>>| {
        name.as_ref().zip(realm).map(|(name, realm)| name.in_realm(realm))
    };
    Ok(DelegatedCredential {
        ticket: der::encode(&ticket),
        session_key: read_key(&info.key)?,
        client: name(&info.pname, info.prealm),
        service: name(&info.sname, info.srealm),
        flags: info.flags.map_or(0, |flags| flags.0),
        auth_time: info.authtime.map(der::KerberosTime::to_unix),
        start_time: info.starttime.map(der::KerberosTime::to_unix),
        end_time: info.endtime.map(der::KerberosTime::to_unix),
        renew_until: info.renew_till.map(der::KerberosTime::to_unix),
    })
}

/// The key of the ticket: what the controllers accept is for them to say, but DES and what is unknown cannot be used.
fn read_key(key: &EncryptionKey<'_>) -> Result<SessionKey, Rejection> {
    let part = Part::DelegatedKey;
    let etype = EncryptionType::from_number(key.keytype).map_err(|error| match error {
        UnsupportedEtype::Des(etype) => Rejection::DesEtype { part, etype },
        UnsupportedEtype::Unknown(etype) => Rejection::UnknownEtype { part, etype },
    })?;
    SessionKey::copied(etype, key.keyvalue.0).map_err(|_| Rejection::KeyLength {
        part,
        etype,
        actual: key.keyvalue.0.len(),
    })
}
