//! What a container says when it says no, and what to do about it.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use smart_api::{CallInfo, Method};

use crate::error::advice;
use crate::exchange::retry::{Repeat, retry_after};

/// An answer whose status is not a success. Containers explain themselves in HTML at best, so the
/// sentence that this prints as goes by the status, and the container's own words follow where it
/// has any.
pub struct Refusal {
    call: &'static CallInfo,
    with_token: bool,
    // A box keeps `Result<_, Error>` small.
    response: Box<Response<Bytes>>,
}

impl Refusal {
    pub(crate) fn new(
        call: &'static CallInfo,
        with_token: bool,
        response: Response<Bytes>,
    ) -> Self {
        Self {
            call,
            with_token,
            response: Box::new(response),
        }
    }

    /// The call that was refused.
    pub fn call(&self) -> &'static CallInfo {
        self.call
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The answer as it came, with its headers and its whole body, in which the secrets of the
    /// request are masked.
    pub fn response(&self) -> &Response<Bytes> {
        &self.response
    }

    /// The container's words: the beginning of the body as plain text, without markup, on one line.
    /// Empty if there are none.
    pub fn words(&self) -> String {
        // The body of a success is a part of the record, not words about the call.
        if self.status().is_success() {
            return String::new();
        }
        words(
            self.response.body(),
            self.response.headers().get(CONTENT_TYPE),
        )
    }

    /// How long the container asked to be left alone.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        retry_after(&self.response)
    }

    /// Whether the same call may go through later, and doing it twice does no harm.
    pub(crate) fn is_retryable(&self) -> bool {
        let says_when = self.retry_after().is_some();
        repeat(self.call).after_status(self.status(), says_when)
    }

    /// What to do about it, in one sentence.
    pub fn advice(&self) -> &'static str {
        let status = self.status();
        let by_words = match status {
            StatusCode::UNAUTHORIZED => advice::of_classic_words(&self.words()),
            _ => None,
        };
        by_words.unwrap_or_else(|| {
            advice::of_classic_status(status, self.with_token, self.call.method.has_body())
        })
    }
}

/// Whether the call may be made again
/// ([RFC 9110, section 9.2.2](https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2)).
pub(crate) fn repeat(call: &CallInfo) -> Repeat {
    let is_safe = matches!(call.method, Method::Delete | Method::Get | Method::Put);
    Repeat::safe(is_safe)
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status();
        write!(
            formatter,
            "the container answered {} with {status}; {}",
            self.call.name,
            self.advice()
        )?;
        let words = self.words();
        // "401 Unauthorized" needs no "Unauthorized" after it.
        if words.is_empty() || status.canonical_reason() == Some(&words) {
            return Ok(());
        }
        formatter.write_str(&advice::quoted(&words))
    }
}

impl fmt::Debug for Refusal {
    /// Leaves the body out: it may tell of a patient.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Refusal")
            .field("call", &self.call.name)
            .field("status", &self.status())
            .field("length", &self.response.body().len())
            .finish_non_exhaustive()
    }
}

impl StdError for Refusal {}

/// The beginning of a body as plain text on one line.
pub(crate) fn words(body: &[u8], content_type: Option<&HeaderValue>) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(READ_BYTES)]);
    let is_html = content_type.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
        || text.trim_start().starts_with('<');
    let text = if is_html {
        without_markup(&text)
    } else {
        text.into_owned()
    };
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(SHOWN_CHARACTERS).collect()
}

/// The text between the tags, leaving out style sheets and scripts.
fn without_markup(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    let mut hidden = false;
    while let Some((before, after)) = rest.split_once('<') {
        if !hidden {
            text.push_str(before);
        }
        let Some((tag, tail)) = after.split_once('>') else {
            return text;
        };
        let name = tag.trim_start_matches('/');
        let name = name
            .split(|c: char| !c.is_ascii_alphanumeric())
            .next()
            .unwrap_or_default();
        if HIDDEN_TAGS
            .iter()
            .any(|hidden| name.eq_ignore_ascii_case(hidden))
        {
            hidden = !tag.starts_with('/');
        }
        text.push(' ');
        rest = tail;
    }
    if !hidden {
        text.push_str(rest);
    }
    text
}

const HIDDEN_TAGS: [&str; 2] = ["script", "style"];
const READ_BYTES: usize = 16 << 10;
const SHOWN_CHARACTERS: usize = 160;
