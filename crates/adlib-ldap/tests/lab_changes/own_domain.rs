//! Active Directory: domains of a test's own, for what the lab's must not go through. They take a minute each.

use std::collections::BTreeMap;

use adlib_lab::{Domain, domain_of_its_own};
use adlib_schema::read::changes::{ChangeKind, FullReadReason, Replica};

use super::{
    active_directory::{compare, modify, newcomers, readers, told},
    seed,
    tree::{Flavour, Tree},
};

/// Change something a few times over.
fn change(corp: &Domain, tree: &mut Tree) {
    for _ in 0..16 {
        tree.change();
    }
    modify(corp, &tree.ldif());
}

/// Everybody who reads goes on from one of `replicas`, and has what is there now; why each read everything.
async fn go_on(corp: &Domain, replicas: &[Replica; 5], when: &str) -> Vec<Option<FullReadReason>> {
    let mut readers = newcomers(corp).await;
    for ((_, reader), replica) in readers.iter_mut().zip(replicas) {
        reader.replica = replica.clone();
    }
    let reasons = compare(&mut readers, when).await;
    println!("{when}: {reasons:?}");
    reasons
}

/// R28: a controller that is put back to an older copy of its database.
#[tokio::test]
#[ignore = "a domain of its own takes a minute; `cargo xtask test --long` runs it"]
async fn r28_a_controller_restored_from_an_older_copy() {
    let corp = domain_of_its_own("127.0.0.45");
    let mut tree = Tree::new(Flavour::ActiveDirectory, &corp.base, seed());
    modify(&corp, &tree.ldif());
    corp.keep();
    change(&corp, &mut tree);
    let newer = readers(&corp).await.map(|(_, reader)| reader.replica);

    corp.restore();
    for reason in go_on(&corp, &newer, "put back as it was").await {
        assert!(
            matches!(reason, None | Some(FullReadReason::Restored(_))),
            "{reason:?}"
        );
    }
}

/// R28: a domain restored from a backup on a new controller, and from a backup of that one on a controller with the name of
/// the first: only its incarnation tells the two apart. What came after the backup is not there.
#[tokio::test]
#[ignore = "a domain of its own and two restores take minutes; `cargo xtask test --long` runs it"]
async fn r28_a_domain_restored_from_a_backup() {
    let mut corp = domain_of_its_own("127.0.0.48");
    let mut tree = Tree::new(Flavour::ActiveDirectory, &corp.base, seed());
    change(&corp, &mut tree);
    let backed_up = readers(&corp).await.map(|(_, reader)| reader.replica);
    corp.back_up();
    change(&corp, &mut tree);
    let late = format!("CN=late,{}", corp.base);
    modify(
        &corp,
        &format!("dn: {late}\nchangetype: add\nobjectClass: user\nsAMAccountName: late\n\n"),
    );
    let newer = readers(&corp).await.map(|(_, reader)| reader.replica);

    corp.restore_backup_as("dc3");
    for replicas in [&backed_up, &newer] {
        for reason in go_on(&corp, replicas, "restored on a new controller").await {
            assert!(
                matches!(reason, Some(FullReadReason::OtherServer { .. })),
                "{reason:?}"
            );
        }
    }
    corp.back_up();
    corp.restore_backup_as("dc1");
    for replicas in [&backed_up, &newer] {
        for reason in go_on(&corp, replicas, "restored under the first one's name").await {
            assert!(matches!(reason, Some(FullReadReason::Restored(_))), "{reason:?}");
        }
    }
    let [(_, reader), ..] = newcomers(&corp).await;
    let users = reader.fresh().await.users;
    assert!(!users.iter().any(|user| user.account == "late"));
}

/// R28: another controller of the domain goes on from no cursor of the first; what is done at the first arrives at the
/// second by replication, and an increment there tells of it.
#[tokio::test]
#[ignore = "two controllers take a minute; `cargo xtask test --long` runs it"]
async fn r28_two_controllers() {
    const ACCOUNTS: [&str; 3] = ["r.deleted", "r.named", "r.moved"];
    let first = domain_of_its_own("127.0.0.46");
    let mut tree = Tree::new(Flavour::ActiveDirectory, &first.base, seed());
    change(&first, &mut tree);
    let dn = |name: &str| format!("CN={name},{}", first.base);
    let add = |name: &str| {
        let class = "objectClass: user\nsAMAccountName";
        format!("dn: {}\nchangetype: add\n{class}: {name}\n\n", dn(name))
    };
    modify(&first, &ACCOUNTS.map(add).concat());
    let there = readers(&first).await.map(|(_, reader)| reader.replica);
    let second = first.second_controller("127.0.0.47");
    for reason in go_on(&second, &there, "another controller").await {
        assert!(
            matches!(reason, Some(FullReadReason::OtherServer { .. })),
            "{reason:?}"
        );
    }

    let mut readers = readers(&second).await;
    let [deleted, named, moved] = ACCOUNTS.map(dn);
    let place = |from: &str, name: &str| {
        format!("dn: {from}\nchangetype: modrdn\nnewrdn: CN={name}\ndeleteoldrdn: 1\n")
    };
    let changes = [
        format!("dn: {deleted}\nchangetype: delete\n\n"),
        place(&named, "r.renamed"),
        format!(
            "\n{}newsuperior: OU=Changing,{}\n",
            place(&moved, "r.moved"),
            first.base
        ),
    ];
    modify(&first, &changes.concat());
    replicate(&first, "dc1", "dc2");
    let kept = |dn: String, from: &String| (dn, ChangeKind::Moved { from: from.clone() });
    for (reason, changes) in told(&mut readers, "replicated").await {
        assert_eq!(reason, None);
        let mut told: BTreeMap<_, _> = changes
            .into_iter()
            .map(|change| (change.dn, change.kind))
            .collect();
        let deletion = told.remove(&deleted);
        assert!(matches!(deletion, Some(ChangeKind::Gone { .. })), "{deletion:?}");
        let expected = [
            kept(dn("r.renamed"), &named),
            kept(format!("CN=r.moved,OU=Changing,{}", first.base), &moved),
        ];
        assert_eq!(told, BTreeMap::from(expected));
    }
}

/// Have the controller `to` take from `from` what it has not.
fn replicate(corp: &Domain, from: &str, to: &str) {
    let [from, to] = [from, to].map(|name| format!("{name}.{}", corp.dns_domain));
    let who = format!("{}/administrator%{}", corp.netbios, corp.admin_password);
    let output = corp.exec(&[
        "samba-tool",
        "drs",
        "replicate",
        &to,
        &from,
        &corp.base,
        "-U",
        &who,
    ]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
