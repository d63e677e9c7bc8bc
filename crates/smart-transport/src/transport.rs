//! The waist: one asynchronous function from request to response.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

use crate::{Body, TransportError};

/// Carries a request to its host and brings the response back, whatever its status.
///
/// [`HyperTransport`](crate::HyperTransport) is one. A closure from `Request<Bytes>` to a future of
/// `Result<Response<B>, TransportError>` is one too, where `B` is a [`Body`] or becomes one:
/// `Bytes`, `String`, `Vec<u8>`. A tower service becomes one through
/// [`ServiceTransport`](crate::ServiceTransport).
///
/// An implementation sends what it is given, once: it adds no credentials, follows no redirect and
/// repeats nothing. Dropping the future, or the body, gives the exchange up. Two extensions of a
/// request ask something of it, which it may pass over: [`Deadline`](crate::Deadline) and
/// [`FreshConnection`](crate::FreshConnection).
pub trait Transport: Send + Sync + 'static {
    /// Sends the request, whose URI is absolute, and waits for the head of the response; the body
    /// follows as it comes.
    ///
    /// # Errors
    ///
    /// Only when there is no response; [`TransportError::stage`] tells how far the exchange came. A
    /// response with a status of 400 or 500 is not an error here.
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> impl Future<Output = Result<Response<Body>, TransportError>> + Send;

    /// Sends the request, and reads the response to its end.
    ///
    /// # Errors
    ///
    /// When there is no complete response.
    fn fetch(
        &self,
        request: Request<Bytes>,
    ) -> impl Future<Output = Result<Response<Bytes>, TransportError>> + Send {
        async move {
            let (head, body) = self.send(request).await?.into_parts();
            Ok(Response::from_parts(head, body.bytes().await?))
        }
    }

    /// The longest that a whole exchange takes, if there is such a limit. A layer that repeats
    /// requests keeps to it with all attempts together, and one without any is given up from above:
    /// the `smart` crate does so after 60 seconds.
    fn total_timeout(&self) -> Option<Duration> {
        None
    }
}

impl<F, Answer, B> Transport for F
where
    F: Fn(Request<Bytes>) -> Answer + Send + Sync + 'static,
    Answer: Future<Output = Result<Response<B>, TransportError>> + Send,
    B: Into<Body>,
{
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        Ok(self(request).await?.map(Into::into))
    }
}

/// Any transport behind one type, so that what holds it needs no type parameter. Clones share the
/// same transport, and with it the same pool of connections.
#[derive(Clone)]
pub struct SharedTransport {
    transport: Arc<dyn ErasedTransport>,
}

impl SharedTransport {
    /// Shares a transport.
    pub fn new(transport: impl Transport) -> Self {
        Self {
            transport: Arc::new(transport),
        }
    }
}

impl Transport for SharedTransport {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> impl Future<Output = Result<Response<Body>, TransportError>> + Send {
        self.transport.send_boxed(request)
    }

    fn total_timeout(&self) -> Option<Duration> {
        self.transport.total_timeout()
    }
}

impl fmt::Debug for SharedTransport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SharedTransport")
            .finish_non_exhaustive()
    }
}

type Sending<'t> =
    Pin<Box<dyn Future<Output = Result<Response<Body>, TransportError>> + Send + 't>>;

/// [`Transport`] with its future in a box, which a trait object needs.
trait ErasedTransport: Send + Sync {
    fn send_boxed(&self, request: Request<Bytes>) -> Sending<'_>;
    fn total_timeout(&self) -> Option<Duration>;
}

impl<T: Transport> ErasedTransport for T {
    fn send_boxed(&self, request: Request<Bytes>) -> Sending<'_> {
        Box::pin(self.send(request))
    }

    fn total_timeout(&self) -> Option<Duration> {
        Transport::total_timeout(self)
    }
}
