//! `adctl kerberos inspect`

use std::path::Path;

use adlib::{
    kerberos::inspect::{Inspection, Value, inspect},
    spnego::sniff,
};
use serde_json::json;

use crate::{
    input, object,
    outcome::{Outcome, Stopped},
    refusal::Refusal,
    token,
};

pub(super) fn explain(file: &Path) -> Result<Outcome, Stopped> {
    let bytes = token::bytes(input::read(file)?);
    let explained = token::inner(&bytes).and_then(|inner| Ok(inspect(inner)?));
    Ok(match explained {
        Ok(inspection) => outcome(&bytes, &inspection),
        Err(refusal) => refusal.outcome(),
    })
}

/// A token, for a machine and for a person.
pub(crate) fn explained(token: &[u8]) -> Result<(serde_json::Value, String), Refusal> {
    let inspection = inspect(token)?;
    Ok((object_of(&inspection), inspection.to_string()))
}

fn object_of(inspection: &Inspection) -> serde_json::Value {
    let object = json!({ "kind": inspection.kind, "mechanism": inspection.mechanism });
    object::with(object, json_of(&inspection.fields))
}

fn outcome(bytes: &[u8], inspection: &Inspection) -> Outcome {
    let wrapping = sniff(bytes).to_string();
    let wrapping = wrapping.starts_with("neg-token").then_some(wrapping);
    let text = match &wrapping {
        Some(wrapping) => format!("in SPNEGO: {wrapping}\n{inspection}"),
        None => inspection.to_string(),
    };
    Outcome {
        clean: true,
        json: object::with(object_of(inspection), json!({ "spnego": wrapping })),
        text: text.into(),
    }
}

fn json_of(value: &Value) -> serde_json::Value {
    match value {
        Value::Bool(yes) => json!(yes),
        Value::Number(number) => json!(number),
        Value::Text(text) => json!(text),
        Value::Time(time) => json!(time.to_string()),
        Value::List(values) => values.iter().map(json_of).collect(),
        Value::Fields(fields) => object::of(fields.iter().map(|(name, value)| (*name, json_of(value)))),
        _ => serde_json::Value::Null,
    }
}
