//! The waist: one asynchronous function from request to response.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};

use crate::TransportError;

/// Carries a request to its host and brings the response back, whatever its status.
///
/// [`HyperTransport`](crate::HyperTransport) is one; a closure from `Request<Bytes>` to a future of
/// `Result<Response<Bytes>, TransportError>` is one too.
///
/// An implementation sends what it is given, once: it adds no credentials, follows no redirect and repeats nothing.
/// Dropping the future gives the exchange up.
///
/// Requests and responses are whole. A method for streamed bodies can join later with a default that calls
/// [`send`](Self::send), so an implementation written today stays valid.
pub trait Transport: Send + Sync + 'static {
    /// Sends the request, whose URI is absolute, and reads the response to its end.
    ///
    /// # Errors
    ///
    /// Only when there is no complete response; [`TransportError::stage`] tells how far the exchange came. A response
    /// with a status of 400 or 500 is not an error here.
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> impl Future<Output = Result<Response<Bytes>, TransportError>> + Send;
}

impl<F, Answer> Transport for F
where
    F: Fn(Request<Bytes>) -> Answer + Send + Sync + 'static,
    Answer: Future<Output = Result<Response<Bytes>, TransportError>> + Send,
{
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> impl Future<Output = Result<Response<Bytes>, TransportError>> + Send {
        self(request)
    }
}

/// Any transport behind one type, so that what holds it needs no type parameter. Clones share the same transport, and
/// with it the same pool of connections.
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
    ) -> impl Future<Output = Result<Response<Bytes>, TransportError>> + Send {
        self.transport.send_boxed(request)
    }
}

impl fmt::Debug for SharedTransport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SharedTransport")
            .finish_non_exhaustive()
    }
}

/// [`Transport`] with its future in a box, which a trait object needs.
trait ErasedTransport: Send + Sync {
    fn send_boxed(
        &self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, TransportError>> + Send + '_>>;
}

impl<T: Transport> ErasedTransport for T {
    fn send_boxed(
        &self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, TransportError>> + Send + '_>> {
        Box::pin(self.send(request))
    }
}
