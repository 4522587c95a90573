//! What goes well.

use std::sync::Arc;

use adlib::{
    Acceptor, BindingsMode, BoxFuture, ChannelBindings, KnownAccount, Mechanism, Mode, PassThrough,
    SignInError,
    kerberos::InitiatorOptions,
    ntlm::{NetworkLogon, NetworkValidation, NtHash, Ntlmv2Response, SessionBaseKey},
    spnego::{Initiator, Mechanism as Negotiated},
};
use adlib_core::gss::{self, Protection};

use super::scene::{Fixed, NOW, both, kerberos, keytab, ntlm, sign_in};

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

/// An initiator of both mechanisms, the first preferred.
fn preferring(first: Negotiated) -> Box<dyn gss::Initiator> {
    let mut options = InitiatorOptions::default();
    options.protection = Protection::Integrity;
    let response = Box::new(ntlm("secret").protection(Protection::Integrity));
    let ticket = kerberos(1, options);
    Box::new(match first {
        Negotiated::Kerberos => Initiator::preferring(first, ticket).or(Negotiated::Ntlm, response),
        Negotiated::Ntlm => Initiator::preferring(first, response).or(Negotiated::Kerberos, ticket),
    })
}

/// R13 to R15: either mechanism in SPNEGO, in every mode; what the mode leaves out is not chosen, and then both sides
/// prove what the list was.
#[test]
fn r15_every_mode_in_spnego() {
    for first in [Negotiated::Kerberos, Negotiated::Ntlm] {
        for (mode, expected) in [
            (Mode::Auto, first.to_string()),
            (Mode::ModernOnly, "kerberos".to_owned()),
            (Mode::LegacyOnly, "ntlm".to_owned()),
        ] {
            let acceptor = both().mode(mode).build().unwrap();
            let identity = sign_in(preferring(first), acceptor.handshake(None)).identity();
            assert_eq!(identity.evidence().mechanism.as_str(), expected, "{mode} {first}");
            let negotiation = identity.evidence().negotiation.clone().unwrap();
            assert!(negotiation.wrapped);
            let proven = expected == "ntlm" || expected != first.to_string();
            assert_eq!(
                negotiation.mech_list_mic.as_str() == "valid",
                proven,
                "{mode} {first}"
            );
        }
    }
}

/// A14, A40: bound to this connection, to another and to none, by each mechanism and each policy.
#[test]
fn a14_bindings_under_each_policy() {
    let [own, other] = [1, 2].map(|byte| ChannelBindings::tls_server_end_point(&[byte; 32]));
    for mode in [
        BindingsMode::Ignore,
        BindingsMode::IfOffered,
        BindingsMode::Require,
    ] {
        for by_ticket in [true, false] {
            let reason = |clients: Option<&ChannelBindings>| {
                let client: Box<dyn gss::Initiator> = if by_ticket {
                    let mut options = InitiatorOptions::default();
                    options.bindings = clients.cloned();
                    kerberos(1, options)
                } else {
                    let client = ntlm("secret");
                    Box::new(match clients {
                        Some(bindings) => client.channel_bindings(bindings),
                        None => client,
                    })
                };
                let acceptor = both().bindings(mode).build().unwrap();
                sign_in(client, acceptor.handshake(Some(own.clone()))).reason()
            };
            let case = format!("{mode:?} {by_ticket}");
            assert_eq!(reason(Some(&own)), "accepted", "{case}");
            let wrong = if mode == BindingsMode::Ignore {
                "accepted"
            } else {
                "bindings-mismatch"
            };
            assert_eq!(reason(Some(&other)), wrong, "{case}");
            // Our NTLM says of itself that it knows of bindings and that its connection has none.
            let none = match mode {
                BindingsMode::Require => "bindings-missing",
                BindingsMode::IfOffered if !by_ticket => "bindings-missing",
                _ => "accepted",
            };
            assert_eq!(reason(None), none, "{case}");
        }
    }
}

/// A controller that knows ada's password.
struct Controller {
    /// Another key than that of her response.
    wrong_key: bool,
    guest: bool,
}

impl PassThrough for Controller {
    fn verify<'a>(
        &'a self,
        logon: NetworkLogon<'a>,
    ) -> BoxFuture<'a, Result<(NetworkValidation, KnownAccount), SignInError>> {
        assert_eq!((logon.user, logon.domain), ("ada", "CORP"));
        let key = NtHash::from_password("secret".into()).response_key(logon.user, logon.domain);
        let response = Ntlmv2Response::decode(logon.nt_response).unwrap();
        let mut session_key = key.verify(logon.server_challenge, &response).unwrap();
        if self.wrong_key {
            session_key = SessionBaseKey::new([5; 16]);
        }
        let validation = NetworkValidation {
            session_key,
            guest: self.guest,
        };
        let account = KnownAccount::new("S-1-5-21-1-2-3-1103".parse().unwrap(), "ada", "CORP.EXAMPLE.COM");
        Box::pin(std::future::ready(Ok((validation, account))))
    }
}

/// R14: what a controller says is not all: a key that did not make the MIC is refused, and a guest.
#[test]
fn r14_a_pass_through() {
    let signed_in = |controller| {
        let acceptor = Acceptor::builder()
            .pass_through(Arc::new(controller))
            .clock(Arc::new(Fixed))
            .build()
            .unwrap();
        sign_in(Box::new(ntlm("secret")), acceptor.handshake(None))
    };
    let good = || Controller {
        wrong_key: false,
        guest: false,
    };
    let identity = signed_in(good()).identity();
    assert_eq!(identity.sid().unwrap().to_string(), "S-1-5-21-1-2-3-1103");
    let Mechanism::NtlmResponse(evidence) = &identity.evidence().mechanism else {
        panic!("{:?}", identity.evidence());
    };
    assert_eq!((evidence.verified_by, evidence.mic), ("pass-through", "valid"));

    let wrong_key = true;
    let ended = signed_in(Controller { wrong_key, ..good() });
    assert_eq!(ended.reason(), "wrong-mic");
    let guest = true;
    assert_eq!(signed_in(Controller { guest, ..good() }).reason(), "guest");
}

/// R13: keys are replaced while running, and a broken file leaves the old ones in force.
#[test]
fn keys_are_replaced_while_running() {
    let acceptor = Acceptor::builder()
        .keytab(keytab())
        .clock(Arc::new(Fixed))
        .build()
        .unwrap();
    let reason = |seed| {
        sign_in(
            kerberos(seed, InitiatorOptions::default()),
            acceptor.handshake(None),
        )
        .reason()
    };
    assert_eq!(reason(1), "accepted");
    assert!(acceptor.reload_keytab(b"half a file").is_err());
    assert_eq!(reason(2), "accepted");
    acceptor
        .reload_keytab(&adlib::Keytab::default().encode())
        .unwrap();
    assert_eq!(reason(3), "no-key");
}
