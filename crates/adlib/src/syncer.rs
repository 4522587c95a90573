//! Keeping a store in step with one or two directories.

use adlib_sync::{Plan, Rejection, Sources, Store, SyncOptions, Trigger};

use crate::{Directory, Error, Progress};

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
    secondary: Option<Directory>,
    store: &'s S,
    options: SyncOptions,
    trigger: Trigger,
}

impl<'s, S: Store> Syncer<'s, S> {
    /// For `store`, from one directory, as a manual run that deletes nothing.
    pub fn new(directory: Directory, store: &'s S, options: SyncOptions) -> Self {
        Self {
            primary: directory,
            secondary: None,
            store,
            options,
            trigger: Trigger::manual(),
        }
    }

    /// With a second directory (R29).
    #[must_use]
    pub fn with_secondary(self, directory: Directory) -> Self {
        Self {
            secondary: Some(directory),
            ..self
        }
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
    pub async fn preview_with_progress(
        &self,
        mut progress: impl FnMut(&Progress) + Send,
    ) -> Result<Plan, Error> {
        let primary = self.primary.read_with_progress(&mut progress).await?;
        let secondary = match &self.secondary {
            Some(directory) => Some(directory.read_with_progress(&mut progress).await?),
            None => None,
        };
        let mut sources = Sources::new(&primary);
        if let Some(secondary) = &secondary {
            sources = sources.with_secondary(secondary);
        }
        let state = self
            .store
            .load()
            .await
            .map_err(|error| Error::Store(error.to_string()))?;
        adlib_sync::preview(sources, &state, &self.options, &self.trigger).map_err(|error| match error {
            Rejection::Incomplete { .. } => Error::Incomplete(error.to_string()),
            _ => Error::Plan(error.to_string()),
        })
    }
}

#[cfg(feature = "config")]
mod configured {
    use adlib_sync::Scope;

    use super::*;
    use crate::config::SyncConfig;

    impl SyncConfig {
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
            options.user_name = self.user_name;
            options.guard = self.guard.clone();
            options
        }
    }
}
