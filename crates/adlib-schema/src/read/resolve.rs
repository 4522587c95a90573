//! Members as listed, found among the records (R21).

use std::collections::HashMap;

use adlib_core::Sid;

use super::{Memberships, Nesting};
use crate::{
    Dn,
    mapping::sid_in_dn,
    record::{Group, Member, User},
};

/// Who is in what, and how groups are nested. Members that are neither users nor groups of the read (contacts, computers) are nobody.
pub(super) fn memberships(
    users: &[User],
    groups: &[Group],
    principals: &HashMap<String, Sid>,
) -> (Memberships, Nesting) {
    let index = Index::new(users, groups, principals);
    let mut groups_of_user: Vec<Vec<usize>> = users
        .iter()
        .map(|user| index.primary_group(user).into_iter().collect())
        .collect();
    let mut groups_of_group = vec![Vec::new(); groups.len()];
    for (number, group) in groups.iter().enumerate() {
        for member in &group.members {
            let list = match index.find(group, member) {
                Some(Record::User(user)) => groups_of_user.get_mut(user),
                Some(Record::Group(group)) => groups_of_group.get_mut(group),
                None => None,
            };
            if let Some(list) = list {
                list.push(number);
            }
        }
    }
    let nesting = Nesting::of(&groups_of_group);
    (Memberships::close(groups_of_user, &groups_of_group), nesting)
}

/// A record, by its index.
#[derive(Clone, Copy)]
enum Record {
    User(usize),
    Group(usize),
}

/// The records by everything that a member can be listed as.
struct Index<'a> {
    by_dn: HashMap<String, Record>,
    by_sid: HashMap<Sid, Record>,
    by_account: HashMap<(&'a str, &'a str), usize>,
    by_primary_id: HashMap<(&'a str, &'a str), usize>,
    principals: &'a HashMap<String, Sid>,
}

impl<'a> Index<'a> {
    fn new(users: &'a [User], groups: &'a [Group], principals: &'a HashMap<String, Sid>) -> Self {
        let mut index = Self {
            by_dn: HashMap::with_capacity(users.len() + groups.len()),
            by_sid: HashMap::new(),
            by_account: HashMap::with_capacity(users.len()),
            by_primary_id: HashMap::new(),
            principals,
        };
        for (number, user) in users.iter().enumerate() {
            index.add(&user.dn, user.sid, Record::User(number));
            index
                .by_account
                .entry((&user.domain, &user.account))
                .or_insert(number);
        }
        for (number, group) in groups.iter().enumerate() {
            index.add(&group.dn, group.sid, Record::Group(number));
            if let Some(id) = &group.primary_id {
                index.by_primary_id.entry((&group.domain, id)).or_insert(number);
            }
        }
        index
    }

    fn add(&mut self, dn: &str, sid: Option<Sid>, record: Record) {
        if let Ok(dn) = dn.parse::<Dn>() {
            self.by_dn.entry(dn.into_normal()).or_insert(record);
        }
        if let Some(sid) = sid {
            self.by_sid.entry(sid).or_insert(record);
        }
    }

    /// The group that counts without listing `user`.
    fn primary_group(&self, user: &User) -> Option<usize> {
        let id = user.primary_group.as_deref()?;
        self.by_primary_id.get(&(user.domain.as_str(), id)).copied()
    }

    /// The record that `group` lists as `member`.
    fn find(&self, group: &Group, member: &Member) -> Option<Record> {
        match member {
            Member::Account(account) => {
                let user = self.by_account.get(&(group.domain.as_str(), account.as_str()));
                user.copied().map(Record::User)
            }
            Member::Dn(dn) => self.find_dn(&dn.parse().ok()?),
        }
    }

    /// The record with this DN, or the account of another domain for which it stands.
    fn find_dn(&self, dn: &Dn) -> Option<Record> {
        if let Some(record) = self.by_dn.get(dn.normal()) {
            return Some(*record);
        }
        let sid = self
            .principals
            .get(dn.normal())
            .copied()
            .or_else(|| sid_in_dn(dn))?;
        self.by_sid.get(&sid).copied()
    }
}
