//! Against real peers: tickets of Samba, MIT and Heimdal, contexts with MIT's library, curl.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod bindings;
mod delegation;
mod http;
mod pac;
mod refusals;
mod scene;
mod sessions;
mod tickets;
mod times;
