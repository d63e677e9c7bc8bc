//! The kinds of answer that this server gives, and who may read them.

use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

use super::state::FhirState;
use crate::form::encode_pairs;
use crate::web::context::RequestContext;
use crate::web::reply::{self, HTML, JSON, Reply};

/// JSON with a line for every member, as the original application writes it.
pub(super) fn json(status: StatusCode, value: &Value) -> Reply {
    reply::answer(status, JSON, format!("{value:#}\n"))
}

/// JSON in one line, of an endpoint of OAuth 2. It may hold tokens, and stays out of caches.
pub(super) fn compact(status: StatusCode, value: &Value) -> Reply {
    unstored(reply::answer(status, JSON, value.to_string()))
}

/// The client did not prove who it is.
pub(super) fn unproven_client() -> Reply {
    let body = json!({"error": "invalid_client"});
    let mut reply = compact(StatusCode::UNAUTHORIZED, &body);
    let challenge = HeaderValue::from_static("Basic realm=\"clients\"");
    reply
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, challenge);
    reply
}

/// The form has no token.
pub(super) fn missing_token() -> Reply {
    let body = json!({"error": "invalid_request", "error_description": "Missing token parameter."});
    compact(StatusCode::BAD_REQUEST, &body)
}

/// A refusal of the registration and debug endpoints. They say `description` where the standards
/// say `error_description`.
pub(super) fn refusal(error: &str, description: &str) -> Reply {
    let body = json!({"error": error, "description": description});
    json(StatusCode::BAD_REQUEST, &body)
}

/// A small page for a status that is no page's.
pub(crate) fn html(status: StatusCode) -> Reply {
    let reason = status.canonical_reason().unwrap_or_default();
    reply::answer(status, HTML, format!("<h1>{reason}</h1>"))
}

/// `/oauth/errors`: the query as JSON, for the developer of the client that sent a person there.
pub(super) fn echo(_server: &FhirState, request: &RequestContext<'_>) -> Reply {
    let mut members = Map::new();
    for (name, value) in request.query.iter() {
        members
            .entry(name)
            .or_insert_with(|| Value::String(value.to_owned()));
    }
    json(StatusCode::OK, &Value::Object(members))
}

/// Sends a person to `/oauth/errors` below the base of the server, because the client cannot be
/// trusted with the news.
pub(super) fn fatal(base: &str, pairs: &[(&str, &str)]) -> Reply {
    reply::found(&format!("{base}/oauth/errors?{}", encode_pairs(pairs)))
}

/// Keeps tokens out of caches ([RFC 6749
/// §5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)).
pub(super) fn unstored(mut reply: Reply) -> Reply {
    let headers = reply.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    reply
}

/// An address of this machine in one spelling: the loopback interface has three names.
pub(super) fn with_plain_loopback(address: &str) -> String {
    let address = address.strip_suffix('/').unwrap_or(address);
    for name in ["http://127.0.0.1", "http://[::1]"] {
        if let Some(rest) = address.strip_prefix(name)
            && (rest.is_empty() || rest.starts_with([':', '/']))
        {
            return format!("http://localhost{rest}");
        }
    }
    address.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_has_three_names() {
        for (address, plain) in [
            (
                "http://127.0.0.1:9000/api/fhir/",
                "http://localhost:9000/api/fhir",
            ),
            ("http://[::1]:9000", "http://localhost:9000"),
            ("http://localhost:9000/", "http://localhost:9000"),
            (
                "http://127.0.0.1.example.org",
                "http://127.0.0.1.example.org",
            ),
        ] {
            assert_eq!(with_plain_loopback(address), plain);
        }
    }
}
