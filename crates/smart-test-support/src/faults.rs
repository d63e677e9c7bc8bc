//! One constructor for each fault.

use std::future::pending;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::time::sleep;

use crate::{CannedResponse, ServerIdentity, TestServer};

/// Servers that read requests and misbehave in one way.
impl TestServer {
    /// Reads a request and never responds.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn silent() -> io::Result<Self> {
        Self::listen(None, |mut connection, counting| async move {
            connection.read_request().await?;
            counting.request();
            pending().await
        })
        .await
    }

    /// Sends the head of its response one byte at a time, with a pause after each (a slow loris).
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn slow_head(pause: Duration) -> io::Result<Self> {
        Self::listen(None, move |mut connection, counting| async move {
            connection.read_request().await?;
            counting.request();
            for byte in CannedResponse::new(200).body("hello").to_bytes() {
                connection.write([byte]).await?;
                sleep(pause).await;
            }
            Ok(())
        })
        .await
    }

    /// Announces a long body and sends it one byte at a time, with a pause after each.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn slow_body(pause: Duration) -> io::Result<Self> {
        Self::listen(None, move |mut connection, counting| async move {
            connection.read_request().await?;
            counting.request();
            let head = CannedResponse::new(200).header("content-length", "1000");
            connection.answer(&head).await?;
            loop {
                connection.write(".").await?;
                sleep(pause).await;
            }
        })
        .await
    }

    /// Sends the start of a body, then nothing. The connection stays open.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn stalled_body() -> io::Result<Self> {
        Self::listen(None, |mut connection, counting| async move {
            connection.read_request().await?;
            counting.request();
            let answer = CannedResponse::new(200).header("content-length", "1000");
            connection.answer(&answer.body("the beginning")).await?;
            pending().await
        })
        .await
    }

    /// Announces 1,000 bytes, sends fewer, and closes the connection.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn cut_body() -> io::Result<Self> {
        let answer = CannedResponse::new(200).header("content-length", "1000");
        Self::closing(answer.body("ten bytes.").to_bytes()).await
    }

    /// Announces 5 bytes and sends more.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn overlong_body() -> io::Result<Self> {
        let answer = CannedResponse::new(200).header("content-length", "5");
        let bytes = answer.body("hello and more than that").to_bytes();
        Self::listen(None, move |mut connection, counting| {
            let bytes = bytes.clone();
            async move {
                while connection.read_request().await?.is_some() {
                    counting.request();
                    connection.write(&bytes).await?;
                }
                Ok(())
            }
        })
        .await
    }

    /// Sends an endless body in chunks.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn endless_body() -> io::Result<Self> {
        Self::listen(None, |mut connection, counting| async move {
            connection.read_request().await?;
            counting.request();
            let head = CannedResponse::new(200).header("transfer-encoding", "chunked");
            connection.answer(&head).await?;
            loop {
                connection.write("4\r\nmore\r\n").await?;
            }
        })
        .await
    }

    /// Sends a small gzip body that decompresses to `unpacked` zero bytes.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn gzip_bomb(unpacked: usize) -> io::Result<Self> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let zeros = [0; 64 << 10];
        let mut left = unpacked;
        while left > 0 {
            let step = left.min(zeros.len());
            encoder.write_all(&zeros[..step])?;
            left -= step;
        }
        let answer = CannedResponse::new(200).header("content-encoding", "gzip");
        let answer = answer.body(encoder.finish()?);
        Self::answering(move |_| answer.clone()).await
    }

    /// Responds to one request per connection with `bytes`, then closes the connection without
    /// having announced it.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn closing(bytes: impl Into<Vec<u8>>) -> io::Result<Self> {
        let bytes: Arc<[u8]> = bytes.into().into();
        Self::listen(None, move |mut connection, counting| {
            let bytes = Arc::clone(&bytes);
            async move {
                if connection.read_request().await?.is_some() {
                    counting.request();
                    connection.write(&bytes).await?;
                }
                Ok(())
            }
        })
        .await
    }

    /// Sends these responses in turn, and repeats the last one from then on.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn in_turn(answers: impl IntoIterator<Item = CannedResponse>) -> io::Result<Self> {
        let answers: Arc<[CannedResponse]> = answers.into_iter().collect();
        Self::listen(None, move |mut connection, counting| {
            let answers = Arc::clone(&answers);
            async move {
                while connection.read_request().await?.is_some() {
                    let turn = counting.request().min(answers.len().saturating_sub(1));
                    match answers.get(turn) {
                        Some(answer) => connection.answer(answer).await?,
                        None => return Ok(()),
                    }
                }
                Ok(())
            }
        })
        .await
    }

    /// Redirects every request.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn redirecting(status: u16, location: &str) -> io::Result<Self> {
        let answer = CannedResponse::new(status).header("location", location);
        Self::answering(move |_| answer.clone()).await
    }

    /// Has a clock that is `seconds` ahead, and refuses signatures whose timestamp differs from it
    /// by more than five minutes. Calls `answer` for the other requests.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn with_clock_ahead(
        seconds: i64,
        answer: impl Fn(&crate::Received) -> CannedResponse + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Self::answering(move |request| {
            let own = now_shifted(seconds);
            let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(own));
            let given: Option<u64> = request
                .oauth_parameter("oauth_timestamp")
                .and_then(|value| value.parse().ok());
            match given {
                Some(given) if given.abs_diff(own) <= 300 => answer(request).header("date", date),
                _ => CannedResponse::new(401)
                    .header("date", date)
                    .body("Unauthorized: timestamp out of range"),
            }
        })
        .await
    }

    /// Speaks TLS with this identity, and responds to everything with 200 and `hello`.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn tls(identity: &ServerIdentity) -> io::Result<Self> {
        Self::listen(Some(identity), |mut connection, counting| async move {
            while connection.read_request().await?.is_some() {
                counting.request();
                connection
                    .answer(&CannedResponse::new(200).body("hello"))
                    .await?;
            }
            Ok(())
        })
        .await
    }
}

fn now_shifted(seconds: i64) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |since| since.as_secs());
    now.saturating_add_signed(seconds)
}
