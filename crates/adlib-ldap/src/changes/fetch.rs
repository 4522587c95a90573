//! Entries by page, by identity, and the identities of all.

use std::collections::HashSet;

use adlib_schema::{
    AttributeName, Filter, Mapped, Mapper, RawEntry,
    read::changes::{Delivered, EntryId, Event, FullReadReason, Increment, Mark, Place, Presence},
};

use super::{
    Reading, Stop,
    witnesses::{CHANGE_NUMBER, Witnesses},
};
use crate::{
    Error, Incomplete, Scope, ServerMessage,
    transport::{Control, extended_dn_control},
};

const OBJECT_CLASS: AttributeName = AttributeName::from_static("objectClass");
/// How many identities are put into one filter.
const IDS_A_SEARCH: usize = 100;

/// Deleted entries too, those included that can no longer be brought back (MS-ADTS 3.1.1.3.4.1.14, .27).
pub(super) fn deleted_too() -> Vec<Control> {
    ["1.2.840.113556.1.4.417", "1.2.840.113556.1.4.2064"]
        .map(|name| Control::critical(name, None))
        .into()
}

/// Every entry there is.
pub(super) fn anything() -> Filter {
    Filter::present(OBJECT_CLASS)
}

/// Whether `entry` is a user or a group.
pub(crate) fn is_account(mapper: &Mapper, entry: &RawEntry) -> bool {
    matches!(
        mapper.map(entry, &mut Vec::new()),
        Mapped::User(_) | Mapped::Group(_)
    )
}

/// A DN, to be shown.
pub(crate) fn shown(dn: &str) -> String {
    ServerMessage::new(dn).as_str().to_owned()
}

/// Why changes to a user or group cannot be told.
pub(super) fn unidentified(dn: &str) -> FullReadReason {
    FullReadReason::RightsChanged(format!("the identity of `{}` may not be read", shown(dn)))
}

impl Reading<'_> {
    /// The entries below the base that match `filter`, to the last.
    ///
    /// # Errors
    /// `Incomplete`, and what a search gives.
    pub(super) async fn all(
        &mut self,
        filter: &Filter,
        attributes: &[&str],
        more: Vec<Control>,
        each: impl FnMut(RawEntry) + Send,
    ) -> Result<(), Error> {
        let limit = self.reader.connection.limits.search_entries;
        self.up_to(limit, filter, attributes, more, each).await
    }

    /// The same, which are no more than `limit`.
    async fn up_to(
        &mut self,
        limit: usize,
        filter: &Filter,
        attributes: &[&str],
        more: Vec<Control>,
        mut each: impl FnMut(RawEntry) + Send,
    ) -> Result<(), Error> {
        let reader = self.reader;
        let mut controls = more;
        if reader.is_active_directory() {
            controls.push(extended_dn_control());
        }
        let mut search = reader
            .connection
            .paged(reader.base, Scope::Subtree, filter, attributes, reader.page_size)
            .with_controls(controls)
            .up_to(limit);
        while let Some(entry) = search.next().await? {
            self.entries += 1;
            (self.progress)(self.entries);
            each(entry);
        }
        search.finish().map_err(|reason| self.incomplete(reason))
    }

    /// That what was read is not everything.
    pub(super) fn incomplete(&self, reason: Incomplete) -> Error {
        Error::Incomplete {
            endpoint: self.reader.connection.endpoint().to_owned(),
            reason,
        }
    }

    /// The entries below the base that match `filter`, taken apart; the DN of a user or group among them that came without
    /// its identity, if one did: left out, it would look like one that is gone.
    pub(super) async fn delivered(
        &mut self,
        filter: &Filter,
        attributes: &[&str],
        more: Vec<Control>,
        mut each: impl FnMut(Delivered, &RawEntry) + Send,
    ) -> Result<Option<String>, Error> {
        let mapper = self.reader.mapper;
        let mut nameless = None;
        let preset = mapper.schema().preset;
        let take = |entry: RawEntry| match Delivered::new(mapper.schema(), &entry) {
            // One that is known by its DN only has no key that lasts.
            Some(known) if EntryId::of(preset, &entry).is_none() && known.is_account(mapper) => {
                nameless = Some(shown(known.dn()));
            }
            Some(delivered) => each(delivered, &entry),
            None if is_account(mapper, &entry) => nameless = Some(shown(entry.dn())),
            None => {}
        };
        self.all(filter, attributes, more, take).await?;
        Ok(nameless)
    }

    /// Everything, the newest `modifyTimestamp` among it, and the newest entries.
    pub(super) async fn everything(&mut self) -> Result<(Vec<Event>, Vec<u8>, Witnesses), Error> {
        let schema = self.reader.mapper.schema();
        let stamp = self.stamp();
        let mut attributes = Delivered::attributes(schema);
        attributes.extend([stamp, CHANGE_NUMBER]);
        let (mut events, mut newest) = (Vec::new(), Vec::new());
        let mut witnesses = Witnesses::default();
        let each = |delivered: Delivered, entry: &RawEntry| {
            newest = std::mem::take(&mut newest).max(entry.first(stamp).unwrap_or_default().to_vec());
            witnesses.see(delivered.id(), entry, stamp);
            events.push(Event::Entry(Box::new(delivered)));
        };
        let nameless = self.delivered(&anything(), &attributes, Vec::new(), each).await?;
        if let Some(dn) = nameless {
            return Err(self.incomplete(Incomplete::NoIdentity(dn)));
        }
        Ok((events, newest, witnesses.newest()))
    }

    /// The entries with these identities that are found by them.
    pub(super) async fn by_ids(&mut self, ids: &[EntryId]) -> Result<Vec<Delivered>, Error> {
        let schema = self.reader.mapper.schema();
        let mut found = Vec::new();
        let each = |entry: RawEntry| found.extend(Delivered::new(schema, &entry));
        self.find(ids, &Delivered::attributes(schema), each).await?;
        Ok(found)
    }

    /// The same with other attributes; no more entries than there are identities.
    pub(super) async fn find(
        &mut self,
        ids: &[EntryId],
        attributes: &[&str],
        mut each: impl FnMut(RawEntry) + Send,
    ) -> Result<(), Error> {
        let preset = self.reader.mapper.schema().preset;
        for ids in ids.chunks(IDS_A_SEARCH) {
            let filter = Filter::or(ids.iter().map(|id| id.filter(preset)));
            self.up_to(ids.len(), &filter, attributes, Vec::new(), &mut each)
                .await?;
        }
        Ok(())
    }

    /// That those of `ids` that are not among `found` are not there, or may not be seen: an entry whose identity may not be
    /// read is found by nobody, and is there.
    ///
    /// # Errors
    /// `RightsChanged`.
    pub(super) async fn are_gone(
        &mut self,
        place: &Place,
        ids: &[EntryId],
        found: &[Delivered],
    ) -> Result<(), Stop> {
        let found: HashSet<EntryId> = found.iter().map(Delivered::id).collect();
        let missing: HashSet<EntryId> = ids.iter().copied().filter(|id| !found.contains(id)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let (there, _) = self.identities(place, self.stamp()).await?;
        match there.into_iter().find(|(id, _)| missing.contains(id)) {
            Some((_, dn)) => Err(unidentified(&dn).into()),
            None => Ok(()),
        }
    }

    /// The identities and DNs of all that is there, and the newest `stamp` among it, which tells when an entry changed.
    ///
    /// # Errors
    /// `RightsChanged` when a user or group came without its identity, and on Active Directory also when one that is known
    /// came without its stamp: neither would be told, and the one would look like one that is gone.
    pub(super) async fn identities(
        &mut self,
        place: &Place,
        stamp: &'static str,
    ) -> Result<(Vec<(EntryId, String)>, Vec<u8>), Stop> {
        let mapper = self.reader.mapper;
        let schema = mapper.schema();
        let is_stamped = self.reader.is_active_directory();
        let attributes = [EntryId::attribute(schema.preset), stamp];
        let (mut ids, mut newest, mut nameless) = (Vec::new(), Vec::new(), Vec::new());
        let mut hidden = None;
        let each = |entry: RawEntry| {
            let is_whole = EntryId::of(schema.preset, &entry).is_some() && entry.first(stamp).is_some();
            let stamp = entry.first(stamp).unwrap_or_default().to_vec();
            match Delivered::new(schema, &entry) {
                Some(entry) => {
                    if is_stamped && !is_whole && place.holds_account(entry.id(), mapper) {
                        hidden = Some(shown(entry.dn()));
                    }
                    ids.push((entry.id(), entry.dn().to_owned()));
                }
                None if nameless.len() <= IDS_A_SEARCH => nameless.push(entry.dn().to_owned()),
                None => {}
            }
            newest = std::mem::take(&mut newest).max(stamp);
        };
        self.all(&anything(), &attributes, Vec::new(), each).await?;
        if let Some(dn) = hidden {
            let what = format!("`{dn}` came without its identity or `{stamp}`");
            return Err(FullReadReason::RightsChanged(what).into());
        }
        self.are_no_accounts(&nameless).await?;
        Ok((ids, newest))
    }

    /// That none of these, which came without an identity, is a user or a group.
    async fn are_no_accounts(&mut self, dns: &[String]) -> Result<(), Stop> {
        let mapper = self.reader.mapper;
        let attributes = Delivered::attributes(mapper.schema());
        if dns.len() > IDS_A_SEARCH {
            let mut account = None;
            let each = |entry: RawEntry| {
                if Delivered::new(mapper.schema(), &entry).is_none() && is_account(mapper, &entry) {
                    account = Some(entry.dn().to_owned());
                }
            };
            self.all(&anything(), &attributes, Vec::new(), each).await?;
            return match account {
                Some(dn) => Err(unidentified(&dn).into()),
                None => Ok(()),
            };
        }
        for dn in dns {
            let connection = self.reader.connection;
            let found = connection.search(dn, Scope::Base, &anything(), &attributes).await;
            match found {
                Ok(found) if found.entries.iter().any(|entry| is_account(mapper, entry)) => {
                    return Err(unidentified(dn).into());
                }
                Ok(_) => {}
                Err(error) if error.is_an_answer() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The attribute that tells when an entry changed.
    pub(super) fn stamp(&self) -> &'static str {
        if self.reader.is_active_directory() {
            "whenChanged"
        } else {
            "modifyTimestamp"
        }
    }

    /// What is in containers that may not be seen, where a server tells what is in which.
    pub(super) fn below_the_unseen(&self, place: &Place) -> HashSet<EntryId> {
        match self.reader.base.parse() {
            Ok(base) if self.reader.is_active_directory() => {
                place.below_the_unseen(&base, self.reader.mapper)
            }
            _ => HashSet::new(),
        }
    }

    /// Complete an increment: read what is listed but neither known nor came, and again what is in doubt: groups, those
    /// included that the server finds to disagree about who came, and on Active Directory what is in containers that may not
    /// be seen.
    pub(super) async fn complete(
        &mut self,
        place: &Place,
        mut events: Vec<Event>,
        presence: Presence,
        mark: Mark,
    ) -> Result<Increment, Stop> {
        if let Presence::Listed(list) = &presence {
            let came = |event: &Event| match event {
                Event::Entry(entry) => Some(entry.id()),
                _ => None,
            };
            let came: HashSet<EntryId> = events.iter().filter_map(came).collect();
            if list.is_empty() && came.is_empty() && !place.is_empty() {
                let reason = "the server lists nothing at all; the account may lack the right to see it";
                return Err(FullReadReason::RightsChanged(reason.to_owned()).into());
            }
            let below = self.below_the_unseen(place);
            let ids = list.iter().map(|(id, _)| *id).filter(|id| !came.contains(id));
            let wanted: Vec<EntryId> = ids
                .filter(|id| !place.contains(*id) || below.contains(id))
                .collect();
            let found = self.by_ids(&wanted).await?;
            self.are_gone(place, &wanted, &found).await?;
            events.extend(found.into_iter().map(|entry| Event::Entry(Box::new(entry))));
        }
        let schema = self.reader.mapper.schema();
        let doubts = place.groups_in_doubt(schema, &events, &presence);
        let again = self.by_ids(&doubts).await?;
        self.are_gone(place, &doubts, &again).await?;
        events.extend(again.into_iter().map(|entry| Event::Entry(Box::new(entry))));
        let disagreements = place.disagreements(schema, &events);
        self.find_again(&disagreements, &mut events).await?;
        Ok(Increment::new(events, presence, Some(mark), self.entries))
    }

    /// Complete an increment by the groups that the server mended since those before.
    pub(super) async fn settle(
        &mut self,
        place: &Place,
        mut increment: Increment,
    ) -> Result<Increment, Stop> {
        let unsettled = place.unsettled(self.reader.mapper.schema(), &increment.events);
        let mut mended = Vec::new();
        self.find_again(&unsettled, &mut mended).await?;
        increment.mended = Some(mended);
        increment.entries_read = self.entries;
        Ok(increment)
    }

    /// Add what `filters` match to `events`. A server that does not answer them has everything read.
    async fn find_again(&mut self, filters: &[Filter], events: &mut Vec<Event>) -> Result<(), Stop> {
        let attributes = Delivered::attributes(self.reader.mapper.schema());
        for filter in filters {
            let each = |group, _: &RawEntry| events.push(Event::Entry(Box::new(group)));
            match self.delivered(filter, &attributes, Vec::new(), each).await {
                Ok(None) => {}
                Ok(Some(dn)) => return Err(unidentified(&dn).into()),
                Err(error) if error.is_an_answer() || matches!(error, Error::Incomplete { .. }) => {
                    return Err(FullReadReason::Refused(error.to_string()).into());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
