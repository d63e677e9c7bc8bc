//! The way to a host: its address, and a proxy in between if there is one.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use tower_service::Service;

use super::socket::Socket;
use crate::Proxy;
use crate::error::BoxError;
use crate::proxy::{self, Hop, Protocol};

/// Addresses that stand in for what a name server would say.
pub(crate) type Addresses = HashMap<String, SocketAddr>;

/// Opens the way, up to where TLS begins.
#[derive(Clone)]
pub(crate) struct Route {
    tcp: HttpConnector<Resolver>,
    resolver: Resolver,
    proxy: Proxy,
}

impl Route {
    pub(crate) fn new(addresses: Addresses, proxy: Proxy) -> Self {
        let resolver = Resolver {
            addresses: Arc::new(addresses),
            system: GaiResolver::new(),
        };
        let mut tcp = HttpConnector::new_with_resolver(resolver.clone());
        // Requests are written whole; waiting to fill a packet only delays small ones.
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        Self {
            tcp,
            resolver,
            proxy,
        }
    }

    pub(crate) fn connect(
        &self,
        uri: Uri,
    ) -> impl Future<Output = Result<Socket, BoxError>> + Send + use<> {
        let mut route = self.clone();
        async move {
            let Some(hop) = route.proxy.hop(&uri)? else {
                let stream = route.tcp.call(uri).await?;
                return Ok(Socket::new(stream, false));
            };
            route.connect_through(hop, uri).await
        }
    }

    async fn connect_through(mut self, hop: Hop, uri: Uri) -> Result<Socket, BoxError> {
        match hop.protocol {
            Protocol::Http { authorization } if uri.scheme_str() == Some("https") => {
                let mut tunnel = Tunnel::new(hop.uri, self.tcp);
                if let Some(authorization) = authorization {
                    tunnel = tunnel.with_auth(authorization);
                }
                let stream = tunnel.call(uri).await.map_err(ProxyFailed::because)?;
                Ok(Socket::new(stream, false))
            }
            Protocol::Http { .. } => {
                let stream = self.tcp.call(hop.uri).await;
                let stream = stream.map_err(ProxyFailed::because)?;
                Ok(Socket::new(stream, true))
            }
            Protocol::Socks5 {
                credentials,
                resolves_names,
            } => {
                let target = if resolves_names {
                    with_port(&uri)?
                } else {
                    self.resolver.looked_up(&uri).await?
                };
                let mut socks = SocksV5::new(hop.uri, self.tcp);
                if let Some(credentials) = credentials {
                    socks = socks.with_auth(credentials.user, credentials.password);
                }
                let stream = socks.call(target).await.map_err(ProxyFailed::because)?;
                Ok(Socket::new(stream, false))
            }
        }
    }
}

impl Service<Uri> for Route {
    type Response = Socket;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Socket, BoxError>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.connect(uri))
    }
}

/// The address with the port written out, which a SOCKS proxy has to be told.
fn with_port(uri: &Uri) -> Result<Uri, BoxError> {
    address(uri.host().unwrap_or_default(), proxy::port(uri))
}

fn address(host: impl fmt::Display, port: u16) -> Result<Uri, BoxError> {
    Ok(Uri::try_from(format!("http://{host}:{port}/"))?)
}

/// Looks names up, first among those that were given by hand.
#[derive(Clone)]
struct Resolver {
    addresses: Arc<Addresses>,
    system: GaiResolver,
}

impl Resolver {
    /// The address with an IP address in place of the name, for a proxy that is not to see names.
    async fn looked_up(&mut self, uri: &Uri) -> Result<Uri, BoxError> {
        let host = uri.host().unwrap_or_default();
        if host.starts_with('[') || host.parse::<IpAddr>().is_ok() {
            return with_port(uri);
        }
        let mut found = self.call(host.parse()?).await?;
        let found = found.next().ok_or_else(|| NoSuchName(host.to_owned()))?;
        let port = match found.port() {
            0 => proxy::port(uri),
            given => given,
        };
        match found.ip() {
            IpAddr::V4(ip) => address(ip, port),
            IpAddr::V6(ip) => address(format_args!("[{ip}]"), port),
        }
    }
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
