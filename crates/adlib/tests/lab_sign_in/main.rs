//! Signing in against real controllers: Samba's two domains, and OpenLDAP as a secondary source.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs
)]

mod armour;
mod exchanges;
mod lockout;
mod matrix;
mod outage;
mod provision;
mod proxy;
mod saved;
mod site;
mod soak;
mod sources;
mod timing;
