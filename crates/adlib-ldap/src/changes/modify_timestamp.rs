//! Changes by `modifyTimestamp`: the last resort. The identities and DNs of all entries show what is gone or moved.

use adlib_core::UnixTime;
use adlib_schema::{
    Filter, RawEntry,
    read::changes::{Delivered, Event, FullReadReason, Increment, Mark, Method, Place, Presence},
    syntax::parse_generalized_time,
};

use super::{
    Reading, Stop,
    fetch::unidentified,
    rights::Since,
    server::Server,
    witnesses::{CHANGE_NUMBER, Witnesses},
};

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
        let (witnesses, newest_text) = Witnesses::in_position(&mark.position)?;
        let newest_then =
            time(newest_text).ok_or_else(|| FullReadReason::Damaged("the position is no time".to_owned()))?;
        let filter: Filter = format!("({}>={})", self.stamp(), before(newest_then))
            .parse()
            .map_err(|_| FullReadReason::Damaged("the position is no time".to_owned()))?;
        let testimony = self.hear(&witnesses).await?;
        let (mut events, mut seen) = (Vec::new(), Witnesses::default());
        let stamp = self.stamp();
        let mut attributes = Delivered::attributes(schema);
        attributes.extend([stamp, CHANGE_NUMBER]);
        let each = |delivered: Delivered, entry: &RawEntry| {
            seen.see(delivered.id(), entry, stamp);
            events.push(Event::Entry(Box::new(delivered)));
        };
        // The list comes first: what changes between the two is in the entries, or newer than the mark.
        let (there, newest) = self.identities(place, stamp).await?;
        let nameless = self.delivered(&filter, &attributes, Vec::new(), each).await?;
        nameless.map_or(Ok(()), |dn| Err(unidentified(&dn)))?;
        let by_parent = self.reader.is_active_directory();
        let there = there.into_iter().map(|(id, dn)| (id, (!by_parent).then_some(dn)));
        let presence = Presence::Listed(there.collect());
        if by_parent {
            self.rights_are_as_before(place, &events, &presence, Since::Time(newest_then))
                .await?;
        }
        testimony.confirms(&events, &presence)?;
        let newest = newest.max(newest_text.to_vec());
        let position = witnesses.and(seen, &events, &presence).position(&newest);
        let mark = self.mark(Method::ModifyTimestamp, server, position);
        self.complete(place, events, presence, mark).await
    }
}

/// The time that a server writes as `stamp`.
fn time(stamp: &[u8]) -> Option<UnixTime> {
    parse_generalized_time(std::str::from_utf8(stamp).ok()?).ok()
}

/// The time from which to read when the newest change that was seen is of the time `newest`.
fn before(newest: UnixTime) -> String {
    let clocks = i64::try_from(CLOCKS.as_secs()).unwrap_or_default();
    let text = UnixTime::from_seconds(newest.seconds().saturating_sub(clocks)).to_string();
    let digits: String = text.chars().filter(char::is_ascii_digit).take(14).collect();
    format!("{digits}.0Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_little_before_the_newest() {
        for newest in ["20231114221320Z", "20231114221320.0Z"] {
            let newest = time(newest.as_bytes()).unwrap();
            assert_eq!(before(newest), "20231114220820.0Z");
        }
        assert_eq!(time(b""), None);
    }
}
