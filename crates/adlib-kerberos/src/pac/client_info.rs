//! `PAC_CLIENT_INFO`: what ties a PAC to its ticket (MS-PAC 2.7).

use alloc::string::String;

use adlib_core::{DecodeError, FileTime, Reader, UnixTime, utf16};

use super::{PacRejection, ndr::expect_utf16};
use crate::{
    der::{KerberosString, PrincipalName},
    principal::joined_texts,
};

/// The client's name and the time of the sign-in.
///
/// ```text
/// ClientId (8) NameLength (2) Name
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientInfo {
    /// The time at which the client was authenticated.
    pub auth_time: FileTime,
    /// The client's name, without or with its realm.
    pub name: String,
}

impl ClientInfo {
    /// The structure that `bytes` are. Bytes after the name are padding.
    ///
    /// # Errors
    /// `Truncated` or `Text`.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let view = ClientView::decode(bytes)?;
        Ok(Self {
            auth_time: view.auth_time,
            name: utf16::decode_lossy(view.name),
        })
    }
}

/// The structure where it lies.
pub(super) struct ClientView<'a> {
    auth_time: FileTime,
    /// In UTF-16.
    name: &'a [u8],
}

impl<'a> ClientView<'a> {
    /// # Errors
    /// `Truncated` or `Text`.
    pub(super) fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let auth_time = FileTime(reader.u64_le("ClientId")?);
        let length = reader.u16_le("NameLength")?;
        let name = expect_utf16("Name", reader.bytes("Name", length.into())?)?;
        Ok(Self { auth_time, name })
    }

    /// That this is about the sign-in of `client` at `auth_time`, to the second.
    ///
    /// # Errors
    /// `ClientTime`, `ClientName`.
    pub(super) fn check(
        &self,
        client: &PrincipalName<'_>,
        realm: KerberosString<'_>,
        auth_time: UnixTime,
    ) -> Result<(), PacRejection> {
        let own_time = self.auth_time.to_unix();
        if own_time.map(UnixTime::seconds) != Some(auth_time.seconds()) {
            return Err(PacRejection::ClientTime {
                pac: own_time,
                ticket: auth_time,
            });
        }
        if self.is(client, realm) {
            Ok(())
        } else {
            Err(PacRejection::ClientName {
                pac: utf16::decode_lossy(self.name),
                ticket: joined_texts(client.components()).collect(),
            })
        }
    }

    /// Whether the name is `client`, or that with its realm, as it is after protocol transition between domains
    /// (MS-SFU 3.2.5.1.2).
    fn is(&self, client: &PrincipalName<'_>, realm: KerberosString<'_>) -> bool {
        let (units, _) = self.name.as_chunks::<2>();
        let mut components = client.components().enumerate();
        let behind_name = components.try_fold(units, |units, (index, component)| {
            let separator = if index > 0 { "/" } else { "" };
            behind(units, separator).and_then(|units| behind(units, component))
        });
        match behind_name {
            None => false,
            Some([]) => true,
            Some(rest) => behind(rest, "@").and_then(|rest| behind(rest, realm.text())) == Some(&[]),
        }
    }
}

/// What follows in `units` behind `text`, if they begin with it.
fn behind<'u>(units: &'u [[u8; 2]], text: &str) -> Option<&'u [[u8; 2]]> {
    let mut units = units.iter();
    let mut same = text.encode_utf16().map(u16::to_le_bytes);
    same.all(|unit| units.next() == Some(&unit))
        .then_some(units.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Principal;
    use proptest::prelude::*;

    /// A21
    #[test]
    fn a21_another_name_or_time_is_refused() {
        let at = UnixTime::from_seconds(1_800_000_000);
        let check = |time: FileTime, name: &str, client: &Principal, auth_time| {
            let name = utf16::encode(name);
            let length = u16::try_from(name.len()).unwrap().to_le_bytes();
            let bytes = [&time.0.to_le_bytes()[..], &length, &name].concat();
            let view = ClientView::decode(&bytes).unwrap();
            view.check(
                &PrincipalName::from(client),
                KerberosString::new(client.realm()),
                auth_time,
            )
        };
        let at_time = FileTime::from_unix(at);
        let ada = Principal::user("ada", "CORP");
        assert_eq!(check(at_time, "ada", &ada, at), Ok(()));
        assert_eq!(check(at_time, "ada@CORP", &ada, at), Ok(()));
        for name in ["Ada", "ad", "ada@", "ada@corp", "@CORP", "ada@CORP@CORP", ""] {
            assert_eq!(
                check(at_time, name, &ada, at).unwrap_err().reason(),
                "pac-client-name"
            );
        }
        for seconds in [-1, 1] {
            let other = UnixTime::from_seconds(at.seconds() + seconds);
            assert_eq!(
                check(at_time, "ada", &ada, other).unwrap_err().reason(),
                "pac-client-time"
            );
        }
        let host: Principal = "host/app@CORP".parse().unwrap();
        assert_eq!(check(at_time, "host/app", &host, at), Ok(()));
        assert_eq!(
            check(FileTime(0), "ada", &ada, at).unwrap_err().reason(),
            "pac-client-time"
        );
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = ClientInfo::decode(&bytes);
        }
    }
}
