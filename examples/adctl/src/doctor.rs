//! `adctl doctor`

use adlib::{Check, CheckState, Config, Doctor, Examination, Problem};
use serde_json::{Value, json};
use tabled::{
    builder::Builder,
    settings::{
        Color, Style, Width,
        object::{Columns, Rows},
    },
};

use crate::{
    arguments,
    outcome::{Outcome, Stopped, Text, visible},
    progress::Bar,
};

/// What was seen is broken into lines of this many characters.
const WIDEST: usize = 72;

pub(crate) async fn doctor(arguments: &arguments::Doctor) -> Result<Outcome, Stopped> {
    let config = Config::read(&arguments.config)?;
    let bar = Bar::of_entries();
    let examination = Doctor::new(&config)
        .examine_with_progress(|check| bar.look(check))
        .await;
    bar.clear();
    Ok(Outcome {
        clean: examination.is_healthy(),
        json: json(&examination),
        text: Text::Styled(text(&examination)),
    })
}

fn json(examination: &Examination) -> Value {
    let checks: Vec<Value> = examination
        .checks
        .iter()
        .map(|check| {
            let needs = match &check.state {
                CheckState::Skipped { needs } => json!({ "check": needs.kind.as_str(), "of": needs.of }),
                _ => Value::Null,
            };
            json!({
                "check": check.name.kind.as_str(),
                "of": check.name.of,
                "state": check.state.as_str(),
                "problem": check.problem().map(Problem::as_str),
                "seen": Some(&check.seen).filter(|seen| !seen.is_empty()),
                "remedy": check.problem().map(Problem::remedy),
                "needs": needs,
            })
        })
        .collect();
    json!({ "healthy": examination.is_healthy(), "checks": checks })
}

fn text(examination: &Examination) -> String {
    let mut builder = Builder::default();
    builder.push_record(["", "check", "of", "seen"]);
    for check in &examination.checks {
        builder.push_record([
            check.state.as_str().to_owned(),
            check.name.kind.to_string(),
            cell(&check.name.of),
            cell(&seen(check)),
        ]);
    }
    let mut table = builder.build();
    table.with(Style::rounded());
    table.modify(Columns::last(), Width::wrap(WIDEST).keep_words(true));
    for (index, check) in examination.checks.iter().enumerate() {
        table.modify(Rows::one(index + 1), color(&check.state));
    }
    format!("{table}\n{}\n", verdict(examination))
}

/// What was seen, and what to do.
fn seen(check: &Check) -> String {
    match &check.state {
        CheckState::Skipped { needs } if check.seen.is_empty() => format!("needs the {needs}"),
        CheckState::Skipped { needs } => format!("needs the {needs}; {}", check.seen),
        _ => match check.problem() {
            Some(problem) => format!("{} ({}): {}", check.seen, problem.as_str(), problem.remedy()),
            None => check.seen.clone(),
        },
    }
}

fn color(state: &CheckState) -> Color {
    match state {
        CheckState::Ok => Color::FG_GREEN,
        CheckState::Warning(_) => Color::FG_YELLOW,
        CheckState::Failed(_) => Color::FG_RED,
        CheckState::Skipped { .. } => Color::FG_BRIGHT_BLACK,
    }
}

fn verdict(examination: &Examination) -> String {
    let count = |state: &str| {
        let checks = examination.checks.iter();
        checks.filter(|check| check.state.as_str() == state).count()
    };
    format!(
        "{} ok, {} warnings, {} failed, {} skipped",
        count("ok"),
        count("warning"),
        count("failed"),
        count("skipped")
    )
}

/// One line that obeys nobody (A61).
fn cell(text: &str) -> String {
    visible(text).replace('\n', " ")
}
