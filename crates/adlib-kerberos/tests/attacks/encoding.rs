//! Attacks on the encoding.

use adlib_kerberos::UnverifiedApReq;
use proptest::prelude::*;

use crate::scene::{Scene, random};

#[test]
fn a28_trailing_and_truncated() {
    let scene = Scene::new();
    for token in [
        scene.request().encrypt(&mut random).unwrap(),
        scene.request().encrypt_token(&mut random).unwrap(),
    ] {
        assert!(scene.verify(&token).is_ok());
        for length in 0..token.len() {
            assert_eq!(
                scene.verify(&token[..length]).unwrap_err().reason(),
                "malformed",
                "cut at {length}"
            );
        }
        let trailing = [&token[..], &[0]].concat();
        assert_eq!(scene.verify(&trailing).unwrap_err().reason(), "malformed");
    }
}

#[test]
fn a28_lengths_that_lie() {
    for token in [
        &[0x6e, 0x80, 0, 0][..],
        &[0x6e, 0x81, 0x02, 0x30, 0x00],
        &[0x6e, 0x84, 0xff, 0xff, 0xff, 0xff, 0x30],
        &[0x6e, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0x60, 0x84, 0xff, 0xff, 0xff, 0xff],
        &[0x30, 0x00],
        &[0x6e, 0x00],
    ] {
        assert_eq!(
            UnverifiedApReq::decode(token).unwrap_err().reason(),
            "malformed",
            "{token:02x?}"
        );
    }
    let deep: Vec<u8> = [0x6e, 0x30].into_iter().cycle().take(200_000).collect();
    assert_eq!(UnverifiedApReq::decode(&deep).unwrap_err().reason(), "malformed");
}

proptest! {
    /// A28
    #[test]
    fn a28_no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), at: usize, value: u8) {
        let scene = Scene::new();
        let _ = scene.verify(&bytes);
        let mut token = scene.request().encrypt_token(&mut random).unwrap();
        let at = at % token.len();
        token.splice(at..at, bytes);
        token[at] = value;
        let _ = scene.verify(&token);
    }
}
