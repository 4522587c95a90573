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
    let mut groups = Vec::new();
    for user in 0..snapshot.users.len() {
        groups.clear();
        groups.extend(snapshot.groups_of(user));
        groups.sort_unstable();
        groups.dedup();
        let bytes: Vec<u8> = groups.iter().flat_map(|group| group.to_le_bytes()).collect();
        hasher.add_bytes(&bytes);
    }
    for operation in plan.operations() {
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

struct Hasher(Sha256);

impl Hasher {
    fn new(options: &SyncOptions) -> Self {
        let mut hasher = Self(Sha256::new());
        hasher.add(options);
        hasher
    }

    fn add(&mut self, item: &impl fmt::Debug) {
        // Writing to a hash cannot fail, and no derived `Debug` does.
        let _ = writeln!(self, "{item:?}");
    }

    /// Bytes, and how many they are.
    fn add_bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
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
        self.0.update(mac.finalize().into_bytes());
    }

    fn finish(self) -> String {
        let mut text = String::with_capacity(64);
        for byte in self.0.finalize() {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

impl Write for Hasher {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}
