//! A listener that hands every connection to a script.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::connection::Stream;
use crate::{Connection, Received, ServerIdentity};

/// A server on a free port of 127.0.0.1. It runs on the tokio runtime that started it, and ends
/// when it is dropped.
#[derive(Debug)]
pub struct Server {
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

/// What a script counts by.
#[derive(Clone, Debug)]
pub(crate) struct Counting(Arc<Counters>);

impl Counting {
    /// Counts a request, and tells its number, from zero.
    pub(crate) fn request(&self) -> usize {
        self.0.requests.fetch_add(1, Ordering::SeqCst)
    }
}

impl Server {
    /// A server that does with each connection what the script says. The connection closes when the
    /// script ends.
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub async fn start<Script, Running>(script: Script) -> io::Result<Self>
    where
        Script: Fn(Connection) -> Running + Send + Sync + 'static,
        Running: Future<Output = io::Result<()>> + Send + 'static,
    {
        Self::listen(None, move |connection, _counting| script(connection)).await
    }

    /// The same behind TLS. A handshake that fails is a connection without a script.
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub async fn start_tls<Script, Running>(
        identity: &ServerIdentity,
        script: Script,
    ) -> io::Result<Self>
    where
        Script: Fn(Connection) -> Running + Send + Sync + 'static,
        Running: Future<Output = io::Result<()>> + Send + 'static,
    {
        Self::listen(Some(identity), move |connection, _counting| {
            script(connection)
        })
        .await
    }

    /// A server that answers each request as the function says, over connections that stay open.
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub async fn answering(
        answer: impl Fn(&Received) -> crate::Answer + Send + Sync + 'static,
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
        Script: Fn(Connection, Counting) -> Running + Send + Sync + 'static,
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

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Host and port: a name if it speaks TLS, since a certificate is for a name.
    pub fn host(&self) -> String {
        if self.https {
            format!("localhost:{}", self.address.port())
        } else {
            self.address.to_string()
        }
    }

    /// The URL of a path on it.
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.https { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.host())
    }

    /// How many connections were opened to it so far.
    pub fn connections(&self) -> usize {
        self.counters.connections.load(Ordering::SeqCst)
    }

    /// How many of them are open now.
    pub fn open_connections(&self) -> usize {
        // In this order, so that one which opens and closes in between is not counted as minus one.
        let closed = self.counters.closed.load(Ordering::SeqCst);
        self.connections() - closed
    }

    /// How many requests came, as far as the servers of this crate count them; scripts of your own
    /// do not.
    pub fn requests(&self) -> usize {
        self.counters.requests.load(Ordering::SeqCst)
    }
}

/// Counts a connection as closed when it is.
struct Closing(Counting);

impl Drop for Closing {
    fn drop(&mut self) {
        let counters = &self.0.0;
        counters.closed.fetch_add(1, Ordering::SeqCst);
    }
}

impl Drop for Server {
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
    Script: Fn(Connection, Counting) -> Running + Send + Sync + 'static,
    Running: Future<Output = io::Result<()>> + Send + 'static,
{
    let script = Arc::new(script);
    // The connections end with the server.
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
            script(Connection::new(stream), counting).await
        });
        while running.try_join_next().is_some() {}
    }
}

/// An address of loopback where nothing listens.
///
/// # Errors
///
/// When there is no free port.
pub async fn vacant() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0").await?.local_addr()
}

/// A host name that no name server knows ([RFC
/// 6761](https://www.rfc-editor.org/rfc/rfc6761#section-6.4)).
pub const fn unknown_host() -> &'static str {
    "container.invalid"
}
