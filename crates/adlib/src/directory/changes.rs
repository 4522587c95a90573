//! What changed in a directory since it was last read (R28).

use adlib_ldap::ChangeReader;
use adlib_schema::read::{
    DirectoryRead,
    changes::{Change, FullReadReason, Method, Replica, across_places},
};

use super::{Directory, LdapSource, MapperRules, Progress, Source, ldap::mapper};
use crate::Error;

/// What changed in a directory.
#[derive(Debug)]
#[non_exhaustive]
pub struct Changes {
    /// What became of each record that is not as it was.
    pub changes: Vec<Change>,
    /// How each domain was read.
    pub domains: Vec<ChangedDomain>,
    /// The directory as it is now: what a full read would give.
    pub read: DirectoryRead,
}

/// How one domain was read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangedDomain {
    /// The domain, or the DN of the tree.
    pub domain: String,
    /// The method by which the next read goes on.
    pub method: Method,
    /// Why this method.
    pub why: String,
    /// Why everything was read; `None` when only the changes were.
    pub full: Option<FullReadReason>,
    /// How many entries the server sent.
    pub entries: usize,
}

impl Directory {
    /// The same directory, whose changes are read by `method`; `None`, which is the default, takes the best that the server
    /// and the account's rights allow.
    #[must_use]
    pub fn with_delta(mut self, method: Option<Method>) -> Self {
        self.delta = method;
        self
    }

    /// Why a synchronisation reads it whole each time; `None` when it tells what changed.
    #[cfg(feature = "sync")]
    pub(crate) fn why_whole(&self) -> Option<&'static str> {
        match &self.source {
            Source::Ldif(_) => Some("files do not tell what changed in them"),
            Source::Ldap(_) if self.delta == Some(Method::Full) => {
                Some("the configuration asks for full reads")
            }
            Source::Ldap(source) if !source.referrals.is_empty() => {
                Some("referrals are followed by full reads only")
            }
            Source::Ldap(_) => None,
        }
    }

    /// What changed since `replica` was brought up to date, which it is again afterwards. A replica that is new, or whose
    /// cursor the server, the settings or the account have outlived, is read whole; the reason is in the answer.
    ///
    /// ```no_run
    /// use adlib::{Directory, schema::read::changes::Replica};
    ///
    /// # async fn changes(directory: Directory) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut replica = match std::fs::read("corp.replica") {
    ///     Ok(bytes) => Replica::decode(&bytes)?,
    ///     Err(_) => Replica::default(),
    /// };
    /// let changes = directory.changes_since(&mut replica).await?;
    /// for change in &changes.changes {
    ///     println!("{}: {:?}", change.dn, change.kind);
    /// }
    /// std::fs::write("corp.replica", replica.encode())?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Referrals are followed by full reads only: a directory that has some is incomplete here.
    ///
    /// # Errors
    /// `Unreachable` and `Directory` when a server cannot be asked, or cut its answer short; `Configuration` for files,
    /// which do not tell what changed. The replica is as before then.
    pub async fn changes_since(&self, replica: &mut Replica) -> Result<Changes, Error> {
        self.changes_with_progress(replica, |_| {}).await
    }

    /// The same; `progress` is told how far it has come.
    ///
    /// # Errors
    /// As [`Directory::changes_since`].
    pub async fn changes_with_progress(
        &self,
        replica: &mut Replica,
        progress: impl FnMut(&Progress) + Send,
    ) -> Result<Changes, Error> {
        match &self.source {
            Source::Ldif(_) => Err(Error::Configuration(
                "files do not tell what changed in them; read them whole".to_owned(),
            )),
            Source::Ldap(source) => source.changes(&self.rules, self.delta, replica, progress).await,
        }
    }
}

impl LdapSource {
    async fn changes(
        &self,
        rules: &MapperRules,
        wanted: Option<Method>,
        replica: &mut Replica,
        mut progress: impl FnMut(&Progress) + Send,
    ) -> Result<Changes, Error> {
        let account = self.bind.as_ref().map_or("", super::Bind::name);
        let (mut shared, mut told, mut domains) = (None, Vec::new(), Vec::new());
        for place in &self.places {
            let connection = self.connect(place).await?;
            let mapper = match &mut shared {
                Some(mapper) => mapper,
                None => shared.insert(mapper(rules, &connection).await?),
            };
            let mut reader = ChangeReader::new(&connection, mapper, &place.name, &place.base, account);
            reader.page_size = self.page_size;
            let mut at = Progress {
                domain: place.name.clone(),
                entries: 0,
            };
            let mut heard = |entries| {
                at.entries = entries;
                progress(&at);
            };
            let read = reader.read(replica, wanted, &mut heard).await?;
            domains.push(ChangedDomain {
                domain: place.name.clone(),
                method: read.method,
                why: read.why,
                full: read.full,
                entries: read.increment.entries_read,
            });
            told.push((place.name.as_str(), read.increment));
        }
        let mapper = shared.ok_or_else(|| Error::Configuration("no domain is configured".to_owned()))?;
        // Every server has answered to the end: only now the replica changes.
        let names: Vec<&str> = told.iter().map(|(name, _)| *name).collect();
        replica.keep_places(&names);
        let mut changes = Vec::new();
        for (name, increment) in told {
            changes.extend(replica.apply(name, increment, &mapper));
        }
        Ok(Changes {
            changes: across_places(changes),
            domains,
            read: replica.read(&mapper),
        })
    }
}

#[cfg(all(test, feature = "sync"))]
mod tests {
    use super::*;
    use crate::Config;

    /// R28: what is read whole each time says why; referrals are followed by full reads only.
    #[test]
    fn r28_why_a_synchronisation_reads_whole() {
        let directory = |more: &str| {
            let text = format!("[directory]\nurls = [\"ldaps://ldap.example.org\"]\nbase = \"dc=x\"\n{more}");
            let config = Config::parse(&text).unwrap();
            Directory::from_config(&config.directory.unwrap(), &config.sync).unwrap()
        };
        assert_eq!(directory("").why_whole(), None);
        let asked = directory("").with_delta(Some(Method::Full)).why_whole();
        assert!(asked.unwrap().contains("asks for full reads"));
        let referred = directory("referrals = [\"ldaps://b.example.org\"]").why_whole();
        assert!(referred.unwrap().contains("referrals"));
        let files = Directory::from_ldif(["a.ldif"]).why_whole();
        assert!(files.unwrap().contains("files"));
    }
}
