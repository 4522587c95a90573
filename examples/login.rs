//! Signing users in by name and password: `cargo run --example login --features signin`, and `-- --lab` to do so at the
//! lab's domain controllers.
//!
//! Whoever is let in has proven it: the password has bought a ticket for this application, and the application has opened
//! it with its own key. Whoever is not gets one and the same sentence; why, is for the operator.

use adlib::{Authenticator, Bind, Identity, Keytab, Mode, Password, SignInError};
use adlib_examples::domain::{self, PASSWORD, Paperworks, Result};

#[tokio::main]
async fn main() -> Result<()> {
    if domain::is_lab() {
        let ad = at_the_lab().await?;
        let password = adlib_lab::corp().user_password.clone();
        for name in [
            "ada@corp.example.com",
            "ALAN.Turing@corp.example.com",
            "st.disabled@corp.example.com",
            "st.locked@corp.example.com",
        ] {
            sign_in(&ad, name, &password).await;
        }
    } else {
        let ad = Paperworks::new().await?.authenticator().build().await?;
        sign_in(&ad, "akeller@paperworks.example", PASSWORD).await;
        sign_in(&ad, "Ada.Keller@paperworks.example", PASSWORD).await;
        sign_in(&ad, "akeller@paperworks.example", "wrong horse").await;
        sign_in(&ad, "nobody@paperworks.example", PASSWORD).await;
        sign_in(&ad, "xold@paperworks.example", PASSWORD).await;
        sign_in(&ad, "alocked@paperworks.example", PASSWORD).await;
        sign_in(&ad, "amust@paperworks.example", PASSWORD).await;
        sign_in(&ad, "*)(uid=*@paperworks.example", PASSWORD).await;
    }
    Ok(())
}

/// What an application has at its start: where the directory is, who reads it, and what the application itself is.
async fn at_the_lab() -> Result<Authenticator> {
    let lab = adlib_lab::corp();
    Ok(Authenticator::builder()
        .domain_at("corp.example.com", [lab.ip.to_string()]) // `domain` alone asks DNS
        .authorities(std::fs::read(&lab.ca_file)?) // beside the system's
        .bind(Bind::simple(
            "svc-sync@corp.example.com",
            Password::from(&*lab.service_password),
        ))
        .service("HTTP/app.corp.example.com")
        .keytab(Keytab::decode(&std::fs::read(&lab.keytab)?)?)
        .mode(Mode::ModernOnly) // Kerberos, and never NTLM
        .build()
        .await?)
}

/// What an application does with a name and a password.
async fn sign_in(ad: &Authenticator, name: &str, password: &str) {
    println!("\n{name}");
    let outcome = ad.sign_in(name, &Password::from(password)).await;
    match &outcome {
        Ok(identity) => welcome(identity),
        Err(SignInError::Refused(refusal)) => println!("   operator: {refusal}"),
        Err(SignInError::Failed(error)) => println!("   operator: nobody could decide: {error}"),
    }
    if let Err(error) = outcome {
        println!("   user:     {}", error.user_message());
    }
}

fn welcome(identity: &Identity) {
    println!(
        "   welcome, {}",
        identity.full_name().unwrap_or(identity.account())
    );
    println!("   account {} of {}", identity.account(), identity.domain());
    println!("   proven by {}", identity.evidence().mechanism.as_str());
    let names = identity.groups().iter().filter_map(|group| group.name());
    println!("   in {}", names.collect::<Vec<_>>().join(", "));
}
