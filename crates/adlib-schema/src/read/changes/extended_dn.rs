//! DNs with the identity in front, as Active Directory gives them on request (MS-ADTS 3.1.1.3.4.1.5):
//! `<GUID=b3d1...>;<SID=S-1-5-...>;CN=Ada,DC=example,DC=org`. Hostile bytes.

use adlib_core::Guid;

use super::EntryId;

/// The identity and the DN in `text`; no identity when it is a plain DN.
pub(super) fn parse(text: &str) -> (Option<EntryId>, &str) {
    const GUID: &str = "<GUID=";
    let mut id = None;
    let mut rest = text;
    while rest.starts_with('<') {
        let Some((part, behind)) = rest.split_once(">;") else {
            break;
        };
        let guid = part.split_at_checked(GUID.len());
        if let Some((_, guid)) = guid.filter(|(name, _)| name.eq_ignore_ascii_case(GUID)) {
            id = guid.parse::<Guid>().ok().map(EntryId::from);
        }
        rest = behind;
    }
    (id, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_and_dn() {
        let text = "<GUID=9485dea9-1ae2-4059-a3fb-af99de5aa54e>;<SID=S-1-5-21-1>;CN=a;b,DC=example";
        let (id, dn) = parse(text);
        assert_eq!(id.unwrap().as_bytes()[..4], [0xa9, 0xde, 0x85, 0x94]);
        assert_eq!(dn, "CN=a;b,DC=example");
        assert_eq!(parse("CN=a,DC=example"), (None, "CN=a,DC=example"));
        assert_eq!(parse("<GUID=x>;CN=a"), (None, "CN=a"));
        assert_eq!(parse("<GUID="), (None, "<GUID="));
    }
}
