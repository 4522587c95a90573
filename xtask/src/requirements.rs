//! `cargo xtask requirements`: which tests carry which number.
//!
//! A test carries a number when its doc comment names it (`/// R12`) or a part of its name is it (`a07_...`).

use std::collections::{BTreeMap, BTreeSet};

use crate::{command::root, failure::Failure, source::rust_files};

/// The page that names for each attack what stops it, and a test.
const ATTACKS: &str = "docs/attacks.md";

/// Where tests live.
const PLACES: &[&str] = &["benches", "crates", "examples", "fuzz", "lab", "xtask"];

/// The letters of the numbers, what they count, and how many there are.
const SERIES: &[(char, &str, u32)] = &[('R', "requirements", 40), ('A', "attacks", 67)];

/// A number, such as R12.
type Number = (char, u32);

/// Prints each number with its tests, and last the numbers without any.
///
/// # Errors
/// As [`check`].
pub(crate) fn run() -> Result<(), Failure> {
    let carried = carried()?;
    for &(letter, name, count) in SERIES {
        println!("{name}");
        for number in 1..=count {
            if let Some(tests) = carried.get(&(letter, number)) {
                print_row((letter, number), tests);
            }
        }
        let done = (1..=count)
            .filter(|number| carried.contains_key(&(letter, *number)))
            .count();
        println!("  {done} of {count} carried\n");
    }
    judge(&carried)
}

/// Whether each number has a test, and the page of attacks names tests that are there.
///
/// # Errors
/// When not, with what is missing; or when a source cannot be read.
pub(crate) fn check() -> Result<(), Failure> {
    judge(&carried()?)
}

fn judge(carried: &BTreeMap<Number, Vec<String>>) -> Result<(), Failure> {
    let numbers = SERIES
        .iter()
        .flat_map(|&(letter, _, count)| (1..=count).map(move |number| (letter, number)));
    let bare = numbers.filter(|number| !carried.contains_key(number));
    let mut missing: Vec<String> = bare.map(|(letter, number)| format!("{letter}{number}")).collect();
    missing.extend(misnamed(&std::fs::read_to_string(root().join(ATTACKS))?, carried));
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("without a test: {}", missing.join(", "))))
}

/// What is not in order on the page of attacks: a name that no test has, an attack without a name.
fn misnamed(page: &str, carried: &BTreeMap<Number, Vec<String>>) -> Vec<String> {
    let names = |row: &str| -> Vec<String> {
        let quoted = row.split('`').skip(1).step_by(2);
        let is_test =
            |name: &&str| number(&name.split('_').next().unwrap_or_default().to_uppercase(), 2).is_some();
        quoted.filter(is_test).map(str::to_owned).collect()
    };
    let known: BTreeSet<&str> = carried
        .values()
        .flatten()
        .filter_map(|test| test.rsplit(' ').next())
        .collect();
    let mut wrong: Vec<String> = names(page)
        .into_iter()
        .filter(|name| !known.contains(name.as_str()))
        .map(|name| format!("{name} ({ATTACKS})"))
        .collect();
    let (letter, _, count) = SERIES.last().copied().unwrap_or_default();
    for attack in 1..=count {
        let row = page
            .lines()
            .find(|line| line.starts_with(&format!("| {letter}{attack} |")));
        if row.is_none_or(|row| names(row).is_empty()) {
            wrong.push(format!("{letter}{attack} ({ATTACKS})"));
        }
    }
    wrong
}

fn print_row((letter, number): Number, tests: &[String]) {
    for (index, test) in tests.iter().enumerate() {
        if index == 0 {
            println!("  {:<4}{:>4}  {test}", format!("{letter}{number}"), tests.len());
        } else {
            println!("  {:10}{test}", "");
        }
    }
}

/// Each number with the tests that carry it, as `path:line name`.
fn carried() -> Result<BTreeMap<Number, Vec<String>>, Failure> {
    let mut carried: BTreeMap<Number, Vec<String>> = BTreeMap::new();
    for place in PLACES {
        for (path, text) in rust_files(&root().join(place))? {
            let path = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
            for test in tests(&text) {
                for number in test.numbers() {
                    carried
                        .entry(number)
                        .or_default()
                        .push(format!("{path}:{} {}", test.line, test.name));
                }
            }
        }
    }
    Ok(carried)
}

/// A test function in a source.
#[derive(Debug, PartialEq, Eq)]
struct Test {
    name: String,
    docs: String,
    line: usize,
}

impl Test {
    /// The numbers it carries, each once.
    fn numbers(&self) -> Vec<Number> {
        let in_docs = self
            .docs
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter_map(|word| number(word, 1));
        let upper = self.name.to_uppercase();
        let in_name = upper.split('_').filter_map(|word| number(word, 2));
        let mut numbers: Vec<Number> = in_docs.chain(in_name).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// The number that `word` is, with at least `digits` digits.
fn number(word: &str, digits: usize) -> Option<Number> {
    let &(letter, _, count) = SERIES.iter().find(|(letter, ..)| word.starts_with(*letter))?;
    let rest = word.get(1..)?;
    if rest.len() < digits || !rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = rest.parse().ok()?;
    (1..=count).contains(&number).then_some((letter, number))
}

/// The test functions of a source: those under an attribute that ends in `test`, or starts so (`test]`, `test(...)`).
fn tests(text: &str) -> Vec<Test> {
    let mut found = Vec::new();
    let mut docs = String::new();
    let mut is_test = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(doc) = line.strip_prefix("///") {
            docs.push_str(doc);
            docs.push('\n');
        } else if let Some(attribute) = line.strip_prefix("#[") {
            is_test |= is_test_attribute(attribute);
        } else if !line.starts_with("//") {
            if is_test && let Some(name) = function_name(line) {
                found.push(Test {
                    name: name.to_owned(),
                    docs: docs.clone(),
                    line: index + 1,
                });
            }
            docs.clear();
            is_test = false;
        }
    }
    found
}

fn is_test_attribute(attribute: &str) -> bool {
    let path = attribute.split(['(', ']', ' ']).next().unwrap_or_default();
    path.rsplit("::").next() == Some("test")
}

/// The name in `fn name(`, `async fn name(`, `pub fn name<..>(`.
fn function_name(line: &str) -> Option<&str> {
    let (before, rest) = line.split_once("fn ")?;
    before
        .split_whitespace()
        .all(|word| matches!(word, "pub" | "async" | "unsafe"))
        .then(|| rest.split(['(', '<']).next().unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_from_docs_and_from_names() {
        // The source is spelled with `@` for `#`, or it would count as tests of this file.
        let source = "/// R12, A7: both.\n@[tokio::test(flavor = \"x\")]\nasync fn a33_mic_zeroed() {\n}\n\
                      /// R1\nfn helper() {}\n@[test]\nfn r02_plain() {}\n"
            .replace('@', "#");
        let tests = super::tests(&source);
        let names: Vec<_> = tests.iter().map(|test| (test.name.as_str(), test.line)).collect();
        assert_eq!(names, [("a33_mic_zeroed", 3), ("r02_plain", 8)]);
        assert_eq!(tests[0].numbers(), [('A', 7), ('A', 33), ('R', 12)]);
        assert_eq!(tests[1].numbers(), [('R', 2)]);
    }

    #[test]
    fn the_page_of_attacks_names_tests_that_are_there() {
        let carried: BTreeMap<Number, Vec<String>> = (1..=67)
            .map(|attack| (('A', attack), vec![format!("x.rs:1 a{attack:02}_refused")]))
            .collect();
        let rows = |from: u32| -> String {
            (from..=67)
                .map(|attack| format!("| A{attack} | x | `Type` | `a{attack:02}_refused` |\n"))
                .collect()
        };
        assert!(misnamed(&rows(1), &carried).is_empty());
        assert_eq!(misnamed(&rows(2), &carried), ["A1 (docs/attacks.md)"]);
        let gone = rows(1).replace("a33_refused", "a33_gone");
        assert_eq!(misnamed(&gone, &carried), ["a33_gone (docs/attacks.md)"]);
    }

    #[test]
    fn what_only_looks_like_a_number_is_none() {
        assert_eq!(number("R41", 1), None);
        assert_eq!(number("R0", 1), None);
        assert_eq!(number("RFC4120", 1), None);
        assert_eq!(number("A9", 2), None);
        assert_eq!(number("A67", 2), Some(('A', 67)));
    }
}
