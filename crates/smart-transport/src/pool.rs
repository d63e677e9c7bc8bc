//! Connections, pooled by hyper-util, and what an exchange does to the one that it is on.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Extensions, Request, Response, Version};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::{CaptureConnection, Connected, capture_connection};
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::connector::{Connector, Exchange, Switch};

/// Open connections by origin, and the way to new ones. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Connections {
    kept: Client<Connector, Upload>,
    /// Keeps nothing: each request has a connection of its own.
    unkept: Client<Connector, Upload>,
}

impl Connections {
    pub(crate) fn new(connector: Connector, idle_limit: Duration, most_idle: usize) -> Self {
        let client = |most_idle| {
            let mut builder = Client::builder(TokioExecutor::new());
            builder
                .timer(TokioTimer::new())
                .pool_timer(TokioTimer::new())
                .pool_idle_timeout(idle_limit)
                .pool_max_idle_per_host(most_idle)
                // A second attempt has to be signed afresh, which the layers above do.
                .retry_canceled_requests(false)
                // What servers do: RFC 9112, sections 5.1 and 5.2.
                .http1_allow_spaces_after_header_name_in_responses(true)
                .http1_allow_obsolete_multiline_headers_in_responses(true);
            #[cfg(feature = "http2")]
            builder
                .http2_keep_alive_interval(PING_AFTER)
                .http2_keep_alive_timeout(PONG_WITHIN)
                .http2_keep_alive_while_idle(true);
            builder.build(connector.clone())
        };
        Self {
            kept: client(most_idle),
            unkept: client(0),
        }
    }

    /// Sends a request to an absolute URL. The second value follows it.
    pub(crate) fn send(
        &self,
        mut request: Request<Bytes>,
        fresh: bool,
    ) -> (
        impl Future<Output = Result<Response<Incoming>, Error>> + Send + use<>,
        Underway,
    ) {
        let captured = capture_connection(&mut request);
        let sent = (!request.body().is_empty()).then(|| {
            Arc::new(Sent {
                captured: captured.clone(),
                exchange: OnceLock::new(),
            })
        });
        let underway = Underway {
            captured,
            sent: sent.clone(),
            is_answered: false,
        };
        let request = request.map(|bytes| Upload { bytes, sent });
        let client = if fresh { &self.unkept } else { &self.kept };
        let client = client.clone();
        let sending = async move {
            if !fresh {
                // The runtime gets a turn, so that a connection whose exchange is over comes back,
                // and one that the server has closed goes.
                tokio::task::yield_now().await;
            }
            client.request(request).await
        };
        (sending, underway)
    }
}

/// A request that has no answer yet. If it is dropped so, a connection that it had for itself is
/// closed.
pub(crate) struct Underway {
    captured: CaptureConnection,
    sent: Option<Arc<Sent>>,
    is_answered: bool,
}

impl Underway {
    /// Whether a connection has been found for the request: before, nothing of it was sent.
    pub(crate) fn is_taken(&self) -> bool {
        self.captured.connection_metadata().is_some()
    }

    /// The answer did not come in time: the connection may be dead, and gets no further requests.
    pub(crate) fn is_overdue(&self) {
        if let Some(connected) = &*self.captured.connection_metadata() {
            connected.poison();
        }
    }

    /// The head of the answer came. What is left holds the connection to the rest of the request.
    pub(crate) fn answered_by(mut self, answer: &mut Response<Incoming>) -> Remainder {
        self.is_answered = true;
        answer.extensions_mut().remove::<Switch>();
        let is_own = answer.version() != Version::HTTP_2;
        Remainder(self.sent.take().filter(|_| is_own))
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        if self.is_answered {
            return;
        }
        if let Some(connected) = &*self.captured.connection_metadata()
            && !is_shared(connected)
        {
            connected.poison();
            if let Some(switch) = switch(connected) {
                switch.turn_off();
            }
        }
    }
}

/// What is left of a request whose answer has begun. A server may answer before it has read the
/// request, and never read the rest: if that is so when the answer is over, the connection is
/// closed.
pub(crate) struct Remainder(Option<Arc<Sent>>);

impl Drop for Remainder {
    fn drop(&mut self) {
        let sent = self.0.as_ref();
        if let Some(exchange) = sent.and_then(|sent| sent.exchange.get()) {
            exchange.close_if_stuck();
        }
    }
}

/// A request body that is on its way, and the connection that it is on.
struct Sent {
    captured: CaptureConnection,
    exchange: OnceLock<Exchange>,
}

impl Sent {
    /// Called by the connection, when it begins to write the body.
    fn begin(&self) {
        let connected = self.captured.connection_metadata();
        if let Some(switch) = connected.as_ref().and_then(switch) {
            let _ = self.exchange.set(switch.begin());
        }
    }
}

/// A request body in one piece.
pub(crate) struct Upload {
    bytes: Bytes,
    /// Nothing if the body is empty.
    sent: Option<Arc<Sent>>,
}

impl Body for Upload {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.bytes.is_empty() {
            return Poll::Ready(None);
        }
        if let Some(sent) = &self.sent {
            sent.begin();
        }
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.len() as u64)
    }
}

fn is_shared(connected: &Connected) -> bool {
    connected.is_negotiated_h2()
}

fn switch(connected: &Connected) -> Option<Switch> {
    let mut extras = Extensions::new();
    connected.get_extras(&mut extras);
    extras.remove()
}

/// How long a connection of HTTP/2 may be silent before it is asked for a sign of life.
#[cfg(feature = "http2")]
const PING_AFTER: Duration = Duration::from_secs(10);

/// How long that sign may take. Then the connection is closed, with all that is on it.
#[cfg(feature = "http2")]
const PONG_WITHIN: Duration = Duration::from_secs(10);
