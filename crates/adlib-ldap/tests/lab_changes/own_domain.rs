//! Active Directory: domains of a test's own, for what the lab's must not go through. They take a minute each.

use adlib_lab::{Domain, domain_of_its_own};
use adlib_schema::read::changes::{FullReadReason, Replica};

use super::{
    active_directory::{compare, modify, readers},
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
    let mut readers = readers(corp).await;
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

/// R28: another controller of the domain goes on from no cursor of the first.
#[tokio::test]
#[ignore = "two controllers take a minute; `cargo xtask test --long` runs it"]
async fn r28_two_controllers() {
    let first = domain_of_its_own("127.0.0.46");
    let mut tree = Tree::new(Flavour::ActiveDirectory, &first.base, seed());
    change(&first, &mut tree);
    let there = readers(&first).await.map(|(_, reader)| reader.replica);
    let second = first.second_controller("127.0.0.47");
    for reason in go_on(&second, &there, "another controller").await {
        assert!(
            matches!(reason, Some(FullReadReason::OtherServer { .. })),
            "{reason:?}"
        );
    }
}
