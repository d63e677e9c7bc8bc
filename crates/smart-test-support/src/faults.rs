//! The faults.

use std::future::pending;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::time::sleep;

use crate::{Answer, Server, ServerIdentity};

/// Each server reads requests and misbehaves in one way. All fail with the I/O error of the
/// listener if there is no port.
impl Server {
    /// Takes a request and never answers.
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub async fn silent() -> io::Result<Self> {
        Self::listen(None, |mut connection, counting| async move {
            connection.read_request().await?;
            counting.request();
            pending().await
        })
        .await
    }

    /// Sends the head of its answer a byte at a time, with this pause after each (a slow loris).
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub async fn slow_head(pause: Duration) -> io::Result<Self> {
        Self::listen(None, move |mut connection, counting| async move {
            connection.read_request().await?;
            counting.request();
            for byte in Answer::new(200).body("hello").to_bytes() {
                connection.write([byte]).await?;
                sleep(pause).await;
            }
            Ok(())
        })
        .await
    }

    /// Announces a long body and sends a byte of it at a time, with this pause after each.
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub async fn slow_body(pause: Duration) -> io::Result<Self> {
        Self::listen(None, move |mut connection, counting| async move {
            connection.read_request().await?;
            counting.request();
            let head = Answer::new(200).header("content-length", "1000");
            connection.answer(&head).await?;
            loop {
                connection.write(".").await?;
                sleep(pause).await;
            }
        })
        .await
    }

    /// Sends the beginning of a body and then nothing, over a connection that stays open.
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub async fn stalled_body() -> io::Result<Self> {
        Self::listen(None, |mut connection, counting| async move {
            connection.read_request().await?;
            counting.request();
            let answer = Answer::new(200).header("content-length", "1000");
            connection.answer(&answer.body("the beginning")).await?;
            pending().await
        })
        .await
    }

    /// Announces 1000 bytes, sends fewer, and closes: cut in the middle, or simply miscounted.
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub async fn cut_body() -> io::Result<Self> {
        let answer = Answer::new(200).header("content-length", "1000");
        Self::closing(answer.body("ten bytes.").to_bytes()).await
    }

    /// Announces 5 bytes and sends more.
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub async fn overlong_body() -> io::Result<Self> {
        let answer = Answer::new(200).header("content-length", "5");
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

    /// Sends a body without end, in chunks.
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub async fn endless_body() -> io::Result<Self> {
        Self::listen(None, |mut connection, counting| async move {
            connection.read_request().await?;
            counting.request();
            let head = Answer::new(200).header("transfer-encoding", "chunked");
            connection.answer(&head).await?;
            loop {
                connection.write("4\r\nmore\r\n").await?;
            }
        })
        .await
    }

    /// Sends a small gzip body of so many zero bytes when it is unpacked.
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub async fn gzip_bomb(unpacked: usize) -> io::Result<Self> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let zeros = [0; 64 << 10];
        let mut left = unpacked;
        while left > 0 {
            let step = left.min(zeros.len());
            encoder.write_all(&zeros[..step])?;
            left -= step;
        }
        let answer = Answer::new(200).header("content-encoding", "gzip");
        let answer = answer.body(encoder.finish()?);
        Self::answering(move |_| answer.clone()).await
    }

    /// Answers one request on each connection with these bytes, and closes it without having said
    /// so.
    ///
    /// # Errors
    ///
    /// When there is no free port.
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

    /// Gives these answers in turn, and the last one ever after.
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub async fn in_turn(answers: impl IntoIterator<Item = Answer>) -> io::Result<Self> {
        let answers: Arc<[Answer]> = answers.into_iter().collect();
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

    /// Sends every request elsewhere.
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub async fn redirecting(status: u16, location: &str) -> io::Result<Self> {
        let answer = Answer::new(status).header("location", location);
        Self::answering(move |_| answer.clone()).await
    }

    /// Has a clock that is so many seconds ahead, and refuses what is signed with a time more than
    /// five minutes from its own. What it lets through it answers as the function says.
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub async fn with_clock_ahead(
        seconds: i64,
        answer: impl Fn(&crate::Received) -> Answer + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Self::answering(move |request| {
            let own = now_shifted(seconds);
            let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(own));
            let given: Option<u64> = request
                .oauth_parameter("oauth_timestamp")
                .and_then(|value| value.parse().ok());
            match given {
                Some(given) if given.abs_diff(own) <= 300 => answer(request).header("date", date),
                _ => Answer::new(401)
                    .header("date", date)
                    .body("Unauthorized: timestamp out of range"),
            }
        })
        .await
    }

    /// Speaks TLS as this identity, and answers everything with 200 and `hello`.
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub async fn tls(identity: &ServerIdentity) -> io::Result<Self> {
        Self::listen(Some(identity), |mut connection, counting| async move {
            while connection.read_request().await?.is_some() {
                counting.request();
                connection.answer(&Answer::new(200).body("hello")).await?;
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
