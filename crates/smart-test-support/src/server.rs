//! A listener that runs a script for every connection.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::connection::Stream;
use crate::{Received, ServerConnection, ServerIdentity};

/// A server on a free port of 127.0.0.1. It runs on the tokio runtime that started it, and stops
/// when it is dropped.
#[derive(Debug)]
pub struct TestServer {
    address: SocketAddr,
    https: bool,
    counters: Arc<Counters>,
    listening: AbortHandle,
}

#[derive(Debug, Default)]
struct Counters {
    connections: AtomicUsize,
    closed: AtomicUsize,
    requests: AtomicUsize,
}

/// Lets a script count its requests.
#[derive(Clone, Debug)]
pub(crate) struct Counting(Arc<Counters>);

impl Counting {
    /// Counts a request and returns its number, from zero.
    pub(crate) fn request(&self) -> usize {
        self.0.requests.fetch_add(1, Ordering::SeqCst)
    }
}

impl TestServer {
    /// Runs `script` for each connection. The connection closes when the script ends.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn start<Script, Running>(script: Script) -> io::Result<Self>
    where
        Script: Fn(ServerConnection) -> Running + Send + Sync + 'static,
        Running: Future<Output = io::Result<()>> + Send + 'static,
    {
        Self::listen(None, move |connection, _counting| script(connection)).await
    }

    /// The same behind TLS. If the handshake fails, the script does not run.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn start_tls<Script, Running>(
        identity: &ServerIdentity,
        script: Script,
    ) -> io::Result<Self>
    where
        Script: Fn(ServerConnection) -> Running + Send + Sync + 'static,
        Running: Future<Output = io::Result<()>> + Send + 'static,
    {
        Self::listen(Some(identity), move |connection, _counting| {
            script(connection)
        })
        .await
    }

    /// Calls `answer` for each request. Connections stay open.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn answering(
        answer: impl Fn(&Received) -> crate::CannedResponse + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let answer = Arc::new(answer);
        Self::listen(None, move |mut connection, counting| {
            let answer = Arc::clone(&answer);
            async move {
                while let Some(request) = connection.read_request().await? {
                    counting.request();
                    connection.answer(&answer(&request)).await?;
                }
                Ok(())
            }
        })
        .await
    }

    pub(crate) async fn listen<Script, Running>(
        identity: Option<&ServerIdentity>,
        script: Script,
    ) -> io::Result<Self>
    where
        Script: Fn(ServerConnection, Counting) -> Running + Send + Sync + 'static,
        Running: Future<Output = io::Result<()>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let acceptor = identity.map(ServerIdentity::acceptor);
        let https = acceptor.is_some();
        let counters = Arc::new(Counters::default());
        let counting = Counting(Arc::clone(&counters));
        let listening = tokio::spawn(accept(listener, acceptor, counting, script));
        Ok(Self {
            address,
            https,
            counters,
            listening: listening.abort_handle(),
        })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Host and port. With TLS the host is a name, because certificates are issued for names.
    pub fn host(&self) -> String {
        if self.https {
            format!("localhost:{}", self.address.port())
        } else {
            self.address.to_string()
        }
    }

    /// The URL of a path on this server.
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.https { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.host())
    }

    /// The number of connections opened so far.
    pub fn connections(&self) -> usize {
        self.counters.connections.load(Ordering::SeqCst)
    }

    /// The number of connections that are open now.
    pub fn open_connections(&self) -> usize {
        // `closed` is read first: a connection that opens and closes in between cannot make the
        // difference negative.
        let closed = self.counters.closed.load(Ordering::SeqCst);
        self.connections() - closed
    }

    /// The number of requests received. Servers started with a script of your own do not count.
    pub fn requests(&self) -> usize {
        self.counters.requests.load(Ordering::SeqCst)
    }
}

/// Counts a connection as closed when it is dropped.
struct Closing(Counting);

impl Drop for Closing {
    fn drop(&mut self) {
        let counters = &self.0.0;
        counters.closed.fetch_add(1, Ordering::SeqCst);
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn accept<Script, Running>(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    counting: Counting,
    script: Script,
) where
    Script: Fn(ServerConnection, Counting) -> Running + Send + Sync + 'static,
    Running: Future<Output = io::Result<()>> + Send + 'static,
{
    let script = Arc::new(script);
    // Dropping the set ends the connections.
    let mut running = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        counting.0.connections.fetch_add(1, Ordering::SeqCst);
        let (script, counting) = (Arc::clone(&script), counting.clone());
        let acceptor = acceptor.clone();
        let closing = Closing(counting.clone());
        running.spawn(async move {
            let _closing = closing;
            let stream: Box<dyn Stream> = match acceptor {
                Some(acceptor) => Box::new(acceptor.accept(stream).await?),
                None => Box::new(stream),
            };
            script(ServerConnection::new(stream), counting).await
        });
        while running.try_join_next().is_some() {}
    }
}

/// A loopback address where nothing listens.
///
/// # Errors
///
/// No port is free.
pub async fn vacant() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0").await?.local_addr()
}

/// A host name that does not resolve
/// ([RFC 6761, section 6.4](https://www.rfc-editor.org/rfc/rfc6761#section-6.4)).
pub const fn unknown_host() -> &'static str {
    "container.invalid"
}
