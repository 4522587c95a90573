#![doc = include_str!("README.md")]

#[cfg(feature = "postgres")]
pub mod postgres;
pub mod sqlite;

#[cfg(feature = "postgres")]
pub use postgres::{PostgresStore, PostgresStoreError};
pub use sqlite::{SqliteStore, SqliteStoreError};
