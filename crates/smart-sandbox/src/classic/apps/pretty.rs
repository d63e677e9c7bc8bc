//! JSON as the reference container prints it: sorted keys, four blanks of indent.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};

/// Prints a value with sorted keys, indented by four.
pub(crate) fn indented(value: &Value) -> String {
    let mut bytes = Vec::new();
    let formatter = PrettyFormatter::with_indent(b"    ");
    let mut serializer = Serializer::with_formatter(&mut bytes, formatter);
    // Writing JSON values to memory cannot fail; an empty text would show in every test that reads
    // it.
    if Sorted(value).serialize(&mut serializer).is_err() {
        return String::new();
    }
    String::from_utf8(bytes).unwrap_or_default()
}

/// Sorts whatever order the map has: another crate of the build may have switched on insertion
/// order.
struct Sorted<'a>(&'a Value);

impl Serialize for Sorted<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(members) => {
                let sorted: BTreeMap<&str, Sorted<'_>> = members
                    .iter()
                    .map(|(name, value)| (name.as_str(), Sorted(value)))
                    .collect();
                sorted.serialize(serializer)
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(Sorted)),
            other => other.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_sorted_and_indented_by_four() {
        let value = json!({"b": [1, {"d": null, "c": "x"}], "a": {}});
        let expected = "{\n    \"a\": {},\n    \"b\": [\n        1,\n        {\n            \"c\": \"x\",\n            \
                        \"d\": null\n        }\n    ]\n}";
        assert_eq!(indented(&value), expected);
    }
}
