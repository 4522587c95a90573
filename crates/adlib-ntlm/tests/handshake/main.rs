//! Handshakes, honest ones and others.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod attacks;
mod bindings;
mod flows;
mod properties;
mod scene;
