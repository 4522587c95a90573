//! Channel bindings: whether the client means this connection (A14, A40).

use subtle::ConstantTimeEq;

use crate::{BindingsMode, BindingsState, Rejection};

/// Compare the client's `MsvAvChannelBindings`, if it sent the pair, with the hash of the acceptor's own bindings.
///
/// ```text
/// client none, acceptor none   accepted, not bound        client set, acceptor none        accepted, not bound
/// client = acceptor            accepted, bound            client set, acceptor different   refused
/// client none, acceptor set    Ignore, IfOffered: accepted, not bound; Require: refused
/// client zero, acceptor set    Ignore: accepted, not bound; else refused: the client knows of bindings, and says
///                              that this connection has none
/// client zero, acceptor none   accepted, not bound; Require: refused
/// ```
///
/// Under Ignore the acceptor's bindings count as none.
///
/// # Errors
/// `BindingsMissing`, `BindingsMismatch`.
pub(super) fn compare(
    mode: BindingsMode,
    offered: Option<[u8; 16]>,
    own: Option<[u8; 16]>,
) -> Result<BindingsState, Rejection> {
    let zero = offered == Some([0; 16]);
    let sent = offered.filter(|_| !zero);
    let required = mode == BindingsMode::Require;
    if zero && required {
        return Err(Rejection::BindingsMissing);
    }
    let own = own.filter(|_| mode != BindingsMode::Ignore);
    match (sent, own) {
        (None, None) if mode != BindingsMode::Ignore => Ok(BindingsState::Absent),
        (_, None) => Ok(BindingsState::NotChecked),
        (Some(sent), Some(own)) if own.ct_eq(&sent).into() => Ok(BindingsState::Bound),
        (Some(_), Some(_)) => Err(Rejection::BindingsMismatch),
        (None, Some(_)) if required || zero => Err(Rejection::BindingsMissing),
        (None, Some(_)) => Ok(BindingsState::Absent),
    }
}
