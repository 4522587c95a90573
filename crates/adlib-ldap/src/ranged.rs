//! Attributes that a server cuts into ranges, `member;range=0-1499` (MS-ADTS 3.1.1.3.1.3.3), joined again.

use adlib_schema::RawEntry;

use crate::{
    Connection, Error, Incomplete,
    search::{Request, SUCCESS},
};

const OPTION: &str = "range=";
/// What it takes to keep a value, beside its bytes.
const VALUE_OVERHEAD: usize = 32;

/// An attribute description with a range option.
#[derive(Debug, PartialEq, Eq)]
struct RangedName<'a> {
    attribute: &'a str,
    first: usize,
    /// `None` for `*`, the last range.
    last: Option<usize>,
}

impl<'a> RangedName<'a> {
    /// The parts of `name`, if it has the form `attribute;range=first-last`.
    fn parse(name: &'a str) -> Option<Self> {
        let (attribute, option) = name.rsplit_once(';')?;
        let (keyword, range) = option.split_at_checked(OPTION.len())?;
        if !keyword.eq_ignore_ascii_case(OPTION) {
            return None;
        }
        let (first, last) = range.split_once('-')?;
        let last = match last {
            "*" => None,
            number => Some(number.parse().ok()?),
        };
        Some(Self {
            attribute,
            first: first.parse().ok()?,
            last,
        })
    }

    /// Where the next range begins; `None` after the last.
    ///
    /// # Errors
    /// What is wrong with a range that should begin at `expected` and hold `count` values.
    fn next(&self, expected: usize, count: usize) -> Result<Option<usize>, &'static str> {
        if self.first != expected {
            return Err("the server's ranges do not follow one another");
        }
        let Some(last) = self.last else {
            return Ok(None);
        };
        let next = last.checked_add(1).filter(|next| *next > self.first);
        let next = next.ok_or("the server's ranges go backwards")?;
        if next - self.first != count {
            return Err("a range does not hold as many values as it says");
        }
        Ok(Some(next))
    }
}

impl Connection {
    /// `entry` with whole attributes in place of ranges, and what is missing from one if anything is.
    ///
    /// # Errors
    /// `Timeout`, `Protocol`, `Lost`.
    pub(crate) async fn join_ranges(&self, entry: RawEntry) -> Result<(RawEntry, Option<Incomplete>), Error> {
        if !entry
            .attributes()
            .any(|(name, _)| RangedName::parse(name).is_some())
        {
            return Ok((entry, None));
        }
        let mut whole = RawEntry::new(entry.dn());
        let mut incomplete = None;
        let mut room = self.limits.entry_bytes;
        for (name, values) in entry.attributes() {
            let Some(range) = RangedName::parse(name) else {
                whole.push_all(name, values);
                continue;
            };
            let mut values = values.map(<[u8]>::to_vec).collect();
            let rest = self.fetch_rest(entry.dn(), &range, &mut values, &mut room);
            if let Some(problem) = rest.await? {
                incomplete = Some(Incomplete::Range {
                    dn: entry.dn().to_owned(),
                    attribute: range.attribute.to_owned(),
                    problem,
                });
            }
            whole.push_all(range.attribute, values);
        }
        Ok((whole, incomplete))
    }

    /// Append to `values` what follows `range`, as far as there is `room` for it; what went wrong otherwise.
    async fn fetch_rest(
        &self,
        dn: &str,
        range: &RangedName<'_>,
        values: &mut Vec<Vec<u8>>,
        room: &mut usize,
    ) -> Result<Option<&'static str>, Error> {
        let mut next = range.next(0, values.len());
        loop {
            let first = match next {
                Ok(Some(first)) => first,
                Ok(None) => return Ok(None),
                Err(problem) => return Ok(Some(problem)),
            };
            if first >= self.limits.attribute_values {
                return Ok(Some("there are more values than this side takes"));
            }
            let wanted = vec![format!("{};range={first}-*", range.attribute)];
            let answer = self.ask(&Request::of_entry(dn, wanted), &[]).await?;
            if answer.code != SUCCESS {
                return Ok(Some("the entry changed while it was read"));
            }
            next = append(answer.entries.first(), range.attribute, first, values);
            let more = values.get(first..).unwrap_or_default();
            let size = more.iter().map(|value| value.len() + VALUE_OVERHEAD).sum();
            let Some(left) = room.checked_sub(size) else {
                return Ok(Some("its values are larger than this side takes"));
            };
            *room = left;
        }
    }
}

/// Append the range of `attribute` that `entry` holds, and say where the next begins.
fn append(
    entry: Option<&RawEntry>,
    attribute: &str,
    first: usize,
    values: &mut Vec<Vec<u8>>,
) -> Result<Option<usize>, &'static str> {
    let ranges = entry.into_iter().flat_map(RawEntry::attributes);
    let mut ranges = ranges.filter_map(|(name, more)| Some((RangedName::parse(name)?, more)));
    let range = ranges.find(|(range, _)| range.attribute.eq_ignore_ascii_case(attribute));
    let (range, more) = range.ok_or("the server left a range out")?;
    let next = range.next(first, more.len())?;
    values.extend(more.map(<[u8]>::to_vec));
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn range_options_are_told_from_others() {
        let range = |attribute, first, last| {
            Some(RangedName {
                attribute,
                first,
                last,
            })
        };
        assert_eq!(
            RangedName::parse("member;range=0-1499"),
            range("member", 0, Some(1499))
        );
        assert_eq!(
            RangedName::parse("member;Range=1500-*"),
            range("member", 1500, None)
        );
        for other in [
            "member",
            "member;binary",
            "member;range=",
            "member;range=0",
            "member;range=*-9",
            "member;range=0-99999999999999999999",
            "range=0-9",
        ] {
            assert_eq!(RangedName::parse(other), None, "{other}");
        }
    }

    /// A51
    #[test]
    fn a51_a_range_must_go_on_where_the_last_ended() {
        let next = |name, expected, count| RangedName::parse(name).unwrap().next(expected, count);
        assert_eq!(next("member;range=0-1499", 0, 1500), Ok(Some(1500)));
        assert_eq!(next("member;range=1500-*", 1500, 7), Ok(None));
        assert!(next("member;range=0-1499", 1500, 1500).is_err(), "again");
        assert!(next("member;range=1500-1400", 1500, 0).is_err(), "backwards");
        assert!(next("member;range=1500-1499", 1500, 0).is_err(), "empty");
        assert!(
            next("member;range=1500-2999", 1500, 3).is_err(),
            "fewer than said"
        );
        let end = format!("member;range={}-{}", usize::MAX, usize::MAX);
        assert!(next(&end, usize::MAX, 1).is_err());
    }
}
