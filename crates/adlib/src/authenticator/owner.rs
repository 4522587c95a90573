//! Which of two directories decides (R40): the one that owns the user's record, and nowhere else.

use adlib_schema::record::User;
use tokio::time::timeout_at;

use super::{
    Inner,
    attempt::{Leg, Ongoing},
    source::{Absence, Account, Proven, SignInSource},
};
use crate::{AuditEvent, Error, ListedBy, Reason, Refusal, SignInError, SourceRole};

impl Inner {
    /// Who signs in, if anybody does.
    pub(super) async fn decide(&self, ongoing: &Ongoing<'_>) -> Result<Proven, SignInError> {
        let Some(secondary) = &self.secondary else {
            return self.primary.sign_in(ongoing).await;
        };
        match self.owner(ListedBy::Name(ongoing.name)).await? {
            Some(owner) => {
                ongoing.record(AuditEvent::OwnedBy(owner));
                match owner {
                    SourceRole::Primary => self.primary.sign_in(ongoing).await,
                    SourceRole::Secondary => match secondary.find(ongoing).await {
                        Ok(account) => self.unless_the_primarys(secondary, account, ongoing).await,
                        Err(absence) => Err(secondary.refused(absence, ongoing).await),
                    },
                }
            }
            None => self.by_either(secondary, ongoing).await,
        }
    }

    /// The source that owns a record of the user list.
    async fn owner(&self, wanted: ListedBy<'_>) -> Result<Option<SourceRole>, Error> {
        match self.admission.list() {
            Some(list) => list.owner(wanted).await,
            None => Ok(None),
        }
    }

    /// The primary source is asked first. Only that it proves to have no such user lets the secondary one be asked.
    async fn by_either(
        &self,
        secondary: &SignInSource,
        ongoing: &Ongoing<'_>,
    ) -> Result<Proven, SignInError> {
        let not_there = match self.primary.find(ongoing).await {
            Ok(account) => return self.primary.prove(account, ongoing).await,
            Err(Absence::NotThere(refusal) | Absence::NoName(refusal)) => refusal,
            Err(Absence::Undecided(refusal)) => return Err(refusal.into()),
            Err(Absence::Failed(error)) => return self.without_primary(secondary, ongoing, error).await,
        };
        ongoing.record(AuditEvent::SecondaryAsked(&not_there));
        match secondary.find(ongoing).await {
            Ok(account) => self.of_secondary(secondary, account, ongoing).await,
            // The secondary one has no better reason than that nobody is called so.
            Err(Absence::NotThere(_) | Absence::NoName(_)) => Err(not_there.into()),
            Err(Absence::Undecided(refusal)) => Err(refusal.into()),
            Err(Absence::Failed(error)) => Err(error.into()),
        }
    }

    /// The list knows the typed name as one of the secondary source's; `account` is who is called so now.
    async fn unless_the_primarys(
        &self,
        secondary: &SignInSource,
        account: Account,
        ongoing: &Ongoing<'_>,
    ) -> Result<Proven, SignInError> {
        let key = &account.user().key;
        match self.owner(ListedBy::Entry(SourceRole::Secondary, key)).await? {
            Some(SourceRole::Primary) => Err(of_the_primary(account.user()).into()),
            _ => secondary.prove(account, ongoing).await,
        }
    }

    /// `account` of the secondary source stands for the typed name: it decides, unless the record is the primary's, as it
    /// is when both know the same user name (R29).
    async fn of_secondary(
        &self,
        secondary: &SignInSource,
        account: Account,
        ongoing: &Ongoing<'_>,
    ) -> Result<Proven, SignInError> {
        let user = account.user();
        match self
            .owner(ListedBy::Entry(SourceRole::Secondary, &user.key))
            .await?
        {
            Some(SourceRole::Secondary) => return secondary.prove(account, ongoing).await,
            Some(SourceRole::Primary) => return Err(of_the_primary(user).into()),
            None => {}
        }
        let Some(name) = secondary.directory.user_name().of(user) else {
            return secondary.prove(account, ongoing).await;
        };
        match self.primary.find_user_name(name).await {
            Ok(Some(owned)) => self.primary.prove(owned, ongoing).await,
            Ok(None) => secondary.prove(account, ongoing).await,
            Err(Absence::Failed(error)) => Err(error.into()),
            Err(Absence::Undecided(refusal) | Absence::NotThere(refusal) | Absence::NoName(refusal)) => {
                Err(refusal.into())
            }
        }
    }

    /// The primary source cannot be asked. That concerns whom the secondary one owns only where the user list says so.
    async fn without_primary(
        &self,
        secondary: &SignInSource,
        ongoing: &Ongoing<'_>,
        error: Error,
    ) -> Result<Proven, SignInError> {
        if self.admission.list().is_none() {
            return Err(error.into());
        }
        let Ok(account) = secondary.find(ongoing).await else {
            return Err(error.into());
        };
        let key = &account.user().key;
        match self.owner(ListedBy::Entry(SourceRole::Secondary, key)).await? {
            Some(SourceRole::Secondary) => secondary.prove(account, ongoing).await,
            _ => Err(error.into()),
        }
    }

    /// After a refusal, whatever was not asked of a source yet: who is unknown, and who has another password in which
    /// source, must look alike from outside (R9). What comes of it does not matter.
    pub(super) async fn even_out(&self, ongoing: &Ongoing<'_>) {
        let sources = || std::iter::once(&self.primary).chain(&self.secondary);
        for source in sources() {
            let _ = timeout_at(ongoing.until, source.make_spared(ongoing.spared(source.role))).await;
        }
        if self.secondary.is_none() || !ongoing.has_asked() {
            return;
        }
        for source in sources() {
            if !ongoing.asked(source.role, Leg::Account) {
                let _ = timeout_at(ongoing.until, source.find(ongoing)).await;
            }
            if !ongoing.asked(source.role, Leg::Password) {
                let _ = timeout_at(ongoing.until, source.stand_in(ongoing)).await;
            }
        }
    }
}

/// `user` of the secondary source belongs to a record that the primary one decides about.
fn of_the_primary(user: &User) -> Refusal {
    let dn = &user.dn;
    let detail = format!("the record of {dn} is the primary source's, which has no account of this name");
    Refusal::new(Reason::UnknownUser, detail)
}
