//! What the server proves itself to browsers with, and what a sign-in is bound to.

use std::{path::Path, sync::Arc};

use adlib::ChannelBindings;
use tokio_rustls::rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use super::Result;

/// A certificate with its key.
pub struct Certificate {
    /// The certificate, and those that vouch for it.
    pub chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Certificate {
    /// A certificate that is there.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self> {
        let chain = CertificateDer::pem_file_iter(certificate)?;
        Ok(Self {
            chain: chain.collect::<std::result::Result<_, _>>()?,
            key: PrivateKeyDer::from_pem_file(key)?,
        })
    }

    /// A certificate that vouches for itself: browsers ask before they take it.
    pub fn made_for(host: &str) -> Result<Self> {
        let made = rcgen::generate_simple_self_signed([host.to_owned()])?;
        Ok(Self {
            chain: vec![made.cert.der().clone()],
            key: PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into()),
        })
    }

    /// What clients bind their sign-ins to (RFC 5929 section 4).
    pub fn bindings(&self) -> Result<ChannelBindings> {
        let certificate = self.chain.first().ok_or("no certificate")?;
        Ok(ChannelBindings::of_server_certificate(certificate)?)
    }

    /// TLS with this certificate, and HTTP/2 or 1.1 inside.
    pub fn tls(&self) -> Result<Arc<ServerConfig>> {
        let mut config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), self.key.clone_key())?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}
