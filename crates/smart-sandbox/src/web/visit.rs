//! One request on its way through the container, with everything that views read from it.

use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use smart_oauth::Timestamp;

use crate::classic::router::PathValues;
use crate::classic::rules::Place;
use crate::form::{self, Pairs};

/// A request, and what its path, query and form say.
#[derive(Debug)]
pub(crate) struct Visit<'a> {
    pub(crate) request: &'a Request<Bytes>,
    pub(crate) values: PathValues,
    pub(crate) query: Pairs,
    pub(crate) form: Pairs,
    pub(crate) now: Timestamp,
    pub(crate) began: Instant,
}

impl<'a> Visit<'a> {
    pub(crate) fn new(request: &'a Request<Bytes>, values: PathValues, now: Timestamp) -> Self {
        Self {
            request,
            values,
            query: Pairs::parse(request.uri().query().unwrap_or_default()),
            form: form::form_of(request.headers(), request.body()),
            now,
            began: Instant::now(),
        }
    }

    pub(crate) fn method(&self) -> &'a Method {
        self.request.method()
    }

    pub(crate) fn headers(&self) -> &'a HeaderMap {
        self.request.headers()
    }

    pub(crate) fn body(&self) -> &'a Bytes {
        self.request.body()
    }

    /// The path as it was sent.
    pub(crate) fn path(&self) -> &'a str {
        self.request.uri().path()
    }

    /// The record in the path.
    pub(crate) fn record_id(&self) -> &str {
        self.values.get("record_id").unwrap_or_default()
    }

    /// The app in the path, whatever the template calls it.
    pub(crate) fn app_id(&self) -> &str {
        self.values
            .get("smart_app_id")
            .or_else(|| self.values.get("descriptor"))
            .unwrap_or_default()
    }

    /// The user in the path.
    pub(crate) fn user_id(&self) -> &str {
        self.values.get("user_id").unwrap_or_default()
    }

    /// What the path names, for the rules.
    pub(crate) fn place(&self) -> Place<'_> {
        Place {
            record: self.values.get("record_id"),
            app: self.values.get("smart_app_id"),
            user: self.values.get("user_id"),
        }
    }
}
