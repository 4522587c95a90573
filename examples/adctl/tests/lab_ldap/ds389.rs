//! `adctl` against a real 389 Directory Server.

use adlib_lab::ds389::{self, Server};

use crate::{
    folder::ldap_server,
    site::{Site, groups},
};

/// In the schema of `preset`, or in the one that the server is found to have.
fn configured(server: &Server, preset: &str) -> Site {
    let url = format!("ldaps://{}", server.ip);
    let (ca_file, reader) = (&server.ca_file, server.dn(ds389::SYNC));
    let directory = ldap_server(preset, url, &server.base, ca_file, reader);
    Site::new(&format!("[directory]{directory}"), &server.service_password)
}

/// R39: the filter finds the user, a bind decides, and the groups count, nested, in circles and of either class.
#[test]
fn r39_a_user_of_389_ds_signs_in() {
    let server = adlib_lab::ds389();
    for preset in ["389-ds", "auto"] {
        let site = configured(&server, preset);
        let alice = site.login(ds389::USER, &server.user_password);
        assert_eq!(alice["verdict"], "accepted", "{alice}");
        let circle = ["cycle-a", "cycle-b", "engineers"].map(|group| format!("example.net\\{group}"));
        assert_eq!(groups(&alice), circle);
    }
    let site = configured(&server, "389-ds");
    let bob = site.login("BOB", &server.user_password);
    let nested = ["leaving", "nest-1", "nest-2", "nest-3", "unique"];
    assert_eq!(groups(&bob), nested.map(|group| format!("example.net\\{group}")));
}

/// R9, R39: what the server says of an account becomes the reasons that Active Directory has.
#[test]
fn r39_refusals_of_389_ds() {
    let server = adlib_lab::ds389();
    let site = configured(&server, "389-ds");
    for (name, refusal) in ds389::REFUSED {
        site.refuses_account(name, &server.user_password, refusal);
    }
    site.refuses(ds389::USER, "wrong", "wrong-password");
    site.refuses(ds389::USER, "", "wrong-password");
    site.refuses("nobody", &server.user_password, "unknown-user");
    site.refuses(ds389::GONE, &server.user_password, "unknown-user");
    site.refuses(ds389::NO_PASSWORD, "any", "wrong-password");
}

/// R23, R27: everything, but for the account that is disabled.
#[test]
fn r27_reads_of_389_ds() {
    let server = adlib_lab::ds389();
    let site = configured(&server, "auto");
    let read = site.read_directory();
    assert_eq!(read["complete"], true, "{read}");
    assert_eq!(read["users"].as_array().unwrap().len(), 165);
    assert_eq!(read["groups"].as_array().unwrap().len(), 10);
}
