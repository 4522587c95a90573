//! The accept loop: TLS, then HTTP, and a [`NegotiateConnection`] for each connection.

use std::{net::SocketAddr, time::Duration};

use adlib::{
    Acceptor,
    tower::{NegotiateConnection, NegotiateLayer, OnConnection},
};
use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use super::{Result, app, certificate::Certificate, page};

/// A client that has not finished its handshake, or the headers of a request, by then is gone.
const PATIENCE: Duration = Duration::from_secs(10);
/// A ticket with a large PAC needs more than HTTP/2's usual 16 KB of headers.
const MAX_HEADERS: u32 = 128 * 1024;

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    tls: TlsAcceptor,
    router: Router,
}

impl Server {
    /// Listen at `address` for users whom `acceptor` lets in.
    pub async fn bind(address: SocketAddr, acceptor: Acceptor, certificate: &Certificate) -> Result<Self> {
        let negotiate = NegotiateLayer::new(acceptor)
            .channel_bindings(certificate.bindings()?)
            .page(page::denied);
        Ok(Self {
            listener: TcpListener::bind(address).await?,
            tls: TlsAcceptor::from(certificate.tls()?),
            router: app::router(negotiate),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Serve whoever comes.
    pub async fn run(self) -> Result<()> {
        loop {
            let (stream, peer) = self.listener.accept().await?;
            let connection = NegotiateConnection::new().for_client(peer.ip().to_string());
            let service = connection.serve(self.router.clone());
            tokio::spawn(serve(stream, self.tls.clone(), service));
        }
    }
}

/// Serve one connection to its end. What ends it early is the client's affair.
async fn serve(stream: TcpStream, tls: TlsAcceptor, service: OnConnection<Router>) {
    let Ok(Ok(stream)) = timeout(PATIENCE, tls.accept(stream)).await else {
        return;
    };
    let service = TowerToHyperService::new(service);
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE);
    http.http2().max_header_list_size(MAX_HEADERS);
    drop(http.serve_connection(TokioIo::new(stream), service).await);
}
