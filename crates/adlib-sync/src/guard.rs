//! What stops a run before its first change (R34).

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize, Serializer};

use crate::{escape::Visible, trigger::Trigger};

/// The limits beyond which a run is taken for an accident.
///
/// A limit in per cent holds only where there are more than `only_above` of what is counted, so that two
/// leavers in a team of five are no alarm.
///
/// ```
/// use adlib_sync::SyncOptions;
///
/// let mut options = SyncOptions::default();
/// options.guard.max_deletes = 50;
/// options.guard.canaries = vec!["administrator".to_owned()];
/// assert_eq!(options.guard.max_deletes_percent, 20); // whichever is reached first
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct GuardLimits {
    /// Users, and likewise groups, deleted because no source has them.
    pub max_deletes: usize,
    /// The same, in per cent of those that the sync manages.
    pub max_deletes_percent: u32,
    /// Users removed although they exist: out of scope, or disabled.
    pub max_scope_removals: usize,
    /// The same, in per cent of the managed users.
    pub max_scope_removals_percent: u32,
    /// Memberships removed.
    pub max_membership_removals: usize,
    /// The same, in per cent of the memberships.
    pub max_membership_removals_percent: u32,
    /// Values that go without another in their place.
    pub max_blanked: usize,
    /// The same, in per cent of the values of one field.
    pub max_blanked_percent: u32,
    /// The fall in the number of users.
    pub max_shrink: usize,
    /// The same, in per cent of the managed users.
    pub max_shrink_percent: u32,
    /// Names of users who are always there; if one is not, the source is not what it should be.
    pub canaries: Vec<String>,
    /// Limits in per cent hold above this number.
    pub only_above: usize,
}

impl Default for GuardLimits {
    fn default() -> Self {
        Self {
            max_deletes: 500,
            max_deletes_percent: 20,
            max_scope_removals: 500,
            max_scope_removals_percent: 20,
            max_membership_removals: 5000,
            max_membership_removals_percent: 20,
            max_blanked: 500,
            // Fewer than the others: a mapping that blanks a tenth of one attribute is a mistake (A60).
            max_blanked_percent: 9,
            max_shrink: 500,
            max_shrink_percent: 20,
            canaries: Vec::new(),
            only_above: 20,
        }
    }
}

/// The guards, by the names that lift them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Guard {
    /// Too many users deleted.
    Deletes,
    /// Too many groups deleted.
    GroupDeletes,
    /// Too many users removed who left the scope or are disabled.
    ScopeRemovals,
    /// Too many memberships removed.
    MembershipRemovals,
    /// Too many values blanked.
    Blanked,
    /// Too few users left.
    Shrink,
    /// A source without any user (A56). Nothing lifts this one: there is nothing to go by.
    EmptySource,
    /// A named user is missing.
    Canary,
}

impl Guard {
    /// Every guard.
    pub const ALL: [Self; 8] = [
        Self::Deletes,
        Self::GroupDeletes,
        Self::ScopeRemovals,
        Self::MembershipRemovals,
        Self::Blanked,
        Self::Shrink,
        Self::EmptySource,
        Self::Canary,
    ];

    /// The name, as `--allow` takes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deletes => "deletes",
            Self::GroupDeletes => "group-deletes",
            Self::ScopeRemovals => "scope-removals",
            Self::MembershipRemovals => "membership-removals",
            Self::Blanked => "blanked",
            Self::Shrink => "shrink",
            Self::EmptySource => "empty-source",
            Self::Canary => "canary",
        }
    }
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Guard {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A text that names no guard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a guard; expected one of deletes, group-deletes, scope-removals, membership-removals, blanked, \
     shrink, empty-source, canary"
)]
pub struct GuardParseError(String);

impl FromStr for Guard {
    type Err = GuardParseError;

    fn from_str(text: &str) -> Result<Self, GuardParseError> {
        let named = Self::ALL.into_iter().find(|guard| guard.as_str() == text);
        named.ok_or_else(|| GuardParseError(text.to_owned()))
    }
}

/// A guard that fired, with its figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Alarm {
    /// The guard.
    pub guard: Guard,
    /// What was counted: a field, a source or a name, where the guard alone does not say it.
    pub subject: Option<String>,
    /// How many are concerned.
    pub count: usize,
    /// Out of how many.
    pub of: usize,
    /// The limit that was passed.
    pub limit: Limit,
    /// Whether the run was told to go on all the same.
    pub allowed: bool,
}

/// A limit that was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// At most this many.
    Count(usize),
    /// At most this part of a hundred.
    Percent(u32),
    /// At least one.
    AtLeastOne,
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.guard)?;
        if let Some(subject) = &self.subject {
            write!(f, " ({})", Visible(subject))?;
        }
        match self.limit {
            Limit::Count(limit) => write!(f, ": {} of {}, limit {limit}", self.count, self.of)?,
            Limit::Percent(limit) => write!(f, ": {} of {}, limit {limit} %", self.count, self.of)?,
            Limit::AtLeastOne => f.write_str(": none found")?,
        }
        f.write_str(if self.allowed { " [allowed]" } else { "" })
    }
}

/// What the guards look at.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) managed_users: usize,
    pub(crate) managed_groups: usize,
    pub(crate) managed_memberships: usize,
    pub(crate) deletes: usize,
    pub(crate) group_deletes: usize,
    pub(crate) scope_removals: usize,
    pub(crate) membership_removals: usize,
    /// Field, values blanked, values there are.
    pub(crate) blanked: Vec<(&'static str, usize, usize)>,
    pub(crate) fall: usize,
    pub(crate) empty_sources: Vec<&'static str>,
    pub(crate) missing_canaries: Vec<String>,
}

impl GuardLimits {
    /// Every guard that fires, those that `trigger` lifts marked as allowed.
    pub(crate) fn check(&self, figures: &Figures, trigger: &Trigger) -> Vec<Alarm> {
        let none = BTreeSet::new();
        let mut alarms = Alarms {
            only_above: self.only_above,
            allow: trigger.as_manual().map_or(&none, |run| &run.allow),
            fired: Vec::new(),
        };
        let (users, groups) = (figures.managed_users, figures.managed_groups);
        let deletes = (self.max_deletes, self.max_deletes_percent);
        alarms.count(Guard::Deletes, figures.deletes, users, deletes);
        alarms.count(Guard::GroupDeletes, figures.group_deletes, groups, deletes);
        let limit = (self.max_scope_removals, self.max_scope_removals_percent);
        alarms.count(Guard::ScopeRemovals, figures.scope_removals, users, limit);
        let limit = (self.max_membership_removals, self.max_membership_removals_percent);
        let memberships = figures.managed_memberships;
        alarms.count(
            Guard::MembershipRemovals,
            figures.membership_removals,
            memberships,
            limit,
        );
        self.check_blanked(figures, &mut alarms);
        let limit = (self.max_shrink, self.max_shrink_percent);
        alarms.count(Guard::Shrink, figures.fall, users, limit);
        for source in &figures.empty_sources {
            let source = Some((*source).to_owned());
            alarms.push(Guard::EmptySource, source, 0, 1, Limit::AtLeastOne, false);
        }
        for canary in &figures.missing_canaries {
            alarms.fire(Guard::Canary, Some(canary.clone()), 0, 1, Limit::AtLeastOne);
        }
        alarms.fired
    }

    /// The number over all fields together, the part of a hundred in each: a field that a mapping mistake empties
    /// must not hide among those that it left alone (A60).
    fn check_blanked(&self, figures: &Figures, alarms: &mut Alarms<'_>) {
        let (all, of) = figures
            .blanked
            .iter()
            .fold((0, 0), |(all, of), (_, blanked, values)| {
                (all + blanked, of + values)
            });
        if all > self.max_blanked {
            alarms.fire(Guard::Blanked, None, all, of, Limit::Count(self.max_blanked));
        }
        for (field, blanked, values) in &figures.blanked {
            if alarms.is_over(*blanked, *values, self.max_blanked_percent) {
                let limit = Limit::Percent(self.max_blanked_percent);
                alarms.fire(
                    Guard::Blanked,
                    Some((*field).to_owned()),
                    *blanked,
                    *values,
                    limit,
                );
            }
        }
    }
}

struct Alarms<'a> {
    only_above: usize,
    allow: &'a BTreeSet<Guard>,
    fired: Vec<Alarm>,
}

impl Alarms<'_> {
    fn count(&mut self, guard: Guard, count: usize, of: usize, (most, percent): (usize, u32)) {
        if count > most {
            self.fire(guard, None, count, of, Limit::Count(most));
        } else if self.is_over(count, of, percent) {
            self.fire(guard, None, count, of, Limit::Percent(percent));
        }
    }

    fn is_over(&self, count: usize, of: usize, percent: u32) -> bool {
        of > self.only_above && (count as u128) * 100 > u128::from(percent) * (of as u128)
    }

    fn fire(&mut self, guard: Guard, subject: Option<String>, count: usize, of: usize, limit: Limit) {
        let allowed = self.allow.contains(&guard);
        self.push(guard, subject, count, of, limit, allowed);
    }

    fn push(
        &mut self,
        guard: Guard,
        subject: Option<String>,
        count: usize,
        of: usize,
        limit: Limit,
        allowed: bool,
    ) {
        self.fired.push(Alarm {
            guard,
            subject,
            count,
            of,
            limit,
            allowed,
        });
    }
}
