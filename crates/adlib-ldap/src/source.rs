//! A domain read whole: users, groups, organisational units, and principals of other domains.

use adlib_schema::{AttributeName, Filter, Mapper, Preset, RawEntry, Schema, read::ReadBuilder};
use tracing::{Instrument as _, Span, field};

use crate::{
    Connection, Error, Incomplete, ReferralProblem, Referrals, Scope,
    changes::{is_account, shown},
    paged::PagedSearch,
    referral::{Part, Parts},
    search::Request,
};

const OBJECT_CLASS: AttributeName = AttributeName::from_static("objectClass");
/// How many entries are asked for at a time where nobody says otherwise.
const PAGE_SIZE: u32 = 500;
/// Reasons that a read is not complete, of which it tells.
const MAX_REASONS: usize = 10;

/// Reads a domain, or the tree of a server that has none.
///
/// ```no_run
/// use adlib_ldap::{Connection, DomainReader, Error};
/// use adlib_schema::{Mapper, Preset, Schema, read::{DirectoryRead, ReadBuilder}};
///
/// async fn read(connection: &Connection) -> Result<DirectoryRead, Error> {
///     let mut builder = ReadBuilder::new(Mapper::new(Schema::of(Preset::OpenLdap)));
///     let mut reader = DomainReader::new(connection, "example.org", "dc=example,dc=org");
///     reader.page_size = 1000;
///     reader.read(&mut builder, &mut |entries| println!("{entries} entries so far")).await?;
///     Ok(builder.finish())
/// }
/// ```
pub struct DomainReader<'a> {
    connection: &'a Connection,
    name: &'a str,
    base: &'a str,
    /// How many entries are asked for at a time.
    pub page_size: u32,
    /// Where referrals are followed to. By default nowhere: what is on other servers leaves the read incomplete (A52).
    pub referrals: Option<&'a dyn Referrals>,
}

/// What came so far, for the span of a read and for who wants to know.
struct Tally<'a> {
    span: &'a Span,
    entries: usize,
    /// Pages of the searches before this one.
    pages: usize,
    progress: &'a mut (dyn FnMut(usize) + Send),
    incomplete: Vec<Incomplete>,
    identities: Identities,
}

/// What came of the identities by which records are known (I7): who comes without one that there is looks like somebody new,
/// and like somebody gone.
#[derive(Default)]
struct Identities {
    /// Whether any entry has one.
    are_given: bool,
    /// The first user or group without one.
    hidden: Option<String>,
}

impl Identities {
    fn see(&mut self, mapper: &Mapper, entry: &RawEntry) {
        if mapper.has_identity(entry) {
            self.are_given = true;
        } else if self.hidden.is_none() && is_account(mapper, entry) {
            self.hidden = Some(shown(entry.dn()));
        }
    }

    /// That one is hidden, which is so where the server is known to have them, or shows others.
    fn incomplete(self, schema: &Schema) -> Option<Incomplete> {
        let own = schema.key == Schema::of(schema.preset).key;
        let always = !matches!(schema.preset, Preset::Unix | Preset::OpenDirectory);
        let hidden = self.hidden.filter(|_| own && (always || self.are_given));
        hidden.map(Incomplete::NoIdentity)
    }
}

impl<'a> DomainReader<'a> {
    /// A reader of the domain called `name`, which is everything below `base`.
    #[must_use]
    pub const fn new(connection: &'a Connection, name: &'a str, base: &'a str) -> Self {
        Self {
            connection,
            name,
            base,
            page_size: PAGE_SIZE,
            referrals: None,
        }
    }

    /// Read it into `builder`, within a span that counts entries and pages.
    ///
    /// Disabled users come too: to leave them out is for the reader of the read to decide (R31). `progress` hears of the
    /// number of entries so far (R38). Whether the domain was read to its end is in the builder afterwards: a read that
    /// the server cut short, or a part of which is behind a referral that could not be followed, is no error here, but
    /// incomplete there.
    ///
    /// # Errors
    /// What [`PagedSearch::next`](crate::PagedSearch::next) gives; the builder knows of it.
    pub async fn read(
        &self,
        builder: &mut ReadBuilder,
        progress: &mut (dyn FnMut(usize) + Send),
    ) -> Result<(), Error> {
        let span = tracing::info_span!(
            "domain read",
            domain = self.name,
            server = self.connection.endpoint(),
            entries = field::Empty,
            pages = field::Empty,
        );
        self.read_within(&span, builder, progress)
            .instrument(span.clone())
            .await
    }

    async fn read_within(
        &self,
        span: &Span,
        builder: &mut ReadBuilder,
        progress: &mut (dyn FnMut(usize) + Send),
    ) -> Result<(), Error> {
        let schema = builder.mapper().schema();
        let request = Request::new(
            self.base,
            Scope::Subtree,
            &everything(schema),
            &schema.attributes(),
        );
        let mut tally = Tally {
            span,
            entries: 0,
            pages: 0,
            progress,
            incomplete: Vec::new(),
            identities: Identities::default(),
        };
        builder.begin(self.name);
        let read = match self.referrals {
            None => {
                let search = self.connection.paged_request(request, self.page_size);
                tally.drain(search, builder).await.map(drop)
            }
            Some(referrals) => {
                let parts = Parts::new(self.connection, referrals, request);
                self.read_parts(parts, &mut tally, builder).await
            }
        };
        if let Err(error) = read {
            builder.fail(error.to_string());
            return Err(error);
        }
        let Tally {
            mut incomplete,
            identities,
            ..
        } = tally;
        incomplete.extend(identities.incomplete(builder.mapper().schema()));
        match incomplete.is_empty() {
            true => builder.end(),
            false => builder.fail(in_words(&incomplete)),
        }
        Ok(())
    }

    /// Read one part after the other, for as long as referrals lead to more.
    async fn read_parts(
        &self,
        mut parts: Parts<'_>,
        tally: &mut Tally<'_>,
        builder: &mut ReadBuilder,
    ) -> Result<(), Error> {
        while let Some(part) = parts.next() {
            let referrals = match self.read_part(&mut parts, &part, tally, builder).await {
                Ok(referrals) => referrals,
                Err(PartError::First(error)) => return Err(error),
                Err(PartError::Behind(problem)) => {
                    tally.incomplete.push(part.incomplete(problem));
                    continue;
                }
            };
            for urls in referrals {
                tally.incomplete.extend(parts.refer(&urls, &part).err());
            }
        }
        Ok(())
    }

    async fn read_part(
        &self,
        parts: &mut Parts<'_>,
        part: &Part,
        tally: &mut Tally<'_>,
        builder: &mut ReadBuilder,
    ) -> Result<Vec<Vec<String>>, PartError> {
        let connection = parts.connection(part).await.map_err(PartError::Behind)?;
        let search = connection.paged_request(part.request.clone(), self.page_size);
        let referrals = tally.drain(search.with_referrals(), builder).await;
        referrals.map_err(|error| match part.is_first() {
            true => PartError::First(error),
            false => PartError::Behind(ReferralProblem::Failed(error.to_string())),
        })
    }
}

/// Why a part did not come.
enum PartError {
    /// Where the read began: there is no read.
    First(Error),
    /// What is behind a referral is missing.
    Behind(ReferralProblem),
}

impl Tally<'_> {
    /// Take everything that `search` gives, and where it refers to.
    async fn drain(
        &mut self,
        mut search: PagedSearch<'_>,
        builder: &mut ReadBuilder,
    ) -> Result<Vec<Vec<String>>, Error> {
        let before = self.pages;
        let outcome = loop {
            let next = search.next().await;
            self.pages = before + search.pages();
            match next {
                Ok(Some(entry)) => {
                    self.identities.see(builder.mapper(), &entry);
                    builder.entry(&entry);
                    self.entries += 1;
                    (self.progress)(self.entries);
                }
                Ok(None) => break Ok(search.take_referrals()),
                Err(error) => break Err(error),
            }
        };
        self.span.record("entries", self.entries);
        self.span.record("pages", self.pages);
        let referrals = outcome?;
        self.incomplete.extend(search.finish().err());
        Ok(referrals)
    }
}

/// The reasons in one text.
fn in_words(reasons: &[Incomplete]) -> String {
    let mut words: Vec<String> = reasons
        .iter()
        .take(MAX_REASONS)
        .map(ToString::to_string)
        .collect();
    if reasons.len() > MAX_REASONS {
        words.push(format!("and {} more", reasons.len() - MAX_REASONS));
    }
    words.join("; ")
}

/// Read the domain called `name`, which is everything below `base`, into `builder`, as [`DomainReader`] does where no
/// referral is followed.
///
/// # Errors
/// As [`DomainReader::read`].
pub async fn read_domain(
    connection: &Connection,
    name: &str,
    base: &str,
    page_size: u32,
    builder: &mut ReadBuilder,
    progress: &mut (dyn FnMut(usize) + Send),
) -> Result<(), Error> {
    let mut reader = DomainReader::new(connection, name, base);
    reader.page_size = page_size;
    reader.read(builder, progress).await
}

/// What the mapping makes something of.
fn everything(schema: &Schema) -> Filter {
    let class = |name: &str| Filter::equal(OBJECT_CLASS, name);
    let mut kinds = vec![
        schema.user_search.for_all(),
        schema.group_search.for_all(),
        class("organizationalUnit"),
    ];
    if schema.preset == Preset::ActiveDirectory {
        kinds.push(class("foreignSecurityPrincipal"));
    }
    Filter::or(kinds)
}
