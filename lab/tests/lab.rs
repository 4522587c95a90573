//! The lab is what its description says.

use adlib_lab::{Domain, corp, directory_change, exec, fixture, openldap, openldap_change};

const DN_OF_ADA: &str = "CN=Ada Lovelace,OU=Engineering,OU=Berlin,OU=Company";

/// The values of `attribute` that a search for `filter` brings, by a client that is not ours.
fn search(domain: &Domain, filter: &str, attribute: &str) -> Vec<String> {
    let found = client(
        domain,
        fixture::SYNC,
        &domain.service_password,
        &format!(
            "ldapsearch -LLL -o ldif-wrap=no -b '{}' '{filter}' {attribute}",
            domain.base
        ),
    );
    let prefix = format!("{attribute}: ");
    found
        .lines()
        .filter_map(|line| Some(line.strip_prefix(&prefix)?.to_owned()))
        .collect()
}

/// What the OpenLDAP client of `command` prints, bound as `account`.
fn client(domain: &Domain, account: &str, password: &str, command: &str) -> String {
    let bind = format!(
        "-x -H ldaps://{} -D {} -w {password}",
        domain.ip,
        domain.upn(account)
    );
    let (tool, rest) = command.split_once(' ').unwrap_or((command, ""));
    let output = exec(&["bash", "-c", &format!("{tool} {bind} {rest}")]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_fixtures_are_there() {
    let corp = corp();
    assert!(corp.keytab.exists());
    for (account, _) in fixture::REFUSED {
        let found = search(&corp, &format!("(sAMAccountName={account})"), "sAMAccountName");
        assert_eq!(found, [account]);
    }
    let members = search(&corp, &format!("(cn={})", fixture::BIG_GROUP), "member");
    assert_eq!(members.len(), fixture::BIG_GROUP_MEMBERS);
}

#[test]
fn the_controllers_give_their_keys() {
    let keytab = corp().controllers_keytab();
    // The file format's version, 2.
    assert!(keytab.starts_with(&[5, 2]));
    assert!(keytab.windows(6).any(|bytes| bytes == b"krbtgt"));
}

/// Through the trust, by two clients that are not ours: NTLM across it, and a ticket of the one for a service of the other.
#[test]
fn the_second_domain_is_there_and_trusts_the_first() {
    let corp = corp();
    let found = exec(&[
        "bash",
        "-c",
        &format!(
            "ldbsearch -H ldap://{} -U '{}\\{}%{}' --use-kerberos=off -b {} '(sAMAccountName={})' userPrincipalName",
            corp.staff.host,
            corp.netbios,
            fixture::SYNC,
            corp.service_password,
            corp.staff.base,
            fixture::STAFF_NAMESAKE,
        ),
    ]);
    let found = String::from_utf8_lossy(&found.stdout).into_owned();
    let upn = format!("userPrincipalName: {}", corp.staff.upn(fixture::STAFF_NAMESAKE));
    assert!(found.lines().any(|line| line == upn), "{found}");

    let ticket = exec(&[
        "bash",
        "-c",
        &format!(
            "export KRB5CCNAME=$(mktemp); kinit {}@{} <<< {} && kvno {}; kdestroy -q",
            fixture::STAFF_NAMESAKE,
            corp.staff.realm,
            corp.user_password,
            corp.http_service,
        ),
    ]);
    let ticket = String::from_utf8_lossy(&ticket.stdout).into_owned();
    assert!(
        ticket.contains(&format!("{}@{}: kvno = 1", corp.http_service, corp.realm)),
        "{ticket}"
    );
}

#[test]
fn a_change_is_gone_when_the_guard_is() {
    let ada = format!("(sAMAccountName={})", fixture::ORDINARY);
    let change = directory_change();
    let edit = format!(
        "ldapmodify <<< $'dn: {DN_OF_ADA},{}\\nchangetype: modify\\nreplace: pager\\npager: 1\\n'",
        change.base
    );
    client(&change, fixture::ADMINISTRATOR, &change.admin_password, &edit);
    assert_eq!(search(&change, &ada, "pager"), ["1"]);
    drop(change);
    assert_ne!(search(&corp(), &ada, "pager"), ["1"]);
}

/// How many entries below `base` `ldapsearch` finds for `account`, with `options`.
fn count(server: &openldap::Server, base: &str, account: &str, options: &[&str]) -> usize {
    let uri = format!("ldaps://{}", server.ip);
    let name = server.dn(account);
    let password = &server.service_password;
    let mut command = vec![
        "ldapsearch",
        "-x",
        "-LLL",
        "-H",
        &uri,
        "-D",
        &name,
        "-w",
        password,
    ];
    command.extend(["-b", base]);
    command.extend(options);
    command.extend(["(uid=*)", "dn"]);
    let output = server.exec(&command);
    let found = String::from_utf8_lossy(&output.stdout);
    found.lines().filter(|line| line.starts_with("dn:")).count()
}

#[test]
fn openldap_holds_both_schemas_and_its_limits() {
    let server = openldap();
    assert_eq!(count(&server, &server.base, openldap::SYNC, &[]), 164);
    assert_eq!(count(&server, &server.unix_base, openldap::SYNC, &[]), 125);
    let pages = ["-E", "pr=50/noprompt"];
    assert_eq!(count(&server, &server.base, openldap::LIMITED, &pages), 100);
}

#[test]
fn openldap_is_reset_after_a_change() {
    let change = openldap_change();
    change.modify(&format!(
        "dn: {}\nchangetype: delete\n",
        change.dn(openldap::NESTED)
    ));
    assert_eq!(count(&change, &change.base, openldap::SYNC, &[]), 163);
    drop(change);
    let server = openldap();
    assert_eq!(count(&server, &server.base, openldap::SYNC, &[]), 164);
}

#[test]
fn ds389_is_reset_after_a_change() {
    let users = |server: &adlib_lab::ds389::Server| {
        let uri = format!("ldaps://{}", server.ip);
        let (name, password) = (server.dn(adlib_lab::ds389::SYNC), &server.service_password);
        let login = ["-D", &name, "-w", password, "-b", &server.base];
        let command = [
            &["ldapsearch", "-x", "-LLL", "-H", &uri],
            &login[..],
            &["(uid=*)", "dn"],
        ]
        .concat();
        let output = server.exec(&command);
        let found = String::from_utf8_lossy(&output.stdout);
        found.lines().filter(|line| line.starts_with("dn:")).count()
    };
    let change = adlib_lab::ds389_change();
    assert_eq!(users(&change), 166);
    change.modify(&format!(
        "dn: {}\nchangetype: delete\n",
        change.dn(adlib_lab::ds389::NESTED)
    ));
    assert_eq!(users(&change), 165);
    drop(change);
    assert_eq!(users(&adlib_lab::ds389()), 166);
}
