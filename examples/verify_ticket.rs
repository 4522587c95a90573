//! Signing a client in that has a ticket: `cargo run --example verify_ticket --features signin`, and `-- --lab` with a
//! ticket of the lab's KDC.
//!
//! This is for whoever carries the tokens of clients in a protocol of its own. HTTP has a layer: see `sso_axum.rs`.

use std::time::Duration;

use adlib::{
    Acceptor, Clock, Password, Step, SystemClock,
    kdc::{Endpoint, KdcTicketSource, TicketRequest, TicketSource},
};
use adlib_examples::domain::{self, Paperworks, Result, SERVICE};

#[tokio::main]
async fn main() -> Result<()> {
    let (acceptor, token) = if domain::is_lab() {
        (
            domain::lab()?.build().await?.acceptor()?,
            ticket_of_the_lab().await?,
        )
    } else {
        let paperworks = Paperworks::new().await?;
        let acceptor = Acceptor::builder()
            .service(SERVICE)
            .keytab(paperworks.keytab()) // Keytab::decode(&std::fs::read("http.keytab")?)?
            .directory(domain::companies()) // so that groups have names
            .build()?;
        (acceptor, paperworks.token("akeller")?)
    };

    println!("A client sent {} bytes:", token.len());
    accept(&acceptor, &token).await;
    println!("\nSomebody who has seen them sends them again:");
    accept(&acceptor, &token).await;
    println!("\nSomebody changes a bit:");
    let mut forged = token;
    if let Some(byte) = forged.last_mut() {
        *byte ^= 1;
    }
    accept(&acceptor, &forged).await;
    Ok(())
}

/// One token, from first to last. A handshake is taken by the step: what failed cannot be used again.
async fn accept(acceptor: &Acceptor, token: &[u8]) {
    match acceptor.handshake(None).step(token).await {
        Step::Done { identity, token } => {
            println!("   {}\\{}", identity.domain(), identity.account());
            println!("   {} groups", identity.groups().len());
            println!("   proven by {}", identity.evidence().mechanism.as_str());
            if let Some(token) = token {
                println!("   {} bytes for the client", token.len()); // who asked for this side's proof, too
            }
        }
        Step::Continue { token, .. } => println!("   the client has to answer {} bytes", token.len()),
        Step::Refused { reason, .. } => println!("   refused: {reason}"),
    }
}

/// What the machine of a user of the lab sends.
async fn ticket_of_the_lab() -> Result<Vec<u8>> {
    let corp = adlib_lab::corp();
    let source = KdcTicketSource::new(|| SystemClock.now());
    let kdc = Endpoint::new(corp.ip.to_string(), 88);
    let password = Password::from(&*corp.user_password);
    let request = TicketRequest {
        account: adlib_lab::fixture::ORDINARY,
        realm: &corp.realm,
        secret: (&password).into(),
        service: &corp.http_service,
        kdcs: &[kdc],
        deadline: Duration::from_secs(10),
    };
    Ok(source.service_ticket(request).await?.as_bytes().to_vec())
}
