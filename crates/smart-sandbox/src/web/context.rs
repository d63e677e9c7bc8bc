//! One request, with everything that handlers read from it.

use std::borrow::Cow;
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use smart_oauth::Timestamp;

use super::routes::PathParameters;
use crate::form::{self, Pairs};

/// A request, and what its path, query and form contain.
#[derive(Debug)]
pub(crate) struct RequestContext<'a> {
    /// The request with the URI that the client sent.
    pub(crate) http: Cow<'a, Request<Bytes>>,
    /// The path below the base of the server, percent-encoded as it was sent.
    pub(crate) path: &'a str,
    pub(crate) parameters: PathParameters,
    pub(crate) query: Pairs,
    pub(crate) form: Pairs,
    pub(crate) now: Timestamp,
    pub(crate) began: Instant,
}

impl<'a> RequestContext<'a> {
    pub(crate) fn new(
        http: &'a Request<Bytes>,
        path: &'a str,
        parameters: PathParameters,
        now: Timestamp,
    ) -> Self {
        Self {
            http: Cow::Borrowed(http),
            path,
            parameters,
            query: Pairs::parse(http.uri().query().unwrap_or_default()),
            form: form::form_of(http.headers(), http.body()),
            now,
            began: Instant::now(),
        }
    }

    pub(crate) fn method(&self) -> &Method {
        self.http.method()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.http.headers()
    }

    pub(crate) fn body(&self) -> &Bytes {
        self.http.body()
    }

    /// The value of a parameter of the path; empty if the path has none of this name.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).unwrap_or_default()
    }

    /// The path and the query that the client sent, to return to after a login.
    pub(crate) fn here(&self) -> &str {
        let uri = self.http.uri();
        uri.path_and_query()
            .map_or(uri.path(), |here| here.as_str())
    }
}
