//! `adctl upn`

mod report;

use std::path::Path;

use adlib::{LogonName, SuffixMap};
use serde_json::json;

use crate::outcome::{Outcome, Stopped};

pub(crate) fn check(file: &Path) -> Result<Outcome, Stopped> {
    let content = read(file)?;
    let parsed = SuffixMap::parse(&content);
    let errors: Vec<_> = parsed
        .diagnostics
        .iter()
        .map(|diagnostic| {
            json!({
                "line": diagnostic.line,
                "column": diagnostic.columns.start,
                "message": diagnostic.problem.to_string(),
            })
        })
        .collect();
    Ok(Outcome {
        clean: errors.is_empty(),
        json: json!({ "mappings": parsed.map.len(), "errors": errors }),
        text: report::of(file, &content, &parsed),
    })
}

pub(crate) fn resolve(file: &Path, name: &str) -> Result<Outcome, Stopped> {
    let in_use = |error| Stopped::new(format_args!("{}: {error}", file.display()));
    let map = SuffixMap::parse(&read(file)?).into_map().map_err(in_use)?;
    Ok(
        match LogonName::parse(name).and_then(|name| name.upn().cloned()) {
            Ok(name) => {
                let candidates: Vec<String> = map
                    .candidates(&name)
                    .map(|candidate| candidate.to_string())
                    .collect();
                let text = candidates.join("\n").into();
                Outcome {
                    clean: true,
                    json: json!({ "candidates": candidates }),
                    text,
                }
            }
            Err(error) => {
                let json = json!({ "candidates": [], "reason": error.reason(), "detail": error.to_string() });
                Outcome {
                    clean: false,
                    json,
                    text: format!("refused: {error}").into(),
                }
            }
        },
    )
}

fn read(file: &Path) -> Result<Vec<u8>, Stopped> {
    std::fs::read(file).map_err(|error| Stopped::new(format_args!("{}: {error}", file.display())))
}
