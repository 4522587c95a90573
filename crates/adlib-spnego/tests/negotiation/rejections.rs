//! Initiators that stop, or prove what nobody can check.

use adlib_core::gss::{NTLM_OID, Protection};
use adlib_spnego::{
    MechType, Mechanism, NegState, NegTokenInit, NegTokenResp, Negotiation, Received, Rejection,
};

use crate::scene::{acceptor, negotiate, preferring};

fn challenged() -> Negotiation {
    let init = NegTokenInit {
        mech_types: vec![MechType(NTLM_OID)],
        mech_token: Some(b"NTLMSSP\0\x01\0\0\0"),
        mech_list_mic: None,
    };
    match Negotiation::new(&[Mechanism::Ntlm]).receive(&init.encode()) {
        Ok(Received::Token { then, .. }) => then.proceed(b"challenge").1,
        other => panic!("{other:?}"),
    }
}

/// The initiator stops, or sends nothing for the mechanism.
#[test]
fn an_initiator_that_stops() {
    let reject = NegTokenResp {
        state: Some(NegState::Reject),
        ..NegTokenResp::default()
    };
    let refused = challenged().receive(&reject.encode()).unwrap_err();
    assert_eq!((refused.rejection, refused.token), (Rejection::PeerRejects, None));
    let refused = challenged()
        .receive(&NegTokenResp::default().encode())
        .unwrap_err();
    assert_eq!(refused.rejection, Rejection::NoToken);
    let told = NegTokenResp::decode(refused.token.as_ref().unwrap()).unwrap();
    assert_eq!(told.state, Some(NegState::Reject));
}

/// A code came along, and the mechanism has nothing to make one with.
#[test]
fn no_code_without_a_key() {
    let network = |_, token: Vec<u8>| match NegTokenResp::decode(&token) {
        Ok(resp) if resp.state.is_none() => NegTokenResp {
            mech_list_mic: Some(&[0; 16]),
            ..resp
        }
        .encode(),
        _ => token,
    };
    let initiator = preferring(Mechanism::Ntlm, true, Protection::None);
    assert_eq!(
        negotiate(initiator, acceptor(&[Mechanism::Ntlm]), network).word(),
        "wrong-mech-list-mic"
    );
}
