//! What can be told from outside by a stopwatch (R9, A46).

use std::time::{Duration, Instant};

use crate::site::{Site, sign_in, word};

/// How often each is tried.
const TRIES: usize = 60;

/// How likely a value of `one` is to be below one of `other`: 0.5 where nothing can be told.
fn rank(one: &[Duration], other: &[Duration]) -> f64 {
    let below = one
        .iter()
        .map(|a| other.iter().filter(|b| a < *b).count())
        .sum::<usize>();
    below as f64 / (one.len() * other.len()) as f64
}

/// R9, A46: how long a refusal takes does not tell whether the user exists.
#[tokio::test]
#[ignore = "measures: for a quiet machine"]
async fn a46_time_does_not_tell_who_exists() {
    let corp = adlib_lab::corp();
    let site = Site::of_both_domains(&corp);
    for mode in ["modern", "legacy"] {
        let authenticator = site.authenticator(mode).await;
        let (mut wrong, mut unknown) = (Vec::new(), Vec::new());
        for number in 0..TRIES * 2 {
            let (name, times, reason) = match number % 2 {
                0 => ("zoe@corp.example.com", &mut wrong, "wrong-password"),
                _ => ("zoo@corp.example.com", &mut unknown, "unknown-user"),
            };
            let began = Instant::now();
            let outcome = sign_in(&authenticator, name, "not the password").await;
            times.push(began.elapsed());
            assert_eq!(word(&outcome), reason);
        }
        let rank = rank(&wrong, &unknown);
        wrong.sort();
        unknown.sort();
        let (wrong, unknown) = (wrong[TRIES / 2], unknown[TRIES / 2]);
        println!("{mode}: wrong {wrong:?}, unknown {unknown:?} (medians), rank {rank:.2}");
        assert!(
            (0.2..=0.8).contains(&rank),
            "{mode}: the times tell them apart: {rank:.2}"
        );
    }
}
