//! Two user lists that differ a little, and the same for everybody.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use adlib_core::Sid;
use adlib_schema::{
    Mapper, Preset, RawEntry, Schema,
    read::{Completeness, ReadBuilder},
    record::{Group, Key, User},
};
use adlib_sync::{
    Details, Link, Links, ManualRun, Plan, Rejection, Snapshot, SnapshotBuilder, Source, SyncOptions,
    membership_changes,
    store::{DigestKey, Origin, Revision, StoreState, StoredGroup, StoredUser, UserId},
};

/// Groups that a user is in.
const GROUPS_OF_USER: u64 = 10;

/// Two lists of so many users each, with a group for every twenty.
pub(crate) struct Lists {
    users: u32,
    groups: u64,
    options: SyncOptions,
}

impl Lists {
    pub(crate) fn of(users: u32) -> Self {
        let mut options = SyncOptions::default();
        // The lists are to be compared, however much they differ.
        options.guard.max_deletes = usize::MAX;
        options.guard.max_membership_removals = usize::MAX;
        options.guard.max_shrink = usize::MAX;
        Self {
            users,
            groups: u64::from(users / 20).max(100),
            options,
        }
    }

    /// The users of the directory by name, as readers give them; that is not the order of the store.
    fn wanted(&self) -> Vec<u32> {
        let gone = self.users / 100;
        let mut numbers: Vec<u32> = (gone..gone + self.users).collect();
        numbers.sort_by_cached_key(|number| Person::new(*number, true).name);
        numbers
    }

    fn group_of(&self, user: u32, turn: u64, is_wanted: bool) -> u64 {
        let moves = is_wanted && is_changed(user) && turn < 2;
        let number = mix(u64::from(user) * GROUPS_OF_USER + turn);
        // One group in each tenth, so that no two are the same.
        let tenth = self.groups / GROUPS_OF_USER;
        let place = if moves {
            (number + 1) % tenth
        } else {
            number % tenth
        };
        turn * tenth + place
    }

    fn groups_of(&self, user: u32, is_wanted: bool) -> impl Iterator<Item = usize> + '_ {
        (0..GROUPS_OF_USER).filter_map(move |turn| usize::try_from(self.group_of(user, turn, is_wanted)).ok())
    }

    /// Both sides as we hold them, made of one user after another.
    pub(crate) fn load(&self) -> Result<(Snapshot, StoreState), Rejection> {
        let mut builder = SnapshotBuilder::new(&self.options);
        builder.begin(Source::Primary);
        for group in 0..self.groups {
            builder.group(&Group::new(
                group_key(group),
                "",
                "example.org",
                format!("group {group}"),
            ));
        }
        for number in self.wanted() {
            builder.user(
                &Person::new(number, true).into_user(),
                self.groups_of(number, true),
            );
        }
        builder.end(&complete());
        let snapshot = builder.finish()?;
        let mut state = StoreState::new(Revision::new("1"), DigestKey::new([7; 32]));
        for group in 0..self.groups {
            let link = Link::new(Source::Primary, group_key(group));
            state.push_group(StoredGroup::new(link, "example.org", format!("group {group}")));
        }
        for number in 0..self.users {
            let user = state.push_user(&Person::new(number, false).into_stored());
            for group in self.groups_of(number, false) {
                state.push_membership(user, group);
            }
        }
        Ok((snapshot, state))
    }

    /// The sizes of a whole plan.
    pub(crate) fn plan(&self, snapshot: &Snapshot, state: &StoreState) -> String {
        let plan = self.plan_of(snapshot, state);
        let (creates, deletes, updates) = (plan.creates().len(), plan.deletes().len(), plan.updates().len());
        let (added, removed) = (plan.memberships_added().len(), plan.memberships_removed().len());
        format!("{creates} {deletes} {updates} {added} {removed}")
    }

    /// A whole plan.
    pub(crate) fn plan_of(&self, snapshot: &Snapshot, state: &StoreState) -> Plan {
        let trigger = ManualRun::default().deleting_missing().into();
        Plan::of(snapshot, state, &self.options, &trigger)
    }

    /// Both sides as files for the peers.
    pub(crate) fn write(&self, directory: &Path) -> io::Result<()> {
        let open = |name: &str| File::create(directory.join(name)).map(BufWriter::new);
        let sides = [
            ("wanted", true, self.wanted()),
            ("stored", false, (0..self.users).collect()),
        ];
        for (side, is_wanted, numbers) in sides {
            let mut users = open(&format!("users_{side}.csv"))?;
            let mut memberships = open(&format!("memberships_{side}.csv"))?;
            writeln!(users, "key,name,full_name,email,department,office,home,sid,card")?;
            writeln!(memberships, "user,grp")?;
            for number in numbers {
                let Person {
                    key,
                    name,
                    full_name,
                    email,
                    department,
                    office,
                    home,
                    sid,
                    card,
                } = Person::new(number, is_wanted);
                let sid = sid.map(|sid| sid.to_string()).unwrap_or_default();
                writeln!(
                    users,
                    "{key},{name},{full_name},{email},{department},{office},{home},{sid},{card}"
                )?;
                for group in self.groups_of(number, is_wanted) {
                    writeln!(memberships, "{number},{group}")?;
                }
            }
            users.flush()?;
            memberships.flush()?;
        }
        Ok(())
    }
}

/// The sizes of a comparison of memberships.
pub(crate) fn memberships(snapshot: &Snapshot, state: &StoreState) -> String {
    let changes = membership_changes(snapshot, state);
    format!("{} {}", changes.added().len(), changes.removed().len())
}

/// Five users in a hundred.
const fn is_changed(user: u32) -> bool {
    user % 20 == 7
}

/// A number that looks like chance: `SplitMix64`.
const fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

fn guid(number: u64) -> String {
    let (one, other) = (mix(number), mix(!number));
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        one >> 32,
        one >> 16 & 0xffff,
        one & 0xffff,
        other >> 48,
        other & 0xffff_ffff_ffff
    )
}

fn group_key(group: u64) -> Key {
    Key::new(&guid(1 << 40 | group))
}

/// The word of a reader that it read everything.
fn complete() -> Completeness {
    let mut builder = ReadBuilder::new(Mapper::new(Schema::of(Preset::OpenLdap)));
    builder.begin("example.org");
    let mut entry = RawEntry::new("uid=someone,dc=example,dc=org");
    entry.push("uid", "someone");
    builder.entry(&entry);
    builder.end();
    builder.finish().completeness
}

/// One user of either list.
struct Person {
    key: String,
    name: String,
    full_name: String,
    email: String,
    department: String,
    office: String,
    home: String,
    sid: Option<Sid>,
    card: String,
}

impl Person {
    fn new(number: u32, is_wanted: bool) -> Self {
        let name = format!("{:04x}.{number}", mix(u64::from(number)) & 0xffff);
        let moved = if is_wanted && is_changed(number) {
            "Further "
        } else {
            ""
        };
        Self {
            key: guid(u64::from(number)),
            full_name: format!("Given{} Family{}", number % 1_000, number / 1_000),
            email: format!("{name}@example.org"),
            department: format!("{moved}Department {}", number % 200),
            office: format!("Office {}", number % 50),
            home: format!(r"\\files\home\{name}"),
            sid: Sid::new(
                5,
                &[21, 1_111_111_111, 2_222_222_222, 3_333_333_333, 1_000 + number],
            ),
            card: format!("{number:08}"),
            name,
        }
    }

    fn into_user(self) -> User {
        let dn = format!("CN={},OU=People,DC=example,DC=org", self.full_name);
        let mut user = User::new(Key::new(&self.key), dn, "example.org", self.name);
        user.full_name = Some(self.full_name);
        user.email = Some(self.email);
        user.department = Some(self.department);
        user.office = Some(self.office);
        user.home_directory = Some(self.home);
        user.sid = self.sid;
        user.cards = vec![self.card];
        user
    }

    fn into_stored(self) -> StoredUser {
        let mut details = Details::default();
        details.full_name = Some(self.full_name);
        details.email = Some(self.email);
        details.department = Some(self.department);
        details.office = Some(self.office);
        details.home_directory = Some(self.home);
        details.sid = self.sid;
        details.cards = vec![self.card];
        StoredUser {
            id: UserId::new(self.name.as_str()),
            name: self.name,
            origin: Origin::Directory(Links::primary(Key::new(&self.key))),
            enabled: true,
            blocked: false,
            details,
        }
    }
}
