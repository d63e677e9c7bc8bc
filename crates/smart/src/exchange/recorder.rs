//! Exchanges written down for a bug report, without what must not be in one.

use std::fmt;
use std::io::Write;
use std::sync::Mutex;
use std::time::Instant;

use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_ENCODING,
    CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, RETRY_AFTER, SERVER, TRANSFER_ENCODING, VIA,
    WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderValue, Request};
use serde_json::{Map, Value, json};
use smart_oauth::oauth1::AuthorizationHeader;

use crate::exchange::Purpose;
use crate::exchange::retry::Outcome;

/// Writes a line of JSON for each attempt, or nothing.
///
/// A line has the call and the template of its path, the names of the query's parameters, the
/// headers that are on a list of harmless ones, lengths, status and time. Values of parameters,
/// bodies, ids, keys, tokens and signatures stay out.
#[derive(Default)]
pub(crate) struct Recorder {
    sink: Option<Mutex<Box<dyn Write + Send>>>,
}

impl Recorder {
    pub(crate) fn to(sink: impl Write + Send + 'static) -> Self {
        Self {
            sink: Some(Mutex::new(Box::new(sink))),
        }
    }

    /// Notes what goes out. To be ended when the answer is there.
    pub(crate) fn begin(
        &self,
        purpose: &Purpose<'_>,
        request: &Request<Bytes>,
        attempt: u32,
    ) -> Option<Recording> {
        self.sink.as_ref()?;
        let asked = json!({
            "method": request.method().as_str(),
            "path": purpose.path,
            "query": names(request.uri().query().unwrap_or_default()),
            "headers": headers(request.headers()),
            "oauth": oauth(request.headers()),
            "bytes": request.body().len(),
        });
        Some(Recording {
            line: json!({
                "container": purpose.origin.to_string(),
                "call": purpose.name,
                "attempt": attempt,
                "request": asked,
            }),
            began: Instant::now(),
        })
    }

    pub(crate) fn end(&self, recording: Option<Recording>, outcome: &Outcome) {
        let (Some(sink), Some(mut recording)) = (&self.sink, recording) else {
            return;
        };
        recording.line["milliseconds"] = json!(recording.began.elapsed().as_millis() as u64);
        match outcome {
            Ok(response) => {
                recording.line["response"] = json!({
                    "status": response.status().as_u16(),
                    "version": format!("{:?}", response.version()),
                    "headers": headers(response.headers()),
                    "bytes": response.body().len(),
                });
            }
            Err(error) => {
                recording.line["failure"] = json!({
                    "stage": format!("{:?}", error.stage()),
                    "connect": error.is_connect(),
                    "timeout": error.is_timeout(),
                    "closed": error.is_closed(),
                    "certificate": error.certificate_problem().map(|problem| format!("{problem:?}")),
                });
            }
        }
        let mut sink = sink.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // A report that cannot be written is no reason to fail a call.
        let _ = writeln!(sink, "{}", recording.line).and_then(|()| sink.flush());
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Recorder")
            .field("records", &self.sink.is_some())
            .finish()
    }
}

/// The half of a line that is known before the answer.
pub(crate) struct Recording {
    line: Value,
    began: Instant,
}

fn names(query: &str) -> Vec<&str> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split('=').next().unwrap_or_default())
        .collect()
}

/// The names of all headers, and the values of the harmless ones.
fn headers(headers: &HeaderMap) -> Map<String, Value> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), shown(name, value)))
        .collect()
}

fn shown(name: &HeaderName, value: &HeaderValue) -> Value {
    let text = value.to_str().unwrap_or_default();
    if *name == WWW_AUTHENTICATE {
        // The scheme; containers put all manner of things behind it.
        return text.split(' ').next().unwrap_or_default().into();
    }
    if *name == CONTENT_TYPE {
        return text.split(';').next().unwrap_or_default().into();
    }
    if HARMLESS.contains(name) && !value.is_sensitive() {
        return text.chars().take(100).collect::<String>().into();
    }
    Value::Null
}

/// The names of the signature's parameters, and the values that a wrong signature is usually about.
fn oauth(headers: &HeaderMap) -> Value {
    if !headers.contains_key(AUTHORIZATION) {
        return Value::Null;
    }
    let Ok(Some(header)) = AuthorizationHeader::from_headers(headers) else {
        return Value::Null;
    };
    let parameters = header.iter().map(|(name, value)| {
        let open = matches!(
            name,
            "oauth_timestamp" | "oauth_signature_method" | "oauth_version"
        );
        let value = if open { value.into() } else { Value::Null };
        (name.to_string(), value)
    });
    Value::Object(parameters.collect())
}

const HARMLESS: &[HeaderName] = &[
    ACCEPT,
    ACCEPT_ENCODING,
    CACHE_CONTROL,
    CONNECTION,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    DATE,
    RETRY_AFTER,
    SERVER,
    TRANSFER_ENCODING,
    VIA,
];
