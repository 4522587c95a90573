//! The three messages (MS-NLMP 2.2.1).
//!
//! Each is decoded without trust in a single length, and encoded in one canonical form, which is Windows'. What is
//! decoded and encoded again is the same bytes unless the message was laid out in another way: `is_canonical` tells.
//!
//! Trust level: these are a peer's bytes, read within their bounds, and nothing in them is true yet.

mod authenticate;
mod av_pair;
mod av_pairs_builder;
mod challenge;
mod encode_error;
mod field;
mod flags;
mod negotiate;
mod single_host;
mod sniff;
mod version;

pub use authenticate::AuthenticateMessage;
pub use av_pair::{AvFlags, AvId, AvPair, AvPairs, MAX_AV_PAIRS};
pub use av_pairs_builder::AvPairsBuilder;
pub use challenge::ChallengeMessage;
pub use encode_error::{EncodeError, EncodeErrorKind};
pub(crate) use field::encode_text;
pub use flags::NegotiateFlags;
pub use negotiate::NegotiateMessage;
pub use single_host::SingleHost;
pub use sniff::{MAX_MESSAGE_BYTES, MessageType, sniff};
pub use version::Version;
