//! Signing in, against directories in files and a KDC in memory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs
)]

#[cfg(feature = "config")]
mod configured;
mod controllers;
mod deadline;
mod flows;
mod matrix;
mod records;
mod scene;
mod sources;
mod users;
