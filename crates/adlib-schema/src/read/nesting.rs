//! Groups in groups: how deep, and which go round in circles (R21).

/// How groups are nested in one another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Nesting {
    /// Groups each of which is in all others of its list, and so in itself, by index in ascending order. A group that lists
    /// itself is a circle of one.
    pub circles: Vec<Vec<usize>>,
    /// The longest way from a group to one that it is in: one group, and then the others from inside out. A circle counts as
    /// one, by its first group. Empty when there are no groups.
    pub deepest: Vec<usize>,
}

/// No number yet.
const NONE: usize = usize::MAX;

impl Nesting {
    /// The nesting of groups, where `groups_of_group` holds for each group the indexes of those that list it. Indexes of
    /// groups that do not exist are passed over.
    ///
    /// ```
    /// use adlib_schema::read::Nesting;
    ///
    /// // 0 is in 1, which is in 2 and the other way round.
    /// let nesting = Nesting::of(&[vec![1], vec![2], vec![1]]);
    /// assert_eq!(nesting.circles, [[1, 2]]);
    /// assert_eq!(nesting.deepest, [0, 1]);
    /// assert_eq!(nesting.depth(), 2);
    /// ```
    #[must_use]
    pub fn of(groups_of_group: &[Vec<usize>]) -> Self {
        let mut walk = Walk::new(groups_of_group);
        for group in 0..groups_of_group.len() {
            walk.from(group);
        }
        walk.circles.sort_unstable();
        let mut deepest = Vec::new();
        let mut next = walk.deepest;
        while let Some((_, group, outer)) = walk.chains.get(next).copied() {
            deepest.push(group);
            next = outer;
        }
        Self {
            circles: walk.circles,
            deepest,
        }
    }

    /// How many groups are in one another at most; 1 when none is in another.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.deepest.len()
    }
}

/// Tarjan's walk (1972) with a stack of its own: a chain of groups may be as long as there are groups.
struct Walk<'a> {
    groups_of_group: &'a [Vec<usize>],
    /// When each group was met.
    met: Vec<usize>,
    /// The earliest group that is known to be in the same circle.
    low: Vec<usize>,
    /// The component of each group, when it is known; a circle is one, and so is a group by itself.
    component: Vec<usize>,
    /// Groups whose component is not known yet.
    open: Vec<usize>,
    /// Groups on the way, and how many of the groups around each were walked to.
    way: Vec<(usize, usize)>,
    clock: usize,
    circles: Vec<Vec<usize>>,
    /// For each component the length of the longest chain from it outwards, its first group, and the next component.
    chains: Vec<(usize, usize, usize)>,
    /// The component with the longest chain.
    deepest: usize,
}

impl<'a> Walk<'a> {
    fn new(groups_of_group: &'a [Vec<usize>]) -> Self {
        let groups = groups_of_group.len();
        Self {
            groups_of_group,
            met: vec![NONE; groups],
            low: vec![NONE; groups],
            component: vec![NONE; groups],
            open: Vec::new(),
            way: Vec::new(),
            clock: 0,
            circles: Vec::new(),
            chains: Vec::new(),
            deepest: NONE,
        }
    }

    /// Walk outwards from `group`, unless it was met.
    fn from(&mut self, group: usize) {
        self.enter(group);
        while let Some((group, walked)) = self.way.last_mut() {
            let group = *group;
            let outer = self.groups_of_group.get(group).and_then(|all| all.get(*walked));
            *walked += 1;
            match outer.copied() {
                None => self.leave(group),
                Some(outer) if at(&self.met, outer) == NONE => self.enter(outer),
                Some(outer) if at(&self.component, outer) == NONE => self.lower(group, at(&self.met, outer)),
                Some(_) => {}
            }
        }
    }

    fn enter(&mut self, group: usize) {
        let Some(met) = self.met.get_mut(group).filter(|met| **met == NONE) else {
            return;
        };
        *met = self.clock;
        self.lower(group, self.clock);
        self.clock += 1;
        self.open.push(group);
        self.way.push((group, 0));
    }

    /// `group` is in a circle with the group that was met at `met`, if that is earlier than is known.
    fn lower(&mut self, group: usize, met: usize) {
        if let Some(low) = self.low.get_mut(group) {
            *low = met.min(*low);
        }
    }

    /// Everything around `group` was walked.
    fn leave(&mut self, group: usize) {
        self.way.pop();
        let low = at(&self.low, group);
        if let Some((inner, _)) = self.way.last() {
            self.lower(*inner, low);
        }
        if low == at(&self.met, group) {
            let start = self
                .open
                .iter()
                .rposition(|open| *open == group)
                .unwrap_or_default();
            let mut members = self.open.split_off(start);
            members.sort_unstable();
            self.close(members);
        }
    }

    /// `members` are a component, and whatever they are in has its own already.
    fn close(&mut self, members: Vec<usize>) {
        let number = self.chains.len();
        for member in &members {
            if let Some(component) = self.component.get_mut(*member) {
                *component = number;
            }
        }
        let groups_of_group = self.groups_of_group;
        let around = members
            .iter()
            .filter_map(|member| groups_of_group.get(*member))
            .flatten();
        let (mut length, mut next, mut in_itself) = (0, NONE, false);
        for outer in around.map(|outer| at(&self.component, *outer)) {
            in_itself |= outer == number;
            if let Some((outer_length, ..)) = self.chains.get(outer)
                && *outer_length > length
            {
                (length, next) = (*outer_length, outer);
            }
        }
        let first = members.first().copied().unwrap_or(NONE);
        self.chains.push((length + 1, first, next));
        if self
            .chains
            .get(self.deepest)
            .is_none_or(|(longest, ..)| length >= *longest)
        {
            self.deepest = number;
        }
        if in_itself {
            self.circles.push(members);
        }
    }
}

/// The number at `index`; none beyond the end, where a group is taken for one whose component is known.
fn at(numbers: &[usize], index: usize) -> usize {
    numbers.get(index).copied().unwrap_or(NONE - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// R21
    #[test]
    fn r21_circles_and_depth() {
        let nesting = Nesting::of(&[]);
        assert_eq!((nesting.depth(), nesting.circles.len()), (0, 0));
        assert_eq!(Nesting::of(&[vec![], vec![]]).depth(), 1);
        // 0 > 1 > 2 > 0, 3 in 0, 4 in 3 and in nothing that exists, 5 in itself.
        let groups = [vec![1], vec![2], vec![0], vec![0], vec![3, 99], vec![5]];
        let nesting = Nesting::of(&groups);
        assert_eq!(nesting.circles, [vec![0, 1, 2], vec![5]]);
        assert_eq!(nesting.deepest, [4, 3, 0]);
    }

    /// R21: a chain of any length is walked without a stack of that length.
    #[test]
    fn r21_a_million_groups_in_one_another() {
        let chain: Vec<Vec<usize>> = (1..=1_000_000).map(|outer| vec![outer]).collect();
        assert_eq!(Nesting::of(&chain).depth(), 1_000_000);
        let mut round = chain;
        round.pop();
        round.push(vec![0]);
        let nesting = Nesting::of(&round);
        assert_eq!((nesting.depth(), nesting.circles[0].len()), (1, 1_000_000));
    }

    /// Which groups each group is in, by repeated joining.
    fn reached(groups: &[Vec<usize>]) -> Vec<Vec<bool>> {
        let count = groups.len();
        let mut reached = vec![vec![false; count]; count];
        for (inner, outer) in groups.iter().enumerate() {
            outer.iter().for_each(|outer| reached[inner][*outer] = true);
        }
        for middle in 0..count {
            for from in 0..count {
                for to in 0..count {
                    reached[from][to] |= reached[from][middle] && reached[middle][to];
                }
            }
        }
        reached
    }

    /// The longest chain from `group` outwards, a circle counted once, the slow way.
    fn longest(group: usize, reached: &[Vec<bool>]) -> usize {
        let outer = (0..reached.len()).filter(|outer| reached[group][*outer] && !reached[*outer][group]);
        1 + outer.map(|outer| longest(outer, reached)).max().unwrap_or(0)
    }

    proptest! {
        /// R21: circles and depth are what the slow way gives.
        #[test]
        fn r21_nesting_equals_the_slow_way(
            groups in proptest::collection::vec(proptest::collection::vec(0_usize..7, 0..3), 7),
        ) {
            let nesting = Nesting::of(&groups);
            let reached = reached(&groups);
            for (group, outer) in reached.iter().enumerate() {
                let both = |other: &usize| outer[*other] && reached[*other][group];
                let circle: Vec<usize> = (0..groups.len()).filter(both).collect();
                let ours = nesting.circles.iter().find(|circle| circle.contains(&group));
                prop_assert_eq!(ours.cloned().unwrap_or_default(), circle);
            }
            let depth = (0..groups.len()).map(|group| longest(group, &reached)).max();
            prop_assert_eq!(nesting.depth(), depth.unwrap());
            for pair in nesting.deepest.windows(2) {
                prop_assert!(reached[pair[0]][pair[1]]);
            }
        }
    }
}
