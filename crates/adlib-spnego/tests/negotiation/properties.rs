//! Whatever anybody sends.

use adlib_core::gss::Protection;
use adlib_spnego::{Mechanism, Negotiation, Received};
use proptest::prelude::*;

use crate::scene::{BOTH, Outcome, acceptor, negotiate, preferring};

proptest! {
    /// A flipped bit ends the negotiation, or changes nothing that either side sees.
    #[test]
    fn a_flipped_bit_chooses_no_other_mechanism(leg in 0_usize..6, at: prop::sample::Index, bit in 0_u32..8, kerberos: bool) {
        let first = if kerberos { Mechanism::Kerberos } else { Mechanism::Ntlm };
        let initiator = preferring(first, true, Protection::Integrity);
        let outcome = negotiate(initiator, acceptor(&BOTH), |number, mut token| {
            if number == leg && !token.is_empty() {
                let at = at.index(token.len());
                token[at] ^= 1 << bit;
            }
            token
        });
        if let Outcome::Done { initiator, acceptor, .. } = outcome {
            prop_assert_eq!(initiator.mechanism(), acceptor.mechanism());
            let expected = if kerberos { adlib_core::gss::KERBEROS_OID } else { adlib_core::gss::NTLM_OID };
            prop_assert_eq!(acceptor.mechanism(), expected);
            prop_assert_eq!(initiator.key(), acceptor.key());
        }
    }

    #[test]
    fn no_bytes_panic(first: Vec<u8>, second: Vec<u8>) {
        match Negotiation::new(&BOTH).receive(&first) {
            Ok(Received::Answer { next, .. }) => drop(next.receive(&second)),
            Ok(Received::Token { then, .. }) => drop(then.proceed(b"x").1.receive(&second)),
            _ => {},
        }
        let initiator = preferring(Mechanism::Ntlm, true, Protection::Integrity);
        if let Ok(adlib_core::gss::InitiatorStep::Continue { next, .. }) = initiator.step(&[]) {
            let _ = next.step(&first);
        }
    }
}
