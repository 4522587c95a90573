//! Times in messages (RFC 4120 5.2.3).

use core::time::Duration;

use ::der::{
    DecodeValue, EncodeValue, Error, FixedTag, Header, Length, Reader, Tag, Writer, asn1::GeneralizedTime,
};
use adlib_core::UnixTime;

use super::Microseconds;

/// `KerberosTime ::= GeneralizedTime`, with whole seconds and in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KerberosTime(GeneralizedTime);

impl KerberosTime {
    /// The point in time.
    pub(crate) fn to_unix(self) -> UnixTime {
        let seconds = self.0.to_unix_duration().as_secs();
        UnixTime::from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
    }

    /// The point in time with its microseconds, which stand in a field of their own.
    pub(crate) fn with_micros(self, micros: Microseconds) -> UnixTime {
        UnixTime::from_micros(self.to_unix().micros().saturating_add(i64::from(micros.0)))
    }

    /// The time without its microseconds. Before 1970 and after 9999 there is no such value: the nearest is taken.
    pub(crate) fn from_unix(time: UnixTime) -> Self {
        let seconds = u64::try_from(time.seconds()).unwrap_or(0);
        let time = GeneralizedTime::from_unix_duration(Duration::from_secs(seconds));
        Self(time.unwrap_or(GeneralizedTime::from_date_time(::der::DateTime::INFINITY)))
    }
}

impl FixedTag for KerberosTime {
    const TAG: Tag = Tag::GeneralizedTime;
}

impl<'a> DecodeValue<'a> for KerberosTime {
    type Error = Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> Result<Self, Error> {
        GeneralizedTime::decode_value(reader, header).map(Self)
    }
}

impl EncodeValue for KerberosTime {
    fn value_len(&self) -> Result<Length, Error> {
        self.0.value_len()
    }

    fn encode_value(&self, writer: &mut impl Writer) -> Result<(), Error> {
        self.0.encode_value(writer)
    }
}
