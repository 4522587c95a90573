//! Increments to a replica, on a directory in memory that tells of its changes as servers do.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

use std::collections::{BTreeMap, BTreeSet};

use adlib_core::Guid;
use adlib_schema::{
    Mapper, Preset, RawEntry, Schema,
    read::{
        DirectoryRead, ReadBuilder,
        changes::{ChangeKind, Delivered, EntryId, Event, Increment, Presence, Proof, Replica},
    },
    syntax::Filter,
};
use proptest::prelude::*;

const PLACE: &str = "example.org";
const BASE: &str = "dc=example,dc=org";

/// How a server tells of changes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Style {
    /// Active Directory: identities of containers and members; deletions are told.
    Identities,
    /// Content synchronisation: DNs; deletions are told.
    Names,
    /// Content synchronisation with the identities of what did not change.
    Present,
    /// Content synchronisation of a server that keeps members right without a word.
    Integrity,
    /// The same, a while after it was read.
    Later,
    /// DNs of everything.
    Listed,
}

const STYLES: [Style; 6] = [
    Style::Identities,
    Style::Names,
    Style::Present,
    Style::Integrity,
    Style::Later,
    Style::Listed,
];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    User,
    Group,
    Unit,
}

#[derive(Debug, Clone)]
struct Node {
    kind: Kind,
    rdn: String,
    parent: Option<u8>,
    mail: Option<String>,
    members: BTreeSet<u8>,
    /// Members by the DN that they had when they joined.
    member_dns: BTreeSet<String>,
    changed: u64,
}

/// A directory, and the number of the last change.
#[derive(Debug, Clone, Default)]
struct Model {
    nodes: BTreeMap<u8, Node>,
    gone: BTreeMap<u8, u64>,
    now: u64,
}

#[derive(Debug, Clone)]
enum Step {
    Add(u8, Kind, u8, u8),
    Delete(u8),
    Place(u8, u8, u8),
    Mail(u8, u8),
    Join(u8, u8),
    Leave(u8, u8),
    /// The same as the two, written to the member: where a server keeps members right, the group changes without a word.
    MemberOf(u8, u8, bool),
    Read,
    /// Take an increment as of a stream, which does not ask what was mended.
    Watch,
    /// Read everything.
    Full,
}

fn id(number: u8) -> EntryId {
    EntryId::from_bytes([number; 16])
}

impl Model {
    fn dn(&self, number: u8) -> String {
        let node = &self.nodes[&number];
        match node.parent {
            Some(parent) => format!("{},{}", node.rdn, self.dn(parent)),
            None => format!("{},{BASE}", node.rdn),
        }
    }

    fn is_above(&self, above: u8, mut number: u8) -> bool {
        loop {
            if number == above {
                return true;
            }
            match self.nodes[&number].parent {
                Some(parent) => number = parent,
                None => return false,
            }
        }
    }

    fn unit(&self, number: u8) -> Option<u8> {
        let node = self.nodes.get(&number)?;
        (node.kind == Kind::Unit).then_some(number)
    }

    fn is_free(&self, rdn: &str, parent: Option<u8>) -> bool {
        !self
            .nodes
            .values()
            .any(|node| node.rdn == rdn && node.parent == parent)
    }

    fn step(&mut self, step: &Step) {
        self.now += 1;
        let now = self.now;
        match *step {
            Step::Add(number, kind, name, parent) => {
                let (rdn, parent) = (rdn(kind, name), self.unit(parent));
                if !self.nodes.contains_key(&number) && self.is_free(&rdn, parent) {
                    self.gone.remove(&number);
                    self.nodes.insert(
                        number,
                        Node {
                            kind,
                            rdn,
                            parent,
                            mail: None,
                            members: BTreeSet::new(),
                            member_dns: BTreeSet::new(),
                            changed: now,
                        },
                    );
                }
            }
            Step::Delete(number) => {
                let is_leaf = !self.nodes.values().any(|node| node.parent == Some(number));
                if is_leaf && self.nodes.remove(&number).is_some() {
                    self.gone.insert(number, now);
                    // Nobody tells of the groups.
                    self.nodes.values_mut().for_each(|node| {
                        node.members.remove(&number);
                    });
                }
            }
            Step::Place(number, name, parent) => {
                let parent = self.unit(parent).filter(|parent| !self.is_above(number, *parent));
                if let Some(kind) = self.nodes.get(&number).map(|node| node.kind)
                    && self.is_free(&rdn(kind, name), parent)
                {
                    let node = self.nodes.get_mut(&number).unwrap();
                    (node.rdn, node.parent, node.changed) = (rdn(kind, name), parent, now);
                }
            }
            Step::Mail(number, mail) => {
                if let Some(node) = self.nodes.get_mut(&number) {
                    node.mail = (mail > 2).then(|| format!("m{mail}@example.org"));
                    node.changed = now;
                }
            }
            Step::Join(group, member) => {
                if self.nodes.contains_key(&member) {
                    let dn = self.dn(member);
                    if let Some(group) = self.group(group) {
                        group.members.insert(member);
                        group.member_dns.insert(dn);
                        group.changed = now;
                    }
                }
            }
            Step::Leave(group, member) => {
                let dn = self.nodes.contains_key(&member).then(|| self.dn(member));
                if let Some(group) = self.group(group) {
                    group.members.remove(&member);
                    dn.map(|dn| group.member_dns.remove(&dn));
                    group.changed = now;
                }
            }
            Step::MemberOf(member, group, is_member) => {
                let dn = self.nodes.contains_key(&member).then(|| self.dn(member));
                if let Some((group, dn)) = self.group(group).zip(dn) {
                    if is_member {
                        group.members.insert(member);
                        group.member_dns.insert(dn);
                    } else {
                        group.members.remove(&member);
                        group.member_dns.remove(&dn);
                    }
                    self.nodes.get_mut(&member).unwrap().changed = now;
                }
            }
            Step::Read | Step::Watch | Step::Full => {}
        }
    }

    /// Mend the members of all groups, and tell nobody.
    fn mend(&mut self) {
        for number in self.nodes.keys().copied().collect::<Vec<_>>() {
            let members = self.nodes[&number].members.iter();
            let dns = members.map(|member| self.dn(*member)).collect();
            self.nodes.get_mut(&number).unwrap().member_dns = dns;
        }
    }

    fn group(&mut self, number: u8) -> Option<&mut Node> {
        self.nodes
            .get_mut(&number)
            .filter(|node| node.kind == Kind::Group)
    }

    /// The entry as the server gives it, for a replica or for a full read.
    fn entry(&self, number: u8, style: Style, extended: bool) -> RawEntry {
        let node = &self.nodes[&number];
        let mut entry = RawEntry::new(self.dn(number));
        let active_directory = style == Style::Identities;
        if active_directory {
            entry.push("objectGUID", [number; 16]);
        } else {
            entry.push("entryUUID", Guid::from_bytes([number; 16]).to_string());
        }
        let name = node.rdn.split_once('=').unwrap().1;
        match node.kind {
            Kind::User => {
                entry.push("objectClass", "user");
                // Every DN has its identity in front when one has.
                let identity = if extended {
                    "<GUID=304c34b8-6fb9-459e-9936-c6693f131248>;"
                } else {
                    ""
                };
                entry.push("objectCategory", format!("{identity}CN=Person,CN=Schema"));
                entry.push("sAMAccountType", "805306368");
                entry.push("sAMAccountName", name);
                entry.push("uid", name);
            }
            Kind::Group => {
                entry.push("objectClass", "groupOfNames");
                entry.push("objectCategory", "CN=Group,CN=Schema");
                entry.push("sAMAccountName", name);
                entry.push("cn", name);
            }
            Kind::Unit => entry.push("objectClass", "organizationalUnit"),
        }
        if let Some(mail) = &node.mail {
            entry.push("mail", mail.as_str());
        }
        if active_directory {
            for member in &node.members {
                let guid = if extended {
                    format!("<GUID={}>;", Guid::from_bytes([*member; 16]))
                } else {
                    String::new()
                };
                entry.push("member", format!("{guid}{}", self.dn(*member)));
            }
        } else {
            let now = node.members.iter().map(|member| self.dn(*member));
            let dns = match style {
                Style::Integrity => now.collect(),
                _ => node.member_dns.clone(),
            };
            for dn in &dns {
                entry.push("member", dn.as_str());
            }
        }
        if extended && active_directory {
            let groups = self
                .nodes
                .iter()
                .filter(|(_, group)| group.members.contains(&number));
            for (group, _) in groups {
                let guid = Guid::from_bytes([*group; 16]);
                entry.push("memberOf", format!("<GUID={guid}>;{}", self.dn(*group)));
            }
        }
        if extended
            && active_directory
            && let Some(parent) = node.parent
        {
            entry.push("parentGUID", [parent; 16]);
        }
        entry
    }

    fn event(&self, number: u8, style: Style, mapper: &Mapper) -> Event {
        let entry = self.entry(number, style, true);
        Event::Entry(Box::new(Delivered::new(mapper.schema(), &entry).unwrap()))
    }

    /// What the server tells of everything after the change numbered `since`.
    fn increment(&self, since: u64, style: Style, mapper: &Mapper) -> Increment {
        let changed = self.nodes.iter().filter(|(_, node)| node.changed > since);
        let mut events: Vec<Event> = changed
            .map(|(number, _)| self.event(*number, style, mapper))
            .collect();
        let all = self.nodes.keys();
        let presence = match style {
            Style::Identities | Style::Names | Style::Integrity | Style::Later => {
                let gone = self.gone.iter().filter(|(_, when)| **when > since);
                events.extend(gone.map(|(number, _)| Event::Gone(id(*number))));
                Presence::Told
            }
            Style::Present => Presence::Listed(all.map(|number| (id(*number), None)).collect()),
            Style::Listed => {
                Presence::Listed(all.map(|number| (id(*number), Some(self.dn(*number)))).collect())
            }
        };
        Increment::new(events, presence, None, 0)
    }

    /// The entries that match one of `filters`.
    fn found(&self, filters: &[Filter], style: Style, mapper: &Mapper) -> Vec<Event> {
        let matches = |number: &&u8| {
            let entry = self.entry(**number, style, true);
            filters.iter().any(|filter| filter.matches(&entry))
        };
        let found = self.nodes.keys().filter(matches);
        found.map(|number| self.event(*number, style, mapper)).collect()
    }

    fn everything(&self, style: Style, mapper: &Mapper) -> Increment {
        let events = self.nodes.keys().map(|number| self.event(*number, style, mapper));
        Increment::new(events.collect(), Presence::Replaced, None, 0)
    }

    fn full_read(&self, style: Style, mapper: &Mapper) -> DirectoryRead {
        let mut builder = ReadBuilder::new(mapper.clone());
        builder.begin(PLACE);
        for number in self.nodes.keys() {
            builder.entry(&self.entry(*number, style, false));
        }
        builder.end();
        builder.finish()
    }
}

fn rdn(kind: Kind, name: u8) -> String {
    match kind {
        Kind::User => format!("cn=u{name}"),
        Kind::Group => format!("cn=g{name}"),
        Kind::Unit => format!("ou=o{name}"),
    }
}

fn mapper(style: Style) -> Mapper {
    Mapper::new(Schema::of(if style == Style::Identities {
        Preset::ActiveDirectory
    } else {
        Preset::OpenLdap
    }))
}

/// That two reads are the same, but for the order in which a group lists its members.
fn assert_same(mut ours: DirectoryRead, mut full: DirectoryRead) {
    for read in [&mut ours, &mut full] {
        read.groups
            .iter_mut()
            .for_each(|group| group.members.sort_by_key(|member| format!("{member:?}")));
    }
    assert_eq!(ours.users, full.users);
    assert_eq!(ours.groups, full.groups);
    assert_eq!(ours.units, full.units);
    assert_eq!(ours.memberships, full.memberships);
    assert_eq!(ours.found, full.found);
    assert_eq!(ours.completeness, full.completeness);
}

/// Play `steps`, reading increments on the way, each of which must give what a full read gives, unless a stream gave it.
fn play(style: Style, steps: &[Step]) {
    let mapper = mapper(style);
    let schema = mapper.schema();
    let mut model = Model::default();
    let mut replica = Replica::default();
    replica.apply(PLACE, model.everything(style, &mapper), &mapper);
    let mut since = 0;
    for step in steps.iter().chain([&Step::Read]) {
        let is_silent = style == Style::Integrity;
        let step = match *step {
            Step::MemberOf(member, group, true) if !is_silent => &Step::Join(group, member),
            Step::MemberOf(member, group, false) if !is_silent => &Step::Leave(group, member),
            _ => step,
        };
        model.step(step);
        if matches!(step, Step::Full) {
            replica.apply(PLACE, model.everything(style, &mapper), &mapper);
            since = model.now;
            if style == Style::Later {
                model.mend();
            }
        }
        if !matches!(step, Step::Read | Step::Watch) {
            continue;
        }
        let mut increment = model.increment(since, style, &mapper);
        let place = replica.place(PLACE).unwrap();
        let doubts = place.groups_in_doubt(schema, &increment.events, &increment.presence);
        let again = doubts.iter().map(|group| group.as_bytes()[0]);
        let again = again.filter(|group| model.nodes.contains_key(group));
        let again = again.map(|group| model.event(group, style, &mapper));
        increment.events.extend(again);
        let disagreements = place.disagreements(schema, &increment.events);
        increment
            .events
            .extend(model.found(&disagreements, style, &mapper));
        if matches!(step, Step::Read) {
            let unsettled = place.unsettled(schema, &increment.events);
            increment.mended = Some(model.found(&unsettled, style, &mapper));
        }
        replica.apply(PLACE, increment, &mapper);
        since = model.now;
        replica = Replica::decode(&replica.encode()).unwrap();
        if matches!(step, Step::Read) {
            assert_same(replica.read(&mapper), model.full_read(style, &mapper));
        }
        if style == Style::Later {
            model.mend();
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let number = 0_u8..14;
    let kind = prop_oneof![Just(Kind::User), Just(Kind::Group), Just(Kind::Unit)];
    prop_oneof![
        4 => (number.clone(), kind, 0_u8..9, number.clone()).prop_map(|(a, b, c, d)| Step::Add(a, b, c, d)),
        1 => number.clone().prop_map(Step::Delete),
        3 => (number.clone(), 0_u8..9, number.clone()).prop_map(|(a, b, c)| Step::Place(a, b, c)),
        1 => (number.clone(), 0_u8..9).prop_map(|(a, b)| Step::Mail(a, b)),
        3 => (number.clone(), number.clone()).prop_map(|(a, b)| Step::Join(a, b)),
        1 => (number.clone(), number.clone()).prop_map(|(a, b)| Step::Leave(a, b)),
        2 => (number.clone(), number, any::<bool>()).prop_map(|(a, b, c)| Step::MemberOf(a, b, c)),
        2 => Just(Step::Read),
        1 => Just(Step::Watch),
        1 => Just(Step::Full),
    ]
}

proptest! {
    /// R28: increments give what a full read gives, however the server tells of them.
    #[test]
    fn r28_increments_equal_a_full_read(steps in proptest::collection::vec(step(), 1..60)) {
        for style in STYLES {
            play(style, &steps);
        }
    }

    /// R28: a replica that was damaged is refused and never read.
    #[test]
    fn r28_a_damaged_replica_is_refused(at in any::<prop::sample::Index>(), flip in 1_u8..) {
        let mapper = mapper(Style::Identities);
        let mut model = Model::default();
        model.step(&Step::Add(1, Kind::User, 1, 0));
        let mut replica = Replica::default();
        replica.apply(PLACE, model.everything(Style::Identities, &mapper), &mapper);
        let mut bytes = replica.encode();
        let at = at.index(bytes.len());
        prop_assert!(Replica::decode(&bytes[..at]).is_err());
        bytes[at] ^= flip;
        prop_assert!(Replica::decode(&bytes).is_err());
    }
}

/// A59: two units that swap their names take along what is below.
#[test]
fn a59_two_units_swap_names() {
    for style in STYLES {
        play(
            style,
            &[
                Step::Add(0, Kind::Unit, 0, 9),
                Step::Add(1, Kind::Unit, 1, 9),
                Step::Add(2, Kind::User, 2, 0),
                Step::Add(3, Kind::User, 3, 1),
                Step::Read,
                Step::Place(0, 5, 9),
                Step::Place(1, 0, 9),
                Step::Place(0, 1, 9),
            ],
        );
    }
}

/// R28: somebody is deleted and put back as before; where the server keeps members right, it has lost its groups without a
/// word.
#[test]
fn r28_put_back_with_the_old_identity() {
    for style in STYLES {
        for kind in [Kind::User, Kind::Group] {
            let member = Step::Add(1, kind, 1, 9);
            let put_back = [
                member.clone(),
                Step::Add(2, Kind::Group, 2, 9),
                Step::Join(2, 1),
                Step::Read,
                Step::Delete(1),
                member,
            ];
            play(style, &put_back);
            // Into another group, as it is written in the member.
            let other_group = [
                Step::Add(3, Kind::Group, 3, 9),
                Step::Read,
                Step::MemberOf(1, 3, true),
                Step::MemberOf(1, 2, false),
                Step::Read,
                Step::MemberOf(1, 2, true),
            ];
            play(style, &[&put_back[..], &other_group].concat());
        }
    }
}

/// R28: a full read just before the server mends the groups of whoever was renamed, deleted, or put back: the next increment
/// has them.
#[test]
fn r28_a_full_read_before_groups_are_mended() {
    let style = Style::Later;
    let mapper = mapper(style);
    let mut model = Model::default();
    let steps = [
        Step::Add(1, Kind::User, 1, 9),
        Step::Add(2, Kind::User, 2, 9),
        Step::Add(3, Kind::User, 3, 9),
        Step::Add(4, Kind::Group, 4, 9),
        Step::Join(4, 1),
        Step::Join(4, 2),
        Step::Join(4, 3),
        Step::Place(1, 7, 9),
        Step::Delete(2),
        Step::Delete(3),
        Step::Add(3, Kind::User, 3, 9),
    ];
    steps.iter().for_each(|step| model.step(step));
    let mut replica = Replica::default();
    replica.apply(PLACE, model.everything(style, &mapper), &mapper);
    model.mend();
    let unsettled = |replica: &Replica| {
        let replica = Replica::decode(&replica.encode()).unwrap();
        replica.place(PLACE).unwrap().unsettled(mapper.schema(), &[])
    };
    let mut increment = model.increment(model.now, style, &mapper);
    let mended = model.found(&unsettled(&replica), style, &mapper);
    assert_eq!(mended.len(), 1);
    increment.mended = Some(mended);
    replica.apply(PLACE, increment, &mapper);
    assert_same(replica.read(&mapper), model.full_read(style, &mapper));

    // It became another, and is asked about once more.
    assert_eq!(unsettled(&replica).len(), 1);
    let mut nothing = model.increment(model.now, style, &mapper);
    nothing.mended = Some(model.found(&unsettled(&replica), style, &mapper));
    replica.apply(PLACE, nothing, &mapper);
    assert_eq!(unsettled(&replica), []);
}

/// R28: a group that is read before the server mended it, again and again.
#[test]
fn r28_a_group_that_is_always_mended_too_late() {
    let steps = [
        Step::Add(4, Kind::User, 2, 9),
        Step::Add(7, Kind::Group, 0, 9),
        Step::Join(7, 4),
        Step::Place(4, 0, 9),
        Step::Read,
        Step::Delete(4),
        Step::Read,
    ];
    play(Style::Later, &steps);
}

/// R28: a unit takes the name of another before the server mends the groups of those below, so that a group lists somebody
/// else for a moment.
#[test]
fn r28_units_swap_names_before_groups_are_mended() {
    for style in STYLES {
        play(
            style,
            &[
                Step::Add(4, Kind::Unit, 4, 9),
                Step::Add(5, Kind::Unit, 5, 9),
                Step::Add(1, Kind::User, 1, 4),
                Step::Add(2, Kind::User, 1, 5),
                Step::Add(3, Kind::Group, 3, 9),
                Step::Join(3, 1),
                Step::Read,
                Step::Place(4, 6, 9),
                Step::Place(5, 4, 9),
                Step::Place(4, 5, 9),
                Step::Read,
            ],
        );
    }
}

/// R28: after so many changes that asking about each is more than reading every group, every group is read.
#[test]
fn r28_more_changes_than_are_asked_about() {
    let mapper = mapper(Style::Integrity);
    let schema = mapper.schema();
    let users = |count: u32| {
        let user = |number: u32| {
            let mut entry = RawEntry::new(format!("uid=u{number},dc=example,dc=org"));
            let id = u128::from(number).to_be_bytes();
            entry.push("entryUUID", Guid::from_bytes(id).to_string());
            entry.push("objectClass", "inetOrgPerson");
            entry.push("uid", format!("u{number}"));
            Event::Entry(Box::new(Delivered::new(schema, &entry).unwrap()))
        };
        (0..count).map(user).collect::<Vec<_>>()
    };
    let mut replica = Replica::default();
    replica.apply(
        PLACE,
        Increment::new(users(3_000), Presence::Replaced, None, 0),
        &mapper,
    );
    let place = replica.place(PLACE).unwrap();
    let few = place.disagreements(schema, &users(100));
    assert!((2..=4).contains(&few.len()), "{}", few.len());
    let all = [schema.group_search.for_all()];
    for count in [1_000, 3_000] {
        assert_eq!(place.disagreements(schema, &users(count)), all);
    }
}

/// R28: what lists somebody and is no group is not read for that.
#[test]
fn r28_groups_only_are_asked_for() {
    let mapper = mapper(Style::Integrity);
    let mut model = Model::default();
    model.step(&Step::Add(1, Kind::User, 1, 9));
    let mut replica = Replica::default();
    replica.apply(PLACE, model.everything(Style::Integrity, &mapper), &mapper);
    let came = [model.event(1, Style::Integrity, &mapper)];
    let place = replica.place(PLACE).unwrap();
    let asked = place.disagreements(mapper.schema(), &came);
    for (class, is_found) in [("groupOfNames", true), ("device", false)] {
        let mut entry = RawEntry::new("cn=x,dc=example,dc=org");
        entry.push("objectClass", class);
        entry.push("cn", "x");
        entry.push("member", model.dn(1));
        assert_eq!(
            asked.iter().any(|filter| filter.matches(&entry)),
            is_found,
            "{class}"
        );
    }
}

/// R28: each kind of change, by key.
#[test]
fn r28_changes_by_key() {
    let style = Style::Identities;
    let mapper = mapper(style);
    let mut model = Model::default();
    let mut replica = Replica::default();
    let mut since = 0;
    let mut after = |steps: &[Step]| {
        steps.iter().for_each(|step| model.step(step));
        let changes = replica.apply(PLACE, model.increment(since, style, &mapper), &mapper);
        since = model.now;
        let named = |change: adlib_schema::read::changes::Change| {
            (change.dn.split(',').next().unwrap().to_owned(), change.kind)
        };
        changes.into_iter().map(named).collect::<Vec<_>>()
    };
    let is = |name: &str, kind| (name.to_owned(), kind);
    let from = |dn: &str| ChangeKind::Moved { from: dn.to_owned() };

    let unit = Step::Add(1, Kind::Unit, 1, 0);
    let (user, group) = (Step::Add(2, Kind::User, 2, 1), Step::Add(3, Kind::Group, 3, 0));
    assert_eq!(
        after(&[unit, user.clone(), group]),
        [
            is("ou=o1", ChangeKind::Created),
            is("cn=u2", ChangeKind::Created),
            is("cn=g3", ChangeKind::Created)
        ]
    );
    let members = || ChangeKind::Changed {
        fields: vec!["members"],
    };
    assert_eq!(after(&[Step::Join(3, 2)]), [is("cn=g3", members())]);
    let email = ChangeKind::Changed {
        fields: vec!["email"],
    };
    assert_eq!(after(&[Step::Mail(2, 5)]), [is("cn=u2", email)]);
    // The unit only is told of.
    assert_eq!(
        after(&[Step::Place(1, 7, 0)]),
        [
            is("ou=o7", from("ou=o1,dc=example,dc=org")),
            is("cn=u2", from("cn=u2,ou=o1,dc=example,dc=org"))
        ]
    );
    assert_eq!(
        after(&[Step::Delete(2)]),
        [
            is("cn=u2", ChangeKind::Gone { proof: Proof::Told }),
            is("cn=g3", members())
        ]
    );
    assert_eq!(after(&[user]), [is("cn=u2", ChangeKind::Returned)]);
    assert_eq!(after(&[]), []);
}

/// R28: what is not in a list to the end is gone, and that is another proof.
#[test]
fn r28_absent_from_the_list() {
    let mapper = mapper(Style::Listed);
    let mut model = Model::default();
    model.step(&Step::Add(1, Kind::User, 1, 0));
    let mut replica = Replica::default();
    replica.apply(PLACE, model.everything(Style::Listed, &mapper), &mapper);
    let nothing = Increment::new(Vec::new(), Presence::Listed(Vec::new()), None, 0);
    let changes = replica.apply(PLACE, nothing, &mapper);
    assert_eq!(changes[0].kind, ChangeKind::Gone { proof: Proof::Absent });
}

/// R28: who is out of sight is still a member, if the group says so; who was deleted is not.
#[test]
fn r28_a_member_out_of_sight() {
    let style = Style::Identities;
    let mapper = mapper(style);
    let mut model = Model::default();
    let steps = [
        Step::Add(1, Kind::User, 1, 0),
        Step::Add(2, Kind::Group, 2, 0),
        Step::Join(2, 1),
    ];
    steps.iter().for_each(|step| model.step(step));
    let mut before = Replica::default();
    before.apply(PLACE, model.everything(style, &mapper), &mapper);
    let group = model.event(2, style, &mapper);
    let members = |events: Vec<Event>, presence: Presence| {
        let doubts = before.place(PLACE).unwrap();
        let doubts = doubts.groups_in_doubt(mapper.schema(), &events, &presence);
        let mut replica = before.clone();
        replica.apply(PLACE, Increment::new(events, presence, None, 1), &mapper);
        let read = replica.read(&mapper);
        assert_eq!(read.users, []);
        (doubts, read.groups[0].members.len())
    };
    let listed = || Presence::Listed(vec![(id(2), None)]);
    for (told, presence) in [(vec![Event::Lost(id(1))], Presence::Told), (Vec::new(), listed())] {
        assert_eq!(members(told.clone(), presence.clone()), (vec![id(2)], 0));
        // The group that was in doubt, read again.
        let again = [told, vec![group.clone()]].concat();
        assert_eq!(members(again, presence).1, 1);
    }
    for presence in [Presence::Told, listed()] {
        let deleted = vec![Event::Gone(id(1)), group.clone()];
        assert_eq!(members(deleted, presence), (Vec::new(), 0));
    }
}

/// R28: whoever returns may be a member again where the group itself did not change, or no longer be one.
#[test]
fn r28_groups_are_in_doubt_when_a_member_disagrees() {
    let mapper = mapper(Style::Identities);
    let mut model = Model::default();
    let steps = [
        Step::Add(1, Kind::User, 1, 0),
        Step::Add(2, Kind::Group, 2, 0),
        Step::Join(2, 1),
    ];
    steps.iter().for_each(|step| model.step(step));
    let mut replica = Replica::default();
    replica.apply(PLACE, model.everything(Style::Identities, &mapper), &mapper);
    let doubts = |replica: &Replica, events: &[Event]| {
        let place = replica.place(PLACE).unwrap();
        place.groups_in_doubt(mapper.schema(), events, &Presence::Told)
    };

    let member = model.event(1, Style::Identities, &mapper);
    assert_eq!(doubts(&replica, std::slice::from_ref(&member)), []);
    let gone = Increment::new(vec![Event::Gone(id(1))], Presence::Told, None, 1);
    replica.apply(PLACE, gone, &mapper);
    assert_eq!(replica.read(&mapper).groups[0].members, []);
    assert_eq!(doubts(&replica, std::slice::from_ref(&member)), [id(2)]);
    let group = model.event(2, Style::Identities, &mapper);
    assert_eq!(doubts(&replica, &[member, group]), []);

    replica.apply(PLACE, model.everything(Style::Identities, &mapper), &mapper);
    model.step(&Step::Leave(2, 1));
    let member = model.event(1, Style::Identities, &mapper);
    assert_eq!(doubts(&replica, &[member]), [id(2)]);
}

/// R21, R28: a group of one domain of a forest keeps a member of another that is renamed there, and takes one that is told by
/// its identity only.
#[test]
fn r28_members_in_another_domain() {
    const OTHER: &str = "child.example.org";
    let style = Style::Identities;
    let mapper = mapper(style);
    let (mut groups, mut users) = (Model::default(), Model::default());
    users.step(&Step::Add(1, Kind::User, 1, 9));
    users.step(&Step::Add(2, Kind::User, 2, 9));
    groups.step(&Step::Add(3, Kind::Group, 3, 9));
    let mut group = groups.entry(3, style, true);
    group.push(
        "member",
        format!("<GUID={}>;{}", Guid::from_bytes([1; 16]), users.dn(1)),
    );
    let group = Event::Entry(Box::new(Delivered::new(mapper.schema(), &group).unwrap()));
    let mut replica = Replica::default();
    let whole = Increment::new(vec![group], Presence::Replaced, None, 0);
    replica.apply(PLACE, whole, &mapper);
    replica.apply(OTHER, users.everything(style, &mapper), &mapper);
    let members = |replica: &Replica| {
        let read = replica.read(&mapper);
        let is_member = |user: &usize| !read.memberships.groups_of(*user).is_empty();
        let users = 0..read.users.len();
        users
            .filter(is_member)
            .map(|user| read.users[user].dn.clone())
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(members(&replica), BTreeSet::from([users.dn(1)]));

    let since = users.now;
    users.step(&Step::Place(1, 7, 9));
    replica.apply(OTHER, users.increment(since, style, &mapper), &mapper);
    assert_eq!(members(&replica), BTreeSet::from([users.dn(1)]));

    let joined = Event::Link {
        group: id(3),
        attribute: "member".to_owned(),
        member: id(2),
        added: true,
    };
    replica.apply(
        PLACE,
        Increment::new(vec![joined], Presence::Told, None, 0),
        &mapper,
    );
    assert_eq!(members(&replica), BTreeSet::from([users.dn(1), users.dn(2)]));
}
