//! Names that would be a filter or a DN stay names.
#![allow(clippy::unwrap_used)]

use adlib_schema::{
    AttributeName, RawEntry,
    syntax::{Dn, Filter, FilterTemplate},
};
use proptest::prelude::*;

const HOSTILE: [&str; 8] = [
    "*)(uid=*",
    r"\2a",
    "a\0b",
    "*",
    "(",
    ")",
    "{0}",
    "x,ou=admins,dc=example",
];

fn entry_named(name: &str) -> RawEntry {
    let mut entry = RawEntry::new("cn=x");
    entry.push("uid", name);
    entry.push("objectClass", "person");
    entry
}

/// A49: a name in a lookup finds that name and nothing else.
#[test]
fn a49_names_are_escaped_never_spliced() {
    let template: FilterTemplate = "(&(uid={0})(objectClass=person){1})".parse().unwrap();
    for name in HOSTILE {
        let lookup = template.for_name(name);
        assert!(lookup.matches(&entry_named(name)), "{name}");
        assert!(!lookup.matches(&entry_named("somebody")), "{name}");
        let reread: Filter = lookup.to_string().parse().unwrap();
        assert_eq!(reread, lookup, "{name}");
    }
}

/// A49: a name in a DN stays one RDN.
#[test]
fn a49_names_in_a_dn_stay_one_rdn() {
    let people: Dn = "ou=people,dc=example,dc=org".parse().unwrap();
    for name in HOSTILE {
        let dn = people.child(&AttributeName::from_static("uid"), name);
        let reread: Dn = dn.as_str().parse().unwrap();
        assert_eq!(reread.rdns().count(), 4, "{name}");
        assert_eq!(
            reread.rdns().next().unwrap().first().unwrap().text().unwrap(),
            name
        );
        assert_eq!(reread, dn);
        assert_eq!(reread.parent().unwrap(), people);
    }
}

/// Active Directory's bitwise rules and its short form of objectCategory.
#[test]
fn filters_of_active_directory() {
    let mut ada = RawEntry::new("CN=Ada,DC=corp,DC=example");
    ada.push(
        "objectCategory",
        "CN=Person,CN=Schema,CN=Configuration,DC=corp,DC=example",
    );
    ada.push("userAccountControl", "66050");
    ada.push("groupType", "-2147483646");
    for (text, expected) in [
        ("(objectCategory=person)", true),
        ("(objectCategory=group)", false),
        (
            "(objectCategory=cn=person,cn=schema,cn=configuration,dc=CORP,dc=example)",
            true,
        ),
        ("(userAccountControl:1.2.840.113556.1.4.803:=2)", true),
        ("(userAccountControl:1.2.840.113556.1.4.803:=3)", false),
        ("(userAccountControl:1.2.840.113556.1.4.804:=3)", true),
        ("(userAccountControl:1.2.840.113556.1.4.803:=x)", false),
        ("(!(userAccountControl:1.2.840.113556.1.4.803:=2))", false),
        ("(groupType:1.2.840.113556.1.4.803:=2147483648)", true),
        ("(userAccountControl>=512)", true),
        ("(userAccountControl<=512)", false),
    ] {
        assert_eq!(text.parse::<Filter>().unwrap().matches(&ada), expected, "{text}");
    }
}

/// R19: a group's type is the same number, whether its highest bit is written as a sign or not.
#[test]
fn r19_group_types_signed_and_unsigned() {
    for stored in ["-2147483646", "2147483650"] {
        let mut group = RawEntry::new("CN=g");
        group.push("groupType", stored);
        for (text, expected) in [
            ("(groupType=-2147483646)", true),
            ("(grouptype=2147483650)", true),
            ("(groupType=2)", false),
            ("(groupType=x)", false),
            ("(groupType:1.2.840.113556.1.4.803:=2147483648)", true),
            ("(groupType:1.2.840.113556.1.4.803:=-2147483648)", true),
            ("(groupType:1.2.840.113556.1.4.803:=-2147483646)", true),
            ("(groupType:1.2.840.113556.1.4.803:=-2147483644)", false),
            ("(groupType:1.2.840.113556.1.4.804:=-2147483644)", true),
            ("(groupType:1.2.840.113556.1.4.804:=12)", false),
        ] {
            let matches = text.parse::<Filter>().unwrap().matches(&group);
            assert_eq!(matches, expected, "{text} of {stored}");
        }
    }
}

#[test]
fn templates_need_a_place_for_the_name() {
    for text in ["(objectClass=user)", "(uid>={0})", "(uid=*)", "{1}", "(cn:={0})"] {
        assert!(text.parse::<FilterTemplate>().is_err(), "{text}");
    }
    let anywhere: FilterTemplate = "(|(cn=a{0}b)(sn=*{0}))".parse().unwrap();
    assert_eq!(anywhere.for_all().to_string(), "(|(cn=a*b)(sn=*))");
    assert_eq!(anywhere.for_name("*").to_string(), r"(|(cn=a\2ab)(sn=*\2a))");
}

fn filters() -> impl Strategy<Value = Filter> {
    let attribute = prop_oneof!["[a-z][a-zA-Z0-9-]{0,8}", "[1-9]\\.[1-9][0-9]{0,3}"]
        .prop_map(|name: String| name.parse::<AttributeName>().unwrap());
    let leaf = prop_oneof![
        (attribute.clone(), any::<Vec<u8>>()).prop_map(|(name, value)| Filter::equal(name, value)),
        attribute.clone().prop_map(Filter::present),
        (attribute.clone(), attribute.clone(), any::<Vec<u8>>())
            .prop_map(|(name, rule, value)| Filter::extensible(name, rule, value)),
        (attribute, ".*", proptest::collection::vec(".*", 0..3), ".*").prop_map(
            |(name, initial, any, last)| {
                Filter::substring(name, &initial, any.iter().map(String::as_str), &last)
            }
        ),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Filter::and),
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Filter::or),
            inner.prop_map(Filter::not),
        ]
    })
}

/// A filter as a plain tree, judged the slow way.
#[derive(Debug, Clone)]
enum Model {
    And(Vec<Model>),
    Or(Vec<Model>),
    Not(Box<Model>),
    Equal(&'static str, String),
    Present(&'static str),
    Substring(&'static str, String, String),
    AtLeast(&'static str, i64),
    Bits(&'static str, i64),
    UnknownRule(&'static str),
}

impl Model {
    fn written(&self) -> String {
        let list = |all: &[Self]| all.iter().map(Self::written).collect::<String>();
        match self {
            Self::And(all) => format!("(&{})", list(all)),
            Self::Or(any) => format!("(|{})", list(any)),
            Self::Not(inner) => format!("(!{})", inner.written()),
            Self::Equal(name, value) => format!("({name}={value})"),
            Self::Present(name) => format!("({name}=*)"),
            Self::Substring(name, initial, last) => format!("({name}={initial}*{last})"),
            Self::AtLeast(name, number) => format!("({name}>={number})"),
            Self::Bits(name, mask) => format!("({name}:1.2.840.113556.1.4.803:={mask})"),
            Self::UnknownRule(name) => format!("({name}:1.2.3.4:=x)"),
        }
    }

    /// True, false, or undefined (RFC 4511 4.5.1.7).
    fn judge(&self, entry: &[(&str, String)]) -> Option<bool> {
        let any = |name: &str, holds: &dyn Fn(&str) -> bool| {
            let mut values = entry.iter().filter(|(of, _)| of.eq_ignore_ascii_case(name));
            Some(values.any(|(_, value)| holds(&value.to_lowercase())))
        };
        let verdicts = |all: &[Self]| all.iter().map(|one| one.judge(entry)).collect::<Vec<_>>();
        match self {
            Self::And(all) if verdicts(all).contains(&Some(false)) => Some(false),
            Self::Or(all) if verdicts(all).contains(&Some(true)) => Some(true),
            Self::And(all) => (!verdicts(all).contains(&None)).then_some(true),
            Self::Or(all) => (!verdicts(all).contains(&None)).then_some(false),
            Self::Not(inner) => inner.judge(entry).map(|verdict| !verdict),
            Self::Equal(name, value) => any(name, &|stored| stored == value.to_lowercase()),
            Self::Present(name) => any(name, &|_| true),
            Self::Substring(name, initial, last) => any(name, &|stored| {
                stored.len() >= initial.len() + last.len()
                    && stored.starts_with(&initial.to_lowercase())
                    && stored.ends_with(&last.to_lowercase())
            }),
            Self::AtLeast(name, least) => {
                any(name, &|stored| stored.parse::<i64>().is_ok_and(|n| n >= *least))
            }
            Self::Bits(name, mask) => any(name, &|stored| {
                stored.parse::<i64>().is_ok_and(|n| n & mask == *mask)
            }),
            Self::UnknownRule(_) => None,
        }
    }
}

fn models() -> impl Strategy<Value = Model> {
    let text = prop_oneof![Just("cn"), Just("MAIL")];
    let number = Just("groupType");
    let leaf = prop_oneof![
        (text.clone(), "[abA]{1,2}").prop_map(|(name, value)| Model::Equal(name, value)),
        text.clone().prop_map(Model::Present),
        (text.clone(), "[aB]{1,2}", "[bA]{0,1}").prop_map(|(name, a, b)| Model::Substring(name, a, b)),
        (number, -4_i64..4).prop_map(|(name, least)| Model::AtLeast(name, least)),
        (number, 1_i64..8).prop_map(|(name, mask)| Model::Bits(name, mask)),
        text.prop_map(Model::UnknownRule),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Model::And),
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Model::Or),
            inner.prop_map(|inner| Model::Not(Box::new(inner))),
        ]
    })
}

proptest! {
    /// R19: a filter judges as a slow model of RFC 4511 does.
    #[test]
    fn r19_filters_judge_as_the_model_does(
        model in models(),
        texts in proptest::collection::vec((prop_oneof![Just("cn"), Just("mail")], "[abAB]{1,3}"), 0..4),
        numbers in proptest::collection::vec(-4_i64..8, 0..2),
    ) {
        let mut values: Vec<(&str, String)> = texts;
        values.extend(numbers.into_iter().map(|number| ("grouptype", number.to_string())));
        let mut entry = RawEntry::new("cn=x");
        values.iter().for_each(|(name, value)| entry.push(name, value));
        let filter: Filter = model.written().parse().unwrap();
        prop_assert_eq!(filter.matches(&entry), model.judge(&values) == Some(true), "{}", model.written());
    }

    #[test]
    fn written_filters_are_read_again(filter in filters()) {
        prop_assert_eq!(filter.to_string().parse::<Filter>().unwrap(), filter);
    }

    #[test]
    fn written_dns_are_read_again(values in proptest::collection::vec("(?s).{0,12}", 0..5)) {
        let attribute = AttributeName::from_static("cn");
        let dn = values.iter().fold(Dn::root(), |dn, value| dn.child(&attribute, value));
        let reread: Dn = dn.as_str().parse().unwrap();
        prop_assert_eq!(&reread, &dn);
        let found: Vec<String> =
            reread.rdns().map(|rdn| rdn.first().unwrap().text().unwrap().into_owned()).collect();
        prop_assert_eq!(found, values.into_iter().rev().collect::<Vec<_>>());
        let normal: Dn = dn.normal().parse().unwrap();
        prop_assert_eq!(normal.normal(), dn.normal());
    }

    #[test]
    fn no_text_panics(text in ".{0,60}", dn in "[a-c=,+;\\\\#\"<> 0-9*(){}&|!:~é]{0,40}") {
        for text in [&text, &dn] {
            if let Ok(filter) = text.parse::<Filter>() {
                let _ = filter.matches(&RawEntry::new(text.as_str()));
            }
            let _ = text.parse::<FilterTemplate>();
            if let Ok(dn) = text.parse::<Dn>() {
                let _ = (dn.dns_domain(), dn.parent(), dn.rdns().count());
                prop_assert!(dn.is_under(&dn) && dn.is_under(&Dn::root()));
            }
        }
    }
}
