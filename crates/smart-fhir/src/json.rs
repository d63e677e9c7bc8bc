//! JSON from outside: measured first, parsed then.

use serde::de::DeserializeOwned;
use serde_json::{Number, Value};

use crate::error::ReadError;
use crate::limits::Limits;

/// Parses one document. Its length and its depth are checked before the parser sees it.
pub(crate) fn parse<T: DeserializeOwned>(
    bytes: &[u8],
    most_bytes: usize,
    limits: &Limits,
) -> Result<T, ReadError> {
    if bytes.len() > most_bytes {
        return Err(ReadError::TooLong { limit: most_bytes });
    }
    // RFC 8259 lets readers ignore a mark that some servers put in front.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    check_depth(bytes, limits.depth)?;
    serde_json::from_slice(bytes)
        .or_else(|error| again_with_plain_numbers(error, || serde_json::from_slice(bytes)))
        .map_err(fault)
}

/// Reads a value as any type.
pub(crate) fn view<T: DeserializeOwned>(value: &Value) -> Result<T, ReadError> {
    T::deserialize(value)
        .or_else(|error| again_with_plain_numbers(error, || Ok(value.clone())))
        .map_err(fault)
}

fn fault(error: serde_json::Error) -> ReadError {
    ReadError::Json {
        source: error.into(),
    }
}

/// Numbers keep their text, and so do not fit into an `f64` behind `#[serde(flatten)]` or in an untagged enum, which see a number with its text
/// as an object. What did not fit is tried once more with numbers as other parsers give them. Only a type that does not keep the text
/// can come to this.
fn again_with_plain_numbers<T: DeserializeOwned>(
    error: serde_json::Error,
    value: impl FnOnce() -> serde_json::Result<Value>,
) -> serde_json::Result<T> {
    if !error.is_data() {
        return Err(error);
    }
    let mut value = value()?;
    if !round_numbers(&mut value) {
        return Err(error);
    }
    T::deserialize(value).map_err(|_| error)
}

/// Writes numbers with a fraction or an exponent in the one way that `f64` has. Tells whether all of them fit into one.
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

/// Counts brackets outside of strings. What is malformed is left to the parser.
fn check_depth(bytes: &[u8], limit: usize) -> Result<(), ReadError> {
    let mut depth = 0_usize;
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
            b'"' => skip_string(&mut rest),
            _ => {}
        }
    }
    Ok(())
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
}
