//! Oracles of Kerberos.

mod acceptor;
mod differential;
mod exchange;
mod foreign;
mod pac;
mod session;

use std::sync::OnceLock;

use adlib_kerberos::{
    Accepted, Fresh, Keytab, Policy, UnverifiedApReq, UnverifiedTicket,
    fuzzing::{self, Message, Plaintexts},
    initiator::KrbError,
    inspect::{self, Value},
    issue::gss_checksum,
};

pub use acceptor::acceptor;
pub use differential::{MESSAGES, differential, foreign};
pub use exchange::{exchange, transcript};
pub use pac::{BUFFERS, buffers, holds_no_more, pac};
pub use session::{ap_rep, session};

use crate::scene;

/// `ChecksumType` of what GSS-API puts where an authenticator has its checksum.
const GSS_CHECKSUM: i32 = 0x8003;
/// `GSS_C_DELEG_FLAG`.
const DELEGATES: u32 = 1;

/// A key of each script's own; `byte` tells its keys apart.
fn key_of(script: &[u8], byte: u8) -> [u8; 32] {
    let half = |which: u8| crate::script::key_of(&[&[byte, which], script].concat());
    let halves = [half(0), half(1)].concat();
    halves.try_into().expect("sixteen bytes each")
}

/// Whoever is accepted with the keys of the scene.
fn accept(message: &[u8]) -> Option<Accepted> {
    let policy = Policy::default();
    let pending = UnverifiedApReq::decode(message)
        .and_then(|ap_req| ap_req.decrypt(scene::keytab(), &policy))
        .and_then(|decrypted| decrypted.check(&policy, scene::now(), None));
    Some(pending.ok()?.accept(Fresh::danger_unchecked()))
}

fn is_the_scenes_client(accepted: &Accepted) {
    assert_eq!(*accepted.client(), scene::client());
    assert_eq!(*accepted.service(), scene::service());
    assert_eq!(accepted.pac().and_then(|pac| pac.user_sid()), scene::client_sid());
}

/// Whoever is accepted with the keys of the scene is the scene's client.
pub fn ap_req(data: &[u8]) {
    if let Ok(ap_req) = UnverifiedApReq::decode(data) {
        let _ = (ap_req.unverified_service().to_string(), ap_req.unverified_kvno());
    }
    if let Some(accepted) = accept(data) {
        is_the_scenes_client(&accepted);
    }
}

/// The scene's message with other plaintexts.
fn with_plaintexts(change: impl FnOnce(&mut Plaintexts)) -> Vec<u8> {
    static OWN: OnceLock<(Vec<u8>, Plaintexts)> = OnceLock::new();
    let (message, plaintexts) = OWN.get_or_init(|| {
        let message = scene::message();
        let plaintexts = fuzzing::open(&message, &scene::key()).expect("its own");
        (message, plaintexts)
    });
    let mut plaintexts = plaintexts.clone();
    change(&mut plaintexts);
    fuzzing::close(message, &scene::key(), &plaintexts, &mut scene::random).expect("its own")
}

/// A ticket of these contents, with the service's own key around it, is believed only about the client of the PAC in it;
/// who examines it and who accepts it agree.
pub fn ticket(data: &[u8]) {
    let message = with_plaintexts(|plaintexts| plaintexts.ticket = data.to_vec());
    let ticket = fuzzing::ticket(&message).expect("just made");
    let ticket = UnverifiedTicket::decode(&ticket).expect("just made");
    let report = ticket.report(&scene::key(), Some(&scene::controllers()));
    if let Some(accepted) = accept(&message) {
        is_the_scenes_client(&accepted);
        let report = report.expect("a ticket that was accepted");
        assert_eq!(report.client, *accepted.client());
        assert_eq!(
            (report.auth_time, report.end_time),
            (accepted.auth_time(), accepted.end_time())
        );
        let content = report.pac.expect("required").content;
        assert_eq!(content.user_sid(), scene::client_sid());
    }
}

/// An authenticator of these contents, with the session key around it, is believed only for the ticket's client and at its
/// own time.
pub fn authenticator(data: &[u8]) {
    let message = with_plaintexts(|plaintexts| plaintexts.authenticator = data.to_vec());
    if let Some(accepted) = accept(&message) {
        is_the_scenes_client(&accepted);
        let difference = accepted.evidence().clock_difference_s.unsigned_abs();
        assert!(difference <= Policy::default().clock_tolerance.as_secs());
        let _ = accepted.delegated_credential();
        let _ = accepted.session(Box::new(scene::random));
    }
}

/// A delegated credential is what its KRB-CRED says, and its ticket is one.
pub fn cred(data: &[u8]) {
    let Ok(length) = u16::try_from(data.len()) else {
        return;
    };
    let mut checksum = gss_checksum(None, DELEGATES);
    checksum.extend([1, 0]);
    checksum.extend(length.to_le_bytes());
    checksum.extend(data);
    let mut request = scene::request();
    request.checksum = Some((GSS_CHECKSUM, checksum));
    let message = request.encrypt(&mut scene::random).expect("well formed");
    let accepted = accept(&message).expect("delegation is for who asks for it");
    if let Ok(credential) = accepted.delegated_credential() {
        let credential = credential.expect("something was delegated");
        let cred = fuzzing::decode(Message::KrbCred, data).expect("opened");
        let ticket = fuzzing::decode(Message::Ticket, &credential.ticket).expect("a ticket");
        let Some(fuzzing::Element::List(tickets)) = cred.at(&["tickets"]) else {
            panic!("{cred:?}");
        };
        assert_eq!(tickets.first(), Some(&ticket));
    }
}

/// What is shown to an operator does nothing to a terminal, and is what others read.
pub fn inspect(data: &[u8]) {
    let error = KrbError::decode(data);
    let inspection = inspect::inspect(data);
    if let Ok(inspection) = &inspection {
        let text = inspection.to_string();
        assert!(!text.contains(|character: char| character.is_control() && character != '\n'));
    }
    if let Ok(error) = error {
        let inspection = inspection.as_ref().expect("a KRB-ERROR");
        assert_eq!(inspection.kind, "krb-error");
        let code = Some(&Value::Number(error.code.into()));
        assert_eq!(inspection.fields.field("error_code"), code);
        let _ = (error.to_string(), error.salt());
    }
    if UnverifiedApReq::decode(data).is_ok() {
        assert_eq!(inspection.expect("an AP-REQ").kind, "ap-req");
    }
}

/// A key table is written so that it is read as the same keys.
pub fn keytab(data: &[u8]) {
    if let Ok(keytab) = Keytab::decode(data) {
        let again = Keytab::decode(&keytab.encode()).map(|again| again.entries().to_vec());
        assert_eq!(again.as_deref(), Ok(keytab.entries()));
    }
}
