//! LDIF as tools write it, and as nobody should.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{self, BufReader, Read};

use adlib_schema::{LdifError, LdifReader, RawEntry, ldif::LdifErrorKind};
use proptest::prelude::*;

fn read(bytes: &[u8]) -> Result<Vec<RawEntry>, LdifError> {
    LdifReader::new(bytes).collect()
}

fn error(bytes: &[u8]) -> LdifError {
    read(bytes).map_or_else(|error| error, |entries| panic!("{} entries", entries.len()))
}

/// Byte order mark, CRLF, no version, no final line end, folded comments, raw UTF-8.
#[test]
fn files_as_tools_write_them() {
    let text = "\u{feff}# a comment that\r\n  goes on\r\n\r\n\r\ndn: CN=Zo\u{eb},DC=x\r\nsn: Bront\r\n \u{eb}\r\nempty:\r\nspaces:   a b \r\nmember;range=0-1499: CN=a";
    let entries = read(text.as_bytes()).unwrap();
    assert_eq!(entries.len(), 1);
    let zoe = &entries[0];
    assert_eq!(zoe.dn(), "CN=Zoë,DC=x");
    assert_eq!(zoe.text("sn"), Some("Brontë"));
    assert_eq!(zoe.text("empty"), Some(""));
    assert_eq!(zoe.text("spaces"), Some("a b "));
    assert_eq!(zoe.text("member"), Some("CN=a"));
    assert_eq!(read(b"").unwrap(), []);
    assert_eq!(read(b"version: 1\n\n").unwrap(), []);
    assert_eq!(read(b"dn:\nobjectClass: top\n").unwrap()[0].dn(), "");
}

/// R27: line ends of Windows, folds in names, DNs and Base64, and comments in between, all at once; as by plain lines.
#[test]
fn r27_all_ways_to_write_at_once() {
    let plain = "dn: CN=Zo\u{eb},DC=example\nobjectGUID:: AAECAwQFBgcICQoLDA0ODw==\nsn: Bront\u{eb}\nempty:\n\n\
                 dn: CN=b,DC=example\nsn: b\n";
    let woven = "# first\r\n  goes on\r\nversion: 1\r\n\r\ndn:: Q049Wm/Dqyx\r\n EQz1leG\r\n FtcGxl\r\n# between\r\nobject\r\n \
                 GUID:: AAECAwQFBgcI\r\n CQoLDA0ODw=\r\n =\r\n#\r\nsn: Bront\u{eb}\r\nempty::\r\n\r\n# apart\r\n\r\n\
                 dn: CN=b,\r\n DC=example\r\nsn:b\r\n";
    assert_eq!(read(woven.as_bytes()).unwrap(), read(plain.as_bytes()).unwrap());
    assert_eq!(
        read(plain.as_bytes()).unwrap()[0].first("objectGUID").unwrap(),
        (0..16).collect::<Vec<u8>>()
    );
}

/// A character may be cut by a fold: bytes are joined before they are read as text.
#[test]
fn a_fold_may_cut_a_character() {
    let entries = read(b"dn: cn=x\nsn: \xc3\n \xab\n").unwrap();
    assert_eq!(entries[0].text("sn"), Some("ë"));
}

/// R27: what `ldapsearch` and `ldbsearch` write beside entries; a search that was cut short is an error.
#[test]
fn r27_results_and_referrals_of_search_tools() {
    let text = "dn: cn=x\ncn: x\n\n# search reference\nref: ldap://other/dc=x??base\n\n\
                # Referral\nref: ldap://third/dc=x\n\n# search result\nsearch: 2\nresult: 0 Success\n\n# numEntries: 1\n";
    assert_eq!(read(text.as_bytes()).unwrap().len(), 1);
    let cut = error(
        text.replace("result: 0 Success", "result: 4 Size limit exceeded")
            .as_bytes(),
    );
    assert_eq!(cut.line, 12);
    assert!(matches!(cut.kind, LdifErrorKind::CutShort(4)));
}

#[test]
fn errors_name_the_line_and_what_was_expected() {
    for (bytes, line, message) in [
        (&b"version: 2\ndn: cn=x\n"[..], 1, "`version: 1`"),
        (b"cn: x\n", 1, "`dn:`"),
        (b"dn: cn=x\ncn: x\n\nsn: y\n", 4, "`dn:`"),
        (
            b"dn: nonsense\n",
            1,
            "not a distinguished name at byte 0: expected an attribute name and `=`",
        ),
        (b"dn: cn=x\ncn: x\ndn: cn=y\n", 3, "an empty line"),
        (b"dn: cn=x\nnonsense\n", 2, "`:`"),
        (b"dn: cn=x\n: x\n", 2, "`:`"),
        (b"dn: cn=x\n-\n", 2, "`:`"),
        (b"dn: cn=x\nc n: x\n", 2, "`:`"),
        (b" dn: cn=x\n", 1, "could continue"),
        (b"dn: cn=x\n\n cn: x\n", 3, "could continue"),
        (b"dn: cn=x\ncn:: ???\n", 2, "Base64"),
        (b"dn:: gICA\n", 1, "UTF-8"),
        (b"dn: cn=x\ncn: \xe9\n", 2, "UTF-8"),
        (b"dn: cn=x\ncn: a\0b\n", 2, "UTF-8"),
        (b"\xff\xfed\0n\0:\0", 1, "UTF-16"),
        (
            b"dn: cn=x\n# comment\n  more\ncn: x\nphoto:\n < file:///x\n",
            5,
            "URLs are refused",
        ),
    ] {
        let error = error(bytes);
        assert_eq!(error.line, line, "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
}

/// A55: a value from a URL is refused however it is folded, and never shown.
#[test]
fn a55_urls_are_refused() {
    for text in [
        "dn: cn=x\nphoto:< file:///etc/passwd\n",
        "dn: cn=x\nphoto:\n < file:///etc/passwd\n",
        "dn:< file:///etc/passwd\n",
    ] {
        match read(text.as_bytes()) {
            Err(error) => {
                assert!(matches!(error.kind, LdifErrorKind::Url), "{error}");
                assert!(!error.to_string().contains("passwd"));
            }
            Ok(entries) => panic!("{entries:?}"),
        }
    }
}

/// A55: with a space before it, it is a text, as some tools write one, and nothing is fetched.
#[test]
fn a55_a_value_that_only_looks_like_a_url() {
    let entries = read(b"dn: cn=x\ndescription: < file:///etc/passwd\n").unwrap();
    assert_eq!(entries[0].text("description"), Some("< file:///etc/passwd"));
}

/// A55: a change record behind entries, and one that says so late.
#[test]
fn a55_change_records_among_entries() {
    for change in [
        "changetype: modify\nreplace: mail\nmail: x@y\n-\n",
        "cn: y\nChangeType: add\n",
        "control: 1.2.3 true\nchangetype: delete\n",
        "changetype:: YWRk\n",
    ] {
        let text = format!("dn: cn=x\ncn: x\n\ndn: cn=y\n{change}");
        let mut reader = LdifReader::new(text.as_bytes());
        assert_eq!(reader.next().unwrap().unwrap().dn(), "cn=x");
        let error = reader.next().unwrap().unwrap_err();
        assert!(
            matches!(error.kind, LdifErrorKind::ChangeRecord),
            "{change}: {error}"
        );
        assert!(reader.next().is_none());
    }
}

/// The same bytes again and again, made as they are read.
struct Endless {
    bytes: Vec<u8>,
    at: usize,
}

impl Endless {
    fn of(bytes: &str) -> Self {
        let bytes = bytes.repeat((64 << 10) / bytes.len()).into_bytes();
        Self { bytes, at: 0 }
    }
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.bytes.split_at(self.at).1;
        let used = rest.len().min(buffer.len());
        buffer.split_at_mut(used).0.copy_from_slice(rest.split_at(used).0);
        self.at = (self.at + used) % self.bytes.len();
        Ok(used)
    }
}

/// A55: a line, an entry or a comment without end is an error within bounded memory.
#[test]
fn a55_lines_and_entries_without_end() {
    let endless = |head: &'static str, fill: &str| {
        let reader = BufReader::new(head.as_bytes().chain(Endless::of(fill)));
        LdifReader::new(reader).next().unwrap().unwrap_err().kind
    };
    let kilobyte = "k".repeat(1024);
    assert!(matches!(
        endless("dn: cn=x\ncn: ", "a"),
        LdifErrorKind::LineTooLong(_)
    ));
    assert!(matches!(
        endless("dn: cn=x\ncn: a\n", &format!(" {kilobyte}\n")),
        LdifErrorKind::LineTooLong(_)
    ));
    assert!(matches!(endless("# ", "a"), LdifErrorKind::LineTooLong(_)));
    assert!(matches!(
        endless("dn: cn=x\n", &format!("a: {kilobyte}\n")),
        LdifErrorKind::EntryTooLarge(_)
    ));
    assert!(matches!(
        endless("dn: cn=x\n", "a:\nb:\n"),
        LdifErrorKind::TooManyAttributes(_)
    ));
}

/// A reader that fails is an error with its line, not the end of the file.
#[test]
fn a57_a_failing_reader_is_no_end() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let mut reader = LdifReader::new(BufReader::new(b"dn: cn=x\n\n".chain(Failing)));
    let error = reader.find_map(Result::err).unwrap();
    assert!(error.to_string().contains("the disk is gone"), "{error}");
    assert!(reader.next().is_none());
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, text in "(dn|cn|version|ref|result|#| |\n|:|::|:<|=|a|é){0,40}") {
        let _ = read(&bytes);
        let _ = read(text.as_bytes());
    }

    /// However a file is folded and wherever the reader is cut, the entries are the same.
    #[test]
    fn folds_do_not_count(value in "[a-zé ]{1,60}", width in 3_usize..20, buffer in 1_usize..16) {
        let plain = format!("dn: cn=x\nsn: a{value}\nl: b\n");
        let mut folded = Vec::new();
        for line in plain.lines() {
            for (index, chunk) in line.as_bytes().chunks(width).enumerate() {
                folded.extend_from_slice(if index == 0 { b"" } else { b" " });
                folded.extend_from_slice(chunk);
                folded.push(b'\n');
            }
        }
        let folded = BufReader::with_capacity(buffer, folded.as_slice());
        let folded: Vec<RawEntry> = LdifReader::new(folded).collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(folded, read(plain.as_bytes()).unwrap());
    }
}
