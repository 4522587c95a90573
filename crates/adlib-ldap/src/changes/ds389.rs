//! Changes by the content synchronisation of 389 DS, which is RFC 4533's in part.
//!
//! After a cookie it tells from its change log which entries changed or are gone. The entries come with all attributes of
//! users and with none of the server's own, whatever was asked for, so they are read again; no list of what is present
//! comes, although the answer's end says so. Changes that its log holds without an identity, as it does unless told
//! otherwise, are not told at all; nothing but the cookie shows that there were some.

use std::collections::HashSet;

use adlib_schema::read::changes::{
    Delivered, EntryId, Event, FullReadReason, Increment, Mark, Method, Place, Presence,
};

use super::{Reading, Stop, server::Server, syncrepl::Refresh};

/// Why a cookie that moves on without a change cannot be trusted.
const UNTOLD: &str = "the change log went on and no change was told; these were elsewhere, or undone, or the log lacks \
                      `nsslapd-attribute: nsuniqueid:targetUniqueId`";

impl Reading<'_> {
    /// What changed since `mark`.
    pub(super) async fn changes_of_ds389(
        &mut self,
        place: &Place,
        mark: &Mark,
        server: &Server,
    ) -> Result<Increment, Stop> {
        let told = self.refresh(Some(&mark.position), Refresh::of_ids()).await?;
        let position = told.cookie.unwrap_or_else(|| mark.position.clone());
        let mut events = told.events;
        if events.is_empty() && told.changed.is_empty() && position != mark.position {
            return Err(FullReadReason::NoMethod(UNTOLD.to_owned()).into());
        }
        let changed: Vec<_> = told.changed.into_iter().collect();
        let found = self.by_ids(&changed).await?;
        let seen: HashSet<_> = found.iter().map(Delivered::id).collect();
        // What changed and is not found may no longer be seen, or was deleted since.
        let lost: Vec<EntryId> = changed
            .into_iter()
            .filter(|id| !seen.contains(id) && place.contains(*id))
            .collect();
        self.are_gone(place, &lost, &[]).await?;
        events.extend(lost.into_iter().map(Event::Lost));
        events.extend(found.into_iter().map(|entry| Event::Entry(Box::new(entry))));
        let mark = self.mark(Method::Syncrepl, server, position);
        self.complete(place, events, Presence::Told, mark).await
    }
}
