//! Members that an object has twice. JSON leaves open what they mean ([RFC 8259, section
//! 4](https://www.rfc-editor.org/rfc/rfc8259#section-4)), and a parser that takes the last one
//! loses the other.

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::error::ReadError;
use crate::resource::outcome::one_line;

/// How many members the objects in a value have.
pub(super) fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.len() + members.values().map(count).sum::<usize>(),
        _ => 0,
    }
}

/// The error for a document that has more members than the value that was read from it.
pub(super) fn repeated(bytes: &[u8]) -> ReadError {
    let repeated = serde_json::from_slice::<Repeated>(bytes).ok();
    let name = repeated.and_then(|Repeated(name)| name);
    ReadError::RepeatedMember {
        // The one other cause: an object that `serde_json` takes for one of its numbers.
        name: name.unwrap_or_else(|| "$serde_json::private::Number".to_owned()),
    }
}

/// The first name that stands twice in one object.
struct Repeated(Option<String>);

impl<'de> Deserialize<'de> for Repeated {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Search)
    }
}

struct Search;

impl<'de> Visitor<'de> for Search {
    type Value = Repeated;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Repeated, A::Error> {
        let mut found = None;
        let mut seen = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            let Repeated(within) = map.next_value()?;
            let here = seen.contains(&name).then(|| one_line(&name));
            found = found.or(here).or(within);
            seen.insert(name);
        }
        Ok(Repeated(found))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Repeated, A::Error> {
        let mut found = None;
        while let Some(Repeated(within)) = items.next_element()? {
            found = found.or(within);
        }
        Ok(Repeated(found))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Repeated, E> {
        Ok(Repeated(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Repeated, E> {
        Ok(Repeated(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Repeated, E> {
        Ok(Repeated(None))
    }

    fn visit_str<E>(self, _: &str) -> Result<Repeated, E> {
        Ok(Repeated(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Repeated, E> {
        Ok(Repeated(None))
    }

    fn visit_unit<E>(self) -> Result<Repeated, E> {
        Ok(Repeated(None))
    }
}
