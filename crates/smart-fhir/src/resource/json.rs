//! JSON from outside: checked first, then parsed, without a loss that goes unsaid.

mod names;
mod numbers;

use std::any::Any;

use serde::de::DeserializeOwned;
use serde_json::{Number, Value};

use crate::error::ReadError;
use crate::limits::Limits;
use crate::resource::Resource;

/// Parses one document. Its length and its depth are checked before the parser sees it. Every
/// number has the text that it has in the document, and no object has a member twice, of which
/// `serde_json` would drop one.
pub(crate) fn parse<T: DeserializeOwned + 'static>(
    bytes: &[u8],
    most_bytes: usize,
    limits: &Limits,
) -> Result<T, ReadError> {
    if bytes.len() > most_bytes {
        return Err(ReadError::TooLong { limit: most_bytes });
    }
    // RFC 8259 lets readers ignore a mark that some servers put in front.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let found = survey(bytes, limits.depth)?;
    let mut value: Value = serde_json::from_slice(bytes).map_err(fault)?;
    if names::count(&value) != found.members {
        return Err(names::repeated(bytes));
    }
    if found.has_odd_numbers {
        numbers::respell(&mut value, bytes);
    }
    into_view(value)
}

/// Reads a value as any type.
pub(crate) fn view<T: DeserializeOwned + 'static>(value: &Value) -> Result<T, ReadError> {
    into_view(value.clone())
}

/// Reads a value as any type, taking it apart.
pub(crate) fn into_view<T: DeserializeOwned + 'static>(value: Value) -> Result<T, ReadError> {
    let value = match unchanged(value)? {
        Ok(same) => return Ok(same),
        Err(value) => value,
    };
    if let Some(path) = numbers::out_of_range(&value) {
        return Err(ReadError::NumberRange { path });
    }
    T::deserialize(&value)
        .or_else(|error| again_with_plain_numbers(error, value))
        .map_err(fault)
}

/// The value itself, if `T` is a `Value` or a `Resource`: `serde_json` spells exponents anew when
/// it deserializes one from another.
fn unchanged<T: 'static>(value: Value) -> Result<Result<T, Value>, ReadError> {
    let mut wanted: Option<T> = None;
    let slot: &mut dyn Any = &mut wanted;
    if let Some(slot) = slot.downcast_mut::<Option<Value>>() {
        *slot = Some(value);
    } else if let Some(slot) = slot.downcast_mut::<Option<Resource>>() {
        *slot = Some(Resource::new(value)?);
    } else {
        return Ok(Err(value));
    }
    Ok(wanted.ok_or(Value::Null))
}

fn fault(error: serde_json::Error) -> ReadError {
    ReadError::Json {
        source: error.into(),
    }
}

/// Numbers keep their text, and so do not fit into an `f64` behind `#[serde(flatten)]` or in an
/// untagged enum, which see a number with its text as an object. What did not fit is tried once
/// more with numbers as other parsers give them. Only a type that does not keep the text can come
/// to this.
fn again_with_plain_numbers<T: DeserializeOwned>(
    error: serde_json::Error,
    mut value: Value,
) -> serde_json::Result<T> {
    if !error.is_data() || !round_numbers(&mut value) {
        return Err(error);
    }
    T::deserialize(value).map_err(|_| error)
}

/// Writes numbers with a fraction or an exponent in the one way that `f64` has. Tells whether all
/// of them fit into one.
fn round_numbers(value: &mut Value) -> bool {
    match value {
        Value::Number(number) if !number.is_u64() && !number.is_i64() => {
            let Some(rounded) = number.as_f64().and_then(Number::from_f64) else {
                return false;
            };
            *number = rounded;
            true
        }
        Value::Array(items) => items.iter_mut().all(round_numbers),
        Value::Object(members) => members.values_mut().all(round_numbers),
        _ => true,
    }
}

/// What a look at the brackets and signs of a document finds.
#[derive(Default)]
struct Survey {
    /// Members of all objects.
    members: usize,
    /// Whether numbers may be spelled otherwise than `serde_json` spells them: with an exponent, or
    /// as `-0`.
    has_odd_numbers: bool,
}

/// Looks at what is outside of strings. Malformed documents are left to the parser.
fn survey(bytes: &[u8], limit: usize) -> Result<Survey, ReadError> {
    let mut found = Survey::default();
    let mut depth = 0_usize;
    let mut before = 0;
    let mut rest = bytes.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                if depth > limit {
                    return Err(ReadError::TooDeep { limit });
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b':' => found.members += 1,
            b'e' | b'E' => found.has_odd_numbers |= u8::is_ascii_digit(&before),
            b'0' => found.has_odd_numbers |= before == b'-',
            b'"' => skip_string(&mut rest),
            _ => {}
        }
        before = *byte;
    }
    Ok(found)
}

fn skip_string(rest: &mut std::slice::Iter<'_, u8>) {
    while let Some(at) = memchr::memchr2(b'"', b'\\', rest.as_slice()) {
        let is_end = rest.nth(at) == Some(&b'"');
        if is_end {
            return;
        }
        rest.next();
    }
    *rest = [].iter();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Value, ReadError> {
        parse(text.as_bytes(), 1000, &Limits::default().with_depth(3))
    }

    #[test]
    fn brackets_in_strings_do_not_count() {
        assert!(read(r#"{"a": [["[[[[{{{{", "\"[[[[", "\\"]]}"#).is_ok());
        assert!(matches!(
            read(r#"{"a": [[[]]]}"#),
            Err(ReadError::TooDeep { limit: 3 })
        ));
        assert!(matches!(
            read(r#"{"\\": [[[]]]}"#),
            Err(ReadError::TooDeep { .. })
        ));
        assert!(read("[[[]],[[]],[[]]]").is_ok(), "wide is not deep");
    }

    #[test]
    fn typed_reads_take_every_number_that_fits_wherever_it_stands() {
        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Dose {
            plain: f64,
            whole: u32,
            #[serde(flatten)]
            rest: Flat,
            either: Either,
        }
        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Flat {
            flat: f64,
            count: i64,
        }
        #[derive(Debug, PartialEq, serde::Deserialize)]
        #[serde(untagged)]
        enum Either {
            Number(f64),
            Text(String),
        }
        for (text, number) in [
            ("1.00", 1.0),
            ("1E3", 1000.0),
            ("-0.0010", -0.001),
            ("7", 7.0),
        ] {
            let body = format!(
                r#"{{"plain": {text}, "whole": 7, "flat": {text}, "count": -7, "either": {text}}}"#
            );
            let dose = Dose {
                plain: number,
                whole: 7,
                rest: Flat {
                    flat: number,
                    count: -7,
                },
                either: Either::Number(number),
            };
            let limits = Limits::default();
            let from_bytes: Dose = parse(body.as_bytes(), 1000, &limits).unwrap();
            assert_eq!(from_bytes, dose, "{text}");
            let value: Value = parse(body.as_bytes(), 1000, &limits).unwrap();
            assert_eq!(view::<Dose>(&value).unwrap(), dose, "{text}");
        }
    }

    #[test]
    fn length_and_nonsense_are_errors() {
        assert!(matches!(
            read(&" ".repeat(1001)),
            Err(ReadError::TooLong { limit: 1000 })
        ));
        for text in ["", "{", "\"", "\"\\", "]]]]", "{]", "<html>"] {
            assert!(matches!(read(text), Err(ReadError::Json { .. })), "{text}");
        }
        assert!(read("\u{feff}[]").is_ok());
    }

    #[test]
    fn a_member_that_stands_twice_is_refused_by_name() {
        for (text, name) in [
            (r#"{"dose": 1, "dose": 10}"#, "dose"),
            (r#"[{"a": {"b": 1, "c": 2, "b": 1}}]"#, "b"),
            (r#"{"a": 1, "\u0061": 2}"#, "a"),
            (
                r#"{"$serde_json::private::Number": "1"}"#,
                "$serde_json::private::Number",
            ),
        ] {
            let error = read(text).unwrap_err();
            let ReadError::RepeatedMember { name: found } = error else {
                panic!("{text}: {error}");
            };
            assert_eq!(found, name);
        }
        assert!(read(r#"[{"a": ":"}, {"a": {"a": "::\":"}}]"#).is_ok());
    }

    #[test]
    fn numbers_that_no_f64_holds_are_refused_by_their_place() {
        #[derive(Debug, serde::Deserialize)]
        #[expect(dead_code, reason = "it is only read into")]
        struct Dose {
            list: Vec<f64>,
        }
        let check = |number: &str, fits: bool| {
            let text = format!(r#"{{"list": [1, {number}]}}"#);
            let limits = Limits::default();
            let value: Value = parse(text.as_bytes(), 1000, &limits).unwrap();
            assert_eq!(value["list"][1].to_string(), number);
            for found in [
                parse::<Dose>(text.as_bytes(), 1000, &limits),
                view::<Dose>(&value),
            ] {
                match found {
                    Ok(_) => assert!(fits, "{number}"),
                    Err(ReadError::NumberRange { path }) => {
                        assert!(!fits, "{number}");
                        assert_eq!(path, "list.1");
                    }
                    Err(error) => panic!("{number}: {error}"),
                }
            }
        };
        for number in ["1e400", "-1E400", "1e-400", "-0.1e-400"] {
            check(number, false);
        }
        for number in ["1E3", "-0", "0e-400", "0.00E+999", "1e308", "5e-324"] {
            check(number, true);
        }
    }
}
