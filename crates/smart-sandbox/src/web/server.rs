//! The thin shell around what answers: sockets, limits, time-outs, shutdown. It decides nothing about SMART.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use smart_oauth::Timestamp;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::clock::Clock;
use crate::error::SandboxError;
use crate::web::reply::{self, TEXT};

/// The longest body, in bytes. A clinical note or a scratchpad is far below.
const MOST_BODY_BYTES: usize = 4 * 1024 * 1024;
/// The longest request line and headers together, in bytes.
const MOST_HEAD_BYTES: usize = 64 * 1024;
const MOST_HEADERS: usize = 100;
/// Connections at the same time; more wait to be accepted.
const MOST_CONNECTIONS: usize = 1024;
/// A head that takes longer is cut off, and so is a connection without a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// A body that takes longer is refused.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// Requests under way get this long to finish at shutdown.
const GRACE: Duration = Duration::from_secs(3);

/// Sockets on the loopback interface, all on one port.
///
/// The API base says `localhost`, which is `::1` to some clients and `127.0.0.1` to others; both are served where both exist.
pub(crate) struct Listeners {
    port: u16,
    sockets: Vec<TcpListener>,
}

/// What a server asks for its answers: a function of a request and the time.
pub(crate) type Handler = Arc<dyn Fn(&Request<Bytes>, Timestamp) -> Response<Bytes> + Send + Sync>;

/// The tasks that accept connections.
#[derive(Debug)]
pub(crate) struct Server {
    /// Dropping it tells the tasks to stop.
    stop: watch::Sender<()>,
    tasks: Vec<JoinHandle<()>>,
}

impl Listeners {
    /// Takes a port, or a free one for 0.
    pub(crate) async fn bind(port: u16) -> Result<Self, SandboxError> {
        // A free port of the one kind may be taken on the other; another one is soon found.
        const TRIES: usize = 8;
        for _ in 1..TRIES {
            match Self::bind_once(port).await {
                Err(SandboxError::PortInUse { .. }) if port == 0 => {}
                done => return done,
            }
        }
        Self::bind_once(port).await
    }

    async fn bind_once(port: u16) -> Result<Self, SandboxError> {
        let first = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        let address = first.local_addr().map_err(|source| SandboxError::Listen {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            source,
        })?;
        let mut sockets = vec![first];
        match listen(SocketAddr::from((Ipv6Addr::LOCALHOST, address.port()))).await {
            Ok(second) => sockets.push(second),
            Err(error @ SandboxError::PortInUse { .. }) => return Err(error),
            // Many machines have no IPv6, and then nobody asks for it.
            Err(error) => tracing::debug!(%error, "without ipv6"),
        }
        Ok(Self {
            port: address.port(),
            sockets,
        })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, SandboxError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| match source.kind() {
            ErrorKind::AddrInUse => SandboxError::PortInUse {
                port: address.port(),
            },
            _ => SandboxError::Listen { address, source },
        })
}

impl Server {
    pub(crate) fn start(listeners: Listeners, handler: Handler, clock: Clock) -> Self {
        let (stop, stopped) = watch::channel(());
        let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        let shell = Arc::new(Shell { handler, clock });
        let tasks = listeners
            .sockets
            .into_iter()
            .map(|socket| {
                tokio::spawn(accept(
                    socket,
                    Arc::clone(&shell),
                    Arc::clone(&room),
                    stopped.clone(),
                ))
            })
            .collect();
        Self { stop, tasks }
    }

    pub(crate) async fn shutdown(self) {
        drop(self.stop);
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "an accepting task failed");
            }
        }
    }
}

/// Accepts connections until told to stop, then waits for those that are open, for a moment.
async fn accept(
    socket: TcpListener,
    shell: Arc<Shell>,
    room: Arc<Semaphore>,
    mut stopped: watch::Receiver<()>,
) {
    let graceful = GracefulShutdown::new();
    loop {
        let next = pin!(next_connection(&socket, &room));
        let stop = pin!(stopped.changed());
        match select(next, stop).await {
            Either::Left((Some((stream, permit)), _)) => {
                serve(stream, permit, &shell, &graceful);
            }
            Either::Left((None, _)) => {}
            Either::Right(_) => break,
        }
    }
    drop(socket);
    if timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::debug!("some connections did not finish in time");
    }
}

async fn next_connection(
    socket: &TcpListener,
    room: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(room).acquire_owned().await.ok()?;
    match socket.accept().await {
        Ok((stream, _)) => Some((stream, permit)),
        Err(error) => {
            tracing::debug!(%error, "a connection was not accepted");
            // Out of file handles, most likely: trying again at once would only burn time.
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

fn serve(
    stream: TcpStream,
    permit: OwnedSemaphorePermit,
    shell: &Arc<Shell>,
    graceful: &GracefulShutdown,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no nodelay");
    }
    let shell = Arc::clone(shell);
    let service = service_fn(move |request| {
        let shell = Arc::clone(&shell);
        async move { Ok::<_, Infallible>(shell.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(MOST_HEADERS)
        .max_header_size(MOST_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let watched = graceful.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = watched.await {
            tracing::debug!(%error, "a connection ended badly");
        }
        drop(permit);
    });
}

/// What every request meets between the socket and its handler.
struct Shell {
    handler: Handler,
    clock: Clock,
}

impl Shell {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let collected = timeout(BODY_TIMEOUT, Limited::new(body, MOST_BODY_BYTES).collect()).await;
        let refusal = match collected {
            Ok(Ok(body)) => {
                let request = Request::from_parts(head, body.to_bytes());
                return (self.handler)(&request, self.clock.now()).map(Full::new);
            }
            Ok(Err(error)) if error.is::<LengthLimitError>() => StatusCode::PAYLOAD_TOO_LARGE,
            Ok(Err(_)) => StatusCode::BAD_REQUEST,
            Err(_) => StatusCode::REQUEST_TIMEOUT,
        };
        let mut response = reply::answer(
            refusal,
            TEXT,
            refusal.canonical_reason().unwrap_or_default(),
        );
        // What is left of the body would be read as the next request.
        response.headers_mut().insert(
            http::header::CONNECTION,
            http::HeaderValue::from_static("close"),
        );
        response.map(Full::new)
    }
}
