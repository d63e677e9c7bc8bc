//! The default transport: pooled connections, HTTP/1.1 or HTTP/2.

pub(crate) mod coding;
pub(crate) mod guarded;
pub(crate) mod root_cause;
pub(crate) mod watch;

mod builder;
mod failure;

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::task::{Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, PROXY_AUTHORIZATION};
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::time::Instant;

pub use builder::HyperTransportBuilder;

use crate::destination::Host;
use crate::error::Kind;
use crate::hyper_client::guarded::{BodyLimits, GuardedBody};
use crate::hyper_client::watch::Watch;
use crate::pool::{Connections, Remainder};
use crate::proxy::Hop;
use crate::{Body, Deadline, FreshConnection, LongBody, Stage, Transport, TransportError};

/// A pooled HTTP client on hyper, to be used inside a tokio runtime.
///
/// Clones share one pool, so make one and clone it; a connection lives on the runtime that opened
/// it. It speaks HTTP/1.1, and HTTP/2 where a server offers it over TLS; plain `http` only to this
/// machine, or to hosts opened by name. See the [crate's page](crate) for the limits and their
/// defaults.
#[derive(Clone, Debug)]
pub struct HyperTransport {
    connections: Connections,
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
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> impl Future<Output = Result<Response<Body>, TransportError>> + Send {
        let outset = self.set_out(request);
        async move {
            let (request, course) = outset?;
            let Course {
                host,
                deadline,
                first,
                fresh,
                packed,
                long,
            } = course;
            let settings = &self.settings;
            // Dropped in the opposite order: a connection is given up before it could go back to
            // the pool.
            let (sending, underway) = self.connections.send(request, fresh);
            let mut sending = pin!(sending);
            let underway = underway;
            let mut watch = Watch::new(settings.first_byte_timeout.min(settings.idle_timeout));
            let head = poll_fn(|context| {
                if let Poll::Ready(answer) = sending.as_mut().poll(context) {
                    let taken = underway.is_taken();
                    let answer = answer.map_err(|error| self.unanswered(&host, &error, taken));
                    return Poll::Ready(answer);
                }
                ready!(watch.poll_until(first.at(), context));
                underway.is_overdue();
                let host = host.clone();
                Poll::Ready(Err(late(host, first, deadline, underway.is_taken())))
            });
            let mut answer = head.await?;
            let remainder = underway.answered_by(&mut answer);
            let (deadline, bytes) = match long {
                true => (Deadline::far(), usize::MAX),
                false => (deadline, settings.body_limit),
            };
            let limits = BodyLimits {
                bytes,
                idle: settings.idle_timeout,
            };
            guard(answer, remainder, packed, host, limits, deadline, watch)
        }
    }

    fn total_timeout(&self) -> Option<Duration> {
        Some(self.settings.total_timeout)
    }
}

/// How an exchange goes about its way.
struct Course {
    host: Host,
    /// When all has to be over.
    deadline: Deadline,
    /// When the head of the answer has to be there.
    first: Deadline,
    fresh: bool,
    /// Whether a packed answer was asked for.
    packed: bool,
    /// Whether the body may be of any length.
    long: bool,
}

impl HyperTransport {
    /// Checks where a request leads, and takes out of it what it asks of the transport.
    fn set_out(
        &self,
        mut request: Request<Bytes>,
    ) -> Result<(Request<Bytes>, Course), TransportError> {
        let began = Instant::now();
        let settings = &self.settings;
        let host = settings.destinations.check(request.uri())?;
        let asked = request.extensions_mut().remove::<Deadline>();
        let deadline = Deadline::since(began, settings.total_timeout).or_earlier(asked.as_ref());
        let first_byte = Deadline::since(began, settings.first_byte_timeout);
        let packed = coding::ask(request.headers_mut());
        self.greet_proxy(&mut request, &host)?;
        let fresh = request.extensions_mut().remove::<FreshConnection>();
        let long = request.extensions_mut().remove::<LongBody>();
        let course = Course {
            host,
            deadline,
            first: deadline.or_earlier(Some(&first_byte)),
            fresh: fresh.is_some(),
            packed,
            long: long.is_some(),
        };
        Ok((request, course))
    }

    /// A proxy that reads plain requests wants its password in each; for `https` it is in the
    /// tunnel's opening. One that cannot be used is refused here, before anything is sent.
    fn greet_proxy(&self, request: &mut Request<Bytes>, host: &Host) -> Result<(), TransportError> {
        let hop = self.settings.proxy.hop(request.uri()).map_err(|problem| {
            let host = host.clone();
            TransportError::of(Kind::ProxyUnusable { host, problem }, Stage::NotSent)
        })?;
        if request.uri().scheme_str() == Some("http")
            && let Some(authorization) = hop.and_then(Hop::authorization)
        {
            request
                .headers_mut()
                .insert(PROXY_AUTHORIZATION, authorization);
        }
        Ok(())
    }
}

/// Puts the limits around the body.
fn guard(
    answer: Response<Incoming>,
    remainder: Remainder,
    packed: bool,
    host: Host,
    limits: BodyLimits,
    deadline: Deadline,
    watch: Watch,
) -> Result<Response<Body>, TransportError> {
    let (mut head, incoming) = answer.into_parts();
    let decoder = if packed {
        coding::decoder(&head.headers, limits.bytes).map_err(|coding| {
            let host = host.clone();
            TransportError::of(Kind::UnknownCoding { host, coding }, Stage::Unreadable)
        })?
    } else {
        None
    };
    if decoder.is_some() {
        // They are about what came, not about what is handed on.
        head.headers.remove(CONTENT_ENCODING);
        head.headers.remove(CONTENT_LENGTH);
    }
    let body = GuardedBody::new(incoming, remainder, decoder, host, limits, deadline, watch)?;
    Ok(Response::from_parts(head, Body::new(body)))
}

/// No head came in time.
fn late(host: Host, first: Deadline, total: Deadline, taken: bool) -> TransportError {
    let stage = if taken {
        Stage::MaybeSent
    } else {
        Stage::NotSent
    };
    let after = first.limit();
    let kind = if first.at() == total.at() {
        Kind::TotalTimeout { host, after }
    } else {
        Kind::FirstByteTimeout { host, after }
    };
    TransportError::of(kind, stage)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::Proxy;

    #[tokio::test]
    async fn proxy_that_cannot_be_used_gets_no_password() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        for scheme in ["https", "socks4"] {
            let proxy = Proxy::from_variables(|name| {
                (name == "ALL_PROXY").then(|| format!("{scheme}://me:canary@{address}"))
            });
            let transport = HyperTransport::builder()
                .proxy(proxy)
                .allow_plain_http_to("emr.example")
                .build();
            for url in ["http://emr.example/", "https://emr.example/"] {
                let request = Request::get(url).body(Bytes::new()).unwrap();
                let error = transport.fetch(request).await.unwrap_err();
                assert_eq!(error.stage(), Stage::NotSent);
                assert!(error.is_permanent());
                assert_eq!(
                    error.to_string(),
                    format!(
                        "the proxy that is set for emr.example cannot be used, and nothing was sent: {scheme} proxies are not supported; use one with http, socks5 or socks5h"
                    )
                );
                assert!(!format!("{error:?}").contains("canary"));
            }
        }
        let nobody = listener.accept().unwrap_err();
        assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock);
    }
}
