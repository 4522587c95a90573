//! Tickets from a KDC (RFC 4120 3.1, 3.3): the AS exchange by a long-term key, the TGS exchange by a ticket.
//!
//! Each exchange is a value that has a [`message`](AsExchange::message) for the KDCs of a
//! [`realm`](AsExchange::realm), and takes their answer; a failed one is consumed. Time and random numbers are handed
//! in with each answer.
//!
//! Trust level: whoever listens where a KDC should be answers. A reply counts once the client's own key has opened it
//! and all that was asked is in it. A KRB-ERROR is authenticated by nothing (but armour): it may say why there is no
//! ticket, and it may ask for pre-authentication within bounds.

mod ap_req;
mod armour;
mod as_exchange;
mod client_secret;
mod credentials;
mod error;
mod krb_error;
mod policy;
mod preauthentication;
mod reply;
mod request;
mod tgs_exchange;

pub use as_exchange::{AsExchange, AsRequest};
pub use client_secret::ClientSecret;
pub use credentials::Credentials;
pub use error::ExchangeError;
pub use krb_error::KrbError;
pub use policy::ExchangePolicy;
pub use tgs_exchange::TgsExchange;

use alloc::boxed::Box;

/// Where an answer leads.
#[derive(Debug)]
pub enum Step<Exchange> {
    /// Another message is to be sent.
    Ask(Box<Exchange>),
    /// The ticket is there.
    Done(Box<Credentials>),
}
