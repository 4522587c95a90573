//! RFC 4514 section 4, RFC 2253 section 5, and the names that OpenLDAP must accept and refuse.

use adlib_schema::syntax::Dn;

/// Spellings of one name, and its number of RDNs. Names of different rows are different.
const SAME: [(usize, &[&str]); 14] = [
    (3, &["UID=jsmith,DC=example,DC=net"]),
    (
        3,
        &[
            "OU=Sales+CN=J.  Smith,DC=example,DC=net",
            "CN=J.  Smith+OU=Sales,DC=example,DC=net",
        ],
    ),
    (
        3,
        &[
            r#"CN=James \"Jim\" Smith\, III,DC=example,DC=net"#,
            r"CN=James \22Jim\22 Smith\2C III,DC=example,DC=net",
        ],
    ),
    (3, &[r"CN=Before\0dAfter,DC=example,DC=net"]),
    (1, &["1.3.6.1.4.1.1466.0=#04024869"]),
    (1, &[r"CN=Lu\C4\8Di\C4\87", "CN=Lučić"]),
    (
        3,
        &[
            r"CN=John Smith\, III,DC=example,DC=net",
            r"CN=John Smith\2C III,DC=example,DC=net",
        ],
    ),
    (
        3,
        &[
            r"OU=Sales\; Data\+Algorithms,DC=example,DC=net",
            r"OU=Sales\3B Data\2BAlgorithms,DC=example,DC=net",
        ],
    ),
    (
        3,
        &[
            r"CN=\23John Smith\20,DC=example,DC=net",
            r"CN=\#John Smith\ ,DC=example,DC=net",
        ],
    ),
    (
        4,
        &["cn=A*x=b is a linear algebra problem,ou=LDAPv3,dc=example,dc=com"],
    ),
    (0, &[""]),
    (1, &["1.1.1="]),
    // RFC 1779 and RFC 2253 section 4: spaces, semicolons, quotes.
    (
        3,
        &[
            "UID=jsmith, O=example, C=US",
            "UID=jsmith;O=example;C=US",
            "uid=jsmith,o=example,c=us",
        ],
    ),
    (
        3,
        &[
            r#"CN="John Smith",O=example,C=US"#,
            "CN=John Smith,O=example,C=US",
        ],
    ),
];

const REFUSED: [&str; 19] = [
    "uid;x-option=jsmith",
    "at_tr=jsmith",
    "-attr=jsmith",
    "1..1=jsmith",
    "1.1.=jsmith",
    "01.1=jsmith",
    "1.ff=jsmith",
    "1.1.1=#GG",
    "1.1.1=#000",
    "1.1.1=#F",
    "1.1.1=#",
    "UID=jsmith,,DC=example,DC=net",
    "UID=john,smith",
    "UID=john+smith",
    r"UID=john\?smith",
    r"UID=john\Fsmith",
    r"UID=john\GGsmith",
    "<UID=jsmith,O=example,C=US>",
    "UID=jsmith,O=example,",
];

fn dn(text: &str) -> Dn {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn accepted_names_have_their_rdns() {
    for (rdns, spellings) in SAME {
        for text in spellings {
            assert_eq!(dn(text).rdns().count(), rdns, "{text}");
            assert_eq!(dn(text).to_string(), *text);
        }
    }
}

#[test]
fn names_are_equal_exactly_within_a_row() {
    for (row, (_, spellings)) in SAME.iter().enumerate() {
        for text in *spellings {
            for (other_row, (_, others)) in SAME.iter().enumerate() {
                for other in *others {
                    assert_eq!(dn(text) == dn(other), row == other_row, "{text} and {other}");
                }
            }
        }
    }
}

#[test]
fn refused_names_say_where() {
    for text in REFUSED {
        let error = text.parse::<Dn>().unwrap_err();
        assert!(error.at <= text.len(), "{text}: {error}");
    }
}

/// RFC 4514 section 4: the values themselves.
#[test]
fn values_are_unescaped() {
    for (text, value) in [
        (
            r#"CN=James \"Jim\" Smith\, III,DC=net"#,
            "James \"Jim\" Smith, III",
        ),
        (r"CN=Before\0dAfter,DC=net", "Before\rAfter"),
        (r"CN=Lu\C4\8Di\C4\87", "Lučić"),
        (r"CN=\#John Smith\ ,DC=net", "#John Smith "),
        (r#"CN="a, \"b\"",O=x"#, "a, \"b\""),
    ] {
        let dn = dn(text);
        assert_eq!(dn.rdns().next().unwrap().first().unwrap().text().unwrap(), value);
    }
    let ber = dn("1.3.6.1.4.1.1466.0=#04024869");
    assert_eq!(
        ber.rdns().next().unwrap().first().unwrap().value().as_ref(),
        b"\x04\x02Hi"
    );
}
