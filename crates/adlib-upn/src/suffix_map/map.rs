//! The map itself: lookups, and writing it back.

use alloc::{collections::BTreeMap, string::String, vec::Vec};
use core::fmt;

use super::{
    mapping::Mapping,
    parse::{self, Parsed},
};
use crate::{
    AccountCase, LogonName, NameError, Upn,
    account_case::{folded, normal_form},
    rules::without_trailing_dot,
};

/// Which alternate suffix stands for which domains: many to many.
///
/// ```
/// use adlib_upn::SuffixMap;
///
/// let map = SuffixMap::parse(b"acme.com = ch.acme.com\nacme.com = de.acme.com\n").map;
/// assert!(map.domains_of("ACME.com").eq(["ch.acme.com", "de.acme.com"]));
/// assert_eq!(map.domains_of("acme.org").count(), 0);
/// ```
#[derive(Debug, Clone, Default)]
pub struct SuffixMap {
    /// In the order of the file.
    mappings: Vec<Mapping>,
    /// The comments and blank lines below the last mapping.
    silent: String,
    /// What is looked up, sorted.
    alternates: Vec<Alternate>,
}

/// An alternate suffix as it is looked up. To compare numbers before names makes a lookup several times as fast.
#[derive(Debug, Clone)]
struct Alternate {
    /// The hash of `suffix`.
    hash: u64,
    /// In its normal form.
    suffix: String,
    /// In the order of the file, as it spells them.
    domains: Vec<String>,
}

impl SuffixMap {
    pub(super) fn new(mappings: Vec<Mapping>, silent: String) -> Self {
        let mut domains: BTreeMap<(u64, String), Vec<String>> = BTreeMap::new();
        for mapping in &mappings {
            let suffix = mapping.alternate();
            let known = domains.entry((hash(suffix), normal_form(suffix))).or_default();
            known.push(mapping.domain().into());
        }
        let alternate = |((hash, suffix), domains)| Alternate {
            hash,
            suffix,
            domains,
        };
        Self {
            mappings,
            silent,
            alternates: domains.into_iter().map(alternate).collect(),
        }
    }

    /// Read a mapping file: one `alternate = domain` a line; lines that begin with `#` are comments.
    ///
    /// Nothing makes it fail: a line that is wrong is left out and has its diagnostic. Where a wrong line is
    /// reason to use none of them, see [`Parsed::into_map`].
    #[must_use]
    pub fn parse(file: &[u8]) -> Parsed {
        parse::parse(file)
    }

    /// The domains that `suffix` stands for, whatever its case, in the order of the file. Nothing is allocated.
    pub fn domains_of<'a>(&'a self, suffix: &str) -> impl Iterator<Item = &'a str> + Clone + use<'a> {
        let suffix = without_trailing_dot(suffix);
        let hash = hash(suffix);
        let start = self.alternates.partition_point(|known| known.hash < hash);
        let from = self.alternates.get(start..).unwrap_or_default();
        let mut hits = from.iter().take_while(|known| known.hash == hash);
        let found = hits.find(|known| AccountCase::Insensitive.same(&known.suffix, suffix));
        found
            .into_iter()
            .flat_map(|known| &known.domains)
            .map(String::as_str)
    }

    /// The names that `name` can mean: its prefix in each domain that its suffix stands for. A suffix that is not in
    /// the file stands for itself.
    pub fn candidates<'a>(&'a self, name: &'a Upn) -> impl Iterator<Item = Candidate<'a>> + use<'a> {
        let mut domains = self.domains_of(name.suffix()).peekable();
        let itself = domains.peek().is_none().then_some(name.suffix());
        domains.chain(itself).map(|domain| Candidate {
            prefix: name.prefix(),
            domain,
        })
    }

    /// The names that `name` can mean, by their text alone: no directory is asked.
    ///
    /// # Errors
    /// `DownLevelName` or `MissingSuffix` when it has no suffix.
    pub fn resolve<'a>(
        &'a self,
        name: &'a LogonName,
    ) -> Result<impl Iterator<Item = Candidate<'a>> + use<'a>, NameError> {
        Ok(self.candidates(name.upn()?))
    }

    /// The mappings in the order of the file.
    pub fn mappings(&self) -> impl ExactSizeIterator<Item = &Mapping> + Clone {
        self.mappings.iter()
    }

    /// How many mappings are in force.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.mappings.len()
    }

    /// Whether no mapping is in force.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.mappings.is_empty()
    }

    /// The mappings whose domain is none of the configured `domains`: they can find nobody.
    pub fn unused<'a, D: AsRef<str>>(&'a self, domains: &'a [D]) -> impl Iterator<Item = &'a Mapping> {
        self.mappings()
            .filter(move |mapping| !is_among(mapping.domain(), domains))
    }

    /// The mappings whose alternate suffix is itself one of the configured `domains`: that domain is asked first, and
    /// only a name that it does not know comes to the mapping.
    pub fn shadowed<'a, D: AsRef<str>>(&'a self, domains: &'a [D]) -> impl Iterator<Item = &'a Mapping> {
        self.mappings()
            .filter(move |mapping| is_among(mapping.alternate(), domains))
    }
}

/// FNV-1a over the characters without case. The names are the operator's, so nobody gains by making two collide.
fn hash(suffix: &str) -> u64 {
    folded(suffix).fold(0xcbf2_9ce4_8422_2325, |hash, character| {
        (hash ^ u64::from(character)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn is_among<D: AsRef<str>>(domain: &str, domains: &[D]) -> bool {
    domains
        .iter()
        .any(|known| AccountCase::Insensitive.same(without_trailing_dot(known.as_ref()), domain))
}

impl fmt::Display for SuffixMap {
    /// The file again: its mappings, with the comments and blank lines where they were.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mapping in &self.mappings {
            writeln!(f, "{}{mapping}", mapping.silent())?;
        }
        f.write_str(&self.silent)
    }
}

/// An account that a name can mean: `prefix@domain`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// The prefix as typed.
    pub prefix: &'a str,
    /// The DNS name of the domain, as the mapping file spells it; the typed suffix if the file does not name it.
    pub domain: &'a str,
}

impl fmt::Display for Candidate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.prefix, self.domain)
    }
}
