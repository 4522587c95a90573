//! `cargo xtask bench`: where we stand, in one table and in `target/bench.json`.
//!
//! Each bench prints one JSON object a line for each row; this collects them.

use std::fs;

use serde_json::Value;
use tabled::{
    builder::Builder,
    settings::{Alignment, Style, object::Columns},
};

use crate::{
    command::{cargo, watch},
    failure::Failure,
    lab::RunningLab,
    python, tool,
    workspace::Workspace,
};

/// The columns between name and unit: key, decimals.
const COLUMNS: [(&str, usize); 5] = [
    ("ours", 1),
    ("peer", 1),
    ("floor", 1),
    ("ratio_to_peer", 2),
    ("ratio_to_floor", 2),
];

/// Runs the benches, prints the table and writes the file.
///
/// # Errors
/// When a bench fails, prints what is no row, or the file cannot be written.
pub(crate) fn run(options: &[&str]) -> Result<(), Failure> {
    let mut command = cargo(&["bench", "--package", "adlib-benches", "--benches", "--"]);
    let mut wants_lab = true;
    for &option in options {
        match option {
            "--quick" => drop(command.arg("--quick")),
            "--no-lab" => wants_lab = false,
            _ => return Err(Failure::new(format!("bench: no option `{option}`"))),
        }
    }
    python::ensure(&python::BENCHES)?;
    let _lab = if wants_lab {
        tool::ensure_peers()?;
        Some(RunningLab::start()?)
    } else {
        None
    };
    let mut rows = Vec::new();
    let mut bad = None;
    watch(command, |line| {
        if line.starts_with('{') {
            match serde_json::from_str::<Value>(line) {
                Ok(row) => rows.push(row),
                Err(error) => bad = Some(error),
            }
        }
    })?;
    if let Some(error) = bad {
        return Err(error.into());
    }
    print!("{}", table(&rows));
    let path = Workspace::load()?.target_directory.join("bench.json");
    fs::write(&path, serde_json::to_string_pretty(&rows)? + "\n")?;
    println!("written to {}", path.display());
    Ok(())
}

/// The rows as text, with a headline.
fn table(rows: &[Value]) -> String {
    let mut table = Builder::new();
    let names = COLUMNS.iter().map(|(key, _)| *key);
    table.push_record(["name"].into_iter().chain(names).chain(["unit", "bar"]));
    for row in rows {
        table.push_record(record(row));
    }
    let mut table = table.build();
    let numbers = Columns::new(1..=COLUMNS.len());
    table.with(Style::empty()).modify(numbers, Alignment::right());
    format!("{table}\n")
}

fn record(row: &Value) -> Vec<String> {
    let word = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or("-").to_owned();
    let number = |&(key, decimals): &(&str, usize)| match row.get(key).and_then(Value::as_f64) {
        Some(number) => format!("{number:.decimals$}"),
        None => "-".to_owned(),
    };
    let met = match row.get("met").and_then(Value::as_bool) {
        Some(true) => ": met",
        Some(false) => ": NOT met",
        None => "",
    };
    let mut record = vec![word("name")];
    record.extend(COLUMNS.iter().map(number));
    record.extend([word("unit"), word("bar") + met]);
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_any_length_are_in_line() {
        let short = serde_json::json!({
            "name": "upn/resolve", "ours": 41.26, "peer": null, "floor": 20.0, "ratio_to_peer": null,
            "ratio_to_floor": 2.06, "unit": "ns", "bar": "below 100 ns", "met": true,
        });
        let mut long = short.clone();
        long["name"] = "kdc/sign in, a ticket bought and verified at a controller".into();
        long["peer"] = 1_149_014_630.04.into();
        long["met"] = false.into();
        let text = table(&[short, long]);
        let [head, short, long] = text.lines().collect::<Vec<_>>()[..] else {
            panic!("{text}");
        };
        assert_eq!(head.find("unit"), short.find("ns "), "{text}");
        assert_eq!(head.find("unit"), long.find("ns "), "{text}");
        assert!(short.contains(" 41.3 "), "{text}");
        assert!(long.contains(" 1149014630.0 "), "{text}");
        assert!(short.trim_end().ends_with("below 100 ns: met"), "{text}");
        assert!(long.trim_end().ends_with("below 100 ns: NOT met"), "{text}");
    }
}
