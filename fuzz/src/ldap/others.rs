//! Entries as another decoder reads them: that of `ldap3_proto`.

use std::collections::BTreeMap;

use adlib_ldap::fuzzing::Answered;
use ldap3_proto::{LdapCodec, proto::LdapOp};
use tokio_util::{bytes::BytesMut, codec::Decoder};

/// An entry that both read is the same; what ours takes for none, the other must not take for one.
pub(super) fn compare(answer: &Answered) {
    let mut bytes = BytesMut::from(&*answer.message);
    // The other refuses more: numbers beyond 2^31, controls that it knows with values that it does not.
    let Ok(Some(read)) = LdapCodec::default().decode(&mut bytes) else {
        return;
    };
    let theirs = match read.op {
        LdapOp::SearchResultEntry(entry) => Some(entry),
        _ => None,
    };
    let (Some(ours), Some(theirs)) = (&answer.entry, &theirs) else {
        assert_eq!(answer.entry.is_some(), theirs.is_some());
        return;
    };
    assert_eq!(ours.dn(), theirs.dn);
    let mut expected: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for attribute in &theirs.attributes {
        let name = attribute.atype.to_ascii_lowercase();
        expected.entry(name).or_default().extend(attribute.vals.clone());
    }
    let mut values: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for (name, all) in ours.attributes() {
        let all = all.map(<[u8]>::to_vec);
        values.entry(name.to_ascii_lowercase()).or_default().extend(all);
    }
    assert_eq!(values, expected);
}
