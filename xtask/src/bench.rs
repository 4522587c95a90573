//! `cargo xtask bench`: where we stand, in one table and in `target/bench.json`.
//!
//! Each bench prints one JSON object a line for each row; this collects them.

use std::fs;

use serde_json::Value;

use crate::{
    command::{cargo, watch},
    failure::Failure,
    lab::RunningLab,
    python, tool,
    workspace::Workspace,
};

/// The columns of the table: key, width, decimals.
const COLUMNS: &[(&str, usize, usize)] = &[
    ("ours", 10, 1),
    ("peer", 10, 1),
    ("floor", 10, 1),
    ("ratio_to_peer", 14, 2),
    ("ratio_to_floor", 15, 2),
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
    let mut text = format!("{:<40}", "name");
    for (key, width, _) in COLUMNS {
        text.push_str(&format!("{key:>width$}"));
    }
    text.push_str("  unit  bar\n");
    for row in rows {
        text.push_str(&line(row));
        text.push('\n');
    }
    text
}

fn line(row: &Value) -> String {
    let word = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or("-");
    let mut text = format!("{:<40}", word("name"));
    for &(key, width, decimals) in COLUMNS {
        match row.get(key).and_then(Value::as_f64) {
            Some(number) => text.push_str(&format!("{number:>width$.decimals$}")),
            None => text.push_str(&format!("{:>width$}", "-")),
        }
    }
    text.push_str(&format!("  {:<4}  {}", word("unit"), word("bar")));
    match row.get("met").and_then(Value::as_bool) {
        Some(true) => text.push_str(": met"),
        Some(false) => text.push_str(": NOT met"),
        None => {}
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_without_a_peer_still_has_its_columns() {
        let row = serde_json::json!({
            "name": "upn/resolve", "ours": 41.26, "peer": null, "floor": 20.0, "ratio_to_peer": null,
            "ratio_to_floor": 2.06, "unit": "ns", "bar": "below 100 ns", "met": true,
        });
        let line = line(&row);
        assert!(line.starts_with("upn/resolve "), "{line}");
        assert!(line.contains(" 41.3 "), "{line}");
        assert!(line.ends_with("  ns    below 100 ns: met"), "{line}");
        assert_eq!(table(&[row]).lines().count(), 2);
    }
}
