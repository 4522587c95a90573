//! `adctl kerberos keytab`

use std::path::Path;

use adlib::kerberos::{KeytabEntry, UnusableEntry};
use serde_json::{Value, json};

use crate::{
    input,
    outcome::{Outcome, Stopped},
};

pub(super) fn list(file: &Path) -> Result<Outcome, Stopped> {
    let keytab = input::keytab(file)?;
    let mut text = format!("{:>5}  {:20}  {:31}  principal\n", "kvno", "written", "type");
    for entry in keytab.entries() {
        text.push_str(&line(entry));
    }
    for entry in keytab.unusable() {
        text.push_str(&unusable_line(entry));
    }
    let entries: Vec<Value> = keytab.entries().iter().map(json_of).collect();
    let unusable: Vec<Value> = keytab.unusable().iter().map(unusable_json).collect();
    Ok(Outcome {
        clean: true,
        json: json!({ "entries": entries, "unusable": unusable }),
        text: text.into(),
    })
}

fn json_of(entry: &KeytabEntry) -> Value {
    json!({
        "principal": entry.principal.to_string(),
        "kvno": entry.kvno,
        "etype": entry.key.etype().number(),
        "timestamp": entry.timestamp.to_string(),
    })
}

fn unusable_json(entry: &UnusableEntry) -> Value {
    json!({
        "principal": entry.principal.to_string(),
        "kvno": entry.kvno,
        "etype": entry.etype.number(),
        "timestamp": entry.timestamp.to_string(),
        "reason": entry.etype.to_string(),
    })
}

fn line(entry: &KeytabEntry) -> String {
    format!(
        "{:5}  {}  {:31}  {}\n",
        entry.kvno,
        entry.timestamp,
        entry.key.etype().to_string(),
        entry.principal
    )
}

fn unusable_line(entry: &UnusableEntry) -> String {
    format!(
        "{:5}  {}  {:31}  {}: {}\n",
        entry.kvno, entry.timestamp, "unusable", entry.principal, entry.etype
    )
}
