//! Authorization data: what the controller and the client say besides (RFC 4120 5.2.6, MS-KILE 3.1.1.4).

use adlib_core::Reader;

use crate::{
    Rejection,
    der::{self, AuthorizationData, AuthorizationDatum},
    number::ad_type,
};

/// The deepest nesting that is looked into. Controllers nest once.
const MAX_DEPTH: usize = 4;

/// What a ticket says besides.
#[derive(Debug, Default)]
pub(crate) struct TicketAuthorization<'a> {
    /// The PAC.
    pub(crate) pac: Option<&'a [u8]>,
}

impl<'a> TicketAuthorization<'a> {
    /// # Errors
    /// `PacDuplicate`, `UnknownAuthorizationData`, `AuthorizationDataNesting`, `Malformed`.
    pub(crate) fn read(data: Option<&AuthorizationData<'a>>) -> Result<Self, Rejection> {
        let mut found = Self::default();
        let visit = &mut |element: &AuthorizationDatum<'a>| {
            if element.ad_type != ad_type::WIN2K_PAC {
                return Ok(false);
            }
            match found.pac.replace(element.ad_data.0) {
                None => Ok(true),
                Some(_) => Err(Rejection::PacDuplicate),
            }
        };
        data.map_or(Ok(()), |data| walk(data, 0, visit))?;
        Ok(found)
    }
}

/// What an authenticator says besides.
#[derive(Debug, Default)]
pub(super) struct ClientAuthorization<'a> {
    /// Whether the client says that it would have sent channel bindings (`KERB_AP_OPTIONS_CBT`).
    pub(super) binds_channels: bool,
    /// The service that the client means, in UTF-16.
    pub(super) target: Option<&'a [u8]>,
}

/// `KERB_AP_OPTIONS_CBT` (MS-KILE 2.2.8).
const CHANNEL_BINDINGS: u32 = 0x4000;

impl<'a> ClientAuthorization<'a> {
    /// # Errors
    /// `PacMisplaced`, `UnknownAuthorizationData`, `AuthorizationDataNesting`, `Malformed`.
    pub(super) fn read(data: Option<&AuthorizationData<'a>>) -> Result<Self, Rejection> {
        let mut found = Self::default();
        let visit = &mut |element: &AuthorizationDatum<'a>| {
            let bytes = element.ad_data.0;
            match element.ad_type {
                ad_type::WIN2K_PAC => return Err(Rejection::PacMisplaced),
                ad_type::AP_OPTIONS => {
                    let options = Reader::new(bytes).u32_le("KERB_AP_OPTIONS")?;
                    found.binds_channels |= options & CHANNEL_BINDINGS != 0;
                }
                ad_type::CLIENT_TARGET => found.target = Some(bytes),
                _ => return Ok(false),
            }
            Ok(true)
        };
        data.map_or(Ok(()), |data| walk(data, 0, visit))?;
        Ok(found)
    }
}

/// Show every element to `visit`, those in AD-IF-RELEVANT too, which is as deep as `MAX_DEPTH` at most. Outside of it, an
/// element that is not known to `visit` may not be ignored.
fn walk<'a>(
    data: &AuthorizationData<'a>,
    depth: usize,
    visit: &mut impl FnMut(&AuthorizationDatum<'a>) -> Result<bool, Rejection>,
) -> Result<(), Rejection> {
    for element in data.iter() {
        if element.ad_type == ad_type::IF_RELEVANT {
            if depth == MAX_DEPTH {
                return Err(Rejection::AuthorizationDataNesting { limit: MAX_DEPTH });
            }
            let inner: AuthorizationData<'a> = der::decode("AD-IF-RELEVANT", element.ad_data.0)?;
            walk(&inner, depth + 1, visit)?;
        } else if !visit(&element)? && depth == 0 {
            return Err(Rejection::UnknownAuthorizationData {
                ad_type: element.ad_type,
            });
        }
    }
    Ok(())
}
