//! The suffix map: what every sign-in with an alternate suffix asks.

use std::{collections::HashMap, hint::black_box};

use adlib_benches::Row;
use adlib_upn::SuffixMap;

fn main() {
    let file: String = (0..25)
        .flat_map(|n| {
            ["de", "ch"].map(|country| format!("branch{n}.example = {country}{n}.corp.example.com\n"))
        })
        .collect();
    let map = SuffixMap::parse(file.as_bytes()).map;
    let mut plain: HashMap<String, Vec<String>> = HashMap::new();
    for mapping in map.mappings() {
        let domains = plain.entry(mapping.alternate().to_lowercase()).or_default();
        domains.push(mapping.domain().to_owned());
    }
    let typed = "Branch17.Example";
    let known = "branch17.example";
    let resolve = Row {
        name: "upn/resolve a suffix among 50",
        below: 100.0,
    };
    resolve.measure(
        || map.domains_of(black_box(typed)).map(str::len).sum::<usize>(),
        || lengths(plain.get(&black_box(typed).to_lowercase())),
        // Whoever ignores case reads each byte of what was typed and of what it is.
        || black_box(typed).eq_ignore_ascii_case(black_box(known)),
    );
}

fn lengths(domains: Option<&Vec<String>>) -> usize {
    domains.into_iter().flatten().map(String::len).sum()
}
