//! `adctl ntlm verify`

use adlib::{
    Password,
    ntlm::{AwaitingAuthenticate, Evidence, NtHash, Policy, Session},
};
use adlib_core::FileTime;
use serde_json::json;

use super::arguments::Verify;
use crate::{
    input,
    outcome::{Outcome, Stopped},
    refusal::Refusal,
    rows::Rows,
    token,
};

pub(super) fn verify(call: &Verify) -> Result<Outcome, Stopped> {
    let hash = hash(call)?;
    let mut policy = Policy::default();
    policy.danger_accept_v1 = call.allow_v1;
    policy.danger_accept_weak_keys = call.allow_v1;
    let now = match &call.at {
        Some(at) => FileTime::from_unix(input::time(Some(at))?),
        None => {
            policy.clock_tolerance = None;
            FileTime(0)
        }
    };
    let bindings = call.bindings.as_deref().map(input::bindings_hash).transpose()?;
    let messages = [&call.negotiate, &call.challenge, &call.authenticate].map(|file| input::read(file));
    let [negotiate, challenge, authenticate] = messages;
    let messages = [negotiate?, challenge?, authenticate?].map(token::bytes);
    Ok(match judge(&messages, &policy, now, bindings, &hash) {
        Ok(session) => accepted(&session, call.show_secrets),
        Err(refusal) => refusal.outcome(),
    })
}

/// The hash, or that of the password.
fn hash(call: &Verify) -> Result<NtHash, Stopped> {
    if let Some(hex) = &call.secret.nt_hash {
        let bytes = input::hex(hex).and_then(|bytes| bytes.try_into().ok());
        return bytes
            .map(NtHash::new)
            .ok_or_else(|| Stopped::new("--nt-hash: expected 16 bytes in hexadecimal"));
    }
    let file = call.secret.password_file.as_deref();
    let file = file.ok_or_else(|| Stopped::new("expected --nt-hash or --password-file"))?;
    let text = String::from_utf8(input::read(file)?).map(Password::new);
    let text = text.map_err(|_| input::at_fault(file, "the password is not UTF-8"))?;
    let password = text.expose().lines().next().unwrap_or_default();
    Ok(NtHash::from_password(password.into()))
}

fn judge(
    messages: &[Vec<u8>; 3],
    policy: &Policy,
    now: FileTime,
    bindings: Option<[u8; 16]>,
    hash: &NtHash,
) -> Result<Session, Refusal> {
    let [negotiate, challenge, authenticate] = messages;
    let awaiting = AwaitingAuthenticate::from_transcript(token::ntlm(negotiate)?, token::ntlm(challenge)?)?;
    let pending = awaiting.authenticate(token::ntlm(authenticate)?, policy, now, bindings)?;
    Ok(pending.verify(hash)?)
}

fn accepted(session: &Session, show_secrets: bool) -> Outcome {
    let account = session.account();
    let evidence = session.evidence();
    let of = |show: fn(&Evidence) -> Option<&str>| evidence.and_then(show);
    let session_key = show_secrets.then(|| input::to_hex(session.key().expose()));
    let json = json!({
        "verdict": "accepted",
        "user": account.map(|account| &account.user),
        "domain": account.map(|account| &account.domain),
        "workstation": session.workstation(),
        "version": of(|evidence| Some(evidence.response.as_str())),
        "mic": of(|evidence| Some(evidence.mic.as_str())),
        "bindings": of(|evidence| Some(evidence.bindings.as_str())),
        "target_name": of(|evidence| evidence.target_name.as_deref()),
        "clock_difference_s": evidence.and_then(|evidence| evidence.clock_difference_s),
        "flags": session.flags().names().collect::<Vec<_>>(),
        "session_key": session_key,
    });
    let mut rows = Rows::default();
    rows.add("user", account.map(|account| &account.user));
    rows.add("domain", account.map(|account| &account.domain));
    rows.add("workstation", Some(session.workstation()));
    rows.add("version", of(|evidence| Some(evidence.response.as_str())));
    rows.add("MIC", of(|evidence| Some(evidence.mic.as_str())));
    rows.add("bindings", of(|evidence| Some(evidence.bindings.as_str())));
    rows.add("target name", of(|evidence| evidence.target_name.as_deref()));
    rows.add("session key", session_key);
    Outcome {
        clean: true,
        json,
        text: format!("accepted\n{rows}").into(),
    }
}
