//! The application: a page for whoever has a session, and the way to one.

use std::time::Duration;

use adlib::{Clock, GroupIdentity, Identity, SystemClock, tower::NegotiateLayer};
use axum::{
    Extension, Router,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use tower_sessions::{
    Expiry, MemoryStore, Session, SessionManagerLayer,
    cookie::{SameSite, time::OffsetDateTime},
    session::Error,
};

use super::page;

/// The longest session, for tickets that last longer and for NTLM, which has no end.
const WORKING_DAY: Duration = Duration::from_secs(8 * 3600);
const USER: &str = "user";

/// Who has a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The name to show.
    pub name: String,
    /// `account@domain`.
    pub account: String,
    /// Group names, or their SIDs where no directory says more.
    pub groups: Vec<String>,
    /// The mechanism that proved it.
    pub mechanism: String,
    /// Whether the proof is bound to the connection: `bound`, `absent` or `not-checked`.
    pub bindings: String,
}

impl From<&Identity> for User {
    fn from(identity: &Identity) -> Self {
        let mechanism = &identity.evidence().mechanism;
        let account = format!("{}@{}", identity.account(), identity.domain());
        let group = |group: &GroupIdentity| match (group.name(), group.sid()) {
            (Some(name), _) => name.to_owned(),
            (None, sid) => sid.map(ToString::to_string).unwrap_or_default(),
        };
        Self {
            name: identity.full_name().unwrap_or(identity.account()).to_owned(),
            account,
            groups: identity.groups().iter().map(group).collect(),
            mechanism: mechanism.as_str().to_owned(),
            bindings: mechanism.bindings().to_owned(),
        }
    }
}

/// The application, with `negotiate` in front of its way in.
pub fn router(negotiate: NegotiateLayer) -> Router {
    // `HttpOnly` and `Secure` are what the layer does anyway; said here because all rests on them.
    let sessions = SessionManagerLayer::new(MemoryStore::default())
        .with_name("__Host-session")
        .with_same_site(SameSite::Strict)
        .with_http_only(true)
        .with_secure(true);
    Router::new()
        .route("/", get(home))
        .route("/sign-in", get(sign_in).layer(negotiate))
        .route("/sign-out", post(sign_out))
        .layer(sessions)
}

/// The page, or the way in.
async fn home(session: Session) -> Result<Response, Failed> {
    Ok(match session.get::<User>(USER).await? {
        Some(user) => page::greeting(&user).into_response(),
        None => Redirect::to("/sign-in").into_response(),
    })
}

/// A session for whoever has proven who they are.
async fn sign_in(session: Session, Extension(identity): Extension<Identity>) -> Result<Redirect, Failed> {
    // Another identifier: one that somebody planted is worth nothing.
    session.cycle_id().await?;
    session.insert(USER, User::from(&identity)).await?;
    session.set_expiry(Some(expiry(&identity)));
    Ok(Redirect::to("/"))
}

/// When a session ends: no later than what it rests on.
fn expiry(identity: &Identity) -> Expiry {
    let longest = SystemClock.now().saturating_add(WORKING_DAY);
    let ends = identity.ends().map_or(longest, |ends| ends.min(longest));
    let ends = OffsetDateTime::from_unix_timestamp(ends.seconds());
    ends.map_or(Expiry::OnSessionEnd, Expiry::AtDateTime)
}

async fn sign_out(session: Session) -> Result<Response, Failed> {
    session.flush().await?;
    Ok(page::signed_out().into_response())
}

/// A store of sessions that does not answer.
struct Failed;

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        eprintln!("sessions: {error}");
        Self
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        StatusCode::SERVICE_UNAVAILABLE.into_response()
    }
}
