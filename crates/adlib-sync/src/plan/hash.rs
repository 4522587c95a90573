//! What tells one plan from another.

use std::fmt::{self, Write};

use adlib_schema::record::Pin;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::Plan;
use crate::{SyncOptions, Value, snapshot::Snapshot, store::DigestKey};

/// The hash over sources, options and operations.
///
/// What is hashed is their `Debug` form: complete by derivation, quoted, and without PINs, which come in as
/// keyed digests. Hashes of different versions of this crate are not meant to agree.
pub(super) fn of(snapshot: &Snapshot, options: &SyncOptions, plan: &Plan, key: &DigestKey) -> String {
    let mut hasher = Hasher::new(options);
    for user in 0..snapshot.users.len() {
        if let Some(record) = snapshot.record(user) {
            hasher.add_bytes(record.0);
        }
        for (field, source) in snapshot.winners_of(user) {
            hasher.add_bytes(&[*field as u8, source.number()]);
        }
        hasher.add_pin(key, snapshot.pin(user));
    }
    for group in &snapshot.groups {
        hasher.add(group);
    }
    let (mut groups, mut bytes) = (Vec::new(), Vec::new());
    for user in 0..snapshot.users.len() {
        groups.clear();
        groups.extend(snapshot.groups_of(user));
        if !groups.is_sorted_by(|one: &u32, other| one < other) {
            groups.sort_unstable();
            groups.dedup();
        }
        bytes.clear();
        groups
            .iter()
            .for_each(|group| bytes.extend_from_slice(&group.to_le_bytes()));
        hasher.add_bytes(&bytes);
    }
    for memberships in [plan.memberships_removed(), plan.memberships_added()] {
        memberships.each_part(|part| hasher.add_bytes(part));
    }
    for operation in plan.user_and_group_operations() {
        hasher.add(&operation);
    }
    for change in plan.diff.updates.iter().flat_map(|update| &update.changes) {
        for value in [&change.from, &change.to] {
            if let Value::Pin(pin) = value {
                hasher.add_pin(key, Some(pin));
            }
        }
    }
    hasher.finish()
}

/// SHA-256 of what comes in small pieces.
struct Hasher {
    sha: Sha256,
    pieces: Vec<u8>,
}

/// Hashed at once.
const BLOCK: usize = 16 * 1024;

impl Hasher {
    fn new(options: &SyncOptions) -> Self {
        let mut hasher = Self {
            sha: Sha256::new(),
            pieces: Vec::with_capacity(2 * BLOCK),
        };
        hasher.add(options);
        hasher
    }

    fn add(&mut self, item: &impl fmt::Debug) {
        // Writing to a hash cannot fail, and no derived `Debug` does.
        let _ = writeln!(self, "{item:?}");
    }

    /// Bytes, and how many they are.
    fn add_bytes(&mut self, bytes: &[u8]) {
        self.put(&(bytes.len() as u64).to_le_bytes());
        self.put(bytes);
    }

    fn put(&mut self, bytes: &[u8]) {
        self.pieces.extend_from_slice(bytes);
        if self.pieces.len() >= BLOCK {
            self.sha.update(&self.pieces);
            self.pieces.clear();
        }
    }

    fn add_pin(&mut self, key: &DigestKey, pin: Option<&Pin>) {
        let Some(pin) = pin else { return };
        // A key of HMAC is filled up with zeros to one block (RFC 2104 2).
        let mut block = [0; 64];
        block
            .iter_mut()
            .zip(key.expose())
            .for_each(|(to, from)| *to = *from);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(pin.expose().as_bytes());
        self.put(&mac.finalize().into_bytes());
    }

    fn finish(mut self) -> String {
        self.sha.update(&self.pieces);
        let mut text = String::with_capacity(64);
        for byte in self.sha.finalize() {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

impl Write for Hasher {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.put(text.as_bytes());
        Ok(())
    }
}
