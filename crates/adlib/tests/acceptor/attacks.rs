//! What a hostile client tries.

use adlib::{
    Acceptor, Error, Mode,
    kerberos::{InitiatorOptions, TicketInitiator},
};

use super::scene::{Ended, NOW, both, kerberos, key, keytab, ntlm, random, sign_in, ticket};

/// A client whose ticket is encrypted with somebody else's key.
fn forged() -> Box<TicketInitiator> {
    let options = InitiatorOptions::default();
    Box::new(TicketInitiator::new(ticket(&key(8)), options, NOW, random(1)))
}

/// R15, A31
#[test]
fn a31_raw_ntlm_under_modern_only() {
    let acceptor = both().mode(Mode::ModernOnly).build().unwrap();
    let ended = sign_in(Box::new(ntlm("secret")), acceptor.handshake(None));
    assert_eq!(ended.reason(), "client-sent-ntlm");
    let acceptor = both().mode(Mode::LegacyOnly).build().unwrap();
    let ended = sign_in(kerberos(1, InitiatorOptions::default()), acceptor.handshake(None));
    assert_eq!(ended.reason(), "client-sent-kerberos");
}

/// A31
#[test]
fn a31_ntlm_after_a_failed_kerberos_token() {
    let acceptor = both().build().unwrap();
    let Ended::Refused("ticket-not-opened", Some(error), retry) = sign_in(forged(), acceptor.handshake(None))
    else {
        panic!("the ticket is another service's");
    };
    assert_eq!(error.first(), Some(&0x60), "a KRB-ERROR");
    let Ended::Refused("ntlm-after-kerberos", None, retry) = sign_in(Box::new(ntlm("secret")), retry) else {
        panic!("a step down");
    };
    // A better ticket is welcome.
    let identity = sign_in(kerberos(2, InitiatorOptions::default()), retry).identity();
    assert_eq!(identity.account(), "ada");
}

/// Nobody here can verify NTLM.
#[test]
fn ntlm_without_anybody_who_verifies_it() {
    let acceptor = Acceptor::builder().keytab(keytab()).build().unwrap();
    let ended = sign_in(Box::new(ntlm("secret")), acceptor.handshake(None));
    assert_eq!(ended.reason(), "mechanism-unavailable");
    for mode in [Mode::Auto, Mode::ModernOnly, Mode::LegacyOnly] {
        let error = Acceptor::builder().mode(mode).build().unwrap_err();
        assert!(matches!(error, Error::Configuration(_)), "{error}");
    }
}
