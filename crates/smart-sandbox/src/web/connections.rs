//! The open connections of a socket. Their number is bounded, and so is the time that each may be
//! quiet: a client that sends or reads nothing cannot keep others out.

use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::{AbortHandle, Id, JoinSet};
use tokio::time::Instant;

/// If this many are open, the connection that has been quiet for longest is closed for a new one.
const MOST_CONNECTIONS: usize = 512;
/// A connection that is quiet for longer is closed.
const LONGEST_SILENCE: Duration = Duration::from_secs(60);

/// The open connections, each a task.
#[derive(Debug)]
pub(crate) struct Connections {
    tasks: JoinSet<()>,
    open: HashMap<Id, Connection>,
    began: Instant,
}

#[derive(Debug)]
struct Connection {
    activity: Activity,
    task: AbortHandle,
}

/// When bytes were last moved, in milliseconds after `began`.
#[derive(Clone, Debug)]
struct Activity {
    began: Instant,
    last: Arc<AtomicU64>,
}

/// A stream that notes when bytes are moved.
#[derive(Debug)]
pub(crate) struct Tracked<S> {
    stream: S,
    activity: Activity,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            tasks: JoinSet::new(),
            open: HashMap::new(),
            began: Instant::now(),
        }
    }
}

impl Connections {
    /// Serves a connection in a task of its own.
    pub(crate) fn serve<S, F>(&mut self, stream: S, serve: impl FnOnce(Tracked<S>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        if self.open.len() >= MOST_CONNECTIONS {
            self.close_quietest();
        }
        let activity = Activity {
            began: self.began,
            last: Arc::default(),
        };
        activity.note();
        let stream = Tracked {
            stream,
            activity: activity.clone(),
        };
        let task = self.tasks.spawn(serve(stream));
        self.open.insert(task.id(), Connection { activity, task });
    }

    /// Waits until a connection has ended.
    pub(crate) async fn ended(&mut self) {
        let id = match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => id,
            Some(Err(error)) => {
                if error.is_panic() {
                    tracing::error!(%error, "a connection's task panicked");
                }
                error.id()
            }
            None => return std::future::pending().await,
        };
        self.open.remove(&id);
    }

    /// Closes the connections on which no byte has moved for a long time.
    pub(crate) fn close_quiet(&mut self) {
        self.open.retain(|_, connection| {
            let is_quiet = connection.activity.silence() > LONGEST_SILENCE;
            if is_quiet {
                connection.task.abort();
            }
            !is_quiet
        });
    }

    /// Closes one connection.
    pub(crate) fn close_quietest(&mut self) {
        let quietest = self
            .open
            .iter()
            .min_by_key(|(_, connection)| connection.activity.last.load(Ordering::Relaxed))
            .map(|(id, _)| *id);
        if let Some(connection) = quietest.and_then(|id| self.open.remove(&id)) {
            connection.task.abort();
            tracing::debug!("a connection is closed to make room");
        }
    }
}

impl Activity {
    fn note(&self) {
        let now = self.began.elapsed().as_millis();
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::Relaxed);
    }

    fn silence(&self) -> Duration {
        let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
        self.began.elapsed().saturating_sub(last)
    }
}

impl<S> Tracked<S> {
    fn noted<T>(&self, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            self.activity.note();
        }
        poll
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tracked<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.noted(poll)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tracked<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.noted(poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.noted(poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    /// Opens a connection whose task echoes what it reads.
    fn open(connections: &mut Connections) -> DuplexStream {
        let (client, server) = duplex(64);
        connections.serve(server, |mut stream| async move {
            let mut byte = [0];
            while let Ok(1) = stream.read(&mut byte).await {
                if stream.write_all(&byte).await.is_err() {
                    break;
                }
            }
        });
        client
    }

    async fn is_open(client: &mut DuplexStream) -> bool {
        let mut byte = [0];
        client.write_all(b"x").await.is_ok() && client.read(&mut byte).await.is_ok_and(|n| n == 1)
    }

    #[tokio::test(start_paused = true)]
    async fn the_quietest_connection_makes_room() {
        let mut connections = Connections::default();
        let mut first = open(&mut connections);
        let mut clients: Vec<DuplexStream> = Vec::new();
        for _ in 1..MOST_CONNECTIONS {
            tokio::time::advance(Duration::from_millis(1)).await;
            clients.push(open(&mut connections));
        }
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(is_open(&mut first).await);
        tokio::time::advance(Duration::from_millis(1)).await;
        let mut last = open(&mut connections);
        assert!(is_open(&mut last).await);
        assert!(is_open(&mut first).await, "the oldest one is not quiet");
        assert!(
            !is_open(&mut clients[0]).await,
            "the quietest one is closed"
        );
        assert!(is_open(&mut clients[1]).await);
        assert_eq!(connections.open.len(), MOST_CONNECTIONS);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_on_which_nothing_moves_is_closed() {
        let mut connections = Connections::default();
        let (mut quiet, mut lively) = (open(&mut connections), open(&mut connections));
        tokio::time::advance(LONGEST_SILENCE).await;
        assert!(is_open(&mut lively).await);
        tokio::time::advance(Duration::from_secs(1)).await;
        connections.close_quiet();
        assert!(!is_open(&mut quiet).await);
        assert!(is_open(&mut lively).await);
        connections.ended().await;
        assert_eq!(connections.open.len(), 1);
    }
}
