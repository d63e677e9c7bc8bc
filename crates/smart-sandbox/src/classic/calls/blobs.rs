//! Scratchpads and preferences: small texts that apps leave with a record or with a user.

use std::collections::HashMap;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use smart_api::Method;

use crate::form;
use crate::web::reply::{self, HTML, Reply, TEXT};
use crate::web::visit::Visit;

/// All that apps have left, by where they left it.
#[derive(Default)]
pub(crate) struct Blobs(HashMap<Place, Blob>);

/// Where a blob lies: with an app, and with a record or a user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Preferences { app: String, user: String },
    Scratchpad { app: String, record: String },
}

#[derive(Clone)]
struct Blob {
    content_type: HeaderValue,
    bytes: Bytes,
}

impl Blobs {
    /// Reads, replaces or forgets what lies at a place.
    pub(crate) fn answer(&mut self, place: Place, method: Method, visit: &Visit<'_>) -> Reply {
        match method {
            Method::Delete => {
                self.0.remove(&place);
                reply::answer(StatusCode::OK, HTML, "ok")
            }
            Method::Get => match self.0.get(&place) {
                Some(blob) => blob.clone().reply(),
                None => reply::answer(StatusCode::OK, TEXT, Bytes::new()),
            },
            // The echo lets an app see that no one else wrote in between.
            Method::Post | Method::Put => {
                let blob = Blob {
                    content_type: stored_type(visit),
                    bytes: visit.body().clone(),
                };
                self.0.insert(place, blob.clone());
                blob.reply()
            }
        }
    }
}

impl Blob {
    fn reply(self) -> Reply {
        let mut reply = reply::bare(StatusCode::OK, self.bytes);
        reply
            .headers_mut()
            .insert(header::CONTENT_TYPE, self.content_type);
        reply
    }
}

impl std::fmt::Debug for Blobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blobs")
            .field("count", &self.0.len())
            .finish()
    }
}

/// The content type to answer with later: the request's in lower case and without parameters.
fn stored_type(visit: &Visit<'_>) -> HeaderValue {
    form::media_type(visit.headers())
        .and_then(|name| HeaderValue::from_str(&name.to_ascii_lowercase()).ok())
        .unwrap_or(HeaderValue::from_static(TEXT))
}
