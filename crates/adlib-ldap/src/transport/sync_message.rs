//! What a server tells of changes: content synchronisation (RFC 4533) and DirSync (MS-ADTS 3.1.1.3.4.1.3). Hostile bytes.

use adlib_core::{DecodeError, DecodeErrorKind, Reader};

use super::{ber, message::AnswerControl, search_message::Control};

const SYNC_REQUEST: &str = "1.3.6.1.4.1.4203.1.9.1.1";

const SYNC_STATE: &str = "1.3.6.1.4.1.4203.1.9.1.2";
const SYNC_DONE: &str = "1.3.6.1.4.1.4203.1.9.1.3";
const SYNC_INFO: &str = "1.3.6.1.4.1.4203.1.9.1.4";
const DIR_SYNC: &str = "1.2.840.113556.1.4.841";
const RESPONSE_NAME: u8 = 0x80;
const RESPONSE_VALUE: u8 = 0x81;

/// The identity of an entry, `entryUUID` as bytes.
pub(crate) type SyncUuid = [u8; 16];

/// What an entry of an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SyncKind {
    /// It did not change.
    Present,
    /// It is new, or came into the content.
    Add,
    /// It changed.
    Modify,
    /// It is gone, or left the content.
    Delete,
}

/// ```text
/// syncStateValue ::= SEQUENCE { state ENUMERATED { present (0), add (1), modify (2), delete (3) },
///                               entryUUID syncUUID, cookie syncCookie OPTIONAL }
/// ```
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SyncState {
    pub(crate) kind: SyncKind,
    pub(crate) uuid: SyncUuid,
    pub(crate) cookie: Option<Vec<u8>>,
}

/// ```text
/// syncDoneValue ::= SEQUENCE { cookie syncCookie OPTIONAL, refreshDeletes BOOLEAN DEFAULT FALSE }
/// ```
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct SyncDone {
    pub(crate) cookie: Option<Vec<u8>>,
    pub(crate) refresh_deletes: bool,
}

/// ```text
/// syncInfoValue ::= CHOICE { newcookie [0] syncCookie,
///     refreshDelete [1] SEQUENCE { cookie syncCookie OPTIONAL, refreshDone BOOLEAN DEFAULT TRUE },
///     refreshPresent [2] SEQUENCE { cookie syncCookie OPTIONAL, refreshDone BOOLEAN DEFAULT TRUE },
///     syncIdSet [3] SEQUENCE { cookie syncCookie OPTIONAL, refreshDeletes BOOLEAN DEFAULT FALSE,
///                              syncUUIDs SET OF syncUUID } }
/// ```
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SyncInfo {
    pub(crate) cookie: Option<Vec<u8>>,
    pub(crate) step: SyncStep,
}

/// Which of the four a `syncInfoValue` is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SyncStep {
    NewCookie,
    RefreshDelete { done: bool },
    RefreshPresent { done: bool },
    IdSet { deleted: bool, uuids: Vec<SyncUuid> },
}

/// ```text
/// DirSyncResponseValue ::= SEQUENCE { MoreResults INTEGER, unused INTEGER, CookieServer OCTET STRING }
/// ```
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DirSyncAnswer {
    pub(crate) more: bool,
    pub(crate) cookie: Vec<u8>,
}

/// ```text
/// syncRequestValue ::= SEQUENCE { mode ENUMERATED { refreshOnly (1), refreshAndPersist (3) },
///                                 cookie syncCookie OPTIONAL, reloadHint BOOLEAN DEFAULT FALSE }
/// ```
pub(crate) fn sync_control(persist: bool, cookie: Option<&[u8]>) -> Control {
    let mut parts = Vec::new();
    ber::put(&mut parts, ber::ENUMERATED, &[if persist { 3 } else { 1 }]);
    if let Some(cookie) = cookie {
        ber::put(&mut parts, ber::OCTET_STRING, cookie);
    }
    control_of(SYNC_REQUEST, &parts)
}

/// ```text
/// DirSyncRequestValue ::= SEQUENCE { Flags INTEGER, MaxBytes INTEGER, Cookie OCTET STRING }
/// ```
pub(crate) fn dir_sync_control(flags: u32, max_bytes: u32, cookie: &[u8]) -> Control {
    let mut parts = Vec::new();
    // Four octets, so that the highest flag is the sign, as Windows writes it.
    ber::put(&mut parts, ber::INTEGER, &flags.to_be_bytes());
    ber::put(&mut parts, ber::INTEGER, &max_bytes.to_be_bytes());
    ber::put(&mut parts, ber::OCTET_STRING, cookie);
    control_of(DIR_SYNC, &parts)
}

/// `LDAP_SERVER_EXTENDED_DN_OID`: identities in front of DNs, as text (MS-ADTS 3.1.1.3.4.1.5).
pub(crate) fn extended_dn_control() -> Control {
    control_of("1.2.840.113556.1.4.529", b"\x02\x01\x01")
}

/// A control whose value is a SEQUENCE of `parts`.
fn control_of(name: &'static str, parts: &[u8]) -> Control {
    let mut value = Vec::new();
    ber::put(&mut value, ber::SEQUENCE, parts);
    Control::critical(name, Some(value))
}

/// The value of the control called `name` among `controls`.
fn value_of<'a>(controls: &[AnswerControl<'a>], name: &str) -> Option<&'a [u8]> {
    let control = controls.iter().find(|control| control.name == name)?;
    control.value
}

/// What `controls` say of the entry that they are with.
///
/// # Errors
/// A `DecodeError` for a control that is malformed.
pub(super) fn decode_state(controls: &[AnswerControl<'_>]) -> Result<Option<SyncState>, DecodeError> {
    const WHAT: &str = "syncStateValue";
    let Some(value) = value_of(controls, SYNC_STATE) else {
        return Ok(None);
    };
    let mut parts = sequence(value, WHAT)?;
    let state = ber::number(ber::expect(&mut parts, ber::ENUMERATED, "state")?, "state")?;
    let kind = match state {
        0 => SyncKind::Present,
        1 => SyncKind::Add,
        2 => SyncKind::Modify,
        3 => SyncKind::Delete,
        _ => return Err(DecodeError::new("state", 0, DecodeErrorKind::Invalid)),
    };
    let uuid = uuid(ber::expect(&mut parts, ber::OCTET_STRING, "entryUUID")?)?;
    let cookie = optional_cookie(&mut parts)?;
    parts.finish(WHAT)?;
    Ok(Some(SyncState { kind, uuid, cookie }))
}

/// What `controls` say at the end of an answer.
///
/// # Errors
/// A `DecodeError` for a control that is malformed.
pub(super) fn decode_done(controls: &[AnswerControl<'_>]) -> Result<Option<SyncDone>, DecodeError> {
    const WHAT: &str = "syncDoneValue";
    let Some(value) = value_of(controls, SYNC_DONE) else {
        return Ok(None);
    };
    let mut parts = sequence(value, WHAT)?;
    let cookie = optional_cookie(&mut parts)?;
    let refresh_deletes = optional_boolean(&mut parts, false)?;
    parts.finish(WHAT)?;
    Ok(Some(SyncDone {
        cookie,
        refresh_deletes,
    }))
}

/// What an `IntermediateResponse` (RFC 4511 4.13) says.
///
/// # Errors
/// A `DecodeError` when it is no `syncInfoValue`.
pub(super) fn decode_info(content: &[u8]) -> Result<SyncInfo, DecodeError> {
    const WHAT: &str = "syncInfoValue";
    let mut reader = Reader::new(content);
    let name = ber::expect(&mut reader, RESPONSE_NAME, "responseName")?;
    let value = ber::expect(&mut reader, RESPONSE_VALUE, "responseValue")?;
    reader.finish("IntermediateResponse")?;
    if name != SYNC_INFO.as_bytes() {
        return Err(DecodeError::new("responseName", 0, DecodeErrorKind::Unexpected));
    }
    let mut reader = Reader::new(value);
    let choice = ber::element(&mut reader, WHAT)?;
    reader.finish(WHAT)?;
    let mut parts = Reader::new(choice.content);
    let (cookie, step) = match choice.tag {
        0x80 => {
            return Ok(SyncInfo {
                cookie: Some(choice.content.to_vec()),
                step: SyncStep::NewCookie,
            });
        }
        0xa1 | 0xa2 => {
            let cookie = optional_cookie(&mut parts)?;
            let done = optional_boolean(&mut parts, true)?;
            let step = match choice.tag {
                0xa1 => SyncStep::RefreshDelete { done },
                _ => SyncStep::RefreshPresent { done },
            };
            (cookie, step)
        }
        0xa3 => (optional_cookie(&mut parts)?, id_set(&mut parts)?),
        _ => return Err(DecodeError::new(WHAT, 0, DecodeErrorKind::Unexpected)),
    };
    parts.finish(WHAT)?;
    Ok(SyncInfo { cookie, step })
}

fn id_set(parts: &mut Reader<'_>) -> Result<SyncStep, DecodeError> {
    let deleted = optional_boolean(parts, false)?;
    let mut set = Reader::new(ber::expect(parts, ber::SET, "syncUUIDs")?);
    let mut uuids = Vec::new();
    while !set.is_empty() {
        uuids.push(uuid(ber::expect(&mut set, ber::OCTET_STRING, "syncUUID")?)?);
    }
    Ok(SyncStep::IdSet { deleted, uuids })
}

/// What the DirSync control among `controls` says.
///
/// # Errors
/// A `DecodeError` for a control that is malformed.
pub(super) fn decode_dir_sync(controls: &[AnswerControl<'_>]) -> Result<Option<DirSyncAnswer>, DecodeError> {
    const WHAT: &str = "DirSyncResponseValue";
    let Some(value) = value_of(controls, DIR_SYNC) else {
        return Ok(None);
    };
    let mut parts = sequence(value, WHAT)?;
    let more = ber::expect(&mut parts, ber::INTEGER, "MoreResults")?;
    let more = more.iter().any(|octet| *octet != 0);
    ber::expect(&mut parts, ber::INTEGER, "unused")?;
    let cookie = ber::expect(&mut parts, ber::OCTET_STRING, "CookieServer")?.to_vec();
    parts.finish(WHAT)?;
    Ok(Some(DirSyncAnswer { more, cookie }))
}

/// The parts of a SEQUENCE that is all of `value`.
fn sequence<'a>(value: &'a [u8], what: &'static str) -> Result<Reader<'a>, DecodeError> {
    let mut reader = Reader::new(value);
    let parts = ber::expect(&mut reader, ber::SEQUENCE, what)?;
    reader.finish(what)?;
    Ok(Reader::new(parts))
}

fn uuid(content: &[u8]) -> Result<SyncUuid, DecodeError> {
    content
        .try_into()
        .map_err(|_| DecodeError::new("syncUUID", 0, DecodeErrorKind::Invalid))
}

/// The content of the next element, if it has `tag`.
fn optional<'a>(parts: &mut Reader<'a>, tag: u8) -> Result<Option<&'a [u8]>, DecodeError> {
    if parts.rest().first() != Some(&tag) {
        return Ok(None);
    }
    Ok(Some(ber::element(parts, "syncValue")?.content))
}

fn optional_cookie(parts: &mut Reader<'_>) -> Result<Option<Vec<u8>>, DecodeError> {
    Ok(optional(parts, ber::OCTET_STRING)?.map(<[u8]>::to_vec))
}

fn optional_boolean(parts: &mut Reader<'_>, default: bool) -> Result<bool, DecodeError> {
    match optional(parts, ber::BOOLEAN)? {
        None => Ok(default),
        Some([octet]) => Ok(*octet != 0),
        Some(_) => Err(DecodeError::new("BOOLEAN", 0, DecodeErrorKind::Invalid)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UUID: [u8; 16] = *b"0123456789abcdef";

    fn control<'a>(name: &'a str, value: &'a [u8]) -> [AnswerControl<'a>; 1] {
        [AnswerControl {
            name,
            value: Some(value),
        }]
    }

    fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        ber::put(&mut bytes, tag, &parts.concat());
        bytes
    }

    /// RFC 4533 2.3
    #[test]
    fn r28_the_state_of_an_entry() {
        let id = tlv(4, &[&UUID]);
        let value = tlv(0x30, &[&[10, 1, 3], &id, b"\x04\x01c"]);
        let state = decode_state(&control(SYNC_STATE, &value)).unwrap().unwrap();
        assert_eq!((state.kind, state.uuid), (SyncKind::Delete, UUID));
        assert_eq!(state.cookie.as_deref(), Some(&b"c"[..]));
        for odd in [
            tlv(0x30, &[&[10, 1, 4], &id]),
            tlv(0x30, &[&[10, 1, 1], &tlv(4, &[&UUID[1..]])]),
            tlv(0x30, &[&[10, 1, 1], &id, b"\x04\x01c", b"\x04\x01c"]),
        ] {
            assert!(decode_state(&control(SYNC_STATE, &odd)).is_err());
        }
        assert_eq!(decode_state(&[]), Ok(None));
    }

    /// RFC 4533 2.4, 2.5
    #[test]
    fn r28_information_on_the_way_and_at_the_end() {
        let info = |value: &[u8]| {
            decode_info(
                &[
                    tlv(RESPONSE_NAME, &[SYNC_INFO.as_bytes()]),
                    tlv(RESPONSE_VALUE, &[value]),
                ]
                .concat(),
            )
        };
        assert_eq!(info(b"\x80\x01c").unwrap().step, SyncStep::NewCookie);
        assert_eq!(
            info(b"\xa1\x00").unwrap().step,
            SyncStep::RefreshDelete { done: true }
        );
        let present = info(b"\xa2\x06\x04\x01c\x01\x01\x00").unwrap();
        assert_eq!(present.step, SyncStep::RefreshPresent { done: false });
        assert_eq!(present.cookie.as_deref(), Some(&b"c"[..]));
        let set = tlv(0xa3, &[b"\x01\x01\xff", &tlv(0x31, &[&tlv(4, &[&UUID])])]);
        let expected = SyncStep::IdSet {
            deleted: true,
            uuids: vec![UUID],
        };
        assert_eq!(info(&set).unwrap().step, expected);
        assert!(info(b"\xa4\x00").is_err());

        let done = decode_done(&control(SYNC_DONE, b"\x30\x06\x04\x01c\x01\x01\xff"))
            .unwrap()
            .unwrap();
        assert_eq!(
            (done.cookie.as_deref(), done.refresh_deletes),
            (Some(&b"c"[..]), true)
        );
        let empty = decode_done(&control(SYNC_DONE, b"\x30\x00")).unwrap();
        assert_eq!(empty, Some(SyncDone::default()));
    }

    /// MS-ADTS 3.1.1.3.4.1.3
    #[test]
    fn r28_the_answer_to_dirsync() {
        let value = b"\x30\x09\x02\x01\x01\x02\x01\x00\x04\x01c";
        let answer = decode_dir_sync(&control(DIR_SYNC, value)).unwrap().unwrap();
        assert_eq!((answer.more, answer.cookie.as_slice()), (true, &b"c"[..]));
        assert!(decode_dir_sync(&control(DIR_SYNC, &value[..8])).is_err());
    }

    proptest! {
        /// A50
        #[test]
        fn a50_no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = decode_state(&control(SYNC_STATE, &bytes));
            let _ = decode_done(&control(SYNC_DONE, &bytes));
            let _ = decode_dir_sync(&control(DIR_SYNC, &bytes));
            let _ = decode_info(&bytes);
        }
    }
}
