//! A14, A40: the NTLM rows of the table of channel bindings, each cell.

use adlib_ntlm::{BindingsMode, BindingsState, Rejection};

use crate::scene::{Client, Scene, bindings};

const MODES: [BindingsMode; 3] = [
    BindingsMode::Ignore,
    BindingsMode::IfOffered,
    BindingsMode::Require,
];

type Verdict = Result<BindingsState, Rejection>;

/// What is made of a client's pair, by mode, with and without bindings of the acceptor's own.
fn verdicts(pair: Option<[u8; 16]>, own: bool) -> [Verdict; 3] {
    MODES.map(|mode| {
        let mut scene = Scene::new();
        scene.policy.bindings = mode;
        scene.bindings = own.then(|| bindings(1));
        let mut client = Client::new();
        client.bindings = pair;
        let session = scene.accept(&client)?;
        Ok(session.evidence().unwrap().bindings)
    })
}

const ABSENT: Verdict = Ok(BindingsState::Absent);
const NOT_CHECKED: Verdict = Ok(BindingsState::NotChecked);
const BOUND: Verdict = Ok(BindingsState::Bound);
const MISSING: Verdict = Err(Rejection::BindingsMissing);
const MISMATCH: Verdict = Err(Rejection::BindingsMismatch);

/// A40: an absent pair is "none".
#[test]
fn a40_no_pair() {
    assert_eq!(verdicts(None, false), [NOT_CHECKED, ABSENT, ABSENT]);
    assert_eq!(verdicts(None, true), [NOT_CHECKED, ABSENT, MISSING]);
}

/// A40: a pair of zeros says that the client knows of bindings and that this connection has none.
#[test]
fn a40_a_pair_of_zeros() {
    let zero = Some([0; 16]);
    assert_eq!(verdicts(zero, false), [NOT_CHECKED, ABSENT, MISSING]);
    assert_eq!(verdicts(zero, true), [NOT_CHECKED, MISSING, MISSING]);
}

/// A40
#[test]
fn a40_the_same_bindings() {
    let same = Some(bindings(1).hash());
    assert_eq!(verdicts(same, false), [NOT_CHECKED, NOT_CHECKED, NOT_CHECKED]);
    assert_eq!(verdicts(same, true), [NOT_CHECKED, BOUND, BOUND]);
}

/// A40: a connection to somebody else.
#[test]
fn a40_other_bindings() {
    let other = Some(bindings(2).hash());
    assert_eq!(verdicts(other, false), [NOT_CHECKED, NOT_CHECKED, NOT_CHECKED]);
    assert_eq!(verdicts(other, true), [NOT_CHECKED, MISMATCH, MISMATCH]);
}

/// A40: a pair of another length is no pair, whatever the mode.
#[test]
fn a40_a_pair_of_another_length() {
    for value in [&[1; 15][..], &[1; 17], &[]] {
        for mode in MODES {
            let mut scene = Scene::new();
            scene.policy.bindings = mode;
            let mut client = Client::new();
            client.pair = Some((adlib_ntlm::message::AvId::CHANNEL_BINDINGS, value.to_vec()));
            let rejection = scene.accept(&client).unwrap_err();
            assert_eq!(rejection.reason(), "malformed", "{} bytes", value.len());
        }
    }
}
