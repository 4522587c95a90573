//! A read in the making: entries in, records out.

use std::collections::{BTreeMap, HashMap};

use super::{Complete, Completeness, DirectoryRead, Found, Shortfall, Warning, resolve};
use crate::{
    Dn, Mapped, Mapper, Preset, RawEntry,
    attribute_name::{base_of, is_whole},
    record::{Group, Key, Unit, User},
};
use adlib_core::Sid;

/// How many warnings a read keeps; the rest is counted.
const MAX_WARNINGS: usize = 10_000;
/// The most characters of a URL that are shown.
const MAX_URL: usize = 400;

/// Collects the entries of one source, domain by domain, and makes a [`DirectoryRead`] of them.
///
/// A read is complete when each domain that was begun came to its [`end`](Self::end) and had users or groups.
/// Whatever else happens, an early return or a lost connection, leaves it incomplete.
///
/// ```
/// use adlib_schema::{Mapper, Preset, RawEntry, Schema, read::ReadBuilder};
///
/// let mut builder = ReadBuilder::new(Mapper::new(Schema::of(Preset::OpenLdap)));
/// builder.begin("example.org");
/// let mut ada = RawEntry::new("uid=ada,ou=people,dc=example,dc=org");
/// ada.push("uid", "ada");
/// builder.entry(&ada);
/// let mut staff = RawEntry::new("cn=staff,ou=groups,dc=example,dc=org");
/// staff.push("cn", "staff");
/// staff.push("objectClass", "groupOfNames");
/// staff.push("member", "UID=Ada, ou=People, dc=example, dc=org");
/// builder.entry(&staff);
/// builder.end();
///
/// let read = builder.finish();
/// assert_eq!(read.memberships.groups_of(0), [0]);
/// assert!(read.completeness.complete().is_some());
/// ```
#[derive(Debug)]
pub struct ReadBuilder {
    mapper: Mapper,
    users: Unique<User>,
    groups: Unique<Group>,
    units: Unique<Unit>,
    principals: HashMap<String, Sid>,
    domain: Option<Domain>,
    /// How everything was before the domain that began last.
    before: Before,
    found: BTreeMap<String, Counts>,
    shortfalls: Vec<Shortfall>,
    warnings: Vec<Warning>,
    warnings_left_out: usize,
    other_emails: Vec<NameUse>,
}

/// The domain that is being read.
#[derive(Debug)]
struct Domain {
    name: String,
    has_records: bool,
}

/// How much there was before a domain.
#[derive(Debug, Default)]
struct Before {
    found: BTreeMap<String, Counts>,
    shortfalls: usize,
    warnings: usize,
    warnings_left_out: usize,
    other_emails: Vec<NameUse>,
}

/// How many users and groups a domain has.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    users: usize,
    groups: usize,
}

impl Counts {
    fn of((domain, Self { users, groups }): (String, Self)) -> Found {
        Found {
            domain,
            users,
            groups,
        }
    }
}

/// How an attribute that is matched with case (R25) was met.
#[derive(Debug, Clone, Default)]
struct NameUse {
    exactly: bool,
    otherwise: Option<String>,
}

impl ReadBuilder {
    /// An empty read of a source whose entries `mapper` maps.
    #[must_use]
    pub fn new(mapper: Mapper) -> Self {
        let other_emails = vec![NameUse::default(); mapper.schema().other_emails.len()];
        Self {
            mapper,
            users: Unique::default(),
            groups: Unique::default(),
            units: Unique::default(),
            principals: HashMap::new(),
            domain: None,
            before: Before::default(),
            found: BTreeMap::new(),
            shortfalls: Vec::new(),
            warnings: Vec::new(),
            warnings_left_out: 0,
            other_emails,
        }
    }

    /// The mapper.
    #[must_use]
    pub const fn mapper(&self) -> &Mapper {
        &self.mapper
    }

    /// The entries that follow are those of this domain or file. One that is still open was cut off.
    pub fn begin(&mut self, domain: &str) {
        self.cut_off();
        self.users.mark();
        self.groups.mark();
        self.units.mark();
        self.before = Before {
            found: self.found.clone(),
            shortfalls: self.shortfalls.len(),
            warnings: self.warnings.len(),
            warnings_left_out: self.warnings_left_out,
            other_emails: self.other_emails.clone(),
        };
        self.domain = Some(Domain {
            name: domain.to_owned(),
            has_records: false,
        });
    }

    /// Take one entry.
    pub fn entry(&mut self, entry: &RawEntry) {
        if self.domain.is_none() {
            self.begin("");
        }
        let dn = entry.dn().parse::<Dn>().ok();
        let mut warnings = Vec::new();
        match self.mapper.map_named(entry, dn.as_ref(), &mut warnings) {
            Mapped::User(user) => {
                self.note_names(entry);
                self.take_user(*user);
            }
            Mapped::Group(group) => {
                self.check_members(entry);
                self.take_group(*group);
            }
            Mapped::Unit(unit) => {
                self.units.insert(unit.key.clone(), unit);
            }
            Mapped::ForeignPrincipal { sid, .. } => {
                self.principals.extend(dn.map(|dn| (dn.into_normal(), sid)));
            }
            Mapped::Other => self.note_referral(entry),
        }
        warnings.into_iter().for_each(|warning| self.warn(warning));
    }

    /// The domain was read to its end.
    pub fn end(&mut self) {
        if let Some(Domain { name, has_records }) = self.domain.take()
            && !has_records
        {
            let reason = "no users and no groups came; the account that reads may lack the right to see them";
            self.shortfalls.push(Shortfall::new(name.as_str(), reason));
            self.found.entry(name).or_default();
        }
    }

    /// The domain could not be read to its end. What came before stays in the read, which is incomplete.
    pub fn fail(&mut self, reason: impl Into<String>) {
        let name = self.domain.take().map(|domain| domain.name).unwrap_or_default();
        self.shortfalls.push(Shortfall::new(name.as_str(), reason));
        self.found.entry(name).or_default();
    }

    /// A part of the domain is behind these URLs, and nobody asked there: the read is incomplete (R27). Not so on Active
    /// Directory, where they lead to other partitions of the forest.
    pub fn referred(&mut self, urls: &[String]) {
        let Some(first) = urls.first() else { return };
        let of_forest = self.mapper.schema().preset == Preset::ActiveDirectory;
        if of_forest || self.shortfalls.len() >= MAX_WARNINGS {
            return;
        }
        let first: String = first.chars().take(MAX_URL).collect();
        let domain = self.domain.as_ref().map_or("", |domain| domain.name.as_str());
        let reason = format!("a part is on other servers: {}", first.escape_debug());
        self.shortfalls.push(Shortfall::new(domain, reason));
    }

    /// Forget whatever came of the domain that began last, and that it failed: it is read again, from another server for
    /// one.
    ///
    /// ```
    /// use adlib_schema::{Mapper, Preset, RawEntry, Schema, read::ReadBuilder};
    ///
    /// let user = |name: &str| {
    ///     let mut entry = RawEntry::new(format!("uid={name},dc=example,dc=org"));
    ///     entry.push("uid", name);
    ///     entry
    /// };
    /// let mut builder = ReadBuilder::new(Mapper::new(Schema::of(Preset::OpenLdap)));
    /// builder.begin("example.org");
    /// builder.entry(&user("ada"));
    /// builder.fail("the connection was lost");
    /// builder.start_over();
    /// builder.begin("example.org");
    /// builder.entry(&user("bob"));
    /// builder.end();
    ///
    /// let read = builder.finish();
    /// assert_eq!(read.users.len(), 1);
    /// assert!(read.completeness.complete().is_some());
    /// ```
    pub fn start_over(&mut self) {
        self.domain = None;
        self.users.roll_back();
        self.groups.roll_back();
        self.units.roll_back();
        // Principals stay: what a SID is called does not depend on who tells.
        self.found.clone_from(&self.before.found);
        self.shortfalls.truncate(self.before.shortfalls);
        self.warnings.truncate(self.before.warnings);
        self.warnings_left_out = self.before.warnings_left_out;
        self.other_emails.clone_from(&self.before.other_emails);
    }

    /// Note something odd.
    pub fn warn(&mut self, warning: Warning) {
        if self.warnings.len() < MAX_WARNINGS {
            self.warnings.push(warning);
        } else {
            self.warnings_left_out += 1;
        }
    }

    /// The read: records sorted, members resolved, nesting closed, and the word on whether it is everything.
    #[must_use]
    pub fn finish(mut self) -> DirectoryRead {
        self.cut_off();
        self.report_unborne_names();
        let mut users = std::mem::take(&mut self.users.records);
        let mut groups = std::mem::take(&mut self.groups.records);
        let mut units = std::mem::take(&mut self.units.records);
        users.sort_by(|a, b| (&a.domain, &a.account, &a.key).cmp(&(&b.domain, &b.account, &b.key)));
        groups.sort_by(|a, b| (&a.domain, &a.name, &a.key).cmp(&(&b.domain, &b.name, &b.key)));
        units.sort_by(|a, b| (&a.domain, &a.dn, &a.key).cmp(&(&b.domain, &b.dn, &b.key)));
        if users.is_empty() && self.shortfalls.is_empty() {
            self.shortfalls.push(Shortfall::new("", "no users came"));
        }
        let (memberships, nesting) = resolve::memberships(&users, &groups, &self.principals);
        for circle in &nesting.circles {
            self.warn(in_a_circle(circle, &groups));
        }
        if self.warnings_left_out > 0 {
            let rest = format!("{} more warnings were left out", self.warnings_left_out);
            self.warnings.push(Warning::new("", rest));
        }
        if memberships.is_cut() {
            let reason = "there are more memberships than can be kept";
            self.shortfalls.push(Shortfall::new("", reason));
        }
        DirectoryRead {
            memberships,
            nesting,
            users,
            groups,
            units,
            found: self.found.into_iter().map(Counts::of).collect(),
            completeness: if self.shortfalls.is_empty() {
                Completeness::Complete(Complete::new())
            } else {
                Completeness::Incomplete(self.shortfalls)
            },
            warnings: self.warnings,
        }
    }

    /// A domain that is still open was not read to its end.
    fn cut_off(&mut self) {
        if self.domain.is_some() {
            self.fail("was not read to its end");
        }
    }

    fn take_user(&mut self, user: User) {
        let (domain, dn) = (user.domain.clone(), user.dn.clone());
        if let Some(before) = self.users.insert(user.key.clone(), user) {
            self.warn(read_twice(dn, &before.dn));
        } else {
            self.count(domain).users += 1;
        }
    }

    fn take_group(&mut self, group: Group) {
        let (domain, dn) = (group.domain.clone(), group.dn.clone());
        if let Some(before) = self.groups.insert(group.key.clone(), group) {
            self.warn(read_twice(dn, &before.dn));
        } else {
            self.count(domain).groups += 1;
        }
    }

    /// The counts for the next record, which has the DNS domain `domain`, or none.
    fn count(&mut self, domain: String) -> &mut Counts {
        let mut name = domain;
        if let Some(open) = &mut self.domain {
            open.has_records = true;
            if name.is_empty() {
                name.clone_from(&open.name);
            }
        }
        self.found.entry(name).or_default()
    }

    /// An entry that only says where a part of the directory is (RFC 3296), as a server's own export holds it.
    fn note_referral(&mut self, entry: &RawEntry) {
        if entry
            .texts("objectClass")
            .any(|class| class.eq_ignore_ascii_case("referral"))
        {
            let urls: Vec<String> = entry.texts("ref").take(1).map(str::to_owned).collect();
            self.referred(&urls);
        }
    }

    /// A range that does not reach its end (R27) leaves the group, and so the read, incomplete.
    fn check_members(&mut self, entry: &RawEntry) {
        for attribute in &self.mapper.schema().group_member {
            let names = entry.attributes().map(|(name, _)| name);
            if !is_whole(names.filter(|name| base_of(name).eq_ignore_ascii_case(attribute.base()))) {
                let domain = self.domain.as_ref().map_or("", |domain| domain.name.as_str());
                let reason = format!("the members of {} were not read to their end", entry.dn());
                self.shortfalls.push(Shortfall::new(domain, reason));
                return;
            }
        }
    }

    /// Note which of the attributes that are matched with case `entry` bears.
    fn note_names(&mut self, entry: &RawEntry) {
        for (attribute, seen) in self
            .mapper
            .schema()
            .other_emails
            .iter()
            .zip(&mut self.other_emails)
        {
            if seen.exactly {
                continue;
            }
            for (name, _) in entry.attributes() {
                if base_of(name) == attribute.base() {
                    seen.exactly = true;
                } else if seen.otherwise.is_none() && base_of(name).eq_ignore_ascii_case(attribute.base()) {
                    seen.otherwise = Some(base_of(name).to_owned());
                }
            }
        }
    }

    /// R25: a name that no entry bears is a likely mistake.
    fn report_unborne_names(&mut self) {
        if self.users.records.is_empty() {
            return;
        }
        let schema = self.mapper.schema();
        let unborne = schema
            .other_emails
            .iter()
            .zip(&self.other_emails)
            .filter(|(_, seen)| !seen.exactly);
        let warnings: Vec<Warning> = unborne
            .map(|(attribute, seen)| {
                let hint = match &seen.otherwise {
                    Some(name) => format!("; upper and lower case count, did you mean `{name}`?"),
                    None => String::new(),
                };
                let message =
                    format!("no user has the attribute `{attribute}`, so there are no other e-mails{hint}");
                Warning::new("other-emails-field", message)
            })
            .collect();
        warnings.into_iter().for_each(|warning| self.warn(warning));
    }
}

/// Groups that are all in one another, of which the first few are named.
fn in_a_circle(circle: &[usize], groups: &[Group]) -> Warning {
    const NAMED: usize = 10;
    let mut all = circle.iter().filter_map(|group| groups.get(*group));
    let first = all.next().map_or("", |group| &*group.dn);
    let others: Vec<&str> = all.by_ref().take(NAMED).map(|group| &*group.dn).collect();
    let more = match all.count() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = if others.is_empty() {
        "is a member of itself".to_owned()
    } else {
        format!(
            "is in a circle of groups, with {}{more}: all of them have the same users",
            others.join("; ")
        )
    };
    Warning::new(first, message)
}

fn read_twice(dn: String, before: &str) -> Warning {
    if dn == before {
        Warning::new(dn, "came twice; the later reading counts")
    } else {
        Warning::new(dn, format!("came before as {before}; the later reading counts"))
    }
}

/// Records by key: one that comes again replaces its former self.
#[derive(Debug)]
struct Unique<T> {
    records: Vec<T>,
    index: HashMap<Key, usize>,
    /// How many there were when the mark was set.
    marked: usize,
    /// Those of before the mark that were replaced after it, in the order of that.
    replaced: Vec<(usize, T)>,
}

impl<T> Default for Unique<T> {
    fn default() -> Self {
        Self {
            records: Vec::new(),
            index: HashMap::new(),
            marked: 0,
            replaced: Vec::new(),
        }
    }
}

impl<T: Clone> Unique<T> {
    /// The record that `record` replaced.
    fn insert(&mut self, key: Key, record: T) -> Option<T> {
        let index = *self.index.entry(key).or_insert(self.records.len());
        match self.records.get_mut(index) {
            Some(known) => {
                let before = std::mem::replace(known, record);
                if index < self.marked {
                    self.replaced.push((index, before.clone()));
                }
                Some(before)
            }
            None => {
                self.records.push(record);
                None
            }
        }
    }

    /// What there is now can be brought back.
    fn mark(&mut self) {
        self.marked = self.records.len();
        self.replaced.clear();
    }

    /// Bring back what there was when the mark was set.
    fn roll_back(&mut self) {
        self.records.truncate(self.marked);
        self.index.retain(|_, index| *index < self.marked);
        for (index, record) in self.replaced.drain(..).rev() {
            if let Some(place) = self.records.get_mut(index) {
                *place = record;
            }
        }
    }
}
