//! Who is in scope (R20): members of selected groups, and everybody below selected units.

use std::collections::HashSet;

use adlib_schema::{read::DirectoryRead, syntax::Dn};

use crate::{FoldedName, Rejection, Sources, options::Scope};

/// The scope as it stands in one read.
pub(crate) enum ReadScope<'a> {
    Everybody,
    Selected {
        read: &'a DirectoryRead,
        groups: HashSet<usize>,
        units: Vec<Dn>,
    },
}

impl<'a> ReadScope<'a> {
    pub(crate) fn of(read: &'a DirectoryRead, scope: &Scope) -> Self {
        if scope.is_everybody() {
            return Self::Everybody;
        }
        let names: HashSet<FoldedName> = scope.groups.iter().map(|name| FoldedName::of(name)).collect();
        let groups = read.groups.iter().enumerate().filter(|(_, group)| {
            names.contains(&FoldedName::of(&group.name))
                || names.contains(&FoldedName::of(&group.qualified_name()))
        });
        Self::Selected {
            read,
            groups: groups.map(|(index, _)| index).collect(),
            units: scope.ous.iter().filter_map(|dn| dn.parse().ok()).collect(),
        }
    }

    /// Whether the user with this index is in scope.
    pub(crate) fn has_user(&self, index: usize) -> bool {
        let Self::Selected { read, groups, units } = self else {
            return true;
        };
        if read
            .memberships
            .groups_of(index)
            .iter()
            .any(|group| groups.contains(group))
        {
            return true;
        }
        let dn = read.users.get(index).filter(|_| !units.is_empty());
        let dn = dn.and_then(|user| user.dn.parse::<Dn>().ok());
        dn.is_some_and(|dn| units.iter().any(|unit| dn.is_under(unit)))
    }

    /// Whether the group with this index was selected itself.
    pub(crate) fn has_group(&self, index: usize) -> bool {
        match self {
            Self::Everybody => true,
            Self::Selected { groups, .. } => groups.contains(&index),
        }
    }
}

/// Refuse a scope that names what no source has.
pub(crate) fn check(sources: Sources<'_>, scope: &Scope) -> Result<(), Rejection> {
    let unknown_group = |name: &&String| {
        let name = FoldedName::of(name);
        !sources.iter().flat_map(|(_, read)| &read.groups).any(|group| {
            FoldedName::of(&group.name) == name || FoldedName::of(&group.qualified_name()) == name
        })
    };
    let unknown_unit = |dn: &&String| match dn.parse::<Dn>() {
        Ok(dn) => !has_unit(sources, &dn),
        Err(_) => true,
    };
    let groups = scope.groups.iter().filter(unknown_group);
    let unknown: Vec<String> = groups
        .chain(scope.ous.iter().filter(unknown_unit))
        .cloned()
        .collect();
    if unknown.is_empty() {
        Ok(())
    } else {
        Err(Rejection::UnknownScope(unknown))
    }
}

/// Whether a source has the unit, or users below it: a container need not be a unit.
fn has_unit(sources: Sources<'_>, dn: &Dn) -> bool {
    let is = |text: &str| {
        text.parse::<Dn>()
            .is_ok_and(|known| known == *dn || known.is_under(dn))
    };
    sources.iter().any(|(_, read)| {
        read.units.iter().any(|unit| is(&unit.dn)) || read.users.iter().any(|user| is(&user.dn))
    })
}
