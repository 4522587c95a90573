//! `adctl login`

use std::io::{IsTerminal, stdin};

use adlib::{Authenticator, Config, Identity, Password, Refusal, SignInError};
use serde_json::json;

use crate::{
    arguments::Login,
    outcome::{Outcome, Stopped},
};

pub(crate) async fn login(arguments: &Login) -> Result<Outcome, Stopped> {
    let mut config = Config::read(&arguments.config)?;
    if let Some(mode) = arguments.mode {
        config.signin.mode = mode;
    }
    let authenticator = Authenticator::from_config(&config).await?;
    let password = read_password()?;
    match authenticator.sign_in(&arguments.name, &password).await {
        Ok(identity) => Ok(accepted(&identity)),
        Err(SignInError::Refused(refusal)) => Ok(refused(&refusal)),
        Err(SignInError::Failed(error)) => match error.as_refusal() {
            Some(refusal) => Ok(refused(&refusal)),
            None => Err(error.into()),
        },
    }
}

/// The password: typed without an echo on a terminal, else the first line.
fn read_password() -> Result<Password, Stopped> {
    if stdin().is_terminal() {
        return Ok(rpassword::prompt_password("Password: ")?.into());
    }
    let mut line = String::new();
    stdin().read_line(&mut line)?;
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    Ok(line.into())
}

fn accepted(identity: &Identity) -> Outcome {
    let evidence = identity.evidence();
    let groups: Vec<_> = identity
        .groups()
        .iter()
        .map(|group| json!({ "sid": group.sid().to_string(), "name": group.name() }))
        .collect();
    let json = json!({
        "verdict": "accepted",
        "mechanism": evidence.mechanism.as_str(),
        "user": identity.account(),
        "upn": identity.upn(),
        "domain": identity.domain(),
        "sid": identity.sid().to_string(),
        "full_name": identity.full_name(),
        "groups": groups,
        "profile": identity.profile(),
        "evidence": {
            "service": evidence.service,
            "ticket_etype": evidence.ticket_etype,
            "session_etype": evidence.session_etype,
            "kvno": evidence.kvno,
            "clock_difference_s": evidence.clock_difference_s,
            "pac": evidence.pac,
            "bindings": evidence.bindings,
            "account_dn": evidence.account_dn,
        },
    });
    let mut text = format!(
        "accepted: {} ({})\n  domain  {}\n  upn     {}\n  sid     {}\n",
        identity.account(),
        identity.full_name().unwrap_or("no full name"),
        identity.domain(),
        identity.upn().unwrap_or("none"),
        identity.sid(),
    );
    for group in identity.groups() {
        let name = group.name().unwrap_or("-");
        text.push_str(&format!("  group   {name}  {}\n", group.sid()));
    }
    text.push_str(&format!(
        "  by {}: ticket for {} (etype {}, kvno {}), PAC {}, clocks {} s apart\n",
        evidence.mechanism.as_str(),
        evidence.service,
        evidence.ticket_etype,
        evidence.kvno,
        evidence.pac,
        evidence.clock_difference_s,
    ));
    Outcome {
        clean: true,
        json,
        text: text.into(),
    }
}

fn refused(refusal: &Refusal) -> Outcome {
    let json = json!({
        "verdict": "refused",
        "reason": refusal.reason().as_str(),
        "detail": refusal.detail(),
        "user_message": refusal.user_message(),
    });
    let text = format!(
        "refused: {refusal}\nthe user is told: {}\n",
        refusal.user_message()
    );
    Outcome {
        clean: false,
        json,
        text: text.into(),
    }
}
