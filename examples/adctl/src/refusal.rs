//! What a call says of something that it does not believe.

use std::fmt;

use adlib::{
    kerberos::{Rejection, pac::PacRejection},
    ntlm, spnego,
};
use adlib_core::DecodeError;
use serde_json::{Value, json};

use crate::{object, outcome::Outcome};

/// Why something is refused: one word, and what an operator needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: &'static str,
    pub(crate) detail: String,
}

impl Refusal {
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self {
            reason: "malformed",
            detail: detail.into(),
        }
    }

    /// The verdict, without anything beside it.
    pub(crate) fn outcome(&self) -> Outcome {
        outcome(Some(self), json!({}), "")
    }
}

/// The verdict on what is shown beside it whether or not it is believed.
pub(crate) fn outcome(refusal: Option<&Refusal>, beside: Value, text: impl fmt::Display) -> Outcome {
    let (verdict, headline) = match refusal {
        None => (json!({ "verdict": "accepted" }), "accepted".to_owned()),
        Some(Refusal { reason, detail }) => (
            json!({ "verdict": "refused", "reason": reason, "detail": detail }),
            format!("refused: {detail} ({reason})"),
        ),
    };
    Outcome {
        clean: refusal.is_none(),
        json: object::with(verdict, beside),
        text: format!("{headline}\n{text}").into(),
    }
}

impl From<&Rejection> for Refusal {
    fn from(rejection: &Rejection) -> Self {
        Self {
            reason: rejection.reason(),
            detail: rejection.to_string(),
        }
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self::from(&rejection)
    }
}

impl From<&PacRejection> for Refusal {
    fn from(rejection: &PacRejection) -> Self {
        Self {
            reason: rejection.reason(),
            detail: rejection.to_string(),
        }
    }
}

impl From<spnego::Rejection> for Refusal {
    fn from(rejection: spnego::Rejection) -> Self {
        Self {
            reason: rejection.reason(),
            detail: rejection.to_string(),
        }
    }
}

impl From<ntlm::Rejection> for Refusal {
    fn from(rejection: ntlm::Rejection) -> Self {
        Self {
            reason: rejection.reason(),
            detail: rejection.to_string(),
        }
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        Self::malformed(format!("malformed: {error}"))
    }
}
