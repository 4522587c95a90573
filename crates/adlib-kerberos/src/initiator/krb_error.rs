//! What a KDC says in place of a ticket (RFC 4120 5.9.1, MS-KILE 2.2).

use alloc::{string::String, vec::Vec};
use core::fmt;

use adlib_core::{DecodeError, DecodeErrorKind, Reader, UnixTime};

use crate::{
    der::{self, EtypeInfo2, KrbErrorBody, KrbErrorMessage, MethodData, PaData},
    number::pa_type,
};

/// A KRB-ERROR, as far as it tells why.
///
/// Trust level: nothing authenticates it. It may say why there is no ticket; it may not move a clock.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KrbError {
    /// `error-code` (RFC 4120 7.5.9).
    pub code: i32,
    /// The NT status of the extended error in `e-data` (MS-KILE 2.2.1), if the KDC sends one.
    pub nt_status: Option<u32>,
    /// `stime`: what time the KDC says it is.
    pub server_time: UnixTime,
    /// `crealm`: with `KDC_ERR_WRONG_REALM` the realm to ask instead (RFC 6806 7).
    pub client_realm: Option<String>,
    /// `e-data`.
    data: Vec<u8>,
}

/// The first byte of a KRB-ERROR, `[APPLICATION 30]`.
const TAG: u8 = 0x7e;

impl KrbError {
    /// `KDC_ERR_C_PRINCIPAL_UNKNOWN`: no such client.
    pub const CLIENT_UNKNOWN: i32 = 6;
    /// `KDC_ERR_PREAUTH_REQUIRED`: the one KRB-ERROR that is a step of every exchange.
    pub const PREAUTHENTICATION_REQUIRED: i32 = 25;
    /// `KRB_AP_ERR_SKEW`: the clocks differ too much.
    pub const SKEW: i32 = 37;
    /// `KRB_ERR_RESPONSE_TOO_BIG`: to be asked again over tcp.
    pub const RESPONSE_TOO_BIG: i32 = 52;
    /// `KDC_ERR_WRONG_REALM`: the client belongs to another realm.
    pub const WRONG_REALM: i32 = 68;

    /// Whether `message` is tagged as a KRB-ERROR.
    #[must_use]
    pub fn is_one(message: &[u8]) -> bool {
        message.first() == Some(&TAG)
    }

    /// Decode a KRB-ERROR.
    ///
    /// # Errors
    /// When it is none. What cannot be read in `e-data` counts as absent: an unreadable reason is still a refusal.
    pub fn decode(message: &[u8]) -> Result<Self, DecodeError> {
        let KrbErrorMessage::<'_> { 0: body } = der::decode("KRB-ERROR", message)?;
        if body.msg_type != KrbErrorBody::MESSAGE_TYPE {
            return Err(DecodeError::new("msg-type", 0, DecodeErrorKind::Unexpected));
        }
        Ok(Self::from(&body))
    }

    /// The salt of the client's first key in `PA-ETYPE-INFO2` (RFC 4120 5.2.7.5), if the KDC sends one.
    #[must_use]
    pub fn salt(&self) -> Option<&str> {
        let methods = self.methods();
        let info: EtypeInfo2<'_> =
            der::decode("ETYPE-INFO2", der::find(&methods, pa_type::ETYPE_INFO2)?).ok()?;
        info.first()?.salt.map(|salt| salt.text())
    }

    /// `METHOD-DATA` in `e-data`, or nothing.
    pub(super) fn methods(&self) -> MethodData<'_> {
        methods(&self.data)
    }

    /// The error with the `methods` that came beside it under armour.
    pub(super) fn with_methods(mut self, methods: &MethodData<'_>) -> Self {
        self.data = der::encode(methods);
        self
    }
}

impl From<&KrbErrorBody<'_>> for KrbError {
    fn from(body: &KrbErrorBody<'_>) -> Self {
        let data = body.e_data.map_or(&[][..], |data| data.0);
        Self {
            code: body.error_code,
            nt_status: extended(data).and_then(nt_status),
            server_time: body.stime.with_micros(body.susec),
            client_realm: body.crealm.map(|realm| realm.text().into()),
            data: data.into(),
        }
    }
}

fn methods(data: &[u8]) -> MethodData<'_> {
    der::decode("METHOD-DATA", data).unwrap_or_default()
}

/// The `KERB-EXT-ERROR` in `e-data`: in a `KERB-ERROR-DATA`, in a sequence of `PA-DATA`, or bare.
fn extended(data: &[u8]) -> Option<&[u8]> {
    match der::decode::<PaData<'_>>("KERB-ERROR-DATA", data) {
        Ok(one) => (one.padata_type == pa_type::PW_SALT).then(|| one.value()),
        Err(_) => der::find(&methods(data), pa_type::PW_SALT).or(Some(data)),
    }
}

/// `KERB-EXT-ERROR`: status, reserved and flags, each of four bytes (MS-KILE 2.2.2).
fn nt_status(value: &[u8]) -> Option<u32> {
    let mut reader = Reader::new(value);
    let status = reader.u32_le("status").ok()?;
    reader.u32_le("reserved").ok()?;
    reader.u32_le("flags").ok()?;
    (reader.is_empty() && status != 0).then_some(status)
}

impl fmt::Display for KrbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error code {}", self.code)?;
        match self.nt_status {
            Some(status) => write!(f, ", NT status {status:#010x}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for KrbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KrbError({self})")
    }
}
