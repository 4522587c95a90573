//! What a verification asks of the heap: nothing until somebody is accepted.

#![allow(clippy::unwrap_used, reason = "tests")]

use adlib_kerberos::{EncryptionType, Fresh, PendingReplay, UnverifiedApReq};

#[allow(dead_code, reason = "shared with the bench, which uses more of it")]
mod kerberos_scene;

use kerberos_scene::Scene;

/// Everything but the replay cache.
fn verify<'b>(scene: &'b Scene, token: &[u8], buffer: &'b mut Vec<u8>) -> PendingReplay<'b> {
    let request = UnverifiedApReq::decode(token).unwrap();
    let decrypted = request.decrypt_in(buffer, &scene.keytab, &scene.policy).unwrap();
    decrypted.check(&scene.policy, scene.time(), None).unwrap()
}

/// A16: whoever sends messages that are refused, or that came before, costs no memory.
#[test]
fn a16_the_way_to_the_verdict_allocates_nothing() {
    for etype in EncryptionType::ALL {
        let scene = Scene::new(etype).unwrap();
        let token = scene.tokens(1).remove(0);
        let mut buffer = Vec::with_capacity(token.len());
        let verified = allocation_counter::measure(|| drop(verify(&scene, &token, &mut buffer)));
        assert_eq!(verified.count_total, 0, "{etype}");

        let pending = verify(&scene, &token, &mut buffer);
        let mut accepted = None;
        let kept = allocation_counter::measure(|| {
            accepted = Some(pending.accept(Fresh::danger_unchecked()));
        });
        // The client's name and realm, the PAC, the key that was tried; the SIDs wait until somebody asks.
        let length = u64::try_from(scene.pac.len()).unwrap();
        assert!(kept.bytes_total < length + 500, "{etype}: {kept:?}");
        let pac = accepted.as_ref().unwrap().pac().unwrap();
        let read = allocation_counter::measure(|| assert_eq!(pac.groups().len(), 52));
        assert!(read.count_total > 0, "{etype}");
        let again = allocation_counter::measure(|| assert_eq!(pac.groups().len(), 52));
        assert_eq!(again.count_total, 0, "{etype}");
    }
}
