//! What a directory's entries and values mean.

use adlib_core::{Guid, Sid};
use adlib_schema::{
    AttributeName, CardFormat, CardRule, LdifReader, Mapper, Preset, Schema,
    ad::{GroupType, UserAccountControl, parse_file_time},
    read::ReadBuilder,
    syntax::parse_generalized_time,
};

/// A file of entries, read in the schema that the first byte chooses: no entry is lost, nobody is in a group that is not
/// there, who is in a group is among its members, and a read without users is not complete.
pub fn entries(data: &[u8]) {
    let Some((first, file)) = data.split_first() else {
        return;
    };
    let preset = Preset::ALL[usize::from(*first) % Preset::ALL.len()];
    let mut schema = Schema::of(preset);
    let further = vec!["proxyAddresses".to_owned(), "mailAlternateAddress".to_owned()];
    let set = [
        ("other-emails-field", further),
        ("user-pin-field", vec!["pin".to_owned()]),
    ];
    for (key, values) in set {
        schema.set(key, values).unwrap_or_else(|error| panic!("{error}"));
    }
    let rule = CardRule::new(None, CardFormat::HexReversed).unwrap_or_else(|error| panic!("{error}"));
    let mapper = Mapper::new(schema).with_card_rule(rule);
    let mut builder = ReadBuilder::new(mapper.clone());
    builder.begin("file");
    let mut count = 0;
    for entry in LdifReader::new(file).flatten() {
        count += 1;
        let _ = mapper.map(&entry, &mut Vec::new());
        builder.entry(&entry);
    }
    builder.end();
    let read = builder.finish();
    assert!(read.users.len() + read.groups.len() + read.units.len() <= count);
    for (index, user) in read.users.iter().enumerate() {
        assert!(user.other_emails.len() <= 100 && user.cards.len() <= 2);
        assert!(
            user.pin
                .as_ref()
                .is_none_or(|pin| pin.expose().bytes().all(|byte| byte.is_ascii_digit()))
        );
        for group in read.memberships.groups_of(index) {
            assert!(read.groups.get(*group).is_some());
            assert!(read.memberships.members_of(*group).contains(&index));
        }
    }
    assert!(read.completeness.complete().is_none() || !read.users.is_empty());
}

/// Values of every syntax: what is read is written so that it is read as the same.
pub fn values(data: &[u8]) {
    if let Ok(bytes) = <[u8; 16]>::try_from(data) {
        let guid = Guid::from_bytes(bytes);
        assert_eq!(guid.to_string().parse(), Ok(guid));
    }
    if let Ok(sid) = Sid::decode(data) {
        let domain = sid.domain().zip(sid.rid());
        assert_eq!(
            domain.and_then(|(domain, rid)| domain.with_rid(rid)),
            sid.rid().map(|_| sid)
        );
    }
    let Ok(text) = str::from_utf8(data) else { return };
    if let Ok(time) = parse_generalized_time(text) {
        // Local time and fractions are gone: what is written is UTC.
        let written: String = time
            .to_string()
            .chars()
            .filter(|c| !matches!(c, '-' | ':' | 'T'))
            .collect();
        if written.len() >= 15 && written.starts_with(|c: char| c.is_ascii_digit()) {
            assert_eq!(parse_generalized_time(&written), Ok(time), "{text} as {written}");
        }
    }
    if let Some(ticks) = parse_file_time(text) {
        assert!(
            ticks.0 != 0 && ticks.0 < i64::MAX as u64 || ticks.to_unix().is_none(),
            "{text}"
        );
    }
    assert_eq!(
        GroupType::parse(text).is_some(),
        UserAccountControl::parse(text).is_some()
    );
    if let Ok(name) = text.parse::<AttributeName>() {
        assert_eq!(
            (name.as_str(), name.to_string().parse()),
            (text, Ok(name.clone()))
        );
    }
    if let Ok(guid) = text.parse::<Guid>() {
        assert_eq!(guid.to_string().parse(), Ok(guid));
    }
    for format in [
        CardFormat::Text,
        CardFormat::Decimal,
        CardFormat::Hex,
        CardFormat::HexReversed,
    ] {
        let number = CardRule::new(None, format).map(|rule| rule.number(text));
        if let (Ok(Ok(Some(number))), false) = (number, format == CardFormat::Text) {
            assert!(
                number
                    .parse::<u128>()
                    .is_ok_and(|parsed| parsed.to_string() == number)
            );
        }
    }
}
