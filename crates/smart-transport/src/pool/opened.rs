//! One connection, of either version of HTTP.

use std::future::{Future as _, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1;
#[cfg(feature = "http2")]
use hyper::client::conn::http2;
use hyper_util::client::legacy::connect::Connection as _;
#[cfg(feature = "http2")]
use hyper_util::rt::{TokioExecutor, TokioTimer};

use tokio::runtime::Handle;
use tokio::time::timeout;

use super::Failure;
use crate::connector::Stream;

/// Usually it takes microseconds.
const GRACE: Duration = Duration::from_millis(20);

/// Whether a connection has taken a request: before, nothing of it was sent.
#[derive(Debug, Default)]
pub(crate) struct Taken(AtomicBool);

impl Taken {
    pub(crate) fn is_so(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A request whose URL and `Host` are still to be put in the form that the connection wants.
pub(crate) struct Outgoing(Request<Full<Bytes>>);

impl Outgoing {
    pub(crate) fn new(request: Request<Bytes>) -> Self {
        Self(request.map(Full::new))
    }

    pub(super) fn uri(&self) -> &Uri {
        self.0.uri()
    }

    /// For HTTP/1.1: the path alone, or the whole URL for a proxy that reads it
    /// ([RFC 9112, section 3.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2)).
    fn for_http1(self, absolute: bool) -> Request<Full<Bytes>> {
        let mut request = self.0;
        if !request.headers().contains_key(HOST)
            && let Some(host) = host(request.uri())
        {
            request.headers_mut().insert(HOST, host);
        }
        if !absolute {
            let path = request.uri().path_and_query().cloned();
            let path = path.unwrap_or(PathAndQuery::from_static("/"));
            *request.uri_mut() = Uri::from(path);
        }
        request
    }
}

/// Host and port, without the port that the scheme has anyway.
fn host(uri: &Uri) -> Option<HeaderValue> {
    let authority = uri.authority()?;
    let https = uri.scheme_str() == Some("https");
    let default = if https { ":443" } else { ":80" };
    let text = authority.as_str();
    let text = text.strip_suffix(default).unwrap_or(text);
    HeaderValue::from_str(text.strip_suffix(':').unwrap_or(text)).ok()
}

/// An open connection.
pub(super) enum Opened {
    /// One exchange at a time, and whoever waits for that drives the connection: a task of its own would have to be woken, and wake
    /// in turn, several times a call. When it lies idle nobody drives it, so that it is looked at before it is used again.
    One {
        sender: http1::SendRequest<Full<Bytes>>,
        driven: Driven,
        absolute: bool,
    },
    /// Many at once, with a task that drives it until nobody holds it.
    #[cfg(feature = "http2")]
    Many(http2::SendRequest<Full<Bytes>>),
}

impl Opened {
    /// Agrees with the other side on how to speak.
    pub(super) async fn on(stream: Stream) -> Result<Self, Failure> {
        let connected = stream.connected();
        #[cfg(feature = "http2")]
        if connected.is_negotiated_h2() {
            let (sender, connection) = http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .handshake(stream)
                .await
                .map_err(Failure::Unsent)?;
            tokio::spawn(connection);
            return Ok(Self::Many(sender));
        }
        let (sender, connection) = http1::handshake(stream).await.map_err(Failure::Unsent)?;
        Ok(Self::One {
            sender,
            driven: Driven(Some(Box::pin(connection))),
            absolute: connected.is_proxied(),
        })
    }

    /// Whether many requests can use it at once.
    pub(super) fn is_many(&self) -> bool {
        self.another().is_some()
    }

    /// Moves what comes, where nobody else does.
    pub(super) fn drive(&mut self, context: &mut Context<'_>) {
        match self {
            Self::One { driven, .. } => driven.drive(context),
            #[cfg(feature = "http2")]
            Self::Many(_) => {}
        }
    }

    /// The same connection for one more request, if it can have more than one.
    pub(super) fn another(&self) -> Option<Self> {
        match self {
            Self::One { .. } => None,
            #[cfg(feature = "http2")]
            Self::Many(sender) => Some(Self::Many(sender.clone())),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        match self {
            Self::One { sender, driven, .. } => driven.0.is_none() || sender.is_closed(),
            #[cfg(feature = "http2")]
            Self::Many(sender) => sender.is_closed(),
        }
    }

    /// Waits a little until the last exchange is over on this side as well: an answer may have come to its end before the request
    /// did. No if that takes too long, or if the connection ended with it.
    pub(super) async fn is_ready(&mut self) -> bool {
        match self {
            Self::One { sender, driven, .. } => {
                // Whether the other side has closed it meanwhile.
                let ready = poll_fn(|context| {
                    driven.drive(context);
                    Poll::Ready(sender.poll_ready(context))
                });
                if let Poll::Ready(ready) = ready.await {
                    return driven.0.is_some() && ready.is_ok();
                }
                let ready = poll_fn(|context| {
                    driven.drive(context);
                    sender.poll_ready(context)
                });
                // In a box, since it hardly ever comes to that.
                let ready = Box::pin(timeout(GRACE, ready)).await;
                ready.is_ok_and(|ready| ready.is_ok())
            }
            #[cfg(feature = "http2")]
            Self::Many(sender) => sender.ready().await.is_ok(),
        }
    }

    pub(super) async fn send(
        &mut self,
        request: Box<Outgoing>,
        taken: &Taken,
    ) -> Result<Response<Incoming>, Failure> {
        taken.0.store(true, Ordering::Relaxed);
        let answer = match self {
            Self::One {
                sender,
                driven,
                absolute,
            } => {
                let mut answer = pin!(sender.try_send_request(request.for_http1(*absolute)));
                poll_fn(|context| {
                    driven.drive(context);
                    answer.as_mut().poll(context)
                })
                .await
            }
            #[cfg(feature = "http2")]
            Self::Many(sender) => sender.try_send_request(request.0).await,
        };
        answer.map_err(|mut failed| match failed.take_message() {
            Some(_untouched) => Failure::Unsent(failed.into_error()),
            None => Failure::Sent(failed.into_error()),
        })
    }
}

/// The end of a connection that moves bytes when it is polled; nothing once it is over.
pub(super) struct Driven(Option<Pin<Box<Http1>>>);

type Http1 = http1::Connection<Stream, Full<Bytes>>;

impl Driven {
    /// Moves what can be moved. What becomes of the connection, those who wait for something from it are told.
    fn drive(&mut self, context: &mut Context<'_>) {
        if let Some(connection) = &mut self.0
            && connection.as_mut().poll(context).is_ready()
        {
            self.0 = None;
        }
    }
}

impl Drop for Driven {
    /// The other side is told, which takes a moment, above all with TLS.
    fn drop(&mut self) {
        if let Some(connection) = self.0.take()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(connection);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_has_the_port_only_where_it_says_something() {
        for (uri, expected) in [
            ("http://localhost:7000/a", "localhost:7000"),
            ("http://emr.example/a", "emr.example"),
            ("http://emr.example:80/a", "emr.example"),
            ("http://emr.example:/a", "emr.example"),
            ("https://emr.example:80/a", "emr.example:80"),
            ("https://emr.example:443/a", "emr.example"),
            ("http://[::1]:7000/a", "[::1]:7000"),
            ("http://[::80]/a", "[::80]"),
        ] {
            assert_eq!(host(&uri.parse().unwrap()).unwrap(), expected);
        }
    }

    #[test]
    fn proxies_get_the_whole_url_and_servers_the_path() {
        for (uri, path) in [
            ("http://emr.example/a?b", "/a?b"),
            ("http://emr.example", "/"),
            ("http://emr.example?b", "/?b"),
        ] {
            let request = || Outgoing::new(Request::get(uri).body(Bytes::new()).unwrap());
            assert_eq!(request().for_http1(false).uri(), path);
            let whole: Uri = uri.parse().unwrap();
            assert_eq!(*request().for_http1(true).uri(), whole);
        }
    }
}
