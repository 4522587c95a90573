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
        let called =
            |domain: &&String| domain.eq_ignore_ascii_case(name) || domain.starts_with(&name.to_lowercase());
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
