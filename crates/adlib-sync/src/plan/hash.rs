//! What tells one plan from another.

use std::fmt::Write;

use super::Plan;
use crate::{SyncOptions, Value, digest::Digest, snapshot::Snapshot, store::DigestKey};

/// What a plan was made of, and all of it, in hexadecimal.
#[derive(Debug, Default)]
pub(super) struct Hashes {
    /// Users, groups and memberships as the options make them of the sources.
    pub(super) sources: String,
    pub(super) options: String,
    /// Sources, options and operations.
    pub(super) plan: String,
}

/// The hashes of a plan.
///
/// Options and operations are hashed in their `Debug` form: complete by derivation, quoted, and without PINs, which come in
/// as keyed digests. Hashes of different versions of this crate are not meant to agree.
pub(super) fn of(snapshot: &Snapshot, options: &SyncOptions, plan: &Plan, key: &DigestKey) -> Hashes {
    let options = hex(|digest| digest.add(options));
    let sources = hex(|digest| add_sources(digest, snapshot, key));
    let plan = hex(|digest| {
        digest.add_bytes(options.as_bytes());
        digest.add_bytes(sources.as_bytes());
        add_operations(digest, plan, key);
    });
    Hashes {
        sources,
        options,
        plan,
    }
}

fn add_sources(digest: &mut Digest, snapshot: &Snapshot, key: &DigestKey) {
    digest.add_bytes(&snapshot.digest);
    for (pin, user) in (0..snapshot.users.len()).filter_map(|user| Some((snapshot.pin(user)?, user))) {
        digest.add_bytes(&user.to_le_bytes());
        digest.add_pin(key, pin);
    }
}

fn add_operations(digest: &mut Digest, plan: &Plan, key: &DigestKey) {
    for memberships in [plan.memberships_removed(), plan.memberships_added()] {
        memberships.each_part(|part| digest.add_bytes(part));
    }
    for operation in plan.user_and_group_operations() {
        digest.add(&operation);
    }
    for change in plan.diff.updates.iter().flat_map(|update| &update.changes) {
        for value in [&change.from, &change.to] {
            if let Value::Pin(pin) = value {
                digest.add_pin(key, pin);
            }
        }
    }
}

fn hex(add: impl FnOnce(&mut Digest)) -> String {
    let mut digest = Digest::default();
    add(&mut digest);
    let mut text = String::with_capacity(64);
    for byte in digest.finish() {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
