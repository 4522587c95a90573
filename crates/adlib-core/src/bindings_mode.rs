//! Whether a client means the connection that carries its sign-in: one rule for every mechanism (A14, A40).

use subtle::ConstantTimeEq;
use thiserror::Error;

/// What is done about channel bindings, which tie a sign-in to the connection that carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BindingsMode {
    /// Nothing: the connection's own bindings count as absent.
    Ignore,
    /// They are compared if the client sends them, or says that it would have.
    #[default]
    IfOffered,
    /// A client without them is refused.
    Require,
}

/// What ties a sign-in to the connection that carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BindingsState {
    /// The client means this connection.
    Bound,
    /// The client sent none.
    Absent,
    /// There was nothing to compare with, or the policy ignores them.
    NotChecked,
}

impl BindingsState {
    /// The state as one word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bound => "bound",
            Self::Absent => "absent",
            Self::NotChecked => "not-checked",
        }
    }
}

/// What a client says about channel bindings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfferedBindings {
    /// The hash that it sent, if it sent one.
    pub hash: Option<[u8; 16]>,
    /// Whether it says that it always sends them where the connection has some.
    pub promised: bool,
}

/// Why the bindings of a client are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BindingsRefusal {
    /// There are none, and the policy or the client's own word demands some.
    #[error("the client sent no channel bindings")]
    Missing,
    /// They are those of another connection.
    #[error("the client's channel bindings are those of another connection")]
    Mismatch,
}

impl OfferedBindings {
    /// Compare what the client sent with the hash of the acceptor's own bindings.
    ///
    /// ```text
    /// client none, acceptor none   accepted, not bound        client set, acceptor none        accepted, not bound
    /// client = acceptor            accepted, bound            client set, acceptor different   refused
    /// client none, acceptor set    Ignore, IfOffered: accepted, not bound; refused if the client promised some
    ///                              Require: refused           client all zero = none, but refused under Require
    /// ```
    ///
    /// Under Ignore the acceptor's bindings count as none.
    ///
    /// ```
    /// use adlib_core::{BindingsMode, BindingsRefusal, BindingsState, ChannelBindings, OfferedBindings};
    ///
    /// let own = ChannelBindings::tls_server_end_point(&[1; 32]).hash();
    /// let offered = |hash| OfferedBindings { hash, promised: false };
    /// let mode = BindingsMode::IfOffered;
    /// assert_eq!(offered(Some(own)).compare(mode, Some(own)), Ok(BindingsState::Bound));
    /// assert_eq!(offered(Some([9; 16])).compare(mode, Some(own)), Err(BindingsRefusal::Mismatch));
    /// assert_eq!(offered(None).compare(BindingsMode::Require, Some(own)), Err(BindingsRefusal::Missing));
    /// ```
    ///
    /// # Errors
    /// `Missing`, `Mismatch`.
    pub fn compare(
        self,
        mode: BindingsMode,
        own: Option<[u8; 16]>,
    ) -> Result<BindingsState, BindingsRefusal> {
        let zero = self.hash == Some([0; 16]);
        let sent = self.hash.filter(|_| !zero);
        let required = mode == BindingsMode::Require;
        if zero && required {
            return Err(BindingsRefusal::Missing);
        }
        let own = own.filter(|_| mode != BindingsMode::Ignore);
        match (sent, own) {
            (None, None) if mode != BindingsMode::Ignore => Ok(BindingsState::Absent),
            (_, None) => Ok(BindingsState::NotChecked),
            (Some(sent), Some(own)) if own.ct_eq(&sent).into() => Ok(BindingsState::Bound),
            (Some(_), Some(_)) => Err(BindingsRefusal::Mismatch),
            (None, Some(_)) if required || self.promised => Err(BindingsRefusal::Missing),
            (None, Some(_)) => Ok(BindingsState::Absent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A14: every cell of the table.
    #[test]
    fn a14_every_cell() {
        use BindingsMode::{IfOffered, Ignore, Require};
        const MISSING: Result<BindingsState, BindingsRefusal> = Err(BindingsRefusal::Missing);
        const MISMATCH: Result<BindingsState, BindingsRefusal> = Err(BindingsRefusal::Mismatch);
        const ABSENT: Result<BindingsState, BindingsRefusal> = Ok(BindingsState::Absent);
        const BOUND: Result<BindingsState, BindingsRefusal> = Ok(BindingsState::Bound);
        const NOT_CHECKED: Result<BindingsState, BindingsRefusal> = Ok(BindingsState::NotChecked);
        let modes = [
            (IfOffered, false),
            (IfOffered, true),
            (Require, false),
            (Ignore, true),
        ];
        let set = Some([1; 16]);
        let (zero, other) = (Some([0; 16]), Some([9; 16]));
        for (sent, own, expected) in [
            (None, set, [ABSENT, MISSING, MISSING, NOT_CHECKED]),
            (zero, set, [ABSENT, MISSING, MISSING, NOT_CHECKED]),
            (set, set, [BOUND, BOUND, BOUND, NOT_CHECKED]),
            (other, set, [MISMATCH, MISMATCH, MISMATCH, NOT_CHECKED]),
            (None, None, [ABSENT, ABSENT, ABSENT, NOT_CHECKED]),
            (zero, None, [ABSENT, ABSENT, MISSING, NOT_CHECKED]),
            (set, None, [NOT_CHECKED; 4]),
        ] {
            for ((mode, promised), expected) in modes.into_iter().zip(expected) {
                let offered = OfferedBindings { hash: sent, promised };
                assert_eq!(
                    offered.compare(mode, own),
                    expected,
                    "{mode:?} {offered:?} acceptor {own:?}"
                );
            }
        }
    }
}
