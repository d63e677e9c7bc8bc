//! The body of a response, as it comes.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt as _, Limited};

use crate::error::{BoxError, Kind};
use crate::{Stage, TransportError};

/// The body of a response: whole already, or still coming.
///
/// Take it in one piece with [`bytes`](Self::bytes) or piece by piece with [`chunk`](Self::chunk);
/// it is an [`http_body::Body`] as well. Dropping it gives up what has not come yet.
///
/// Whoever made it has set its limits: that of [`HyperTransport`](crate::HyperTransport) ends with
/// an error at the limits on size and time of its transport.
pub struct Body {
    inner: Inner,
}

enum Inner {
    Whole(Option<Bytes>),
    Streamed(Pin<Box<dyn http_body::Body<Data = Bytes, Error = TransportError> + Send>>),
}

impl Body {
    /// A body without bytes.
    pub fn empty() -> Self {
        Bytes::new().into()
    }

    /// A body that still comes. It has to have limits of its own: see [`limited`](Self::limited)
    /// for one without.
    pub fn new(
        body: impl http_body::Body<Data = Bytes, Error = TransportError> + Send + 'static,
    ) -> Self {
        Self {
            inner: Inner::Streamed(Box::pin(body)),
        }
    }

    /// A body that still comes, up to `limit` bytes; beyond them it ends with an error.
    pub fn limited<B>(body: B, limit: usize) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self::new(Limited::new(body, limit).map_err(move |error| {
            if error.is::<http_body_util::LengthLimitError>() {
                TransportError::of(Kind::StreamTooLarge { limit }, Stage::Unreadable)
            } else {
                TransportError::new(Stage::Unreadable, error)
            }
        }))
    }

    /// The whole body.
    ///
    /// # Errors
    ///
    /// When it breaks off, or reaches one of its limits.
    pub async fn bytes(self) -> Result<Bytes, TransportError> {
        match self.inner {
            Inner::Whole(bytes) => Ok(bytes.unwrap_or_default()),
            Inner::Streamed(body) => Ok(body.collect().await?.to_bytes()),
        }
    }

    /// The next piece, or nothing at the end.
    ///
    /// # Errors
    ///
    /// When the body breaks off, or reaches one of its limits; nothing more comes then.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, TransportError> {
        while let Some(frame) = self.frame().await {
            if let Ok(data) = frame?.into_data() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        match &mut self.inner {
            Inner::Whole(bytes) => {
                let bytes = bytes.take().filter(|bytes| !bytes.is_empty());
                Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
            }
            Inner::Streamed(body) => body.as_mut().poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Inner::Whole(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Inner::Streamed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64)
            }
            Inner::Streamed(body) => body.size_hint(),
        }
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self {
            inner: Inner::Whole(Some(bytes)),
        }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl fmt::Debug for Body {
    /// Leaves the content out: it may be a patient's.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Body").finish_non_exhaustive()
    }
}
