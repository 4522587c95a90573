//! A plan: everything that a run would do, and the only thing that a run can do (I8).

mod approved;
mod figures;
mod hash;
mod html;
mod json;
mod order;
mod text;

use adlib_schema::read::{Found, Warning};

pub use self::approved::{ApprovedPlan, Difference, PlanParseError};
use self::{hash::Hashes, order::Step};
use crate::{
    Memberships, Rejection, Snapshot, Source, Sources, SyncOptions, Trigger,
    diff::{self, Diff},
    guard::{Alarm, Figures},
    held_back::HeldBack,
    item::{Create, GroupRemoval, GroupUpdate, Unwanted, Update, UserRemoval},
    merge::merge,
    store::{Cursor, Cursors, Operation, Revision, StoreState, StoredGroup},
};

/// Everything that a run would do.
///
/// `Display` writes it as text that is safe to print, `Serialize` with the keys of `adctl sync preview`,
/// [`to_html`](Self::to_html) as a page. No PIN is in any of them (R33).
///
/// ```
/// use adlib_sync::{Plan, store::Store};
///
/// /// Whether a person must look at it before it is applied.
/// fn is_unusual(plan: &Plan) -> bool {
///     !plan.alarms().is_empty() || !plan.held_back().is_empty() || plan.deletes().len() > 10
/// }
///
/// async fn run(plan: Plan, store: &impl Store) -> Result<(), Box<dyn std::error::Error>> {
///     if is_unusual(&plan) {
///         println!("{plan}");
///         return Ok(());
///     }
///     println!("{}", plan.apply(store).await?);
///     Ok(())
/// }
/// # let _ = is_unusual;
/// ```
#[derive(Debug)]
pub struct Plan {
    diff: Diff,
    /// The updates in an order in which every name is free when it is wanted.
    steps: Vec<Step>,
    trigger: Trigger,
    alarms: Vec<Alarm>,
    found: Vec<FoundIn>,
    warnings: Vec<SourceWarning>,
    revision: Revision,
    pub(crate) cursors: Cursors,
    hashes: Hashes,
}

/// How much one domain of one source has, before anything is left out (R22).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FoundIn {
    /// The source.
    pub source: Source,
    /// The domain, with its numbers.
    pub found: Found,
}

/// Something odd in a source.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceWarning {
    /// The source.
    pub source: Source,
    /// What is odd.
    pub warning: Warning,
}

/// What a run would do: the same code for a look and for the run itself (R33).
///
/// A source without any user stops the run as a guard does (A56), so that the plan can be shown.
///
/// # Errors
/// `Incomplete` when a source was not read to its end; `UnknownScope` when the scope names what no source has.
pub fn preview<'a>(
    sources: impl Into<Sources<'a>>,
    state: &StoreState,
    options: &SyncOptions,
    trigger: &Trigger,
) -> Result<Plan, Rejection> {
    let snapshot = merge(sources, options)?;
    Ok(Plan::of(&snapshot, state, options, trigger))
}

impl Plan {
    /// What a run would do to bring a store in step with `snapshot`, which was made with the same options.
    #[must_use]
    pub fn of(snapshot: &Snapshot, state: &StoreState, options: &SyncOptions, trigger: &Trigger) -> Self {
        let mut figures = Figures::of_snapshot(snapshot);
        let mut plan = Self {
            diff: Diff::none(trigger),
            steps: Vec::new(),
            trigger: trigger.clone(),
            alarms: Vec::new(),
            found: snapshot.found.clone(),
            warnings: snapshot.warnings.clone(),
            revision: state.revision.clone(),
            cursors: Cursors::default(),
            hashes: Hashes::default(),
        };
        if figures.empty_sources.is_empty() {
            plan.diff = diff::diff(snapshot, state, options, trigger);
            figures.count(&plan.diff, state);
            plan.steps = order::order(&plan.diff, state);
            let left_out = plan.diff.emails_left_out.drain(..);
            let warning = |(source, warning)| SourceWarning { source, warning };
            plan.warnings.extend(left_out.map(warning));
        }
        plan.alarms = options.guard.check(&figures, trigger);
        plan.hashes = hash::of(snapshot, options, &plan, &state.digest_key);
        plan
    }

    /// What set the run off.
    #[must_use]
    pub const fn trigger(&self) -> &Trigger {
        &self.trigger
    }

    /// The users to create.
    #[must_use]
    pub fn creates(&self) -> &[Create] {
        &self.diff.creates
    }

    /// The users to change.
    #[must_use]
    pub fn updates(&self) -> &[Update] {
        &self.diff.updates
    }

    /// The users whose account may be used again.
    #[must_use]
    pub fn enables(&self) -> &[Update] {
        &self.diff.enables
    }

    /// The users whose account may not be used any more.
    #[must_use]
    pub fn disables(&self) -> &[Update] {
        &self.diff.disables
    }

    /// The users to remove. None in a scheduled run.
    #[must_use]
    pub fn deletes(&self) -> &[UserRemoval] {
        self.diff.removals.users()
    }

    /// The groups to create.
    #[must_use]
    pub fn group_creates(&self) -> &[StoredGroup] {
        &self.diff.group_creates
    }

    /// The groups to give other names.
    #[must_use]
    pub fn group_updates(&self) -> &[GroupUpdate] {
        &self.diff.group_updates
    }

    /// The groups to delete. None in a scheduled run.
    #[must_use]
    pub fn group_deletes(&self) -> &[GroupRemoval] {
        self.diff.removals.groups()
    }

    /// The memberships to add.
    #[must_use]
    pub fn memberships_added(&self) -> Memberships<'_> {
        self.diff.memberships.added()
    }

    /// The memberships to remove.
    #[must_use]
    pub fn memberships_removed(&self) -> Memberships<'_> {
        self.diff.memberships.removed()
    }

    /// The users who are left as they are because the sources contradict themselves (R36).
    #[must_use]
    pub fn held_back(&self) -> &[HeldBack] {
        &self.diff.held_back
    }

    /// The users of the store who exist, but out of scope (R31).
    #[must_use]
    pub fn left_scope(&self) -> &[Unwanted] {
        &self.diff.left_scope
    }

    /// The users of the store who exist, but are disabled and not imported (R31).
    #[must_use]
    pub fn disabled(&self) -> &[Unwanted] {
        &self.diff.disabled
    }

    /// The users of the store that no source has any more.
    #[must_use]
    pub fn missing(&self) -> &[Unwanted] {
        &self.diff.missing
    }

    /// The users of the store who came from a source that this run does not have.
    #[must_use]
    pub fn unknown(&self) -> &[String] {
        &self.diff.unknown
    }

    /// How much each domain has.
    #[must_use]
    pub fn found(&self) -> &[FoundIn] {
        &self.found
    }

    /// What is odd in the sources.
    #[must_use]
    pub fn warnings(&self) -> &[SourceWarning] {
        &self.warnings
    }

    /// Every guard that fired, those that the run may pass included.
    #[must_use]
    pub fn alarms(&self) -> &[Alarm] {
        &self.alarms
    }

    /// Whether a guard stops the run.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.alarms.iter().any(|alarm| !alarm.allowed)
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operation_count() == 0
    }

    /// SHA-256 in hexadecimal over sources, options and operations: the same hash, the same plan.
    #[must_use]
    pub fn plan_hash(&self) -> &str {
        &self.hashes.plan
    }

    /// The state of the store for which the plan was made.
    #[must_use]
    pub const fn revision(&self) -> &Revision {
        &self.revision
    }

    /// The same plan, made of a reading of `source` that ended at `cursor`: the run stores it with its last change, so
    /// that a run that is cut off is read for again (R28, R37).
    ///
    /// The cursor is no part of what is approved, and the hash does not cover it.
    #[must_use]
    pub fn with_cursor(mut self, source: Source, cursor: Cursor) -> Self {
        self.cursors.extend([(source, cursor)]);
        self
    }

    /// Where the readings ended that the plan was made of.
    #[must_use]
    pub const fn cursors(&self) -> &Cursors {
        &self.cursors
    }

    /// The page: self-contained, without scripts, everything from the directory escaped (A61).
    #[must_use]
    pub fn to_html(&self) -> String {
        html::Page(self).to_string()
    }

    /// How many operations there are.
    #[must_use]
    pub fn operation_count(&self) -> usize {
        let diff = &self.diff;
        [
            diff.memberships.removed().len(),
            diff.removals.users().len(),
            diff.removals.groups().len(),
            self.steps.len(),
            diff.enables.len(),
            diff.disables.len(),
            diff.group_creates.len(),
            diff.group_updates.len(),
            diff.creates.len(),
            diff.memberships.added().len(),
        ]
        .into_iter()
        .sum()
    }

    /// The operations in the order in which they are applied: what goes before what comes, so that names are free.
    pub fn operations(&self) -> impl Iterator<Item = Operation> + Send + '_ {
        let diff = &self.diff;
        let leave = diff
            .memberships
            .removed()
            .iter()
            .map(|membership| Operation::RemoveMembership {
                user: membership.user_link.clone(),
                group: membership.group_link.clone(),
            });
        let join = diff
            .memberships
            .added()
            .iter()
            .map(|membership| Operation::AddMembership {
                user: membership.user_link.clone(),
                group: membership.group_link.clone(),
            });
        leave.chain(self.user_and_group_operations()).chain(join)
    }

    /// The operations between those that take memberships away and those that add some.
    fn user_and_group_operations(&self) -> impl Iterator<Item = Operation> + Send + '_ {
        let diff = &self.diff;
        let delete_users = diff.removals.users().iter().map(|removal| Operation::DeleteUser {
            user: removal.id.clone(),
            links: removal.links.clone(),
        });
        let delete_groups = diff
            .removals
            .groups()
            .iter()
            .map(|removal| Operation::DeleteGroup {
                group: removal.group.link.clone(),
            });
        let update = |update: &Update| Operation::UpdateUser {
            user: update.id.clone(),
            changes: update.changes.clone(),
        };
        let updates = self.steps.iter().filter_map(|step| step.update(&diff.updates));
        let updates = updates.chain(diff.enables.iter().chain(&diff.disables).cloned());
        let updates = updates.map(move |step| update(&step));
        let create_groups = diff.group_creates.iter().cloned().map(Operation::CreateGroup);
        let update_groups = diff.group_updates.iter().map(|update| Operation::UpdateGroup {
            from: update.from.clone(),
            to: update.to.clone(),
        });
        let create_users = diff
            .creates
            .iter()
            .map(|create| Operation::CreateUser(create.user.clone()));
        delete_users
            .chain(delete_groups)
            .chain(updates)
            .chain(create_groups)
            .chain(update_groups)
            .chain(create_users)
    }
}
