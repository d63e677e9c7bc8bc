//! HTTP/2 that leaves, or falls silent.

use std::future::{pending, poll_fn};
use std::io;

use bytes::Bytes;
use h2::Reason;
use http::Response;

use crate::server::Counting;
use crate::{Connection, Server, ServerIdentity};

impl Server {
    /// Speaks HTTP/2 over TLS. On each connection it answers so many requests with 200 and `hello`;
    /// at the next it says GOAWAY, leaving that request alone, and closes.
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub async fn going_away_after(identity: &ServerIdentity, answers: usize) -> io::Result<Self> {
        let identity = identity.clone().with_http2();
        Self::listen(Some(&identity), move |connection, counting| async move {
            let mut served = serve(connection).await?;
            if !answer_hello(&mut served, &counting, answers).await? {
                return Ok(());
            }
            // The next request is read by the library, and refused unseen.
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

    /// Speaks HTTP/2 over TLS. On each connection it answers so many requests with 200 and `hello`.
    /// When it has read one more it does nothing any more, as if the network had gone: it answers
    /// no ping and does not close.
    ///
    /// # Errors
    ///
    /// When there is no free port.
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

    /// Speaks HTTP/2 over TLS, and breaks each connection with a GOAWAY that says there was an
    /// error, after it has read a request.
    ///
    /// # Errors
    ///
    /// When there is no free port.
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

/// Answers so many requests with 200 and `hello`. No if the client goes before.
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

async fn serve(connection: Connection) -> io::Result<Served> {
    h2::server::handshake(connection.into_stream())
        .await
        .map_err(io::Error::other)
}
