//! `adctl` on files, without any server.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
mod folder;

use std::{
    fs,
    process::{Command, Stdio},
};

use folder::Folder;
use serde_json::Value;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data");

fn company() -> Vec<u8> {
    fs::read(format!("{DATA}/company.ldif")).unwrap()
}

const CONFIG: &[u8] = b"[directory]\nldif = [\"company.ldif\"]\n[sync]\nstore = \"users.sqlite\"\n";

/// R19, R23
#[test]
fn r23_a_directory_is_read_from_files() {
    let site = Folder::of(&[("company.ldif", &company())]);
    let (code, read) = site.json(&["directory", "read", "--ldif", "company.ldif"]);
    assert_eq!(
        (code, &read["schema"], &read["complete"]),
        (0, &1.into(), &true.into())
    );
    assert_eq!(
        read["users"].as_array().unwrap().len(),
        48,
        "53, of whom 5 are disabled"
    );
    let (_, all) = site.json(&["directory", "read", "--ldif", "company.ldif", "--import-disabled"]);
    assert_eq!(all["users"].as_array().unwrap().len(), 53);
    let user = all["users"]
        .as_array()
        .unwrap()
        .iter()
        .find(|user| user["name"] == "akeller")
        .unwrap();
    for key in [
        "domain",
        "upn",
        "full_name",
        "email",
        "other_emails",
        "department",
        "office",
        "cards",
    ] {
        assert!(!user[key].is_null(), "{key}");
    }
    assert_eq!(user["domain"], "paperworks.example");
    assert_eq!(user["cards"][0], "ID-100401");
}

/// R20: the groups and units to choose from, with how many users each would bring.
#[test]
fn r20_groups_and_units_are_listed_to_choose_from() {
    let site = Folder::of(&[("company.ldif", &company())]);
    let (code, list) = site.json(&["directory", "list", "--ldif", "company.ldif"]);
    let (_, read) = site.json(&["directory", "read", "--ldif", "company.ldif"]);
    assert_eq!((code, &list["complete"]), (0, &true.into()));
    for (listed, group) in list["groups"]
        .as_array()
        .unwrap()
        .iter()
        .zip(read["groups"].as_array().unwrap())
    {
        assert!(
            listed["name"]
                .as_str()
                .unwrap()
                .ends_with(group["name"].as_str().unwrap())
        );
        assert_eq!(listed["users"], group["effective"].as_array().unwrap().len());
    }
    let units = list["units"].as_array().unwrap();
    assert_eq!(units.len(), read["units"].as_array().unwrap().len());
    let most = units.iter().map(|unit| unit["users"].as_u64().unwrap()).max();
    assert!((1..=48).contains(&most.unwrap()), "{units:?}");
    let (code, text, _) = site.run(&["directory", "list", "--ldif", "company.ldif"]);
    assert!(code == 0 && text.contains("unit"), "{text}");
}

/// R33, R37
#[test]
fn r33_what_was_previewed_is_applied_and_nothing_else() {
    let site = Folder::of(&[("company.ldif", &company()), ("adlib.toml", CONFIG)]);
    let call = |arguments: &[&str]| site.json(&[arguments, &["--config", "adlib.toml"]].concat());
    let (code, preview) = call(&["sync", "preview", "--plan", "plan.json", "--html", "plan.html"]);
    assert_eq!(code, 0);
    for key in [
        "creates",
        "updates",
        "deletes",
        "groups",
        "held_back",
        "found",
        "stopped_by",
        "plan_hash",
    ] {
        assert!(preview.get(key).is_some(), "{key}");
    }
    assert!(site.read("plan.html").contains("akeller"));
    for file in ["plan.json", "plan.html"] {
        assert_eq!(site.mode(file), 0o600, "{file} names everybody");
    }

    // A link stays, and so does what it leads to but for its content.
    std::os::unix::fs::symlink("plan.json", site.path("link.json")).unwrap();
    let (code, _) = call(&["sync", "preview", "--plan", "link.json"]);
    assert!(code == 0 && site.path("link.json").is_symlink() && !site.path("plan.json").is_symlink());

    // Approved, but the directory changed since.
    let moved = String::from_utf8(company())
        .unwrap()
        .replacen("Mill 2.14", "Mill 3.01", 1);
    site.write("company.ldif", moved);
    let (code, _, errors) = site.run(&["sync", "apply", "--config", "adlib.toml", "--plan", "plan.json"]);
    assert_eq!(code, 2, "{errors}");
    assert!(errors.contains("a source was changed since"), "{errors}");

    site.write("company.ldif", company());
    let (code, applied) = call(&["sync", "apply", "--plan", "plan.json"]);
    assert_eq!((code, &applied["plan_hash"]), (0, &preview["plan_hash"]));
    let (_, again) = call(&["sync", "preview"]);
    assert_eq!(again["creates"].as_array().unwrap().len(), 0);
}

/// R33: approved, and then the list was changed, the options were, somebody wrote in the file, or it was damaged: nothing
/// is applied, and one line says why.
#[test]
fn r33_an_approved_plan_that_is_another_one_is_refused() {
    let narrow = [CONFIG, b"import_disabled = true\n"].concat();
    let site = Folder::of(&[
        ("company.ldif", &company()),
        ("adlib.toml", CONFIG),
        ("other.toml", &narrow),
    ]);
    let preview = ["sync", "preview", "--config", "adlib.toml", "--plan", "plan.json"];
    assert_eq!(site.run(&preview).0, 0);
    let refused = |config: &str, plan: &str, why: &str| {
        let (code, output, errors) = site.run(&["sync", "apply", "--config", config, "--plan", plan]);
        assert_eq!((code, &*output), (2, ""), "{plan}: {errors}");
        assert!(
            errors.contains(why) && errors.trim_end().lines().count() == 1,
            "{errors}"
        );
        let (_, preview) = site.json(&["sync", "preview", "--config", "adlib.toml"]);
        assert_eq!(
            preview["creates"].as_array().unwrap().len(),
            48,
            "nothing was applied"
        );
    };
    refused("other.toml", "plan.json", "the options were changed since");
    let plan = site.read("plan.json");
    let write = |name: &str, text: &[u8]| site.write(name, text);
    write(
        "edited.json",
        plan.replacen("Ada Keller", "Eva Keller", 1).as_bytes(),
    );
    refused("adlib.toml", "edited.json", "was changed: creates");
    write("cut.json", &plan.as_bytes()[..plan.len() / 2]);
    refused("adlib.toml", "cut.json", "not JSON");
    write("deep.json", format!("{{\"a\":{}", "[".repeat(100_000)).as_bytes());
    refused("adlib.toml", "deep.json", "deeper than a plan");
    write("other.json", b"{\"schema\": 1}");
    refused("adlib.toml", "other.json", "not a plan");
    refused("adlib.toml", "none.json", "none.json");
    let store = adlib_examples::SqliteStore::open(site.path("users.sqlite")).unwrap();
    let details = adlib::sync::Details::default();
    store
        .add_local("operator", adlib::sync::store::Origin::Local, &details)
        .unwrap();
    refused("adlib.toml", "plan.json", "the store was changed since");
}

/// R31, R34, A56: most users vanish from the directory. Without being asked, nothing is deleted; when asked, the
/// guard stops the run before its first change.
#[test]
fn a56_a_directory_that_lost_its_users_deletes_nobody() {
    let site = Folder::of(&[("company.ldif", &company()), ("adlib.toml", CONFIG)]);
    let call = |arguments: &[&str]| site.json(&[arguments, &["--config", "adlib.toml"]].concat());
    assert_eq!(call(&["sync", "apply"]).0, 0);

    let all = String::from_utf8(company()).unwrap();
    let entries: Vec<&str> = all.split("\n\n").collect();
    let is_user = |entry: &&&str| entry.contains("\nobjectClass: person\n") && !entry.contains("akeller");
    let few: Vec<&str> = entries.iter().filter(|entry| !is_user(entry)).copied().collect();
    assert!(
        few.len() + 40 < entries.len(),
        "{} of {}",
        few.len(),
        entries.len()
    );
    site.write("company.ldif", few.join("\n\n"));

    let (code, preview) = call(&["sync", "preview"]);
    assert_eq!((code, &preview["stopped_by"]), (1, &"guard".into()));
    assert_eq!(preview["deletes"].as_array().unwrap().len(), 0);
    let (_, deleting) = call(&["sync", "preview", "--delete-missing", "--plan", "plan.json"]);
    assert!(deleting["deletes"].as_array().unwrap().len() > 40);
    let (code, stopped) = call(&["sync", "apply", "--delete-missing", "--plan", "plan.json"]);
    assert_eq!((code, &stopped["stopped_by"]), (1, &"guard".into()));
    assert!(stopped["deletes"].as_array().unwrap().len() > 40);

    site.write("company.ldif", all);
    let (_, again) = call(&["sync", "preview"]);
    assert_eq!(
        again["creates"].as_array().unwrap().len(),
        0,
        "nobody was deleted"
    );
}

/// R20, R23: why a user is in the list or not, and what other options would change, without a store.
#[test]
fn r20_explain_and_what_if_say_why() {
    let narrow = [
        CONFIG,
        b"import_disabled = true\nscope = { groups = [\"Papermakers\"] }\n",
    ]
    .concat();
    let site = Folder::of(&[
        ("company.ldif", &company()),
        ("adlib.toml", CONFIG),
        ("narrow.toml", &narrow),
    ]);
    let explain = |file: &str, user: &str| site.json(&["sync", "explain", "--config", file, user]);
    let (code, known) = explain("adlib.toml", "AKeller");
    assert_eq!((code, &known["in_scope"]), (0, &true.into()), "{known}");
    assert_eq!(
        known["fields"][0],
        serde_json::json!({
            "field": "full_name", "value": "Ada Keller", "source": "primary"
        })
    );
    let (_, reason) = explain("narrow.toml", "akeller");
    assert!(reason["reason"].to_string().contains("Papermakers"), "{reason}");
    let (code, out) = explain("narrow.toml", "ipapadop");
    assert_eq!(
        (code, &out["entries"][0]["standing"]),
        (1, &"left-scope".into()),
        "{out}"
    );
    let (code, nobody) = explain("adlib.toml", "nobody");
    assert_eq!((code, nobody["entries"].as_array().unwrap().len()), (1, 0));

    let what_if = ["sync", "what-if", "--config", "adlib.toml", "--against"];
    let (code, same) = site.json(&[&what_if[..], &["adlib.toml"]].concat());
    assert_eq!((code, same["deletes"].as_array().unwrap().len()), (0, 0));
    let (code, fewer) = site.json(&[&what_if[..], &["narrow.toml"]].concat());
    assert_eq!(code, 0);
    let gone = fewer["deletes"].as_array().unwrap();
    assert!(
        gone.len() > 20 && gone.iter().all(|gone| gone["reason"] == "left-scope"),
        "{gone:?}"
    );
    assert!(!site.path("users.sqlite").exists(), "no list was asked or made");
}

/// R33, A61: a table with colours for who wants them, in which a name from the directory is text and nothing else.
#[test]
fn a61_the_table_of_a_preview_obeys_nobody() {
    let hostile = String::from_utf8(company()).unwrap().replacen(
        "displayName: Ada Keller",
        // ESC [ 2 J, a line break, and a mark that turns the direction of writing.
        "displayName:: QWRhG1sySgrigK5LZWxsZXI=",
        1,
    );
    let site = Folder::of(&[("company.ldif", hostile.as_bytes()), ("adlib.toml", CONFIG)]);
    let (code, plain, _) = site.run(&["sync", "preview", "--config", "adlib.toml"]);
    assert_eq!(code, 0);
    assert!(plain.contains("Ada\u{fffd}[2J\u{fffd}\u{fffd}Keller"), "{plain}");
    assert!(!plain.contains(['\u{1b}', '\u{202e}']), "no colours in a pipe");
    assert!(
        plain.contains("48 users to create, 0 to update, 0 to delete"),
        "{plain}"
    );
    let mut coloured = site.command(&["sync", "preview", "--config", "adlib.toml"]);
    let coloured = coloured.env("CLICOLOR_FORCE", "1").output().unwrap();
    let coloured = String::from_utf8(coloured.stdout).unwrap();
    assert!(coloured.contains("\u{1b}[32makeller"), "{coloured}");
    assert!(!coloured.contains("\u{1b}[2J"), "{coloured}");
}

/// A61: JSON and a plan's file have the names as they are, and show a terminal nothing that it obeys.
#[test]
fn a61_json_and_plan_files_obey_nobody() {
    // A control sequence that begins with one C1 character, another one, and a mark that turns the direction of writing.
    let name = "Ada\u{9b}31m\u{85}\u{202e}Keller";
    let hostile = String::from_utf8(company()).unwrap();
    let hostile = hostile.replacen("displayName: Ada Keller", &format!("displayName: {name}"), 1);
    let site = Folder::of(&[("company.ldif", hostile.as_bytes()), ("adlib.toml", CONFIG)]);
    let call = |arguments: &[&str]| site.run(&[arguments, &["--config", "adlib.toml", "--json"]].concat());
    let (code, printed, _) = call(&["sync", "preview", "--plan", "plan.json"]);
    assert_eq!(code, 0);
    let explained = call(&["sync", "explain", "akeller"]).1;
    for text in [printed, site.read("plan.json"), explained] {
        let is_obeyed = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.contains(is_obeyed), "{text}");
        assert!(text.contains(r"Ada\u009b31m\u0085\u202eKeller"), "{text}");
        let value: Value = serde_json::from_str(&text).unwrap();
        assert!(value.to_string().contains(name), "{value}");
    }
    assert_eq!(call(&["sync", "apply", "--plan", "plan.json"]).0, 0);
}

/// What `command` prints in `site` on a terminal.
fn on_terminal(site: &Folder, command: &str) -> String {
    let output = Command::new("script")
        .args(["--quiet", "--return", "--command", command, "/dev/null"])
        .current_dir(site.path(""))
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// R38: bars of progress are on a terminal, and in no pipe, no file and no JSON.
#[test]
fn r38_progress_is_shown_on_a_terminal_only() {
    let company = company();
    let site = || Folder::of(&[("company.ldif", &company), ("adlib.toml", CONFIG)]);
    let shows = |text: &str| ["entries read", "/171 changes"].map(|bar| text.contains(bar));
    let apply = ["sync", "apply", "--config", "adlib.toml"];
    let command = [&[env!("CARGO_BIN_EXE_adctl")], &apply[..]].concat().join(" ");
    let terminal = on_terminal(&site(), &command);
    assert_eq!(shows(&terminal), [true, true], "{terminal:?}");
    for errors in ["2>errors", ""] {
        let site = site();
        let terminal = on_terminal(&site, &format!("{command} --json >out {errors}"));
        assert!(serde_json::from_str::<Value>(&site.read("out")).is_ok());
        if !errors.is_empty() {
            assert_eq!((terminal.as_str(), site.read("errors").as_str()), ("", ""));
        }
    }
    let (code, out, errors) = site().run(&apply);
    assert_eq!((code, shows(&out), errors.as_str()), (0, [false, false], ""));
}

/// R16, R18
#[test]
fn r18_names_are_resolved_by_the_mapping_file_alone() {
    let site = Folder::of(&[(
        "m.conf",
        b"acme.example = ch.example.com\nacme.example = de.example.com\n",
    )]);
    let (code, resolved) = site.json(&["upn", "resolve", "m.conf", "ada@ACME.example"]);
    assert_eq!(code, 0);
    assert_eq!(
        resolved["candidates"],
        serde_json::json!(["ada@ch.example.com", "ada@de.example.com"])
    );
    let (_, resolved) = site.json(&["upn", "resolve", "m.conf", "ada@other.example"]);
    assert_eq!(resolved["candidates"], serde_json::json!(["ada@other.example"]));
    let (code, refused) = site.json(&["upn", "resolve", "m.conf", "a*@acme.example"]);
    assert_eq!((code, refused["candidates"].as_array().unwrap().len()), (1, 0));
    assert!(refused["reason"].is_string());
}

/// R17
#[test]
fn r17_a_mapping_file_is_checked_with_line_and_column() {
    let site = Folder::of(&[(
        "m.conf",
        b"# ours\nacme.example = corp.example.com\nacme example\nx.example =\n",
    )]);
    let (code, checked) = site.json(&["upn", "check", "m.conf"]);
    assert_eq!((code, &checked["mappings"]), (1, &1.into()));
    let lines: Vec<u64> = checked["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["line"].as_u64().unwrap())
        .collect();
    assert_eq!(lines, [3, 4]);
}

/// What the operator got wrong: file and line, exit 2, nothing on standard output, nothing changed.
#[test]
fn mistakes_in_files_are_one_line_with_file_and_line() {
    let broken_ldif = b"version: 1\n\ndn: CN=A,DC=x\ncn: A\nthis is no attribute\n";
    let login: &[u8] = b"[directory]\nldif=[\"company.ldif\"]\n[signin]\nservice=\"HTTP/a\"\nkeytab=\"k\"\n";
    let bad_map = [login, b"upn_mappings=\"m.conf\"\n"].concat();
    let no_keytab = [login, b"deadline=\"1s\"\n"].concat();
    for (files, arguments, expected) in [
        (
            &[("company.ldif", &broken_ldif[..])][..],
            &["directory", "read", "--ldif", "company.ldif"][..],
            &["company.ldif", "line 5"][..],
        ),
        (&[], &["directory", "read", "--ldif", "none.ldif"], &["none.ldif"]),
        (
            &[("c", b"[sync]\nstorre=\"x\"\n")],
            &["sync", "preview", "--config", "c"],
            &["c: line 2", "`store`"],
        ),
        (
            &[("c", b"")],
            &["sync", "preview", "--config", "c"],
            &["[directory]"],
        ),
        (
            &[("c", CONFIG), ("company.ldif", broken_ldif)],
            &["sync", "apply", "--config", "c"],
            &["company.ldif", "line 5"],
        ),
        (
            &[
                ("c", &no_keytab),
                ("company.ldif", b"version: 1\n"),
                ("k", b"\x05\x02\x00"),
            ],
            &["login", "--config", "c", "ada@x.example"],
            &["k: "],
        ),
        (
            &[
                ("c", &bad_map),
                ("k", b"\x05\x02"),
                ("m.conf", b"\nacme.example corp\n"),
            ],
            &["login", "--config", "c", "ada@x.example"],
            &["m.conf", "line 2"],
        ),
        (
            &[("m.conf", b"acme.example\n")],
            &["upn", "resolve", "m.conf", "a@b.example"],
            &["m.conf", "line 1"],
        ),
    ] {
        let site = Folder::of(files);
        let (code, output, errors) = site.run(arguments);
        assert_eq!((code, &*output), (2, ""), "{arguments:?}: {errors}");
        assert_eq!(errors.trim_end().lines().count(), 1, "{errors}");
        for part in expected {
            assert!(
                errors.contains(part),
                "{arguments:?}: `{part}` is not in: {errors}"
            );
        }
        assert!(!site.path("users.sqlite").exists());
    }
}

/// R5: every spelling of a mode on the command line, which goes before that of the file; another one is an error that lists them.
#[test]
fn r05_the_mode_of_a_call() {
    let config = b"[directory]\nldif = [\"company.ldif\"]\n[signin]\nmode = \"modern\"\n";
    let site = Folder::of(&[("adlib.toml", config), ("company.ldif", &company())]);
    let login = |mode: &[&str]| {
        let call = ["login", "--config", "adlib.toml", "akeller@paperworks.example"];
        site.run_with_input(&[&call[..], mode].concat(), "secret\n")
    };
    // With Kerberos, the service is asked for first; without, there is no controller for NTLM.
    for mode in [
        &[][..],
        &["--mode", "auto"],
        &["--mode", ""],
        &["--mode", "modern"],
        &["--mode", "f"],
        &["--mode", "-f"],
    ] {
        let (code, _, error) = login(mode);
        assert!(
            code == 2 && error.contains("`service`"),
            "{mode:?}: {code} {error}"
        );
    }
    for mode in ["legacy", "l", "-l"] {
        let (code, output, error) = login(&["--mode", mode]);
        assert!(
            code == 1 && output.contains("mechanism-unavailable"),
            "{mode}: {code} {output} {error}"
        );
    }
    let (code, _, error) = login(&["--mode", "kerberos"]);
    assert!(
        code == 2 && error.contains("auto, modern (f, -f), legacy (l, -l)"),
        "{error}"
    );
}
