//! The mapping file: what is read, what is reported, what stays in force.

#![allow(clippy::unwrap_used)]

use std::fmt::Write;

use adlib_upn::{
    Diagnostic, LogonName, MAX_DIAGNOSTICS, MAX_FILE_BYTES, MAX_MAPPINGS, Mapping, NameRule, Problem,
    ReloadableSuffixMap, Side, SuffixMap,
};
use proptest::prelude::*;

fn clean(file: &str) -> SuffixMap {
    SuffixMap::parse(file.as_bytes()).into_map().unwrap()
}

fn pairs(map: &SuffixMap) -> Vec<(&str, &str)> {
    map.mappings()
        .map(|mapping| (mapping.alternate(), mapping.domain()))
        .collect()
}

/// A file of `count` different mappings, one a line.
fn file_of(count: usize) -> String {
    (0..count).fold(String::new(), |mut file, index| {
        writeln!(file, "acme{index}.com = d{index}.example.com").unwrap();
        file
    })
}

/// Line, columns and message of each diagnostic.
fn mistakes(file: &[u8]) -> Vec<(usize, std::ops::Range<usize>, String)> {
    let told = |diagnostic: &Diagnostic| {
        (
            diagnostic.line,
            diagnostic.columns.clone(),
            diagnostic.problem.to_string(),
        )
    };
    SuffixMap::parse(file).diagnostics.iter().map(told).collect()
}

/// R16
#[test]
fn r16_comments_blank_lines_and_blanks() {
    let map = clean(
        "# ours\n\n \t\nacme.com=ch.acme.com\n  # theirs = this is a comment\n\tacme.org \t= \tde.acme.com  \n",
    );
    assert_eq!(
        pairs(&map),
        [("acme.com", "ch.acme.com"), ("acme.org", "de.acme.com")]
    );
    assert_eq!(map.mappings().map(Mapping::line).collect::<Vec<_>>(), [4, 6]);
    assert!(clean("").is_empty());
}

/// R16: one alternate to several domains, several alternates to one; case does not matter.
#[test]
fn r16_many_to_many_whatever_the_case() {
    let map = clean("b.com = x.net\nA.com = y.net\na.COM = x.net\nÄ.com = z.net\nb.com=a.net");
    let domains = |suffix: &str| map.domains_of(suffix).collect::<Vec<_>>();
    assert_eq!(domains("a.com"), ["y.net", "x.net"], "in the order of the file");
    assert_eq!(domains("A.Com."), ["y.net", "x.net"]);
    assert_eq!(domains("B.COM"), ["x.net", "a.net"]);
    assert_eq!(domains("ä.com"), ["z.net"]);
    for unknown in ["", "a", "a.com.x", "c.com", "x.net", "\u{202e}"] {
        assert!(domains(unknown).is_empty(), "{unknown}");
    }
}

/// R16: 0, 1, 49, 50 and 51 mappings.
#[test]
fn a48_the_fifty_first_mapping_is_a_mistake_on_its_line() {
    for count in [0, 1, 49, 50] {
        assert_eq!(clean(&file_of(count)).len(), count);
    }
    let parsed = SuffixMap::parse(file_of(51).as_bytes());
    assert_eq!(parsed.map.len(), MAX_MAPPINGS);
    assert_eq!(parsed.diagnostics.len(), 1);
    assert_eq!(parsed.diagnostics[0].line, 51);
    assert_eq!(parsed.diagnostics[0].problem, Problem::TooManyMappings);
    assert_eq!(parsed.map.domains_of("acme50.com").count(), 0);
    assert_eq!(parsed.map.domains_of("acme49.com").count(), 1);
}

/// R16: a duplicate counts for nothing, not even toward the limit.
#[test]
fn r16_the_same_mapping_in_other_case_or_blanks_is_a_duplicate() {
    let mut file = file_of(50);
    file.push_str("ACME7.com\t=d7.EXAMPLE.com.\n");
    let parsed = SuffixMap::parse(file.as_bytes());
    assert_eq!(parsed.map.len(), 50);
    assert_eq!(parsed.diagnostics.len(), 1);
    assert_eq!(parsed.diagnostics[0].problem, Problem::Duplicate { first: 8 });
    assert_eq!(
        parsed.diagnostics[0].to_string(),
        "line 51, column 1: the same mapping as in line 8"
    );
}

/// R17: each mistake has its line, its columns and its message; the right lines are in force.
#[test]
fn r17_all_mistakes_are_reported() {
    let file = b"acme.com = corp.example.com\n\
        acme.com corp.example.com\n\
        \x20 a = b = c\n\
        = corp.example.com\n\
        acme.com =\n\
        ac me.com = cor\tp.example.com\n\
        @acme.com = corp!\n\
        acme.net = corp.example.com # ours\n\
        =\n\
        acme.org = corp.example.com";
    assert_eq!(
        mistakes(file),
        [
            (2, 1..26, "no `=` in this line".into()),
            (3, 9..10, "a second `=` in this line".into()),
            (4, 1..2, "the alternate suffix is missing".into()),
            (5, 11..12, "the domain is missing".into()),
            (6, 3..4, "a blank inside of the alternate suffix".into()),
            (6, 16..17, "a blank inside of the domain".into()),
            (7, 1..2, "`@`: not allowed in a suffix".into()),
            (7, 17..18, "`!`: not allowed in a suffix".into()),
            (8, 28..29, "a blank inside of the domain".into()),
            (9, 1..2, "the alternate suffix is missing".into()),
            (9, 2..3, "the domain is missing".into()),
        ]
    );
    let map = SuffixMap::parse(file).map;
    assert_eq!(
        pairs(&map),
        [("acme.com", "corp.example.com"), ("acme.org", "corp.example.com")]
    );
}

/// R17: columns count characters, as an editor does.
#[test]
fn r17_columns_count_characters() {
    assert_eq!(
        mistakes("bücher.example = kö nig.example".as_bytes())[0].1,
        20..21
    );
    assert_eq!(
        mistakes(b"\xef\xbb\xbfacme.com")[0].1,
        1..9,
        "a byte order mark is no character"
    );
}

/// R17: every message comes with what to do about it.
#[test]
fn r17_every_mistake_has_its_help() {
    let error = LogonName::parse("").unwrap_err();
    let problems = [
        Problem::FileTooLarge,
        Problem::Utf16,
        Problem::NotUtf8,
        Problem::ControlCharacter('\u{1b}'),
        Problem::NoEqualsSign,
        Problem::SecondEqualsSign,
        Problem::Missing(Side::Domain),
        Problem::Blank(Side::Domain),
        Problem::BadSuffix(Side::Alternate, error),
        Problem::BadSuffix(Side::Domain, error),
        Problem::Duplicate { first: 1 },
        Problem::TooManyMappings,
        Problem::TooManyMistakes,
    ];
    for problem in problems {
        assert!(!problem.help().is_empty() && !problem.to_string().is_empty());
        assert!(
            problem.to_string().is_ascii(),
            "nothing that a terminal obeys: {problem}"
        );
    }
}

/// R17: the old mapping stays in force when the new file is broken, and both are said.
#[test]
fn r17_a_broken_file_leaves_the_old_mapping_in_force() {
    let mut suffixes = ReloadableSuffixMap::load(b"acme.com = old.example.com").unwrap();
    for broken in [
        &b"acme.com"[..],
        b"\xff",
        b"acme.com = new.example.com\nacme.com = new.example.com",
    ] {
        let error = suffixes.reload(broken).unwrap_err();
        assert!(!error.diagnostics().is_empty());
        assert!(suffixes.map().domains_of("acme.com").eq(["old.example.com"]));
    }
    suffixes.reload(b"acme.com = new.example.com").unwrap();
    assert!(suffixes.map().domains_of("acme.com").eq(["new.example.com"]));
    suffixes.reload(b"").unwrap();
    assert!(suffixes.map().is_empty());
    let error = ReloadableSuffixMap::load(b"x\ny").unwrap_err().to_string();
    assert!(
        error.starts_with("line 1, column 1: no `=` in this line ("),
        "{error}"
    );
    assert!(error.ends_with("; 2 mistakes in all"), "{error}");
}

/// R18 (c), as far as texts go: `adctl upn resolve`.
#[test]
fn r18_candidates_by_text() {
    let map = clean("acme.com = ch.acme.com\nacme.com = de.acme.com\n");
    let candidates = |text: &str| {
        let name = LogonName::parse(text).unwrap();
        let candidates = map
            .resolve(&name)
            .map(|found| found.map(|one| one.to_string()).collect::<Vec<_>>());
        candidates.map_err(|error| error.rule)
    };
    assert_eq!(
        candidates("User@ACME.com").unwrap(),
        ["User@ch.acme.com", "User@de.acme.com"]
    );
    assert_eq!(
        candidates("user@other.org").unwrap(),
        ["user@other.org"],
        "itself"
    );
    assert_eq!(candidates(r"ACME\user"), Err(NameRule::DownLevelName));
    assert_eq!(candidates("user"), Err(NameRule::MissingSuffix));
}

/// R16
#[test]
fn r16_unused_and_shadowed_mappings_can_be_listed() {
    let map = clean(
        "acme.com = corp.example.com\nSTAFF.example.com = corp.example.com\nacme.org = gone.example.com",
    );
    let domains = ["corp.EXAMPLE.com", "staff.example.com."];
    assert!(map.unused(&domains).map(Mapping::line).eq([3]));
    assert!(map.shadowed(&domains).map(Mapping::line).eq([2]));
}

/// R16: the file is written back with its comments, and the lines that were wrong are gone.
#[test]
fn r16_written_back_with_comments() {
    let parsed = SuffixMap::parse(b"\xef\xbb\xbf# top\r\n\r\n  a.com=  b.net.\r\noops\r\n# end");
    assert_eq!(parsed.map.to_string(), "# top\n\na.com = b.net\n# end\n");
}

/// A48
#[test]
fn a48_marks_line_ends_and_encodings() {
    for file in [
        &b"acme.com = corp.example.com"[..],
        b"acme.com = corp.example.com\n",
        b"acme.com = corp.example.com\r\n",
        b"\xef\xbb\xbfacme.com = corp.example.com\r\n\r\n",
    ] {
        assert_eq!(
            pairs(&SuffixMap::parse(file).into_map().unwrap()),
            [("acme.com", "corp.example.com")]
        );
    }
    for (file, line, column, message) in [
        (
            &b"\n\0acme.com = corp.example.com"[..],
            2,
            1,
            "U+0000: not a printable character",
        ),
        (
            b"acme.com = corp.ex\0mple.com",
            1,
            19,
            "U+0000: not a printable character",
        ),
        (
            b"acme.com = corp\r.example.com",
            1,
            16,
            "U+000D: not a printable character",
        ),
        (b"# h\x1b[31m", 1, 4, "U+001B in a comment"),
        (b"acme.com = c\xc3\xb6\xffrp.example.com", 1, 14, "not UTF-8"),
        (b"# \xc3", 1, 3, "not UTF-8"),
        (b"\xff\xfea\0=\0b\0", 1, 1, "the file is in UTF-16"),
        (b"\xfe\xff\0a\0=\0b", 1, 1, "the file is in UTF-16"),
    ] {
        let parsed = SuffixMap::parse(file);
        assert_eq!(mistakes(file), [(line, column..column + 1, message.into())]);
        assert!(parsed.map.is_empty());
    }
    let parsed = SuffixMap::parse(b"\xff\na.com = b.net\n");
    assert_eq!(parsed.map.len(), 1, "a broken line costs that line only");
}

/// A48: 10 MiB, of right lines and of wrong ones.
#[test]
fn a48_a_file_of_ten_mebibytes() {
    for line in ["a = b\n", "\n", "x"] {
        let parsed = SuffixMap::parse(line.repeat((10 << 20) / line.len()).as_bytes());
        assert_eq!(parsed.diagnostics.len(), 1);
        assert_eq!(parsed.diagnostics[0].problem, Problem::FileTooLarge);
        assert!(parsed.map.is_empty());
    }
    let parsed = SuffixMap::parse(&b"=\n".repeat(MAX_FILE_BYTES / 2));
    assert_eq!(parsed.diagnostics.len(), MAX_DIAGNOSTICS + 1);
    assert_eq!(
        parsed.diagnostics[MAX_DIAGNOSTICS].problem,
        Problem::TooManyMistakes
    );
    assert!(
        SuffixMap::parse(&b"\n".repeat(MAX_FILE_BYTES))
            .diagnostics
            .is_empty()
    );
}

/// The keys that `adctl upn check` prints.
#[cfg(feature = "serde")]
#[test]
fn a_diagnostic_as_json() {
    let diagnostics = SuffixMap::parse(b"\nacme.com").diagnostics;
    let json = serde_json::to_value(&diagnostics).unwrap();
    assert_eq!(json[0]["line"], 2);
    assert_eq!(json[0]["column"], 1);
    assert_eq!(json[0]["message"], "no `=` in this line");
}

/// Files that are mostly right, with now and then a mistake.
fn file() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        4 => "[ \t]{0,2}[a-cA-C]\\.com[ \t]{0,2}=[ \t]{0,2}[a-c]\\.net[ \t]{0,2}",
        1 => "# [a-z=]{0,5}",
        1 => "[a-c .=\u{e9}\u{202e}-]{0,9}",
        1 => Just(String::new()),
    ];
    proptest::collection::vec(line, 0..80).prop_map(|lines| lines.join("\n"))
}

proptest! {
    /// A48
    #[test]
    fn a48_no_bytes_panic_and_mistakes_are_bounded(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let parsed = SuffixMap::parse(&bytes);
        prop_assert!(parsed.diagnostics.len() <= MAX_DIAGNOSTICS + 1);
        prop_assert!(parsed.map.len() <= MAX_MAPPINGS);
    }

    /// Parsing what is printed gives the same, without a mistake, and prints the same.
    #[test]
    fn what_is_written_back_is_right(file in file()) {
        let map = SuffixMap::parse(file.as_bytes()).map;
        let printed = map.to_string();
        let again = SuffixMap::parse(printed.as_bytes()).into_map().unwrap();
        prop_assert_eq!(pairs(&again), pairs(&map));
        prop_assert_eq!(again.to_string(), printed);
    }

    /// A lookup finds what a walk over all mappings finds.
    #[test]
    fn a_lookup_misses_nothing(file in file(), suffix in "[a-dA-D]\\.com") {
        let map = SuffixMap::parse(file.as_bytes()).map;
        let walked = pairs(&map).into_iter().filter(|(alternate, _)| alternate.eq_ignore_ascii_case(&suffix));
        prop_assert!(map.domains_of(&suffix).eq(walked.map(|(_, domain)| domain)));
    }

    /// Every diagnostic points at a place in its line.
    #[test]
    fn diagnostics_point_into_the_file(file in file()) {
        let lines: Vec<&str> = file.split('\n').collect();
        for diagnostic in SuffixMap::parse(file.as_bytes()).diagnostics {
            let line = lines[diagnostic.line - 1];
            prop_assert!(diagnostic.columns.start >= 1 && diagnostic.columns.start < diagnostic.columns.end);
            prop_assert!(diagnostic.columns.end <= line.chars().count() + 2, "{:?} in {:?}", diagnostic, line);
        }
    }
}

/// R17, A48: a line with a mistake is no mapping, also where its mistake is not listed any more.
#[test]
fn a48_mistakes_beyond_the_limit_are_no_mappings() {
    let mut file = "wrong line\n".repeat(MAX_DIAGNOSTICS + 1);
    file.push_str(" = \n.. = corp.example.com\nacme.example = corp.example.com\n");
    let parsed = SuffixMap::parse(file.as_bytes());
    assert_eq!(parsed.diagnostics.len(), MAX_DIAGNOSTICS + 1);
    let mappings: Vec<&str> = parsed.map.mappings().map(Mapping::alternate).collect();
    assert_eq!(mappings, ["acme.example"]);
}
