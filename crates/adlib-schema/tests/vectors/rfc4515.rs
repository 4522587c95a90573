//! RFC 4515 section 4.

use adlib_schema::{RawEntry, syntax::Filter};

/// The examples, and how we write those whose spelling is not the only one.
const EXAMPLES: [(&str, Option<&str>); 17] = [
    ("(cn=Babs Jensen)", None),
    ("(!(cn=Tim Howes))", None),
    ("(&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))", None),
    ("(o=univ*of*mich*)", None),
    ("(seeAlso=)", None),
    ("(cn:caseExactMatch:=Fred Flintstone)", None),
    ("(cn:=Betty Rubble)", None),
    ("(sn:dn:2.4.6.8.10:=Barney Rubble)", None),
    ("(o:dn:=Ace Industry)", None),
    ("(:1.2.3:=Wilma Flintstone)", None),
    ("(:DN:2.4.6.8.10:=Dino)", Some("(:dn:2.4.6.8.10:=Dino)")),
    (r"(o=Parens R Us \28for all your parenthetical needs\29)", None),
    (r"(cn=*\2A*)", Some(r"(cn=*\2a*)")),
    (r"(filename=C:\5cMyFile)", None),
    (r"(bin=\00\00\00\04)", None),
    (r"(sn=Lu\c4\8di\c4\87)", Some("(sn=Lučić)")),
    (
        r"(1.3.6.1.4.1.1466.0=\04\02\48\69)",
        Some(r"(1.3.6.1.4.1.1466.0=\04\02Hi)"),
    ),
];

#[test]
fn examples_are_read_and_written() {
    for (text, written) in EXAMPLES {
        let filter: Filter = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(filter.to_string(), written.unwrap_or(text));
        assert_eq!(filter.to_string().parse::<Filter>().unwrap(), filter);
    }
}

#[test]
fn examples_match_what_they_describe() {
    let mut babs = RawEntry::new("cn=Babs Jensen,o=University of Michigan");
    babs.push("objectClass", "person");
    babs.push("cn", "Babs  Jensen");
    babs.push("sn", "Jensen");
    babs.push("o", "University of Michigan Press");
    babs.push("bin", [0, 0, 0, 4]);
    for (text, expected) in [
        ("(cn=babs jensen)", true),
        ("(!(cn=Tim Howes))", true),
        ("(&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))", true),
        ("(o=univ*of*mich*)", true),
        ("(o=univ*mich*of*)", false),
        ("(seeAlso=)", false),
        ("(seeAlso=*)", false),
        ("(cn:caseExactMatch:=babs  jensen)", false),
        ("(o:dn:=University of Michigan)", true),
        (r"(bin=\00\00\00\04)", true),
        // RFC 4511 4.5.1.7: an unknown rule is neither true nor false.
        ("(:1.2.3:=x)", false),
        ("(!(:1.2.3:=x))", false),
        ("(|(:1.2.3:=x)(sn=Jensen))", true),
        // RFC 4526: absolute true and false.
        ("(&)", true),
        ("(|)", false),
    ] {
        assert_eq!(text.parse::<Filter>().unwrap().matches(&babs), expected, "{text}");
    }
}

#[test]
fn refuses_what_is_no_filter() {
    for text in [
        "",
        "cn=x",
        "(cn=x",
        "(cn=x))",
        "(cn)",
        "()",
        "(=x)",
        "(&(cn=x)",
        "(!)",
        "(!(a=b)(c=d))",
        "(cn=a(b)",
        r"(cn=\2)",
        r"(cn=\zz)",
        "(cn>=a*)",
        "(cn:=a*)",
        "(:=x)",
        "(a b=c)",
        "(at_tr=x)",
        "(cn:dn:1.2:1.3:=x)",
        "(cn=a\0)",
        "(uid={0}){1}",
        "(&(uid=x){1})",
    ] {
        let error = text.parse::<Filter>().unwrap_err();
        assert!(error.at <= text.len(), "{text}: {error}");
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| format!("{}(a=b){}", "(!".repeat(depth), ")".repeat(depth));
    assert!(nested(63).parse::<Filter>().is_ok());
    assert!(nested(64).parse::<Filter>().is_err());
    assert!("(&".repeat(1_000_000).parse::<Filter>().is_err());
}
