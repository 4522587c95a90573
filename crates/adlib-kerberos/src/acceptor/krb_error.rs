//! What a refused client is told: a code, and nothing that helps whoever guesses (RFC 4120 3.2.6).

use alloc::vec::Vec;

use adlib_core::{UnixTime, gss::KERBEROS_OID};

use crate::{
    Principal, Rejection,
    der::{self, KerberosString, KerberosTime, KrbErrorBody, KrbErrorMessage, Microseconds, PrincipalName},
    gss::{ERROR_TOKEN, Framing},
};

impl Rejection {
    /// The KRB-ERROR for the client, from `service` at `now`, as a GSS-API token. It says what
    /// [`Rejection::error_code`] says, and our time: a client whose clock is off can set it right.
    ///
    /// ```
    /// use adlib_core::UnixTime;
    /// use adlib_kerberos::{Principal, UnverifiedApReq};
    ///
    /// let service: Principal = "HTTP/app.corp.example.com@CORP.EXAMPLE.COM".parse()?;
    /// let rejection = UnverifiedApReq::decode(b"what is this?").unwrap_err();
    /// let token = rejection.krb_error(&service, UnixTime::from_seconds(1_800_000_000));
    /// assert_eq!(token[0], 0x60);
    /// # Ok::<(), adlib_kerberos::PrincipalParseError>(())
    /// ```
    #[must_use]
    pub fn krb_error(&self, service: &Principal, now: UnixTime) -> Vec<u8> {
        let error: KrbErrorMessage<'_> = der::Application(KrbErrorBody {
            pvno: der::VERSION,
            msg_type: KrbErrorBody::MESSAGE_TYPE,
            ctime: None,
            cusec: None,
            stime: KerberosTime::from_unix(now),
            susec: Microseconds(now.subsec_micros()),
            error_code: self.error_code().0,
            crealm: None,
            cname: None,
            realm: KerberosString::new(service.realm()),
            sname: PrincipalName::from(service),
            e_text: None,
            e_data: None,
        });
        Framing::Gss(KERBEROS_OID).wrap(ERROR_TOKEN, der::encode(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// I4
    #[test]
    fn the_client_is_told_a_code_and_our_time() {
        let service: Principal = "HTTP/app@CORP".parse().unwrap();
        let now = UnixTime::from_micros(1_800_000_000_000_007);
        let token = Rejection::TicketInvalid.krb_error(&service, now);
        let (framing, identifier, message) = Framing::open_any(&token).unwrap();
        assert_eq!((framing, identifier), (Framing::Gss(KERBEROS_OID), ERROR_TOKEN));
        let error: KrbErrorMessage<'_> = der::decode("KRB-ERROR", message).unwrap();
        assert_eq!(error.0.error_code, 33);
        assert_eq!(error.0.stime.with_micros(error.0.susec), now);
        assert_eq!(error.0.sname.in_realm(error.0.realm), service);
        assert!(error.0.e_text.is_none() && error.0.e_data.is_none());
    }
}
