//! The rules for names, each by its table.

#![allow(clippy::unwrap_used, clippy::panic)]

use adlib_upn::{
    AccountCase, LogonName, MAX_LABEL_BYTES, MAX_NAME_CHARACTERS, MAX_SUFFIX_BYTES, NameError, NameRule, Upn,
};
use proptest::prelude::*;

/// The characters of R2, without the space.
const FORBIDDEN: &str = "/\\[]:;|=,+*?<>@\"&";

fn refused(text: &str) -> NameError {
    match LogonName::parse(text) {
        Ok(name) => panic!("{name:?}"),
        Err(error) => error,
    }
}

fn broken(rule: NameRule, character: impl Into<Option<char>>, position: usize) -> NameError {
    NameError {
        rule,
        character: character.into(),
        position,
    }
}

/// R1
#[test]
fn r01_each_form_is_told_apart() {
    let upn = |text: &str| LogonName::parse(text).unwrap().upn().cloned();
    for (text, prefix, suffix) in [
        ("ada@corp.example.com", "ada", "corp.example.com"),
        ("alan.turing@corp.example.com", "alan.turing", "corp.example.com"),
        ("Pat.O'Brien@acme", "Pat.O'Brien", "acme"),
        ("田中@corp.example.com", "田中", "corp.example.com"),
        ("APP1$@corp.example.com", "APP1$", "corp.example.com"),
    ] {
        let name = upn(text).unwrap();
        assert_eq!((name.prefix(), name.suffix()), (prefix, suffix));
        assert_eq!(name.to_string(), text, "a name is printed as it was typed");
    }
    assert_eq!(
        upn("ada"),
        Err(broken(NameRule::MissingSuffix, None, 4)),
        "a bare name tells no domain"
    );
}

/// R1: `DOMAIN\user` is recognised before any rule of R2, whatever its parts are like.
#[test]
fn r01_down_level_names_are_recognised_before_the_rules() {
    for (text, parts) in [
        (r"CORP\ada", Ok(("CORP", "ada"))),
        (r"corp.example.com\田中", Ok(("corp.example.com", "田中"))),
        (r"CORP\ada lovelace", Err(broken(NameRule::Space, ' ', 9))),
        (r"CORP\ada*", Err(broken(NameRule::ForbiddenCharacter, '*', 9))),
        (r"CO RP\ada", Err(broken(NameRule::Space, ' ', 3))),
        (r"CORP\A\b", Err(broken(NameRule::ForbiddenCharacter, '\\', 7))),
        (r"\ada", Err(broken(NameRule::EmptyDomain, None, 1))),
        (r"CORP\", Err(broken(NameRule::EmptyAccount, None, 6))),
        (r"\", Err(broken(NameRule::EmptyDomain, None, 1))),
    ] {
        let name = LogonName::parse(text).unwrap();
        let error = name.upn().unwrap_err();
        assert_eq!(error.reason(), "down-level-name");
        assert_eq!(text.chars().nth(error.position - 1), error.character);
        let LogonName::DownLevel(name) = name else {
            panic!("{text}")
        };
        assert_eq!(name.parts(), parts, "{text}");
        assert_eq!(name.to_string(), text);
    }
}

/// R2
#[test]
fn r02_a_missing_part_is_named() {
    for (text, rule, position) in [
        ("", NameRule::EmptyAccount, 1),
        ("@", NameRule::EmptyAccount, 1),
        ("@corp.example.com", NameRule::EmptyAccount, 1),
        ("ada@", NameRule::EmptySuffix, 5),
        ("ada@.", NameRule::EmptySuffix, 5),
        ("ada@.example.com", NameRule::EmptyLabel, 5),
        ("ada@corp..com", NameRule::EmptyLabel, 10),
        ("ada@corp.example.com..", NameRule::EmptyLabel, 22),
    ] {
        assert_eq!(refused(text), broken(rule, None, position), "{text}");
    }
}

/// A47: every character of R2 in every position of every form.
#[test]
fn a47_every_forbidden_character_in_every_position() {
    for character in FORBIDDEN.chars() {
        for at in 0..=4 {
            let mut account: Vec<char> = "Größe".chars().take(4).collect();
            account.insert(at, character);
            let account: String = account.into_iter().collect();
            let expected = broken(NameRule::ForbiddenCharacter, character, at + 1);
            assert_eq!(refused(&format!("{account}@corp.example.com")), expected);
            if character != '@' && character != '\\' {
                assert_eq!(refused(&account), expected);
            }
        }
    }
}

/// A47
#[test]
fn a47_spaces_controls_and_format_characters() {
    let unprintable = [
        '\0',
        '\t',
        '\n',
        '\r',
        '\u{1b}',
        '\u{7f}',
        '\u{85}',
        '\u{a0}',
        '\u{ad}',
        '\u{200b}',
        '\u{200f}',
        '\u{2028}',
        '\u{202e}',
        '\u{2066}',
        '\u{3000}',
        '\u{e000}',
        '\u{feff}',
        '\u{e0041}',
        '\u{f0000}',
        '\u{10fffd}',
    ];
    let cases = unprintable.map(|character| (character, NameRule::NotPrintable));
    for (character, rule) in cases.into_iter().chain([(' ', NameRule::Space)]) {
        for (text, position) in [
            (format!("{character}ada@corp.example.com"), 1),
            (format!("a{character}da@corp.example.com"), 2),
            (format!("ada{character}@corp.example.com"), 4),
            (format!("ada{character}"), 4),
            (format!("ada@{character}corp.example.com"), 5),
            (format!("ada@corp.example.com{character}"), 21),
        ] {
            assert_eq!(refused(&text), broken(rule, character, position), "{text:?}");
        }
    }
}

/// A47: a code point that Unicode has not assigned yet may be a letter tomorrow.
#[test]
fn a47_letters_marks_and_unassigned_code_points_are_printable() {
    for account in [
        "e\u{301}",
        "\u{1f600}",
        "\u{378}",
        "\u{e01f0}",
        "𝒶𝒹𝒶",
        "O'Brien",
        "a.b-c_d$!#%^{}~`",
    ] {
        let name = Upn::parse(&format!("{account}@corp.example.com")).unwrap();
        assert_eq!(name.prefix(), account);
    }
}

/// A47
#[test]
fn a47_two_at_signs() {
    assert_eq!(
        refused("ada@acme.com@corp.example.com"),
        broken(NameRule::ForbiddenCharacter, '@', 4)
    );
    assert_eq!(
        refused("@ada@corp.example.com"),
        broken(NameRule::ForbiddenCharacter, '@', 1)
    );
    assert_eq!(refused("ada@@corp"), broken(NameRule::ForbiddenCharacter, '@', 4));
    assert_eq!(refused("ada@corp@"), broken(NameRule::ForbiddenCharacter, '@', 4));
}

/// A47
#[test]
fn a47_a_name_of_one_mebibyte() {
    for character in ["a", "@", "\\", "é", "\u{202e}"] {
        let error = refused(&character.repeat(1 << 20));
        assert_eq!(
            (error.rule, error.position),
            (NameRule::TooLong, MAX_NAME_CHARACTERS + 1)
        );
    }
    let longest = "a".repeat(MAX_NAME_CHARACTERS);
    assert!(LogonName::parse(&longest).is_ok());
    assert_eq!(refused(&(longest + "b")).character, Some('b'));
}

/// A47: an international suffix is taken as it is given, in either spelling; a trailing dot is the same name.
#[test]
fn a47_suffixes_in_other_scripts_and_with_a_trailing_dot() {
    for (typed, kept) in [
        ("bücher.example", "bücher.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("CORP.example.com.", "CORP.example.com"),
        ("_sites.corp", "_sites.corp"),
        ("0.1.2", "0.1.2"),
    ] {
        assert_eq!(Upn::parse(&format!("ada@{typed}")).unwrap().suffix(), kept);
    }
}

/// R2: suffixes keep to the rules of DNS names.
#[test]
fn r02_suffixes_are_dns_names() {
    for (suffix, rule, character, position) in [
        ("corp!.example", NameRule::SuffixCharacter, '!', 9),
        ("corp/example", NameRule::SuffixCharacter, '/', 9),
        ("corp,example", NameRule::SuffixCharacter, ',', 9),
        (r"corp\example", NameRule::SuffixCharacter, '\\', 9),
        ("-corp.example", NameRule::LabelHyphen, '-', 5),
        ("corp.example-", NameRule::LabelHyphen, '-', 17),
        ("corp.-", NameRule::LabelHyphen, '-', 10),
    ] {
        let text = format!("ada@{suffix}");
        assert_eq!(refused(&text), broken(rule, character, position), "{text}");
    }
}

/// R2: the limits of a label and of a suffix, from both sides.
#[test]
fn r02_lengths_of_labels_and_suffixes() {
    let label = "a".repeat(MAX_LABEL_BYTES);
    assert!(Upn::parse(&format!("ada@{label}.com")).is_ok());
    let error = Upn::parse(&format!("ada@com.{label}b.com")).unwrap_err();
    assert_eq!(
        error,
        broken(NameRule::LabelTooLong, 'b', 5 + 4 + MAX_LABEL_BYTES)
    );
    let umlauts = "ä".repeat(32);
    let error = Upn::parse(&format!("ada@{umlauts}")).unwrap_err();
    assert_eq!(
        error,
        broken(NameRule::LabelTooLong, 'ä', 5 + 31),
        "bytes count, not characters"
    );

    let suffix = format!("{}a", "a.".repeat(MAX_SUFFIX_BYTES / 2));
    assert_eq!(suffix.len(), MAX_SUFFIX_BYTES);
    assert!(Upn::parse(&format!("ada@{suffix}")).is_ok());
    assert!(
        Upn::parse(&format!("ada@{suffix}.")).is_ok(),
        "the trailing dot does not count"
    );
    let error = Upn::parse(&format!("ada@{suffix}b")).unwrap_err();
    assert_eq!(error, broken(NameRule::SuffixTooLong, 'b', 5 + MAX_SUFFIX_BYTES));
}

/// A49: what would be a filter or a DN in another place is a broken rule here.
#[test]
fn a49_names_that_would_be_a_filter() {
    for (text, rule) in [
        ("*)(uid=*", NameRule::ForbiddenCharacter),
        ("*)(uid=*@corp.example.com", NameRule::ForbiddenCharacter),
        ("ada\0@corp.example.com", NameRule::NotPrintable),
        (r"\2a@corp.example.com", NameRule::ForbiddenCharacter),
        ("ada,DC=corp@corp.example.com", NameRule::ForbiddenCharacter),
    ] {
        assert_eq!(refused(text).rule, rule, "{text}");
    }
    let LogonName::DownLevel(name) = LogonName::parse(r"\2a").unwrap() else {
        panic!("a name with a backslash")
    };
    assert!(name.parts().is_err());
}

/// R3
#[test]
fn r03_a_registered_name_is_compared_again() {
    let typed = Upn::parse("Ada@corp.example.com").unwrap();
    let both = |registered: &str| {
        [AccountCase::Insensitive, AccountCase::Sensitive].map(|case| typed.same(registered, case))
    };
    assert_eq!(both("Ada@CORP.example.com"), [true, true], "a suffix has no case");
    assert_eq!(both("ada@corp.example.com"), [true, false]);
    assert_eq!(both("Adá@corp.example.com"), [false, false]);
    assert_eq!(both("Ada@acme.com"), [false, false]);
    assert_eq!(both("Ada"), [false, false]);
}

/// R9: the reasons are for machines, each has its own.
#[test]
fn r09_reasons_are_kebab_case_and_distinct() {
    let rules = [
        NameRule::EmptyAccount,
        NameRule::Space,
        NameRule::ForbiddenCharacter,
        NameRule::NotPrintable,
        NameRule::TooLong,
        NameRule::MissingSuffix,
        NameRule::DownLevelName,
        NameRule::EmptyDomain,
        NameRule::EmptySuffix,
        NameRule::EmptyLabel,
        NameRule::SuffixCharacter,
        NameRule::LabelHyphen,
        NameRule::LabelTooLong,
        NameRule::SuffixTooLong,
    ];
    let reasons: std::collections::BTreeSet<&str> = rules.iter().map(|rule| rule.reason()).collect();
    assert_eq!(reasons.len(), rules.len());
    let kebab = |reason: &&str| {
        reason
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    };
    assert!(reasons.iter().all(kebab));
}

proptest! {
    #[test]
    fn a47_no_text_panics(text in any::<String>()) {
        if let Ok(name) = LogonName::parse(&text) {
            let _ = name.upn();
        }
    }

    /// What is accepted is printed as it was typed, and parses to the same.
    #[test]
    fn what_is_printed_comes_back(text in "[a-zA-Zé田.'*\\\\ ]{0,6}(@[a-z.-]{0,9}){0,2}") {
        if let Ok(name) = LogonName::parse(&text) {
            let printed = name.to_string();
            prop_assert!([printed.clone(), printed.clone() + "."].contains(&text));
            prop_assert_eq!(LogonName::parse(&printed), Ok(name));
        }
    }

    /// The position is that of the character that breaks the rule.
    #[test]
    fn the_position_is_that_of_the_character(text in "[a-zé@\\[ .\u{202e}-]{0,12}") {
        if let Err(error) = LogonName::parse(&text) {
            prop_assert_eq!(text.chars().nth(error.position - 1).filter(|_| error.character.is_some()), error.character);
        }
    }
}
