//! Scratchpads and preferences: small texts that apps leave with a record or with a user.

use std::collections::HashMap;

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};

use crate::classic::oauth::authenticate::Authenticated;
use crate::classic::state::ContainerState;
use crate::form;
use crate::web::context::RequestContext;
use crate::web::reply::{self, HTML, Reply, TEXT};

/// A scratchpad: one text for each app and record.
pub(crate) fn scratchpad(
    container: &ContainerState,
    request: &RequestContext<'_>,
    _who: &Authenticated,
) -> Reply {
    let key = BlobKey::Scratchpad {
        app: request.parameter("smart_app_id").to_owned(),
        record: request.parameter("record_id").to_owned(),
    };
    container.blobs().answer(key, request)
}

/// Preferences: one text for each app and user.
pub(crate) fn preferences(
    container: &ContainerState,
    request: &RequestContext<'_>,
    _who: &Authenticated,
) -> Reply {
    let key = BlobKey::Preferences {
        app: request.parameter("smart_app_id").to_owned(),
        user: request.parameter("user_id").to_owned(),
    };
    container.blobs().answer(key, request)
}

/// All that apps have left, by key.
#[derive(Default)]
pub(crate) struct Blobs(HashMap<BlobKey, Blob>);

/// What a blob belongs to: an app, and a record or a user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum BlobKey {
    Preferences { app: String, user: String },
    Scratchpad { app: String, record: String },
}

#[derive(Clone)]
struct Blob {
    content_type: HeaderValue,
    bytes: Bytes,
}

impl Blobs {
    /// Reads, replaces or forgets the blob of a key.
    fn answer(&mut self, key: BlobKey, request: &RequestContext<'_>) -> Reply {
        match *request.method() {
            Method::DELETE => {
                self.0.remove(&key);
                reply::answer(StatusCode::OK, HTML, "ok")
            }
            Method::GET => match self.0.get(&key) {
                Some(blob) => blob.clone().reply(),
                None => reply::answer(StatusCode::OK, TEXT, Bytes::new()),
            },
            // The echo lets an app see that no one else wrote in between.
            _ => {
                let blob = Blob {
                    content_type: stored_type(request),
                    bytes: request.body().clone(),
                };
                self.0.insert(key, blob.clone());
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
fn stored_type(request: &RequestContext<'_>) -> HeaderValue {
    form::media_type(request.headers())
        .and_then(|name| HeaderValue::from_str(&name.to_ascii_lowercase()).ok())
        .unwrap_or(HeaderValue::from_static(TEXT))
}
