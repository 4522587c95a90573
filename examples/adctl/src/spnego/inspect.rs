//! `adctl spnego inspect`: what a token says, nothing of it verified, and nothing that a password could be guessed from.

use std::path::Path;

use adlib::spnego::{MechType, NegState, NegTokenInit, NegTokenResp, TokenKind, sniff};
use serde_json::{Value, json};

use crate::{
    input, kerberos, ntlm, object,
    outcome::{Outcome, Stopped},
    refusal::{self, Refusal},
    rows::Rows,
    token,
};

/// A token of SPNEGO, or of a mechanism that came without it.
struct Explained<'a> {
    kind: TokenKind,
    mechs: Vec<String>,
    /// How an answer says that the negotiation stands.
    state: Option<&'static str>,
    mech_list_mic: Option<&'a [u8]>,
    /// The token of the mechanism.
    inner: Option<&'a [u8]>,
}

pub(super) fn inspect(file: &Path) -> Result<Outcome, Stopped> {
    let bytes = token::bytes(input::read(file)?);
    Ok(match explain(&bytes) {
        Ok(explained) => explained.outcome(),
        Err(refusal) => refusal.outcome(),
    })
}

fn explain(token: &[u8]) -> Result<Explained<'_>, Refusal> {
    let kind = sniff(token);
    let raw = |mech: MechType<'_>, inner| Explained {
        kind,
        mechs: vec![mech.to_string()],
        state: None,
        mech_list_mic: None,
        inner,
    };
    Ok(match kind {
        TokenKind::NegTokenInit => init(token)?,
        TokenKind::NegTokenResp => resp(token)?,
        TokenKind::RawKerberos => raw(MechType::KERBEROS, Some(token)),
        TokenKind::RawNtlm => raw(MechType::NTLM, Some(token)),
        TokenKind::UserToUser => raw(MechType::USER_TO_USER, Some(token)),
        TokenKind::NegoEx => raw(MechType::NEGOEX, None),
        TokenKind::Iakerb => raw(MechType::IAKERB, None),
        _ => {
            let detail = "the token is neither SPNEGO, Kerberos nor NTLM";
            return Err(Refusal::malformed(detail));
        }
    })
}

fn init(token: &[u8]) -> Result<Explained<'_>, Refusal> {
    let init = NegTokenInit::decode(token)?;
    Ok(Explained {
        kind: TokenKind::NegTokenInit,
        mechs: init.mech_types.iter().map(ToString::to_string).collect(),
        state: None,
        mech_list_mic: init.mech_list_mic,
        inner: init.mech_token,
    })
}

fn resp(token: &[u8]) -> Result<Explained<'_>, Refusal> {
    let resp = NegTokenResp::decode(token)?;
    let mechs = resp.supported_mech.iter();
    Ok(Explained {
        kind: TokenKind::NegTokenResp,
        mechs: mechs.map(ToString::to_string).collect(),
        state: resp.state.map(state),
        mech_list_mic: resp.mech_list_mic,
        inner: resp.response_token,
    })
}

const fn state(state: NegState) -> &'static str {
    match state {
        NegState::AcceptCompleted => "accept-completed",
        NegState::AcceptIncomplete => "accept-incomplete",
        NegState::Reject => "reject",
        NegState::RequestMic => "request-mic",
    }
}

impl Explained<'_> {
    fn outcome(&self) -> Outcome {
        let mic = self.mech_list_mic.map(<[u8]>::len);
        let json = json!({
            "kind": self.kind.to_string(),
            "mechs": self.mechs,
            "state": self.state,
            "mech_list_mic_bytes": mic,
        });
        let mut rows = Rows::default();
        rows.add("kind", Some(self.kind));
        rows.add_all("mechanism", &self.mechs);
        rows.add("state", self.state);
        rows.add("mechListMIC", mic.map(|bytes| format!("{bytes} bytes")));
        match self.inner.map(inner).transpose() {
            Err(refusal) => refusal::outcome(Some(&refusal), json, rows),
            Ok(token) => {
                let (token, text) = token.unwrap_or_default();
                Outcome {
                    clean: true,
                    json: object::with(json, json!({ "token": token })),
                    text: format!("{rows}{text}").into(),
                }
            }
        }
    }
}

/// The token of a mechanism, for a machine and for a person.
fn inner(token: &[u8]) -> Result<(Value, String), Refusal> {
    match sniff(token) {
        TokenKind::RawNtlm => ntlm::explain(token),
        TokenKind::NegTokenInit | TokenKind::NegTokenResp => Err(Refusal::malformed("SPNEGO within SPNEGO")),
        // An AP-REP, and the answer of an unknown mechanism, are told apart by the decoder.
        _ => kerberos::explain(token),
    }
}
