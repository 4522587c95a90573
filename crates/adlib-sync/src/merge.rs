//! Sources become one snapshot: one user a name, the primary source's values first (R29).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use adlib_schema::{UserName, read::DirectoryRead, record::User};

use crate::{
    Details, Field, FoldedName, HeldBack, HoldReason, Link, Links, Rejection, Source, Sources, SyncOptions,
    absence::Witnesses,
    escape::Visible,
    scope::{self, ReadScope},
    snapshot::{Snapshot, SnapshotUser, Standing},
    store::StoredGroup,
};

/// The most bytes of one value, and the most values of one field, that are taken for honest (A61).
const MAX_BYTES: usize = 16 * 1024;
const MAX_VALUES: usize = 1000;
/// The most characters of a fully qualified name.
const MAX_QUALIFIED_NAME: usize = 50;

/// Merge what was read into one snapshot.
///
/// # Errors
/// `Incomplete` when a source was not read to its end; `UnknownScope` when the scope names what no source has.
pub fn merge(sources: Sources<'_>, options: &SyncOptions) -> Result<Snapshot, Rejection> {
    let witnesses = Witnesses::of(sources)?;
    scope::check(sources, &options.scope)?;
    let mut merge = Merge::default();
    let reads: Vec<SourceEntries<'_>> = sources
        .iter()
        .map(|(source, read)| merge.sort_entries(source, read, options))
        .collect();
    let names: BTreeSet<&FoldedName> = reads.iter().flat_map(|read| read.by_name.keys()).collect();
    for name in names {
        merge.take_name(name, &reads, options);
    }
    Ok(merge.into_snapshot(&reads, witnesses))
}

/// The entries of one source.
struct SourceEntries<'a> {
    source: Source,
    read: &'a DirectoryRead,
    scope: ReadScope<'a>,
    by_name: BTreeMap<FoldedName, Bearers>,
}

/// The entries in scope that bear one name, by index.
#[derive(Default)]
struct Bearers {
    eligible: Vec<usize>,
    disabled: Vec<usize>,
}

impl SourceEntries<'_> {
    fn bearers(&self, name: &FoldedName) -> (&[usize], &[usize]) {
        let bearers = self.by_name.get(name);
        bearers.map_or((&[], &[]), |bearers| (&bearers.eligible, &bearers.disabled))
    }

    fn user(&self, index: usize) -> Option<&User> {
        self.read.users.get(index)
    }

    fn link(&self, index: usize) -> Option<Link> {
        self.user(index)
            .map(|user| Link::new(self.source, user.key.clone()))
    }
}

#[derive(Default)]
struct Merge {
    users: Vec<SnapshotUser>,
    /// For each user, where it stands in the reads.
    places: Vec<Vec<(Source, usize)>>,
    standing: HashMap<Link, Standing>,
    held_back: Vec<HeldBack>,
}

impl Merge {
    /// Put the entries of a source under their names, and note those that cannot become users.
    fn sort_entries<'a>(
        &mut self,
        source: Source,
        read: &'a DirectoryRead,
        options: &SyncOptions,
    ) -> SourceEntries<'a> {
        let scope = ReadScope::of(read, &options.scope);
        let mut keys = HashMap::new();
        for user in &read.users {
            *keys.entry(&user.key).or_insert(0_usize) += 1;
        }
        let mut by_name: BTreeMap<FoldedName, Bearers> = BTreeMap::new();
        for (index, user) in read.users.iter().enumerate() {
            let link = Link::new(source, user.key.clone());
            let name = options.user_name.of(user).unwrap_or_default();
            if keys.get(&user.key).is_some_and(|count| *count > 1) {
                self.hold(
                    link,
                    shown_name(name, user),
                    HoldReason::KeyClash(user.key.to_string()),
                );
            } else if !scope.has_user(index) {
                self.standing.insert(link, Standing::LeftScope);
            } else if let Some(reason) = unfit(name, user, options.user_name) {
                self.hold(link, shown_name(name, user), reason);
            } else {
                let bearers = by_name.entry(FoldedName::of(name)).or_default();
                if user.state.enabled || options.import_disabled {
                    bearers.eligible.push(index);
                } else {
                    bearers.disabled.push(index);
                    self.standing.insert(link, Standing::Disabled);
                }
            }
        }
        SourceEntries {
            source,
            read,
            scope,
            by_name,
        }
    }

    fn hold(&mut self, link: Link, name: &str, reason: HoldReason) {
        self.standing.insert(link, Standing::HeldBack);
        let name = if name.len() > MAX_BYTES {
            Visible(name).to_string()
        } else {
            name.to_owned()
        };
        self.held_back.push(HeldBack::new(name, reason));
    }

    /// Make one user of what bears `name`.
    fn take_name(&mut self, name: &FoldedName, reads: &[SourceEntries<'_>], options: &SyncOptions) {
        if reads.iter().any(|read| read.bearers(name).0.len() > 1) {
            return self.hold_clash(name, reads, options);
        }
        let mut chosen: Vec<(&SourceEntries<'_>, usize)> = Vec::new();
        for read in reads {
            match read.bearers(name) {
                ([eligible], _) => chosen.push((read, *eligible)),
                // Who is disabled at the owner does not come in by the other door.
                ([], [_, ..]) if chosen.is_empty() => return self.disable_rest(name, reads),
                // The owner decides; the other entry only adds to it.
                ([], [only]) => chosen.push((read, *only)),
                _ => {}
            }
        }
        self.push_user(&chosen, options);
    }

    fn hold_clash(&mut self, name: &FoldedName, reads: &[SourceEntries<'_>], options: &SyncOptions) {
        let mut dns = Vec::new();
        let mut spellings = BTreeSet::new();
        for read in reads {
            for index in read.bearers(name).0 {
                if let (Some(user), Some(link)) = (read.user(*index), read.link(*index)) {
                    dns.push(user.dn.clone());
                    spellings.extend(options.user_name.of(user).map(str::to_owned));
                    self.standing.insert(link, Standing::HeldBack);
                }
            }
        }
        dns.sort_unstable();
        let spelling = spellings.pop_first().unwrap_or_else(|| name.to_string());
        self.held_back
            .push(HeldBack::new(spelling, HoldReason::NameClash(dns)));
    }

    fn disable_rest(&mut self, name: &FoldedName, reads: &[SourceEntries<'_>]) {
        for read in reads {
            for index in read.bearers(name).0 {
                self.standing
                    .extend(read.link(*index).map(|link| (link, Standing::Disabled)));
            }
        }
    }

    fn push_user(&mut self, chosen: &[(&SourceEntries<'_>, usize)], options: &SyncOptions) {
        let entry = |source: Source| {
            let (read, index) = chosen.iter().find(|(read, _)| read.source == source)?;
            read.user(*index)
        };
        let (primary, secondary) = (entry(Source::Primary), entry(Source::Secondary));
        let key = |user: Option<&User>| user.map(|user| user.key.clone());
        let (Some(owner), Some(links)) = (primary.or(secondary), Links::new(key(primary), key(secondary)))
        else {
            return;
        };
        let mut details = Details::of(owner);
        let from_secondary = match (primary, secondary) {
            (Some(_), Some(secondary)) => fill(&mut details, &Details::of(secondary)),
            _ => Vec::new(),
        };
        let standing = Standing::Wanted(self.users.len());
        self.standing.extend(links.iter().map(|link| (link, standing)));
        self.places
            .push(chosen.iter().map(|(read, index)| (read.source, *index)).collect());
        self.users.push(SnapshotUser {
            name: options.user_name.of(owner).unwrap_or_default().to_owned(),
            links,
            enabled: owner.state.enabled,
            details,
            from_secondary,
            groups: Vec::new(),
        });
    }

    fn into_snapshot(mut self, reads: &[SourceEntries<'_>], witnesses: Witnesses) -> Snapshot {
        let groups = MergedGroups::of(reads, &self.places);
        for (user, places) in self.users.iter_mut().zip(&self.places) {
            user.groups = groups.of_user(reads, places);
        }
        self.held_back.sort_unstable();
        let group_links = reads.iter().flat_map(|read| {
            let keys = read.read.groups.iter().map(|group| group.key.clone());
            keys.map(|key| Link::new(read.source, key))
        });
        Snapshot {
            users: self.users,
            groups: groups.groups,
            standing: self.standing,
            group_links: group_links.collect(),
            held_back: self.held_back,
            witnesses,
        }
    }
}

/// The groups in scope, and where each stands in the reads.
struct MergedGroups {
    groups: Vec<StoredGroup>,
    at: HashMap<(Source, usize), usize>,
}

impl MergedGroups {
    /// The groups that were selected, and those that a user of the snapshot is in.
    fn of(reads: &[SourceEntries<'_>], places: &[Vec<(Source, usize)>]) -> Self {
        let mut used: HashSet<(Source, usize)> = HashSet::new();
        for (source, user) in places.iter().flatten() {
            let read = reads.iter().find(|read| read.source == *source);
            let groups = read.map_or(&[][..], |read| read.read.memberships.groups_of(*user));
            used.extend(groups.iter().map(|group| (*source, *group)));
        }
        let mut all: Vec<(StoredGroup, Source, usize)> = Vec::new();
        for read in reads {
            for (index, group) in read.read.groups.iter().enumerate() {
                if read.scope.has_group(index) || used.contains(&(read.source, index)) {
                    let link = Link::new(read.source, group.key.clone());
                    all.push((StoredGroup::of(link, group), read.source, index));
                }
            }
        }
        all.sort_by(|(a, ..), (b, ..)| order_of(a).cmp(&order_of(b)));
        let (mut groups, mut at): (Vec<StoredGroup>, _) = (Vec::new(), HashMap::new());
        for (group, source, index) in all {
            // Two groups with one key are one group; the first in order names it.
            if groups.last().is_none_or(|last| last.link != group.link) {
                groups.push(group);
            }
            at.insert((source, index), groups.len().saturating_sub(1));
        }
        Self { groups, at }
    }

    fn of_user(&self, reads: &[SourceEntries<'_>], places: &[(Source, usize)]) -> Vec<usize> {
        let mut groups = Vec::new();
        for (source, user) in places {
            let read = reads.iter().find(|read| read.source == *source);
            let listed = read.map_or(&[][..], |read| read.read.memberships.groups_of(*user));
            groups.extend(
                listed
                    .iter()
                    .filter_map(|group| self.at.get(&(*source, *group)).copied()),
            );
        }
        groups.sort_unstable();
        groups.dedup();
        groups
    }
}

fn order_of(group: &StoredGroup) -> (&Link, &str, &str, &Option<String>) {
    (&group.link, &group.domain, &group.name, &group.full_name)
}

/// Take from `other` what `details` lacks; which fields those are.
fn fill(details: &mut Details, other: &Details) -> Vec<Field> {
    let lacking = |details: &Details, field| details.value(field) == Some(crate::Value::Absent);
    let mut filled = Vec::new();
    for field in Field::DETAILS {
        if lacking(details, field)
            && !lacking(other, field)
            && let Some(value) = other.value(field)
        {
            details.set(field, &value);
            filled.push(field);
        }
    }
    filled
}

/// What to call a user who may have no name.
fn shown_name<'a>(name: &'a str, user: &'a User) -> &'a str {
    [name, &user.account, &user.dn]
        .into_iter()
        .find(|name| !name.trim().is_empty())
        .unwrap_or_default()
}

/// Why the entry cannot become a user.
fn unfit(name: &str, user: &User, option: UserName) -> Option<HoldReason> {
    if name.trim().is_empty() {
        return Some(HoldReason::NoName);
    }
    if option == UserName::Upn && name.chars().count() > MAX_QUALIFIED_NAME {
        return Some(HoldReason::NameTooLong(MAX_QUALIFIED_NAME));
    }
    if name.len() > MAX_BYTES {
        return Some(HoldReason::TooLarge(Field::Name));
    }
    let texts = [
        (Field::FullName, &user.full_name),
        (Field::Email, &user.email),
        (Field::Department, &user.department),
        (Field::Office, &user.office),
        (Field::HomeDirectory, &user.home_directory),
    ];
    let lists = [
        (Field::OtherEmails, &user.other_emails),
        (Field::Cards, &user.cards),
    ];
    let text = texts
        .into_iter()
        .find(|(_, text)| text.as_ref().is_some_and(|text| text.len() > MAX_BYTES));
    let list = lists
        .into_iter()
        .find(|(_, list)| list.len() > MAX_VALUES || list.iter().any(|text| text.len() > MAX_BYTES));
    let pin = user.pin.as_ref().filter(|pin| pin.expose().len() > MAX_BYTES);
    let field = text
        .map(|(field, _)| field)
        .or(list.map(|(field, _)| field))
        .or(pin.map(|_| Field::Pin));
    field.map(HoldReason::TooLarge)
}
