//! A reader that goes on from its replica, and a fresh read beside it.

use std::collections::BTreeSet;

use adlib_ldap::{ChangeReader, Connection, PlaceRead, read_domain};
use adlib_schema::{
    Mapper,
    read::{
        DirectoryRead, ReadBuilder,
        changes::{Change, FullReadReason, Method, Replica},
    },
};

/// One who reads by one method.
pub(crate) struct Reader {
    pub(crate) connection: Connection,
    pub(crate) mapper: Mapper,
    pub(crate) name: String,
    pub(crate) base: String,
    pub(crate) account: String,
    pub(crate) wanted: Option<Method>,
    pub(crate) replica: Replica,
}

impl Reader {
    pub(crate) fn changes(&self) -> ChangeReader<'_> {
        ChangeReader::new(
            &self.connection,
            &self.mapper,
            &self.name,
            &self.base,
            &self.account,
        )
    }

    /// Go on from the last read; what was read, and what it changed.
    pub(crate) async fn go_on(&mut self) -> (PlaceRead, Vec<Change>) {
        let read = self
            .changes()
            .read(&self.replica, self.wanted, &mut |_| {})
            .await
            .unwrap();
        let changes = self
            .replica
            .apply(&self.name, read.increment.clone(), &self.mapper);
        // As an application would keep it.
        self.replica = Replica::decode(&self.replica.encode()).unwrap();
        (read, changes)
    }

    /// Why the next read reads everything, if it does.
    pub(crate) async fn full_reason(&mut self) -> Option<FullReadReason> {
        self.go_on().await.0.full
    }

    /// A read that knows nothing of the last one.
    pub(crate) async fn fresh(&self) -> DirectoryRead {
        let mut builder = ReadBuilder::new(self.mapper.clone());
        let (name, base) = (&self.name, &self.base);
        read_domain(&self.connection, name, base, 500, &mut builder, &mut |_| {})
            .await
            .unwrap();
        builder.finish()
    }

    /// What the replica gives.
    pub(crate) fn kept(&self) -> DirectoryRead {
        self.replica.read(&self.mapper)
    }
}

/// That two reads are the same, but for the order in which a group lists its members.
pub(crate) fn assert_same(mut kept: DirectoryRead, mut fresh: DirectoryRead, when: &str) {
    for read in [&mut kept, &mut fresh] {
        read.groups
            .iter_mut()
            .for_each(|group| group.members.sort_by_key(|member| format!("{member:?}")));
    }
    assert_each(&kept.users, &fresh.users, |user| &user.dn, when);
    assert_each(&kept.groups, &fresh.groups, |group| &group.dn, when);
    assert_each(&kept.units, &fresh.units, |unit| &unit.dn, when);
    assert!(kept.memberships == fresh.memberships, "memberships, {when}");
    assert_eq!(kept.found, fresh.found, "{when}");
    assert_eq!(kept.completeness, fresh.completeness, "{when}");
}

fn assert_each<T: std::fmt::Debug + PartialEq>(kept: &[T], fresh: &[T], dn: fn(&T) -> &str, when: &str) {
    let dns = |records: &[T]| {
        records
            .iter()
            .map(|record| dn(record).to_owned())
            .collect::<BTreeSet<_>>()
    };
    let (ours, theirs) = (dns(kept), dns(fresh));
    let differing: Vec<_> = ours.symmetric_difference(&theirs).collect();
    assert_eq!(differing, Vec::<&String>::new(), "{when}");
    assert_eq!(kept.len(), fresh.len(), "{when}");
    for (kept, fresh) in kept.iter().zip(fresh) {
        assert_eq!(kept, fresh, "{when}");
    }
}
