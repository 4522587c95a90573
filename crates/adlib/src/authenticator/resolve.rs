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
mod tests {
    use std::sync::Mutex;

    use super::*;
    use adlib_schema::record::Key;

    struct Fixture {
        domains: Vec<String>,
        users: Vec<User>,
        broken: Option<&'static str>,
        /// The domain of each lookup.
        asked: Mutex<Vec<String>>,
    }

    impl Accounts for Fixture {
        type Error = &'static str;

        fn domains(&self) -> &[String] {
            &self.domains
        }

        async fn find(&self, domain: &str, wanted: Wanted<'_>) -> Result<Vec<User>, &'static str> {
            self.asked.lock().unwrap().push(domain.to_owned());
            if self.broken == Some(domain) {
                return Err("no answer");
            }
            // Like a directory, this one ignores case.
            let matches = |user: &&User| match wanted {
                Wanted::Upn(upn) => user
                    .upn
                    .as_deref()
                    .is_some_and(|u| upn.same(u, AccountCase::Insensitive)),
                Wanted::Account(account) => user.account.eq_ignore_ascii_case(account),
            };
            Ok(self
                .users
                .iter()
                .filter(|user| user.domain.eq_ignore_ascii_case(domain))
                .filter(matches)
                .cloned()
                .collect())
        }

        async fn domain_called(&self, name: &str) -> Result<Option<String>, &'static str> {
            let called = |domain: &&String| {
                domain.eq_ignore_ascii_case(name) || domain.starts_with(&name.to_lowercase())
            };
            Ok(self.domains.iter().find(called).cloned())
        }
    }

    const CORP: &str = "corp.example.com";
    const STAFF: &str = "staff.example.com";

    fn fixture() -> Fixture {
        let users = [
            (CORP, "ada", "ada@corp.example.com"),
            (CORP, "grace", "grace.hopper@acme.example"),
            (CORP, "noupn", ""),
            (CORP, "mia", "mia@corp.example.com"),
            (CORP, "mia2", "mia@acme.example"),
            (CORP, "swap1", "swap2@acme.example"),
            (CORP, "swap2", "swap1@acme.example"),
            (STAFF, "mia", "mia@staff.example.com"),
            (STAFF, "tess", "tess@staff.example.com"),
        ];
        let user = |(domain, account, upn): (&str, &str, &str)| {
            let mut user = User::new(Key::new(&format!("{domain}/{account}")), "", domain, account);
            user.upn = (!upn.is_empty()).then(|| upn.to_owned());
            user
        };
        let users = users.into_iter().map(user).collect();
        Fixture {
            domains: vec![CORP.into(), STAFF.into()],
            users,
            broken: None,
            asked: Mutex::default(),
        }
    }

    fn rules(suffixes: &SuffixMap) -> Rules<'_> {
        Rules {
            suffixes,
            case: AccountCase::Insensitive,
            elsewhere: &[],
        }
    }

    impl Fixture {
        /// The domains that were asked since the last call, each as often as it was.
        fn take_asked(&self) -> Vec<String> {
            let mut asked = std::mem::take(&mut *self.asked.lock().unwrap());
            asked.iter_mut().for_each(|domain| domain.make_ascii_lowercase());
            asked.sort();
            asked
        }
    }

    fn run(fixture: &Fixture, typed: &str, map: &str, case: AccountCase) -> Result<String, String> {
        let name = Upn::parse(typed).unwrap();
        let map = SuffixMap::parse(map.as_bytes()).map;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let rules = Rules {
            case,
            elsewhere: &["other.example.com".to_owned()],
            ..rules(&map)
        };
        match runtime.block_on(resolve(fixture, &name, &rules)) {
            Ok(resolved) => Ok(resolved.user.qualified_name()),
            Err(ResolveError::Refused(refusal) | ResolveError::Unconfigured(refusal)) => {
                Err(refusal.reason().as_str().to_owned())
            }
            Err(ResolveError::Failed(error)) => Err(error.to_owned()),
        }
    }

    /// R18
    #[test]
    fn r18_the_first_step_that_finds_anything_decides() {
        let map = "acme.example = corp.example.com\nacme.example = staff.example.com\n";
        for (typed, expected) in [
            ("ada@corp.example.com", Ok("corp.example.com\\ada")),
            ("ADA@CORP.example.COM", Ok("corp.example.com\\ada")),
            ("grace.hopper@acme.example", Ok("corp.example.com\\grace")),
            ("noupn@corp.example.com", Ok("corp.example.com\\noupn")),
            ("noupn@acme.example", Ok("corp.example.com\\noupn")),
            ("mia@acme.example", Ok("corp.example.com\\mia2")),
            ("swap2@acme.example", Ok("corp.example.com\\swap1")),
            ("swap2@corp.example.com", Ok("corp.example.com\\swap2")),
            ("tess@acme.example", Ok("staff.example.com\\tess")),
            ("nobody@acme.example", Err("unknown-user")),
            ("ada@elsewhere.example", Err("unknown-domain")),
        ] {
            let outcome = run(&fixture(), typed, map, AccountCase::Insensitive);
            assert_eq!(outcome.as_deref().map_err(String::as_str), expected, "{typed}");
        }
    }

    /// R9, A46: with what an earlier step spared, the domains are asked as often as for a name that nobody has.
    #[tokio::test]
    async fn a46_a_known_name_takes_the_lookups_of_an_unknown_one() {
        let map = "acme.example = corp.example.com\nboth.example = CORP.example.com\nboth.example = staff.example.com\n\
                   lost.example = corp.example.com\nlost.example = gone.example.com\n";
        let map = SuffixMap::parse(map.as_bytes()).map;
        for (known, unknown) in [
            ("ada@corp.example.com", "nobody@corp.example.com"),
            ("noupn@corp.example.com", "nobody@corp.example.com"),
            ("mia@acme.example", "nobody@acme.example"),
            ("ada@acme.example", "nobody@acme.example"),
            ("noupn@acme.example", "nobody@acme.example"),
            ("ada@both.example", "nobody@both.example"),
            ("tess@both.example", "nobody@both.example"),
            ("lou@lost.example", "nobody@lost.example"),
        ] {
            let mut fixture = fixture();
            let mut lou = User::new(Key::new("lou"), "", CORP, "lou");
            lou.upn = Some("lou@lost.example".to_owned());
            fixture.users.push(lou);
            let resolved = resolve(&fixture, &Upn::parse(known).unwrap(), &rules(&map))
                .await
                .unwrap();
            make_spared(&fixture, &resolved.spared).await;
            let of_known = fixture.take_asked();
            resolve(&fixture, &Upn::parse(unknown).unwrap(), &rules(&map))
                .await
                .unwrap_err();
            assert_eq!(of_known, fixture.take_asked(), "{known}");
        }
    }

    /// R9, A46: so does a name that stands for two accounts by an early step.
    #[tokio::test]
    async fn a46_an_ambiguous_name_takes_the_lookups_of_an_unknown_one() {
        let map = SuffixMap::parse(b"acme.example = corp.example.com\n").map;
        let mut fixture = fixture();
        for (number, domain) in [CORP, STAFF].into_iter().enumerate() {
            let mut twin = User::new(Key::new(&format!("twin{number}")), "", domain, "twin");
            twin.upn = Some("twin@acme.example".to_owned());
            fixture.users.push(twin);
        }
        let mut asked = Vec::new();
        for name in ["twin@acme.example", "nobody@acme.example"] {
            resolve(&fixture, &Upn::parse(name).unwrap(), &rules(&map))
                .await
                .unwrap_err();
            asked.push(fixture.take_asked());
        }
        assert_eq!(asked[0], asked[1]);
    }

    /// R18: a suffix that leads to two domains with one such account each is ambiguous.
    #[test]
    fn r18_two_candidates_are_ambiguous() {
        let map = "both.example = corp.example.com\nboth.example = staff.example.com\n";
        assert_eq!(
            run(&fixture(), "mia@both.example", map, AccountCase::Insensitive),
            Err("ambiguous".to_owned())
        );
    }

    /// R18: a mapping to a domain that is not configured could lead to somebody there, wherever it stands in the file.
    #[test]
    fn r18_a_mapping_to_a_domain_that_cannot_be_asked_is_refused() {
        let lines = [
            "acme.example = corp.example.com\n",
            "acme.example = gone.example.com\n",
        ];
        for map in [lines.concat(), lines.iter().rev().copied().collect()] {
            let outcome = run(&fixture(), "ada@acme.example", &map, AccountCase::Insensitive);
            assert_eq!(outcome, Err("unknown-domain".to_owned()), "{map}");
            // What an earlier step finds does not need the mapping.
            let outcome = run(&fixture(), "mia@acme.example", &map, AccountCase::Insensitive);
            assert_eq!(outcome.as_deref(), Ok("corp.example.com\\mia2"), "{map}");
        }
    }

    /// R18, R40: a suffix may stand for a domain of the other source, too, which is not asked here.
    #[test]
    fn r40_a_mapping_to_a_domain_of_the_other_source() {
        let map = "acme.example = other.example.com\nacme.example = corp.example.com\n";
        let outcome = run(&fixture(), "noupn@acme.example", map, AccountCase::Insensitive);
        assert_eq!(outcome.as_deref(), Ok("corp.example.com\\noupn"));
        let map = "acme.example = other.example.com\n";
        let outcome = run(&fixture(), "noupn@acme.example", map, AccountCase::Insensitive);
        assert_eq!(
            outcome,
            Err("unknown-domain".to_owned()),
            "nothing here has the suffix"
        );
    }

    /// R1, R3
    #[tokio::test]
    async fn r01_a_down_level_name_is_of_one_domain() {
        let found = async |domain, account| {
            let found = of_domain(&fixture(), domain, account, AccountCase::Insensitive).await;
            match found {
                Ok(user) => user.qualified_name(),
                Err(ResolveError::Refused(refusal) | ResolveError::Unconfigured(refusal)) => {
                    refusal.reason().as_str().to_owned()
                }
                Err(ResolveError::Failed(error)) => error.to_owned(),
            }
        };
        assert_eq!(found("STAFF", "MIA").await, "staff.example.com\\mia");
        assert_eq!(found("corp.example.com", "mia").await, "corp.example.com\\mia");
        assert_eq!(found("STAFF", "ada").await, "unknown-user");
        assert_eq!(found("OTHER", "ada").await, "unknown-domain");
    }

    /// R18: a domain that cannot be asked is an error, never "not found".
    #[test]
    fn r18_a_silent_domain_is_an_error() {
        let silent = Fixture {
            broken: Some(STAFF),
            ..fixture()
        };
        assert_eq!(
            run(&silent, "nobody@corp.example.com", "", AccountCase::Insensitive),
            Err("no answer".to_owned())
        );
    }

    /// R3
    #[test]
    fn r03_case_sensitive_accounts() {
        let sensitive = |typed| run(&fixture(), typed, "", AccountCase::Sensitive);
        assert_eq!(
            sensitive("ada@CORP.EXAMPLE.COM").as_deref(),
            Ok("corp.example.com\\ada")
        );
        assert_eq!(sensitive("Ada@corp.example.com"), Err("unknown-user".to_owned()));
    }
}
