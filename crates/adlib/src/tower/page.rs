//! What a user sees who is not let through.

use std::{fmt, sync::Arc};

use crate::USER_MESSAGE;

/// How a request was turned away, as far as a user may know (R9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Denial {
    /// The client was asked to sign in. A browser shows this page when it has no credentials.
    SignInNeeded,
    /// The credentials were not accepted.
    Refused,
    /// The user is known, and not admitted.
    NotAdmitted,
    /// Nobody could decide; later, somebody may.
    Unavailable,
}

/// A page for a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its `Content-Type`.
    pub content_type: &'static str,
    /// Its content.
    pub body: String,
}

impl Default for Page {
    /// The one text of every failure (R9).
    fn default() -> Self {
        Self {
            content_type: "text/plain; charset=utf-8",
            body: format!("{USER_MESSAGE}\n"),
        }
    }
}

/// What makes the pages.
#[derive(Clone)]
pub(super) struct Pages(pub(super) Arc<dyn Fn(Denial) -> Page + Send + Sync>);

impl Default for Pages {
    fn default() -> Self {
        Self(Arc::new(|_| Page::default()))
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pages")
    }
}
