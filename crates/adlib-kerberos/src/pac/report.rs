//! A PAC under the lens: what it says beside what vouches for it, a signature at a time.

use super::{BufferType, PacContent, PacRejection, SignatureState, UnverifiedPac};
use crate::ServiceKey;

/// What became of each signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacSignatures {
    /// The service's own (MS-PAC 2.8.1).
    pub server: SignatureState,
    /// The controllers' of the service's (MS-PAC 2.8.2).
    pub kdc: SignatureState,
    /// The controllers' of the ticket (MS-PAC 2.8.3); not checked where there is a PAC without its ticket.
    pub ticket: SignatureState,
    /// The controllers' of the whole PAC (MS-PAC 2.8.4).
    pub full: SignatureState,
}

/// A PAC with what speaks for and against it. Nobody is signed in on the strength of a report.
#[derive(Debug, Clone)]
pub struct PacReport {
    /// What became of each signature.
    pub signatures: PacSignatures,
    /// What the PAC says.
    pub content: PacContent,
    /// Why a service would not believe it; `None` for one that it would.
    pub rejection: Option<PacRejection>,
}

impl UnverifiedPac<'_> {
    /// Examine the PAC with the service's `key`, and with the controllers' where it is at hand.
    ///
    /// ```
    /// use adlib_kerberos::{ServiceKey, pac::{PacRejection, UnverifiedPac}};
    ///
    /// fn explain(bytes: &[u8], key: &ServiceKey) -> Result<(), PacRejection> {
    ///     let report = UnverifiedPac::decode(bytes)?.report(key, None)?;
    ///     println!("server signature: {}", report.signatures.server.as_str());
    ///     println!("account: {}", report.content.account().unwrap_or("none"));
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// `Malformed` when there is nothing to read.
    pub fn report(
        &self,
        key: &ServiceKey,
        controllers: Option<&ServiceKey>,
    ) -> Result<PacReport, PacRejection> {
        let content = self.unverified_content()?;
        let checked = |kind: BufferType, check: &dyn Fn(&ServiceKey) -> SignatureState| {
            controllers.map_or_else(|| self.unchecked(kind), check)
        };
        let signatures = PacSignatures {
            server: match self.verify_server_signature(key) {
                Ok(()) => SignatureState::Valid,
                Err(PacRejection::ServerSignatureMissing) => SignatureState::Absent,
                Err(_) => SignatureState::Invalid,
            },
            kdc: checked(BufferType::KDC_SIGNATURE, &|key| self.kdc_signature(key)),
            ticket: self.unchecked(BufferType::TICKET_SIGNATURE),
            full: checked(BufferType::FULL_SIGNATURE, &|key| self.full_signature(key)),
        };
        Ok(PacReport {
            rejection: self.rejection(key, &signatures),
            signatures,
            content,
        })
    }

    /// Why a service that knew all of that would not believe the PAC.
    pub(crate) fn rejection(&self, key: &ServiceKey, signatures: &PacSignatures) -> Option<PacRejection> {
        if let Err(rejection) = self.verify_in_place(key) {
            return Some(rejection);
        }
        let controllers = [
            (signatures.kdc, BufferType::KDC_SIGNATURE),
            (signatures.ticket, BufferType::TICKET_SIGNATURE),
            (signatures.full, BufferType::FULL_SIGNATURE),
        ];
        let wrong = controllers
            .iter()
            .find(|(state, _)| *state == SignatureState::Invalid);
        wrong.map(|(_, kind)| PacRejection::ControllersSignature(*kind))
    }
}
