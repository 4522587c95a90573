//! The store in memory keeps what a store promises.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use adlib_sync::{
    Details,
    store::{DigestKey, Fixture, MemoryStore, Origin, conformance},
};

struct Memory;

impl Fixture for Memory {
    type Store = MemoryStore;

    async fn empty(&self) -> MemoryStore {
        MemoryStore::new(DigestKey::new([7; 32]))
    }

    async fn add_local(&self, store: &MemoryStore, name: &str, origin: Origin) {
        assert!(store.insert_local(name, origin, Details::default()));
    }

    async fn set_blocked(&self, store: &MemoryStore, name: &str, blocked: bool) {
        assert!(store.set_blocked(name, blocked));
    }

    async fn expire(&self, store: &MemoryStore) -> bool {
        store.expire_run();
        true
    }
}

/// R31, R37, A59, A62
#[tokio::test]
async fn the_store_in_memory_conforms() {
    conformance(&Memory).await.unwrap();
}
