//! Single sign-on for a web application: `cargo run --example sso_axum --features sso`.
//!
//! Without options it shows itself: it makes a keytab, a ticket and a certificate of its own, and signs somebody in over
//! HTTPS on loopback. With `--config adlib.toml` it serves a real domain, and with `--lab` that of the tests.
//!
//! The page greets whoever has a session. Whoever has none is sent to `/sign-in`, which is behind `Negotiate`: there the
//! browser proves who the user is, once, and gets a session that ends no later than the ticket.

#[path = "sso_axum/app.rs"]
pub mod app;
#[path = "sso_axum/certificate.rs"]
pub mod certificate;
#[path = "sso_axum/demonstration.rs"]
mod demonstration;
#[path = "sso_axum/page.rs"]
mod page;
#[path = "sso_axum/server.rs"]
pub mod server;

use std::{net::SocketAddr, path::PathBuf};

use adlib::{Acceptor, Authenticator, Bind, Config, Keytab, Password};
use clap::Parser;

use certificate::Certificate;
use server::Server;

/// What can go wrong in an example.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Single sign-on for a web application.
#[derive(Debug, Parser)]
struct Arguments {
    /// Serve the domain of this configuration file.
    #[arg(long, value_name = "F")]
    config: Option<PathBuf>,
    /// Serve the domain of the lab.
    #[arg(long, conflicts_with = "config")]
    lab: bool,
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    /// The host name of a certificate that is made, where none is given.
    #[arg(long, default_value = "app.corp.example.com")]
    host: String,
    /// The certificate and those that vouch for it, as PEM.
    #[arg(long, value_name = "F", requires = "key")]
    certificate: Option<PathBuf>,
    /// Its key, as PEM.
    #[arg(long, value_name = "F", requires = "certificate")]
    key: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let acceptor = match &arguments.config {
        Some(file) => Authenticator::from_config(&Config::read(file)?)
            .await?
            .acceptor()?,
        None if arguments.lab => lab_acceptor().await?,
        None => return demonstration::run().await,
    };
    let certificate = match (&arguments.certificate, &arguments.key) {
        (Some(certificate), Some(key)) => Certificate::read(certificate, key)?,
        _ => Certificate::made_for(&arguments.host)?,
    };
    let server = Server::bind(arguments.listen, acceptor, &certificate).await?;
    println!("https://{}:{}/", arguments.host, server.address()?.port());
    server.run().await
}

/// What signs the users of the lab's domain in.
pub async fn lab_acceptor() -> Result<Acceptor> {
    let corp = adlib_lab::corp();
    let reader = format!("{}@{}", adlib_lab::fixture::SYNC, corp.dns_domain);
    let ad = Authenticator::builder()
        .domain_at(&corp.dns_domain, [corp.ip.to_string()])
        .authorities(std::fs::read(&corp.ca_file)?)
        .bind(Bind::simple(reader, Password::from(&*corp.service_password)))
        .service(&corp.http_service)
        .keytab(Keytab::decode(&std::fs::read(&corp.keytab)?)?)
        .build()
        .await?;
    Ok(ad.acceptor()?)
}
