//! Who is in scope (R20): members of selected groups, and everybody below selected units.

use std::{
    collections::{HashMap, HashSet, VecDeque, hash_map::Entry},
    fmt,
};

use adlib_schema::{
    record::{Group, Member},
    syntax::Dn,
};
use serde::{Serialize, Serializer};

use crate::{FoldedName, Rejection, escape::Visible, options::Scope, table::hash};

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
    /// The groups by their DNs, and what each lists, both as hashes: what routes are found by.
    by_dn: HashMap<u64, usize>,
    members: Vec<Vec<u64>>,
    /// How many groups each nested group is from a selected one, and the next one there.
    routes: HashMap<usize, Route>,
    is_routed: bool,
}

/// The way from a group to a selected one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Route {
    length: usize,
    next: Option<usize>,
}

/// Why a user is in scope.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScopeReason {
    /// Everybody is.
    #[default]
    Everybody,
    /// The user is in a selected group.
    Group {
        /// The selected group.
        group: String,
        /// The groups through which: the first lists the user, each is in the next, and the last is in `group`.
        through: Vec<String>,
    },
    /// The user is below a selected unit.
    Unit(String),
}

impl fmt::Display for ScopeReason {
    /// Safe to print on a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everybody => f.write_str("everybody is in scope"),
            Self::Group { group, through } => {
                write!(f, "in {}", Visible(group))?;
                through.iter().enumerate().try_for_each(|(index, group)| {
                    write!(
                        f,
                        "{} {}",
                        if index == 0 { " through" } else { " >" },
                        Visible(group)
                    )
                })
            }
            Self::Unit(dn) => write!(f, "below {}", Visible(dn)),
        }
    }
}

impl Serialize for ScopeReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What puts one entry in scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    Everybody,
    /// The group that lists the user, by its number in the source.
    Group(usize),
    /// The unit, by its place in the options.
    Unit(usize),
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
            by_dn: HashMap::new(),
            members: Vec::new(),
            routes: HashMap::new(),
            is_routed: false,
        }
    }

    pub(crate) const fn is_everybody(&self) -> bool {
        self.scope.is_everybody()
    }

    /// Another source begins.
    pub(crate) fn begin(&mut self) {
        self.group_count = 0;
        self.selected.clear();
        self.by_dn.clear();
        self.members.clear();
        self.routes.clear();
        self.is_routed = false;
    }

    /// Take the next group; whether it is selected itself.
    pub(crate) fn group(&mut self, group: &Group) -> bool {
        let number = self.group_count;
        self.group_count += 1;
        if self.names.is_empty() {
            return self.is_everybody();
        }
        self.by_dn.insert(hash_dn(&group.dn), number);
        let members = group.members.iter().filter_map(|member| match member {
            Member::Dn(dn) => Some(hash_dn(dn)),
            Member::Account(_) => None,
        });
        self.members.push(members.collect());
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

    /// What puts a user with this DN and these groups in scope. A container need not be a unit: users below it will do.
    pub(crate) fn via(&mut self, dn: &str, groups: &[usize]) -> Option<Via> {
        if self.is_everybody() {
            return Some(Via::Everybody);
        }
        let unit = self.unit_of(dn);
        if !self.is_routed {
            self.find_routes();
        }
        // The group that is farthest from a selected one lists the user itself: no other of the user's groups is in it.
        let is_member = groups.iter().any(|group| self.selected.contains(group));
        let groups = groups.iter().filter(|_| is_member);
        let routed = groups.filter_map(|group| Some((self.routes.get(group)?.length, *group)));
        let group = routed.max().map(|(_, group)| Via::Group(group));
        group.or(unit.map(Via::Unit))
    }

    /// The groups from one to the selected one, by number.
    pub(crate) fn route(&self, from: usize) -> Vec<usize> {
        let next = |group: &usize| self.routes.get(group).and_then(|route| route.next);
        std::iter::successors(Some(from), next).collect()
    }

    /// The first of the selected units that a user is below.
    fn unit_of(&mut self, dn: &str) -> Option<usize> {
        if self.units.is_empty() {
            return None;
        }
        let dn = dn.parse::<Dn>().ok()?;
        let mut first = None;
        for (_, at) in self.units.iter().filter(|(unit, _)| dn.is_under(unit)) {
            self.unknown_units.remove(at);
            first = first.or(Some(*at));
        }
        first
    }

    /// From the selected groups down, the nearest first.
    fn find_routes(&mut self) {
        self.is_routed = true;
        let mut selected: Vec<usize> = self.selected.iter().copied().collect();
        selected.sort_unstable();
        let start = Route {
            length: 0,
            next: None,
        };
        self.routes = selected.iter().map(|group| (*group, start)).collect();
        let mut queue = VecDeque::from(selected);
        while let Some(outer) = queue.pop_front() {
            let length = self.routes.get(&outer).map_or(0, |route| route.length) + 1;
            let members = self.members.get(outer).into_iter().flatten();
            let inner: Vec<usize> = members
                .filter_map(|member| self.by_dn.get(member).copied())
                .collect();
            for inner in inner {
                if let Entry::Vacant(route) = self.routes.entry(inner) {
                    route.insert(Route {
                        length,
                        next: Some(outer),
                    });
                    queue.push_back(inner);
                }
            }
        }
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

/// A DN as it compares, near enough to explain by: who is in scope does not depend on it.
fn hash_dn(dn: &str) -> u64 {
    hash(FoldedName::of(dn).as_str().as_bytes())
}
