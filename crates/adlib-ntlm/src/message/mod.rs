//! The three messages (MS-NLMP 2.2.1).
//!
//! Trust level: these are a peer's bytes, read within their bounds, and nothing in them is true yet.

mod authenticate;
mod av_pair;
mod challenge;
mod field;
mod flags;
mod negotiate;
mod sniff;

pub use authenticate::AuthenticateMessage;
pub use av_pair::{AvId, AvPair, AvPairs, MAX_AV_PAIRS};
pub use challenge::ChallengeMessage;
pub use flags::NegotiateFlags;
pub use negotiate::NegotiateMessage;
pub use sniff::{MAX_MESSAGE_BYTES, MessageType, sniff};
