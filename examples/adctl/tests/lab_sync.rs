//! Synchronising with a real Active Directory and a real OpenLDAP beside it, and a preview in a real browser.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
mod folder;

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream},
    ops::Deref,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use adlib_lab::{Domain, browser::Browser, corp, directory_change, openldap, openldap_change};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use folder::{Folder, ldap_server};
use serde_json::Value;

/// A configuration that leads to both servers, and what `adctl` says of it.
struct Site(Folder);

impl Deref for Site {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.0
    }
}

impl Site {
    fn new() -> Self {
        Self(Folder::of(&[]))
    }

    /// Samba first and OpenLDAP second; either may be behind another port.
    fn of_both(corp: &Domain, openldap: &openldap::Server, ports: [u16; 2]) -> Self {
        let site = Self::new();
        let [corp_port, openldap_port] = ports;
        let url = format!("ldaps://{}:{openldap_port}", openldap.ip);
        let reader = openldap.dn(openldap::SYNC);
        let secondary = ldap_server("openldap", url, &openldap.base, &openldap.ca_file, reader);
        let config = format!(
            r#"
            [directory]
            domains = "{domain}"
            controllers = ["{ip}:{corp_port}"]
            ca_file = "{ca}"
            ca_only = true
            bind = {{ method = "simple", name = "svc-sync@{domain}", password_file = "corp-password" }}
            timeout = "20s"
            page_size = 100
            [secondary_directory]{secondary}
            page_size = 20
            [sync]
            store = "users.sqlite"
            "#,
            domain = corp.dns_domain,
            ip = corp.ip,
            ca = corp.ca_file.display(),
        );
        site.write("adlib.toml", config);
        site.write("corp-password", &corp.service_password);
        site.write("password", &openldap.service_password);
        site
    }

    fn json(&self, arguments: &[&str]) -> (i32, Value) {
        self.0.json(&[arguments, &["--config", "adlib.toml"]].concat())
    }
}

/// The items of a list of a plan that are about `user`.
fn about<'a>(list: &'a Value, user: &str) -> Vec<&'a Value> {
    list.as_array()
        .unwrap()
        .iter()
        .filter(|item| item["user"] == user)
        .collect()
}

/// Runs a tool on the controller's own database.
fn on_controller(corp: &Domain, command: &str) {
    let database = corp.lab_dir.join("corp/private/sam.ldb");
    let command = command.replace("$SAM", database.to_str().unwrap());
    let output = adlib_lab::exec(&["bash", "-c", &command]);
    assert!(
        output.status.success(),
        "{command}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// R29, R35, R37: between two runs one user is renamed, one moved, one deleted and one deleted and made again under
/// the same name, in Active Directory; and one changed in OpenLDAP, of which one is in both.
#[test]
fn r35_what_happens_to_users_between_runs_is_told_apart() {
    let corp = directory_change();
    let openldap = openldap_change();
    let site = Site::of_both(&corp, &openldap, [corp.ldaps_port, 636]);
    let (code, first) = site.json(&["sync", "apply"]);
    assert_eq!(code, 0, "{}", first["guards"]);
    let found = first["found"].as_array().unwrap().iter();
    let found: Vec<&Value> = found.map(|found| &found["source"]).collect();
    assert_eq!(found, ["primary", "secondary"]);
    assert_eq!(
        about(&first["creates"], openldap::NESTED)[0]["source"],
        "secondary"
    );
    assert_eq!(about(&first["creates"], "ada")[0]["source"], "primary");

    let base = &corp.base;
    on_controller(
        &corp,
        "samba-tool user rename ada --samaccountname=ada.lovelace --force-new-cn=ada.lovelace -H $SAM",
    );
    on_controller(&corp, &format!("samba-tool ou add 'OU=Elsewhere,{base}' -H $SAM"));
    on_controller(
        &corp,
        &format!("samba-tool user move alan 'OU=Elsewhere,{base}' -H $SAM"),
    );
    on_controller(&corp, "samba-tool user delete user05 -H $SAM");
    on_controller(&corp, "samba-tool user delete user06 -H $SAM");
    on_controller(&corp, "samba-tool user add user06 'Passw0rd.Test' -H $SAM");
    let bob = openldap.dn(openldap::NESTED);
    openldap.modify(&format!(
        "dn: {bob}\nchangetype: modify\nreplace: mail\nmail: bob.new@example.org\n"
    ));

    // Without being asked, nobody is deleted, and the user who was made again cannot have the name yet.
    let (code, cautious) = site.json(&["sync", "preview"]);
    assert_eq!(code, 0);
    assert_eq!(cautious["deletes"].as_array().unwrap().len(), 0);
    assert_eq!(about(&cautious["missing"], "user05").len(), 1);
    assert_eq!(
        about(&cautious["held_back"], "user06").len(),
        1,
        "{}",
        cautious["held_back"]
    );

    let (code, plan) = site.json(&["sync", "apply", "--delete-missing"]);
    assert_eq!(code, 0, "{}", plan["guards"]);
    let renamed = &about(&plan["updates"], "ada")[0]["changes"];
    let name = renamed
        .as_array()
        .unwrap()
        .iter()
        .find(|change| change["field"] == "name")
        .unwrap();
    assert_eq!(
        (&name["from"], &name["to"]),
        (&"ada".into(), &"ada.lovelace".into())
    );
    for list in ["creates", "updates", "deletes"] {
        assert_eq!(about(&plan[list], "alan").len(), 0, "a move is no change: {list}");
    }
    let deleted: Vec<&Value> = plan["deletes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["user"])
        .collect();
    assert_eq!(deleted, ["user05", "user06"]);
    assert_eq!(about(&plan["creates"], "user06")[0]["re_created"], true);
    assert_eq!(plan["creates"].as_array().unwrap().len(), 1);
    let mail = &about(&plan["updates"], openldap::NESTED)[0]["changes"][0];
    assert_eq!(
        (&mail["to"], &mail["source"]),
        (&"bob.new@example.org".into(), &"secondary".into())
    );

    let (_, again) = site.json(&["sync", "preview", "--delete-missing"]);
    for list in ["creates", "updates", "deletes"] {
        assert_eq!(again[list].as_array().unwrap().len(), 0, "{list}");
    }
}

/// A port in front of a server that passes so many bytes of answers, and then hangs up on everybody.
struct Cut {
    port: u16,
}

impl Cut {
    fn after(bytes: usize, server: SocketAddr) -> Self {
        let listener = TcpListener::bind((server.ip(), 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let passed = AtomicUsize::new(0);
            thread::scope(|scope| {
                for client in listener.incoming().map_while(Result::ok) {
                    let passed = &passed;
                    scope.spawn(move || pass(&client, server, passed, bytes));
                }
            });
        });
        Self { port }
    }
}

/// Passes bytes between `client` and `server` until too many of them came from the server.
fn pass(client: &TcpStream, server: SocketAddr, passed: &AtomicUsize, limit: usize) {
    let server = TcpStream::connect(server).unwrap();
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || std::io::copy(&mut from, &mut to));
    let mut buffer = [0; 1024];
    let (mut from, mut to) = (&server, client);
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if passed.fetch_add(count, Ordering::Relaxed) + count > limit
            || to.write_all(&buffer[..count]).is_err()
        {
            break;
        }
    }
    drop(server.shutdown(Shutdown::Both));
    drop(client.shutdown(Shutdown::Both));
}

/// R29, A57: whichever of the two servers goes away, at the start or in the middle, nothing at all is done.
#[test]
fn a57_a_server_that_goes_away_in_the_middle_changes_nothing() {
    let (corp, openldap) = (corp(), openldap());
    let ldaps = |ip: IpAddr| SocketAddr::new(ip, 636);
    let good = Site::of_both(&corp, &openldap, [636, 636]);
    let (code, _) = good.json(&["sync", "apply"]);
    assert_eq!(code, 0);
    // All of OpenLDAP's answers are some 50 KB, and Active Directory's far more.
    for (is_first, bytes) in [
        (true, 0),
        (true, 3000),
        (true, 60_000),
        (false, 0),
        (false, 20_000),
    ] {
        let cut = Cut::after(bytes, ldaps(if is_first { corp.ip } else { openldap.ip }));
        let ports = if is_first {
            [cut.port, 636]
        } else {
            [636, cut.port]
        };
        let site = Site::of_both(&corp, &openldap, ports);
        fs::copy(good.path("users.sqlite"), site.path("users.sqlite")).unwrap();
        let before = fs::read(site.path("users.sqlite")).unwrap();
        let (code, _, errors) = site.run(&["sync", "apply", "--delete-missing", "--config", "adlib.toml"]);
        assert_eq!(code, 2, "{bytes} {is_first}: {errors}");
        assert_eq!(errors.trim_end().lines().count(), 1, "{errors}");
        assert_eq!(
            fs::read(site.path("users.sqlite")).unwrap(),
            before,
            "{bytes} {is_first}"
        );
    }
}

/// What sets a mark on the page if it is ever executed.
const MARK: &str = "document.documentElement.setAttribute('data-owned','yes')";

fn hostile() -> Vec<String> {
    vec![
        format!("<script>{MARK}</script>"),
        format!("</td></tr></table><script>{MARK}</script>"),
        format!("\"><img src=x onerror=\"{MARK}\">"),
        format!("'><svg onload={MARK}>"),
        format!("<iframe srcdoc=\"<script>parent.{MARK}</script>\">"),
        format!("</style><script>{MARK}</script>"),
        format!("</title><script>{MARK}</script>"),
        format!("--><script>{MARK}</script>"),
        format!("&lt;script&gt;{MARK}&lt;/script&gt;"),
        format!("javascript:{MARK}//"),
        "O'Neil \"Ada\" & <b>bold</b>".to_owned(),
    ]
}

/// A directory whose every text is hostile, with a user for each and a group.
fn hostile_ldif() -> String {
    let base = "DC=corp,DC=example";
    let category = |class: &str| format!("objectCategory: CN={class},CN=Schema,CN=Configuration,{base}\n");
    let mut text = String::from("version: 1\n");
    let mut members = String::new();
    for (number, hostile) in hostile().into_iter().enumerate() {
        let encoded = BASE64_STANDARD.encode(&hostile);
        text.push_str(&format!(
            "\ndn: CN=user{number},{base}\nobjectClass: person\nobjectClass: user\n{}\
             sAMAccountName:: {}\nsAMAccountType: 805306368\nobjectGUID: g-{number:0>14}\n\
             userAccountControl: 512\ndisplayName:: {encoded}\nmail:: {encoded}\ndepartment:: {encoded}\n\
             physicalDeliveryOfficeName:: {encoded}\npager:: {encoded}\n",
            category("Person"),
            BASE64_STANDARD.encode(format!("user{number}{hostile}")),
        ));
        members.push_str(&format!("member: CN=user{number},{base}\n"));
    }
    for (number, hostile) in hostile().into_iter().enumerate() {
        text.push_str(&format!(
            "\ndn: CN=group{number},{base}\nobjectClass: group\n{}sAMAccountName:: {}\n\
             objectGUID: G-{number:0>14}\ngroupType: -2147483646\ndisplayName:: {}\n{members}",
            category("Group"),
            BASE64_STANDARD.encode(format!("group{number}{hostile}")),
            BASE64_STANDARD.encode(&hostile),
        ));
    }
    text
}

/// How many elements of the kinds that can do something a page has.
fn active_elements(page: &str) -> [usize; 6] {
    ["<script", "<img", "<svg", "<iframe", "<b>", "javascript:"].map(|kind| page.matches(kind).count())
}

/// A61, R33: a preview with hostile names everywhere, in a browser: all of it is text, and nothing is executed.
#[test]
fn a61_a_browser_shows_hostile_names_and_executes_none() {
    let site = Site::new();
    let browser = Browser::default();
    let open = |file: &str| browser.open(&format!("file://{}", site.path(file).display()));
    let config = "[directory]\npreset = \"active-directory\"\nldif = [\"corp.ldif\"]\n\
                  [sync]\nstore = \"users.sqlite\"\n";
    site.write("adlib.toml", config);

    // The browser does execute what is not escaped.
    site.write(
        "control.html",
        format!("<html lang=\"en\"><body>{}</body></html>", hostile()[0]),
    );
    assert!(open("control.html").contains("data-owned=\"yes\""));

    // The page of a harmless directory, to compare with.
    site.write("corp.ldif", hostile_ldif().replace(":: ", ": "));
    assert_eq!(site.json(&["sync", "preview", "--html", "harmless.html"]).0, 0);
    let harmless = open("harmless.html");

    site.write("corp.ldif", hostile_ldif());
    let (code, plan) = site.json(&["sync", "preview", "--html", "hostile.html"]);
    assert_eq!(code, 0);
    let creates = plan["creates"].as_array().unwrap();
    let held = plan["held_back"].as_array().unwrap();
    assert_eq!(creates.len() + held.len(), hostile().len());
    let page = open("hostile.html");
    let head = page.split_once("<head>").unwrap().0;
    assert_eq!(
        head,
        harmless.split_once("<head>").unwrap().0,
        "nothing marked the page"
    );
    let texts = page.matches("javascript:").count() - harmless.matches("javascript:").count();
    assert!(texts > 0, "the text of it is shown");
    assert_eq!(active_elements(&page)[..5], active_elements(&harmless)[..5]);
    for shown in [
        "&lt;script&gt;document",
        "O'Neil \"Ada\" &amp; &lt;b&gt;bold&lt;/b&gt;",
        "&amp;lt;script",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
}
