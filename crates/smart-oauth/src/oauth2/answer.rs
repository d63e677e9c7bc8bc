//! Reading what servers answer: bounded, JSON or not, never trusted with its types.

use std::fmt;

use http::header::CONTENT_TYPE;
use http::{Response, StatusCode};
use serde_json::{Map, Value};

use crate::peer_body::PeerBody;

/// The longest piece of a peer's prose that an error repeats, in characters.
const MAX_WORDS: usize = 200;

/// A JSON object, or what came in its place.
pub(crate) enum Body {
    Object(Map<String, Value>),
    Other,
}

/// The body as a JSON object, whatever the content type says; `None` when it is over the limit.
pub(crate) fn read<B: AsRef<[u8]>>(response: &Response<B>, limit: usize) -> Option<Body> {
    let bytes = response.body().as_ref();
    if bytes.len() > limit {
        return None;
    }
    // a byte order mark is not JSON, and some servers send one
    let json = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    Some(match serde_json::from_slice(json) {
        Ok(Value::Object(object)) => Body::Object(object),
        _ => Body::Other,
    })
}

pub(crate) fn content_type<B>(response: &Response<B>) -> Option<String> {
    let value = response.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    Some(words(value))
}

pub(crate) fn is_html(content_type: Option<&str>) -> bool {
    content_type.is_some_and(|value| value.to_ascii_lowercase().starts_with("text/html"))
}

/// A member that is text and not empty.
pub(crate) fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object
        .get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

/// A member that is text and not empty, or a whole number, as some servers write ids.
pub(crate) fn scalar(object: &Map<String, Value>, name: &str) -> Option<String> {
    match object.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) if number.is_u64() || number.is_i64() => Some(number.to_string()),
        _ => None,
    }
}

/// A [`scalar`] that goes into an address, a form or a header; `Ok(None)` where it is missing, null
/// or empty.
///
/// # Errors
///
/// If it is of another type, or contains control characters, which would only fail when it is used.
pub(crate) fn sendable(
    object: &Map<String, Value>,
    name: &str,
) -> Result<Option<String>, Unsendable> {
    match object.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) if text.is_empty() => return Ok(None),
        Some(_) => {}
    }
    match scalar(object, name) {
        Some(text) if !text.contains(char::is_control) => Ok(Some(text)),
        _ => Err(Unsendable),
    }
}

/// A member that cannot be sent back.
pub(crate) struct Unsendable;

/// A member that is a list of text, or one text alone; anything else in the list is passed over.
pub(crate) fn texts(object: &Map<String, Value>, name: &str) -> Vec<String> {
    match object.get(name) {
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        Some(Value::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    }
}

/// A truth value, also one written as text.
pub(crate) fn truth(object: &Map<String, Value>, name: &str) -> Option<bool> {
    match object.get(name)? {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Whole seconds: a number, a fraction (cut), or either written as text. Below zero counts as zero.
pub(crate) fn seconds(object: &Map<String, Value>, name: &str) -> Option<u64> {
    let number = match object.get(name)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse::<f64>().ok(),
        _ => None,
    }?;
    // a cast of a float saturates
    number.is_finite().then_some(number as u64)
}

/// A peer's words made safe to print: one line, no control characters, not long.
pub(crate) fn words(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .take(MAX_WORDS)
        .collect()
}

/// What a server said when it refused: a code, which S4S sometimes replaces by prose, and an
/// explanation ([RFC 6749, section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
///
/// `Debug` and `Display` show the code only, since explanations have been seen to repeat what was
/// sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    code: String,
    description: Option<String>,
}

impl Refusal {
    pub(crate) fn new(code: &str, description: Option<&str>) -> Self {
        Self {
            code: words(code),
            description: description.map(words),
        }
    }

    /// The refusal in a JSON object, with its explanation under either of the two names seen.
    pub(crate) fn from_object(object: &Map<String, Value>) -> Option<Self> {
        let code = text(object, "error")?;
        let description = text(object, "error_description").or_else(|| text(object, "description"));
        Some(Self::new(code, description))
    }

    /// The code, such as `invalid_grant`; at most 200 characters.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The server's explanation, for people; at most 200 characters.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Refusal({:?})", self.code)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.code)
    }
}

/// An answer that is not what was asked for, kept for a look.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Unreadable {
    /// The answer's status.
    pub status: StatusCode,
    /// The answer's content type; HTML means that something else than the endpoint answered.
    pub content_type: Option<String>,
    /// The answer, which may hold secrets.
    pub body: PeerBody,
}

impl Unreadable {
    pub(crate) fn new<B: AsRef<[u8]>>(response: &Response<B>) -> Self {
        Self {
            status: response.status(),
            content_type: content_type(response),
            body: PeerBody::new(response.body().as_ref()),
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.content_type.as_deref().unwrap_or("no content type");
        write!(formatter, "{}, {kind}", self.status)
    }
}
