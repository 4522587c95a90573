//! Who is in what, as sorted pairs.

use std::fmt;

/// Pairs of user and group, by user.
#[derive(Clone, Default)]
pub(crate) struct Pairs {
    /// Where the groups of each user start.
    starts: Vec<usize>,
    groups: Vec<u32>,
    /// Pairs that came after those of a later user.
    late: Vec<(u32, u32)>,
}

impl Pairs {
    pub(crate) fn len(&self) -> usize {
        self.groups.len() + self.late.len()
    }

    /// Add a pair. Those that come in the order of users cost four bytes each.
    pub(crate) fn push(&mut self, user: u32, group: u32) {
        let at = user as usize;
        if at + 1 < self.starts.len() {
            self.late.push((user, group));
            return;
        }
        if self.starts.len() <= at {
            self.starts.resize(at + 1, self.groups.len());
        }
        self.groups.push(group);
    }

    /// The groups of a user, once everything is [in order](Self::in_order).
    pub(crate) fn of(&self, user: usize) -> &[u32] {
        let end = self.groups.len();
        let from = |at: usize| self.starts.get(at).copied().unwrap_or(end);
        self.groups.get(from(user)..from(user + 1)).unwrap_or_default()
    }

    /// The same pairs by user and group, if they are not.
    pub(crate) fn in_order(&self) -> Option<Self> {
        if self.late.is_empty() {
            return None;
        }
        let mut pairs: Vec<(u32, u32)> = self.iter().collect();
        pairs.sort_unstable();
        let mut ordered = Self::default();
        pairs
            .into_iter()
            .for_each(|(user, group)| ordered.push(user, group));
        Some(ordered)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, u32)> {
        let ordered = (0..).zip(0..self.starts.len());
        let ordered = ordered.flat_map(|(user, at)| self.of(at).iter().map(move |group| (user, *group)));
        ordered.chain(self.late.iter().copied())
    }
}

impl fmt::Debug for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pairs({})", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_pairs_find_their_place() {
        let mut pairs = Pairs::default();
        for (user, group) in [(1, 5), (1, 4), (3, 0), (2, 9), (0, 1), (3, 2)] {
            pairs.push(user, group);
        }
        assert_eq!(pairs.len(), 6);
        let pairs = pairs.in_order().unwrap();
        let groups: Vec<&[u32]> = (0..5).map(|user| pairs.of(user)).collect();
        assert_eq!(groups, [&[1][..], &[4, 5], &[9], &[0, 2], &[]]);
        assert!(pairs.in_order().is_none());
    }
}
