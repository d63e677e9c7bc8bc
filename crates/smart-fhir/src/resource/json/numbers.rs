//! Numbers as they were written, and numbers that no `f64` holds.

use serde_json::{Number, Value};

use super::skip_string;

/// Gives every number the text that it has in the document. `serde_json` keeps the digits, and
/// writes an exponent as `e+3` and `-0` as `0`. The document was parsed into this value, so that
/// both have the same numbers in the same order.
pub(super) fn respell(value: &mut Value, document: &[u8]) {
    respell_from(value, &mut Numbers(document.iter()));
}

fn respell_from(value: &mut Value, texts: &mut Numbers<'_>) {
    match value {
        Value::Number(number) => {
            if let Some(text) = texts.next().filter(|text| *text != number.as_str()) {
                *number = Number::from_string_unchecked(text.to_owned());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| respell_from(item, texts)),
        Value::Object(members) => {
            let values = members.values_mut();
            values.for_each(|value| respell_from(value, texts));
        }
        _ => {}
    }
}

/// The texts of the numbers of a document.
struct Numbers<'a>(std::slice::Iter<'a, u8>);

impl<'a> Iterator for Numbers<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            let here = self.0.as_slice();
            match self.0.next()? {
                b'"' => skip_string(&mut self.0),
                b'-' | b'0'..=b'9' => {
                    let is_part =
                        |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
                    let length = here.iter().take_while(|byte| is_part(byte)).count();
                    self.0 = here.get(length..)?.iter();
                    return std::str::from_utf8(here.get(..length)?).ok();
                }
                _ => {}
            }
        }
    }
}

/// Where the first number is that as an `f64` would be infinite, or zero without being zero: a path
/// as in `Resource::at`.
pub(super) fn out_of_range(value: &Value) -> Option<String> {
    let step = |step: &dyn std::fmt::Display, value: &Value| {
        let path = out_of_range(value)?;
        let dot = if path.is_empty() { "" } else { "." };
        Some(format!("{step}{dot}{path}"))
    };
    match value {
        Value::Number(number) => (!fits(number.as_str())).then(String::new),
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(place, item)| step(&place, item))
        }
        Value::Object(members) => members.iter().find_map(|(name, value)| step(name, value)),
        _ => None,
    }
}

fn fits(number: &str) -> bool {
    let Ok(rounded) = number.parse::<f64>() else {
        return false;
    };
    let digits = number.split(['e', 'E']).next().unwrap_or(number);
    let is_zero = !digits.bytes().any(|digit| matches!(digit, b'1'..=b'9'));
    rounded.is_finite() && (rounded != 0.0 || is_zero)
}
