//! Signing in with a client's tokens, in memory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::large_enum_variant,
    missing_docs
)]

mod attacks;
mod flows;
mod scene;
