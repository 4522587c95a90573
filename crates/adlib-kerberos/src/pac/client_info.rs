//! `PAC_CLIENT_INFO`: what ties a PAC to its ticket (MS-PAC 2.7).

use alloc::string::String;

use adlib_core::{DecodeError, FileTime, Reader, UnixTime, utf16};

use super::PacRejection;
use crate::Principal;

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
        let mut reader = Reader::new(bytes);
        let auth_time = FileTime(reader.u64_le("ClientId")?);
        let length = reader.u16_le("NameLength")?;
        let name = utf16::decode("Name", reader.bytes("Name", length.into())?)?;
        Ok(Self { auth_time, name })
    }

    /// That this is about the sign-in of `client` at `auth_time`, to the second.
    ///
    /// # Errors
    /// `ClientTime`, `ClientName`.
    pub(crate) fn check(&self, client: &Principal, auth_time: UnixTime) -> Result<(), PacRejection> {
        let own_time = self.auth_time.to_unix();
        if own_time.map(UnixTime::seconds) != Some(auth_time.seconds()) {
            return Err(PacRejection::ClientTime {
                pac: own_time,
                ticket: auth_time,
            });
        }
        let name = client.name();
        // With its realm after protocol transition between domains (MS-SFU 3.2.5.1.2).
        let with_realm = || self.name.strip_suffix(client.realm())?.strip_suffix('@');
        if self.name == name || with_realm() == Some(&name) {
            Ok(())
        } else {
            Err(PacRejection::ClientName {
                pac: self.name.clone(),
                ticket: name,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A21
    #[test]
    fn a21_another_name_or_time_is_refused() {
        let at = UnixTime::from_seconds(1_800_000_000);
        let info = |name: &str| ClientInfo {
            auth_time: FileTime::from_unix(at),
            name: name.into(),
        };
        let ada = Principal::user("ada", "CORP");
        assert_eq!(info("ada").check(&ada, at), Ok(()));
        assert_eq!(info("ada@CORP").check(&ada, at), Ok(()));
        for name in ["Ada", "ad", "ada@", "ada@corp", "@CORP", "ada@CORP@CORP", ""] {
            assert_eq!(
                info(name).check(&ada, at).unwrap_err().reason(),
                "pac-client-name"
            );
        }
        for seconds in [-1, 1] {
            let other = UnixTime::from_seconds(at.seconds() + seconds);
            assert_eq!(
                info("ada").check(&ada, other).unwrap_err().reason(),
                "pac-client-time"
            );
        }
        let never = ClientInfo {
            auth_time: FileTime(0),
            name: "ada".into(),
        };
        assert_eq!(never.check(&ada, at).unwrap_err().reason(), "pac-client-time");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = ClientInfo::decode(&bytes);
        }
    }
}
