//! Alternate UPN suffixes: `cargo run --example suffix_map --features signin`, and `-- --lab` with the lab's users.
//!
//! A file says which suffix stands for which domains. A name with such a suffix is somebody's in exactly one of them, or
//! nobody's: where it could be several people's, nobody is signed in, and each of them can use the domain's own name.

use adlib::{Authenticator, LogonName, Password, SignInError, SuffixMap};
use adlib_examples::domain::{self, PASSWORD, Paperworks, Result};

const PAPERWORKS: &[u8] = include_bytes!("data/upn_mappings.conf");
const LAB: &[u8] = b"acme.example = corp.example.com\n";
const BROKEN: &[u8] = b"# one mapping a line\npw.example : paperworks.example\nink.example = ink well\n";

#[tokio::main]
async fn main() -> Result<()> {
    let (file, typed, builder) = match domain::is_lab() {
        true => (LAB, "mia@acme.example", domain::lab()?),
        false => (
            PAPERWORKS,
            "mia@pw.example",
            Paperworks::new().await?.authenticator(),
        ),
    };
    println!("The file:");
    let map = SuffixMap::parse(file).into_map()?;
    for mapping in map.mappings() {
        println!("   {} = {}", mapping.alternate(), mapping.domain());
    }

    println!("\nWhat {typed} may stand for, by the file alone:");
    let name = LogonName::parse(typed)?;
    for candidate in map.candidates(name.upn()?) {
        println!("   {candidate}");
    }

    println!("\nWhom names stand for, by the directory:");
    let ad = builder.suffixes(map).build().await?;
    if domain::is_lab() {
        let password = adlib_lab::corp().user_password.clone();
        for name in [
            "ada@acme.example",
            "grace.hopper@acme.example",
            "mia@acme.example",
        ] {
            sign_in(&ad, name, &password).await;
        }
    } else {
        for name in [
            "akeller@pw.example", // akeller of Paperworks, who has no name with this suffix
            "mia@pw.example",     // whose own name this is, though another's is mia@paperworks.example
            "sreed@pw.example",   // one in each company
            "sreed@inkwell.example",
            "akeller@elsewhere.example",
        ] {
            sign_in(&ad, name, PASSWORD).await;
        }
    }

    println!("\nThe file is read again, and somebody has broken it:");
    if let Err(error) = ad.reload_suffixes(BROKEN) {
        println!("   {error}");
        println!("   the mapping that was in force stays in force");
    }
    Ok(())
}

async fn sign_in(ad: &Authenticator, name: &str, password: &str) {
    match ad.sign_in(name, &Password::from(password)).await {
        Ok(identity) => println!("   {name}: {}\\{}", identity.domain(), identity.account()),
        Err(SignInError::Refused(refusal)) => println!("   {name}: {refusal}"),
        Err(SignInError::Failed(error)) => println!("   {name}: nobody could decide: {error}"),
    }
}
