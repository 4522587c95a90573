//! Who is in scope (R20): members of selected groups, and everybody below selected units.

use std::collections::{HashMap, HashSet};

use adlib_schema::{record::Group, syntax::Dn};

use crate::{FoldedName, Rejection, options::Scope};

/// The scope as it stands in the source that is being read.
#[derive(Debug)]
pub(crate) struct ScopeFilter<'o> {
    scope: &'o Scope,
    /// Names of selected groups, with the place of each in the options.
    names: HashMap<FoldedName, Vec<usize>>,
    /// Selected units, with the place of each.
    units: Vec<(Dn, usize)>,
    /// What no source has yet.
    unknown_groups: HashSet<usize>,
    unknown_units: HashSet<usize>,
    /// How many groups the source has, and which of them are selected.
    group_count: usize,
    selected: HashSet<usize>,
}

impl<'o> ScopeFilter<'o> {
    pub(crate) fn new(scope: &'o Scope) -> Self {
        let mut names: HashMap<FoldedName, Vec<usize>> = HashMap::new();
        for (name, at) in scope.groups.iter().zip(0..) {
            names.entry(FoldedName::of(name)).or_default().push(at);
        }
        let units = scope.ous.iter().zip(0..);
        Self {
            scope,
            names,
            units: units
                .filter_map(|(dn, at)| Some((dn.parse().ok()?, at)))
                .collect(),
            unknown_groups: (0..scope.groups.len()).collect(),
            unknown_units: (0..scope.ous.len()).collect(),
            group_count: 0,
            selected: HashSet::new(),
        }
    }

    pub(crate) const fn is_everybody(&self) -> bool {
        self.scope.is_everybody()
    }

    /// Another source begins.
    pub(crate) fn begin(&mut self) {
        self.group_count = 0;
        self.selected.clear();
    }

    /// Take the next group; whether it is selected itself.
    pub(crate) fn group(&mut self, group: &Group) -> bool {
        let number = self.group_count;
        self.group_count += 1;
        if self.names.is_empty() {
            return self.is_everybody();
        }
        let names = [
            FoldedName::of(&group.name),
            FoldedName::of(&group.qualified_name()),
        ];
        for at in names.iter().filter_map(|name| self.names.get(name)).flatten() {
            self.unknown_groups.remove(at);
            self.selected.insert(number);
        }
        self.selected.contains(&number)
    }

    pub(crate) fn unit(&mut self, dn: &str) {
        if self.unknown_units.is_empty() {
            return;
        }
        if let Ok(dn) = dn.parse::<Dn>() {
            for (unit, at) in &self.units {
                if dn == *unit || dn.is_under(unit) {
                    self.unknown_units.remove(at);
                }
            }
        }
    }

    /// Whether a user in this group is in scope for it.
    pub(crate) fn has_group(&self, number: usize) -> bool {
        self.selected.contains(&number)
    }

    /// Whether a user with this DN is in scope for it. A container need not be a unit: users below it will do.
    pub(crate) fn has_user(&mut self, dn: &str) -> bool {
        if self.units.is_empty() {
            return self.is_everybody();
        }
        let Ok(dn) = dn.parse::<Dn>() else { return false };
        let mut is_in = false;
        for (_, at) in self.units.iter().filter(|(unit, _)| dn.is_under(unit)) {
            self.unknown_units.remove(at);
            is_in = true;
        }
        is_in
    }

    /// Refuse a scope that names what no source has: everybody would seem to have left it.
    pub(crate) fn check(&self) -> Result<(), Rejection> {
        let unknown = |names: &[String], unknown: &HashSet<usize>| {
            let named = names.iter().zip(0..).filter(|(_, at)| unknown.contains(at));
            named.map(|(name, _)| name.clone()).collect::<Vec<String>>()
        };
        let mut all = unknown(&self.scope.groups, &self.unknown_groups);
        all.extend(unknown(&self.scope.ous, &self.unknown_units));
        if all.is_empty() {
            Ok(())
        } else {
            Err(Rejection::UnknownScope(all))
        }
    }
}
