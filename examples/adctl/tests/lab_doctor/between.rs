//! What comes between the doctor and a controller: another certificate, and answers that are changed on the way.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::{network::at, site::Site};

/// What stands in place of a text in an answer, by the text before it, such as an attribute's name, and by itself.
pub(crate) type Change = fn(&[u8], &[u8]) -> Option<&'static [u8]>;

/// A controller behind a certificate of another authority, valid since the beginning of a year.
pub(crate) fn certified(site: &Site, since: i32, lifetime: Duration) -> Site {
    between(site, (since, lifetime), |_, _| None)
}

/// A controller whose answers are changed on the way, as `change` says.
pub(crate) fn answering(site: &Site, change: Change) -> Site {
    between(site, (2000, Duration::from_secs(60 * 365 * 24 * 3600)), change)
}

fn between(site: &Site, (since, lifetime): (i32, Duration), change: Change) -> Site {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    params.not_before = date_time_ymd(since, 1, 1);
    params.not_after = params.not_before + lifetime;
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            rustls::pki_types::PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .unwrap();
    let address = terminate(TlsAcceptor::from(Arc::new(config)), site, change);
    let at = at(&format!("\"{address}\""));
    at.write("authority.pem", authority.pem());
    at.edit(&[(&*site.corp.ca_file.display().to_string(), "authority.pem")]);
    at
}

/// Where TLS ends by `acceptor`, and another leads on to the controller.
fn terminate(acceptor: TlsAcceptor, site: &Site, change: Change) -> SocketAddr {
    let mut trust = adlib::ldap::TlsSettings::default();
    trust.ca_pem = Some(std::fs::read(&site.corp.ca_file).unwrap());
    trust.ca_only = true;
    let connector = TlsConnector::from(trust.to_client_config().unwrap());
    let controller = site.corp.ldaps();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        while let Ok((client, _)) = listener.accept().await {
            let (acceptor, connector) = (acceptor.clone(), connector.clone());
            tokio::spawn(async move {
                let (mut from_client, mut to_client) = split(acceptor.accept(client).await?);
                let server = tokio::net::TcpStream::connect(controller).await?;
                let server = connector.connect(controller.ip().into(), server).await?;
                let (mut from_server, mut to_server) = split(server);
                tokio::try_join!(
                    tokio::io::copy(&mut from_client, &mut to_server),
                    pass(&mut from_server, &mut to_client, change)
                )
            });
        }
    });
    address
}

/// Pass on what comes, message by message.
async fn pass(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    change: Change,
) -> std::io::Result<u64> {
    let mut waiting = Vec::new();
    while from.read_buf(&mut waiting).await? > 0 {
        while let Some((_, _, behind)) = element(&waiting) {
            let (message, behind) = waiting.split_at(waiting.len() - behind.len());
            to.write_all(&changed(message, &mut Vec::new(), change)).await?;
            waiting = behind.to_vec();
        }
        to.flush().await?;
    }
    to.shutdown().await?;
    Ok(0)
}

/// The first element of BER in `bytes`: tag, content, and what is behind it; `None` while more must come.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(first) {
        short @ ..0x80 => (short, rest),
        long => {
            let (octets, rest) = rest.split_at_checked(long - 0x80)?;
            let length = octets
                .iter()
                .fold(0, |length, octet| length << 8 | usize::from(*octet));
            (length, rest)
        }
    };
    let (content, behind) = rest.split_at_checked(length)?;
    Some((tag, content, behind))
}

/// The elements in `bytes` with every text changed; `before` is the text before them.
fn changed(bytes: &[u8], before: &mut Vec<u8>, change: Change) -> Vec<u8> {
    const CONSTRUCTED: u8 = 0x20;
    const OCTET_STRING: u8 = 4;
    let (mut all, mut rest) = (Vec::new(), bytes);
    while let Some((tag, content, behind)) = element(rest) {
        rest = behind;
        let content = match tag {
            OCTET_STRING => {
                let text = change(before, content).unwrap_or(content).to_vec();
                *before = content.to_vec();
                text
            }
            tag if tag & CONSTRUCTED != 0 => changed(content, before, change),
            _ => content.to_vec(),
        };
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        all.extend([&[tag, 0x84], &length[..], &content].concat());
    }
    all
}
