//! JSON objects that are made in two steps.

use serde_json::{Map, Value};

/// `object` with the fields of `more`.
pub(crate) fn with(mut object: Value, more: Value) -> Value {
    if let (Value::Object(into), Value::Object(from)) = (&mut object, more) {
        into.extend(from);
    }
    object
}

/// The object with these fields.
pub(crate) fn of(fields: impl IntoIterator<Item = (impl Into<String>, Value)>) -> Value {
    let fields = fields.into_iter().map(|(name, value)| (name.into(), value));
    Value::Object(fields.collect::<Map<_, _>>())
}
