#![doc = include_str!("../README.md")]

use std::future::Future;
use std::pin::Pin;

mod client;
mod error;
mod krb_error;
pub mod locate;
mod transport;

#[cfg(feature = "sspi")]
pub use client::SspiTicketSource;
pub use client::{ApReqToken, TicketRequest, TicketSource};
pub use error::{NotSupported, Rejection, TicketError};
pub use krb_error::KrbError;
pub use locate::{DnsResolver, Endpoint, LocateError, Resolver, Service, SrvRecord, locate};
pub use transport::{Attempt, AttemptFailure, KdcTransport, Unreachable};

/// A future on the heap, so that the traits of this crate can be trait objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
