//! `adctl login`

use std::io::{IsTerminal, stdin};

use adlib::{Authenticator, Config, Evidence, Identity, Mechanism, Password, Refusal, Sid, SignInError};
use serde_json::{Value, json};

use crate::{
    arguments::Login,
    object,
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
        .map(|group| json!({ "sid": group.sid().map(ToString::to_string), "name": group.name() }))
        .collect();
    let json = json!({
        "verdict": "accepted",
        "mechanism": evidence.mechanism.as_str(),
        "user": identity.account(),
        "upn": identity.upn(),
        "domain": identity.domain(),
        "sid": identity.sid().map(ToString::to_string),
        "key": identity.key().map(ToString::to_string),
        "full_name": identity.full_name(),
        "groups": groups,
        "profile": identity.profile(),
        "evidence": evidence_json(evidence),
    });
    let mut text = format!(
        "accepted: {} ({})\n  domain  {}\n  upn     {}\n  sid     {}\n",
        identity.account(),
        identity.full_name().unwrap_or("no full name"),
        identity.domain(),
        identity.upn().unwrap_or("none"),
        shown(identity.sid()),
    );
    for group in identity.groups() {
        let name = group.name().unwrap_or("-");
        text.push_str(&format!("  group   {name}  {}\n", shown(group.sid())));
    }
    text.push_str(&format!("  source  {}\n", evidence.source));
    text.push_str(&format!("  by {}\n", evidence_text(&evidence.mechanism)));
    if let Some(reason) = &evidence.fallback {
        text.push_str(&format!("  in place of kerberos: {reason}\n"));
    }
    Outcome {
        clean: true,
        json,
        text: text.into(),
    }
}

fn shown(sid: Option<&Sid>) -> String {
    sid.map_or_else(|| "no sid".to_owned(), Sid::to_string)
}

fn evidence_json(evidence: &Evidence) -> Value {
    let fallback = evidence
        .fallback
        .as_ref()
        .map(|refusal| json!({ "reason": refusal.reason().as_str(), "detail": refusal.detail() }));
    let common = json!({
        "source": evidence.source.to_string(),
        "account_dn": evidence.account_dn,
        "fallback": fallback,
    });
    let of_mechanism = match &evidence.mechanism {
        Mechanism::Kerberos(kerberos) => json!({
            "service": kerberos.service,
            "ticket_etype": kerberos.ticket_etype,
            "session_etype": kerberos.session_etype,
            "kvno": kerberos.kvno,
            "clock_difference_s": kerberos.clock_difference_s,
            "pac": kerberos.pac,
            "bindings": kerberos.bindings,
        }),
        Mechanism::Ntlm(ntlm) => json!({
            "controller": ntlm.controller,
            "controller_authenticated": ntlm.controller_authenticated,
            "bindings": ntlm.bindings,
            "clock_difference_s": ntlm.clock_difference_s,
        }),
        Mechanism::Bind(bind) => json!({ "server": bind.server }),
        _ => json!({}),
    };
    object::with(of_mechanism, common)
}

fn evidence_text(mechanism: &Mechanism) -> String {
    match mechanism {
        Mechanism::Kerberos(kerberos) => format!(
            "kerberos: ticket for {} (etype {}, kvno {}), PAC {}, clocks {} s apart",
            kerberos.service, kerberos.ticket_etype, kerberos.kvno, kerberos.pac, kerberos.clock_difference_s
        ),
        Mechanism::Ntlm(ntlm) => {
            let proven = match ntlm.controller_authenticated {
                true => "which proved itself by its certificate",
                false => "which did NOT prove itself",
            };
            format!(
                "ntlm: a bind at {}, {proven}, bindings {}",
                ntlm.controller, ntlm.bindings
            )
        }
        Mechanism::Bind(bind) => format!("a bind as that entry at {}", bind.server),
        other => other.as_str().to_owned(),
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
