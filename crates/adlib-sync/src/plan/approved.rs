//! A plan that was written down, looked at and approved (R33).
//!
//! A deletion needs the proof of complete reads (I7), which no file can bring along. So no plan is made of a file: the
//! plan is made again, and must be the same as the approved one, row by row.

mod digest;

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer as _};

use self::digest::{Rows, Trouble};
use super::Plan;
use crate::Rejection;

/// What of a plan is not approved: which guards fired and whether they are lifted is the run's affair.
const NOT_APPROVED: [&str; 3] = ["guards", "stopped_by", "schema"];

/// What somebody approved: a plan as its JSON says it.
///
/// ```
/// use adlib_sync::{ApprovedPlan, PlanParseError};
///
/// let error = ApprovedPlan::parse(b"{\"plan_hash\": ").unwrap_err();
/// assert!(matches!(error, PlanParseError::NotJson { line: 1, .. }));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovedPlan {
    head: Head,
    rows: Rows,
}

/// The part of the JSON that says what the plan was made of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Head {
    plan_hash: String,
    made_of: MadeOf,
    schema: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct MadeOf {
    store: String,
    sources: String,
    options: String,
}

/// Why bytes are no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanParseError {
    /// It is longer than any plan.
    #[error("{0} bytes are more than a plan has")]
    TooLong(usize),
    /// It is not JSON, or was cut off.
    #[error("line {line}, column {column}: not JSON")]
    NotJson {
        /// The line, from 1.
        line: usize,
        /// The column.
        column: usize,
    },
    /// Lists in lists, deeper than in any plan.
    #[error("line {0}: deeper than a plan")]
    TooDeep(usize),
    /// An object with more keys than any in a plan.
    #[error("line {0}: more keys than in a plan")]
    TooManyKeys(usize),
    /// It is JSON, but not what `preview` writes.
    #[error("not a plan: {0}")]
    NotAPlan(String),
    /// It was written by another version.
    #[error("a plan of schema {0}; this program knows 1")]
    OtherSchema(u64),
}

impl ApprovedPlan {
    /// No plan is longer.
    pub const MAX_BYTES: usize = 1 << 30;

    /// Read what `Plan` serialises to, as JSON.
    ///
    /// # Errors
    /// Every variant of [`PlanParseError`]. Whatever the bytes, it takes no more memory than they do.
    pub fn parse(json: &[u8]) -> Result<Self, PlanParseError> {
        if json.len() > Self::MAX_BYTES {
            return Err(PlanParseError::TooLong(json.len()));
        }
        let rows = rows(json)?;
        let head: Head =
            serde_json::from_slice(json).map_err(|error| PlanParseError::NotAPlan(without_place(&error)))?;
        match head.schema {
            None | Some(1) => Ok(Self { head, rows }),
            Some(other) => Err(PlanParseError::OtherSchema(other)),
        }
    }

    /// The hash of the plan.
    #[must_use]
    pub fn plan_hash(&self) -> &str {
        &self.head.plan_hash
    }

    /// Whether `plan` is what was approved: made for the same state of the store, of the same sources, with the same
    /// options, and the same in every row. Which guards fired is not compared: to lift one takes its name.
    ///
    /// # Errors
    /// `NotApproved` with the first difference.
    pub fn check(&self, plan: &Plan) -> Result<(), Rejection> {
        let made_of = &self.head.made_of;
        let parts = [
            (
                made_of.store.as_str() != plan.revision().as_str(),
                Difference::Store,
            ),
            (made_of.options != plan.hashes.options, Difference::Options),
            (made_of.sources != plan.hashes.sources, Difference::Sources),
        ];
        let other = parts
            .into_iter()
            .find_map(|(differs, what)| differs.then_some(what));
        match other.or_else(|| self.other_rows(plan)) {
            None => Ok(()),
            Some(difference) => Err(Rejection::NotApproved(difference)),
        }
    }

    fn other_rows(&self, plan: &Plan) -> Option<Difference> {
        let json = serde_json::to_vec(plan).ok();
        let now = json.and_then(|json| rows(&json).ok()).unwrap_or_default();
        let keys = self.rows.keys().chain(now.keys());
        let mut other: Vec<String> = keys
            .filter(|key| self.rows.get(*key) != now.get(*key) && !NOT_APPROVED.contains(&key.as_str()))
            .cloned()
            .collect();
        other.sort_unstable();
        other.dedup();
        (!other.is_empty()).then_some(Difference::Rows(other))
    }
}

/// How a plan differs from the approved one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// The store was changed.
    Store,
    /// A source was changed.
    Sources,
    /// The options were changed.
    Options,
    /// These parts say something else: another kind of run, or what was approved was changed by hand.
    Rows(Vec<String>),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store => f.write_str("the store was changed since"),
            Self::Sources => f.write_str("a source was changed since"),
            Self::Options => f.write_str("the options were changed since"),
            Self::Rows(parts) => write!(
                f,
                "the run is another one, or the approved plan was changed: {}",
                crate::escape::Visible(&parts.join(", "))
            ),
        }
    }
}

/// The digest of each part of a plan.
fn rows(json: &[u8]) -> Result<Rows, PlanParseError> {
    let trouble = Trouble::default();
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let rows = deserializer.deserialize_map(digest::Parts(&trouble));
    let rows = rows.and_then(|rows| deserializer.end().map(|()| rows));
    rows.map_err(|error| match (trouble.found(), error.classify()) {
        (Some(digest::Limit::Depth), _) => PlanParseError::TooDeep(error.line()),
        (Some(digest::Limit::Keys), _) => PlanParseError::TooManyKeys(error.line()),
        (None, serde_json::error::Category::Data) => PlanParseError::NotAPlan(without_place(&error)),
        (None, _) => PlanParseError::NotJson {
            line: error.line(),
            column: error.column(),
        },
    })
}

/// What is wrong, without what was found: it may be anything.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    crate::escape::Visible(text).to_string()
}

impl Plan {
    /// The digests of sources and options, with the store's revision.
    pub(super) fn made_of(&self) -> BTreeMap<&'static str, &str> {
        BTreeMap::from([
            ("options", self.hashes.options.as_str()),
            ("sources", self.hashes.sources.as_str()),
            ("store", self.revision.as_str()),
        ])
    }
}
