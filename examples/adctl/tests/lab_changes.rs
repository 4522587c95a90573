//! What changed in a real OpenLDAP, as an operator and an application ask for it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
mod folder;

use std::{fs, ops::Deref};

use adlib::{
    Config, Directory, Syncer,
    schema::read::changes::{ChangeKind, FullReadReason, Replica},
    sync::{
        Trigger,
        store::{DigestKey, MemoryStore},
    },
};
use adlib_lab::{
    Change,
    openldap::{self, Server},
};
use folder::{Folder, ldap_server};
use serde_json::Value;

/// How many entries are looked at again at most: the witnesses that the server is the one that was read, and the units.
const LOOKED_AT: usize = 64 + 16;

const CHANGES: [&str; 6] = [
    "directory",
    "changes",
    "--config",
    "adlib.toml",
    "--cursor",
    "kept",
];

/// A configuration that leads to a server, and what `adctl` says of its changes.
struct Site(Folder);

impl Deref for Site {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.0
    }
}

impl Site {
    fn new(server: &Server) -> Self {
        let url = format!("ldaps://{}", server.ip);
        let reader = server.dn(openldap::SYNC);
        let directory = ldap_server("openldap", url, &server.base, &server.ca_file, reader);
        let config = format!("[directory]{directory}[sync]\nby_changes = true\n");
        Self(Folder::of(&[
            ("adlib.toml", config.as_bytes()),
            ("password", server.service_password.as_bytes()),
        ]))
    }

    /// Exit code, standard output and standard error of `adctl directory changes`.
    fn changes(&self, more: &[&str]) -> (i32, String, String) {
        self.run(&[&CHANGES, more].concat())
    }

    fn json(&self) -> (i32, Value) {
        self.0.json(&CHANGES)
    }

    fn config(&self) -> Config {
        Config::read(self.path("adlib.toml")).unwrap()
    }
}

fn set_mail(server: &Change<Server>, user: &str, mail: &str) {
    let dn = server.dn(user);
    server.modify(&format!(
        "dn: {dn}\nchangetype: modify\nreplace: mail\nmail: {mail}\n"
    ));
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// R28: everything the first time, then nothing, then one change; a damaged file, and that of another server.
#[test]
fn r28_adctl_tells_what_changed() {
    let server = adlib_lab::openldap_change();
    // Where the newest entry of all changes again, it does not vouch for what was deleted before.
    set_mail(&server, "user8", "newest@example.org");
    let site = Site::new(&server);
    let (code, first) = site.json();
    assert_eq!((code, first["complete"].as_bool()), (0, Some(true)));
    assert_eq!(keys(&first), ["changes", "complete", "domains", "schema"]);
    assert_eq!(
        keys(&first["domains"][0]),
        ["domain", "entries", "full", "method", "why"]
    );
    assert_eq!(first["domains"][0]["method"], "syncrepl");
    assert_eq!(first["domains"][0]["full"], "it was not read before");
    assert!(
        first["changes"]
            .as_array()
            .unwrap()
            .iter()
            .all(|change| change["kind"] == "created")
    );

    let (code, none, _) = site.changes(&[]);
    assert!(
        code == 0 && none.starts_with("Nothing changed.") && !none.contains("read whole"),
        "{none}"
    );

    set_mail(&server, openldap::USER, "new@example.org");
    let (code, one) = site.json();
    assert_eq!((code, one["changes"].as_array().unwrap().len()), (0, 1), "{one}");
    let change = &one["changes"][0];
    assert_eq!(
        keys(change),
        ["dn", "fields", "from", "key", "kind", "proof", "record"]
    );
    assert_eq!(
        (change["kind"].as_str(), change["record"].as_str()),
        (Some("changed"), Some("user"))
    );
    assert_eq!(change["fields"], serde_json::json!(["email"]));
    let entries = one["domains"][0]["entries"].as_u64().unwrap();
    assert!(entries < LOOKED_AT as u64 + 5 && one["domains"][0]["full"].is_null());

    let good = fs::read(site.path("kept")).unwrap();
    let mut damaged = good.clone();
    damaged[good.len() / 2] ^= 1;
    site.write("kept", damaged);
    let (code, again) = site.json();
    let reason = again["domains"][0]["full"].as_str().unwrap();
    assert!(
        code == 0 && reason.starts_with("what was stored of the last read is damaged"),
        "{reason}"
    );
    let (code, none, _) = site.changes(&[]);
    assert!(
        code == 0 && none.starts_with("Nothing changed.") && !none.contains("read whole"),
        "it is whole again: {none}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(site.path("kept")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    // The file of another server, whose name is another.
    let other = site.read("adlib.toml");
    let other = other.replace(
        &format!("ldaps://{}", server.ip),
        &format!("ldaps://{}", server.host),
    );
    let resolves = std::net::ToSocketAddrs::to_socket_addrs(&(server.host.as_str(), 636)).is_ok();
    if resolves {
        site.write("adlib.toml", other);
        let (_, moved) = site.json();
        let reason = moved["domains"][0]["full"].as_str().unwrap();
        assert!(reason.starts_with("another server answers"), "{reason}");
    }

    // A server that cannot be asked: one line, and what was kept stays.
    let before = fs::read(site.path("kept")).unwrap();
    site.edit(&[
        ("ldaps://", "ldaps://127.0.0.99:1#"),
        ("timeout = \"20s\"", "timeout = \"1s\""),
    ]);
    let (code, out, errors) = site.changes(&[]);
    assert!(
        code == 2 && out.is_empty() && errors.lines().count() == 1,
        "{code} {out} {errors}"
    );
    assert_eq!(fs::read(site.path("kept")).unwrap(), before);
}

/// R28: what an application asks for, and keeps.
#[test]
fn r28_changes_since() {
    let server = adlib_lab::openldap_change();
    let site = Site::new(&server);
    let config = site.config();
    let directory = Directory::from_config(config.directory.as_ref().unwrap(), &config.sync).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut replica = Replica::default();
        let first = directory.changes_since(&mut replica).await.unwrap();
        assert_eq!(first.domains[0].full, Some(FullReadReason::FirstRead));
        assert_eq!(first.read.users, directory.read().await.unwrap().users);
        server.modify(&format!("dn: {}\nchangetype: delete\n", server.dn("user7")));
        set_mail(&server, openldap::USER, "since@example.org");
        let then = directory.changes_since(&mut replica).await.unwrap();
        assert_eq!(then.domains[0].full, None);
        let of = |user: &str| {
            then.changes
                .iter()
                .find(|change| change.dn == server.dn(user))
                .unwrap()
        };
        assert!(matches!(of("user7").kind, ChangeKind::Gone { .. }));
        assert!(matches!(of(openldap::USER).kind, ChangeKind::Changed { .. }));
        assert!(
            then.read.completeness.complete().is_some(),
            "changes of a complete read are complete"
        );
    });
}

/// R28, R37: runs that read what changed make the plans that runs make that read everything, and a run that is not finished
/// leaves nothing behind to go on from; one that deletes reads everything.
#[test]
fn r28_runs_by_changes() {
    let server = adlib_lab::openldap_change();
    // Where the newest entry of all changes again, it does not vouch for what was deleted before.
    set_mail(&server, "user8", "newest@example.org");
    let site = Site::new(&server);
    let config = site.config();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = MemoryStore::new(DigestKey::new([7; 32]));
        let syncer = || Syncer::from_config(&config, &store).unwrap();
        let plan = async |trigger: Trigger| {
            let mut entries = 0;
            let syncer = syncer().with_trigger(trigger);
            let plan = syncer
                .preview_with_progress(|progress| entries = progress.entries)
                .await
                .unwrap();
            let whole = syncer.by_changes(false).preview().await.unwrap();
            assert_eq!(plan.plan_hash(), whole.plan_hash());
            (plan, entries)
        };
        let scheduled = || Trigger::Scheduled;
        let (first, all) = plan(scheduled()).await;
        let (_, again) = plan(scheduled()).await;
        assert!(
            all > 150 && again == all,
            "nothing is kept of a plan that was not applied: {all}, {again}"
        );
        first.apply(&store).await.unwrap();

        // In this order: after a deletion that came last, the identities of all are looked at again.
        server.modify(&format!("dn: {}\nchangetype: delete\n", server.dn("user7")));
        set_mail(&server, openldap::USER, "run@example.org");
        let (second, entries) = plan(scheduled()).await;
        assert!(entries < LOOKED_AT + 10, "{entries}");
        assert_eq!(second.updates().len(), 1);
        second.apply(&store).await.unwrap();
        let (third, entries) = plan(scheduled()).await;
        assert!(third.operation_count() == 0 && entries <= LOOKED_AT, "{entries}");

        let deleting = adlib::sync::ManualRun::default().deleting_missing();
        let (last, entries) = plan(deleting.into()).await;
        assert!(entries > 150, "{entries}");
        assert_eq!(last.deletes().len(), 1);
    });
}
