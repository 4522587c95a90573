//! `Authorization: Negotiate` and `NTLM`, in memory.

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
mod records;
mod refusals;
#[allow(dead_code, reason = "another test's, and more than is needed here")]
#[path = "../acceptor/scene.rs"]
mod scene;
mod site;
mod soak;
