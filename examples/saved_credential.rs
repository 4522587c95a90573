//! Signing in later without the password: `cargo run --example saved_credential --features signin`, and `-- --lab` at a
//! domain controller.
//!
//! What is kept is the NT hash, by which NTLM signs in. It is as good as the password wherever NTLM is spoken, so it
//! belongs encrypted, in the care of something that keeps keys. Kerberos has no use for it: `ModernOnly` refuses it.

use std::sync::Arc;

use adlib::{
    Acceptor, BoxFuture, Clock, Error, HashLookup, KnownAccount, Mode, Password, Sid, Step, SystemClock,
    core::FileTime,
    ntlm::{Account, Ephemeral, Initiator, NtHash, SavedCredential, SessionKey},
};
use adlib_examples::domain::{self, PASSWORD, Paperworks, Result, random_bytes};

#[tokio::main]
async fn main() -> Result<()> {
    let (builder, name, password) = match domain::is_lab() {
        true => {
            let password = adlib_lab::corp().user_password.clone();
            (domain::lab()?, "ada@corp.example.com", password)
        }
        false => {
            let builder = Paperworks::new().await?.authenticator();
            (builder, "akeller@paperworks.example", PASSWORD.to_owned())
        }
    };
    let mode = if domain::is_lab() {
        Mode::Auto
    } else {
        Mode::ModernOnly
    };
    let ad = builder.mode(mode).build().await?;

    println!("The user signs in once, with the password:");
    let password = Password::from(password);
    let identity = ad.sign_in(name, &password).await?;
    println!("   {} of {}", identity.account(), identity.domain());

    println!("\nThe hash is kept, and the password is not:");
    let account = Account {
        user: identity.account().to_owned(),
        domain: identity.domain().to_owned(),
    };
    let saved = SavedCredential::new(account, NtHash::from_password(password));
    let bytes = saved.to_bytes(); // for the vault, and for nothing else
    println!("   {saved:?}: {} bytes", bytes.expose().len());

    println!("\nLater:");
    let saved = SavedCredential::from_bytes(bytes.expose())?;
    match ad.sign_in_saved(name, &saved).await {
        Ok(identity) => println!(
            "   {} by {}",
            identity.account(),
            identity.evidence().mechanism.as_str()
        ),
        Err(error) => println!("   in mode {mode}: {error}"),
    }
    if !domain::is_lab() {
        println!("   at a server that takes NTLM: {}", at_a_server(&saved).await?);
    }
    Ok(())
}

/// A client with a saved credential, and a server that knows the account's hash: three messages.
async fn at_a_server(saved: &SavedCredential) -> Result<String> {
    let server = Acceptor::builder()
        .hash_lookup(Arc::new(OneAccount(saved.hash().clone())))
        .build()?;
    let ephemeral = Ephemeral {
        now: FileTime::from_unix(SystemClock.now()),
        client_challenge: random_bytes()?,
        session_key: SessionKey::new(random_bytes()?),
    };
    let Account { user, domain } = saved.account();
    let (negotiate, client) = Initiator::new(user, domain, saved.hash().clone(), ephemeral).negotiate();
    let Step::Continue { token, handshake } = server.handshake(None).step(&negotiate).await else {
        return Err("the server does not begin".into());
    };
    let (authenticate, _) = client.authenticate(&token)?;
    match handshake.step(&authenticate).await {
        Step::Done { identity, .. } => Ok(format!("{} is in", identity.account())),
        Step::Refused { reason, .. } => Ok(reason.to_string()),
        Step::Continue { .. } => Err("the server does not end".into()),
    }
}

/// A server's list of accounts, with one in it.
struct OneAccount(NtHash);

impl HashLookup for OneAccount {
    fn find<'a>(
        &'a self,
        claimed: &'a Account,
    ) -> BoxFuture<'a, Result<Option<(NtHash, KnownAccount)>, Error>> {
        let known = |sid: Sid| {
            (
                self.0.clone(),
                KnownAccount::new(sid, "akeller", "paperworks.example"),
            )
        };
        let is_known = claimed.user.eq_ignore_ascii_case("akeller");
        let sid = "S-1-5-21-3405691582-1122334455-987654321-1101".parse().ok();
        Box::pin(std::future::ready(Ok(sid.filter(|_| is_known).map(known))))
    }
}
