//! From a typed name to the one account that it stands for (R18).

use std::future::Future;

use adlib_schema::record::User;
use adlib_upn::{AccountCase, SuffixMap, Upn};

use super::STAND_IN;
use crate::{Reason, Refusal};

/// How accounts are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted<'a> {
    /// By the user principal name.
    Upn(&'a Upn),
    /// By the account name as registered in the domain.
    Account(&'a str),
}

/// Where accounts are looked for: every configured domain can be asked.
pub(crate) trait Accounts {
    /// What a domain that cannot be asked says.
    type Error;

    /// The DNS names of the configured domains.
    fn domains(&self) -> &[String];

    /// The accounts of `domain` that the directory takes for `wanted`. The caller compares them again.
    fn find(
        &self,
        domain: &str,
        wanted: Wanted<'_>,
    ) -> impl Future<Output = Result<Vec<User>, Self::Error>> + Send;

    /// The configured domain that has `name`, a DNS name or a `NetBIOS` name.
    fn domain_called(&self, name: &str) -> impl Future<Output = Result<Option<String>, Self::Error>> + Send;
}

/// Why no account came of a name.
#[derive(Debug)]
pub(crate) enum ResolveError<E> {
    /// The name stands for no account, or for several.
    Refused(Refusal),
    /// The suffix stands for a domain that is not configured, in which the name may well be somebody's.
    Unconfigured(Refusal),
    /// A domain could not be asked, which is never "not found".
    Failed(E),
}

impl<E> From<Refusal> for ResolveError<E> {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What names are resolved by.
pub(crate) struct Rules<'a> {
    pub(crate) suffixes: &'a SuffixMap,
    pub(crate) case: AccountCase,
    /// Domains of another source, to which a suffix may be mapped as well.
    pub(crate) elsewhere: &'a [String],
}

impl Rules<'_> {
    /// The domains here for which `suffix` stands.
    fn mapped<'a, A: Accounts>(&'a self, accounts: &A, suffix: &'a str) -> Vec<&'a str> {
        let is = |domain: &str, other: &String| AccountCase::Insensitive.same(other, domain);
        let is_elsewhere = |domain: &str| self.elsewhere.iter().any(|other| is(domain, other));
        let domains = self.suffixes.domains_of(suffix);
        domains
            .filter(|domain| configured(accounts, domain).is_some() || !is_elsewhere(domain))
            .collect()
    }
}

/// The account that a name stands for.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) user: User,
    /// The domain of each lookup that was not needed. For a name that nobody has, they are all made: a wrong password must
    /// not take fewer (R9).
    pub(crate) spared: Vec<String>,
}

impl From<User> for Resolved {
    fn from(user: User) -> Self {
        let spared = Vec::new();
        Self { user, spared }
    }
}

/// The one account that `name` stands for.
pub(crate) async fn resolve<A: Accounts>(
    accounts: &A,
    name: &Upn,
    rules: &Rules<'_>,
) -> Result<Resolved, ResolveError<A::Error>> {
    let (prefix, suffix) = (name.prefix(), name.suffix());
    let mut search = Search::new(accounts, rules.case);

    // (a) The typed name is a user principal name.
    let typed = name.to_string();
    let mut found = Vec::new();
    for domain in accounts.domains() {
        found.extend(search.find(domain, Wanted::Upn(name)).await?);
    }
    // (b) The suffix is a domain, the prefix an account of it.
    let own = configured(accounts, suffix);
    if let (true, Some(domain)) = (found.is_empty(), own) {
        found = search.find(domain, Wanted::Account(prefix)).await?;
    }
    // (c) The suffix stands for domains.
    let mapped = rules.mapped(accounts, suffix);
    let unconfigured = mapped
        .iter()
        .find(|domain| configured(accounts, domain).is_none());
    if found.is_empty() {
        // Before any of them is asked: what one of them says must not depend on the order of the file.
        if let Some(domain) = unconfigured {
            let detail = format!("`{suffix}` stands for `{domain}`, which is not configured");
            return Err(ResolveError::Unconfigured(unknown_domain(detail)));
        }
        for domain in &mapped {
            found.extend(search.find_in_mapped(domain, prefix).await?);
        }
    }
    if found.is_empty() && own.is_none() && mapped.is_empty() {
        let detail = format!("`{suffix}` is neither a configured domain nor a mapped suffix");
        return Err(unknown_domain(detail).into());
    }
    let typed_and_own = accounts.domains().iter().chain(own).map(String::as_str);
    let by_suffix = mapped.iter().filter(|_| unconfigured.is_none());
    let all = typed_and_own.chain(by_suffix.flat_map(|domain| [*domain; 2]));
    let spared = search.spared(all);
    let user = only(found, &typed);
    if user.is_err() {
        make_spared(accounts, &spared).await;
    }
    Ok(Resolved { user: user?, spared })
}

/// Make the lookups that were `spared`, for an account that nobody has.
pub(crate) async fn make_spared<A: Accounts>(accounts: &A, spared: &[String]) {
    for domain in spared {
        // What comes of it does not matter.
        let _ = accounts.find(domain, Wanted::Account(STAND_IN)).await;
    }
}

/// The one account in any domain that is `wanted`, as which it was typed.
pub(crate) async fn anywhere<A: Accounts>(
    accounts: &A,
    wanted: Wanted<'_>,
    typed: &str,
    case: AccountCase,
) -> Result<User, ResolveError<A::Error>> {
    let mut search = Search::new(accounts, case);
    let mut found = Vec::new();
    for domain in accounts.domains() {
        found.extend(search.find(domain, wanted).await?);
    }
    Ok(only(found, typed)?)
}

/// The account of the domain that is called `name`, by its DNS name or by its `NetBIOS` name (R1).
pub(crate) async fn of_domain<A: Accounts>(
    accounts: &A,
    name: &str,
    account: &str,
    case: AccountCase,
) -> Result<User, ResolveError<A::Error>> {
    let domain = accounts.domain_called(name).await.map_err(ResolveError::Failed)?;
    let unknown = || unknown_domain(format!("no configured domain is called `{name}`"));
    let domain = domain.ok_or_else(unknown)?;
    let found = Search::new(accounts, case)
        .find(&domain, Wanted::Account(account))
        .await?;
    Ok(only(found, &format!("{name}\\{account}"))?)
}

/// The configured domain of this name.
fn configured<'a, A: Accounts>(accounts: &'a A, name: &str) -> Option<&'a String> {
    let mut domains = accounts.domains().iter();
    domains.find(|domain| AccountCase::Insensitive.same(domain, name))
}

fn unknown_domain(detail: String) -> Refusal {
    Refusal::new(Reason::UnknownDomain, detail)
}

/// Something that stands for an account.
pub(crate) trait Candidate {
    /// The account.
    fn user(&self) -> &User;
}

impl Candidate for User {
    fn user(&self) -> &User {
        self
    }
}

/// The one account in `found`.
pub(crate) fn only<C: Candidate>(mut found: Vec<C>, typed: &str) -> Result<C, Refusal> {
    // Two mappings may lead to the same domain, and so to the same account.
    let identity = |candidate: &C| (candidate.user().domain.clone(), candidate.user().key.clone());
    found.sort_by_key(identity);
    found.dedup_by_key(|candidate| identity(candidate));
    if found.len() > 1 {
        let names = found.iter().map(|candidate| candidate.user().qualified_name());
        let candidates: Vec<String> = names.collect();
        let detail = format!("`{typed}` could be {}", candidates.join(", "));
        return Err(Refusal::new(Reason::Ambiguous(candidates), detail));
    }
    let unknown = || Refusal::new(Reason::UnknownUser, format!("no account is called `{typed}`"));
    found.pop().ok_or_else(unknown)
}

struct Search<'a, A> {
    accounts: &'a A,
    case: AccountCase,
    /// The domain of each lookup so far.
    made: Vec<String>,
}

impl<'a, A: Accounts> Search<'a, A> {
    const fn new(accounts: &'a A, case: AccountCase) -> Self {
        let made = Vec::new();
        Self { accounts, case, made }
    }

    /// What is in `all`, the domain of each lookup that there may be, and was not made.
    fn spared<'d>(self, all: impl Iterator<Item = &'d str>) -> Vec<String> {
        let mut made = self.made;
        let is_spared = |domain: &&str| match made.iter().position(|made| made.eq_ignore_ascii_case(domain)) {
            Some(index) => {
                made.swap_remove(index);
                false
            }
            None => true,
        };
        all.filter(is_spared).map(str::to_owned).collect()
    }

    /// What the directory finds and a comparison here confirms: directories also match without accents.
    async fn find(&mut self, domain: &str, wanted: Wanted<'_>) -> Result<Vec<User>, ResolveError<A::Error>> {
        self.made.push(domain.to_owned());
        let mut found = self
            .accounts
            .find(domain, wanted)
            .await
            .map_err(ResolveError::Failed)?;
        found.retain(|user| match (wanted, user.upn.as_deref()) {
            (Wanted::Account(name), _) => self.case.same(&user.account, name),
            // The suffix never depends on case; the account part does where the policy says so (R3).
            (Wanted::Upn(name), Some(upn)) => name.same(upn, self.case),
            (Wanted::Upn(_), None) => false,
        });
        Ok(found)
    }

    async fn find_in_mapped(
        &mut self,
        domain: &str,
        prefix: &str,
    ) -> Result<Vec<User>, ResolveError<A::Error>> {
        if let Ok(standard) = Upn::parse(&format!("{prefix}@{domain}")) {
            let found = self.find(domain, Wanted::Upn(&standard)).await?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        self.find(domain, Wanted::Account(prefix)).await
    }
}

#[cfg(test)]
mod tests;
