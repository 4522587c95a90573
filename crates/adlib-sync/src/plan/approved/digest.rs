//! A digest of any JSON value, in memory that does not grow with it: values that are equal have the same, in whatever
//! order the keys of an object come.

use std::{cell::Cell, collections::BTreeMap, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use sha2::{Digest as _, Sha256};

/// Lists and objects in one another; a plan has six.
const MAX_DEPTH: usize = 16;
/// Keys of one object; a plan has 22.
const MAX_KEYS: usize = 64;

/// The digest of each part of an object.
pub(super) type Rows = BTreeMap<String, [u8; 32]>;

/// A limit that was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    Depth,
    Keys,
}

/// Which limit was passed; the error itself can only say so in words.
#[derive(Debug, Default)]
pub(super) struct Trouble(Cell<Option<Limit>>);

impl Trouble {
    pub(super) fn found(&self) -> Option<Limit> {
        self.0.get()
    }

    fn pass<E: Error>(&self, limit: Limit) -> E {
        self.0.set(Some(limit));
        E::custom("too much")
    }
}

/// The outermost object.
pub(super) struct Parts<'a>(pub(super) &'a Trouble);

impl<'de> Visitor<'de> for Parts<'_> {
    type Value = Rows;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Rows, A::Error> {
        let mut rows = Rows::new();
        while let Some(key) = map.next_key::<String>()? {
            if rows.len() == MAX_KEYS {
                return Err(self.0.pass(Limit::Keys));
            }
            let digest = map.next_value_seed(Value {
                trouble: self.0,
                depth: 1,
            })?;
            if rows.insert(key, digest).is_some() {
                return Err(A::Error::custom("a key comes twice"));
            }
        }
        Ok(rows)
    }
}

/// Any value inside.
#[derive(Clone, Copy)]
struct Value<'a> {
    trouble: &'a Trouble,
    depth: usize,
}

impl Value<'_> {
    fn inner<E: Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(self.trouble.pass(Limit::Depth));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = [u8; 32];

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<[u8; 32], D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Digests of values of different kinds never meet.
fn digest(kind: u8, bytes: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update([kind])
        .chain_update(bytes)
        .finalize()
        .into()
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = [u8; 32];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<[u8; 32], E> {
        Ok(digest(0, &[]))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<[u8; 32], E> {
        Ok(digest(1, &[value.into()]))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<[u8; 32], E> {
        Ok(digest(2, &value.to_le_bytes()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<[u8; 32], E> {
        Ok(digest(3, &value.to_le_bytes()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<[u8; 32], E> {
        Ok(digest(4, &value.to_le_bytes()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<[u8; 32], E> {
        Ok(digest(5, value.as_bytes()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<[u8; 32], A::Error> {
        let inner = self.inner()?;
        let mut all = Sha256::new().chain_update([6]);
        while let Some(item) = seq.next_element_seed(inner)? {
            all.update(item);
        }
        Ok(all.finalize().into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<[u8; 32], A::Error> {
        let inner = self.inner()?;
        let mut items = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if items.len() == MAX_KEYS {
                return Err(self.trouble.pass(Limit::Keys));
            }
            items.push((digest(5, key.as_bytes()), map.next_value_seed(inner)?));
        }
        items.sort_unstable();
        let all = items
            .iter()
            .fold(Sha256::new().chain_update([7]), |all, (key, value)| {
                all.chain_update(key).chain_update(value)
            });
        Ok(all.finalize().into())
    }
}
