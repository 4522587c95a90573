//! The exchanges with a KDC, against one in memory: honest first, then not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod forged_errors;
mod forged_replies;
mod honest;
mod scene;
