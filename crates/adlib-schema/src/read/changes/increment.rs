//! What a server told of one place.

use super::{Delivered, EntryId, Mark};

/// Something that a server told.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// An entry as it is now.
    Entry(Box<Delivered>),
    /// One member of a group, added or removed, while the rest stays.
    Link {
        /// The group.
        group: EntryId,
        /// The attribute that lists the member.
        attribute: String,
        /// The member.
        member: EntryId,
        /// Whether it is a member now.
        added: bool,
    },
    /// The entry is no longer there.
    Gone(EntryId),
    /// The entry is no longer found: it is not there, or may not be seen any more. Its groups may still list it.
    Lost(EntryId),
}

/// How an increment shows that an entry is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Presence {
    /// By an event of its own: what no event names is there as before.
    Told,
    /// By a list of all that is there, each with its DN where the list has it: what is in neither the list nor the events
    /// is gone.
    Listed(Vec<(EntryId, Option<String>)>),
    /// The events are all that there is.
    Replaced,
}

/// What a server told of one place, read to its end, and where the reader stands afterwards.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Increment {
    /// What it told, in its order.
    pub events: Vec<Event>,
    /// How it shows that an entry is gone.
    pub presence: Presence,
    /// Where the reader stands; `None` when there is no way to go on from here.
    pub mark: Option<Mark>,
    /// How many entries the server sent.
    pub entries_read: usize,
    /// The groups that the server mended since the increments before ([`Place::unsettled`](super::Place::unsettled)), if it
    /// was asked for them; else the next read is to.
    pub mended: Option<Vec<Event>>,
}

impl Increment {
    /// An increment that leads to `mark`; nobody asked what the server mended.
    #[must_use]
    pub const fn new(
        events: Vec<Event>,
        presence: Presence,
        mark: Option<Mark>,
        entries_read: usize,
    ) -> Self {
        Self {
            events,
            presence,
            mark,
            entries_read,
            mended: None,
        }
    }
}
