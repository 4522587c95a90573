//! Oracle of the decoders, against `kerberos_asn1`.

use adlib_kerberos::fuzzing::{self, Element, Message};

use super::foreign::decode;

/// The messages that one byte chooses among.
pub const MESSAGES: [Message; 12] = [
    Message::ApReq,
    Message::Ticket,
    Message::AsRep,
    Message::TgsRep,
    Message::KrbError,
    Message::Authenticator,
    Message::EncTicketPart,
    Message::KrbCred,
    Message::ApRep,
    Message::EncAsRepPart,
    Message::EncTgsRepPart,
    Message::EncKrbCredPart,
];

/// What both decoders read, they read as the same; what only one of them reads is on the list in the README, by which
/// clause decides.
pub fn differential(data: &[u8]) {
    let Some((choice, bytes)) = data.split_first() else {
        return;
    };
    let message = MESSAGES[usize::from(*choice) % MESSAGES.len()];
    match (fuzzing::decode(message, bytes), decode(message, bytes)) {
        (Ok(ours), Some(theirs)) => assert_eq!(ours, theirs.element),
        (Ok(ours), None) => assert!(only_ours(&ours), "{message:?} {ours:?}"),
        (Err(error), Some(theirs)) => {
            let listed = theirs.encoded != bytes || only_theirs(&theirs.element);
            assert!(listed, "{message:?} {error}: {:?}", theirs.element);
        }
        (Err(_), None) => {}
    }
}

/// Whether the other decoder reads a message.
#[must_use]
pub fn foreign(message: Message, bytes: &[u8]) -> bool {
    decode(message, bytes).is_some()
}

/// Whether something in a message is of what only we read.
fn only_ours(element: &Element) -> bool {
    match element {
        Element::Fields(fields) => fields.iter().any(|(name, value)| match (*name, value) {
            // A number without a sign may need a fifth octet (X.690 8.3).
            ("kvno" | "seq_number" | "nonce", Element::Number(number)) => i32::try_from(*number).is_err(),
            // The value is optional in a KERB-ERROR-DATA (MS-KILE 2.2.1), which is read as the same type.
            ("padata_value", Element::Absent) => true,
            // A reason that is no text of its type is still a refusal.
            ("e_text", Element::Bytes(_)) => true,
            (_, value) => only_ours(value),
        }),
        Element::List(values) => values.iter().any(only_ours),
        _ => false,
    }
}

/// Whether something in a message, in the form in which it must be written, is of what only they read.
fn only_theirs(element: &Element) -> bool {
    match element {
        Element::Fields(fields) => fields.iter().any(|(name, value)| match (*name, value) {
            // Microseconds ::= INTEGER (0..999999) (RFC 4120 5.2.4).
            ("cusec" | "susec" | "usec", Element::Number(number)) => !(0..1_000_000).contains(number),
            // Before 1970 there is no time to tell.
            (
                "ctime" | "stime" | "authtime" | "starttime" | "endtime" | "renew_till" | "timestamp"
                | "lr_value" | "key_expiration",
                Element::Number(seconds),
            ) => *seconds < 0,
            (_, value) => only_theirs(value),
        }),
        Element::List(values) => values.iter().any(only_theirs),
        // Other implementations end a name at a NUL.
        Element::Text(text) => text.contains('\0'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{der::tlv, scene};

    const BOTH: [bool; 2] = [true, true];
    const ONLY_OURS: [bool; 2] = [true, false];
    const ONLY_THEIRS: [bool; 2] = [false, true];

    /// Which decoders read `bytes`, which must be on the list if it is only one of them.
    fn readers(message: Message, bytes: &[u8]) -> [bool; 2] {
        let choice = MESSAGES.iter().position(|one| *one == message).unwrap();
        differential(&[&[choice as u8], bytes].concat());
        [fuzzing::decode(message, bytes).is_ok(), foreign(message, bytes)]
    }

    const TIME: &[u8] = b"\x18\x0f20270115080000Z";
    const VERSION: &[u8] = &[0xa0, 3, 2, 1, 5];

    /// A KRB-ERROR with these fields in the places of its own.
    fn krb_error(changes: &[(usize, &[u8])]) -> [bool; 2] {
        let text = tlv(0x1b, &[b"CORP"]);
        let name = tlv(0x30, &[&[0xa0, 3, 2, 1, 1], &tlv(0xa1, &[&tlv(0x30, &[&text])])]);
        let mut fields = [
            VERSION.to_vec(),
            vec![0xa1, 3, 2, 1, 30],
            tlv(0xa4, &[TIME]),
            vec![0xa5, 3, 2, 1, 7],
            vec![0xa6, 3, 2, 1, 25],
            tlv(0xa9, &[&text]),
            tlv(0xaa, &[&name]),
            tlv(0xab, &[&text]),
        ];
        for (place, field) in changes {
            fields[*place] = field.to_vec();
        }
        readers(Message::KrbError, &tlv(0x7e, &[&tlv(0x30, &[&fields.concat()])]))
    }

    /// An AP-REP whose version and key version are written so.
    fn ap_rep(version: &[u8], kvno: &[u8]) -> [bool; 2] {
        let sealed = [
            &[0xa0, 3, 2, 1, 18][..],
            &tlv(0xa1, &[&tlv(2, &[kvno])]),
            &[0xa2, 2, 4, 0],
        ];
        let sealed = tlv(0xa2, &[&tlv(0x30, &sealed)]);
        let body = tlv(0x30, &[version, &[0xa1, 3, 2, 1, 15], &sealed]);
        readers(Message::ApRep, &tlv(0x6f, &[&body]))
    }

    /// The list in the README, a line after the other.
    #[test]
    fn what_only_they_read() {
        assert_eq!([ap_rep(VERSION, &[7]), krb_error(&[])], [BOTH; 2]);
        assert_eq!(ap_rep(&[0xa0, 0x81, 3, 2, 1, 5], &[7]), ONLY_THEIRS);
        assert_eq!(ap_rep(&[0xa0, 4, 2, 2, 0, 5], &[7]), ONLY_THEIRS);
        assert_eq!(ap_rep(&[0xa0, 4, 2, 1, 5, 0], &[7]), ONLY_THEIRS);
        assert_eq!(ap_req(&[3, 5, 1, 0, 0, 0, 0]), BOTH);
        assert_eq!(ap_req(&[3, 5, 1, 0, 0, 0, 1]), ONLY_THEIRS);
        for time in [
            &b"\x18\x1120270115080000.5Z"[..],
            b"\x18\x0f+0270115080000Z",
            b"\x18\x0f19691231235959Z",
        ] {
            assert_eq!(krb_error(&[(2, &tlv(0xa4, &[time]))]), ONLY_THEIRS);
        }
        assert_eq!(krb_error(&[(3, &[0xa5, 5, 2, 3, 0x0f, 0x42, 0x40])]), ONLY_THEIRS);
        assert_eq!(krb_error(&[(3, &[0xa5, 3, 2, 1, 0xff])]), ONLY_THEIRS);
        assert_eq!(krb_error(&[(5, &tlv(0xa9, &[b"\x1b\x02A\0"]))]), ONLY_THEIRS);
    }

    /// An AP-REQ whose options are written so.
    fn ap_req(options: &[u8]) -> [bool; 2] {
        let message = scene::message();
        let own = [3, 5, 0, 0, 0, 0, 0];
        let at = message.windows(7).position(|window| window == own).unwrap();
        let message = [&message[..at], options, &message[at + 7..]].concat();
        readers(Message::ApReq, &message)
    }

    /// The list in the README, a line after the other.
    #[test]
    fn what_only_we_read() {
        assert_eq!(ap_rep(VERSION, &[0, 0x80, 0, 0, 1]), ONLY_OURS);
        assert_eq!(krb_error(&[(3, &[0xa5, 6, 2, 4, 0, 0, 0, 7])]), BOTH);
        assert_eq!(krb_error(&[(3, &[0xa5, 7, 2, 5, 0, 0, 0, 0, 7])]), [false; 2]);
        assert_eq!(krb_error(&[(7, &tlv(0xab, &[b"\x0c\x01a"]))]), ONLY_OURS);
        let data = tlv(0xa2, &[&tlv(0x30, &[&tlv(0x30, &[&[0xa1, 3, 2, 1, 3]])])]);
        let text = tlv(0x1b, &[b"CORP"]);
        let name = tlv(0x30, &[&[0xa0, 3, 2, 1, 1], &tlv(0xa1, &[&tlv(0x30, &[&text])])]);
        let sealed = tlv(0x30, &[&[0xa0, 3, 2, 1, 18], &[0xa2, 2, 4, 0]]);
        let ticket = [
            VERSION,
            &tlv(0xa1, &[&text]),
            &tlv(0xa2, &[&name]),
            &tlv(0xa3, &[&sealed]),
        ];
        let ticket = tlv(0x61, &[&tlv(0x30, &ticket)]);
        let fields = [
            tlv(0xa3, &[&text]),
            tlv(0xa4, &[&name]),
            tlv(0xa5, &[&ticket]),
            tlv(0xa6, &[&sealed]),
        ];
        let as_rep = |data: &[u8]| {
            let body = [VERSION, &[0xa1, 3, 2, 1, 11], data, &fields.concat()];
            readers(Message::AsRep, &tlv(0x6b, &[&tlv(0x30, &body)]))
        };
        assert_eq!(as_rep(&[]), BOTH);
        assert_eq!(as_rep(&data), ONLY_OURS);
    }
}
