//! JSON from outside: measured first, parsed then.

use serde::de::DeserializeOwned;

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
    serde_json::from_slice(bytes).map_err(|error| ReadError::Json {
        source: error.into(),
    })
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
    use serde_json::Value;

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
