//! `adctl directory changes`

use std::{fs, io::ErrorKind, path::Path};

use adlib::{
    ChangedDomain, Config, Directory,
    schema::read::{
        Completeness,
        changes::{Change, ChangeKind, Proof, RecordKind, Replica},
    },
};
use serde_json::{Value, json};
use tabled::{builder::Builder, settings::Style};

use crate::{
    arguments::Changes,
    outcome::{Outcome, Stopped},
    output_file,
    progress::Bar,
};

pub(crate) async fn changes(arguments: &Changes) -> Result<Outcome, Stopped> {
    let config = Config::read(&arguments.config)?;
    let section = config.directory.as_ref();
    let section = section.ok_or_else(|| {
        Stopped::new(format_args!(
            "{}: there is no [directory]",
            arguments.config.display()
        ))
    })?;
    let directory = Directory::from_config(section, &config.sync)?;
    let (mut replica, damage) = last(&arguments.cursor)?;
    let bar = Bar::of_entries();
    let found = directory
        .changes_with_progress(&mut replica, |progress| bar.entries(progress))
        .await?;
    bar.clear();
    output_file::replace(&arguments.cursor, &replica.encode())
        .map_err(|error| Stopped::new(format_args!("{}: {error}", arguments.cursor.display())))?;
    Ok(Outcome {
        clean: matches!(found.read.completeness, Completeness::Complete(_)),
        json: json!({
            "changes": found.changes.iter().map(as_json).collect::<Vec<_>>(),
            "domains": found.domains.iter().map(|domain| how(domain, damage.as_deref())).collect::<Vec<_>>(),
            "complete": matches!(found.read.completeness, Completeness::Complete(_)),
        }),
        text: text(&found.changes, &found.domains, damage.as_deref()).into(),
    })
}

/// What the last call stored, or nothing with what is wrong with it.
fn last(file: &Path) -> Result<(Replica, Option<String>), Stopped> {
    match fs::read(file) {
        Ok(bytes) => Ok(match Replica::decode(&bytes) {
            Ok(replica) => (replica, None),
            Err(error) => (
                Replica::default(),
                Some(format!("what was stored of the last read is damaged: {error}")),
            ),
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok((Replica::default(), None)),
        Err(error) => Err(Stopped::new(format_args!("{}: {error}", file.display()))),
    }
}

fn as_json(change: &Change) -> Value {
    let (mut fields, mut from, mut proof) = (&[][..], None, None);
    match &change.kind {
        ChangeKind::Changed { fields: changed } => fields = changed,
        ChangeKind::Moved { from: dn } => from = Some(dn),
        ChangeKind::Gone { proof: known } => proof = Some(proven(*known)),
        _ => {}
    }
    json!({
        "key": change.key.as_str(),
        "record": record(change.record),
        "dn": change.dn,
        "kind": kind(&change.kind),
        "fields": fields,
        "from": from,
        "proof": proof,
    })
}

fn how(domain: &ChangedDomain, damage: Option<&str>) -> Value {
    json!({
        "domain": domain.domain,
        "method": domain.method.name(),
        "why": domain.why,
        "full": full(domain, damage),
        "entries": domain.entries,
    })
}

/// Why everything was read.
fn full(domain: &ChangedDomain, damage: Option<&str>) -> Option<String> {
    let reason = domain.full.as_ref()?;
    Some(damage.map_or_else(|| reason.to_string(), str::to_owned))
}

const fn record(record: RecordKind) -> &'static str {
    match record {
        RecordKind::User => "user",
        RecordKind::Group => "group",
        RecordKind::Unit => "unit",
        _ => "record",
    }
}

const fn kind(kind: &ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Created => "created",
        ChangeKind::Returned => "returned",
        ChangeKind::Changed { .. } => "changed",
        ChangeKind::Moved { .. } => "moved",
        ChangeKind::Gone { .. } => "gone",
        _ => "other",
    }
}

const fn proven(proof: Proof) -> &'static str {
    match proof {
        Proof::Told => "told",
        Proof::Absent => "absent",
        Proof::NoRecord => "no-record",
        _ => "other",
    }
}

fn text(changes: &[Change], domains: &[ChangedDomain], damage: Option<&str>) -> String {
    let mut table = Builder::default();
    table.push_record(["what", "record", "DN", ""]);
    for change in changes {
        let detail = match &change.kind {
            ChangeKind::Changed { fields } => fields.join(", "),
            ChangeKind::Moved { from } => format!("was {from}"),
            ChangeKind::Gone { proof } => proven(*proof).to_owned(),
            _ => String::new(),
        };
        let (kind, record) = (kind(&change.kind), record(change.record));
        table.push_record([kind, record, change.dn.as_str(), detail.as_str()]);
    }
    let mut text = match changes {
        [] => "Nothing changed.\n".to_owned(),
        _ => format!("{}\n", table.build().with(Style::rounded())),
    };
    for domain in domains {
        let (name, entries, method) = (&domain.domain, domain.entries, domain.method);
        text.push_str(&format!(
            "{name}: {entries} entries read, by {method} ({})\n",
            domain.why
        ));
        if let Some(reason) = full(domain, damage) {
            text.push_str(&format!("{name}: read whole, because {reason}\n"));
        }
    }
    text
}
