//! Tokens: honest, broken and hostile.

#![allow(clippy::unwrap_used)]

use adlib_core::{DecodeErrorKind, gss};
use adlib_spnego::{
    MAX_MECH_TYPES, MechType, Mechanism, NegState, NegTokenInit, NegTokenResp, Offer, Rejection, TokenKind,
    sniff,
};
use proptest::prelude::*;

const NTLM: &[u8] = b"NTLMSSP\0\x01\0\0\0\x07\x82\x08\xa2";
const AP_REQ: &[u8] = b"\x6e\x05\x30\x03\x02\x01\x05";

fn framed_ap_req() -> Vec<u8> {
    gss::frame(gss::KERBEROS_OID, &[b"\x01\x00", AP_REQ])
}

fn init(mech_types: &[MechType<'static>], mech_token: Option<&[u8]>) -> Vec<u8> {
    NegTokenInit {
        mech_types: mech_types.to_vec(),
        mech_token,
        mech_list_mic: None,
    }
    .encode()
}

fn refused(token: &[u8]) -> &'static str {
    Offer::read(token).unwrap_err().reason()
}

/// R13: the first token as Windows sends it, with Kerberos under both names, and without the frame.
#[test]
fn r13_kerberos_in_spnego() {
    let ap_req = framed_ap_req();
    for first in [MechType::KERBEROS, MechType::MICROSOFT_KERBEROS] {
        let list = [first, MechType::KERBEROS, MechType::NEGOEX, MechType::NTLM];
        let token = init(&list, Some(&ap_req));
        let bare = gss::unframe(&token).unwrap().inner;
        for token in [&token[..], bare] {
            let offer = Offer::read(token).unwrap();
            assert_eq!(
                (offer.mechanism(), offer.token()),
                (Mechanism::Kerberos, &ap_req[..])
            );
            assert!(offer.is_wrapped());

            let answer = offer.answer(NegState::AcceptCompleted, Some(b"reply"));
            let answer = NegTokenResp::decode(&answer).unwrap();
            assert_eq!(answer.state, Some(NegState::AcceptCompleted));
            assert_eq!(
                answer.supported_mech,
                Some(first),
                "by the name that the client used"
            );
            assert_eq!(answer.response_token, Some(&b"reply"[..]));
        }
    }
}

/// R13, R14: raw tokens go through, and their answers are not wrapped.
#[test]
fn r13_raw_tokens() {
    let framed = framed_ap_req();
    for (token, mechanism) in [
        (AP_REQ, Mechanism::Kerberos),
        (&framed, Mechanism::Kerberos),
        (NTLM, Mechanism::Ntlm),
    ] {
        let offer = Offer::read(token).unwrap();
        assert_eq!(
            (offer.mechanism(), offer.token(), offer.is_wrapped()),
            (mechanism, token, false)
        );
        assert_eq!(offer.answer(NegState::AcceptCompleted, Some(b"reply")), b"reply");
        assert_eq!(offer.answer(NegState::Reject, None), b"");
    }
}

/// R15: that the client sent NTLM is told, raw or wrapped.
#[test]
fn r15_ntlm_is_told() {
    for token in [NTLM.to_vec(), init(&[MechType::NTLM], Some(NTLM))] {
        let offer = Offer::read(&token).unwrap();
        assert_eq!((offer.mechanism(), offer.token()), (Mechanism::Ntlm, NTLM));
    }
    let token = init(&[MechType::NTLM], Some(NTLM));
    let answer = Offer::read(&token).unwrap().answer(NegState::Reject, None);
    assert_eq!(answer, b"\xa1\x07\x30\x05\xa0\x03\x0a\x01\x02");
}

/// RFC 4178 4.2: the bytes, counted by hand.
#[test]
fn known_bytes() {
    let expected = b"\x60\x20\x06\x06\x2b\x06\x01\x05\x05\x02\xa0\x16\x30\x14\
        \xa0\x0d\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\xa2\x03\x04\x01x";
    assert_eq!(init(&[MechType::KERBEROS], Some(b"x")), expected);
}

/// MS-SPNG 2.2.1: what a server may begin with has hints in the place of the code.
#[test]
fn a_server_that_begins() {
    let hints = b"\xa3\x2a\x30\x28\xa0\x26\x1b\x24not_defined_in_RFC4178@please_ignore";
    let list = b"\xa0\x0e\x30\x0c\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a";
    let content = [&list[..], hints, b"\xa4\x04\x04\x02ok"].concat();
    let length = u8::try_from(content.len()).unwrap();
    let token = [&[0xa0, length + 2, 0x30, length], &content[..]].concat();
    let init = NegTokenInit::decode(&token).unwrap();
    assert_eq!(init.mech_types, [MechType::NTLM]);
    assert_eq!(init.mech_list_mic, Some(&b"ok"[..]));
    assert_eq!(init.mech_token, None);
}

/// A30: each has a reason of its own.
#[test]
fn a30_what_is_not_spoken() {
    let unknown = MechType(&[0x2b, 0x05]);
    let user_to_user = gss::frame(gss::KERBEROS_OID, &[b"\x04\x00", b"\x6b\x00"]);
    let iakerb = gss::frame(MechType::IAKERB.0, &[b"\x05\x01"]);
    let ap_req = framed_ap_req();
    for (token, reason) in [
        (NegTokenResp::default().encode(), "response-first"),
        (init(&[unknown, unknown], Some(AP_REQ)), "unknown-mechanisms"),
        (init(&[], Some(AP_REQ)), "unknown-mechanisms"),
        (
            init(&[unknown, MechType::KERBEROS], Some(AP_REQ)),
            "unknown-preferred-mechanism",
        ),
        (
            init(&[MechType::NEGOEX, MechType::NTLM], Some(b"NEGOEXTS\0")),
            "negoex",
        ),
        (b"NEGOEXTS\0".to_vec(), "negoex"),
        (init(&[MechType::IAKERB], Some(&iakerb)), "iakerb"),
        (iakerb.clone(), "iakerb"),
        (init(&[MechType::KERBEROS], Some(&iakerb)), "iakerb"),
        (
            init(&[MechType::USER_TO_USER], Some(&user_to_user)),
            "user-to-user",
        ),
        (init(&[MechType::KERBEROS], Some(&user_to_user)), "user-to-user"),
        (
            gss::frame(MechType::USER_TO_USER.0, &[b"\x04\x00"]),
            "user-to-user",
        ),
        (user_to_user.clone(), "user-to-user"),
        (init(&[MechType::KERBEROS, MechType::NTLM], None), "no-mech-token"),
        (
            init(&[MechType::KERBEROS, MechType::NTLM], Some(NTLM)),
            "token-mismatch",
        ),
        (
            init(&[MechType::NTLM, MechType::KERBEROS], Some(&ap_req)),
            "token-mismatch",
        ),
        (
            init(
                &[MechType::KERBEROS],
                Some(&init(&[MechType::KERBEROS], Some(AP_REQ))),
            ),
            "token-mismatch",
        ),
        (init(&[MechType::KERBEROS], Some(b"")), "token-mismatch"),
        (gss::frame(&[0x2b, 0x05], &[b"x"]), "unknown-token"),
        (b"hello".to_vec(), "unknown-token"),
        (Vec::new(), "unknown-token"),
        (vec![0xa0], "malformed"),
    ] {
        assert_eq!(refused(&token), reason, "{token:02x?}");
    }
}

/// A28: a token that ends early, at every offset, and one that goes on.
#[test]
fn a28_truncated_and_trailing() {
    let ap_req = framed_ap_req();
    let token = init(&[MechType::KERBEROS, MechType::NTLM], Some(&ap_req));
    let inner = gss::unframe(&token).unwrap().inner;
    for end in 0..inner.len() {
        assert!(NegTokenInit::decode(&inner[..end]).is_err(), "{end}");
    }
    for end in 0..token.len() {
        assert!(NegTokenInit::decode(&token[..end]).is_err(), "{end}");
    }
    let longer = [&token[..], b"\0"].concat();
    assert_eq!(
        NegTokenInit::decode(&longer).unwrap_err().kind,
        DecodeErrorKind::Trailing
    );
    let longer = [inner, b"\0"].concat();
    let error = NegTokenInit::decode(&longer).unwrap_err();
    assert_eq!(
        (error.kind, error.offset),
        (DecodeErrorKind::Trailing, inner.len())
    );

    let answer = Offer::read(&token)
        .unwrap()
        .answer(NegState::AcceptCompleted, Some(b"reply"));
    for end in 0..answer.len() {
        assert!(NegTokenResp::decode(&answer[..end]).is_err(), "{end}");
    }
    assert!(NegTokenResp::decode(&[&answer[..], b"\0"].concat()).is_err());
}

/// A28: lengths that are indefinite, not in their shortest form, or of 4 GiB; fields out of order, twice, or of another
/// type; nesting that leads nowhere.
#[test]
fn a28_what_is_not_strict_der() {
    for token in [
        &b"\xa1\x80\x30\x00\x00\x00"[..],
        b"\xa1\x81\x02\x30\x00",
        b"\xa1\x82\x00\x02\x30\x00",
        b"\xa1\x84\xff\xff\xff\xff\x30\x00",
        b"\xa1\x88\xff\xff\xff\xff\xff\xff\xff\xff\x30\x00",
        b"\xa1\x02\x31\x00",
        b"\xa1\x04\x30\x00\x30\x00",
        b"\x81\x02\x30\x00",
        b"\xa1\x07\x30\x05\xa0\x03\x0a\x01\x04",
        b"\xa1\x07\x30\x05\xa0\x03\x02\x01\x00",
        b"\xa1\x08\x30\x06\xa0\x04\x0a\x02\x00\x00",
        b"\xa1\x0c\x30\x0a\xa0\x03\x0a\x01\x00\xa0\x03\x0a\x01\x00",
        b"\xa1\x0b\x30\x09\xa2\x02\x04\x00\xa0\x03\x0a\x01\x00",
        b"\xa1\x06\x30\x04\xa2\x02\x24\x00",
        b"\xa1\x06\x30\x04\xa5\x02\x04\x00",
        b"\xa1\x04\x30\x02\xa2\x00",
        b"\xa1\x08\x30\x06\xa2\x04\x04\x00\x04\x00",
    ] {
        assert!(NegTokenResp::decode(token).is_err(), "{token:02x?}");
    }
    let nested = [0xa0, 0x84, 0x00, 0xff, 0xff, 0xff].repeat(10_000);
    assert!(NegTokenInit::decode(&nested).is_err());
    assert_eq!(refused(&nested), "malformed");
}

/// A28: what stands in the place of flags and code is not taken for something else.
#[test]
fn a28_fields_of_another_type() {
    let list = b"\xa0\x05\x30\x03\x06\x01\x2b";
    for (rest, right) in [
        (&b"\xa1\x04\x03\x02\x01\x02"[..], true),
        (b"\xa1\x04\x04\x02\x01\x02", false),
        (b"\xa3\x03\x04\x01x", true),
        (b"\xa3\x02\x30\x00", true),
        (b"\xa3\x03\x02\x01\x00", false),
        (b"\xa3\x02\x30\x00\xa4\x03\x04\x01x", true),
        (b"\xa3\x03\x04\x01x\xa4\x03\x04\x01x", false),
    ] {
        let length = u8::try_from(list.len() + rest.len()).unwrap();
        let token = [&[0xa0, length + 2, 0x30, length], &list[..], rest].concat();
        assert_eq!(NegTokenInit::decode(&token).is_ok(), right, "{rest:02x?}");
    }
}

/// A28: an error says where in the token it is.
#[test]
fn a28_positions_count_from_the_start_of_the_token() {
    let token = b"\xa1\x07\x30\x05\xa0\x03\x0a\x01\x09";
    let error = NegTokenResp::decode(token).unwrap_err();
    assert_eq!(
        (error.what, error.offset, error.kind),
        ("negState", 8, DecodeErrorKind::Invalid)
    );
    let token = gss::frame(gss::SPNEGO_OID, &[b"\xa0\x06\x30\x04\xa0\x02\x04\x00"]);
    let error = NegTokenInit::decode(&token).unwrap_err();
    assert_eq!(
        (error.what, error.offset, error.kind),
        ("mechTypes", token.len(), DecodeErrorKind::Unexpected)
    );
}

/// A30: a list as long as the token allows is not walked.
#[test]
fn a30_a_long_list_of_mechanisms() {
    let list = |count| vec![MechType::KERBEROS; count];
    assert!(Offer::read(&init(&list(MAX_MECH_TYPES), Some(AP_REQ))).is_ok());
    let Err(Rejection::Malformed(error)) = Offer::read(&init(&list(MAX_MECH_TYPES + 1), Some(AP_REQ))) else {
        unreachable!("one too many")
    };
    assert_eq!(error.kind, DecodeErrorKind::Limit(MAX_MECH_TYPES));
}

/// A63: what a password could be guessed from is not shown.
#[test]
fn a63_debug_shows_no_token() {
    let token = init(&[MechType::NTLM], Some(NTLM));
    let shown = format!("{:?}", NegTokenInit::decode(&token).unwrap());
    assert_eq!(
        shown,
        "NegTokenInit { mech_types: [MechType(ntlm)], mech_token: Some(16), mech_list_mic: None }"
    );
}

#[test]
fn names_of_mechanisms() {
    assert_eq!(MechType::KERBEROS.to_string(), "kerberos");
    assert_eq!(MechType(&[0x2b, 0x06, 0x01, 0x04]).to_string(), "1.3.6.1.4");
    assert_eq!(MechType(&[0x2b, 0x80]).to_string(), "2b80");
    assert_eq!(MechType(&[]).to_string(), "");
    assert_eq!(sniff(NTLM).to_string(), "raw-ntlm");
    assert_eq!(sniff(&[]), TokenKind::Unknown);
}

fn octets() -> impl Strategy<Value = Option<Vec<u8>>> {
    proptest::option::of(proptest::collection::vec(any::<u8>(), 0..300))
}

proptest! {
    #[test]
    fn a28_no_bytes_panic(first in prop_oneof![Just(0x60_u8), Just(0xa0), Just(0xa1)], bytes: Vec<u8>) {
        let token = [&[first], &bytes[..]].concat();
        let _ = (NegTokenInit::decode(&token), NegTokenResp::decode(&token), Offer::read(&token));
        let framed = gss::frame(gss::SPNEGO_OID, &[&token]);
        let _ = (sniff(&framed), Offer::read(&framed));
    }

    /// A token with one byte changed gives a value or an error, and never a different value that encodes otherwise.
    #[test]
    fn a28_what_decodes_is_canonical(at: prop::sample::Index, byte: u8) {
        let mut token = init(&[MechType::KERBEROS, MechType::NTLM], Some(AP_REQ));
        let at = at.index(token.len());
        token[at] = byte;
        // Without its frame, and with the code of a server that begins, the same is encoded otherwise.
        let otherwise = token[0] != 0x60 || token.contains(&0xa4);
        if let (Ok(init), false) = (NegTokenInit::decode(&token), otherwise) {
            prop_assert_eq!(init.encode(), token);
        }
    }

    #[test]
    fn an_init_comes_back(token in octets(), mic in octets(), count in 0..MAX_MECH_TYPES) {
        let mech_types = [MechType::KERBEROS, MechType::NEGOEX, MechType(&[0x2b])].into_iter().cycle().take(count);
        let init = NegTokenInit {
            mech_types: mech_types.collect(),
            mech_token: token.as_deref(),
            mech_list_mic: mic.as_deref(),
        };
        let encoded = init.encode();
        prop_assert_eq!(NegTokenInit::decode(&encoded), Ok(init.clone()));
    }

    #[test]
    fn a_resp_comes_back(state in 0_usize..5, mech: bool, token in octets(), mic in octets()) {
        let states = [NegState::AcceptCompleted, NegState::AcceptIncomplete, NegState::Reject, NegState::RequestMic];
        let resp = NegTokenResp {
            state: states.get(state).copied(),
            supported_mech: mech.then_some(MechType::NTLM),
            response_token: token.as_deref(),
            mech_list_mic: mic.as_deref(),
        };
        let encoded = resp.encode();
        prop_assert_eq!(NegTokenResp::decode(&encoded), Ok(resp));
    }
}
