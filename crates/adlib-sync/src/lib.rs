#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod absence;
mod apply;
mod change;
mod details;
mod diff;
mod error;
mod escape;
mod guard;
mod held_back;
mod item;
mod membership;
mod merge;
mod options;
mod plan;
mod report;
mod scope;
mod snapshot;
mod source;
pub mod store;
mod table;
mod trigger;
mod user_name;

pub use absence::Gone;
pub use adlib_schema::UserName;
pub use apply::Progress;
pub use change::{Change, Field, Value};
pub use details::Details;
pub use error::{Error, Rejection};
pub use guard::{Alarm, Guard, GuardLimits, GuardParseError, Limit};
pub use held_back::{HeldBack, HoldReason, Holder};
pub use item::{Create, GroupRemoval, GroupUpdate, RemovalReason, Unwanted, Update, UserRemoval};
pub use membership::{Membership, Memberships};
pub use merge::merge;
pub use options::{EmailClash, NameClash, Scope, SyncOptions};
pub use plan::{FoundIn, Plan, SourceWarning, preview};
pub use report::Report;
pub use snapshot::{Snapshot, SnapshotBuilder, SnapshotUser};
pub use source::{Link, Links, Source, SourceParseError, Sources};
pub use store::Store;
pub use trigger::{ManualRun, Trigger};
pub use user_name::FoldedName;
