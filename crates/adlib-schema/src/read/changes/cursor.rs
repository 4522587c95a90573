//! Where a reader stands.

use std::{fmt, str::FromStr, time::Duration};

use adlib_core::{DecodeError, DecodeErrorKind, Reader, UnixTime, Writer};
use sha2::{Digest, Sha256};

use super::{FullReadReason, codec};

/// How changes are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// `LDAP_SERVER_DIRSYNC_OID` (MS-ADTS 3.1.1.3.4.1.3)
    DirSync,
    /// `uSNChanged` on one domain controller
    Usn,
    /// Content synchronisation (RFC 4533)
    Syncrepl,
    /// `modifyTimestamp`, with the identities of all entries to see what is gone
    ModifyTimestamp,
    /// Everything, each time
    Full,
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 5] = [
        Self::DirSync,
        Self::Usn,
        Self::Syncrepl,
        Self::ModifyTimestamp,
        Self::Full,
    ];

    /// The name in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DirSync => "dirsync",
            Self::Usn => "usn",
            Self::Syncrepl => "syncrepl",
            Self::ModifyTimestamp => "modify-timestamp",
            Self::Full => "full",
        }
    }

    /// Whether the server tells of what is gone by what is left of it, which it forgets in time.
    const fn is_told_by_remains(self) -> bool {
        matches!(self, Self::DirSync | Self::Usn)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How long after a read the server still knows what went since: what is left of a deleted object, and of a member that was
/// removed, is kept for 60 days where nobody chose otherwise in a forest of the first Windows, for 180 elsewhere (MS-ADTS
/// 6.1.1.2.4.1.1, `tombstoneLifetime`); half of that, for a controller that was away replicates late.
const GREATEST_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A text that names no method.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a way to read changes; expected one of dirsync, usn, syncrepl, modify-timestamp, full")]
pub struct MethodError(String);

impl FromStr for Method {
    type Err = MethodError;

    fn from_str(text: &str) -> Result<Self, MethodError> {
        let named = Self::ALL.into_iter().find(|method| method.name() == text);
        named.ok_or_else(|| MethodError(text.chars().take(80).collect()))
    }
}

/// A digest of what decides what a read gives: the schema, the base, the account that reads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Settings([u8; 32]);

impl Settings {
    /// The digest of `parts`, in their order.
    #[must_use]
    pub fn of<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> Self {
        let mut writer = Writer::new();
        for part in parts {
            codec::put(&mut writer, part.as_ref());
        }
        Self(Sha256::digest(writer.finish()).into())
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, ..] = self.0;
        write!(f, "Settings({first:02x}{second:02x}..)")
    }
}

/// Where a reader stands in one place: it holds for this server, these settings and this method only.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mark {
    /// The method for which the last read prepared.
    pub method: Method,
    /// What the last read depended on.
    pub settings: Settings,
    /// The server, by what it calls itself.
    pub server: String,
    /// The incarnation of its database: another one means that it was restored or set up anew.
    pub database: String,
    /// Where it stands, in the form of the method.
    pub position: Vec<u8>,
    /// When that was, by the server's clock, if it tells the time.
    pub time: Option<UnixTime>,
}

impl Mark {
    /// A mark at `position`, of no known time.
    pub fn new(
        method: Method,
        settings: Settings,
        server: impl Into<String>,
        database: impl Into<String>,
        position: impl Into<Vec<u8>>,
    ) -> Self {
        Self {
            method,
            settings,
            server: server.into(),
            database: database.into(),
            position: position.into(),
            time: None,
        }
    }

    /// The same mark, made at `time` by the server's clock.
    #[must_use]
    pub const fn at(mut self, time: Option<UnixTime>) -> Self {
        self.time = time;
        self
    }

    /// Whether a reader that stands at `self` may go on where `now` would be the mark of a fresh read.
    ///
    /// # Errors
    /// `SettingsChanged`, `MethodChanged`, `OtherServer`, `Restored`, `TooOld`.
    pub fn leads_to(&self, now: &Self) -> Result<(), FullReadReason> {
        if self.method != now.method {
            let (then, now) = (self.method, now.method);
            return Err(FullReadReason::MethodChanged { then, now });
        }
        if self.settings != now.settings {
            return Err(FullReadReason::SettingsChanged);
        }
        if self.server != now.server {
            return Err(FullReadReason::OtherServer {
                then: self.server.clone(),
                now: now.server.clone(),
            });
        }
        if self.database != now.database {
            let what = format!("its database was {} and is {}", self.database, now.database);
            return Err(FullReadReason::Restored(what));
        }
        if self.method.is_told_by_remains() && !self.is_young(now.time) {
            let text =
                |time: Option<UnixTime>| time.map_or("an unknown time".to_owned(), |time| time.to_string());
            let what = format!("that was at {}, and it is {}", text(self.time), text(now.time));
            return Err(FullReadReason::TooOld(what));
        }
        Ok(())
    }

    /// Whether it was made so short before `now` that nothing is forgotten; a clock that was set makes no difference.
    fn is_young(&self, now: Option<UnixTime>) -> bool {
        let age = self.time.zip(now).map(|(then, now)| then.abs_diff(now));
        age.is_some_and(|age| age <= GREATEST_AGE)
    }

    fn encode(&self, writer: &mut Writer) {
        codec::put(writer, self.method.name().as_bytes());
        writer.bytes(&self.settings.0);
        codec::put(writer, self.server.as_bytes());
        codec::put(writer, self.database.as_bytes());
        codec::put(writer, &self.position);
        codec::put_time(writer, self.time);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let start = *reader;
        let method = codec::text(reader, "method")?.parse();
        Ok(Self {
            method: method.map_err(|_| start.error("method", DecodeErrorKind::Invalid))?,
            settings: Settings(reader.array("settings")?),
            server: codec::text(reader, "server")?.to_owned(),
            database: codec::text(reader, "database")?.to_owned(),
            position: codec::bytes(reader, "position")?.to_vec(),
            time: codec::maybe_time(reader, "time")?,
        })
    }
}

/// Where a reader stands in all places of a source.
///
/// Its bytes are opaque: an application stores them with what it has read. They are checked when they come back, so that
/// a cursor that was cut or changed is refused and never leads to a wrong result.
///
/// ```
/// use adlib_schema::read::changes::{Cursor, Mark, Method, Settings};
///
/// let mut cursor = Cursor::default();
/// let mark = Mark::new(Method::Usn, Settings::of(["schema"]), "DC1", "8e8a102e", *b"6810");
/// cursor.set("corp.example.com", mark.clone());
/// let bytes = cursor.encode();
/// assert_eq!(Cursor::decode(&bytes).unwrap().of("corp.example.com"), Some(&mark));
/// assert!(Cursor::decode(&bytes[1..]).is_err());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursor {
    marks: Vec<(String, Mark)>,
}

/// What the bytes of a cursor begin with; the last one is the version.
const MAGIC: &[u8; 8] = b"adlibCu\x02";

impl Cursor {
    /// Where the reader stands in `place`.
    #[must_use]
    pub fn of(&self, place: &str) -> Option<&Mark> {
        self.marks
            .iter()
            .find_map(|(name, mark)| (name == place).then_some(mark))
    }

    /// From now on the reader stands at `mark` in `place`.
    pub fn set(&mut self, place: &str, mark: Mark) {
        self.marks.retain(|(name, _)| name != place);
        self.marks.push((place.to_owned(), mark));
    }

    /// The reader stands in these places only.
    pub(super) fn retain(&mut self, places: &[&str]) {
        self.marks.retain(|(name, _)| places.contains(&name.as_str()));
    }

    /// The bytes to store.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.bytes(MAGIC);
        codec::put_count(&mut writer, self.marks.len());
        for (place, mark) in &self.marks {
            codec::put(&mut writer, place.as_bytes());
            mark.encode(&mut writer);
        }
        seal(writer)
    }

    /// The cursor that was stored as `bytes`.
    ///
    /// # Errors
    /// A `DecodeError` when they are not what [`encode`](Self::encode) gave.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = unseal(bytes, MAGIC, "cursor")?;
        let mut cursor = Self::default();
        for _ in 0..codec::count(&mut reader, "marks")? {
            let place = codec::text(&mut reader, "place")?;
            cursor.set(place, Mark::decode(&mut reader)?);
        }
        reader.finish("cursor")?;
        Ok(cursor)
    }
}

/// What was written, and a digest of it.
pub(super) fn seal(writer: Writer) -> Vec<u8> {
    let mut bytes = writer.finish();
    let digest = Sha256::digest(&bytes);
    bytes.extend_from_slice(&digest);
    bytes
}

/// What `bytes` hold between `magic` and their digest.
///
/// # Errors
/// `Truncated`, or `Invalid` when the digest is another.
pub(super) fn unseal<'a>(
    bytes: &'a [u8],
    magic: &[u8; 8],
    what: &'static str,
) -> Result<Reader<'a>, DecodeError> {
    const DIGEST: usize = 32;
    let (sealed, digest) =
        bytes
            .split_last_chunk::<DIGEST>()
            .ok_or(DecodeError::new(what, 0, DecodeErrorKind::Truncated))?;
    let mut reader = Reader::new(sealed);
    let whole = <[u8; DIGEST]>::from(Sha256::digest(sealed)) == *digest;
    if reader.array(what)? != *magic || !whole {
        return Err(DecodeError::new(what, 0, DecodeErrorKind::Invalid));
    }
    Ok(reader)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark() -> Mark {
        Mark::new(
            Method::DirSync,
            Settings::of(["a", "b"]),
            "dc1",
            "first",
            [1, 2, 3],
        )
        .at(Some(UnixTime::from_seconds(1_700_000_000)))
    }

    /// R28: each thing that changed is a reason of its own.
    #[test]
    fn r28_a_mark_is_refused_when_anything_changed() {
        let changed = |change: fn(&mut Mark)| {
            let mut now = mark();
            change(&mut now);
            mark().leads_to(&now)
        };
        assert_eq!(changed(|now| now.position.clear()), Ok(()));
        assert_eq!(
            changed(|now| now.method = Method::Usn),
            Err(FullReadReason::MethodChanged {
                then: Method::DirSync,
                now: Method::Usn
            })
        );
        assert_eq!(
            changed(|now| now.settings = Settings::of(["ab"])),
            Err(FullReadReason::SettingsChanged)
        );
        assert_eq!(
            changed(|now| now.server = "dc2".into()),
            Err(FullReadReason::OtherServer {
                then: "dc1".into(),
                now: "dc2".into()
            })
        );
        let restored = changed(|now| now.database = "second".into());
        assert!(
            matches!(restored, Err(FullReadReason::Restored(_))),
            "{restored:?}"
        );
    }

    /// R28: deletions are forgotten in time, so a mark of DirSync or `uSNChanged` is good for thirty days, by the server's
    /// clock; those of methods that list what is there do not age.
    #[test]
    fn r28_a_mark_that_is_too_old() {
        const DAY: i64 = 24 * 60 * 60;
        let after = |method: Method, seconds: i64| {
            let at = |seconds| {
                let mut mark = mark().at(Some(UnixTime::from_seconds(seconds)));
                mark.method = method;
                mark
            };
            at(1_700_000_000).leads_to(&at(1_700_000_000 + seconds))
        };
        let is_old = |reason: Result<(), FullReadReason>| matches!(reason, Err(FullReadReason::TooOld(_)));
        for method in [Method::DirSync, Method::Usn] {
            for seconds in [0, 30 * DAY, -DAY] {
                assert_eq!(after(method, seconds), Ok(()), "{method}, {seconds}");
            }
            for seconds in [30 * DAY + 1, 400 * DAY, -31 * DAY] {
                assert!(is_old(after(method, seconds)), "{method}, {seconds}");
            }
        }
        assert_eq!(after(Method::ModifyTimestamp, 400 * DAY), Ok(()));
        assert_eq!(after(Method::Syncrepl, 400 * DAY), Ok(()));
        assert!(is_old(mark().at(None).leads_to(&mark())));
        assert!(is_old(mark().leads_to(&mark().at(None))));
    }

    /// R28: a cursor that was cut, extended or changed anywhere is refused.
    #[test]
    fn r28_a_damaged_cursor_is_refused() {
        let mut cursor = Cursor::default();
        cursor.set("corp.example.com", mark());
        cursor.set("staff.example.com", mark());
        let bytes = cursor.encode();
        assert_eq!(Cursor::decode(&bytes), Ok(cursor));
        for end in 0..bytes.len() {
            assert!(Cursor::decode(&bytes[..end]).is_err(), "cut at {end}");
            let mut changed = bytes.clone();
            changed[end] ^= 0x20;
            assert!(Cursor::decode(&changed).is_err(), "changed at {end}");
        }
        assert!(Cursor::decode(&[bytes.as_slice(), b"x"].concat()).is_err());
    }

    #[test]
    fn methods_by_name() {
        for method in Method::ALL {
            assert_eq!(method.name().parse(), Ok(method));
        }
        assert!("auto".parse::<Method>().is_err());
    }
}
