//! When a server's certificates end (RFC 5280 4.1).
//!
//! Trust level: TLS has accepted the chain before it is looked at here.

use adlib_core::UnixTime;
use der::{
    AnyRef, Decode as _, Reader as _, SliceReader, Tag, Tagged as _,
    asn1::{GeneralizedTime, UtcTime},
};

/// When the first of these certificates, each in DER, ends; `None` when there is none that can be read.
pub(super) fn first_end<'a>(chain: impl IntoIterator<Item = &'a [u8]>) -> Option<UnixTime> {
    chain
        .into_iter()
        .filter_map(|certificate| end(certificate).ok())
        .min()
}

/// ```text
/// Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }
/// TBSCertificate ::= SEQUENCE { [0] version DEFAULT v1, serialNumber, signature, issuer, validity, .. }
/// Validity ::= SEQUENCE { notBefore Time, notAfter Time }
/// ```
fn end(certificate: &[u8]) -> der::Result<UnixTime> {
    let certificate = AnyRef::from_der(certificate)?;
    let tbs = certificate.sequence(|parts| {
        let tbs = parts.decode::<AnyRef<'_>>()?;
        rest(parts)?;
        Ok::<_, der::Error>(tbs)
    })?;
    let validity = tbs.sequence(|parts| {
        let first = parts.decode::<AnyRef<'_>>()?;
        // Without a version, the first is the serial number.
        let before = if first.tag() == Tag::Integer { 2 } else { 3 };
        for _ in 0..before {
            parts.decode::<AnyRef<'_>>()?;
        }
        let validity = parts.decode::<AnyRef<'_>>()?;
        rest(parts)?;
        Ok::<_, der::Error>(validity)
    })?;
    validity.sequence(|times| {
        times.decode::<AnyRef<'_>>()?;
        time(times.decode()?)
    })
}

/// Pass over what follows.
fn rest(parts: &mut SliceReader<'_>) -> der::Result<()> {
    while !parts.is_finished() {
        parts.decode::<AnyRef<'_>>()?;
    }
    Ok(())
}

/// `Time ::= CHOICE { utcTime UTCTime, generalTime GeneralizedTime }`
fn time(time: AnyRef<'_>) -> der::Result<UnixTime> {
    let since = match time.tag() {
        Tag::UtcTime => time.decode_as::<UtcTime>()?.to_unix_duration(),
        _ => time.decode_as::<GeneralizedTime>()?.to_unix_duration(),
    };
    Ok(UnixTime::from_seconds(0).saturating_add(since))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    fn ending(year: i32) -> Vec<u8> {
        let mut params = CertificateParams::new(["dc1.corp.example.com".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(year, 2, 3);
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        certificate.der().to_vec()
    }

    /// R4: the first to end counts, in either form of time.
    #[test]
    fn r04_the_first_end_of_a_chain() {
        let (soon, late) = (ending(2031), ending(2061));
        let end = first_end([&*late, &*soon, b"no certificate"]).unwrap();
        assert_eq!(end.to_string(), "2031-02-03T00:00:00Z");
        assert_eq!(first_end([&*late]).unwrap().to_string(), "2061-02-03T00:00:00Z");
        assert_eq!(first_end([&b"no certificate"[..]]), None);
    }

    proptest! {
        /// A28: whatever was accepted as a certificate, reading it ends.
        #[test]
        fn a28_any_bytes_are_read_to_an_end(at in 0_usize..600, byte: u8) {
            let mut certificate = ending(2031);
            let at = at.min(certificate.len() - 1);
            certificate[at] = byte;
            let _ = end(&certificate);
        }
    }
}
