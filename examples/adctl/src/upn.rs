//! `adctl upn`

use std::path::Path;

use adlib::{LogonName, SuffixMap};
use serde_json::json;

use crate::outcome::{Outcome, Stopped};

pub(crate) fn check(file: &Path) -> Result<Outcome, Stopped> {
    let parsed = SuffixMap::parse(&read(file)?);
    let mut text = format!("{}: {} mappings in force\n", file.display(), parsed.map.len());
    let mut errors = Vec::new();
    for diagnostic in &parsed.diagnostics {
        let (line, column) = (diagnostic.line, diagnostic.columns.start);
        let problem = &diagnostic.problem;
        errors.push(json!({ "line": line, "column": column, "message": problem.to_string() }));
        text.push_str(&format!(
            "{}:{line}:{column}: {problem}\n  help: {}\n",
            file.display(),
            problem.help()
        ));
    }
    let json = json!({ "mappings": parsed.map.len(), "errors": errors });
    Ok(Outcome {
        clean: errors.is_empty(),
        json,
        text,
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
                let text = candidates.join("\n");
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
                    text: format!("refused: {error}"),
                }
            }
        },
    )
}

fn read(file: &Path) -> Result<Vec<u8>, Stopped> {
    std::fs::read(file).map_err(|error| Stopped::new(format_args!("{}: {error}", file.display())))
}
