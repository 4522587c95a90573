//! Apache and the browser of the lab: what the tests of ours are compared with.

#![allow(clippy::unwrap_used, missing_docs)]

use adlib_lab::{browser::Browser, fixture};

/// Whoever has tickets is let in by Apache, and nobody else.
#[test]
fn apache_lets_those_in_who_have_tickets() {
    let corp = adlib_lab::corp();
    let apache = adlib_lab::apache_if_running().unwrap();
    let tickets = corp.tickets(fixture::ORDINARY);
    let url = format!(
        "http://app.corp.example.com:{}{}",
        apache.address.port(),
        apache.page
    );
    let resolve = format!(
        "app.corp.example.com:{}:{}",
        apache.address.port(),
        apache.address.ip()
    );
    let status = |cache: &str| {
        let cache = format!("KRB5CCNAME={cache}");
        let curl = [
            "env",
            &cache,
            "curl",
            "-s",
            "--negotiate",
            "-u",
            ":",
            "--resolve",
            &resolve,
        ];
        let output = adlib_lab::exec(&[&curl[..], &["-o", "/dev/null", "-w", "%{http_code}", &url]].concat());
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(status(&tickets.path().display().to_string()), "200");
    assert_eq!(status("MEMORY:none"), "401");
}

/// The browser renders a page, and keeps a picture of it.
#[test]
fn the_browser_renders_a_page() {
    let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let picture = directory.join("browser.png");
    let page = Browser::default()
        .screenshot(&picture)
        .open("data:text/html,<p id=x>one</p><script>x.textContent='two'</script>");
    assert!(page.contains(">two</p>"), "{page}");
    assert!(std::fs::metadata(picture).unwrap().len() > 1000);
}
