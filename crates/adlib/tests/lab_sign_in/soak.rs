//! Sign-ins for minutes on end, and a controller that is really stopped.

use std::time::{Duration, Instant};

use crate::site::{Site, sign_in, word};

/// How much memory may grow after the first fifth of the time, in KiB.
const GROWTH: usize = 8 * 1024;

fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// R9: ten minutes of sign-ins of every outcome, with memory flat. `ADLIB_SOAK_SECONDS` for another time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes ten minutes"]
async fn r09_memory_stays_flat() {
    let corp = adlib_lab::corp();
    let seconds = std::env::var("ADLIB_SOAK_SECONDS").ok();
    let seconds = seconds.map_or(600, |seconds| seconds.parse().unwrap());
    let (began, lasts) = (Instant::now(), Duration::from_secs(seconds));
    let site = Site::of_both_domains(&corp);
    let authenticators = [
        site.authenticator("auto").await,
        site.authenticator("legacy").await,
    ];
    let (mut count, mut settled) = (0_usize, None);
    while began.elapsed() < lasts {
        let mut tasks = tokio::task::JoinSet::new();
        for authenticator in &authenticators {
            for (name, password, expected) in [
                ("ada@corp.example.com", &*corp.user_password, "ada by "),
                ("mia@staff.example.com", &corp.user_password, "mia by "),
                ("ada@corp.example.com", "wrong", "wrong-password"),
                ("nobody@both.example", "wrong", "unknown-user"),
                ("mia@both.example", "wrong", "ambiguous"),
            ] {
                let (authenticator, password) = (authenticator.clone(), password.to_owned());
                tasks.spawn(async move {
                    let word = word(&sign_in(&authenticator, name, &password).await);
                    assert!(word.starts_with(expected), "{name}: {word}");
                });
            }
        }
        count += tasks.len();
        tasks.join_all().await;
        if began.elapsed() > lasts / 5 {
            settled.get_or_insert_with(resident_kib);
        }
    }
    let (settled, last) = (settled.unwrap(), resident_kib());
    println!("{count} sign-ins in {seconds} s, resident {settled} KiB and at the end {last} KiB");
    assert!(last < settled + GROWTH, "from {settled} to {last} KiB");
}

/// R9: the controllers are stopped and started while users sign in. No verdict is wrong, and the same authenticator goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "restarts the controllers"]
async fn r09_controllers_that_are_restarted() {
    let corp = adlib_lab::directory_change();
    let mut site = Site::new(&corp);
    site.signin = "deadline = \"5s\"\n".to_owned();
    let authenticator = site.authenticator("auto").await;
    let (upn, password) = (corp.upn("ada"), corp.user_password.clone());
    let restarted = tokio::task::spawn_blocking(move || {
        // Another setting, or nothing is restarted; this one is the same to us.
        corp.restart_with("LAB_NTLM", "mschapv2-and-ntlmv2-only");
        corp
    });
    let (mut seen, mut undecided) = (Vec::new(), 0);
    while !restarted.is_finished() {
        for (typed, is_right) in [(&*password, true), ("wrong", false)] {
            let word = word(&sign_in(&authenticator, &upn, typed).await);
            undecided += usize::from(word == "nobody to ask" || word.starts_with("failed: "));
            let is_verdict = word.contains(" by ") || word == "wrong-password";
            assert!(!is_verdict || word.contains(" by ") == is_right, "{word}");
            seen.push(word);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let corp = restarted.await.unwrap();
    println!("{} sign-ins, {undecided} undecided", seen.len());
    assert!(undecided > 0, "the controllers were not away: {seen:?}");
    assert_eq!(
        word(&sign_in(&authenticator, &upn, &password).await),
        "ada by kerberos"
    );
    drop(corp);
}

/// R5, R7: a domain that takes no NTLM from anybody. Nobody's password is called wrong for it.
#[tokio::test]
#[ignore = "restarts the controllers"]
async fn r05_ntlm_is_blocked_in_the_whole_domain() {
    let corp = adlib_lab::directory_change();
    let site = Site::new(&corp).with_simple_bind(&corp);
    let mut without_kdc = Site::new(&corp).with_simple_bind(&corp);
    without_kdc.signin = "kdc = [\"127.0.0.2:9\"]\n".to_owned();
    corp.restart_with("LAB_NTLM", "disabled");
    for (what, site, mode, expected) in [
        ("all is well", &site, "auto", "ada by kerberos"),
        ("all is well", &site, "modern", "ada by kerberos"),
        ("all is well", &site, "legacy", "mechanism-unavailable"),
        ("no KDC", &without_kdc, "auto", "nobody to ask"),
    ] {
        let authenticator = site.authenticator(mode).await;
        let outcome = sign_in(&authenticator, &corp.upn("ada"), &corp.user_password).await;
        assert_eq!(word(&outcome), expected, "{what}, {mode}");
    }
}
