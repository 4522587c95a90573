//! Runs from configured sources.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::{
    fmt, fs,
    path::Path,
    sync::{Arc, Mutex},
};

use adlib::{
    Config, Error, Syncer,
    sync::{
        EmailClash, ManualRun, NameClash, Source, Store,
        store::{DigestKey, MemoryStore},
    },
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

fn user(account: &str, domain: &str) -> String {
    let base = format!("DC={}", domain.replace('.', ",DC="));
    format!(
        "\ndn: CN={account},{base}\nobjectClass: person\nobjectClass: user\n\
         objectCategory: CN=Person,CN=Schema,CN=Configuration,{base}\nsAMAccountName: {account}\n\
         sAMAccountType: 805306368\nobjectGUID: g-{account:-<14}\nuserAccountControl: 512\n"
    )
}

fn site() -> tempfile::TempDir {
    let site = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(site.path().join(name), text).unwrap();
    write(
        "first.ldif",
        &(user("ada", "one.example") + &user("bob", "one.example")),
    );
    write(
        "second.ldif",
        &(user("ada", "two.example") + &user("eve", "two.example")),
    );
    write(
        "adlib.toml",
        "[directory]\nldif = [\"first.ldif\"]\npreset = \"active-directory\"\n\
         [secondary_directory]\nldif = [\"second.ldif\"]\npreset = \"active-directory\"\n\
         [sync]\nschedule = \"01:30\"\njitter = \"0s\"\nimport_disabled = true\n",
    );
    site
}

fn config(site: &Path) -> Config {
    Config::read(site.join("adlib.toml")).unwrap()
}

/// R29, R30: one user of both sources, options and schedule from the file.
#[tokio::test]
async fn r29_two_sources_come_from_the_configuration() {
    let site = site();
    let config = config(site.path());
    let store = MemoryStore::new(DigestKey::new([7; 32]));
    let report = Syncer::from_config(&config, &store)
        .unwrap()
        .run_scheduled()
        .await
        .unwrap();
    assert_eq!((report.users_created, store.users().len()), (3, 3));
    assert!(config.sync.options().import_disabled);
    let nightly = config.sync.nightly().unwrap().unwrap();
    let nightly = nightly.with_time_zone("Etc/UTC").unwrap();
    let noon = adlib::UnixTime::from_civil(2026, 6, 1, 12, 0, 0).unwrap();
    assert_eq!(nightly.after(noon).to_string(), "2026-06-02T01:30:00Z");
    let none = Config::parse("[sync]\nimport_new = true").unwrap();
    assert!(none.sync.nightly().unwrap().is_none());
    assert!(matches!(
        Syncer::from_config(&none, &store),
        Err(Error::Configuration(_))
    ));
}

/// R29: further sources add to the first two, in their order, and keep their place when another goes.
#[tokio::test]
async fn r29_further_sources_come_in_order() {
    let site = site();
    let config = |sections: &[(&str, &str)]| {
        let mut text = String::new();
        for (section, account) in sections {
            let file = format!("{account}.ldif");
            let users = user("ada", &format!("{account}.example")) + &user(account, "any.example");
            fs::write(site.path().join(&file), users).unwrap();
            text += &format!("{section}\nldif = [\"{file}\"]\npreset = \"active-directory\"\n");
        }
        fs::write(site.path().join("adlib.toml"), text).unwrap();
        config(site.path())
    };
    let (first, second) = (("[directory]", "one"), ("[secondary_directory]", "two"));
    let (third, fourth) = (
        ("[[further_directory]]", "three"),
        ("[[further_directory]]", "four"),
    );
    let store = MemoryStore::new(DigestKey::new([7; 32]));
    let all = config(&[first, second, third, fourth]);
    assert_eq!(all.directories().count(), 4);
    let report = Syncer::from_config(&all, &store).unwrap().run_scheduled().await;
    assert_eq!(report.unwrap().users_created, 5);
    let ada = store.users().into_iter().find(|user| user.name == "ada").unwrap();
    let places: Vec<Source> = ada
        .origin
        .links()
        .unwrap()
        .iter()
        .map(|link| link.source)
        .collect();
    assert_eq!(
        places,
        [Source::Primary, Source::Secondary, Source::Third, Source::Fourth]
    );

    // Nothing is known of whom the second one brought in, and the third is still the third.
    let fewer = config(&[first, third, fourth]);
    let trigger = ManualRun::default().deleting_missing();
    let plan = Syncer::from_config(&fewer, &store).unwrap().with_trigger(trigger);
    let plan = plan.preview().await.unwrap();
    assert_eq!(
        (plan.deletes().len(), plan.unknown()),
        (0, &["two".to_owned()][..]),
        "{plan}"
    );
    assert!(plan.creates().is_empty(), "{plan}");

    let seven =
        "[directory]\nldif = [\"a\"]\n".to_owned() + &"[[further_directory]]\nldif = [\"a\"]\n".repeat(7);
    let error = Config::parse(&seven).unwrap_err().to_string();
    assert!(error.contains("at most eight"), "{error}");
}

/// R31, R36: what may be removed, and what becomes of clashes, is the administrator's to say; the defaults are careful.
#[test]
fn r36_policies_come_from_the_configuration() {
    let options = |text: &str| Config::parse(text).map(|config| config.sync.options());
    let careful = options("[sync]").unwrap();
    assert_eq!(
        (careful.name_clash, careful.email_clash),
        (NameClash::HoldBack, EmailClash::KeepOwner)
    );
    assert!(!careful.adopt_local && !careful.remove_left_scope && !careful.remove_disabled);
    let told = options(
        "[sync]\nname_clash = \"qualify\"\nemail_clash = \"hold-back\"\nadopt_local = true\n\
         remove_left_scope = true\nremove_disabled = true\n",
    )
    .unwrap();
    assert_eq!(
        (told.name_clash, told.email_clash),
        (NameClash::Qualify, EmailClash::HoldBack)
    );
    assert!(told.adopt_local && told.remove_left_scope && told.remove_disabled);
    let error = options("[sync]\nname_clash = \"win\"").unwrap_err().to_string();
    assert!(error.starts_with("line 2, column "), "{error}");
}

/// R29, A57: whichever source fails, and however: nothing at all is done.
#[tokio::test]
async fn a57_a_source_that_fails_stops_everything() {
    for failing in ["first.ldif", "second.ldif"] {
        let site = site();
        let store = MemoryStore::new(DigestKey::new([7; 32]));
        let config = config(site.path());
        let syncer = Syncer::from_config(&config, &store).unwrap();
        syncer.run_scheduled().await.unwrap();
        let before = store.load().await.unwrap();
        // The other source has news that must wait.
        let other = if failing == "first.ldif" {
            "second.ldif"
        } else {
            "first.ldif"
        };
        fs::write(site.path().join(other), user("new", "one.example")).unwrap();
        let cut = user("ada", "one.example") + "\ndn: CN=bob,DC=one,DC=example\nobjectClass person\n";
        for broken in [Some(cut.as_str()), Some(""), None] {
            match broken {
                Some(text) => fs::write(site.path().join(failing), text).unwrap(),
                None => fs::remove_file(site.path().join(failing)).unwrap(),
            }
            let error = syncer.run_scheduled().await.unwrap_err();
            assert!(
                matches!(error, Error::File(_) | Error::Plan(_)),
                "{failing}: {error}"
            );
            let manual = Syncer::from_config(&config, &store).unwrap();
            let manual = manual.with_trigger(ManualRun::default().deleting_missing());
            assert!(
                manual.preview().await.map_or(true, |plan| plan.is_stopped()),
                "{failing}"
            );
            let after = store.load().await.unwrap();
            assert_eq!(before.revision, after.revision);
            assert!(before.users().eq(after.users()));
        }
    }
}

/// A60: another attribute for the e-mail, which a tenth of the users do not have: the guard stops the run, and nobody's
/// address is blanked.
#[tokio::test]
async fn a60_a_mapping_that_blanks_a_tenth_is_stopped() {
    let site = site();
    let write = |name: &str, text: &str| fs::write(site.path().join(name), text).unwrap();
    let mut users = String::new();
    for number in 0..200 {
        let name = format!("u{number:03}");
        users += &user(&name, "one.example");
        users += &format!("mail: {name}@one.example\n");
        if number % 10 > 0 {
            users += &format!("otherMailbox: {name}@one.example\n");
        }
    }
    write("first.ldif", &users);
    let configured = |more: &str| {
        let directory = "[directory]\nldif = [\"first.ldif\"]\npreset = \"active-directory\"\n";
        write("adlib.toml", &format!("{directory}{more}"));
        config(site.path())
    };
    let store = MemoryStore::new(DigestKey::new([7; 32]));
    let before = configured("");
    let syncer = Syncer::from_config(&before, &store).unwrap();
    assert_eq!(syncer.run_scheduled().await.unwrap().users_created, 200);
    let revision = store.load().await.unwrap().revision;
    let after = configured("[directory.schema]\nuser-email-field = \"otherMailbox\"\n");
    let syncer = Syncer::from_config(&after, &store).unwrap();
    let error = syncer.run_scheduled().await.unwrap_err();
    assert!(
        error.to_string().contains("blanked (email): 20 of 200"),
        "{error}"
    );
    assert_eq!(store.load().await.unwrap().revision, revision);
    assert!(store.users().iter().all(|user| user.details.email.is_some()));
}

/// Keeps what is logged, a line each.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push_str(&format!(" {}={value:?}", field.name()));
    }
}

impl Log {
    fn keep(&self, name: &str, record: impl FnOnce(&mut Line)) {
        let mut line = Line(name.to_owned());
        record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        self.keep(span.metadata().name(), |line| span.record(line));
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        self.keep("record", |line| values.record(line));
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        self.keep(event.metadata().name(), |line| event.record(line));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// A63: nothing that is logged at any level, of runs that go well and of one that fails, has a PIN or a card number in it.
#[test]
fn a63_the_log_of_a_run_has_no_pin_and_no_card() {
    let site = site();
    let write = |name: &str, text: &str| fs::write(site.path().join(name), text).unwrap();
    let secrets = |pin: &str, card: &str| format!("pager: {card}\nemployeePin: {pin}\n");
    write(
        "adlib.toml",
        "[directory]\nldif = [\"first.ldif\"]\npreset = \"active-directory\"\n\
         [directory.schema]\nuser-pin-field = \"employeePin\"\n[sync]\nschedule = \"01:30\"\njitter = \"0s\"\n",
    );
    let config = config(site.path());
    let store = MemoryStore::new(DigestKey::new([7; 32]));
    let log = Log::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tracing::subscriber::with_default(log.clone(), || {
        let syncer = Syncer::from_config(&config, &store).unwrap();
        let nightly = config.sync.nightly().unwrap().unwrap();
        for (pin, card) in [
            ("86420864", "ID-97531975"),
            ("75317531", "ID-64206420"),
            ("6420", "ID-64206420"),
        ] {
            let broken = if pin == "6420" { "pager ID-64206420\n" } else { "" };
            write(
                "first.ldif",
                &(user("ada", "one.example") + &secrets(pin, card) + broken),
            );
            let run = syncer.run_scheduled();
            assert_eq!(runtime.block_on(run).is_ok(), broken.is_empty());
        }
        // As the scheduler runs it: what was missed is made up for at once.
        let long_ago = adlib::UnixTime::from_civil(2020, 1, 1, 0, 0, 0).unwrap();
        let (sender, mut reported) = tokio::sync::mpsc::unbounded_channel();
        let run = syncer.run_nightly(&nightly, Some(long_ago), |_, outcome| {
            sender.send(outcome.is_err()).unwrap();
        });
        runtime.block_on(async {
            tokio::select! {
                () = run => {}
                failed = reported.recv() => assert_eq!(failed, Some(true)),
            }
        });
    });
    let details = &store.users()[0].details;
    assert_eq!(details.pin, adlib::schema::record::Pin::new("75317531"));
    assert_eq!(details.cards, ["ID-64206420"]);
    let lines = log.0.lock().unwrap().join("\n");
    assert!(lines.contains("was stopped"), "{lines}");
    for secret in ["86420864", "75317531", "6420", "97531975"] {
        assert!(!lines.contains(secret), "{lines}");
    }
}

/// A site with `users` in its only source, and `sync` in its section.
fn of_one(site: &Path, users: &str, sync: &str) -> Config {
    fs::write(site.join("first.ldif"), users).unwrap();
    let text = format!("[directory]\nldif = [\"first.ldif\"]\n[sync]\n{sync}\n");
    fs::write(site.join("adlib.toml"), text).unwrap();
    config(site)
}

fn group(name: &str, members: &[String]) -> String {
    let members: String = members
        .iter()
        .map(|member| format!("member: CN={member},DC=one,DC=example\n"))
        .collect();
    format!(
        "\ndn: CN={name},DC=one,DC=example\nobjectClass: group\n\
         objectCategory: CN=Group,CN=Schema,CN=Configuration,DC=one,DC=example\nsAMAccountName: {name}\n\
         groupType: -2147483646\nobjectGUID: G-{name:-<14}\n{members}"
    )
}

/// R20, R23, R24, R30: each key of the file decides whom a first run makes a user of, by which name and card.
#[tokio::test]
async fn each_key_of_a_first_run_decides() {
    let site = site();
    let one =
        |account: &str| user(account, "one.example") + &format!("userPrincipalName: {account}@x.example\n");
    let eve = one("eve").replace("dn: CN=eve,", "dn: CN=eve,OU=Berlin,");
    let bob = one("bob").replace("userAccountControl: 512", "userAccountControl: 514");
    let users = one("ada") + "pager: ID-00ff\n" + &bob + &eve + &group("Staff", &["ada".to_owned()]);
    for (key, names, card) in [
        ("", &["ada", "eve"][..], Some("ID-00ff")),
        ("import_disabled = true", &["ada", "bob", "eve"], Some("ID-00ff")),
        ("import_new = false", &[], None),
        ("scope = { groups = [\"Staff\"] }", &["ada"], Some("ID-00ff")),
        (
            "scope = { ous = [\"OU=Berlin,DC=one,DC=example\"] }",
            &["eve"],
            None,
        ),
        (
            "user_name = \"upn\"",
            &["ada@x.example", "eve@x.example"],
            Some("ID-00ff"),
        ),
        ("card = { pattern = \"ID-(.+)\" }", &["ada", "eve"], Some("00ff")),
        (
            "card = { pattern = \"ID-(.+)\", format = \"hex\" }",
            &["ada", "eve"],
            Some("255"),
        ),
        (
            "card = { pattern = \"ID-(.+)\", format = \"hex-reversed\" }",
            &["ada", "eve"],
            Some("65280"),
        ),
    ] {
        let config = of_one(site.path(), &users, key);
        let store = MemoryStore::new(DigestKey::new([7; 32]));
        let syncer = Syncer::from_config(&config, &store).unwrap();
        syncer.run_scheduled().await.unwrap();
        let mut stored = store.users();
        stored.sort_by(|a, b| a.name.cmp(&b.name));
        let found: Vec<&str> = stored.iter().map(|user| &*user.name).collect();
        assert_eq!(found, names, "{key}");
        let cards = stored
            .iter()
            .find_map(|user| user.details.cards.first().map(String::as_str));
        assert_eq!(cards, card, "{key}");
    }
}

/// R30, R34: each key of the file decides what stops the next run, in which a third of the users, addresses and
/// memberships goes.
#[tokio::test]
async fn each_key_of_a_later_run_decides() {
    let site = site();
    let name = |number: usize| format!("u{number:02}");
    let users = |count, with_mail, members| {
        let one = |number| {
            let mail = format!("mail: {}@one.example\n", name(number));
            user(&name(number), "one.example") + if number < with_mail { &*mail } else { "" }
        };
        let members: Vec<String> = (0..members).map(name).collect();
        (0..count).map(one).collect::<String>() + &group("Staff", &members)
    };
    let all = users(30, 30, 30);
    let fewer = users(20, 20, 20);
    let blanked = users(30, 20, 30);
    let left = users(30, 30, 20);
    let lenient = "max_deletes_percent = 50, max_shrink_percent = 50, max_membership_removals_percent = 50, \
                   max_blanked_percent = 50, max_scope_removals_percent = 50";
    for (after, guard, stopped) in [
        (&fewer, "", true),
        (&fewer, "only_above = 100", false),
        (&fewer, lenient, false),
        (&fewer, &*format!("{lenient}, max_deletes = 5"), true),
        (&fewer, &*format!("{lenient}, max_shrink = 5"), true),
        (&fewer, &*format!("{lenient}, canaries = [\"u19\"]"), false),
        (&fewer, &*format!("{lenient}, canaries = [\"u20\"]"), true),
        (&blanked, "", true),
        (&blanked, lenient, false),
        (&blanked, &*format!("{lenient}, max_blanked = 5"), true),
        (&left, "", true),
        (&left, lenient, false),
        (&left, &*format!("{lenient}, max_membership_removals = 5"), true),
    ] {
        let store = MemoryStore::new(DigestKey::new([7; 32]));
        let config = of_one(site.path(), &all, "");
        let first = Syncer::from_config(&config, &store)
            .unwrap()
            .run_scheduled()
            .await;
        assert_eq!(first.unwrap().users_created, 30);
        let config = of_one(site.path(), after, &format!("guard = {{ {guard} }}"));
        let syncer = Syncer::from_config(&config, &store).unwrap();
        let syncer = syncer.with_trigger(ManualRun::default().deleting_missing());
        let plan = syncer.preview().await.unwrap();
        assert_eq!(plan.is_stopped(), stopped, "{guard}: {plan}");
    }
}

/// R30, R31: whether details are updated, and who of those out of scope is removed, is the file's to say.
#[tokio::test]
async fn each_key_of_a_change_decides() {
    let site = site();
    let ada = user("ada", "one.example");
    let mail = |address: &str| format!("{ada}mail: {address}@one.example\n");
    let staff = group("Staff", &["ada".to_owned()]);
    let nobody = group("Staff", &[]);
    let disabled = ada.replace("userAccountControl: 512", "userAccountControl: 514");
    let scope = "scope = { groups = [\"Staff\"] }\nguard = { only_above = 100 }";
    for (before, after, keys, updates, deletes) in [
        (mail("a"), mail("b"), "", 1, 0),
        (mail("a"), mail("b"), "update_details = false", 0, 0),
        (ada.clone() + &staff, ada.clone() + &nobody, scope, 0, 0),
        (
            ada.clone() + &staff,
            ada.clone() + &nobody,
            &*format!("{scope}\nremove_left_scope = true"),
            0,
            1,
        ),
        (ada.clone() + &staff, disabled.clone() + &staff, scope, 0, 0),
        (
            ada.clone() + &staff,
            disabled + &staff,
            &*format!("{scope}\nremove_disabled = true"),
            0,
            1,
        ),
    ] {
        let store = MemoryStore::new(DigestKey::new([7; 32]));
        let config = of_one(site.path(), &before, keys);
        let first = Syncer::from_config(&config, &store)
            .unwrap()
            .run_scheduled()
            .await;
        assert_eq!(first.unwrap().users_created, 1, "{keys}");
        let config = of_one(site.path(), &after, keys);
        let syncer = Syncer::from_config(&config, &store).unwrap();
        let syncer = syncer.with_trigger(ManualRun::default().deleting_missing());
        let plan = syncer.preview().await.unwrap();
        assert_eq!(
            (plan.updates().len(), plan.deletes().len()),
            (updates, deletes),
            "{keys}: {plan}"
        );
    }
}
