//! What an operator of such a directory has, and asks.

use std::ops::Deref;

use adlib_lab::fixture::Refusal;
use serde_json::Value;

use crate::folder::Folder;

/// A configuration that leads to a server.
pub(crate) struct Site(Folder);

impl Deref for Site {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.0
    }
}

impl Site {
    /// With the reader's password.
    pub(crate) fn new(config: &str, password: &str) -> Self {
        Self(Folder::of(&[
            ("adlib.toml", config.as_bytes()),
            ("password", password.as_bytes()),
        ]))
    }

    pub(crate) fn login(&self, name: &str, password: &str) -> Value {
        let call = ["login", name, "--config", "adlib.toml"];
        self.json_with_input(&call, &format!("{password}\n")).1
    }

    /// `name` is refused for what is wrong with the account.
    #[track_caller]
    pub(crate) fn refuses_account(&self, name: &str, password: &str, refusal: Refusal) {
        let reason = match refusal {
            Refusal::Disabled => "disabled",
            Refusal::Locked => "locked",
            Refusal::MustChangePassword => "must-change-password",
            Refusal::PasswordExpired => "password-expired",
            other => panic!("{other:?}"),
        };
        self.refuses(name, password, reason);
    }

    #[track_caller]
    pub(crate) fn refuses(&self, name: &str, password: &str, reason: &str) {
        let verdict = self.login(name, password);
        assert_eq!(verdict["verdict"], "refused", "{name}: {verdict}");
        assert_eq!(verdict["reason"], reason, "{name}: {verdict}");
    }

    pub(crate) fn read_directory(&self) -> Value {
        self.json(&["directory", "read", "--config", "adlib.toml"]).1
    }
}

/// The names of the groups of an identity.
pub(crate) fn groups(verdict: &Value) -> Vec<&str> {
    let groups = verdict["groups"].as_array().unwrap().iter();
    let mut names: Vec<&str> = groups.map(|group| group["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    names
}
