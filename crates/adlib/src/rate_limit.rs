//! Who may try to sign in at all.

use crate::BoxFuture;

/// A sign-in that is about to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt<'a> {
    /// The name as it was typed.
    pub name: &'a str,
    /// Where the user is, as far as the application said ([`Authenticator::for_client`](crate::Authenticator::for_client)).
    pub client: Option<&'a str>,
}

impl<'a> Attempt<'a> {
    /// An attempt to sign in by `name`, from `client`.
    #[must_use]
    pub const fn new(name: &'a str, client: Option<&'a str>) -> Self {
        Self { name, client }
    }
}

/// Something that stops whoever tries too often, before a controller hears of it.
///
/// A controller counts wrong passwords by account, and locks it; whoever guesses one password for many accounts, or wants
/// others locked out, is for the application to stop.
///
/// ```
/// use std::{collections::HashMap, sync::{Arc, Mutex}};
/// use adlib::{Attempt, BoxFuture, RateLimit};
///
/// /// As many wrong tries from one client, until the process restarts.
/// struct Tries(u32, Mutex<HashMap<String, u32>>);
///
/// impl RateLimit for Tries {
///     fn admits<'a>(&'a self, attempt: &'a Attempt<'a>) -> BoxFuture<'a, bool> {
///         let tries = self.1.lock().unwrap();
///         let tries = tries.get(attempt.client.unwrap_or_default()).copied();
///         Box::pin(async move { tries.unwrap_or(0) < self.0 })
///     }
///
///     fn concluded(&self, attempt: &Attempt<'_>, accepted: bool) {
///         let mut tries = self.1.lock().unwrap();
///         let tries = tries.entry(attempt.client.unwrap_or_default().to_owned()).or_default();
///         *tries = if accepted { 0 } else { *tries + 1 };
///     }
/// }
///
/// let limit = Tries(10, Mutex::default());
/// let builder = adlib::Authenticator::builder().rate_limit(Arc::new(limit));
/// ```
pub trait RateLimit: Send + Sync {
    /// Whether the attempt may go on. Its time counts against the deadline of the sign-in.
    fn admits<'a>(&'a self, attempt: &'a Attempt<'a>) -> BoxFuture<'a, bool>;

    /// What came of an attempt that was admitted: whether the user was let in. Not called for one that nobody could decide;
    /// but one that the application gave up after a controller was asked about the password counts as refused.
    fn concluded(&self, attempt: &Attempt<'_>, accepted: bool) {
        let _ = (attempt, accepted);
    }
}
