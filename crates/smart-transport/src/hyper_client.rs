//! The default transport: HTTP/1.1 over pooled connections.

use std::error::Error;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::{Instant, timeout_at};

use crate::connector::{ConnectTimedOut, Connector};
use crate::destination::{self, PlainHttp};
use crate::error::{BoxError, Kind};
use crate::{Stage, Transport, TransportError};

/// A pooled HTTP/1.1 client on hyper, to be used inside a tokio runtime.
///
/// Clones share one pool, so make one and clone it; a connection lives on the runtime that opened it. It speaks plain
/// `http` only, and only to this machine or to hosts opened by name: see the [crate's page](crate) for this and for
/// the default limits.
#[derive(Clone, Debug)]
pub struct HyperTransport {
    client: legacy::Client<Connector, Full<Bytes>>,
    settings: HyperTransportBuilder,
}

impl HyperTransport {
    /// A builder with the default limits.
    pub fn builder() -> HyperTransportBuilder {
        HyperTransportBuilder::default()
    }

    /// A transport with the default limits.
    pub fn new() -> Self {
        Self::builder().build()
    }
}

impl Default for HyperTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl Transport for HyperTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let deadline = deadline(self.settings.total_timeout);
        let host = destination::check(request.uri(), &self.settings.plain_http)?;
        let head = self.answer(request.map(Full::new), &host, deadline).await?;
        self.read(head, &host, deadline).await
    }
}

impl HyperTransport {
    /// Sends the request and waits for the head of the answer.
    async fn answer(
        &self,
        mut request: Request<Full<Bytes>>,
        host: &str,
        deadline: Instant,
    ) -> Result<Response<Incoming>, TransportError> {
        let connection = capture_connection(&mut request);
        match timeout_at(deadline, self.client.request(request)).await {
            Ok(answer) => answer.map_err(|error| self.unanswered(host, error)),
            Err(_elapsed) => {
                let stage = match *connection.connection_metadata() {
                    Some(_) => Stage::MaybeSent,
                    None => Stage::NotSent,
                };
                Err(self.timed_out(host, stage))
            }
        }
    }

    /// Reads the body to its end, within the limits.
    async fn read(
        &self,
        response: Response<Incoming>,
        host: &str,
        deadline: Instant,
    ) -> Result<Response<Bytes>, TransportError> {
        let (head, body) = response.into_parts();
        let limit = self.settings.body_limit;
        // An announced length is refused before a byte of it is read.
        if body.size_hint().lower() > limit as u64 {
            return Err(self.too_large(host));
        }
        match timeout_at(deadline, Limited::new(body, limit).collect()).await {
            Ok(Ok(body)) => Ok(Response::from_parts(head, body.to_bytes())),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(self.too_large(host)),
            Ok(Err(error)) => Err(unreadable(host, error)),
            Err(_elapsed) => Err(self.timed_out(host, Stage::Unreadable)),
        }
    }

    fn unanswered(&self, host: &str, error: legacy::Error) -> TransportError {
        let host = host.to_owned();
        if error.is_connect() {
            let kind = match cause::<ConnectTimedOut>(&error) {
                Some(_) => Kind::ConnectTimeout {
                    host,
                    after: self.settings.connect_timeout,
                },
                None => Kind::Connect { host },
            };
            return TransportError::of(kind, Stage::NotSent).caused_by(root_cause(&error));
        }
        let (kind, stage) = match cause::<hyper::Error>(&error) {
            Some(cause) if cause.is_parse() => (Kind::NotHttp { host }, Stage::Unreadable),
            // hyper hands a request back as cancelled only if it wrote none of it.
            Some(cause) if cause.is_canceled() => (Kind::Closed { host }, Stage::NotSent),
            _ => (Kind::Closed { host }, Stage::MaybeSent),
        };
        TransportError::of(kind, stage).caused_by(root_cause(&error))
    }

    fn too_large(&self, host: &str) -> TransportError {
        let kind = Kind::BodyTooLarge {
            host: host.to_owned(),
            limit: self.settings.body_limit,
        };
        TransportError::of(kind, Stage::Unreadable)
    }

    fn timed_out(&self, host: &str, stage: Stage) -> TransportError {
        let kind = Kind::TotalTimeout {
            host: host.to_owned(),
            after: self.settings.total_timeout,
        };
        TransportError::of(kind, stage)
    }
}

/// The instant at which the limit is used up; a limit beyond what the clock can count is no limit.
fn deadline(limit: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(limit).unwrap_or(now + A_DECADE)
}

fn unreadable(host: &str, error: BoxError) -> TransportError {
    let kind = Kind::CutBody {
        host: host.to_owned(),
    };
    TransportError::of(kind, Stage::Unreadable).caused_by(root_cause(&*error))
}

/// The first error of type `T` in the chain.
fn cause<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    std::iter::successors(Some(error), |error| (*error).source())
        .find_map(|error| error.downcast_ref())
}

/// What lies at the bottom of the chain, without the types of the HTTP library: an I/O error, or a text.
fn root_cause(error: &(dyn Error + 'static)) -> BoxError {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    let io_error: Option<&io::Error> = root.downcast_ref();
    match io_error.and_then(io::Error::raw_os_error) {
        Some(code) => io::Error::from_raw_os_error(code).into(),
        None => root.to_string().into(),
    }
}

/// The limits of a [`HyperTransport`], each with a default that suits a container on a hospital's network.
#[derive(Clone, Debug)]
pub struct HyperTransportBuilder {
    connect_timeout: Duration,
    total_timeout: Duration,
    body_limit: usize,
    plain_http: PlainHttp,
}

impl Default for HyperTransportBuilder {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            total_timeout: Duration::from_secs(60),
            body_limit: 32 << 20,
            plain_http: PlainHttp::default(),
        }
    }
}

impl HyperTransportBuilder {
    /// The longest that a connection may take to come about, name lookup included.
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// The longest that a whole exchange may take, from the call of `send` to the last byte of the body.
    #[must_use]
    pub fn total_timeout(mut self, limit: Duration) -> Self {
        self.total_timeout = limit;
        self
    }

    /// The longest body that is read, in bytes. It is what one answer can cost in memory.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Opens one more host, by name or address and without a port, to plain `http`.
    ///
    /// Whoever is on the way to it can then read every answer, and every secret that the dance hands out. It is meant
    /// for a test network or a tunnel.
    #[must_use]
    pub fn allow_plain_http_to(mut self, host: &str) -> Self {
        self.plain_http.open(host);
        self
    }

    /// The transport.
    pub fn build(self) -> HyperTransport {
        let client = legacy::Client::builder(TokioExecutor::new())
            // A second try has to be signed afresh, which the layers above must do: the host knows the nonce by then.
            .retry_canceled_requests(false)
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .build(Connector::new(self.connect_timeout));
        HyperTransport {
            client,
            settings: self,
        }
    }
}

const A_DECADE: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
const IDLE_CONNECTIONS: usize = 64;
