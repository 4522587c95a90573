//! `adctl sync`

mod table;

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use adlib::{
    Config, Syncer,
    sync::{
        self, ApprovedPlan, Explanation, Field, Guard, ManualRun, Plan, Rejection, Trigger,
        store::{Begin, Cursors, DigestKey, MemoryStore, Revision, Store, StoreState},
    },
};
use adlib_examples::{SqliteStore, SqliteStoreError};
use serde_json::{Value, json};

use crate::{
    arguments::{Apply, Explain, Preview, WhatIf},
    object,
    outcome::{Outcome, Stopped, Text, tame},
    output_file,
    progress::Bar,
};

pub(crate) async fn preview(arguments: &Preview) -> Result<Outcome, Stopped> {
    let (_, plan) = plan(&arguments.config, manual(arguments.delete_missing).into()).await?;
    let json = serde_json::to_value(&plan)?;
    if let Some(file) = &arguments.html {
        write(file, &plan.to_html())?;
    }
    if let Some(file) = &arguments.plan {
        write(file, &format!("{}\n", tame(&json)))?;
    }
    Ok(Outcome {
        clean: !plan.is_stopped(),
        json,
        text: Text::Styled(table::of(&plan)),
    })
}

pub(crate) async fn apply(arguments: &Apply) -> Result<Outcome, Stopped> {
    let approved = arguments.plan.as_deref().map(approved).transpose()?;
    let mut run = manual(arguments.delete_missing);
    for guard in &arguments.allow {
        run = run.allowing(guard.parse::<Guard>()?);
    }
    let (store, plan) = plan(&arguments.config, run.into()).await?;
    if let Some(approved) = approved {
        approved.check(&plan)?;
    }
    let json = serde_json::to_value(&plan)?;
    let bar = Bar::of_operations();
    let applied = plan
        .apply_with_progress(&store, |progress| bar.operations(progress))
        .await;
    bar.clear();
    match applied {
        Ok(report) => Ok(Outcome {
            clean: true,
            json,
            text: Text::Styled(format!("{}{report}\n", table::of(&plan))),
        }),
        Err(sync::Error::Refused(Rejection::Guards(_))) => Ok(Outcome {
            clean: false,
            json,
            text: Text::Styled(table::of(&plan)),
        }),
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn explain(arguments: &Explain) -> Result<Outcome, Stopped> {
    let config = configuration(&arguments.config)?;
    let store = MemoryStore::new(DigestKey::new([0; 32]));
    let bar = Bar::of_entries();
    let explanation = Syncer::from_config(&config, &store)?
        .explain(&arguments.user)
        .await;
    bar.clear();
    let explanation = explanation?;
    Ok(Outcome {
        clean: explanation.in_scope,
        json: object::with(
            serde_json::to_value(&explanation)?,
            json!({ "fields": fields(&explanation) }),
        ),
        text: explanation.to_string().into(),
    })
}

/// The fields as objects, a PIN without its digits.
fn fields(explanation: &Explanation) -> Vec<Value> {
    let fields = explanation.fields.iter();
    fields
        .map(|(field, value, source)| match field {
            Field::Pin => json!({ "field": field, "value": "present", "source": source }),
            _ => json!({ "field": field, "value": value, "source": source }),
        })
        .collect()
}

pub(crate) async fn what_if(arguments: &WhatIf) -> Result<Outcome, Stopped> {
    let config = configuration(&arguments.config)?;
    let other = Config::read(&arguments.against)?.sync.options();
    let store = MemoryStore::new(DigestKey::new([0; 32]));
    let bar = Bar::of_entries();
    let what_if = Syncer::from_config(&config, &store)?.what_if(&other).await;
    bar.clear();
    let what_if = what_if?;
    Ok(Outcome {
        clean: true,
        json: serde_json::to_value(&what_if)?,
        text: Text::Styled(table::of(what_if.difference())),
    })
}

fn configuration(file: &Path) -> Result<Config, Stopped> {
    let config = Config::read(file)?;
    if config.directory.is_none() {
        return Err(in_file(file, "there is no [directory]"));
    }
    Ok(config)
}

fn manual(delete_missing: bool) -> ManualRun {
    let run = ManualRun::default();
    if delete_missing {
        run.deleting_missing()
    } else {
        run
    }
}

/// The store of the configuration, and what a run would do to it.
async fn plan(file: &Path, trigger: Trigger) -> Result<(StoreFile, Plan), Stopped> {
    let config = configuration(file)?;
    let store = store_of(file, &config)?;
    let syncer = Syncer::from_config(&config, &store)?.with_trigger(trigger);
    let bar = Bar::of_entries();
    let plan = syncer
        .preview_with_progress(|progress| bar.entries(progress))
        .await;
    bar.clear();
    drop(syncer);
    Ok((store, plan?))
}

fn store_of(file: &Path, config: &Config) -> Result<StoreFile, Stopped> {
    let path = config.sync.store.clone();
    Ok(StoreFile {
        path: path.ok_or_else(|| in_file(file, "there is no `store` in [sync]"))?,
        opened: OnceLock::new(),
    })
}

fn in_file(file: &Path, what: impl std::fmt::Display) -> Stopped {
    Stopped::new(format_args!("{}: {what}", file.display()))
}

/// The store, opened when it is first asked: a source that cannot be read leaves no file behind.
struct StoreFile {
    path: PathBuf,
    opened: OnceLock<SqliteStore>,
}

impl StoreFile {
    fn opened(&self) -> Result<&SqliteStore, SqliteStoreError> {
        if let Some(store) = self.opened.get() {
            return Ok(store);
        }
        let store = SqliteStore::open(&self.path)?;
        Ok(self.opened.get_or_init(|| store))
    }
}

impl Store for StoreFile {
    type Error = SqliteStoreError;
    type Run = <SqliteStore as Store>::Run;

    async fn load(&self) -> Result<StoreState, SqliteStoreError> {
        self.opened()?.load().await
    }

    async fn cursors(&self) -> Result<Cursors, SqliteStoreError> {
        self.opened()?.cursors().await
    }

    async fn begin(&self, revision: &Revision) -> Result<Begin<Self::Run>, SqliteStoreError> {
        self.opened()?.begin(revision).await
    }
}

/// The plan that `preview --plan` wrote.
fn approved(file: &Path) -> Result<ApprovedPlan, Stopped> {
    let mut json = Vec::new();
    // One byte more than a plan may have, so that what is longer is told apart.
    let limit = u64::try_from(ApprovedPlan::MAX_BYTES)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let read = File::open(file).and_then(|file| file.take(limit).read_to_end(&mut json));
    read.map_err(|error| in_file(file, error))?;
    ApprovedPlan::parse(&json).map_err(|error| in_file(file, error))
}

fn write(file: &Path, text: &str) -> Result<(), Stopped> {
    output_file::replace(file, text.as_bytes())
        .map_err(|error| Stopped::new(format_args!("{}: {error}", file.display())))
}
