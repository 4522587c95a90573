//! Changes by `modifyTimestamp`: the last resort. The identities and DNs of all entries show what is gone or moved.

use adlib_core::UnixTime;
use adlib_schema::{
    Filter, RawEntry,
    read::changes::{Delivered, Event, FullReadReason, Increment, Mark, Method, Place, Presence},
    syntax::parse_generalized_time,
};

use super::{Reading, Stop, server::Server};

/// By how much the clocks of servers that replicate to one another may differ: what one of them changed earlier by its
/// clock may arrive later.
const CLOCKS: std::time::Duration = std::time::Duration::from_secs(300);

impl Reading<'_> {
    /// What changed since a little before the newest change that was seen at `mark`.
    pub(super) async fn changes_by_timestamp(
        &mut self,
        place: &Place,
        mark: &Mark,
        server: &Server,
    ) -> Result<Increment, Stop> {
        let schema = self.reader.mapper.schema();
        let since = since(&mark.position)
            .ok_or_else(|| FullReadReason::Damaged("the position is no time".to_owned()))?;
        let filter: Filter = format!("({}>={since})", self.stamp())
            .parse()
            .map_err(|_| FullReadReason::Damaged("the position is no time".to_owned()))?;
        let mut events = Vec::new();
        let each = |entry: RawEntry| {
            events.extend(Delivered::new(schema, &entry).map(|entry| Event::Entry(Box::new(entry))));
        };
        // The list comes first: what changes between the two is in the entries, or newer than the mark.
        let (there, newest) = self.identities().await?;
        self.all(&filter, &Delivered::attributes(schema), Vec::new(), each)
            .await?;
        let by_parent = self.reader.is_active_directory();
        let there = there.into_iter().map(|(id, dn)| (id, (!by_parent).then_some(dn)));
        let newest = newest.max(mark.position.clone());
        let mark = self.mark(Method::ModifyTimestamp, server, newest);
        self.complete(place, events, Presence::Listed(there.collect()), mark)
            .await
    }
}

/// The time from which to read when the newest change that was seen is of the time `newest`.
fn since(newest: &[u8]) -> Option<String> {
    let newest = parse_generalized_time(std::str::from_utf8(newest).ok()?).ok()?;
    let since = newest
        .seconds()
        .saturating_sub(i64::try_from(CLOCKS.as_secs()).ok()?);
    let text = UnixTime::from_seconds(since).to_string();
    let digits: String = text.chars().filter(char::is_ascii_digit).take(14).collect();
    Some(format!("{digits}.0Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_little_before_the_newest() {
        assert_eq!(since(b"20231114221320Z").as_deref(), Some("20231114220820.0Z"));
        assert_eq!(since(b"20231114221320.0Z").as_deref(), Some("20231114220820.0Z"));
        assert_eq!(since(b""), None);
    }
}
