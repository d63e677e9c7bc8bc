//! Every kind of answer that the container gives, with its exact content type.
//!
//! Content types carry no parameters where an API answers, because existing apps compare the whole
//! header.

use bytes::Bytes;
use http::header;
use http::{HeaderValue, Response, StatusCode};

/// A whole answer.
pub(crate) type Reply = Response<Bytes>;

pub(crate) const HTML: &str = "text/html; charset=utf-8";
pub(crate) const TEXT: &str = "text/plain";
pub(crate) const JSON: &str = "application/json";
pub(crate) const RDF_XML: &str = "application/rdf+xml";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// An answer with a body of a fixed content type.
pub(crate) fn answer(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Reply {
    let mut reply = bare(status, body);
    reply
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

/// An answer without a content type.
pub(crate) fn bare(status: StatusCode, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(body.into());
    *reply.status_mut() = status;
    reply
}

/// The request proves nothing about who sent it. No `WWW-Authenticate`: httplib2 of the Python
/// client trips over a bare scheme, and the reference container sends none.
pub(crate) fn unauthorized() -> Reply {
    answer(StatusCode::UNAUTHORIZED, HTML, "Unauthorized")
}

/// The sender is known and may not do this.
pub(crate) fn forbidden() -> Reply {
    answer(StatusCode::FORBIDDEN, HTML, "<h1>Permission denied</h1>")
}

/// There is nothing at this path.
pub(crate) fn not_found() -> Reply {
    answer(
        StatusCode::NOT_FOUND,
        HTML,
        "<h4>Sorry, there is nothing at this address.</h4>",
    )
}

/// The path exists, but not for this method.
pub(crate) fn method_not_allowed(allow: &str) -> Reply {
    let mut reply = bare(StatusCode::METHOD_NOT_ALLOWED, Bytes::new());
    if let Ok(allow) = HeaderValue::from_str(allow) {
        reply.headers_mut().insert(header::ALLOW, allow);
    }
    reply
}

/// What the reference container answers where it stumbles, and clients have learned to expect.
pub(crate) fn server_error() -> Reply {
    answer(
        StatusCode::INTERNAL_SERVER_ERROR,
        HTML,
        "<h1>Internal Server Error</h1>",
    )
}

/// The operating system gives no random numbers.
pub(crate) fn no_randomness(error: getrandom::Error) -> Reply {
    tracing::error!(%error, "the operating system gives no random numbers");
    server_error()
}

/// Sends the browser on. Only pages for people answer so, never an API call: the Python client
/// crashes on it.
pub(crate) fn found(location: &str) -> Reply {
    let Ok(value) = HeaderValue::from_str(location) else {
        return server_error();
    };
    let mut reply = answer(StatusCode::FOUND, HTML, location.to_owned());
    reply.headers_mut().insert(header::LOCATION, value);
    reply
}

/// Lets pages of the container's own origin read the answer.
pub(crate) fn share_with(mut reply: Reply, origin: &HeaderValue) -> Reply {
    reply
        .headers_mut()
        .insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_have_the_bodies_that_clients_know() {
        for (reply, status, content_type, body) in [
            (unauthorized(), 401, HTML, "Unauthorized"),
            (forbidden(), 403, HTML, "<h1>Permission denied</h1>"),
        ] {
            assert_eq!(reply.status(), status);
            assert_eq!(reply.headers()[header::CONTENT_TYPE], content_type);
            assert_eq!(reply.body(), body);
            assert!(!reply.headers().contains_key(header::WWW_AUTHENTICATE));
        }
    }

    #[test]
    fn a_405_names_what_is_allowed_and_has_no_body() {
        let reply = method_not_allowed("GET, PUT");
        assert_eq!(reply.status(), 405);
        assert_eq!(reply.headers()[header::ALLOW], "GET, PUT");
        assert!(reply.body().is_empty());
    }

    #[test]
    fn a_location_that_no_header_can_hold_is_an_error_page() {
        assert_eq!(found("http://h/\r\nX: y").status(), 500);
        assert_eq!(
            found("smart-app:///x?y=z").headers()[header::LOCATION],
            "smart-app:///x?y=z"
        );
    }
}
