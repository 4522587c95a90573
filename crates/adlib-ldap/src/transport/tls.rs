//! TLS: whom to trust, and what a failed handshake means to an operator.

use std::{io, sync::Arc};

use adlib_core::ChannelBindings;
use rustls::{CertificateError, ClientConfig, RootCertStore, crypto::ring};
use rustls_pki_types::{
    CertificateDer, ServerName,
    pem::{self, PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{Secured, certificate};
use crate::{Endpoint, Error, TlsFailure, TlsSettings};

impl TlsSettings {
    /// The configuration that these settings come to. Make it once for many connections: it reads the system's
    /// authorities, and put it into `client_config`.
    ///
    /// # Errors
    /// `Authorities` when there is none to trust, or `ca_pem` holds none.
    pub fn to_client_config(&self) -> Result<Arc<ClientConfig>, Error> {
        if let Some(config) = &self.client_config {
            return Ok(Arc::clone(config));
        }
        let mut roots = RootCertStore::empty();
        if let Some(pem) = &self.ca_pem {
            add_pem(&mut roots, pem)?;
        }
        if !self.ca_only {
            add_system(&mut roots);
        }
        if roots.is_empty() {
            return Err(Error::Authorities(
                "this system has none to trust; name your authority's certificate as `ca_file`".into(),
            ));
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::System(error.to_string()))?;
        Ok(Arc::new(
            builder.with_root_certificates(roots).with_no_client_auth(),
        ))
    }
}

fn add_pem(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), Error> {
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| Error::Authorities(unreadable(&error)))?;
        roots
            .add(certificate)
            .map_err(|error| Error::Authorities(format!("a certificate cannot be used: {error}")))?;
    }
    if roots.len() == before {
        return Err(Error::Authorities(
            "there is none in it; expected PEM, with a line `-----BEGIN CERTIFICATE-----`".into(),
        ));
    }
    Ok(())
}

/// The library's own words show lines as numbers.
fn unreadable(error: &pem::Error) -> String {
    let what = match error {
        pem::Error::MissingSectionEnd { .. } => "a certificate has no end; is the file cut off?".to_owned(),
        pem::Error::IllegalSectionStart { line } => {
            format!("`{}` is no line that begins a certificate", line.escape_ascii())
        }
        other => other.to_string(),
    };
    format!("not readable as PEM: {what}")
}

/// A broken certificate among the system's is not our caller's mistake: it is passed over.
fn add_system(roots: &mut RootCertStore) {
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::warn!(%error, "some of the system's authorities cannot be read");
    }
    let (added, ignored) = roots.add_parsable_certificates(system.certs);
    tracing::debug!(added, ignored, "authorities of the system");
}

/// Make `stream` a TLS connection to `endpoint`.
///
/// # Errors
/// `Tls` with what is wrong; `Lost` when the connection ends in the handshake.
pub(super) async fn handshake(
    stream: TcpStream,
    endpoint: &Endpoint,
    config: Arc<ClientConfig>,
) -> Result<TlsStream<TcpStream>, Error> {
    let name = ServerName::try_from(endpoint.host.clone()).map_err(|_| Error::Tls {
        endpoint: endpoint.to_string(),
        failure: TlsFailure::InvalidName(endpoint.host.clone()),
    })?;
    let handshake = TlsConnector::from(config).connect(name, stream);
    handshake.await.map_err(|error| explain(endpoint, &error))
}

/// What the server of `stream` has shown.
pub(super) fn secured(stream: &TlsStream<TcpStream>) -> Secured {
    let (_, session) = stream.get_ref();
    let chain = session.peer_certificates().unwrap_or_default();
    let bindings = chain
        .first()
        .map(|own| ChannelBindings::of_server_certificate(own));
    Secured {
        bindings: bindings.and_then(Result::ok),
        certificate_end: certificate::first_end(chain.iter().map(AsRef::as_ref)),
    }
}

fn explain(endpoint: &Endpoint, error: &io::Error) -> Error {
    let endpoint = endpoint.to_string();
    let tls = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let Some(tls) = tls else {
        let reason = format!("in the TLS handshake: {error}; is this the port of LDAP over TLS?");
        return Error::Lost { endpoint, reason };
    };
    let failure = match tls {
        rustls::Error::InvalidCertificate(certificate) => certificate_failure(certificate),
        other => TlsFailure::Other(other.to_string()),
    };
    Error::Tls { endpoint, failure }
}

fn certificate_failure(error: &CertificateError) -> TlsFailure {
    match error {
        CertificateError::NotValidForName => TlsFailure::WrongName {
            presented: Vec::new(),
        },
        CertificateError::NotValidForNameContext { presented, .. } => TlsFailure::WrongName {
            presented: presented.clone(),
        },
        CertificateError::UnknownIssuer => TlsFailure::UnknownAuthority,
        CertificateError::BadSignature => TlsFailure::BadSignature,
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFailure::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            TlsFailure::NotYetValid
        }
        CertificateError::Revoked => TlsFailure::Revoked,
        other => TlsFailure::Other(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(pem: &[u8]) -> Result<Arc<ClientConfig>, Error> {
        let settings = TlsSettings {
            ca_pem: Some(pem.to_vec()),
            ca_only: true,
            client_config: None,
        };
        settings.to_client_config()
    }

    /// A53
    #[test]
    fn a53_no_authority_is_an_error() {
        for pem in [
            &b""[..],
            b"not a certificate",
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ] {
            assert!(matches!(only(pem), Err(Error::Authorities(_))));
        }
        let cut_off = only(b"-----BEGIN CERTIFICATE-----\nAAAA\n").unwrap_err();
        assert!(
            cut_off
                .to_string()
                .ends_with("a certificate has no end; is the file cut off?")
        );
        let nothing = TlsSettings {
            ca_only: true,
            ..TlsSettings::default()
        };
        assert!(matches!(nothing.to_client_config(), Err(Error::Authorities(_))));
    }
}
