//! Changes by `uSNChanged`, on one domain controller (MS-ADTS 3.1.1.1.9, D9).

use adlib_schema::{
    Filter, RawEntry,
    read::changes::{Delivered, Event, FullReadReason, Increment, Mark, Method, Place, Presence},
};

use super::{Reading, Stop, fetch::deleted_too, rights::Since, server::Server};

impl Reading<'_> {
    /// What has a higher update sequence number than at `mark`; where the account does not see deleted entries, the
    /// identities of all besides.
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
        let filter: Filter = format!("(uSNChanged>={})", then.saturating_add(1))
            .parse()
            .map_err(|_| FullReadReason::Damaged("the position is no number".to_owned()))?;
        let mut events = Vec::new();
        let each = |entry: RawEntry| {
            events.extend(Delivered::new(schema, &entry).map(|entry| Event::Entry(Box::new(entry))));
        };
        self.all(&filter, &Delivered::attributes(schema), deleted_too(), each)
            .await?;
        let presence = self.deletions().await?;
        self.rights_are_as_before(place, &events, &presence, Since::Usn(then))
            .await?;
        let mark = self.mark(Method::Usn, server, server.usn()?);
        self.complete(place, events, presence, mark).await
    }

    /// How deletions show: by what is left of the deleted, or else by what is there.
    pub(super) async fn deletions(&mut self) -> Result<Presence, Stop> {
        if self.sees_deleted().await? {
            return Ok(Presence::Told);
        }
        let (ids, _) = self.identities().await?;
        Ok(Presence::Listed(
            ids.into_iter().map(|(id, _)| (id, None)).collect(),
        ))
    }
}
