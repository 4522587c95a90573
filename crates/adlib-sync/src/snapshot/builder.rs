//! Entries in, one by one; a snapshot out.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet},
};

use adlib_schema::{
    UserName,
    read::{Completeness, Found, Shortfall, Warning},
    record::{Group, Pin, User},
};

use super::{Snapshot, Standing, names::Names};
use crate::{
    Field, FoldedName, HeldBack, HoldReason, Link, Rejection, Source, SyncOptions,
    absence::Witnesses,
    escape::Visible,
    plan::{FoundIn, SourceWarning},
    scope::{ScopeFilter, Via},
    store::StoredGroup,
    table::{Fields, HashIndex, Hashed, OriginKind, Pairs, Record, Rows, encode, encode_entry},
};

/// The most bytes of one value, and the most values of one field, that are taken for honest (A61).
const MAX_BYTES: usize = 16 * 1024;
const MAX_VALUES: usize = 1000;
/// The most characters of a fully qualified name.
pub(super) const MAX_QUALIFIED_NAME: usize = 50;

/// Makes a [`Snapshot`] of entries that come one by one, so that no source need be in memory as a whole.
///
/// The sources come one after another, in their order: [`begin`](Self::begin), groups and units, then users with the
/// groups that they are in, [`end`](Self::end). The order of entries within a source does not matter.
///
/// ```
/// use adlib_schema::{Mapper, Preset, RawEntry, Schema, read::ReadBuilder};
/// use adlib_sync::{SnapshotBuilder, Source, SyncOptions};
/// # let mut read = ReadBuilder::new(Mapper::new(Schema::of(Preset::OpenLdap)));
/// # read.begin("example.org");
/// # let mut ada = RawEntry::new("uid=ada,ou=people,dc=example,dc=org");
/// # ada.push("uid", "ada");
/// # read.entry(&ada);
/// # read.end();
/// # let read = read.finish();
/// let options = SyncOptions::default();
/// let mut builder = SnapshotBuilder::new(&options);
/// builder.begin(Source::Primary);
/// for user in &read.users {
///     builder.user(user, []);
/// }
/// builder.end(&read.completeness);
/// assert_eq!(builder.finish()?.user_count(), 1);
/// # Ok::<(), adlib_sync::Rejection>(())
/// ```
#[derive(Debug)]
pub struct SnapshotBuilder<'o> {
    options: &'o SyncOptions,
    scope: ScopeFilter<'o>,
    source: Source,
    is_open: bool,
    /// Users of the source that is open.
    count: usize,
    /// The number of the first group of the source that is open.
    first_group: usize,
    rows: Rows,
    entries: Rows,
    parents: HashMap<String, usize>,
    standing: Vec<Standing>,
    keys: Vec<Hashed>,
    names: Names,
    pins: BTreeMap<u32, Pin>,
    held: Vec<(u32, HeldBack)>,
    groups: Vec<(StoredGroup, bool)>,
    memberships: Pairs,
    /// What puts each row in scope, unless everybody is; and the next group on the way to a selected one.
    via: Vec<(u32, Via)>,
    routes: HashMap<usize, Vec<usize>>,
    witnesses: Witnesses,
    incomplete: Option<(Source, Vec<Shortfall>)>,
    empty_sources: Vec<&'static str>,
    canaries: HashSet<FoldedName>,
    found: Vec<FoundIn>,
    warnings: Vec<SourceWarning>,
}

impl<'o> SnapshotBuilder<'o> {
    /// A snapshot of nothing yet.
    #[must_use]
    pub fn new(options: &'o SyncOptions) -> Self {
        Self {
            options,
            scope: ScopeFilter::new(&options.scope),
            source: Source::Primary,
            is_open: false,
            count: 0,
            first_group: 0,
            rows: Rows::default(),
            entries: Rows::default(),
            parents: HashMap::new(),
            standing: Vec::new(),
            keys: Vec::new(),
            names: Names::default(),
            pins: BTreeMap::new(),
            held: Vec::new(),
            groups: Vec::new(),
            memberships: Pairs::default(),
            via: Vec::new(),
            routes: HashMap::new(),
            witnesses: Witnesses::default(),
            incomplete: None,
            empty_sources: Vec::new(),
            canaries: options
                .guard
                .canaries
                .iter()
                .map(|name| FoldedName::of(name))
                .collect(),
            found: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// What follows is in `source`. One that is still open was cut off.
    pub fn begin(&mut self, source: Source) {
        self.cut_off();
        self.source = source;
        self.is_open = true;
        self.count = 0;
        self.first_group = self.groups.len();
        self.scope.begin();
    }

    /// Take a group; its number in the source is that of the groups before it.
    pub fn group(&mut self, group: &Group) {
        let link = Link::new(self.source, group.key.clone());
        let is_selected = self.scope.group(group);
        self.groups.push((StoredGroup::of(link, group), is_selected));
    }

    /// Take an organisational unit.
    pub fn unit(&mut self, dn: &str) {
        self.scope.unit(dn);
    }

    /// Take a user with the numbers of the groups that the user is in, nesting counted.
    pub fn user(&mut self, user: &User, groups: impl IntoIterator<Item = usize>) {
        self.count += 1;
        self.note_canary(user);
        let name = self.options.user_name.of(user).unwrap_or_default();
        let row = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        let groups: Vec<usize> = groups.into_iter().collect();
        let via = self.scope.via(&user.dn, &groups);
        let in_scope = via.is_some();
        match via {
            Some(Via::Group(group)) => self.via.push((row, Via::Group(self.first_group + group))),
            Some(Via::Unit(unit)) => self.via.push((row, Via::Unit(unit))),
            Some(Via::Everybody) | None => {}
        }
        let reason = if in_scope {
            unfit(name, user, self.options.user_name)
        } else {
            None
        };
        self.standing.push(match &reason {
            _ if !in_scope => Standing::LeftScope,
            Some(_) => Standing::HeldBack,
            // Unless a name makes it a user.
            None => Standing::Disabled,
        });
        if let Some(reason) = reason {
            self.push_row(user, name, false);
            self.held
                .push((row, HeldBack::new(short(shown_name(name, user)), reason)));
        } else if in_scope {
            self.push_row(user, name, true);
            let is_eligible = user.state.enabled || self.options.import_disabled;
            self.names.push(name, row, is_eligible);
        } else {
            self.push_row(user, name, false);
        }
        let record = Record(self.rows.get(row as usize));
        for group in groups {
            if let Ok(group) = u32::try_from(self.first_group + group) {
                self.memberships.push(row, group, || record.hash());
            }
        }
    }

    /// The source was read; `completeness` says whether to its end.
    pub fn end(&mut self, completeness: &Completeness) {
        self.is_open = false;
        for (_, via) in &self.via {
            if let Via::Group(group) = via
                && let Some(number) = group.checked_sub(self.first_group)
                && !self.routes.contains_key(group)
            {
                let route = self.scope.route(number).into_iter();
                self.routes
                    .insert(*group, route.map(|number| self.first_group + number).collect());
            }
        }
        match completeness {
            Completeness::Complete(complete) => self.witnesses.insert(self.source, complete.clone()),
            Completeness::Incomplete(shortfalls) => self.fall_short(shortfalls.clone()),
        }
        if self.count == 0 {
            self.empty_sources.push(self.source.as_str());
        }
    }

    /// Note how much a domain of the source has (R22).
    pub fn found(&mut self, found: &Found) {
        self.found.push(FoundIn {
            source: self.source,
            found: found.clone(),
        });
    }

    /// Note something odd in the source.
    pub fn warn(&mut self, warning: &Warning) {
        self.warnings.push(SourceWarning {
            source: self.source,
            warning: warning.clone(),
        });
    }

    /// The snapshot. With a source that has no users it is empty, and a plan of it is stopped (A56).
    ///
    /// # Errors
    /// `Incomplete` when a source was not read to its end; `UnknownScope` when the scope names what no source has.
    pub fn finish(mut self) -> Result<Snapshot, Rejection> {
        self.cut_off();
        if self.empty_sources.is_empty() {
            if let Some((origin, shortfalls)) = self.incomplete {
                return Err(Rejection::Incomplete { origin, shortfalls });
            }
            self.scope.check()?;
        }
        let canaries = self.options.guard.canaries.iter();
        let missing = canaries.filter(|name| self.canaries.contains(&FoldedName::of(name)));
        let mut snapshot = Snapshot {
            rows: self.rows,
            entries: self.entries,
            parents: in_place(self.parents),
            entry_of: HashMap::new(),
            standing: self.standing,
            keys: HashIndex::new(self.keys),
            users: Vec::new(),
            places: Vec::new(),
            by_name: Vec::new(),
            digest: [0; 32],
            pins: self.pins,
            winners: BTreeMap::new(),
            groups: Vec::new(),
            group_at: Vec::new(),
            memberships: self.memberships,
            via: self.via,
            routes: self.routes,
            units: self.options.scope.ous.clone(),
            group_links: self.groups.iter().map(|(group, _)| group.link.clone()).collect(),
            held_back: Vec::new(),
            witnesses: self.witnesses,
            missing_canaries: missing.cloned().collect(),
            empty_sources: self.empty_sources,
            found: self.found,
            warnings: self.warnings,
        };
        if snapshot.empty_sources.is_empty() {
            let is_doubled = snapshot.hold_doubled_keys();
            self.held.retain(|(row, _)| !is_doubled.contains(row));
            snapshot
                .held_back
                .extend(self.held.into_iter().map(|(_, held)| held));
            self.names.retain(|row| !is_doubled.contains(&row));
            snapshot.take_names(self.names, self.options);
            snapshot.take_groups(self.groups, self.scope.is_everybody());
            snapshot.shelve();
            snapshot.digest = snapshot.digest();
            snapshot.held_back.sort_unstable();
        }
        Ok(snapshot)
    }

    fn cut_off(&mut self) {
        if self.is_open {
            let reason = "was not read to its end";
            self.end(&Completeness::Incomplete(vec![Shortfall::new("", reason)]));
        }
    }

    fn fall_short(&mut self, shortfalls: Vec<Shortfall>) {
        if self.incomplete.is_none() {
            self.incomplete = Some((self.source, shortfalls));
        }
    }

    /// Add a row: of a user, or, with the name only, of an entry that cannot become one.
    fn push_row(&mut self, user: &User, name: &str, is_candidate: bool) {
        let (other_emails, cards) = (in_order(&user.other_emails), once_each(&user.cards));
        let short_name = short(name);
        let bare = Fields {
            name: &short_name,
            ..Fields::default()
        };
        let fields = is_candidate.then(|| Fields {
            enabled: user.state.enabled,
            name,
            email: user.email.as_deref(),
            other_emails: &other_emails,
            cards: &cards,
            full_name: user.full_name.as_deref(),
            department: user.department.as_deref(),
            office: user.office.as_deref(),
            home_directory: user.home_directory.as_deref(),
            sid: user.sid,
        });
        let links = std::iter::once((self.source, &user.key));
        let fields = fields.unwrap_or(bare);
        let row = self.rows.push_with(
            |row| Record(row).hash(),
            |out| encode(out, OriginKind::Directory, links, &fields),
        );
        let dn = short(&user.dn);
        let dn = self.intern_parent(&dn);
        let upn = user.upn.as_deref().filter(|_| is_candidate);
        let sid_history = if is_candidate {
            user.sid_history.as_slice()
        } else {
            &[]
        };
        self.entries
            .push_with(|_| 0, |out| encode_entry(out, dn, upn, sid_history));
        let hash = Record(self.rows.get(row)).hash();
        let row = u32::try_from(row).unwrap_or(u32::MAX);
        self.keys.push(Hashed::new(hash, row));
        if let Some(pin) = user.pin.as_ref().filter(|_| is_candidate) {
            self.pins.insert(row, pin.clone());
        }
    }

    /// The first part of a DN, and the number of the rest.
    fn intern_parent<'d>(&mut self, dn: &'d str) -> (&'d str, usize) {
        let is_escaped = |at: usize| dn.as_bytes().get(at.wrapping_sub(1)) == Some(&b'\\');
        let comma = dn
            .match_indices(',')
            .map(|(at, _)| at)
            .find(|at| !is_escaped(*at));
        let (first, parent) = dn.split_at(comma.unwrap_or(dn.len()));
        let number = match self.parents.get(parent) {
            Some(number) => *number,
            None => {
                let number = self.parents.len();
                self.parents.insert(parent.to_owned(), number);
                number
            }
        };
        (first, number)
    }

    fn note_canary(&mut self, user: &User) {
        if self.canaries.is_empty() {
            return;
        }
        let qualified = user.qualified_name();
        let names = [Some(user.account.as_str()), Some(&qualified), user.upn.as_deref()];
        for name in names.into_iter().flatten() {
            self.canaries.remove(&FoldedName::of(name));
        }
    }
}

/// The texts by their numbers.
fn in_place(numbered: HashMap<String, usize>) -> Vec<String> {
    let mut texts: Vec<(usize, String)> = numbered
        .into_iter()
        .map(|(text, number)| (number, text))
        .collect();
    texts.sort_unstable();
    texts.into_iter().map(|(_, text)| text).collect()
}

/// Directories give several e-mails in any order: sorted, so that order is never a change.
pub(crate) fn in_order(list: &[String]) -> Cow<'_, [String]> {
    if list.len() < 2 {
        return Cow::Borrowed(list);
    }
    let mut list = list.to_vec();
    list.sort_unstable();
    list.dedup();
    Cow::Owned(list)
}

/// Card numbers have an order of their own.
pub(crate) fn once_each(list: &[String]) -> Cow<'_, [String]> {
    if list.len() < 2 {
        return Cow::Borrowed(list);
    }
    let mut seen = HashSet::new();
    Cow::Owned(list.iter().filter(|value| seen.insert(*value)).cloned().collect())
}

/// What to call a user who may have no name.
fn shown_name<'a>(name: &'a str, user: &'a User) -> &'a str {
    [name, &user.account, &user.dn]
        .into_iter()
        .find(|name| !name.trim().is_empty())
        .unwrap_or_default()
}

/// A name of a size that can be shown.
fn short(name: &str) -> Cow<'_, str> {
    if name.len() > MAX_BYTES {
        Cow::Owned(Visible(name).to_string())
    } else {
        Cow::Borrowed(name)
    }
}

/// Why the entry cannot become a user.
fn unfit(name: &str, user: &User, option: UserName) -> Option<HoldReason> {
    if name.trim().is_empty() {
        return Some(HoldReason::NoName);
    }
    if option == UserName::Upn && name.len() > MAX_QUALIFIED_NAME && name.chars().count() > MAX_QUALIFIED_NAME
    {
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
