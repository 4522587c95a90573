//! A user list of one's own, kept in step: `cargo run --example custom_store`.
//!
//! The list of this application is a JSON file, [`JsonStore`]. What every store must do is written at
//! `adlib_sync::store::Store` and in `stores/README.md`, and `conformance` tries it: put it into your tests.

#[path = "custom_store/record.rs"]
mod record;
#[path = "custom_store/store.rs"]
mod store;

use std::sync::atomic::{AtomicUsize, Ordering};

use adlib::{
    Directory, Syncer,
    sync::{
        SyncOptions,
        store::{Fixture, Origin, conformance},
    },
};
use store::JsonStore;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    println!("Does the store keep the promises of a store?");
    conformance(&Files(tempfile::tempdir()?, 0.into())).await?;
    println!("   every one");

    println!("\nA run:");
    let scratch = tempfile::tempdir()?;
    let file = scratch.path().join("users.json");
    let store = JsonStore::open(&file)?;
    store.add_local("operator", Origin::Internal)?;
    let company = Directory::from_ldif([concat!(env!("CARGO_MANIFEST_DIR"), "/data/company.ldif")]);
    let syncer = Syncer::new(company, &store, SyncOptions::default());
    println!("   {}", syncer.preview().await?.apply(&store).await?);

    println!("\nThe list:");
    let json = std::fs::read_to_string(&file)?;
    for line in json.lines().skip_while(|line| !line.contains("users")).take(20) {
        println!("   {line}");
    }
    println!(
        "\nAnother run finds {} things to do.",
        syncer.preview().await?.operation_count()
    );
    Ok(())
}

/// Where the stores come from that are tried.
struct Files(tempfile::TempDir, AtomicUsize);

impl Fixture for Files {
    type Store = JsonStore;

    async fn empty(&self) -> JsonStore {
        let number = self.1.fetch_add(1, Ordering::Relaxed);
        let path = self.0.path().join(format!("{number}.json"));
        JsonStore::open(&path).unwrap_or(JsonStore { path })
    }

    async fn add_local(&self, store: &JsonStore, name: &str, origin: Origin) {
        store.add_local(name, origin).unwrap_or_default();
    }

    async fn set_blocked(&self, store: &JsonStore, name: &str, blocked: bool) {
        store.set_blocked(name, blocked).unwrap_or_default();
    }

    async fn expire(&self, _: &JsonStore) -> bool {
        false // The lock is the run's for as long as its process lives.
    }
}
