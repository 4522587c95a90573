//! Who answers, and from which incarnation of its database.

use adlib_core::UnixTime;
use adlib_schema::{
    AttributeName, Filter, Preset, RawEntry, RootDse, lookup,
    read::changes::{Delivered, EntryId, FullReadReason, Mark, Method, Settings},
};

use super::Reading;
use crate::{Error, Scope};

const SYNC_REQUEST: &str = "1.3.6.1.4.1.4203.1.9.1.1";
const OBJECT_CLASS: AttributeName = AttributeName::from_static("objectClass");

/// What a server says of itself.
#[derive(Debug)]
pub(super) struct Server {
    name: String,
    database: String,
    highest_usn: Option<u64>,
    controls: Vec<String>,
    /// What 389 DS calls the time at which it began to serve its database.
    ds389_version: Option<String>,
    /// What time it says it is, before anything is read.
    time: Option<UnixTime>,
    /// Whom the account is, as far as the server tells: its SIDs.
    account: Vec<String>,
}

impl Server {
    /// Whether it has content synchronisation.
    pub(super) fn synchronises_content(&self) -> bool {
        self.controls.iter().any(|control| control == SYNC_REQUEST)
    }

    /// Whether it is 389 DS, whose content synchronisation is its own.
    pub(super) const fn is_ds389(&self) -> bool {
        self.ds389_version.is_some()
    }

    /// The highest committed update sequence number, which is asked for before anything is read (D9).
    pub(super) fn highest_usn(&self) -> Result<u64, FullReadReason> {
        let unknown = || FullReadReason::NoMethod("the server tells no highestCommittedUSN".to_owned());
        self.highest_usn.ok_or_else(unknown)
    }

    /// That its database is no copy from before the update sequence number `then`.
    pub(super) fn is_not_before(&self, then: u64) -> Result<(), FullReadReason> {
        let now = self.highest_usn()?;
        if now < then {
            let what = format!("its highest USN was {then} and is {now}");
            return Err(FullReadReason::Restored(what));
        }
        Ok(())
    }

    /// What time it says it is, in seconds since 1970; the first of them when it says nothing.
    pub(super) fn seconds(&self) -> i64 {
        self.time.map_or(0, UnixTime::seconds)
    }

    /// The highest number as a position.
    pub(super) fn usn(&self) -> Result<Vec<u8>, FullReadReason> {
        Ok(self.highest_usn()?.to_string().into_bytes())
    }
}

impl Reading<'_> {
    /// What the server says of itself.
    pub(super) async fn ask_server(&mut self) -> Result<Server, Error> {
        let root = self.reader.connection.root_dse().await?;
        let (name, database) = if self.reader.is_active_directory() {
            let settings = root.text("dsServiceName").unwrap_or_default().to_owned();
            let incarnation = self.first_of(&settings, "invocationId").await?;
            (settings, incarnation)
        } else {
            let preset = self.reader.mapper.schema().preset;
            let base = self.reader.base;
            let made = self.first_of(base, EntryId::attribute(preset)).await?;
            (self.reader.connection.endpoint().to_owned(), made)
        };
        let mut account: Vec<String> = lookup::security_context(&root)
            .iter()
            .map(ToString::to_string)
            .collect();
        account.sort_unstable();
        let is_ds389 = Preset::detect(&root) == Some(Preset::Ds389);
        let version = || root.text("dataversion").unwrap_or_default().to_owned();
        Ok(Server {
            name,
            ds389_version: is_ds389.then(version),
            database,
            highest_usn: root.text("highestCommittedUSN").and_then(|usn| usn.parse().ok()),
            controls: root.texts("supportedControl").map(str::to_owned).collect(),
            time: RootDse::of(&root).time,
            account,
        })
    }

    /// The first value of an attribute of one entry, in hexadecimal digits; empty when it may not be seen.
    async fn first_of(&mut self, dn: &str, attribute: &str) -> Result<String, Error> {
        let filter = Filter::present(OBJECT_CLASS);
        let found = self
            .reader
            .connection
            .search(dn, Scope::Base, &filter, &[attribute])
            .await;
        let entry = match found {
            Ok(found) => found.entries.into_iter().next(),
            Err(error) if error.is_an_answer() => None,
            Err(error) => return Err(error),
        };
        let value = entry.as_ref().and_then(|entry: &RawEntry| entry.first(attribute));
        Ok(value
            .unwrap_or_default()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect())
    }

    /// The mark of a reader by `method` at `position`.
    pub(super) fn mark(&self, method: Method, server: &Server, position: Vec<u8>) -> Mark {
        let schema = self.reader.mapper.schema();
        let parts = [
            format!("{schema:?}"),
            Delivered::attributes(schema).join(" "),
            self.reader.base.to_owned(),
            self.reader.account.to_owned(),
            server.account.join(" "),
        ];
        let mut database = server.database.clone();
        // A copy that is restored numbers its changes anew; nothing but the restart shows it.
        if let (Method::Syncrepl, Some(version)) = (method, &server.ds389_version) {
            database = format!("{database} as of {version}");
        }
        Mark::new(
            method,
            Settings::of(parts),
            server.name.as_str(),
            database,
            position,
        )
        .at(server.time)
    }
}
