//! Credential caches in files (MIT's format, versions 3 and 4): the tickets that `kinit` left.
//!
//! Trust level: the operator's own file. It is read within bounds all the same: any bytes give a cache or an error.

use alloc::{string::String, vec::Vec};

use adlib_core::{DecodeError, DecodeErrorKind, Reader, UnixTime};

use crate::{
    EncryptionType, Principal, SessionKey, UnsupportedEtype,
    der::{self, Ticket},
    initiator::Credentials,
};

/// The tickets of one principal, in the order of their file.
///
/// ```
/// use adlib_kerberos::{Ccache, CcacheError};
///
/// // Version 4, an empty header, ada@R, and no tickets.
/// let bytes = b"\x05\x04\0\0\0\0\0\x01\0\0\0\x01\0\0\0\x01R\0\0\0\x03ada";
/// let cache = Ccache::decode(bytes)?;
/// assert_eq!(cache.client().to_string(), "ada@R");
/// assert!(cache.credentials().is_empty());
/// # Ok::<(), CcacheError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ccache {
    client: Principal,
    credentials: Vec<Credentials>,
    unusable: Vec<UnusableCredentials>,
}

/// An entry whose session key is of an encryption type that is not spoken here. Its key is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusableCredentials {
    /// The service.
    pub service: Principal,
    /// The encryption type, and whether it is DES.
    pub etype: UnsupportedEtype,
}

/// A credential cache that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CcacheError {
    /// The file does not begin like a credential cache.
    #[error("not a credential cache: the file does not begin with the byte 5")]
    NotACcache,
    /// A version that is not read here.
    #[error("credential cache version {0} is not supported; expected 3 or 4")]
    Version(u8),
    /// The header or the principal is not well-formed.
    #[error(transparent)]
    Malformed(#[from] DecodeError),
    /// An entry is not well-formed.
    #[error("credential cache entry {entry}: {error}")]
    Entry {
        /// Which entry, from 1.
        entry: usize,
        /// What is wrong, at an offset in the file.
        error: DecodeError,
    },
}

const FORMAT: u8 = 5;
/// The realm of the entries in which MIT's library keeps settings of the cache.
const SETTINGS_REALM: &str = "X-CACHECONF:";

impl Ccache {
    /// The cache that `bytes` are.
    ///
    /// Settings of the cache are passed over; tickets with session keys of encryption types that are not spoken here
    /// are set aside: see [`Ccache::unusable`].
    ///
    /// # Errors
    /// `NotACcache`, `Version`, `Malformed`, or `Entry` with the number of the entry.
    pub fn decode(bytes: &[u8]) -> Result<Self, CcacheError> {
        let mut reader = Reader::new(bytes);
        let version = match (reader.u8("format"), reader.u8("version")) {
            (Ok(FORMAT), Ok(version @ 3..=4)) => version,
            (Ok(FORMAT), Ok(version)) => return Err(CcacheError::Version(version)),
            _ => return Err(CcacheError::NotACcache),
        };
        if version == 4 {
            let length = reader.u16_be("header length")?;
            reader.bytes("header", length.into())?;
        }
        let mut cache = Self {
            client: principal(&mut reader)?,
            credentials: Vec::new(),
            unusable: Vec::new(),
        };
        let mut entry = 0;
        while !reader.is_empty() {
            entry += 1;
            cache
                .read_entry(&mut reader, version)
                .map_err(|error| CcacheError::Entry { entry, error })?;
        }
        Ok(cache)
    }

    /// The principal whose tickets they are.
    #[must_use]
    pub const fn client(&self) -> &Principal {
        &self.client
    }

    /// The tickets.
    #[must_use]
    pub fn credentials(&self) -> &[Credentials] {
        &self.credentials
    }

    /// The entries that cannot be used here.
    #[must_use]
    pub fn unusable(&self) -> &[UnusableCredentials] {
        &self.unusable
    }

    /// The ticket-granting ticket of the client's own realm that lasts longest.
    #[must_use]
    pub fn ticket_granting_ticket(&self) -> Option<&Credentials> {
        let realm = self.client.realm();
        let own = |ticket: &&Credentials| ticket.granting_realm() == Some(realm);
        self.credentials
            .iter()
            .filter(own)
            .max_by_key(|ticket| ticket.end_time)
    }

    /// The ticket for the service `name`, as `HTTP/app.example.com` with or without `@REALM`, that lasts longest.
    #[must_use]
    pub fn ticket_for(&self, name: &str) -> Option<&Credentials> {
        let found = |ticket: &&Credentials| ticket.service.answers_to(name);
        self.credentials
            .iter()
            .filter(found)
            .max_by_key(|ticket| ticket.end_time)
    }

    /// ```text
    /// client server key times (4 * 4) is-skey (1) flags (4) addresses authorization-data ticket second-ticket
    /// ```
    fn read_entry(&mut self, reader: &mut Reader<'_>, version: u8) -> Result<(), DecodeError> {
        let client = principal(reader)?;
        let service = principal(reader)?;
        let (etype, at_key, key) = key_block(reader, version)?;
        let [auth_time, start_time, end_time, renew_until] = times(reader)?;
        reader.u8("is-skey")?;
        let flags = reader.u32_be("ticket flags")?;
        typed_list(reader, "addresses")?;
        typed_list(reader, "authorization data")?;
        let at_ticket = *reader;
        let ticket = counted(reader, "ticket")?;
        counted(reader, "second ticket")?;
        if service.realm() == SETTINGS_REALM {
            return Ok(());
        }
        let etype = match EncryptionType::from_number(etype) {
            Ok(etype) => etype,
            Err(etype) => {
                self.unusable.push(UnusableCredentials { service, etype });
                return Ok(());
            }
        };
        let invalid = |_| at_key.error("key", DecodeErrorKind::Invalid);
        let session_key = SessionKey::copied(etype, key).map_err(invalid)?;
        der::decode::<Ticket<'_>>("ticket", ticket).map_err(|error| at_ticket.error("ticket", error.kind))?;
        self.credentials.push(Credentials {
            client,
            service,
            session_key,
            flags,
            auth_time,
            // MIT's library writes 0 where the KDC gave none.
            start_time: if start_time.seconds() == 0 {
                auth_time
            } else {
                start_time
            },
            end_time,
            renew_until: Some(renew_until).filter(|until| until.seconds() != 0),
            ticket: ticket.into(),
        });
        Ok(())
    }
}

/// `name-type (4) components (4) realm component*`, the texts with a length of 4 bytes before them.
fn principal(reader: &mut Reader<'_>) -> Result<Principal, DecodeError> {
    let name_type = reader.u32_be("name type")?.cast_signed();
    let count = reader.u32_be("component count")?;
    let realm = text(reader, "realm")?;
    let mut components = Vec::new();
    // Each takes at least its length, so that the count cannot ask for more than the file has.
    for _ in 0..count {
        components.push(text(reader, "component")?);
    }
    Ok(Principal::new(name_type, components, realm))
}

/// `etype (2) [etype again (2), in version 3] key`: the number, where the key begins, and its bytes.
fn key_block<'a>(reader: &mut Reader<'a>, version: u8) -> Result<(i32, Reader<'a>, &'a [u8]), DecodeError> {
    let etype = reader.u16_be("encryption type")?.cast_signed();
    if version == 3 {
        reader.u16_be("encryption type")?;
    }
    let at = *reader;
    Ok((etype.into(), at, counted(reader, "key")?))
}

/// When the client was authenticated, from when, until when, and until when renewable.
fn times(reader: &mut Reader<'_>) -> Result<[UnixTime; 4], DecodeError> {
    let mut time = || Ok(UnixTime::from_seconds(reader.u32_be("time")?.into()));
    Ok([time()?, time()?, time()?, time()?])
}

/// `count (4) {type (2) value}*`, which is passed over.
fn typed_list(reader: &mut Reader<'_>, what: &'static str) -> Result<(), DecodeError> {
    for _ in 0..reader.u32_be(what)? {
        reader.u16_be(what)?;
        counted(reader, what)?;
    }
    Ok(())
}

fn counted<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<&'a [u8], DecodeError> {
    let at = *reader;
    let length = usize::try_from(reader.u32_be(what)?);
    reader.bytes(
        what,
        length.map_err(|_| at.error(what, DecodeErrorKind::OutOfBounds))?,
    )
}

fn text(reader: &mut Reader<'_>, what: &'static str) -> Result<String, DecodeError> {
    let at = *reader;
    let bytes = counted(reader, what)?;
    let text = core::str::from_utf8(bytes).map_err(|_| at.error(what, DecodeErrorKind::Text))?;
    Ok(text.into())
}
