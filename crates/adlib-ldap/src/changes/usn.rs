//! Changes by `uSNChanged`, on one domain controller (MS-ADTS 3.1.1.1.9, D9).

use adlib_schema::{
    Filter, RawEntry,
    read::changes::{Delivered, Event, FullReadReason, Increment, Mark, Method, Place, Presence},
};

use super::{
    Reading, Stop,
    fetch::{deleted_too, unidentified},
    rights::Since,
    server::Server,
};

/// The number of the last change of an entry on this controller.
const NUMBER: &str = "uSNChanged";

impl Reading<'_> {
    /// What has a higher update sequence number than at `mark`, and the identities of all that is there: an entry whose own
    /// rights changed so that it may no longer be seen has a higher number, and does not show it.
    pub(super) async fn changes_by_usn(
        &mut self,
        place: &Place,
        mark: &Mark,
        server: &Server,
    ) -> Result<Increment, Stop> {
        let then = std::str::from_utf8(&mark.position)
            .ok()
            .and_then(|usn| usn.parse::<u64>().ok());
        let then = then.ok_or_else(|| FullReadReason::Damaged("the position is no number".to_owned()))?;
        server.is_not_before(then)?;
        let schema = self.reader.mapper.schema();
        let filter: Filter = format!("({NUMBER}>={})", then.saturating_add(1))
            .parse()
            .map_err(|_| FullReadReason::Damaged("the position is no number".to_owned()))?;
        let mut events = Vec::new();
        let each = |entry: Delivered, _: &RawEntry| events.push(Event::Entry(Box::new(entry)));
        let nameless = self
            .delivered(&filter, &Delivered::attributes(schema), deleted_too(), each)
            .await?;
        nameless.map_or(Ok(()), |dn| Err(unidentified(&dn)))?;
        let presence = self.listed(place).await?;
        self.rights_are_as_before(place, &events, &presence, Since::Usn(then))
            .await?;
        let mark = self.mark(Method::Usn, server, server.usn()?);
        self.complete(place, events, presence, mark).await
    }

    /// All that may be seen, by identity: what goes out of sight leaves nothing behind that would tell.
    pub(super) async fn listed(&mut self, place: &Place) -> Result<Presence, Stop> {
        let (ids, _) = self.identities(place, NUMBER).await?;
        Ok(Presence::Listed(
            ids.into_iter().map(|(id, _)| (id, None)).collect(),
        ))
    }
}
