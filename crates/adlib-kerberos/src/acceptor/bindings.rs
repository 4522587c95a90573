//! Channel bindings: whether the client means this connection (A14).

use adlib_core::ChannelBindings;
use subtle::ConstantTimeEq;

use crate::{Rejection, policy::BindingsMode};

/// What ties the sign-in to the connection that carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// What the client sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offered {
    /// The hash in the authenticator's checksum, if there is one.
    pub(super) hash: Option<[u8; 16]>,
    /// Whether the client says that it always sends them.
    pub(super) promised: bool,
}

/// Compare what the client sent with the acceptor's own bindings.
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
/// # Errors
/// `BindingsMissing`, `BindingsMismatch`.
pub(super) fn compare(
    mode: BindingsMode,
    offered: Offered,
    own: Option<&ChannelBindings>,
) -> Result<BindingsState, Rejection> {
    let zero = offered.hash == Some([0; 16]);
    let sent = offered.hash.filter(|_| !zero);
    let required = mode == BindingsMode::Require;
    if zero && required {
        return Err(Rejection::BindingsMissing);
    }
    let own = own.filter(|_| mode != BindingsMode::Ignore);
    match (sent, own) {
        (None, None) if mode != BindingsMode::Ignore => Ok(BindingsState::Absent),
        (_, None) => Ok(BindingsState::NotChecked),
        (Some(sent), Some(own)) if own.hash().ct_eq(&sent).into() => Ok(BindingsState::Bound),
        (Some(_), Some(_)) => Err(Rejection::BindingsMismatch),
        (None, Some(_)) if required || offered.promised => Err(Rejection::BindingsMissing),
        (None, Some(_)) => Ok(BindingsState::Absent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A14: every cell of the table.
    #[test]
    fn a14_every_cell() {
        use BindingsMode::{IfOffered, Ignore, Require};
        use BindingsState::{Absent, Bound, NotChecked};
        let own = ChannelBindings::tls_server_end_point(&[1; 32]);
        let (none, zero, same, other) = (None, Some([0; 16]), Some(own.hash()), Some([9; 16]));
        let missing = Err(Rejection::BindingsMissing);
        let mismatch = Err(Rejection::BindingsMismatch);
        let accepted = Ok::<_, Rejection>;
        // What the client sent; its answer with IfOffered, IfOffered and promised, Require, Ignore.
        let acceptor_set = [
            (
                none,
                [
                    accepted(Absent),
                    missing.clone(),
                    missing.clone(),
                    accepted(NotChecked),
                ],
            ),
            (
                zero,
                [
                    accepted(Absent),
                    missing.clone(),
                    missing.clone(),
                    accepted(NotChecked),
                ],
            ),
            (
                same,
                [
                    accepted(Bound),
                    accepted(Bound),
                    accepted(Bound),
                    accepted(NotChecked),
                ],
            ),
            (
                other,
                [mismatch.clone(), mismatch.clone(), mismatch, accepted(NotChecked)],
            ),
        ];
        let acceptor_none = [
            (
                none,
                [
                    accepted(Absent),
                    accepted(Absent),
                    accepted(Absent),
                    accepted(NotChecked),
                ],
            ),
            (
                zero,
                [accepted(Absent), accepted(Absent), missing, accepted(NotChecked)],
            ),
            (
                same,
                [
                    accepted(NotChecked),
                    accepted(NotChecked),
                    accepted(NotChecked),
                    accepted(NotChecked),
                ],
            ),
        ];
        let modes = [
            (IfOffered, false),
            (IfOffered, true),
            (Require, false),
            (Ignore, true),
        ];
        for (rows, own) in [(&acceptor_set[..], Some(&own)), (&acceptor_none[..], None)] {
            for (hash, expected) in rows {
                for ((mode, promised), expected) in modes.iter().zip(expected) {
                    let offered = Offered {
                        hash: *hash,
                        promised: *promised,
                    };
                    let state = compare(*mode, offered, own);
                    assert_eq!(
                        state,
                        *expected,
                        "{mode:?} {offered:?} acceptor {}",
                        own.is_some()
                    );
                }
            }
        }
    }
}
