//! The settings of the default transport, each with its default.

use std::net::SocketAddr;
use std::time::Duration;

use super::HyperTransport;
use crate::connector::{Addresses, Connector, Route};
use crate::destination::Destinations;
use crate::pool::Connections;
#[cfg(feature = "tls")]
use crate::tls::{Certificates, Identity, LazyTls, TlsSettings};
use crate::{BODY_LIMIT, Proxy};

/// The settings of a [`HyperTransport`], each with a default that suits a container on a hospital's
/// network.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until build is called"]
pub struct HyperTransportBuilder {
    pub(super) connect_timeout: Duration,
    pub(super) first_byte_timeout: Duration,
    pub(super) idle_timeout: Duration,
    pub(super) total_timeout: Duration,
    pub(super) body_limit: usize,
    pub(super) destinations: Destinations,
    pub(super) proxy: Proxy,
    pool_idle_timeout: Duration,
    pool_idle_connections: usize,
    addresses: Addresses,
    http2: bool,
    #[cfg(feature = "tls")]
    tls: TlsSettings,
}

impl Default for HyperTransportBuilder {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            first_byte_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(15),
            total_timeout: Duration::from_secs(60),
            body_limit: BODY_LIMIT,
            destinations: Destinations::default(),
            proxy: Proxy::none(),
            pool_idle_timeout: Duration::from_secs(30),
            pool_idle_connections: 64,
            addresses: Addresses::new(),
            http2: cfg!(feature = "http2"),
            #[cfg(feature = "tls")]
            tls: TlsSettings::default(),
        }
    }
}

impl HyperTransportBuilder {
    /// The longest that a connection may take to come about: name lookup, proxy and TLS included.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// The longest wait for the head of an answer, from the call of `send`.
    pub fn first_byte_timeout(mut self, limit: Duration) -> Self {
        self.first_byte_timeout = limit;
        self
    }

    /// The longest pause in the middle of a body.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.idle_timeout = limit;
        self
    }

    /// The longest that a whole exchange may take, from the call of `send` to the last byte of the
    /// body.
    pub fn total_timeout(mut self, limit: Duration) -> Self {
        self.total_timeout = limit;
        self
    }

    /// The longest body that is read, in bytes, unpacked if it comes packed. It is what one answer
    /// can cost in memory.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// How long a connection may lie idle before it is closed.
    pub fn pool_idle_timeout(mut self, limit: Duration) -> Self {
        self.pool_idle_timeout = limit;
        self
    }

    /// How many idle connections to one host are kept. With none, each request opens its own.
    pub fn pool_idle_connections(mut self, count: usize) -> Self {
        self.pool_idle_connections = count;
        self
    }

    /// Opens one more host, by name or address and without a port, to plain `http`.
    ///
    /// Whoever is on the way to it can then read every answer, and every secret that the dance
    /// hands out. It is meant for a test network or a tunnel.
    pub fn allow_plain_http_to(mut self, host: &str) -> Self {
        self.destinations.open(host);
        self
    }

    /// Which requests go through a proxy; none without this. [`Proxy::from_environment`] reads the
    /// usual variables.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = proxy;
        self
    }

    /// Sends requests for a host to this address, whatever a name server says; with port 0, to the
    /// port of the URL. The certificate is still checked against the name. For tests, and for a
    /// container that has no name yet.
    pub fn resolve(mut self, host: &str, address: SocketAddr) -> Self {
        self.addresses.insert(host.to_ascii_lowercase(), address);
        self
    }

    /// Speaks HTTP/1.1 even where a server offers HTTP/2.
    pub fn http1_only(mut self) -> Self {
        self.http2 = false;
        self
    }

    /// Trusts these authorities beside the system's, such as that of a hospital's own network.
    #[cfg(feature = "tls")]
    pub fn trust_certificate(mut self, authorities: Certificates) -> Self {
        self.tls.trusted.push(authorities);
        self
    }

    /// Trusts only the authorities that were added, and not the system's.
    #[cfg(feature = "tls")]
    pub fn trust_nothing_else(mut self) -> Self {
        self.tls.only_these = true;
        self
    }

    /// Shows this certificate to servers that ask for one (mutual TLS).
    #[cfg(feature = "tls")]
    pub fn identity(mut self, identity: Identity) -> Self {
        self.tls.identity = Some(identity);
        self
    }

    /// The transport.
    pub fn build(self) -> HyperTransport {
        let connections = Connections::new(
            self.connector(),
            self.pool_idle_timeout,
            self.pool_idle_connections,
        );
        HyperTransport {
            connections,
            settings: self,
        }
    }

    fn connector(&self) -> Connector {
        let route = Route::new(self.addresses.clone(), self.proxy.clone());
        Connector::new(
            route,
            #[cfg(feature = "tls")]
            LazyTls::new(self.tls.clone(), self.http2),
            self.connect_timeout,
        )
    }
}
