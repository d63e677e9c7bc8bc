//! The way to a host: its address, and a proxy in between if there is one.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::Proxy;
use crate::error::BoxError;

/// Addresses that stand in for what a name server would say.
pub(crate) type Addresses = HashMap<String, SocketAddr>;

/// Opens the way, up to where TLS begins.
#[derive(Clone)]
pub(crate) struct Route {
    tcp: HttpConnector<Resolver>,
    proxy: Proxy,
}

impl Route {
    pub(crate) fn new(addresses: Addresses, proxy: Proxy) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(Resolver {
            addresses: Arc::new(addresses),
            system: GaiResolver::new(),
        });
        // Requests are written whole; waiting to fill a packet only delays small ones.
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        Self { tcp, proxy }
    }

    pub(crate) fn connect(
        &self,
        uri: Uri,
    ) -> impl Future<Output = Result<Routed, BoxError>> + Send + use<> {
        let mut tcp = self.tcp.clone();
        let hop = self.proxy.hop(&uri);
        async move {
            let Some(hop) = hop else {
                let stream = tcp.call(uri).await?;
                return Ok(Routed {
                    stream,
                    absolute: false,
                });
            };
            let https = uri.scheme_str() == Some("https");
            let stream = if https {
                let mut tunnel = Tunnel::new(hop.uri, tcp);
                if let Some(authorization) = hop.authorization {
                    tunnel = tunnel.with_auth(authorization);
                }
                tunnel.call(uri).await.map_err(ProxyFailed::because)?
            } else {
                tcp.call(hop.uri).await.map_err(ProxyFailed::because)?
            };
            Ok(Routed {
                stream,
                absolute: !https,
            })
        }
    }
}

impl Service<Uri> for Route {
    type Response = Routed;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Routed, BoxError>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.connect(uri))
    }
}

/// A connection as far as TLS.
pub(crate) struct Routed {
    stream: TokioIo<TcpStream>,
    /// Whether a proxy reads the requests, and needs the whole URL in them.
    absolute: bool,
}

impl Connection for Routed {
    fn connected(&self) -> Connected {
        self.stream.connected().proxy(self.absolute)
    }
}

impl Read for Routed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl Write for Routed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }
}

/// Looks names up, first among those that were given by hand.
#[derive(Clone)]
struct Resolver {
    addresses: Arc<Addresses>,
    system: GaiResolver,
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.system.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let given = self.addresses.get(&name.as_str().to_ascii_lowercase());
        if let Some(address) = given {
            let addresses = vec![*address];
            return Box::pin(async move { Ok(addresses.into_iter()) });
        }
        let looking = self.system.call(name);
        Box::pin(async move {
            let found = looking
                .await
                .map_err(|error| NoSuchName(error.to_string()))?;
            Ok(found.collect::<Vec<_>>().into_iter())
        })
    }
}

/// The marker of a name without an address, with the words of the system.
#[derive(Debug)]
pub(crate) struct NoSuchName(String);

impl fmt::Display for NoSuchName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for NoSuchName {}

/// The marker of a failure at or before the proxy.
#[derive(Debug)]
pub(crate) struct ProxyFailed {
    source: BoxError,
}

impl ProxyFailed {
    fn because(source: impl Into<BoxError>) -> Self {
        Self {
            source: source.into(),
        }
    }
}

impl fmt::Display for ProxyFailed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the proxy failed")
    }
}

impl std::error::Error for ProxyFailed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.source)
    }
}
