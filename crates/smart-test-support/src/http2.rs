//! HTTP/2 servers that go away or fall silent.

use std::future::{pending, poll_fn};
use std::io;

use bytes::Bytes;
use h2::Reason;
use http::Response;

use crate::server::Counting;
use crate::{ServerConnection, ServerIdentity, TestServer};

impl TestServer {
    /// Speaks HTTP/2 over TLS. Each connection serves `answers` requests with 200 and `hello`. The
    /// next request is refused unprocessed with GOAWAY, and the connection closes.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn going_away_after(identity: &ServerIdentity, answers: usize) -> io::Result<Self> {
        let identity = identity.clone().with_http2();
        Self::listen(Some(&identity), move |connection, counting| async move {
            let mut served = serve(connection).await?;
            if !answer_hello(&mut served, &counting, answers).await? {
                return Ok(());
            }
            // The library reads the next request; it is refused unprocessed.
            if let Some(Ok((_request, mut respond))) = served.accept().await {
                counting.request();
                respond.send_reset(Reason::REFUSED_STREAM);
            }
            served.graceful_shutdown();
            poll_fn(|context| served.poll_closed(context))
                .await
                .map_err(io::Error::other)
        })
        .await
    }

    /// Speaks HTTP/2 over TLS. Each connection serves `answers` requests with 200 and `hello`.
    /// After reading one more it does nothing, as if the network were down: it acknowledges no
    /// pings and does not close.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn silent_after(identity: &ServerIdentity, answers: usize) -> io::Result<Self> {
        let identity = identity.clone().with_http2();
        Self::listen(Some(&identity), move |connection, counting| async move {
            let mut served = serve(connection).await?;
            if answer_hello(&mut served, &counting, answers).await?
                && let Some(Ok(_request)) = served.accept().await
            {
                counting.request();
                return pending().await;
            }
            Ok(())
        })
        .await
    }

    /// Speaks HTTP/2 over TLS. Reads one request per connection, then breaks the connection with a
    /// GOAWAY that reports an error.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn breaking_off(identity: &ServerIdentity) -> io::Result<Self> {
        let identity = identity.clone().with_http2();
        Self::listen(Some(&identity), |connection, counting| async move {
            let mut served = serve(connection).await?;
            if let Some(Ok(_request)) = served.accept().await {
                counting.request();
            }
            served.abrupt_shutdown(Reason::INTERNAL_ERROR);
            poll_fn(|context| served.poll_closed(context))
                .await
                .map_err(io::Error::other)
        })
        .await
    }
}

/// Serves `answers` requests with 200 and `hello`. `false` if the client leaves before.
async fn answer_hello(
    served: &mut Served,
    counting: &Counting,
    answers: usize,
) -> io::Result<bool> {
    for _ in 0..answers {
        let Some(request) = served.accept().await else {
            return Ok(false);
        };
        let (_request, mut respond) = request.map_err(io::Error::other)?;
        counting.request();
        let mut body = respond
            .send_response(Response::new(()), false)
            .map_err(io::Error::other)?;
        body.send_data(Bytes::from_static(b"hello"), true)
            .map_err(io::Error::other)?;
    }
    Ok(true)
}

type Served = h2::server::Connection<Box<dyn crate::connection::Stream>, Bytes>;

async fn serve(connection: ServerConnection) -> io::Result<Served> {
    h2::server::handshake(connection.into_stream())
        .await
        .map_err(io::Error::other)
}
