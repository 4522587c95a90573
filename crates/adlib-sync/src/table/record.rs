//! A user as a row.

use adlib_core::Sid;
use adlib_schema::record::Key;

use super::{
    codec::{Cursor, put_key, put_length, put_list, put_text, str_of},
    index::hash,
};
use crate::{Details, Link, Links, Source, store::Origin};

/// What a row says of a user, PINs left out.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Fields<'a> {
    pub(crate) enabled: bool,
    pub(crate) name: &'a str,
    pub(crate) email: Option<&'a str>,
    pub(crate) other_emails: &'a [String],
    pub(crate) cards: &'a [String],
    pub(crate) full_name: Option<&'a str>,
    pub(crate) department: Option<&'a str>,
    pub(crate) office: Option<&'a str>,
    pub(crate) home_directory: Option<&'a str>,
    pub(crate) sid: Option<Sid>,
}

impl<'a> Fields<'a> {
    pub(crate) fn of(name: &'a str, enabled: bool, details: &'a Details) -> Self {
        Self {
            enabled,
            name,
            email: details.email.as_deref(),
            other_emails: &details.other_emails,
            cards: &details.cards,
            full_name: details.full_name.as_deref(),
            department: details.department.as_deref(),
            office: details.office.as_deref(),
            home_directory: details.home_directory.as_deref(),
            sid: details.sid,
        }
    }
}

/// Where the user of a row comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OriginKind {
    Directory,
    Local,
    Internal,
    Guest,
}

impl OriginKind {
    pub(crate) const fn of(origin: &Origin) -> Self {
        match origin {
            Origin::Directory(_) => Self::Directory,
            Origin::Local => Self::Local,
            Origin::Internal => Self::Internal,
            Origin::Guest => Self::Guest,
        }
    }
}

const ENABLED: u8 = 1;

/// Append the row of a user.
pub(crate) fn encode<'k>(
    out: &mut Vec<u8>,
    origin: OriginKind,
    links: impl ExactSizeIterator<Item = (Source, &'k Key)>,
    fields: &Fields<'_>,
) {
    let kind = match origin {
        OriginKind::Directory => 0,
        OriginKind::Local => 2,
        OriginKind::Internal => 4,
        OriginKind::Guest => 6,
    };
    out.push(kind | if fields.enabled { ENABLED } else { 0 });
    put_length(out, links.len());
    for (source, key) in links {
        out.push(source.number());
        put_key(out, key.as_str());
    }
    put_text(out, Some(fields.name));
    put_text(out, fields.email);
    put_list(out, fields.other_emails);
    put_list(out, fields.cards);
    for text in [
        fields.full_name,
        fields.department,
        fields.office,
        fields.home_directory,
    ] {
        put_text(out, text);
    }
    put_sid(out, fields.sid.as_ref());
}

/// Append a SID, or the absence of one; small numbers take little.
fn put_sid(out: &mut Vec<u8>, sid: Option<&Sid>) {
    let Some(sid) = sid else { return put_length(out, 0) };
    put_length(out, sid.sub_authorities().len() + 1);
    put_length(out, usize::try_from(sid.authority()).unwrap_or_default());
    for sub_authority in sid.sub_authorities() {
        put_length(out, *sub_authority as usize);
    }
}

/// The row of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record<'a>(pub(crate) &'a [u8]);

/// A user decoded, without its PIN.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) origin: Origin,
    pub(crate) enabled: bool,
    pub(crate) name: String,
    pub(crate) details: Details,
}

impl<'a> Record<'a> {
    fn head(self) -> u8 {
        self.0.first().copied().unwrap_or_default()
    }

    pub(crate) fn is_enabled(self) -> bool {
        self.head() & ENABLED != 0
    }

    pub(crate) fn origin(self) -> OriginKind {
        match self.head() & !ENABLED {
            0 => OriginKind::Directory,
            2 => OriginKind::Local,
            4 => OriginKind::Internal,
            _ => OriginKind::Guest,
        }
    }

    /// The entries, each as its source and the bytes of source and key.
    pub(crate) fn packed_links(self) -> impl Iterator<Item = (Source, &'a [u8])> {
        let mut cursor = Cursor(self.0.get(1..).unwrap_or_default());
        let count = cursor.length();
        (0..count).map(move |_| {
            let start = cursor.0;
            let source = Source::from_number(cursor.byte());
            cursor.packed_key();
            let length = start.len() - cursor.0.len();
            (source, start.get(..length).unwrap_or_default())
        })
    }

    /// The number of the entry that owns the user, by which rows are shelved.
    pub(crate) fn hash(self) -> u64 {
        hash(self.packed_owner())
    }

    pub(crate) fn links(self) -> Option<Links> {
        Links::of(self.packed_links().map(|(_, packed)| Link::unpack(packed)))
    }

    /// The entry that owns the user.
    pub(crate) fn owner(self) -> Link {
        Link::unpack(self.packed_owner())
    }

    /// Source and key of the entry that owns the user.
    pub(crate) fn packed_owner(self) -> &'a [u8] {
        let first = self.packed_links().next();
        first.map_or(&[], |(_, packed)| packed)
    }

    fn after_links(self) -> Cursor<'a> {
        let mut cursor = Cursor(self.0.get(1..).unwrap_or_default());
        for _ in 0..cursor.length() {
            cursor.byte();
            cursor.packed_key();
        }
        cursor
    }

    pub(crate) fn name(self) -> &'a str {
        self.after_links().text().unwrap_or_default()
    }

    /// The name, then each e-mail address and each card number, with the kind of claim that it is.
    pub(crate) fn each_claim(self, mut claim: impl FnMut(ClaimKind, &'a [u8])) {
        let mut cursor = self.after_links();
        claim(ClaimKind::Name, cursor.raw_text().unwrap_or_default());
        if let Some(email) = cursor.raw_text() {
            claim(ClaimKind::Email, email);
        }
        for kind in [ClaimKind::Email, ClaimKind::Card] {
            for _ in 0..cursor.length() {
                claim(kind, cursor.raw_text().unwrap_or_default());
            }
        }
    }

    pub(crate) fn sid(self) -> Option<Sid> {
        let mut cursor = self.after_links();
        cursor.raw_text();
        cursor.raw_text();
        cursor.skip_list();
        cursor.skip_list();
        for _ in 0..4 {
            cursor.raw_text();
        }
        sid_at(&mut cursor)
    }

    pub(crate) fn decode(self) -> Decoded {
        let mut cursor = self.after_links();
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let name = cursor.text().unwrap_or_default().to_owned();
        let details = Details {
            email: owned(cursor.text()),
            other_emails: cursor.list(),
            cards: cursor.list(),
            full_name: owned(cursor.text()),
            department: owned(cursor.text()),
            office: owned(cursor.text()),
            home_directory: owned(cursor.text()),
            sid: sid_at(&mut cursor),
            pin: None,
        };
        let origin = match (self.origin(), self.links()) {
            (OriginKind::Directory, Some(links)) => Origin::Directory(links),
            (OriginKind::Directory | OriginKind::Local, _) => Origin::Local,
            (OriginKind::Internal, _) => Origin::Internal,
            (OriginKind::Guest, _) => Origin::Guest,
        };
        Decoded {
            origin,
            enabled: self.is_enabled(),
            name,
            details,
        }
    }
}

/// What belongs to one user only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClaimKind {
    Name,
    Email,
    Card,
}

fn sid_at(cursor: &mut Cursor<'_>) -> Option<Sid> {
    let count = cursor.length().checked_sub(1)?;
    let authority = cursor.length() as u64;
    let parts = (0..count).map(|_| u32::try_from(cursor.length()).unwrap_or_default());
    let parts: Vec<u32> = parts.collect();
    Sid::new(authority, &parts)
}

/// Append what is known of an entry beside its user. Of its DN the first part, and the number of what it is below.
pub(crate) fn encode_entry(out: &mut Vec<u8>, dn: (&str, usize), upn: Option<&str>, sid_history: &[Sid]) {
    put_text(out, Some(dn.0));
    put_length(out, dn.1);
    put_text(out, upn);
    put_length(out, sid_history.len());
    sid_history.iter().for_each(|sid| put_sid(out, Some(sid)));
}

/// What is known of an entry beside its user.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EntryRecord<'a>(pub(crate) &'a [u8]);

impl<'a> EntryRecord<'a> {
    /// The first part of the DN, and the number of what it is below.
    pub(crate) fn dn(self) -> (&'a str, usize) {
        let mut cursor = Cursor(self.0);
        (cursor.text().unwrap_or_default(), cursor.length())
    }

    fn after_dn(self) -> Cursor<'a> {
        let mut cursor = Cursor(self.0);
        cursor.raw_text();
        cursor.length();
        cursor
    }

    pub(crate) fn upn(self) -> Option<&'a str> {
        self.after_dn().raw_text().map(str_of)
    }

    pub(crate) fn sid_history(self) -> Vec<Sid> {
        let mut cursor = self.after_dn();
        cursor.raw_text();
        (0..cursor.length()).filter_map(|_| sid_at(&mut cursor)).collect()
    }
}
