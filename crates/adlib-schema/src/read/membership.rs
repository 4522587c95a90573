//! Who is in what, nesting included (R21).

/// The most memberships that are kept: beyond that a directory is not one to be held in memory.
const MAX_MEMBERSHIPS: usize = 1 << 26;

/// The memberships of a read, by index into its users and groups.
///
/// *Direct* is what the directory lists, the primary group included. *Effective* is that and every group that
/// a direct group is in, to any depth; cycles are walked once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memberships {
    direct: Lists,
    effective: Lists,
    members: Lists,
    is_cut: bool,
}

/// Lists of numbers, one behind the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Lists {
    /// Where each list ends.
    ends: Vec<usize>,
    all: Vec<usize>,
}

impl Lists {
    fn with_capacity(lists: usize, numbers: usize) -> Self {
        Self {
            ends: Vec::with_capacity(lists),
            all: Vec::with_capacity(numbers),
        }
    }

    fn get(&self, number: usize) -> &[usize] {
        let before = number
            .checked_sub(1)
            .map_or(Some(&0), |before| self.ends.get(before));
        match (before, self.ends.get(number)) {
            (Some(start), Some(end)) => self.all.get(*start..*end).unwrap_or_default(),
            _ => &[],
        }
    }

    /// The list that was not ended yet.
    fn open(&mut self) -> &mut [usize] {
        let start = self.ends.last().copied().unwrap_or(0);
        self.all.get_mut(start..).unwrap_or_default()
    }

    fn end(&mut self) {
        self.ends.push(self.all.len());
    }

    /// For each of `count` numbers, the lists that it is in, in ascending order.
    fn inverted(&self, count: usize) -> Self {
        let mut starts = vec![0; count + 1];
        for number in &self.all {
            if let Some(next) = starts.get_mut(number + 1) {
                *next += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut all = vec![0; self.all.len()];
        for list in 0..self.ends.len() {
            for number in self.get(list) {
                if let Some(at) = starts.get_mut(*number) {
                    if let Some(place) = all.get_mut(*at) {
                        *place = list;
                    }
                    *at += 1;
                }
            }
        }
        // Each start has moved on to where its list ends.
        starts.truncate(count);
        Self { ends: starts, all }
    }
}

impl Memberships {
    /// The closure of what a directory lists.
    ///
    /// `groups_of_user` and `groups_of_group` hold, for each user and for each group, the indexes of the
    /// groups that list it. Indexes of groups that do not exist are passed over.
    #[must_use]
    pub fn close(groups_of_user: Vec<Vec<usize>>, groups_of_group: &[Vec<usize>]) -> Self {
        Self::close_within(groups_of_user, groups_of_group, MAX_MEMBERSHIPS)
    }

    /// The same, with at most `most` memberships and those of one user more.
    fn close_within(groups_of_user: Vec<Vec<usize>>, groups_of_group: &[Vec<usize>], most: usize) -> Self {
        let groups = groups_of_group.len();
        let listed: usize = groups_of_user.iter().map(Vec::len).sum();
        let mut direct = Lists::with_capacity(groups_of_user.len(), listed);
        let mut effective = Lists::with_capacity(groups_of_user.len(), listed);
        let mut seen_by = vec![usize::MAX; groups];
        let mut is_cut = false;
        for (user, listed) in groups_of_user.into_iter().enumerate() {
            is_cut |= effective.all.len() > most;
            let mut next = effective.all.len();
            let news = listed
                .into_iter()
                .filter(|group| mark(&mut seen_by, *group, user));
            effective.all.extend(news);
            direct.all.extend_from_slice(effective.open());
            direct.open().sort_unstable();
            direct.end();
            while let Some(group) = effective.all.get(next).copied().filter(|_| !is_cut) {
                next += 1;
                let outer = groups_of_group.get(group).into_iter().flatten();
                effective
                    .all
                    .extend(outer.filter(|outer| mark(&mut seen_by, **outer, user)));
            }
            effective.open().sort_unstable();
            effective.end();
        }
        Self {
            members: effective.inverted(groups),
            direct,
            effective,
            is_cut,
        }
    }

    /// Whether there were more than can be kept, so that only direct memberships of some users are here.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The groups that list `user` themselves, the primary group included, in ascending order.
    #[must_use]
    pub fn direct_groups_of(&self, user: usize) -> &[usize] {
        self.direct.get(user)
    }

    /// The groups that `user` is in, directly or through others, in ascending order.
    #[must_use]
    pub fn groups_of(&self, user: usize) -> &[usize] {
        self.effective.get(user)
    }

    /// The users in `group`, directly or through others, in ascending order.
    #[must_use]
    pub fn members_of(&self, group: usize) -> &[usize] {
        self.members.get(group)
    }

    /// The number of effective memberships.
    #[must_use]
    pub fn len(&self) -> usize {
        self.effective.all.len()
    }

    /// Whether nobody is in anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Note that `user` reached `group`; whether that is news. A group that does not exist never is.
fn mark(seen_by: &mut [usize], group: usize, user: usize) -> bool {
    match seen_by.get_mut(group) {
        Some(seen) if *seen != user => {
            *seen = user;
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// R21: a cycle is walked once, and everybody in it is in all of it.
    #[test]
    fn r21_nesting_and_cycles() {
        // 0 > 1 > 2 > 0, 3 alone; user 0 in 2, user 1 in 3, user 2 in nothing.
        let nested = [vec![2], vec![0], vec![1], vec![]];
        let memberships = Memberships::close(vec![vec![2], vec![3, 3, 99], vec![]], &nested);
        assert_eq!(memberships.groups_of(0), [0, 1, 2]);
        assert_eq!(memberships.direct_groups_of(0), [2]);
        assert_eq!(memberships.groups_of(1), [3]);
        assert_eq!(memberships.members_of(1), [0]);
        assert_eq!(memberships.groups_of(2), [0_usize; 0]);
        assert_eq!(memberships.len(), 4);
    }

    /// R27: a directory that says more than can be kept is cut, and says so.
    #[test]
    fn r27_too_many_memberships_are_cut() {
        let chain: Vec<Vec<usize>> = (0..100).map(|group| vec![group + 1]).collect();
        let users = vec![vec![0]; 10];
        let cut = Memberships::close_within(users.clone(), &chain, 250);
        assert!(cut.is_cut() && cut.len() < 350, "{}", cut.len());
        assert_eq!((cut.groups_of(0).len(), cut.groups_of(9)), (100, &[0][..]));
        assert!(!Memberships::close_within(users, &chain, 1_000).is_cut());
    }

    proptest! {
        /// R21: the members of a group are those whose groups it is among.
        #[test]
        fn r21_members_are_groups_turned_round(
            users in proptest::collection::vec(proptest::collection::vec(0_usize..10, 0..4), 0..6),
            groups in proptest::collection::vec(proptest::collection::vec(0_usize..8, 0..4), 8),
        ) {
            let memberships = Memberships::close(users.clone(), &groups);
            for group in 0..groups.len() {
                let members = (0..users.len()).filter(|user| memberships.groups_of(*user).contains(&group));
                prop_assert_eq!(memberships.members_of(group), members.collect::<Vec<_>>());
            }
            prop_assert!(memberships.members_of(groups.len()).is_empty());
        }

        /// R21: the closure is what repeated joining gives.
        #[test]
        fn r21_closure_equals_fixed_point(
            users in proptest::collection::vec(proptest::collection::vec(0_usize..8, 0..4), 0..6),
            groups in proptest::collection::vec(proptest::collection::vec(0_usize..8, 0..4), 8),
        ) {
            let memberships = Memberships::close(users.clone(), &groups);
            prop_assert!(!memberships.is_cut());
            for (user, listed) in users.iter().enumerate() {
                let mut reached: std::collections::BTreeSet<usize> = listed.iter().copied().collect();
                loop {
                    let more: Vec<usize> =
                        reached.iter().flat_map(|group| groups[*group].iter().copied()).collect();
                    let before = reached.len();
                    reached.extend(more);
                    if reached.len() == before {
                        break;
                    }
                }
                prop_assert_eq!(memberships.groups_of(user).to_vec(), reached.into_iter().collect::<Vec<_>>());
            }
        }
    }
}
