//! A request's body that tells whether a connection has taken the request.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;

/// hyper looks at a body for the first time when it begins to write the request's head, and not before it has a connection.
/// Until then nothing was sent. Its own way to tell this costs several allocations for each request.
pub(super) struct Outgoing {
    body: Full<Bytes>,
    taken: Arc<AtomicBool>,
}

impl Outgoing {
    pub(super) fn new(body: Bytes, taken: Arc<AtomicBool>) -> Self {
        Self {
            body: Full::new(body),
            taken,
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.taken.store(true, Ordering::Relaxed);
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.taken.store(true, Ordering::Relaxed);
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
