//! `UPN_DNS_INFO`: the names by which the user is known to DNS and to people (MS-PAC 2.10).

use alloc::string::String;

use adlib_core::{DecodeError, Reader, Sid, utf16};

use super::ndr::expect_utf16;

/// The flag of the form with account name and SID.
pub(crate) const EXTENDED: u32 = 2;

/// The names of the user.
///
/// ```text
/// UpnLength (2) UpnOffset (2) DnsDomainNameLength (2) DnsDomainNameOffset (2) Flags (4)
/// if extended: SamNameLength (2) SamNameOffset (2) SidLength (2) SidOffset (2)
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpnDnsInfo {
    /// The user principal name; made up by the controller when the account has none.
    pub upn: String,
    /// The DNS name of the domain.
    pub dns_domain: String,
    /// The account name, in the extended form.
    pub account: Option<String>,
    /// The user's SID, in the extended form.
    pub sid: Option<Sid>,
    /// Whether the account has no user principal name, and `upn` was made up.
    pub constructed: bool,
}

/// The flag of a user principal name that was made up.
pub(crate) const CONSTRUCTED: u32 = 1;

impl UpnDnsInfo {
    /// The structure that `bytes` are.
    ///
    /// # Errors
    /// `Truncated`, `OutOfBounds` for a name outside of the buffer, `Text`, or what is wrong with the SID.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let view = UpnDnsView::decode(bytes)?;
        Ok(Self {
            upn: utf16::decode_lossy(view.upn),
            dns_domain: utf16::decode_lossy(view.dns_domain),
            account: view.account.map(utf16::decode_lossy),
            sid: view.sid,
            constructed: view.constructed,
        })
    }
}

/// The structure where it lies, its texts in UTF-16.
pub(super) struct UpnDnsView<'a> {
    upn: &'a [u8],
    dns_domain: &'a [u8],
    account: Option<&'a [u8]>,
    pub(super) sid: Option<Sid>,
    constructed: bool,
}

impl<'a> UpnDnsView<'a> {
    /// # Errors
    /// As [`UpnDnsInfo::decode`].
    pub(super) fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let upn = text(&mut reader, "Upn")?;
        let dns_domain = text(&mut reader, "DnsDomainName")?;
        let flags = reader.u32_le("UPN_DNS_INFO flags")?;
        let mut view = Self {
            upn,
            dns_domain,
            account: None,
            sid: None,
            constructed: flags & CONSTRUCTED != 0,
        };
        if flags & EXTENDED != 0 {
            view.account = Some(text(&mut reader, "SamName")?);
            view.sid = Some(Sid::decode(pointed(&mut reader, "UPN_DNS_INFO SID")?)?);
        }
        Ok(view)
    }
}

/// The bytes at the length and offset that come next.
fn pointed<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<&'a [u8], DecodeError> {
    let length = reader.u16_le(what)?;
    let offset = reader.u16_le(what)?;
    reader.slice_at(what, offset.into(), length.into())
}

fn text<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<&'a [u8], DecodeError> {
    expect_utf16(what, pointed(reader, what)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_outside_of_the_buffer_are_refused() {
        let plain = [2, 0, 12, 0, 0, 0, 12, 0, 0, 0, 0, 0, b'x', 0];
        assert_eq!(UpnDnsInfo::decode(&plain).unwrap().upn, "x");
        for (at, value) in [(0, 4), (0, 1), (2, 13), (3, 0xff), (4, 3)] {
            let mut wrong = plain;
            wrong[at] = value;
            assert!(UpnDnsInfo::decode(&wrong).is_err(), "byte {at}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = UpnDnsInfo::decode(&bytes);
        }
    }
}
