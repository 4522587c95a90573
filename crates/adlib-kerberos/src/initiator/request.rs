//! What both exchanges ask with.

use alloc::{
    string::{String, ToString as _},
    vec,
    vec::Vec,
};
use core::time::Duration;

use adlib_core::UnixTime;
use zeroize::Zeroizing;

use super::{ExchangeError, KrbError, credentials::TICKET_GRANTING};
use crate::{
    EncryptionType, Principal, Random, SessionKey,
    der::{
        EncryptedData, HostAddress, KerberosFlags, KerberosString, KerberosTime, Octets, PrincipalName,
        ReqBody,
    },
    number::{KeyUsage, name_type},
};

/// How many answers a KDC may give before a realm gives a ticket or refers to another.
pub(super) const MAX_ANSWERS: usize = 8;
/// The type of a `NetBIOS` address (RFC 4120 7.5.3).
const NETBIOS_ADDRESS: i32 = 20;
/// The length of one, filled up with spaces.
const NETBIOS_LENGTH: usize = 16;

/// The ticket-granting service of `realm`, as its own KDCs know it.
pub(super) fn ticket_granting_service(realm: &str) -> Principal {
    Principal::new(
        name_type::SRV_INST,
        vec![TICKET_GRANTING.to_string(), realm.to_string()],
        realm,
    )
}

/// Note that `realm` is asked next, after `realms`.
///
/// # Errors
/// `ReferralLoop` when it was asked already, `TooManyReferrals` for more than `most`.
pub(super) fn visit(realms: &mut Vec<String>, realm: String, most: usize) -> Result<(), ExchangeError> {
    if realms.iter().any(|asked| asked.eq_ignore_ascii_case(&realm)) {
        return Err(ExchangeError::ReferralLoop { realm });
    }
    if realms.len() > most {
        return Err(ExchangeError::TooManyReferrals { realm });
    }
    realms.push(realm);
    Ok(())
}

/// A nonce: 31 random bits, for there are KDCs that take it for a signed number.
pub(super) fn nonce(random: &mut Random<'_>) -> u32 {
    let mut bytes = [0; 4];
    random(&mut bytes);
    u32::from_be_bytes(bytes) >> 1
}

/// A random key.
pub(super) fn random_key(
    etype: EncryptionType,
    random: &mut Random<'_>,
) -> Result<SessionKey, crate::KeyError> {
    let mut bytes = Zeroizing::new(vec![0; etype.key_length()]);
    random(&mut bytes);
    SessionKey::copied(etype, &bytes)
}

/// What a KDC is asked for.
pub(super) struct Wanted<'a> {
    /// `KDCOptions`.
    pub(super) options: u32,
    /// The client, where no ticket names it.
    pub(super) client: Option<&'a Principal>,
    /// The realm that is asked.
    pub(super) realm: &'a str,
    /// The service.
    pub(super) service: &'a Principal,
    /// Until when the ticket should be valid.
    pub(super) till: UnixTime,
    /// What ties the reply to the request.
    pub(super) nonce: u32,
    /// The encryption types that are offered.
    pub(super) offer: &'a [EncryptionType],
    /// The client's workstation.
    pub(super) workstation: Option<&'a [u8]>,
}

impl<'a> Wanted<'a> {
    pub(super) fn body(&self) -> ReqBody<'a> {
        ReqBody {
            kdc_options: KerberosFlags(self.options),
            cname: self.client.map(PrincipalName::from),
            realm: KerberosString::new(self.realm),
            sname: Some(PrincipalName::from(self.service)),
            from: None,
            till: KerberosTime::from_unix(self.till),
            rtime: None,
            nonce: self.nonce,
            etype: self.offer.iter().map(|etype| etype.number()).collect(),
            addresses: self.workstation.map(|name| {
                vec![HostAddress {
                    addr_type: NETBIOS_ADDRESS,
                    address: Octets(name),
                }]
            }),
            enc_authorization_data: None,
            additional_tickets: None,
        }
    }
}

/// The `NetBIOS` address of the workstation `name`.
pub(super) fn workstation_address(name: &str) -> Vec<u8> {
    let mut address = name.to_uppercase().into_bytes();
    address.resize(NETBIOS_LENGTH, b' ');
    address
}

/// `plaintext`, encrypted as one element of pre-authentication wants it.
pub(super) fn encrypted(
    key: &SessionKey,
    usage: KeyUsage,
    plaintext: &[u8],
    random: &mut Random<'_>,
) -> Vec<u8> {
    let cipher = key.cipher(usage).encrypt(plaintext, random);
    crate::der::encode(&EncryptedData {
        etype: key.etype().number(),
        kvno: None,
        cipher: Octets(&cipher),
    })
}

/// The time for the time stamps of one exchange: our own, or once as far from it as a KDC says.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct KdcClock {
    micros_ahead: i64,
    moved: bool,
}

impl KdcClock {
    /// The KDC's time when ours is `now`.
    pub(super) const fn at(self, now: UnixTime) -> UnixTime {
        UnixTime::from_micros(now.micros().saturating_add(self.micros_ahead))
    }

    /// Follow the KDC's clock, once and within `bound`; whether it was done.
    pub(super) fn follow(&mut self, error: &KrbError, now: UnixTime, bound: Duration) -> bool {
        if self.moved || error.server_time.abs_diff(now) > bound {
            return false;
        }
        self.moved = true;
        self.micros_ahead = error.server_time.micros().saturating_sub(now.micros());
        true
    }
}
