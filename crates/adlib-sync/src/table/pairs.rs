//! Who is in what.

use std::fmt;

use super::{
    codec::{Cursor, put_length},
    rows::Rows,
};

/// Pairs of user and group, by user.
///
/// The groups of a user are a row, on the shelf of the user: the first, then by how much each differs from the one before.
#[derive(Clone, Default)]
pub(crate) struct Pairs {
    rows: Rows,
    /// The row of the user whose groups are coming.
    coming: Coming,
    /// Pairs that came after those of a later user.
    late: Vec<(u32, u32)>,
    len: usize,
}

#[derive(Clone, Default)]
struct Coming {
    hash: u64,
    last: u32,
    row: Vec<u8>,
}

impl Coming {
    fn put(&mut self, group: u32) {
        let step = group.wrapping_sub(self.last).cast_signed();
        // Zigzag: small steps up or down are small numbers.
        let step = (step << 1) ^ (step >> 31);
        put_length(&mut self.row, step.cast_unsigned() as usize);
        self.last = group;
    }
}

impl Pairs {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Add a pair. Those that come in the order of users take two or three bytes each; `hash` names the shelf of the user.
    pub(crate) fn push(&mut self, user: u32, group: u32, hash: impl FnOnce() -> u64) {
        self.len += 1;
        let at = user as usize;
        if at < self.rows.len() {
            self.late.push((user, group));
            return;
        }
        while self.rows.len() < at {
            let Coming { hash, row, .. } = &mut self.coming;
            self.rows.push_with(|_| *hash, |out| out.append(row));
        }
        if self.coming.row.is_empty() {
            (self.coming.hash, self.coming.last) = (hash(), 0);
        }
        self.coming.put(group);
    }

    /// [Fetch](Rows::fetch) the groups of some users.
    pub(crate) fn fetch(&self, users: impl IntoIterator<Item = usize>) {
        self.rows
            .fetch(users.into_iter().map(|user| self.rows.place(user)));
    }

    /// The groups of a user as bytes: the same bytes, the same groups in the same order.
    pub(crate) fn packed(&self, user: usize) -> &[u8] {
        if user == self.rows.len() {
            &self.coming.row
        } else {
            self.rows.get(user)
        }
    }

    /// The groups of a user in the order in which they came, once everything is [in order](Self::in_order).
    pub(crate) fn of(&self, user: usize) -> impl Iterator<Item = u32> + use<'_> {
        let (mut rest, mut last) = (Cursor(self.packed(user)), 0_u32);
        std::iter::from_fn(move || {
            if rest.0.is_empty() {
                return None;
            }
            let step = u32::try_from(rest.length()).unwrap_or_default();
            let step = (step >> 1) ^ (step & 1).wrapping_neg();
            last = last.wrapping_add(step);
            Some(last)
        })
    }

    /// The same pairs by user and group, if some came late.
    pub(crate) fn in_order(&self, hash: impl Fn(u32) -> u64) -> Option<Self> {
        if self.late.is_empty() {
            return None;
        }
        let mut pairs: Vec<(u32, u32)> = self.iter().collect();
        pairs.sort_unstable();
        let mut ordered = Self::default();
        for (user, group) in pairs {
            ordered.push(user, group, || hash(user));
        }
        Some(ordered)
    }

    /// These users only, numbered in this order, and in other groups, each once and in order; none where `to` has none.
    pub(crate) fn renumbered(
        &self,
        users: &[u32],
        to: impl Fn(u32) -> Option<u32>,
        hash: impl Fn(u32) -> u64,
    ) -> Self {
        let ordered = self.in_order(&hash);
        let from = ordered.as_ref().unwrap_or(self);
        let (mut pairs, mut groups) = (Self::default(), Vec::new());
        for (number, user) in (0..).zip(users) {
            groups.clear();
            groups.extend(from.of(*user as usize).filter_map(&to));
            groups.sort_unstable();
            groups.dedup();
            for group in &groups {
                pairs.push(number, *group, || hash(*user));
            }
        }
        pairs
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, u32)> {
        let ordered = (0..).zip(0..=self.rows.len());
        let ordered = ordered.flat_map(|(user, at)| self.of(at).map(move |group| (user, group)));
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

    fn pairs(all: &[(u32, u32)]) -> Pairs {
        let mut pairs = Pairs::default();
        for (user, group) in all {
            pairs.push(*user, *group, || u64::from(*user) << 60);
        }
        pairs
    }

    fn groups(pairs: &Pairs) -> Vec<Vec<u32>> {
        (0..5).map(|user| pairs.of(user).collect()).collect()
    }

    #[test]
    fn groups_come_back_as_they_came() {
        let all = [(1, u32::MAX), (1, 0), (1, 1 << 31), (1, 7), (1, 7), (4, 3)];
        let pairs = pairs(&all);
        assert_eq!(pairs.iter().collect::<Vec<_>>(), all);
        assert_eq!(pairs.len(), 6);
        assert!(pairs.in_order(|_| 0).is_none());
    }

    #[test]
    fn late_pairs_find_their_place() {
        let pairs = pairs(&[(1, 5), (1, 4), (3, 0), (2, 9), (0, 1), (3, 2)]);
        assert_eq!(pairs.len(), 6);
        let pairs = pairs.in_order(|_| 0).unwrap();
        assert_eq!(groups(&pairs), [vec![1], vec![4, 5], vec![9], vec![0, 2], vec![]]);
        assert!(pairs.in_order(|_| 0).is_none());
    }

    #[test]
    fn other_numbers_are_in_order_and_once_each() {
        let pairs = pairs(&[(1, 5), (1, 4), (1, 6), (3, 8), (0, 6), (3, 2)]);
        let to = |group| (group != 8).then_some(10 - group / 2);
        let pairs = pairs.renumbered(&[3, 2, 1, 0], to, |_| 0);
        assert_eq!(groups(&pairs), [vec![9], vec![], vec![7, 8], vec![7], vec![]]);
        assert_eq!(pairs.len(), 4);
    }
}
