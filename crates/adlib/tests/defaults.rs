//! `docs/defaults.md` has every key of the configuration, with the default that the configuration has.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::{collections::BTreeSet, fmt::Debug};

use adlib::{CardConfig, Config, DirectoryConfig, ScopeConfig, SignInConfig, SyncConfig, sync::GuardLimits};

const PAGE: &str = include_str!("../../../docs/defaults.md");
const NAMELESS: &str = "xqzw";

/// The rows of the page below the headline of `section`, as key and default; a dash is none.
fn rows(section: &str) -> Vec<(&'static str, Option<&'static str>)> {
    let (_, rest) = PAGE.split_once(section).unwrap_or_else(|| panic!("no {section}"));
    let table = rest.split("\n#").next().unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let mut cells = row.split(" | ");
        let key = cells.next().unwrap().trim_end_matches('`');
        let default = cells.next().unwrap().trim_matches('`');
        (
            key.rsplit('.').next().unwrap(),
            (default != "-").then_some(default),
        )
    })
    .collect()
}

/// The keys that the configuration knows in the place that `text` opens: an unknown one makes it say so.
fn known_keys(text: &str) -> BTreeSet<String> {
    let error = Config::parse(text).unwrap_err().to_string();
    let (_, known) = error
        .split_once("known are ")
        .unwrap_or_else(|| panic!("{error}"));
    known.split(", ").map(str::to_owned).collect()
}

/// The keys of `section` in the page are those that the configuration knows where `opened` opens it.
fn keys_agree(section: &str, opened: &str) {
    let written: BTreeSet<String> = rows(section).iter().map(|(key, _)| (*key).to_owned()).collect();
    assert_eq!(written, known_keys(opened), "{section}");
}

/// The page's defaults, as a file would have them; and what has none is nothing in `default`.
fn defaults(section: &str, default: &impl Debug) -> String {
    let shown = format!("{default:?}");
    let mut text = String::new();
    for (key, value) in rows(section) {
        match value {
            Some(value) => text.push_str(&format!("{key} = {value}\n")),
            None => {
                let nothing = [format!("{key}: None"), format!("{key}: []")];
                let is_section = key == "guard";
                assert!(
                    is_section || nothing.iter().any(|nothing| shown.contains(nothing)),
                    "{key}: {shown}"
                );
            }
        }
    }
    text
}

#[test]
fn every_key_stands_in_the_page() {
    keys_agree("## `[directory]`", &format!("[directory]\n{NAMELESS} = 1"));
    keys_agree(
        "### `bind = ",
        &format!("[directory]\nbind = {{ {NAMELESS} = 1 }}"),
    );
    keys_agree("## `[signin]`", &format!("[signin]\n{NAMELESS} = 1"));
    keys_agree(
        "### `provision = ",
        &format!("[signin]\nprovision = [{{ {NAMELESS} = 1 }}]"),
    );
    keys_agree("## `[sync]`", &format!("[sync]\n{NAMELESS} = 1"));
    keys_agree("### `scope = ", &format!("[sync]\nscope = {{ {NAMELESS} = 1 }}"));
    keys_agree("### `card = ", &format!("[sync]\ncard = {{ {NAMELESS} = 1 }}"));
    keys_agree("### `guard = ", &format!("[sync]\nguard = {{ {NAMELESS} = 1 }}"));
}

#[test]
fn every_default_is_the_pages() {
    let text = defaults("## `[directory]`", &DirectoryConfig::default());
    let directory = Config::parse(&format!("[directory]\n{text}ldif = [\"x\"]"))
        .unwrap()
        .directory
        .unwrap();
    let mut expected = DirectoryConfig::default();
    expected.ldif = vec!["x".into()];
    assert_eq!(format!("{directory:?}"), format!("{expected:?}"));

    let text = defaults("## `[signin]`", &SignInConfig::default());
    let signin = Config::parse(&format!("[signin]\n{text}")).unwrap().signin;
    assert_eq!(format!("{signin:?}"), format!("{:?}", SignInConfig::default()));

    let text = defaults("## `[sync]`", &SyncConfig::default());
    let sync = Config::parse(&format!("[sync]\n{text}")).unwrap().sync;
    assert_eq!(format!("{sync:?}"), format!("{:?}", SyncConfig::default()));

    let text = defaults("### `scope = ", &ScopeConfig::default());
    assert_eq!(text, "");
    let text = defaults("### `card = ", &CardConfig::default());
    let sync = Config::parse(&format!("[sync.card]\n{text}")).unwrap().sync;
    assert_eq!(sync.card, Some(CardConfig::default()));
    let text = defaults("### `guard = ", &GuardLimits::default());
    let sync = Config::parse(&format!("[sync.guard]\n{text}")).unwrap().sync;
    assert_eq!(sync.guard, GuardLimits::default());
}

/// What the README and the pages show of the configuration file is read as it stands.
#[test]
fn every_configuration_in_the_documents_is_read() {
    let documents = [
        include_str!("../../../README.md"),
        include_str!("../../../docs/deployment.md"),
        include_str!("../../../docs/migration.md"),
        PAGE,
    ];
    let blocks = documents.iter().flat_map(|text| text.split("```toml\n").skip(1));
    let mut count = 0;
    for block in blocks {
        let text = block.split("```").next().unwrap();
        Config::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        count += 1;
    }
    assert!(count > 3, "{count}");
}
