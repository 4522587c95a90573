//! Entries by page, by identity, and the identities of all.

use std::collections::HashSet;

use adlib_schema::{
    AttributeName, Filter, Mapped, RawEntry,
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
pub(super) const IDS_A_SEARCH: usize = 100;

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
            .with_controls(controls);
        while let Some(entry) = search.next().await? {
            self.entries += 1;
            (self.progress)(self.entries);
            each(entry);
        }
        search.finish().map_err(|reason| Error::Incomplete {
            endpoint: reader.connection.endpoint().to_owned(),
            reason,
        })
    }

    /// Everything, the newest `modifyTimestamp` among it, and the newest entries.
    pub(super) async fn everything(&mut self) -> Result<(Vec<Event>, Vec<u8>, Witnesses), Error> {
        let schema = self.reader.mapper.schema();
        let stamp = self.stamp();
        let mut attributes = Delivered::attributes(schema);
        attributes.extend([stamp, CHANGE_NUMBER]);
        let (mut events, mut newest) = (Vec::new(), Vec::new());
        let mut witnesses = Witnesses::default();
        let (mapper, mut nameless) = (self.reader.mapper, None);
        let each = |entry: RawEntry| {
            newest = std::mem::take(&mut newest).max(entry.first(stamp).unwrap_or_default().to_vec());
            if let Some(delivered) = Delivered::new(schema, &entry) {
                witnesses.see(delivered.id(), &entry, stamp);
                events.push(Event::Entry(Box::new(delivered)));
            } else if matches!(
                mapper.map(&entry, &mut Vec::new()),
                Mapped::User(_) | Mapped::Group(_)
            ) {
                nameless = Some(ServerMessage::new(entry.dn()).as_str().to_owned());
            }
        };
        self.all(&anything(), &attributes, Vec::new(), each).await?;
        // Left out, it would look like one that is gone.
        if let Some(dn) = nameless {
            return Err(Error::Incomplete {
                endpoint: self.reader.connection.endpoint().to_owned(),
                reason: Incomplete::NoIdentity(dn),
            });
        }
        Ok((events, newest, witnesses.newest()))
    }

    /// The entries with these identities that are there and may be seen.
    pub(super) async fn by_ids(&mut self, ids: &[EntryId]) -> Result<Vec<Delivered>, Error> {
        let schema = self.reader.mapper.schema();
        let attribute = AttributeName::from_static(EntryId::attribute(schema.preset));
        let attributes = Delivered::attributes(schema);
        let mut found = Vec::new();
        for ids in ids.chunks(IDS_A_SEARCH) {
            let equal = |id: &EntryId| Filter::equal(attribute.clone(), id.value(schema.preset));
            let filter = Filter::or(ids.iter().map(equal));
            let each = |entry: RawEntry| found.extend(Delivered::new(schema, &entry));
            self.all(&filter, &attributes, Vec::new(), each).await?;
        }
        Ok(found)
    }

    /// The identities and DNs of all that is there, and the newest `modifyTimestamp` among it.
    pub(super) async fn identities(&mut self) -> Result<(Vec<(EntryId, String)>, Vec<u8>), Error> {
        let schema = self.reader.mapper.schema();
        let stamp = self.stamp();
        let attributes = [EntryId::attribute(schema.preset), stamp];
        let (mut ids, mut newest) = (Vec::new(), Vec::new());
        let each = |entry: RawEntry| {
            newest = std::mem::take(&mut newest).max(entry.first(stamp).unwrap_or_default().to_vec());
            let delivered = Delivered::new(schema, &entry);
            ids.extend(delivered.map(|entry| (entry.id(), entry.dn().to_owned())));
        };
        self.all(&anything(), &attributes, Vec::new(), each).await?;
        Ok((ids, newest))
    }

    /// The attribute that tells when an entry changed.
    pub(super) fn stamp(&self) -> &'static str {
        if self.reader.is_active_directory() {
            "whenChanged"
        } else {
            "modifyTimestamp"
        }
    }

    /// Complete an increment: read what is listed but neither known nor came, and the groups that are in doubt.
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
            let ids = list.iter().map(|(id, _)| *id);
            let unknown: Vec<EntryId> = ids
                .filter(|id| !place.contains(*id) && !came.contains(id))
                .collect();
            let found = self.by_ids(&unknown).await?;
            events.extend(found.into_iter().map(|entry| Event::Entry(Box::new(entry))));
        }
        let schema = self.reader.mapper.schema();
        let doubts = place.groups_in_doubt(schema, &events, &presence);
        let again = self.by_ids(&doubts).await?;
        events.extend(again.into_iter().map(|entry| Event::Entry(Box::new(entry))));
        Ok(Increment::new(events, presence, Some(mark), self.entries))
    }
}
