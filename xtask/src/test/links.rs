//! Links between the project's own pages.

use std::{fs, path::Path};

use crate::{
    command::{program, read, root},
    failure::Failure,
};

/// Whether each link of a page to another file, or to a headline, leads somewhere.
pub(super) fn check() -> Result<(), Failure> {
    let pages = read(program("git", &["ls-files", "*.md"]))?;
    let mut dead = Vec::new();
    for page in pages.lines() {
        let path = root().join(page);
        let text = fs::read_to_string(&path)?;
        dead.extend(dead_links(&path, &text).map(|link| format!("{page}: {link}")));
    }
    match dead.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(format!("dead links:\n{}", dead.join("\n")))),
    }
}

/// The links in `text`, the page at `path`, that lead nowhere.
fn dead_links<'t>(path: &'t Path, text: &'t str) -> impl Iterator<Item = &'t str> {
    links(text).filter(move |link| {
        let (file, headline) = link.split_once('#').unwrap_or((link, ""));
        let target = match file {
            "" => path.to_owned(),
            file => path.parent().unwrap_or(path).join(file),
        };
        let is_alive = match headline {
            "" => target.exists(),
            headline => fs::read_to_string(&target).is_ok_and(|page| has_headline(&page, headline)),
        };
        !is_alive
    })
}

/// What stands in the place of `target` in `[text](target)`, but for code, the web, and items of the documentation.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let prose = text.split("```").step_by(2);
    let targets = prose.flat_map(|prose| prose.split("](").skip(1));
    let targets = targets.filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains(':'))
}

/// Whether one of the headlines of `page` has this anchor.
fn has_headline(page: &str, anchor: &str) -> bool {
    let headlines = page.lines().filter_map(|line| line.strip_prefix('#'));
    headlines
        .map(|line| slug(line.trim_start_matches('#')))
        .any(|slug| slug == anchor)
}

/// The anchor of a headline: lower case, words joined by `-`, nothing else.
fn slug(headline: &str) -> String {
    let is_kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let kept: String = headline.trim().chars().filter(is_kept).collect();
    kept.to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_those_of_pages() {
        let text =
            "[a](other.md) [c](https://example.org/x)\n```\n[g](code.md)\n```\n[h](sync::Plan) [f](#here)";
        assert_eq!(links(text).collect::<Vec<_>>(), ["other.md", "#here"]);
    }

    #[test]
    fn headlines_have_anchors() {
        let page = "# One\n\n## 8. Several servers, and `proxies`\n";
        assert!(has_headline(page, "one") && has_headline(page, "8-several-servers-and-proxies"));
        assert!(!has_headline(page, "two"));
    }

    #[test]
    fn a_dead_link_is_found() {
        let (page, text) = (
            root().join("README.md"),
            "[a](docs) [b](docs/gone.md) [c](#nowhere)\n",
        );
        assert_eq!(
            dead_links(&page, text).collect::<Vec<_>>(),
            ["docs/gone.md", "#nowhere"]
        );
    }
}
