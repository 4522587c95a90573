//! RFC 2849, the examples.

use adlib_schema::{LdifReader, RawEntry, ldif::LdifErrorKind};

fn read(text: &str) -> Vec<RawEntry> {
    LdifReader::new(text.as_bytes())
        .collect::<Result<_, _>>()
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Example 1: two entries.
#[test]
fn example_1_two_entries() {
    let entries = read(
        "version: 1\n\
         dn: cn=Barbara Jensen, ou=Product Development, dc=airius, dc=com\n\
         objectclass: top\n\
         objectclass: person\n\
         objectclass: organizationalPerson\n\
         cn: Barbara Jensen\n\
         cn: Barbara J Jensen\n\
         cn: Babs Jensen\n\
         sn: Jensen\n\
         telephonenumber: +1 408 555 1212\n\
         \n\
         dn: cn=Bjorn Jensen, ou=Accounting, dc=airius, dc=com\n\
         objectclass: top\n\
         sn: Jensen\n",
    );
    assert_eq!(entries.len(), 2);
    assert_eq!(
        entries[0].dn(),
        "cn=Barbara Jensen, ou=Product Development, dc=airius, dc=com"
    );
    assert_eq!(
        entries[0].texts("CN").collect::<Vec<_>>(),
        ["Barbara Jensen", "Barbara J Jensen", "Babs Jensen"]
    );
    assert_eq!(entries[0].text("telephoneNumber"), Some("+1 408 555 1212"));
    assert_eq!(entries[1].text("sn"), Some("Jensen"));
}

/// Example 2: a folded value, and no space after the colon.
#[test]
fn example_2_folded_value() {
    let entries = read(
        "version: 1\n\
         dn:cn=Barbara Jensen, ou=Product Development, dc=airius, dc=com\n\
         cn:Barbara Jensen\n\
         description:Babs is a big sailing fan, and travels extensively in sea\n rch of perfect sailing conditions.\n\
         title:Product Manager, Rod and Reel Division\n",
    );
    assert_eq!(
        entries[0].text("description"),
        Some("Babs is a big sailing fan, and travels extensively in search of perfect sailing conditions.")
    );
    assert_eq!(
        entries[0].text("title"),
        Some("Product Manager, Rod and Reel Division")
    );
}

/// Example 3: a Base64 value, folded.
#[test]
fn example_3_base64() {
    let entries = read(
        "version: 1\n\
         dn: cn=Gern Jensen, ou=Product Testing, dc=airius, dc=com\n\
         description:: V2hhdCBhIGNhcmVmdWwgcmVhZGVyIHlvdSBhcmUhICBUaGlzIHZhbHVl\n \
         IGlzIGJhc2UtNjQtZW5jb2RlZCBiZWNhdXNlIGl0IGhhcyBhIGNvbnRyb2wgY2hhcmFjdG\n \
         VyIGluIGl0IChhIENSKS4NICBCeSB0aGUgd2F5LCB5b3Ugc2hvdWxkIHJlYWxseSBnZXQg\n \
         b3V0IG1vcmUu\n",
    );
    let text = entries[0].text("description").unwrap();
    assert!(text.starts_with("What a careful reader you are!"), "{text}");
    assert!(
        text.ends_with("(a CR).\r  By the way, you should really get out more."),
        "{text}"
    );
}

/// Example 4: DNs and values in Base64, options, and comments between the lines.
#[test]
fn example_4_utf8_and_options() {
    let entries = read(
        "version: 1\n\
         dn:: b3U95Za25qWt6YOoLG89QWlyaXVz\n\
         # dn:: ou=<JapaneseOU>,o=Airius\n\
         objectclass: organizationalUnit\n\
         ou:: 5Za25qWt6YOo\n\
         # ou:: <JapaneseOU>\n\
         ou;lang-ja:: 5Za25qWt6YOo\n\
         ou;lang-en: Sales\n\
         description: Japanese office\n\
         \n\
         dn:: dWlkPXJvZ2FzYXdhcmEsb3U95Za25qWt6YOoLG89QWlyaXVz\n\
         userpassword: {SHA}O3HSv1MusyL4kTjP+HKI5uxuNoM=\n\
         title;lang-ja;phonetic:: 44GI44GE44GO44KH44GG44G2IOOBtuOBoeOCh+OBhg==\n\
         # title;lang-ja;phonetic::\n\
         # <JapaneseTitle_in_phonetic_representation_kana>\n\
         title;lang-en: Sales, Director\n",
    );
    assert_eq!(entries[0].dn(), "ou=営業部,o=Airius");
    assert_eq!(entries[0].text("ou"), Some("営業部"));
    let ous: Vec<_> = entries[0].all_values("ou").collect();
    assert_eq!(ous, ["営業部".as_bytes(), "営業部".as_bytes(), b"Sales"]);
    assert_eq!(entries[1].dn(), "uid=rogasawara,ou=営業部,o=Airius");
    assert_eq!(entries[1].text("title"), Some("えいぎょうぶ ぶちょう"));
}

/// A55. Example 5: a value in another file.
#[test]
fn a55_example_5_values_from_urls_are_refused() {
    let text = "version: 1\n\
                dn: cn=Horatio Jensen, ou=Product Testing, dc=airius, dc=com\n\
                cn: Horatio Jensen\n\
                jpegphoto:< file:///usr/local/directory/photos/hjensen.jpg\n";
    let error = LdifReader::new(text.as_bytes()).next().unwrap().unwrap_err();
    assert_eq!(error.line, 4);
    assert!(matches!(error.kind, LdifErrorKind::Url));
}

/// A55. Examples 6 and 7: change records.
#[test]
fn a55_examples_6_and_7_change_records_are_refused() {
    for (text, line) in [
        (
            "version: 1\n# Add\ndn: cn=Fiona, dc=com\nchangetype: add\nobjectclass: top\n",
            4,
        ),
        (
            "version: 1\ndn: cn=Robert, dc=com\nchangetype: delete\n\ndn: cn=x\n",
            3,
        ),
        (
            "version: 1\ndn: cn=Paul, dc=com\nchangetype: modrdn\nnewrdn: cn=Paula\ndeleteoldrdn: 1\n",
            3,
        ),
        (
            "version: 1\ndn: ou=PD, dc=com\ncontrol: 1.2.840.113556.1.4.805 true\nchangetype: delete\n",
            3,
        ),
    ] {
        let mut reader = LdifReader::new(text.as_bytes());
        let error = reader.next().unwrap().unwrap_err();
        assert_eq!(error.line, line);
        assert!(matches!(error.kind, LdifErrorKind::ChangeRecord), "{error}");
        assert!(reader.next().is_none());
    }
}
