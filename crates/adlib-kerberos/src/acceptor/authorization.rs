//! Authorization data: what the controller and the client say besides (RFC 4120 5.2.6, MS-KILE 3.1.1.4).

use alloc::{string::String, vec::Vec};

use adlib_core::{Reader, utf16};

use crate::{
    Rejection,
    der::{self, AuthorizationData, AuthorizationDatum},
    number::ad_type,
};

/// The deepest nesting that is looked into. Controllers nest once.
const MAX_DEPTH: usize = 4;

/// What a ticket says besides.
#[derive(Debug, Default)]
pub(crate) struct TicketAuthorization {
    /// The PAC.
    pub(crate) pac: Option<Vec<u8>>,
}

impl TicketAuthorization {
    /// # Errors
    /// `PacDuplicate`, `UnknownAuthorizationData`, `AuthorizationDataNesting`, `Malformed`.
    pub(crate) fn read(data: Option<&AuthorizationData<'_>>) -> Result<Self, Rejection> {
        let mut found = Self::default();
        walk(data, |element| {
            if element.ad_type != ad_type::WIN2K_PAC {
                return Ok(false);
            }
            match found.pac.replace(element.ad_data.0.to_vec()) {
                None => Ok(true),
                Some(_) => Err(Rejection::PacDuplicate),
            }
        })?;
        Ok(found)
    }
}

/// What an authenticator says besides.
#[derive(Debug, Default)]
pub(super) struct ClientAuthorization {
    /// Whether the client says that it would have sent channel bindings (`KERB_AP_OPTIONS_CBT`).
    pub(super) binds_channels: bool,
    /// The service that the client means.
    pub(super) target: Option<String>,
}

/// `KERB_AP_OPTIONS_CBT` (MS-KILE 2.2.8).
const CHANNEL_BINDINGS: u32 = 0x4000;

impl ClientAuthorization {
    /// # Errors
    /// `PacMisplaced`, `UnknownAuthorizationData`, `AuthorizationDataNesting`, `Malformed`.
    pub(super) fn read(data: Option<&AuthorizationData<'_>>) -> Result<Self, Rejection> {
        let mut found = Self::default();
        walk(data, |element| {
            let bytes = element.ad_data.0;
            match element.ad_type {
                ad_type::WIN2K_PAC => return Err(Rejection::PacMisplaced),
                ad_type::AP_OPTIONS => {
                    let options = Reader::new(bytes).u32_le("KERB_AP_OPTIONS")?;
                    found.binds_channels |= options & CHANNEL_BINDINGS != 0;
                }
                ad_type::CLIENT_TARGET => {
                    let target = utf16::decode("KERB_AUTH_DATA_CLIENT_TARGET", bytes)?;
                    found.target = Some(target.trim_end_matches('\0').into());
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(found)
    }
}

/// Show every element to `visit`, those in AD-IF-RELEVANT too. Outside of it, an element that is not known to `visit`
/// may not be ignored.
fn walk<'a>(
    data: Option<&AuthorizationData<'a>>,
    mut visit: impl FnMut(&AuthorizationDatum<'a>) -> Result<bool, Rejection>,
) -> Result<(), Rejection> {
    let mut waiting: Vec<(usize, AuthorizationDatum<'a>)> = Vec::new();
    waiting.extend(
        data.into_iter()
            .flatten()
            .rev()
            .cloned()
            .map(|element| (0, element)),
    );
    while let Some((depth, element)) = waiting.pop() {
        if element.ad_type == ad_type::IF_RELEVANT {
            if depth == MAX_DEPTH {
                return Err(Rejection::AuthorizationDataNesting { limit: MAX_DEPTH });
            }
            let inner: AuthorizationData<'a> = der::decode("AD-IF-RELEVANT", element.ad_data.0)?;
            waiting.extend(inner.into_iter().rev().map(|element| (depth + 1, element)));
        } else if !visit(&element)? && depth == 0 {
            return Err(Rejection::UnknownAuthorizationData {
                ad_type: element.ad_type,
            });
        }
    }
    Ok(())
}
