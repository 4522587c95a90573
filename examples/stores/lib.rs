#![doc = include_str!("README.md")]

#[cfg(feature = "signin")]
#[path = "../domain/mod.rs"]
pub mod domain;
mod journal;
mod pieces;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod sqlite;

#[cfg(feature = "postgres")]
pub use postgres::{PostgresStore, PostgresStoreError};
pub use sqlite::{SqliteStore, SqliteStoreError};

/// The code of the pages in `docs/`, tested.
#[cfg(all(doctest, feature = "docs"))]
mod pages {
    #[doc = include_str!("../../docs/deployment.md")]
    struct Deployment;
    #[doc = include_str!("../../docs/migration.md")]
    struct Migration;
}
