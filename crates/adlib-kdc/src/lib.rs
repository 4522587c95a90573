#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

use std::future::Future;
use std::pin::Pin;

mod client;
mod error;
pub mod locate;
mod probe;
mod transport;
mod unreachable;

pub use adlib_kerberos::initiator::{Credentials, ExchangePolicy, KrbError};
#[cfg(feature = "sspi")]
pub use client::SspiTicketSource;
pub use client::{AccountSecret, ApReqToken, KdcTicketSource, OwnAccount, TicketRequest, TicketSource};
pub use error::{NotSupported, Rejection, TicketError};
pub use locate::{DnsResolver, Endpoint, Locate, LocateError, Locator, Resolver, Service, SrvRecord, locate};
pub use probe::{KdcPort, Probed, probe};
pub use transport::KdcTransport;
pub use unreachable::{Attempt, AttemptFailure, Unreachable};

/// A future on the heap, so that the traits of this crate can be trait objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
