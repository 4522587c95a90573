//! Synchronising with a real Active Directory and a real OpenLDAP beside it, and a preview in a real browser.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
mod folder;

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream},
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use adlib::sync::store::{Cursors, Revision, Store as _};
use adlib_examples::SqliteStore;
use adlib_lab::{
    Domain, browser::Browser, corp, directory_change, openldap, openldap_change, openldap_of_its_own,
};
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

    /// OpenLDAP alone, behind `port`.
    fn of_openldap(server: &openldap::Server, port: u16, options: &str) -> Self {
        let site = Self::new();
        let url = format!("ldaps://{}:{port}", server.ip);
        let reader = server.dn(openldap::SYNC);
        let directory = ldap_server("openldap", url, &server.base, &server.ca_file, reader);
        let directory = directory.replace("20s", "2s");
        let config =
            format!("[directory]{directory}\npage_size = 20\n[sync]\nstore = \"users.sqlite\"\n{options}\n");
        site.write("adlib.toml", config);
        site.write("password", &server.service_password);
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

/// A port in front of a server that passes so many bytes of answers before something happens.
struct Relay {
    port: u16,
}

impl Relay {
    /// `end` says whether the relay goes on; if not, it hangs up on everybody.
    fn until(bytes: usize, server: SocketAddr, end: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((server.ip(), 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let passed = AtomicUsize::new(0);
            let is_over = |count| passed.fetch_add(count, Ordering::Relaxed) + count > bytes;
            let hangs_up = &|count| is_over(count) && !end();
            thread::scope(|scope| {
                for client in listener.incoming().map_while(Result::ok) {
                    scope.spawn(move || pass(&client, server, hangs_up));
                }
            });
        });
        Self { port }
    }

    /// Hangs up after so many bytes.
    fn cut_after(bytes: usize, server: SocketAddr) -> Self {
        Self::until(bytes, server, || false)
    }
}

/// Passes bytes between `client` and `server` until `hangs_up`, told how many came from the server, says so.
fn pass(client: &TcpStream, server: SocketAddr, hangs_up: &impl Fn(usize) -> bool) {
    // Nobody listens there any more: the client's connection is closed, too.
    let Ok(server) = TcpStream::connect(server) else {
        return;
    };
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || std::io::copy(&mut from, &mut to));
    let mut buffer = [0; 1024];
    let (mut from, mut to) = (&server, client);
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if hangs_up(count) || to.write_all(&buffer[..count]).is_err() {
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
        let cut = Relay::cut_after(bytes, ldaps(if is_first { corp.ip } else { openldap.ip }));
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

/// What deletes and ignores every guard that may be ignored.
const EVERYTHING: [&str; 10] = [
    "sync",
    "apply",
    "--config",
    "adlib.toml",
    "--delete-missing",
    "--allow=deletes",
    "--allow=group-deletes",
    "--allow=membership-removals",
    "--allow=blanked",
    "--allow=shrink",
];

/// What tells the list of a site from another, and where the reading of its sources goes on.
fn content(site: &Site) -> (Revision, Cursors) {
    let store = SqliteStore::open(site.path("users.sqlite")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let revision = runtime.block_on(store.load()).unwrap().revision;
    (revision, runtime.block_on(store.cursors()).unwrap())
}

/// The exit code of a run, and what it says, in a copy of what `good` has. Unless it is 0, nothing was done.
fn in_a_copy(good: &Site, site: &Site, arguments: &[&str]) -> (i32, String) {
    fs::copy(good.path("users.sqlite"), site.path("users.sqlite")).unwrap();
    let before = content(site);
    let (code, out, errors) = site.run(arguments);
    assert!(content(site) == before || code == 0, "{out}{errors}");
    (code, out + &errors)
}

/// R29, A57: the process of a server is killed, ended or stopped in the middle of its answer: nothing is done, and when it
/// is back, the run is.
#[test]
fn a57_a_server_whose_process_stops_in_the_middle_changes_nothing() {
    let server = Arc::new(openldap_of_its_own("127.0.0.69"));
    let good = Site::of_openldap(&server, 636, "");
    assert_eq!(good.json(&["sync", "apply"]).0, 0);
    for signal in ["KILL", "TERM", "STOP"] {
        let signalled = Arc::new(AtomicUsize::new(0));
        // Whoever owns the server deletes it, and the relay is never over.
        let (count, server_of_it) = (Arc::clone(&signalled), Arc::downgrade(&server));
        // Some 50 KB are everything.
        let relay = Relay::until(20_000, server.ldaps(), move || {
            if let Some(server) = server_of_it.upgrade()
                && count.fetch_add(1, Ordering::Relaxed) == 0
            {
                server.signal(signal);
            }
            true
        });
        let behind = Site::of_openldap(&server, relay.port, "");
        let (code, said) = in_a_copy(&good, &behind, &EVERYTHING);
        assert_eq!(
            (code, said.trim_end().lines().count()),
            (2, 1),
            "{signal}: {said}"
        );
        assert!(signalled.load(Ordering::Relaxed) > 0, "{signal}");
        if signal == "STOP" {
            server.signal("CONT");
        }
        server.restart();
        assert_eq!(
            in_a_copy(&good, &Site::of_openldap(&server, 636, ""), &EVERYTHING).0,
            0,
            "{signal}"
        );
    }
}

/// R28, A57: wherever the connection is lost while a server tells what changed, neither the list nor the place where the
/// reading goes on is another one.
#[test]
fn a57_increments_that_are_cut_off_change_nothing() {
    const BY_CHANGES: &str = "by_changes = true";
    let server = openldap_of_its_own("127.0.0.70");
    let good = Site::of_openldap(&server, 636, BY_CHANGES);
    assert_eq!(good.json(&["sync", "apply"]).0, 0);
    let dn = server.dn(openldap::USER);
    server.modify(&format!(
        "dn: {dn}\nchangetype: modify\nreplace: mail\nmail: new@example.org\n"
    ));
    let (mut bytes, mut cuts) = (0, 0);
    loop {
        let relay = Relay::cut_after(bytes, server.ldaps());
        let site = Site::of_openldap(&server, relay.port, BY_CHANGES);
        let (code, said) = in_a_copy(&good, &site, &EVERYTHING[..4]);
        if code == 0 {
            assert!(said.contains("new@example.org"), "{said}");
            break;
        }
        assert_eq!(code, 2, "{bytes}: {said}");
        (bytes, cuts) = (bytes + 1200, cuts + 1);
    }
    assert!(cuts > 3, "{cuts}, {bytes}");
}

/// R29, A56: an account that may sign in and search, and read nothing, is told "success, no entries": nothing is done.
#[test]
fn a56_an_account_that_may_read_nothing_deletes_nobody() {
    let server = openldap_of_its_own("127.0.0.71");
    for options in ["", "by_changes = true"] {
        let good = Site::of_openldap(&server, 636, options);
        assert_eq!(good.json(&["sync", "apply"]).0, 0);
        let (base, reader) = (&server.base, server.dn(openldap::SYNC));
        let password = "{0}to attrs=userPassword by anonymous auth by * none";
        let may = |right: &str| {
            server.configure(&format!(
                "dn: olcDatabase={{1}}mdb,cn=config\nchangetype: modify\nreplace: olcAccess\nolcAccess: {password}\n\
                 olcAccess: {{1}}to dn.base=\"{base}\" by users read\n\
                 olcAccess: {{2}}to * by dn.exact=\"{reader}\" {right}\n"
            ));
        };
        let other = || Site::of_openldap(&server, 636, options);
        may("search");
        for arguments in [&EVERYTHING[..], &EVERYTHING[..4]] {
            let (code, said) = in_a_copy(&good, &other(), arguments);
            assert!(
                code == 1 && said.contains("empty-source"),
                "{arguments:?}: {said}"
            );
        }
        may("read");
        assert_eq!(in_a_copy(&good, &other(), &EVERYTHING).0, 0, "{options}");
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
