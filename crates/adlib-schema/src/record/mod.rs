//! What entries become: users, groups and units, with the fields that an application knows.

mod group;
mod key;
mod user;

pub use group::{Group, Member, Unit};
pub use key::Key;
pub use user::{AccountState, Pin, User};
