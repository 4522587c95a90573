//! Apache, behind which every page is for those who sign in by Kerberos.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    path::Path,
    time::Duration,
};

use crate::script;

/// Apache with `mod_auth_gssapi` and the keys of `HTTP/app.corp.example.com`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Apache {
    /// Its address; HTTP, not HTTPS.
    pub address: SocketAddr,
    /// The process that started those that serve.
    pub process: u32,
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
    let process = Path::new(&environment.value("WEB_DIR")).join("apache/main.pid");
    Some(Apache {
        address,
        process: fs::read_to_string(process).ok()?.trim().parse().ok()?,
        page: "/index.txt",
    })
}
