//! A number as a container wrote it.

use std::fmt;

/// A number, in the characters that the container sent.
///
/// Containers send plain text where the ontology wants a number, and now and then it is none: `<1`,
/// `0-2`, `Few`. The text is kept, [`as_f64`](Self::as_f64) tells whether it is a number.
///
/// ```
/// use smart_api::Number;
///
/// assert_eq!(Number::from("37.20").as_f64(), Some(37.2));
/// assert_eq!(Number::from("37.20").as_str(), "37.20");
/// assert_eq!(Number::from("<1").as_f64(), None);
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Number(String);

impl Number {
    /// The text as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number, if the text is one: digits with an optional sign, fraction and exponent.
    pub fn as_f64(&self) -> Option<f64> {
        // What Rust takes for a number and a laboratory does not: `inf`, `nan`.
        let is_written_in_digits = self
            .0
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
        let number = is_written_in_digits.then(|| self.0.parse::<f64>().ok())??;
        number.is_finite().then_some(number)
    }
}

impl From<&str> for Number {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Number {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<u32> for Number {
    fn from(number: u32) -> Self {
        Self(number.to_string())
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_from_texts() {
        for (text, expected) in [
            ("30", Some(30.0)),
            ("-0.5", Some(-0.5)),
            ("1.5e3", Some(1500.0)),
            ("", None),
            ("0-2", None),
            ("<=1.005", None),
            (">20", None),
            ("Few", None),
            ("inf", None),
            ("NaN", None),
            ("1e999", None),
            (" 1", None),
        ] {
            assert_eq!(Number::from(text).as_f64(), expected, "{text}");
        }
    }
}
