//! Answers of a server, turned into what was asked for or into an error that keeps what the server
//! said.

use http::{HeaderMap, HeaderName, Response, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{AnswerError, ReadError};
use crate::limits::Limits;
use crate::resource::Resource;
use crate::resource::json;
use crate::resource::outcome::{OperationOutcome, one_line};

/// When to ask again ([RFC 9110, section
/// 10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryAfter {
    /// At this time, as HTTP writes dates. Whoever has a clock compares.
    Date(String),
    /// After so many seconds.
    Seconds(u64),
}

impl RetryAfter {
    pub(crate) fn read(headers: &HeaderMap) -> Option<Self> {
        let text = text_of(headers, &header::RETRY_AFTER)?.trim();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::Seconds(text.parse().unwrap_or(u64::MAX)));
        }
        let is_date = text.len() <= 40 && text.ends_with("GMT");
        is_date.then(|| Self::Date(text.to_owned()))
    }
}

/// What a server says to a create, update, patch or delete
/// ([FHIR, create](https://hl7.org/fhir/R4/http.html#create)).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Written {
    /// `201` for something new, `200` or `204` otherwise.
    pub status: StatusCode,
    /// Where it is now, as the server wrote it.
    pub location: Option<String>,
    /// The version, from the `ETag`.
    pub version: Option<String>,
    /// As HTTP writes dates.
    pub last_modified: Option<String>,
    /// What the server sent back: the resource as it stored it, an outcome, or nothing.
    pub resource: Option<Resource>,
}

impl Written {
    /// The id in the location, or else that of the resource that came back.
    pub fn id(&self) -> Option<&str> {
        let from_location = self.location.as_deref().and_then(|location| {
            let path = location
                .split_once("/_history/")
                .map_or(location, |(path, _)| path);
            path.rsplit('/').next().filter(|id| !id.is_empty())
        });
        from_location.or(self.resource.as_ref().and_then(Resource::id))
    }
}

/// Reads the answer to a read, a search or an operation.
///
/// # Errors
///
/// [`AnswerError::Refused`] for a status that is not of the good ones, [`AnswerError::Unreadable`]
/// for a body that is no resource.
pub fn resource_from_http(
    response: &Response<impl AsRef<[u8]>>,
    limits: &Limits,
) -> Result<Resource, AnswerError> {
    check_status(response, limits)?;
    read(response, limits).and_then(|value: Value| {
        Resource::new(value).map_err(|source| unreadable(response, source))
    })
}

/// Reads the answer as any type, without a look at its `resourceType`.
///
/// # Errors
///
/// As [`resource_from_http`].
pub fn view_from_http<T: DeserializeOwned + 'static>(
    response: &Response<impl AsRef<[u8]>>,
    limits: &Limits,
) -> Result<T, AnswerError> {
    check_status(response, limits)?;
    read(response, limits)
}

/// Reads the answer to a create, update, patch or delete.
///
/// # Errors
///
/// [`AnswerError::Refused`] for a status that is not of the good ones: 412 where a condition did
/// not hold, 409 for a conflict.
pub fn written_from_http(
    response: &Response<impl AsRef<[u8]>>,
    limits: &Limits,
) -> Result<Written, AnswerError> {
    check_status(response, limits)?;
    let headers = response.headers();
    let text = |name| text_of(headers, &name).map(str::to_owned);
    // Servers that say nothing about the body send HTML, or text; what is no resource is no news.
    let body = response.body().as_ref();
    let resource = json::parse(body, limits.bytes, limits)
        .ok()
        .and_then(|value| Resource::new(value).ok());
    Ok(Written {
        status: response.status(),
        location: text(header::LOCATION).or(text(header::CONTENT_LOCATION)),
        version: text(header::ETAG).map(|tag| version_of(&tag).to_owned()),
        last_modified: text(header::LAST_MODIFIED),
        resource,
    })
}

/// `W/"3"` is version 3 ([FHIR, versions](https://hl7.org/fhir/R4/http.html#versioning)).
fn version_of(tag: &str) -> &str {
    tag.trim().trim_start_matches("W/").trim_matches('"')
}

pub(crate) fn check_status(
    response: &Response<impl AsRef<[u8]>>,
    limits: &Limits,
) -> Result<(), AnswerError> {
    if response.status().is_success() {
        return Ok(());
    }
    let body = response.body().as_ref();
    let value = json::parse::<Value>(body, limits.bytes, limits).ok();
    let words = value
        .as_ref()
        .and_then(|value| value["error"].as_str())
        .map(one_line);
    let resource = value.and_then(|value| Resource::new(value).ok());
    Err(AnswerError::Refused {
        status: response.status(),
        outcome: resource
            .and_then(OperationOutcome::from_resource)
            .map(Box::new),
        words,
        retry_after: RetryAfter::read(response.headers()),
    })
}

fn read<T: DeserializeOwned + 'static>(
    response: &Response<impl AsRef<[u8]>>,
    limits: &Limits,
) -> Result<T, AnswerError> {
    json::parse(response.body().as_ref(), limits.bytes, limits)
        .map_err(|source| unreadable(response, source))
}

pub(crate) fn unreadable<B>(response: &Response<B>, source: ReadError) -> AnswerError {
    AnswerError::Unreadable {
        status: response.status(),
        content_type: text_of(response.headers(), &header::CONTENT_TYPE).map(one_line),
        source,
    }
}

pub(crate) fn text_of<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Response<&str> {
        let response = Response::builder()
            .status(status)
            .header("content-type", "text/html");
        response.body(body).unwrap()
    }

    fn error(status: u16, body: &str) -> AnswerError {
        resource_from_http(&answer(status, body), &Limits::default()).unwrap_err()
    }

    #[test]
    fn refusals_keep_what_the_server_said() {
        let outcome = r#"{"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "not-found"}]}"#;
        for (status, body, message) in [
            (404, outcome, "the server answered 404 Not Found: not-found"),
            (
                403,
                r#"{"error": "Not allowed to query for \"code\" parameter."}"#,
                "the server answered 403 Forbidden: Not allowed to query for \"code\" parameter.",
            ),
            (
                401,
                "<h1>Unauthorized</h1>",
                "the server answered 401 Unauthorized",
            ),
            (500, "", "the server answered 500 Internal Server Error"),
            (302, "", "the server answered 302 Found"),
        ] {
            let error = error(status, body);
            assert_eq!(error.to_string(), message);
            assert_eq!(error.status(), status);
        }
        assert!(error(404, outcome).outcome().unwrap().has_code("not-found"));
    }

    #[test]
    fn good_statuses_need_a_resource() {
        for body in ["", "<html></html>", "[]", "{}", "null"] {
            let error = error(200, body);
            let AnswerError::Unreadable { content_type, .. } = &error else {
                panic!("{error:?}");
            };
            assert_eq!(content_type.as_deref(), Some("text/html"));
        }
    }

    #[test]
    fn what_was_written_has_a_version_and_an_id() {
        let response = Response::builder()
            .status(201)
            .header(
                "location",
                "https://ehr.example/fhir/Observation/7/_history/2",
            )
            .header("etag", "W/\"2\"")
            .body("<p>thanks</p>")
            .unwrap();
        let written = written_from_http(&response, &Limits::default()).unwrap();
        assert_eq!(
            (written.id(), written.version.as_deref()),
            (Some("7"), Some("2"))
        );
        assert_eq!(written.resource, None);
        let response = Response::new(r#"{"resourceType": "Observation", "id": "8"}"#);
        let written = written_from_http(&response, &Limits::default()).unwrap();
        assert_eq!(written.id(), Some("8"));
    }

    #[test]
    fn both_forms_of_retry_after_are_read() {
        for (text, read) in [
            ("120", Some(RetryAfter::Seconds(120))),
            (
                "99999999999999999999999",
                Some(RetryAfter::Seconds(u64::MAX)),
            ),
            (
                "Fri, 31 Dec 1999 23:59:59 GMT",
                Some(RetryAfter::Date("Fri, 31 Dec 1999 23:59:59 GMT".to_owned())),
            ),
            ("soon", None),
            ("-1", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("retry-after", text.parse().unwrap());
            assert_eq!(RetryAfter::read(&headers), read, "{text}");
        }
    }
}
