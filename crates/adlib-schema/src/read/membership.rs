//! Who is in what, nesting included (R21).

/// The memberships of a read, by index into its users and groups.
///
/// *Direct* is what the directory lists, the primary group included. *Effective* is that and every group that
/// a direct group is in, to any depth; cycles are walked once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memberships {
    direct: Vec<Vec<usize>>,
    effective: Vec<Vec<usize>>,
    members: Vec<Vec<usize>>,
}

impl Memberships {
    /// The closure of what a directory lists.
    ///
    /// `groups_of_user` and `groups_of_group` hold, for each user and for each group, the indexes of the
    /// groups that list it. Indexes of groups that do not exist are passed over.
    #[must_use]
    pub fn close(groups_of_user: Vec<Vec<usize>>, groups_of_group: &[Vec<usize>]) -> Self {
        let groups = groups_of_group.len();
        let mut members = vec![Vec::new(); groups];
        let mut seen_by = vec![usize::MAX; groups];
        let mut direct = groups_of_user;
        let mut effective = Vec::with_capacity(direct.len());
        for (user, listed) in direct.iter_mut().enumerate() {
            listed.retain(|group| *group < groups);
            listed.sort_unstable();
            listed.dedup();
            let mut reached = listed.clone();
            let mut next = 0;
            for group in &reached {
                mark(&mut seen_by, *group, user);
            }
            while let Some(group) = reached.get(next).copied() {
                next += 1;
                for outer in groups_of_group.get(group).into_iter().flatten() {
                    if mark(&mut seen_by, *outer, user) {
                        reached.push(*outer);
                    }
                }
            }
            reached.sort_unstable();
            for group in &reached {
                if let Some(members) = members.get_mut(*group) {
                    members.push(user);
                }
            }
            effective.push(reached);
        }
        Self {
            direct,
            effective,
            members,
        }
    }

    /// The groups that list `user` themselves, the primary group included, in ascending order.
    #[must_use]
    pub fn direct_groups_of(&self, user: usize) -> &[usize] {
        self.direct.get(user).map_or(&[], Vec::as_slice)
    }

    /// The groups that `user` is in, directly or through others, in ascending order.
    #[must_use]
    pub fn groups_of(&self, user: usize) -> &[usize] {
        self.effective.get(user).map_or(&[], Vec::as_slice)
    }

    /// The users in `group`, directly or through others, in ascending order.
    #[must_use]
    pub fn members_of(&self, group: usize) -> &[usize] {
        self.members.get(group).map_or(&[], Vec::as_slice)
    }

    /// The number of effective memberships.
    #[must_use]
    pub fn len(&self) -> usize {
        self.effective.iter().map(Vec::len).sum()
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

    proptest! {
        /// R21: the closure is what repeated joining gives.
        #[test]
        fn r21_closure_equals_fixed_point(
            users in proptest::collection::vec(proptest::collection::vec(0_usize..8, 0..4), 0..6),
            groups in proptest::collection::vec(proptest::collection::vec(0_usize..8, 0..4), 8),
        ) {
            let memberships = Memberships::close(users.clone(), &groups);
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
