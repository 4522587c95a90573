//! Reading what changed: a replica of what was read, and increments to it that make it equal to a full read (R28).
//!
//! ```text
//! full read -> Increment (all of it) ─┐
//!                                     ├─> Replica::apply -> what changed, by key
//! what changed ──────> Increment ─────┘         |
//!                                               └──────> Replica::feed -> ReadBuilder, as any other read
//! ```
//!
//! A replica has every entry of a place, those that are no records as a bare DN: renaming a container changes the DN of
//! all that is below, and that shows on the container only. Members of groups are held by identity, never by DN, where
//! the server tells it.

mod apply;
mod attributes;
mod change;
mod codec;
mod cursor;
mod delivered;
mod disagreement;
mod doubt;
mod entry_id;
mod extended_dn;
mod increment;
mod place;
mod reason;
mod replica;
mod unseen;

pub use change::{Change, ChangeKind, Proof, RecordKind, across_places};
pub use cursor::{Cursor, Mark, Method, MethodError, Settings};
pub use delivered::Delivered;
pub use entry_id::EntryId;
pub use increment::{Event, Increment, Presence};
pub use place::Place;
pub use reason::FullReadReason;
pub use replica::Replica;
