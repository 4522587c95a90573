//! Apache, behind which every page is for those who sign in by Kerberos.

use std::{
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use crate::script;

/// Apache with `mod_auth_gssapi` and the keys of `HTTP/app.corp.example.com`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Apache {
    /// Its address; HTTP, not HTTPS.
    pub address: SocketAddr,
    /// The path of a page of six bytes.
    pub page: &'static str,
}

/// The running Apache; `None` when it is not running.
#[must_use]
pub fn apache_if_running() -> Option<Apache> {
    let environment = script::WEB.environment();
    let port = environment.value("WEB_PORT").parse().ok()?;
    let address = SocketAddr::new(environment.address("WEB_IP"), port);
    TcpStream::connect_timeout(&address, Duration::from_secs(2)).ok()?;
    let page = "/index.txt";
    Some(Apache { address, page })
}
