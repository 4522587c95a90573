//! Many at once, and controllers that come and go.

use std::{net::SocketAddr, time::Duration};

use adlib::Authenticator;
use adlib_lab::Domain;

use crate::{
    proxy::{Proxy, State},
    site::{Site, sign_in, word},
};

/// Held by each test here: short deadlines say nothing while two hundred others are being signed in.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// CORP's controller behind two proxies, as LDAP server and as KDC.
struct Fragile {
    site: Site,
    ldap: Proxy,
    kdc: Proxy,
}

impl Fragile {
    async fn new(corp: &Domain, deadline: &str) -> Self {
        let ldap = Proxy::before(corp.ldaps()).await;
        let kdc = Proxy::before(SocketAddr::new(corp.ip, 88)).await;
        let mut site = Site::new(corp);
        site.controllers = format!("[\"{}\"]", ldap.at);
        site.signin = format!("kdc = [\"{}\"]\ndeadline = \"{deadline}\"\n", kdc.at);
        Self { site, ldap, kdc }
    }

    fn set(&self, state: State) {
        self.ldap.set(state);
        self.kdc.set(state);
    }
}

/// As many sign-ins at once, every third with a wrong password; what came of each.
async fn many(authenticator: &Authenticator, corp: &Domain, count: usize) -> Vec<(bool, String)> {
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..count {
        let (authenticator, right) = (authenticator.clone(), number % 3 != 0);
        let name = corp.upn(["ada", "alan", "deep", "zoe"][number % 4]);
        let password = if right {
            corp.user_password.clone()
        } else {
            "wrong".to_owned()
        };
        tasks.spawn(async move { (right, word(&sign_in(&authenticator, &name, &password).await)) });
    }
    tasks.join_all().await
}

/// Every verdict of `outcomes` is right; how many there are.
fn verdicts(outcomes: &[(bool, String)]) -> usize {
    let decided = outcomes.iter().filter(|(_, word)| word != "nobody to ask");
    let wrong = |(right, word): &&(bool, String)| match right {
        true => !word.contains(" by "),
        false => word != "wrong-password",
    };
    assert_eq!(decided.clone().find(wrong), None, "{outcomes:?}");
    decided.count()
}

/// R9: 200 sign-ins at once, each with its own verdict.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r09_two_hundred_at_once() {
    let _alone = ALONE.lock().await;
    let corp = adlib_lab::corp();
    let mut site = Site::new(&corp);
    site.signin = "deadline = \"120s\"\n".to_owned();
    let authenticator = site.authenticator("auto").await;
    let outcomes = many(&authenticator, &corp, 200).await;
    assert_eq!(verdicts(&outcomes), 200, "all were decided");
}

/// R9: a controller that is taken away in the middle gives no wrong verdict, whether it refuses or is silent, and the same
/// authenticator goes on when it is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r09_a_controller_that_comes_and_goes() {
    let _alone = ALONE.lock().await;
    let corp = adlib_lab::corp();
    let fragile = Fragile::new(&corp, "4s").await;
    let authenticator = fragile.site.authenticator("auto").await;
    for gone in [State::Down, State::Silent] {
        let ada = sign_in(&authenticator, &corp.upn("ada"), &corp.user_password).await;
        assert_eq!(word(&ada), "ada by kerberos");
        let taken_away = async {
            tokio::time::sleep(Duration::from_millis(150)).await;
            fragile.set(gone);
        };
        let (outcomes, ()) = tokio::join!(many(&authenticator, &corp, 24), taken_away);
        verdicts(&outcomes);
        let outcomes = many(&authenticator, &corp, 3).await;
        assert_eq!(verdicts(&outcomes), 0, "nobody is there: {outcomes:?}");
        fragile.set(State::Up);
    }
    let ada = sign_in(&authenticator, &corp.upn("ada"), &corp.user_password).await;
    assert_eq!(word(&ada), "ada by kerberos");
}

/// R4, R5: a silent controller is passed over for the next one. A KDC that takes connections and is silent is there, so
/// that NTLM does not take its place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r04_a_silent_controller_is_passed_over() {
    let _alone = ALONE.lock().await;
    let corp = adlib_lab::corp();
    let mut fragile = Fragile::new(&corp, "8s").await;
    fragile.set(State::Silent);
    fragile.site.controllers = format!("[\"{}\", \"{}\"]", fragile.ldap.at, corp.ip);
    let mut by_itself = Site::new(&corp);
    by_itself.signin = format!("kdc = [\"{}\"]\ndeadline = \"8s\"\n", fragile.kdc.at);
    let authenticator = by_itself.authenticator("auto").await;
    let outcome = sign_in(&authenticator, &corp.upn("ada"), &corp.user_password).await;
    assert_eq!(word(&outcome), "nobody to ask");
    by_itself.signin = "deadline = \"8s\"\n".to_owned();
    by_itself.controllers.clone_from(&fragile.site.controllers);
    let authenticator = by_itself.authenticator("auto").await;
    let outcome = sign_in(&authenticator, &corp.upn("ada"), &corp.user_password).await;
    assert_eq!(word(&outcome), "ada by kerberos", "another controller");
}
