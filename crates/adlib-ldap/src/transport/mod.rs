//! The way to a server, which is ours down to the socket: TCP, TLS or a security layer, the guard, and one exchange after
//! the other.
//!
//! ```text
//! application - wire [guard] - frames [security layer] - TLS - TCP - server
//! ```

mod ber;
mod bind_message;
mod certificate;
mod dial;
mod frames;
mod guard;
#[cfg(feature = "ldap3")]
mod handover;
mod inbox;
mod layer;
mod message;
mod password_policy;
mod search_message;
mod start_tls;
mod sync_message;
mod tls;
mod wire;

use adlib_core::{ChannelBindings, UnixTime};
use tokio::io::{AsyncRead, AsyncWrite};

pub(crate) use bind_message::{Authentication, BindAnswer, BindResult, decode_bind_answer, encode_bind};
pub(crate) use dial::dial;
pub use dial::reach;
pub(crate) use frames::FrameError;
pub(crate) use guard::{Done, Guard, Part};
#[cfg(feature = "ldap3")]
pub(crate) use handover::hand_over;
pub(crate) use inbox::Inbox;
pub(crate) use layer::{Layer, OVERHEAD};
pub(crate) use password_policy::PolicyError;
pub(crate) use search_message::{Control, encode_search};
pub(crate) use sync_message::{
    DirSyncAnswer, SyncInfo, SyncKind, SyncState, SyncStep, dir_sync_control, extended_dn_control,
    sync_control,
};
pub(crate) use wire::{End, WholeAnswer, Wire};

/// What protects the messages of a connection before any bind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// TLS.
    Tls(Secured),
    /// Nothing, until a bind brings its layer.
    Sasl,
    /// Nothing, or the local machine's own socket.
    Plain,
}

/// What TLS tells of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Secured {
    /// What a bind is tied to the connection by; `None` where the server's certificate allows nothing.
    pub(crate) bindings: Option<ChannelBindings>,
    /// When the first of the server's certificates ends.
    pub(crate) certificate_end: Option<UnixTime>,
}

/// A byte stream to a server.
type Stream = Box<dyn Duplex>;

/// What a byte stream can do.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}
