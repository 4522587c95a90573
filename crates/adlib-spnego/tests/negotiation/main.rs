//! Whole negotiations in memory, over both mechanisms.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod attacks;
mod flows;
mod properties;
mod rejections;
mod scene;
