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

proptest! {
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
