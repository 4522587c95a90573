//! `adctl kerberos pac`, and what every call says of a PAC.

use std::fmt;

use adlib::kerberos::pac::{
    Claim, ClaimValues, PacContent, PacRejection, PacReport, PacSignatures, UnverifiedPac,
};
use adlib_core::DecodeError;
use serde_json::{Value, json};

use super::arguments::Opened;
use crate::{
    input, object,
    outcome::{Outcome, Stopped},
    refusal::{self, Refusal},
    rows::Rows,
    token,
};

/// What is known of the signatures of a PAC that a service believed.
pub(super) const SERVER_SIGNATURE_VALID: [(&str, &str); 1] = [("server_signature", "valid")];

pub(super) fn report(arguments: &Opened) -> Result<Outcome, Stopped> {
    let key = input::key("--key", &arguments.key)?;
    let controllers = arguments.kdc_key.as_deref();
    let controllers = controllers.map(|key| input::key("--kdc-key", key)).transpose()?;
    let bytes = token::bytes(input::read(&arguments.file)?);
    let report = UnverifiedPac::decode(&bytes).and_then(|pac| pac.report(&key, controllers.as_ref()));
    Ok(match report {
        Ok(report) => outcome(&report),
        Err(PacRejection::Malformed(error)) => Refusal::from(error).outcome(),
        Err(rejection) => Refusal::from(&rejection).outcome(),
    })
}

fn outcome(report: &PacReport) -> Outcome {
    let refusal = report.rejection.as_ref().map(Refusal::from);
    let mut rows = Rows::default();
    report_rows(&mut rows, report);
    refusal::outcome(refusal.as_ref(), json!({ "pac": report_json(report) }), rows)
}

/// What is said of a PAC that was examined.
pub(super) fn report_json(report: &PacReport) -> Value {
    let state = match report.rejection {
        None => "verified",
        Some(_) => "refused",
    };
    json(state, Some(&report.content), &signatures(&report.signatures))
}

/// The same for a person.
pub(super) fn report_rows(into: &mut Rows, report: &PacReport) {
    for (name, state) in signatures(&report.signatures) {
        let label = match name {
            "server_signature" => "server signature",
            "kdc_signature" => "KDC signature",
            "ticket_signature" => "ticket signature",
            _ => "full signature",
        };
        into.add(label, Some(state));
    }
    rows(into, &report.content);
}

fn signatures(signatures: &PacSignatures) -> [(&'static str, &'static str); 4] {
    [
        ("server_signature", signatures.server.as_str()),
        ("kdc_signature", signatures.kdc.as_str()),
        ("ticket_signature", signatures.ticket.as_str()),
        ("full_signature", signatures.full.as_str()),
    ]
}

/// What is said of a PAC with this content, or of none.
pub(super) fn json(state: &str, content: Option<&PacContent>, signatures: &[(&str, &str)]) -> Value {
    let names = content.and_then(PacContent::upn_dns_info);
    let logon = content.and_then(PacContent::logon_info);
    let client = content.and_then(PacContent::client_info);
    let groups = content.map(|content| content.groups().iter().map(ToString::to_string));
    let buffers = content.map(|content| content.buffers().iter().map(|kind| kind.0));
    let object = json!({
        "state": state,
        "buffers": buffers.map(Iterator::collect::<Vec<_>>),
        "server_signature": null,
        "user_sid": content.and_then(PacContent::user_sid).map(|sid| sid.to_string()),
        "primary_group": content.and_then(PacContent::primary_group),
        "groups": groups.map(Iterator::collect::<Vec<_>>),
        "account": content.and_then(PacContent::account),
        "domain": content.and_then(PacContent::domain),
        "upn": content.and_then(PacContent::upn),
        "full_name": content.and_then(PacContent::full_name),
        "dns_domain": content.and_then(PacContent::dns_domain),
        "constructed_upn": names.filter(|names| names.constructed).map(|names| &names.upn),
        "logon_time": content.and_then(PacContent::logon_time).map(|time| time.to_string()),
        "logon_server": logon.map(|logon| &logon.logon_server),
        "client": client.map(|client| &client.name),
        "requestor": content.and_then(PacContent::requestor).map(|sid| sid.to_string()),
        "more": content.map(more),
    });
    let signatures = signatures.iter().map(|(name, state)| (*name, json!(state)));
    object::with(object, object::of(signatures))
}

/// What few PACs have: each a value, `null`, or the word that it cannot be read.
fn more(content: &PacContent) -> Value {
    let delegation = content
        .delegation()
        .map(|info| info.map(|info| json!({ "target": info.target, "transited": info.transited })));
    let device = content
        .device()
        .map(|device| device.map(|device| json!({ "sid": device.sid().map(|sid| sid.to_string()) })));
    let attributes = content.attributes().map(|attributes| {
        attributes.map(|attributes| {
            json!({ "requested": attributes.requested, "given_implicitly": attributes.given_implicitly })
        })
    });
    json!({
        "delegation": readable(delegation),
        "device": readable(device),
        "attributes": readable(attributes),
        "claims": readable(content.claims().map(|claims| claims.map(|claims| claims_json(&claims)))),
        "device_claims": readable(content.device_claims().map(|claims| claims.map(|claims| claims_json(&claims)))),
    })
}

fn readable(value: Result<Option<Value>, DecodeError>) -> Value {
    match value {
        Ok(value) => value.unwrap_or_default(),
        Err(error) => json!({ "malformed": error.to_string() }),
    }
}

/// The claims, by their identifiers.
fn claims_json(claims: &[Claim]) -> Value {
    let values = |claim: &Claim| match &claim.values {
        ClaimValues::Int64(values) => json!(values),
        ClaimValues::Uint64(values) => json!(values),
        ClaimValues::String(values) => json!(values),
        ClaimValues::Boolean(values) => json!(values),
        _ => Value::Null,
    };
    object::of(claims.iter().map(|claim| (claim.id.as_str(), values(claim))))
}

/// The user and the groups, for a person.
pub(super) fn rows(into: &mut Rows, content: &PacContent) {
    let account = content.account().map(|account| match content.domain() {
        Some(domain) => format!("{domain}\\{account}"),
        None => account.to_owned(),
    });
    into.add("account", account);
    into.add("full name", content.full_name());
    into.add("UPN", content.upn());
    into.add("DNS domain", content.dns_domain());
    into.add("user SID", content.user_sid());
    into.add_all("group", content.groups());
    let buffers = content.buffers().iter().map(|kind| kind.0);
    into.add("buffers", Some(Numbers(buffers.collect())));
}

/// Numbers with blanks between them.
struct Numbers(Vec<u32>);

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, number) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { " " };
            write!(f, "{separator}{number}")?;
        }
        Ok(())
    }
}
