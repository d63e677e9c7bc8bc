//! The thin shell around a router: sockets, limits, time-outs, shutdown. It decides nothing about
//! SMART.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{self, Next};
use http::{StatusCode, Version, header};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{interval, sleep, timeout};
use tower_http::timeout::TimeoutLayer;

use super::connections::Connections;
use super::reply::{self, TEXT};
use crate::error::SandboxError;

/// The longest request line and headers together, in bytes.
const MOST_HEAD_BYTES: usize = 64 * 1024;
const MOST_HEADERS: usize = 100;
/// A head that takes longer is cut off.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// A request whose body takes longer is refused.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// How often connections on which nothing moves are looked for.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);
/// Requests under way get this long to finish at shutdown.
const GRACE: Duration = Duration::from_secs(3);

/// Sockets on the loopback interface, all on one port.
///
/// The API base says `localhost`, which is `::1` to some clients and `127.0.0.1` to others; both
/// are served where both exist.
pub(crate) struct Listeners {
    port: u16,
    sockets: Vec<TcpListener>,
}

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
    pub(crate) fn start(listeners: Listeners, router: Router) -> Self {
        let (stop, stopped) = watch::channel(());
        let router = bounded(router);
        let tasks = listeners
            .sockets
            .into_iter()
            .map(|socket| tokio::spawn(accept(socket, router.clone(), stopped.clone())))
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

/// Puts the limits of requests around a router.
pub(crate) fn bounded(router: Router) -> Router {
    router
        .layer(middleware::from_fn(require_one_host))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            REQUEST_TIMEOUT,
        ))
}

/// An HTTP/1.1 request must have exactly one `Host`
/// ([RFC 9112 §3.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2)). Signatures cover it.
async fn require_one_host(request: Request, next: Next) -> http::Response<Body> {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    if request.version() == Version::HTTP_11 && hosts != 1 {
        let text = "An HTTP/1.1 request needs exactly one Host header.";
        return reply::answer(StatusCode::BAD_REQUEST, TEXT, text).map(Body::from);
    }
    next.run(request).await
}

/// Accepts connections until told to stop, then waits for those that are open, for a moment.
async fn accept(socket: TcpListener, router: Router, mut stopped: watch::Receiver<()>) {
    let graceful = GracefulShutdown::new();
    let mut connections = Connections::default();
    let mut sweep = interval(SWEEP_INTERVAL);
    loop {
        tokio::select! {
            accepted = socket.accept() => match accepted {
                Ok((stream, _)) => serve(stream, &router, &mut connections, &graceful),
                Err(error) => {
                    tracing::debug!(%error, "a connection was not accepted");
                    // Out of file handles, most likely.
                    connections.close_quietest();
                    sleep(Duration::from_millis(50)).await;
                }
            },
            () = connections.ended() => {}
            _ = sweep.tick() => connections.close_quiet(),
            _ = stopped.changed() => break,
        }
    }
    drop(socket);
    if timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::debug!("some connections did not finish in time");
    }
}

fn serve(
    stream: TcpStream,
    router: &Router,
    connections: &mut Connections,
    graceful: &GracefulShutdown,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no nodelay");
    }
    let service = TowerToHyperService::new(router.clone());
    let watcher = graceful.watcher();
    connections.serve(stream, |stream| async move {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_headers(MOST_HEADERS)
            .max_header_size(MOST_HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%error, "a connection ended badly");
        }
    });
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::stream;
    use tower::ServiceExt as _;

    use super::*;
    use crate::records::testing::bob;
    use crate::sandbox::Sandbox;

    #[tokio::test(start_paused = true)]
    async fn a_body_without_end_is_refused() {
        let container = Sandbox::builder().patient("1", bob());
        let router = container
            .container("http://localhost:7000")
            .unwrap()
            .into_router();
        let one_byte = || async {
            sleep(Duration::from_secs(1)).await;
            Ok::<_, std::io::Error>(Bytes::from_static(b"x"))
        };
        let trickle = stream::unfold((), move |()| {
            let byte = one_byte();
            async { Some((byte.await, ())) }
        });
        let request = http::Request::post("/login")
            .header("host", "localhost:7000")
            .body(Body::from_stream(trickle))
            .unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
    }
}
