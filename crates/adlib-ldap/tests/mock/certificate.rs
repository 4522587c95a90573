//! Certificates of an authority made for a test.

use std::sync::Arc;

use adlib_ldap::Settings;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls_pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

pub(crate) type Authority = CertifiedIssuer<'static, KeyPair>;

pub(crate) fn authority() -> Authority {
    authority_called("adlib test authority")
}

pub(crate) fn authority_called(name: &str) -> Authority {
    authority_with(name, KeyPair::generate().unwrap())
}

/// An authority whose signatures are those of `key`.
pub(crate) fn authority_with(name: &str, key: KeyPair) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, key).unwrap()
}

/// What a server shows: a certificate by `authority`, for `name`, of the years from `from` to `to`.
pub(crate) fn acceptor(authority: &Authority, name: &str, from: i32, to: i32) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    let certificate = params.signed_by(&key, authority).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

pub(crate) fn good(authority: &Authority) -> TlsAcceptor {
    acceptor(authority, "localhost", 2020, 2090)
}

pub(crate) fn trusting(authority: &Authority) -> Settings {
    let mut settings = super::plain();
    settings.danger_plain = false;
    settings.tls.ca_pem = Some(authority.pem().into_bytes());
    settings.tls.ca_only = true;
    settings
}
