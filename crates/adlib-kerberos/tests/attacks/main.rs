//! What a hostile peer tries, against the public API: each test is named after its attack.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod encoding;
mod pac;
mod scene;
mod tickets;
