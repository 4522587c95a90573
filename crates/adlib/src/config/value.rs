//! Values with a syntax of their own inside of TOML.

use std::{fmt::Display, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, de::Error};

/// A value by its `FromStr`, so that its own error becomes the message and TOML adds the position.
pub(super) fn parsed<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    String::deserialize(deserializer)?
        .parse()
        .map_err(D::Error::custom)
}

/// The value whose name is written.
pub(super) fn one_of<'de, T, D>(deserializer: D, known: &[(&str, T)]) -> Result<T, D::Error>
where
    T: Copy,
    D: Deserializer<'de>,
{
    let text = String::deserialize(deserializer)?;
    let found = known
        .iter()
        .find(|(name, _)| *name == text)
        .map(|(_, value)| *value);
    found.ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        D::Error::custom(format_args!(
            "`{text}` is not known here; expected one of {}",
            names.join(", ")
        ))
    })
}

/// `"30s"`, `"5m"`, `"1h 30m"`.
pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    let span: jiff::SignedDuration = text.parse().map_err(|_| {
        D::Error::custom(format_args!(
            "`{text}` is not a duration; expected a form like 30s, 5m or 1h"
        ))
    })?;
    span.try_into()
        .map_err(|_| D::Error::custom("a duration must not be negative"))
}

/// Names divided by `;`.
pub(super) fn semicolon_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(text
        .split(';')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect())
}

/// One text or a list of texts.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a text or a list of texts")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// A table whose values are a text or a list of texts.
pub(super) fn lists<'de, K, D>(deserializer: D) -> Result<Vec<(K, Vec<String>)>, D::Error>
where
    K: Deserialize<'de> + Ord,
    D: Deserializer<'de>,
{
    let table = std::collections::BTreeMap::<K, OneOrMany>::deserialize(deserializer)?;
    let list = |value| match value {
        OneOrMany::One(text) => vec![text],
        OneOrMany::Many(texts) => texts,
    };
    Ok(table.into_iter().map(|(key, value)| (key, list(value))).collect())
}
