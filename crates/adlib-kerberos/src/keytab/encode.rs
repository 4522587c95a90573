//! Writing a key table.

use alloc::vec::Vec;

use adlib_core::Writer;

use super::{Keytab, KeytabEntry};

impl Keytab {
    /// The bytes of the table, version 2, with wide key versions. Unusable entries, whose keys were not kept, are
    /// left out, and a text longer than 65,535 bytes is cut.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut file = Writer::new();
        file.bytes(&[5, 2]);
        for entry in self.entries() {
            let record = encode_entry(entry);
            file.u32_be(u32::try_from(record.len()).unwrap_or(0))
                .bytes(&record);
        }
        file.finish()
    }
}

fn encode_entry(entry: &KeytabEntry) -> Vec<u8> {
    let KeytabEntry {
        principal,
        kvno,
        key,
        timestamp,
    } = entry;
    let mut record = Writer::new();
    let count = u16::try_from(principal.components().len()).unwrap_or(u16::MAX);
    record.u16_be(count);
    counted(&mut record, principal.realm().as_bytes());
    for component in principal.components().iter().take(count.into()) {
        counted(&mut record, component.as_bytes());
    }
    let [.., short_kvno] = kvno.to_be_bytes();
    // All encryption types have numbers below 24.
    let etype = u16::try_from(key.etype().number()).unwrap_or(0);
    record
        .u32_be(principal.name_type().cast_unsigned())
        .u32_be(u32::try_from(timestamp.seconds()).unwrap_or(0))
        .u8(short_kvno)
        .u16_be(etype);
    counted(&mut record, key.expose());
    record.u32_be(*kvno);
    record.finish()
}

fn counted(record: &mut Writer, bytes: &[u8]) {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    record
        .u16_be(length)
        .bytes(bytes.get(..length.into()).unwrap_or(bytes));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EncryptionType, Principal, ServiceKey};
    use adlib_core::UnixTime;
    use proptest::prelude::*;
    use std::{string::String, vec};

    fn entry() -> impl Strategy<Value = KeytabEntry> {
        let name = proptest::collection::vec(".{0,12}", 0..4);
        (
            name,
            ".{0,12}",
            any::<i32>(),
            any::<u32>(),
            any::<u32>(),
            0_usize..5,
        )
            .prop_map(|(components, realm, name_type, kvno, seconds, etype)| {
                let components: Vec<String> = components;
                let etype = EncryptionType::ALL[etype];
                KeytabEntry {
                    principal: Principal::new(name_type, components, realm),
                    kvno,
                    key: ServiceKey::new(etype, vec![3; etype.key_length()]).unwrap(),
                    timestamp: UnixTime::from_seconds(seconds.into()),
                }
            })
    }

    proptest! {
        #[test]
        fn what_is_encoded_comes_back(entries in proptest::collection::vec(entry(), 0..5)) {
            let keytab = Keytab::new(entries);
            prop_assert_eq!(Keytab::decode(&keytab.encode()).unwrap(), keytab);
        }
    }
}
