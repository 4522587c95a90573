//! What goes well.

use adlib::{Mechanism, Mode, kerberos::InitiatorOptions};
use adlib_core::gss::Protection;

use super::scene::{NOW, both, kerberos, ntlm, sign_in};

/// R13
#[test]
fn a_ticket_signs_in() {
    for mutual in [true, false] {
        let mut options = InitiatorOptions::default();
        options.mutual = mutual;
        let acceptor = both().build().unwrap();
        let identity = sign_in(kerberos(1, options), acceptor.handshake(None)).identity();
        assert_eq!(identity.sid().unwrap().to_string(), "S-1-5-21-1-2-3-1103");
        assert_eq!(
            (identity.account(), identity.domain()),
            ("ada", "corp.example.com")
        );
        assert_eq!(identity.groups().len(), 2);
        let Mechanism::Kerberos(evidence) = &identity.evidence().mechanism else {
            panic!("{:?}", identity.evidence());
        };
        assert_eq!((evidence.pac, evidence.ticket_etype), ("verified", 18));
        assert!(identity.ends().unwrap() > NOW);
        assert!(!identity.evidence().negotiation.as_ref().unwrap().wrapped);
    }
}

/// R14
#[test]
fn a_response_signs_in() {
    for protection in [Protection::None, Protection::Confidentiality] {
        let acceptor = both().mode(Mode::LegacyOnly).build().unwrap();
        let client = Box::new(ntlm("secret").protection(protection));
        let identity = sign_in(client, acceptor.handshake(None)).identity();
        assert_eq!(identity.sid().unwrap().to_string(), "S-1-5-21-1-2-3-1103");
        let Mechanism::NtlmResponse(evidence) = &identity.evidence().mechanism else {
            panic!("{:?}", identity.evidence());
        };
        assert_eq!((evidence.response, evidence.mic), ("ntlmv2", "valid"));
        assert_eq!(identity.ends(), None);
    }
    let acceptor = both().build().unwrap();
    let ended = sign_in(Box::new(ntlm("wrong")), acceptor.handshake(None));
    assert_eq!(ended.reason(), "wrong-password");
}
