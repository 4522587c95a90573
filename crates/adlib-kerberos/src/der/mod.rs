//! Kerberos messages as DER (RFC 4120 5, X.690).
//!
//! Trust level: wire types. They borrow from the message, have public fields and no policy; any bytes give a
//! value or a [`DecodeError`]. Everything is strict DER, as every implementation in use writes it.

mod ap;
mod application;
mod authorization_data;
mod cred;
mod encrypted;
mod fast;
mod fields;
mod flags;
mod kdc;
mod kerberos_string;
mod kerberos_time;
mod krb_error;
mod microseconds;
mod number;
mod octets;
mod padata;
mod principal;
mod sequence_of;
mod splice;
mod ticket;
mod user_to_user;

use adlib_core::{DecodeError, DecodeErrorKind};

pub(crate) use ap::{
    ApRep, ApRepBody, ApReq, ApReqBody, Authenticator, AuthenticatorBody, EncApRepPart, EncApRepPartBody,
};
pub(crate) use application::Application;
pub(crate) use authorization_data::{AuthorizationData, AuthorizationDatum};
#[cfg(feature = "issue")]
pub(crate) use cred::EncKrbCredPartBody;
pub(crate) use cred::{EncKrbCredPart, KrbCred, KrbCredBody, KrbCredInfo};
pub(crate) use encrypted::{Checksum, EncryptedData, EncryptionKey};
pub(crate) use fast::{
    Armored, KrbFastArmor, KrbFastArmoredRep, KrbFastArmoredReq, KrbFastFinished, KrbFastReq, KrbFastResponse,
};
#[cfg(feature = "issue")]
pub(crate) use fields::Value;
pub(crate) use flags::KerberosFlags;
#[cfg(feature = "issue")]
pub(crate) use kdc::LastReqEntry;
pub(crate) use kdc::{
    AsRep, AsReq, EncAsRepPart, EncKdcRepPart, EncTgsRepPart, KdcRepBody, KdcReqBody, ReqBody, TgsRep, TgsReq,
};
pub(crate) use kerberos_string::KerberosString;
pub(crate) use kerberos_time::KerberosTime;
pub(crate) use krb_error::{KrbErrorBody, KrbErrorMessage};
pub(crate) use microseconds::Microseconds;
pub(crate) use octets::Octets;
pub(crate) use padata::{EtypeInfo2, EtypeInfo2Entry, MethodData, PaData, PaEncTsEnc, PaPacRequest, find};
pub(crate) use principal::PrincipalName;
pub(crate) use sequence_of::SequenceOf;
pub(crate) use splice::without_pac;
#[cfg(feature = "issue")]
pub(crate) use ticket::TransitedEncoding;
pub(crate) use ticket::{EncTicketPart, EncTicketPartBody, HostAddress, Ticket, TicketBody};
pub(crate) use user_to_user::{TgtReply, TgtRequest};

/// The protocol's version, in every message.
pub(crate) const VERSION: i32 = 5;

/// The one value that `bytes` are.
///
/// # Errors
/// What DER finds wrong, in `what`.
pub(crate) fn decode<'a, T>(what: &'static str, bytes: &'a [u8]) -> Result<T, DecodeError>
where
    T: fields::Value<'a>,
{
    fields::only(bytes).map_err(|error| error.within(what, bytes))
}

/// That a number in a message is the only one it can be.
///
/// # Errors
/// `Unexpected`.
pub(crate) const fn expect_number(what: &'static str, number: i32, expected: i32) -> Result<(), DecodeError> {
    if number == expected {
        Ok(())
    } else {
        Err(DecodeError::new(what, 0, DecodeErrorKind::Unexpected))
    }
}

/// The bytes of a value that was made here.
///
/// Nothing that is made here reaches the encoder's only limit, a length of 4 GiB.
pub(crate) fn encode(value: &impl ::der::Encode) -> alloc::vec::Vec<u8> {
    value.to_der().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A28
    #[test]
    fn a28_lies_about_lengths_are_refused() {
        let kind = |bytes: &[u8]| decode::<Ticket<'_>>("Ticket", bytes).unwrap_err().kind;
        assert_eq!(kind(&[]), DecodeErrorKind::Truncated);
        assert_eq!(kind(&[0x61, 0x80, 0, 0]), DecodeErrorKind::Invalid, "indefinite");
        assert_eq!(
            kind(&[0x61, 0x81, 0x01, 0]),
            DecodeErrorKind::Invalid,
            "non-minimal"
        );
        assert_eq!(
            kind(&[0x61, 0x84, 0xff, 0xff, 0xff, 0xff]),
            DecodeErrorKind::OutOfBounds,
            "4 GiB"
        );
        assert_eq!(kind(&[0x30, 0]), DecodeErrorKind::Unexpected, "another tag");
        let deep: alloc::vec::Vec<u8> = core::iter::repeat_n([0x61, 0x80], 100_000).flatten().collect();
        assert_eq!(kind(&deep), DecodeErrorKind::Invalid);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
            let _ = decode::<ApReq<'_>>("AP-REQ", &bytes);
            let _ = decode::<EncTicketPart<'_>>("EncTicketPart", &bytes);
            let _ = decode::<Authenticator<'_>>("Authenticator", &bytes);
            let _ = decode::<AuthorizationData<'_>>("AuthorizationData", &bytes);
        }
    }
}
