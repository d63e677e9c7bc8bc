//! Connections: name lookup, TCP, the way through a proxy, and TLS, all under one time limit.

mod route;
mod socket;

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use tokio::time::timeout;
use tower_service::Service;

pub(crate) use route::{Addresses, NoSuchName, ProxyFailed, Route};
pub(crate) use socket::{Exchange, Socket, Switch};

use crate::error::BoxError;
#[cfg(feature = "tls")]
use crate::tls::LazyTls;

/// Opens connections. The limit covers the name lookup too, which the time-out of hyper-util's own
/// does not.
///
/// hyper-util clones it several times for each request, whether that opens a connection or not.
#[derive(Clone)]
pub(crate) struct Connector(Arc<Inner>);

struct Inner {
    route: Route,
    #[cfg(feature = "tls")]
    tls: LazyTls,
    limit: Duration,
}

#[cfg(feature = "tls")]
pub(crate) type Stream = hyper_rustls::MaybeHttpsStream<Socket>;
#[cfg(not(feature = "tls"))]
pub(crate) type Stream = Socket;

type Connecting = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

impl Connector {
    pub(crate) fn new(route: Route, #[cfg(feature = "tls")] tls: LazyTls, limit: Duration) -> Self {
        Self(Arc::new(Inner {
            route,
            #[cfg(feature = "tls")]
            tls,
            limit,
        }))
    }
}

impl Inner {
    #[cfg(feature = "tls")]
    fn connect(&self, uri: Uri) -> Connecting {
        let config = match self.tls.config(&uri) {
            Ok(config) => config,
            Err(error) => return Box::pin(async move { Err(error) }),
        };
        match config {
            Some(config) => {
                let mut secured = hyper_rustls::HttpsConnector::from((self.route.clone(), config));
                secured.call(uri)
            }
            None => {
                let connecting = self.route.connect(uri);
                Box::pin(async move { Ok(Stream::Http(connecting.await?)) })
            }
        }
    }

    #[cfg(not(feature = "tls"))]
    fn connect(&self, uri: Uri) -> Connecting {
        Box::pin(self.route.connect(uri))
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = BoxError;
    type Future = Connecting;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = timeout(self.0.limit, self.0.connect(uri));
        Box::pin(async move {
            match connecting.await {
                Ok(connected) => connected,
                Err(_elapsed) => Err(ConnectTimedOut.into()),
            }
        })
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connector")
            .field("limit", &self.0.limit)
            .finish_non_exhaustive()
    }
}

/// The marker by which the client tells this failure from the others.
#[derive(Debug)]
pub(crate) struct ConnectTimedOut;

impl fmt::Display for ConnectTimedOut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("connecting took too long")
    }
}

impl Error for ConnectTimedOut {}
