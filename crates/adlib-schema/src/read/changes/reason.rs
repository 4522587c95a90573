//! Why everything was read instead of what changed.

use super::Method;

/// Why a place was read whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FullReadReason {
    /// It was not read before.
    #[error("it was not read before")]
    FirstRead,
    /// What was stored cannot be read.
    #[error("what was stored of the last read is damaged: {0}")]
    Damaged(String),
    /// The configuration asks for it.
    #[error("the configuration asks for full reads")]
    Asked,
    /// The schema, the base or the account that reads is another.
    #[error("the settings of the read are not those of the last one")]
    SettingsChanged,
    /// Another method than the last time.
    #[error("changes are read by {now}, but the last read prepared for {then}")]
    MethodChanged {
        /// The method for which the last read prepared.
        then: Method,
        /// The method now.
        now: Method,
    },
    /// Another server answers.
    #[error("another server answers: {now}, not {then}")]
    OtherServer {
        /// The server of the last read.
        then: String,
        /// The server now.
        now: String,
    },
    /// The server's database is not the one of the last read: restored from a copy, or made anew.
    #[error("the server was restored from a copy or set up anew: {0}")]
    Restored(String),
    /// The last read is so long ago that the server may have forgotten what went since.
    #[error("the last read is too long ago: {0}")]
    TooOld(String),
    /// What the account may read has changed.
    #[error("what the account may read has changed: {0}")]
    RightsChanged(String),
    /// The server does not go on from there.
    #[error("the server does not go on from the last read: {0}")]
    Refused(String),
    /// The server has no method to read changes, or none that this account may use.
    #[error("changes cannot be read one by one: {0}")]
    NoMethod(String),
}
