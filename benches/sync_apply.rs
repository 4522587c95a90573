//! A plan for an empty user list, applied to SQLite: operations a second, each with its journal in one transaction.

use std::{env, future::Future, time::Instant};

use adlib_examples::SqliteStore;
use adlib_sync::Store;
use serde_json::json;

#[allow(dead_code, reason = "shared with the bench of plans, which uses more of it")]
#[path = "sync_lists.rs"]
mod lists;

use lists::Lists;

const ROUNDS: usize = 3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let is_quick = env::args().any(|one| one == "--quick");
    let users = if is_quick { 1_000 } else { 10_000 };
    let mut rates = Vec::new();
    let mut count = 0;
    for _ in 0..ROUNDS {
        let directory = tempfile::tempdir()?;
        let store = SqliteStore::open(directory.path().join("users.sqlite"))?;
        let lists = Lists::of(users);
        let (snapshot, _) = lists.load()?;
        let state = wait(store.load())??;
        let plan = lists.plan_of(&snapshot, &state);
        let start = Instant::now();
        wait(plan.apply(&store))??;
        count = plan.operation_count();
        rates.push(f64::from(u32::try_from(count)?) / start.elapsed().as_secs_f64());
    }
    let name = format!("sync/apply into SQLite, {count} operations");
    println!(
        "{}",
        json!({ "name": name, "ours": adlib_benches::median(rates), "unit": "operations/s" })
    );
    Ok(())
}

fn wait<T>(future: impl Future<Output = T>) -> std::io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    Ok(runtime.block_on(future))
}
