//! A PAC that is believed.

use alloc::{boxed::Box, vec::Vec};

use adlib_core::{Sid, UnixTime};
use once_cell::race::OnceBox;

use super::{
    BufferType, LogonInfo, PacContent, PacRejection, UnverifiedPac, client_info::ClientView,
    logon_info::LogonView, upn_dns_info::UpnDnsView,
};
use crate::{
    ServiceKey,
    der::{KerberosString, PrincipalName},
};

/// Who the user is: signed with the service's key, and with all of its parts in agreement.
///
/// What it says is read when it is first asked for. A PAC of an MIT controller has no logon information (A27): then there
/// is no SID and there are no groups.
#[derive(Debug, Clone)]
pub struct VerifiedPac {
    bytes: Vec<u8>,
    content: OnceBox<PacContent>,
}

impl PartialEq for VerifiedPac {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for VerifiedPac {}

impl<'a> UnverifiedPac<'a> {
    /// Verify the signature with the service's `key`, and that all buffers are about one user.
    ///
    /// # Errors
    /// [`PacRejection`]: the signature, a buffer that is malformed, or two users in one PAC.
    pub fn verify(&self, key: &ServiceKey) -> Result<VerifiedPac, PacRejection> {
        let believed = self.verify_in_place(key)?.believed();
        Ok(VerifiedPac::new(self.bytes, believed))
    }

    /// The same, without a heap allocation: every buffer that counts is looked through, and nothing is read.
    pub(crate) fn verify_in_place(&self, key: &ServiceKey) -> Result<BelievedPac<'a>, PacRejection> {
        self.verify_server_signature(key)?;
        let client = self
            .data(BufferType::CLIENT_INFO)
            .ok_or(PacRejection::ClientInfoMissing)?;
        let client = ClientView::decode(client)?;
        let logon = self.data(BufferType::LOGON_INFO);
        let logon = logon.map(LogonView::decode).transpose()?;
        let names = self.data(BufferType::UPN_DNS_INFO);
        let names = names.map(UpnDnsView::decode).transpose()?;
        let requestor = self.data(BufferType::REQUESTOR);
        let requestor = requestor.map(Sid::decode).transpose()?;
        let user = logon.as_ref().and_then(LogonView::user_sid);
        check_one_user(user, &[requestor, names.and_then(|names| names.sid)])?;
        Ok(BelievedPac {
            client,
            names_user: user.is_some(),
        })
    }
}

/// A22: that every SID of the user in the PAC is the same.
fn check_one_user(logon: Option<Sid>, others: &[Option<Sid>]) -> Result<(), PacRejection> {
    let Some(logon) = logon else {
        return Ok(());
    };
    match others.iter().flatten().find(|other| **other != logon) {
        Some(other) => Err(PacRejection::SidMismatch {
            logon: Box::new(logon),
            other: Box::new(*other),
        }),
        None => Ok(()),
    }
}

/// A PAC that verified, where it lies.
pub(crate) struct BelievedPac<'a> {
    client: ClientView<'a>,
    names_user: bool,
}

impl BelievedPac<'_> {
    /// Whether a user's SID is in it.
    pub(crate) const fn names_user(&self) -> bool {
        self.names_user
    }

    /// That the PAC is about the sign-in of `client` at `auth_time` (A21).
    ///
    /// # Errors
    /// `ClientName`, `ClientTime`.
    pub(crate) fn check_client(
        &self,
        client: &PrincipalName<'_>,
        realm: KerberosString<'_>,
        auth_time: UnixTime,
    ) -> Result<(), PacRejection> {
        self.client.check(client, realm, auth_time)
    }

    /// The word that the PAC verified, for when it has been copied elsewhere.
    pub(crate) const fn believed(&self) -> Believed {
        Believed(())
    }
}

/// The word of the verification that a PAC is believed.
#[derive(Debug)]
pub(crate) struct Believed(());

impl VerifiedPac {
    /// The PAC that `bytes` are, which verified.
    pub(crate) fn new(bytes: &[u8], _: Believed) -> Self {
        Self {
            bytes: bytes.to_vec(),
            content: OnceBox::new(),
        }
    }

    /// All that the PAC says.
    #[must_use]
    pub fn content(&self) -> &PacContent {
        self.content.get_or_init(|| {
            let pac = UnverifiedPac::decode(&self.bytes).ok();
            let content = pac.and_then(|pac| pac.unverified_content().ok());
            // Every buffer that counts was looked through: there is always something to read.
            Box::new(content.unwrap_or_default())
        })
    }

    /// The user's SID.
    #[must_use]
    pub fn user_sid(&self) -> Option<Sid> {
        self.content().user_sid()
    }

    /// The relative identifier of the primary group.
    #[must_use]
    pub fn primary_group(&self) -> Option<u32> {
        self.content().primary_group()
    }

    /// The groups, nested ones included: the primary one first, then those of the domain, of other domains, and of the
    /// service's domain. Memberships that only deny are left out.
    #[must_use]
    pub fn groups(&self) -> &[Sid] {
        self.content().groups()
    }

    /// The account name as registered.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        self.content().account()
    }

    /// The `NetBIOS` name of the account's domain.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        self.content().domain()
    }

    /// The name to show; `None` when the account has none.
    #[must_use]
    pub fn full_name(&self) -> Option<&str> {
        self.content().full_name()
    }

    /// The user principal name; `None` when the account has none and the controller made one up.
    #[must_use]
    pub fn upn(&self) -> Option<&str> {
        self.content().upn()
    }

    /// The DNS name of the account's domain, as the controller spells it.
    #[must_use]
    pub fn dns_domain(&self) -> Option<&str> {
        self.content().dns_domain()
    }

    /// When the user signed in.
    #[must_use]
    pub fn logon_time(&self) -> Option<UnixTime> {
        self.content().logon_time()
    }

    /// The types of all buffers, in their order, known or not.
    #[must_use]
    pub fn buffers(&self) -> &[BufferType] {
        self.content().buffers()
    }

    /// The logon information as it came.
    #[must_use]
    pub fn logon_info(&self) -> Option<&LogonInfo> {
        self.content().logon_info()
    }
}
