//! Keeping a store in step with one or more directories.

use std::collections::BTreeMap;

use adlib_core::UnixTime;
use adlib_schema::read::DirectoryRead;
#[cfg(feature = "directory")]
use adlib_schema::read::changes::Replica;
use adlib_sync::{
    Explanation, Plan, Rejection, Report, Source, Sources, Store, SyncOptions, Trigger, WhatIf,
    store::{Cursor, Cursors},
};

use crate::{Directory, Error, Nightly, Progress};

/// Makes the plan that brings a store in step with its directories (R33).
///
/// ```no_run
/// use adlib::{Directory, Syncer, sync::{Store, SyncOptions}};
///
/// # async fn run(store: impl Store) -> Result<(), Box<dyn std::error::Error>> {
/// let directory = Directory::from_ldif(["corp.ldif"]);
/// let plan = Syncer::new(directory, &store, SyncOptions::default()).preview().await?;
/// println!("{plan}");
/// plan.apply(&store).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Syncer<'s, S> {
    primary: Directory,
    /// The others, by their place.
    further: BTreeMap<Source, Directory>,
    store: &'s S,
    options: SyncOptions,
    trigger: Trigger,
    by_changes: bool,
}

impl<'s, S: Store> Syncer<'s, S> {
    /// For `store`, from one directory, as a manual run that deletes nothing.
    pub fn new(directory: Directory, store: &'s S, options: SyncOptions) -> Self {
        Self {
            primary: directory,
            further: BTreeMap::new(),
            store,
            options,
            trigger: Trigger::manual(),
            by_changes: false,
        }
    }

    /// Reading what changed since the last run, where the store has what that run read and the sources tell what changed;
    /// everything otherwise, and for runs that delete (R28).
    ///
    /// What is read is kept in the store as the cursor of its source, with the last change of the run: all that the schema
    /// reads of everybody, a PIN included, some 1 KB a user. The store must be as confidential as the directory.
    #[must_use]
    pub fn by_changes(self, by_changes: bool) -> Self {
        Self { by_changes, ..self }
    }

    /// With a second directory (R29).
    #[must_use]
    pub fn with_secondary(self, directory: Directory) -> Self {
        self.with_source(Source::Secondary, directory)
    }

    /// With `directory` in the place of `source`: values of sources before it count before its own. A place is a
    /// directory's for good, for the store knows its users by it.
    ///
    /// ```
    /// use adlib::{Directory, Syncer, sync::{Source, SyncOptions, store::{DigestKey, MemoryStore}}};
    ///
    /// let store = MemoryStore::new(DigestKey::new([7; 32])); // Really: random bytes.
    /// let directory = |file| Directory::from_ldif([file]);
    /// let syncer = Syncer::new(directory("corp.ldif"), &store, SyncOptions::default())
    ///     .with_secondary(directory("staff.ldif"))
    ///     .with_source(Source::Third, directory("partners.ldif"));
    /// # drop(syncer);
    /// ```
    #[must_use]
    pub fn with_source(mut self, source: Source, directory: Directory) -> Self {
        match source {
            Source::Primary => self.primary = directory,
            further => drop(self.further.insert(further, directory)),
        }
        self
    }

    /// As a run of another kind: scheduled, or one that deletes or passes guards (R31, R34).
    #[must_use]
    pub fn with_trigger(self, trigger: impl Into<Trigger>) -> Self {
        Self {
            trigger: trigger.into(),
            ..self
        }
    }

    /// What a run would do. The run itself is [`Plan::apply`].
    ///
    /// # Errors
    /// `Unreachable`, `Directory` or `File` when a source cannot be read, `Incomplete` when one was not read to
    /// its end, `Store` when the store cannot be read, `Plan` when the options do not fit the sources. Nothing
    /// has been changed then.
    pub async fn preview(&self) -> Result<Plan, Error> {
        self.preview_with_progress(|_| {}).await
    }

    /// The same, telling `progress` how far the reading has come.
    ///
    /// # Errors
    /// As [`Syncer::preview`].
    pub async fn preview_with_progress(&self, progress: impl FnMut(&Progress) + Send) -> Result<Plan, Error> {
        self.plan(&self.trigger, progress).await
    }

    /// One run as the clock sets it off: imports and updates, and never deletes (R32).
    ///
    /// # Errors
    /// As [`Syncer::preview`], and `Plan` when a guard stops the run or the list was changed in the middle of it,
    /// `Store` when the store fails or another run holds it. What was done until then stays as the store keeps it,
    /// and the next run does the rest (R37).
    pub async fn run_scheduled(&self) -> Result<Report, Error> {
        let plan = self.plan(&Trigger::Scheduled, |_| {}).await?;
        plan.apply(self.store).await.map_err(|error| match error {
            adlib_sync::Error::Refused(Rejection::Busy) => Error::Store(Rejection::Busy.to_string()),
            adlib_sync::Error::Refused(rejection) => Error::Plan(rejection.to_string()),
            adlib_sync::Error::Store { .. } => Error::Store(with_cause(&error)),
        })
    }

    /// A scheduled run every night, for ever; `report` is told what came of each, and when it began.
    ///
    /// One that was due after `last` and has not been is made up for at once. Dropping the future ends it, also in
    /// the middle of a run.
    ///
    /// ```no_run
    /// use adlib::{Directory, Nightly, Syncer, sync::{Store, SyncOptions}};
    ///
    /// # async fn run(store: impl Store) -> Result<(), Box<dyn std::error::Error>> {
    /// let syncer = Syncer::new(Directory::from_ldif(["corp.ldif"]), &store, SyncOptions::default());
    /// let last = None; // Better: when the application's own records say that the last run began.
    /// syncer.run_nightly(&Nightly::at("00:55")?, last, |began, outcome| match outcome {
    ///     Ok(report) => println!("{began}: {report}"),
    ///     Err(error) => eprintln!("{began}: {error}"),
    /// }).await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn run_nightly(
        &self,
        nightly: &Nightly,
        last: Option<UnixTime>,
        report: impl Fn(UnixTime, Result<Report, Error>),
    ) {
        let report = &report;
        let job = |due| async move {
            tracing::info!(%due, "the nightly synchronisation begins");
            let outcome = self.run_scheduled().await;
            match &outcome {
                Ok(report) => tracing::info!(%due, %report, "the nightly synchronisation has ended"),
                Err(error) => tracing::error!(%due, %error, "the nightly synchronisation was stopped"),
            }
            report(due, outcome);
        };
        nightly.run(last, job).await;
    }

    async fn plan(
        &self,
        trigger: &Trigger,
        mut progress: impl FnMut(&Progress) + Send,
    ) -> Result<Plan, Error> {
        let kept = self.kept(trigger).await?;
        let reads = self.read(kept, &mut progress).await?;
        let state = self.store.load().await;
        let state = state.map_err(|error| Error::Store(with_cause(&error)))?;
        let plan = adlib_sync::preview(reads.sources(), &state, &self.options, trigger);
        let plan = plan.map_err(|rejection| refused(&rejection))?;
        let cursors = reads.cursors.into_iter();
        Ok(cursors.fold(plan, |plan, (source, cursor)| plan.with_cursor(source, cursor)))
    }

    /// What the last run read, when this one goes on from it; `None` when everything is read, and nothing is kept.
    async fn kept(&self, trigger: &Trigger) -> Result<Option<Cursors>, Error> {
        if !self.by_changes {
            return Ok(None);
        }
        if trigger.as_manual().is_some_and(|run| run.delete_missing) {
            // Kept for the next one, but begun anew.
            return Ok(Some(Cursors::default()));
        }
        let cursors = self.store.cursors().await;
        cursors
            .map(Some)
            .map_err(|error| Error::Store(with_cause(&error)))
    }

    /// Why the user of this name is brought in, or why not, and which source gave each field. The store is not asked.
    ///
    /// # Errors
    /// As [`Syncer::preview`].
    pub async fn explain(&self, name: &str) -> Result<Explanation, Error> {
        let reads = self.read(None, &mut |_| {}).await?;
        let snapshot =
            adlib_sync::merge(reads.sources(), &self.options).map_err(|rejection| refused(&rejection))?;
        Ok(snapshot.explain(name))
    }

    /// What other options would change in the user list that the present ones make of the same sources. The store is
    /// not asked.
    ///
    /// # Errors
    /// As [`Syncer::preview`].
    pub async fn what_if(&self, other: &SyncOptions) -> Result<WhatIf, Error> {
        let reads = self.read(None, &mut |_| {}).await?;
        adlib_sync::what_if(reads.sources(), &self.options, other).map_err(|rejection| refused(&rejection))
    }

    /// Every source; none when any fails (R29).
    async fn read(
        &self,
        kept: Option<Cursors>,
        progress: &mut (impl FnMut(&Progress) + Send),
    ) -> Result<Reads, Error> {
        let mut cursors = Vec::new();
        let mut kept = kept.as_ref().map(|kept| (kept, &mut cursors));
        let primary = read_source(Source::Primary, &self.primary, &mut kept, &mut *progress).await?;
        let mut further = BTreeMap::new();
        for (source, directory) in &self.further {
            let read = read_source(*source, directory, &mut kept, &mut *progress).await?;
            further.insert(*source, read);
        }
        Ok(Reads {
            primary,
            further,
            cursors,
        })
    }
}

/// What was kept of the last run, and what is to be kept of this one.
type Kept<'a> = Option<(&'a Cursors, &'a mut Vec<(Source, Cursor)>)>;

/// All of a source: by what changed, when anything is kept and the source tells it.
async fn read_source(
    source: Source,
    directory: &Directory,
    kept: &mut Kept<'_>,
    progress: &mut (impl FnMut(&Progress) + Send),
) -> Result<DirectoryRead, Error> {
    #[cfg(feature = "directory")]
    if let Some((last, next)) = kept {
        if let Some(reason) = directory.why_whole() {
            tracing::info!(source = source.as_str(), reason, "read whole");
            return directory.read_with_progress(progress).await;
        }
        let bytes = last.of(source).map(Cursor::as_bytes).unwrap_or_default();
        // What is damaged, or of another version, is as nothing.
        let mut replica = Replica::decode(bytes).unwrap_or_default();
        let changes = directory.changes_with_progress(&mut replica, progress).await?;
        for domain in &changes.domains {
            let (name, method, entries) = (&domain.domain, domain.method, domain.entries);
            match &domain.full {
                None => tracing::info!(%name, %method, entries, "read what changed"),
                Some(reason) => tracing::info!(%name, %method, entries, %reason, "read whole"),
            }
        }
        next.push((source, Cursor::new(replica.encode())));
        return Ok(changes.read);
    }
    #[cfg(not(feature = "directory"))]
    let _ = (source, kept);
    directory.read_with_progress(progress).await
}

/// What was read from each source.
struct Reads {
    primary: DirectoryRead,
    further: BTreeMap<Source, DirectoryRead>,
    /// What is kept of it.
    cursors: Vec<(Source, Cursor)>,
}

impl Reads {
    fn sources(&self) -> Sources<'_> {
        let further = self.further.iter();
        further.fold(Sources::new(&self.primary), |sources, (source, read)| {
            sources.with(*source, read)
        })
    }
}

fn refused(rejection: &Rejection) -> Error {
    match rejection {
        Rejection::Incomplete { .. } => Error::Incomplete(rejection.to_string()),
        _ => Error::Plan(rejection.to_string()),
    }
}

/// The text of `error` and of what caused it.
fn with_cause(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", with_cause(cause)),
        None => error.to_string(),
    }
}

#[cfg(feature = "config")]
mod configured {
    use adlib_sync::Scope;

    use super::*;
    use crate::config::SyncConfig;

    #[cfg(feature = "directory")]
    impl<'s, S: Store> Syncer<'s, S> {
        /// For `store`, from the sources and with the options of a configuration.
        ///
        /// # Errors
        /// `Configuration` when there is no `[directory]` or something in a section cannot be, `File` when a file that
        /// it names cannot be read.
        pub fn from_config(config: &crate::Config, store: &'s S) -> Result<Self, Error> {
            let primary = config.directory.as_ref();
            let primary =
                primary.ok_or_else(|| Error::Configuration("there is no [directory]".to_owned()))?;
            let source = |section| Directory::from_config(section, &config.sync);
            let syncer = Self::new(source(primary)?, store, config.sync.options());
            let mut syncer = syncer.by_changes(config.sync.by_changes);
            if let Some(section) = &config.secondary_directory {
                syncer = syncer.with_secondary(source(section)?);
            }
            // The third source is the third one, whether there is a second one or not.
            let places = Source::ALL.into_iter().skip(2);
            for (place, section) in places.zip(&config.further_directory) {
                syncer = syncer.with_source(place, source(section)?);
            }
            Ok(syncer)
        }
    }

    impl SyncConfig {
        /// When scheduled runs are; `None` when there are none.
        ///
        /// # Errors
        /// `Configuration` when `schedule` is no time of day.
        pub fn nightly(&self) -> Result<Option<Nightly>, Error> {
            let nightly = self.schedule.as_deref().map(Nightly::at).transpose()?;
            Ok(nightly.map(|nightly| nightly.with_jitter(self.jitter)))
        }

        /// The options of a run.
        #[must_use]
        pub fn options(&self) -> SyncOptions {
            let mut options = SyncOptions::default();
            if let Some(scope) = &self.scope {
                let mut wanted = Scope::default();
                wanted.groups.clone_from(&scope.groups);
                wanted.ous.clone_from(&scope.ous);
                options.scope = wanted;
            }
            options.import_new = self.import_new;
            options.import_disabled = self.import_disabled;
            options.update_details = self.update_details;
            options.adopt_local = self.adopt_local;
            options.remove_left_scope = self.remove_left_scope;
            options.remove_disabled = self.remove_disabled;
            options.name_clash = self.name_clash;
            options.email_clash = self.email_clash;
            options.user_name = self.user_name;
            options.guard = self.guard.clone();
            options
        }
    }
}
