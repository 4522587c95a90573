//! Active Directory: domains of a test's own, for what the lab's must not go through. They take a minute each.

use adlib_lab::{OwnDomain, domain_of_its_own};
use adlib_schema::read::changes::{FullReadReason, Replica};

use super::{
    active_directory::{compare, modify, readers},
    seed,
    tree::{Flavour, Tree},
};

/// Change something a few times over.
fn change(corp: &OwnDomain, tree: &mut Tree) {
    for _ in 0..16 {
        tree.change();
    }
    modify(corp, &tree.ldif());
}

/// Everybody who reads goes on from one of `replicas`, and has what is there now; why each read everything.
async fn go_on(corp: &OwnDomain, replicas: &[Replica; 5], when: &str) -> Vec<Option<FullReadReason>> {
    let mut readers = readers(corp).await;
    for ((_, reader), replica) in readers.iter_mut().zip(replicas) {
        reader.replica = replica.clone();
    }
    let reasons = compare(&mut readers, when).await;
    println!("{when}: {reasons:?}");
    reasons
}

/// R28: a controller that is put back to an older copy of its database, as a machine is and as Samba's tool does it.
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

    corp.restore_as_another();
    let mut tree = Tree::new(Flavour::ActiveDirectory, &format!("OU=Company,{}", corp.base), 1);
    for when in ["restored", "restored, and written to since"] {
        for reason in go_on(&corp, &newer, when).await {
            assert!(
                matches!(reason, Some(FullReadReason::Restored(_))),
                "{when}: {reason:?}"
            );
        }
        // Until the numbers have caught up, and beyond.
        for _ in 0..4 {
            change(&corp, &mut tree);
        }
    }
    let mut readers = readers(&corp).await;
    for when in ["a change later", "two changes later"] {
        change(&corp, &mut tree);
        let reasons = compare(&mut readers, when).await;
        assert!(reasons.iter().all(Option::is_none), "{when}: {reasons:?}");
    }
}
