//! The suffix map: read once, and asked by every sign-in with an alternate suffix.

use std::{collections::HashMap, hint::black_box};

use adlib_benches::{Bar, Row};
use adlib_upn::SuffixMap;

fn main() {
    let file: String = (0..25)
        .flat_map(|n| {
            ["de", "ch"].map(|country| format!("branch{n}.example = {country}{n}.corp.example.com\n"))
        })
        .collect();
    let parse = Row {
        name: "upn/parse a file of 50 mappings",
        bars: &[],
    };
    parse.measure(
        || SuffixMap::parse(black_box(file.as_bytes())).map.len(),
        || plain(black_box(&file)).len(),
        // Whoever reads lines looks at each byte, and makes sure that it is text.
        || str::from_utf8(black_box(file.as_bytes())).map(|text| text.lines().count()),
    );

    let map = SuffixMap::parse(file.as_bytes()).map;
    let plain = plain(&file);
    let typed = "Branch17.Example";
    let known = "branch17.example";
    let resolve = Row {
        name: "upn/resolve a suffix among 50",
        bars: &[Bar::Below(100.0)],
    };
    resolve.measure(
        || map.domains_of(black_box(typed)).map(str::len).sum::<usize>(),
        || lengths(plain.get(&black_box(typed).to_lowercase())),
        // Whoever ignores case reads each byte of what was typed and of what it is.
        || black_box(typed).eq_ignore_ascii_case(black_box(known)),
    );
}

/// What a program without the library would do: no rules, no diagnostics, no comments kept.
fn plain(file: &str) -> HashMap<String, Vec<String>> {
    let mut map: HashMap<String, Vec<String>> = HashMap::new();
    let mappings = file.lines().filter_map(|line| line.split_once('='));
    for (alternate, domain) in mappings {
        let domains = map.entry(alternate.trim().to_lowercase()).or_default();
        domains.push(domain.trim().to_owned());
    }
    map
}

fn lengths(domains: Option<&Vec<String>>) -> usize {
    domains.into_iter().flatten().map(String::len).sum()
}
