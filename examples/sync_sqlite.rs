//! Keeping a user list in SQLite in step with a directory: `cargo run --example sync_sqlite --features signin`, and
//! `-- --lab` with the lab's directory.
//!
//! A preview says what a run would do, and why; the run is that plan, applied. Nobody is deleted unless a person asks for
//! it, and even then not when it looks like an accident.

use adlib::{
    Clock, Directory, Nightly, Syncer, SystemClock,
    sync::{ManualRun, SyncOptions},
};
use adlib_examples::{
    SqliteStore,
    domain::{self, Result, companies},
};

#[tokio::main]
async fn main() -> Result<()> {
    let directory = if domain::is_lab() {
        domain::lab_directory()?
    } else {
        companies()
    };
    let scratch = tempfile::tempdir()?;
    let store = SqliteStore::open(scratch.path().join("users.sqlite"))?;
    let options = SyncOptions::default();

    println!("What a run would do to an empty list:");
    let plan = Syncer::new(directory.clone(), &store, options.clone())
        .preview()
        .await?;
    show(&plan.to_string());
    println!("\nThe run:");
    println!("   {}", plan.apply(&store).await?);

    println!("\nWhat the application has now:");
    let users = store.users()?;
    for user in users.iter().take(3) {
        let groups = store.groups_of(&user.id)?;
        println!(
            "   {}, in {} groups: {}",
            user.name,
            groups.len(),
            groups.join(", ")
        );
    }
    println!("   and {} more", users.len().saturating_sub(3));

    println!("\nSomebody configures the wrong directory, and asks for deletion:");
    let wrong = Directory::from_ldif([concat!(env!("CARGO_MANIFEST_DIR"), "/data/subsidiary.ldif")]);
    let plan = Syncer::new(wrong, &store, options.clone())
        .with_trigger(ManualRun::default().deleting_missing())
        .preview()
        .await?;
    match plan.apply(&store).await {
        Ok(report) => println!("   {report}"),
        Err(error) => println!("   {error}"),
    }

    println!("\nEvery night, without deleting:");
    println!(
        "   {}",
        Syncer::new(directory, &store, options).run_scheduled().await?
    );
    println!(
        "   the next one: {}",
        Nightly::at("00:55")?.after(SystemClock.now())
    );
    Ok(())
}

/// The first lines of a preview.
fn show(preview: &str) {
    for line in preview.lines().take(12) {
        println!("   {line}");
    }
    let more = preview.lines().count().saturating_sub(12);
    if more > 0 {
        println!("   and {more} lines more");
    }
}
