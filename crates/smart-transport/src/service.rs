//! Tower services on either side of the waist.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower_service::Service;

use crate::error::BoxError;
use crate::{Body, HyperTransport, Stage, Transport, TransportError};

/// A [tower service](https://docs.rs/tower-service) as a transport: a client of your own, or
/// [`HyperTransport`] under the layers that your services share.
///
/// The service gets requests whose body is whole. Its failures count as [`Stage::MaybeSent`], since
/// a service does not tell how far it came, unless they are [`TransportError`]s, which are passed
/// on. Let no layer repeat a request: the container has seen its nonce. The bodies that it gives
/// are read up to [`with_body_limit`](Self::with_body_limit).
#[derive(Clone)]
pub struct ServiceTransport<S> {
    service: S,
    body_limit: usize,
}

impl<S> ServiceTransport<S> {
    /// A transport on this service. Its clones have to share what they hold, such as a pool, since
    /// each request takes one.
    pub fn new(service: S) -> Self {
        Self {
            service,
            body_limit: crate::BODY_LIMIT,
        }
    }

    /// The longest body that is read, in bytes; 32 MiB without this.
    #[must_use]
    pub fn with_body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }
}

impl<S, B> Transport for ServiceTransport<S>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        let mut service = self.service.clone();
        poll_fn(|context| service.poll_ready(context))
            .await
            .map_err(|error| failed(Stage::NotSent, error))?;
        let answer = service.call(request.map(Full::new)).await;
        let response = answer.map_err(|error| failed(Stage::MaybeSent, error))?;
        Ok(response.map(|body| Body::limited(body, self.body_limit)))
    }
}

fn failed(stage: Stage, error: impl Into<BoxError>) -> TransportError {
    match error.into().downcast::<TransportError>() {
        Ok(error) => *error,
        Err(error) => TransportError::new(stage, error),
    }
}

impl<S> fmt::Debug for ServiceTransport<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ServiceTransport")
            .field("body_limit", &self.body_limit)
            .finish_non_exhaustive()
    }
}

/// So that layers of tower can be put around it.
impl Service<Request<Bytes>> for HyperTransport {
    type Response = Response<Body>;
    type Error = TransportError;
    type Future =
        Pin<Box<dyn Future<Output = Result<Response<Body>, TransportError>> + Send + 'static>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let transport = self.clone();
        Box::pin(async move { transport.send(request).await })
    }
}
