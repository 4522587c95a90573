//! Oracles of NTLM.

mod acceptor;
pub mod scene;
mod session;

pub use acceptor::{acceptor, initiator};
pub use session::session;

use adlib_ntlm::{
    Ntlmv2Response,
    message::{
        AuthenticateMessage, AvPairs, AvPairsBuilder, ChallengeMessage, MAX_AV_PAIRS, NegotiateMessage,
        SingleHost,
    },
};

/// What a message says, it says in its canonical form too, and that is its own.
macro_rules! canonical_form {
    ($type:ident, $data:expr, $message:expr) => {
        // Fields that overlap say more than fits into a message.
        if let Ok(canonical) = $message.encode() {
            let again = $type::decode(&canonical);
            assert_eq!(again.as_ref(), Ok(&$message));
            assert!(again.is_ok_and(|again| again.is_canonical(&canonical)));
            assert_eq!($message.is_canonical($data), canonical == $data);
        }
    };
}

/// A message has one canonical form, and what it holds lies within it.
pub fn negotiate(data: &[u8]) {
    if let Ok(message) = NegotiateMessage::decode(data) {
        assert!(message.domain.len() + message.workstation.len() <= 2 * data.len());
        canonical_form!(NegotiateMessage, data, message);
    }
}

/// A message has one canonical form, and its texts and pairs are read or refused.
pub fn challenge(data: &[u8]) {
    if let Ok(message) = ChallengeMessage::decode(data) {
        let _ = message.target_name_text();
        let pairs = message.target_info.map_or(0, |pairs| pairs.iter().count());
        assert!(pairs * 4 <= data.len());
        canonical_form!(ChallengeMessage, data, message);
    }
}

/// A message has one canonical form, its texts and responses are read or refused, and it is shown without responses.
pub fn authenticate(data: &[u8]) {
    if let Ok(message) = AuthenticateMessage::decode(data) {
        let _ = (
            message.user_text(),
            message.domain_text(),
            message.workstation_text(),
        );
        let _ = Ntlmv2Response::decode(message.nt_response);
        let _ = format!("{message:?}");
        canonical_form!(AuthenticateMessage, data, message);
    }
}

/// A list has an end and no kind twice, and is written as it was read.
pub fn av_pairs(data: &[u8]) {
    let Ok(pairs) = AvPairs::decode(data) else {
        return;
    };
    assert!(data.starts_with(pairs.as_bytes()));
    let ids: std::collections::HashSet<u16> = pairs.iter().map(|pair| pair.id.0).collect();
    assert_eq!(ids.len(), pairs.iter().count());
    assert!(ids.len() < MAX_AV_PAIRS);
    let mut builder = AvPairsBuilder::new();
    builder.extend(pairs.iter(), |_| true);
    assert_eq!(builder.finish().as_deref(), Ok(pairs.as_bytes()));
    for pair in pairs.iter() {
        assert_eq!(pairs.value(pair.id), Some(pair.value));
        let _ = pairs.text(pair.id);
        if let Ok(host) = SingleHost::decode(pair.value) {
            assert_eq!(SingleHost::decode(&host.encode()), Ok(host));
        }
    }
    let _ = (pairs.flags(), pairs.timestamp(), pairs.channel_bindings());
    let _ = (pairs.target_name(), pairs.single_host());
}
