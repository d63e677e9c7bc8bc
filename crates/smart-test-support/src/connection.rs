//! The server's end of a connection.

use std::fmt;
use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::CannedResponse;

pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// The server's end of a connection, above TLS.
pub struct ServerConnection {
    stream: Box<dyn Stream>,
    unread: Vec<u8>,
}

impl ServerConnection {
    pub(crate) fn new(stream: Box<dyn Stream>) -> Self {
        Self {
            stream,
            unread: Vec::new(),
        }
    }

    pub(crate) fn into_stream(self) -> Box<dyn Stream> {
        self.stream
    }

    /// Reads the next request with its body. `None` if the client has closed the connection.
    ///
    /// # Errors
    ///
    /// The connection breaks, or the client sends something other than a request.
    pub async fn read_request(&mut self) -> io::Result<Option<Received>> {
        let Some(mut received) = self.read_head().await? else {
            return Ok(None);
        };
        let length = received.header("content-length").map_or(Ok(0), str::parse);
        let length: usize = length.map_err(|_| io::ErrorKind::InvalidData)?;
        while self.unread.len() < length {
            if self.stream.read_buf(&mut self.unread).await? == 0 {
                return Ok(None);
            }
        }
        let rest = self.unread.split_off(length);
        received.body = std::mem::replace(&mut self.unread, rest);
        Ok(Some(received))
    }

    /// Reads the head of the next request and leaves its body unread. `None` if the client has
    /// closed the connection.
    ///
    /// # Errors
    ///
    /// The connection breaks, or the client sends something other than a request.
    pub async fn read_head(&mut self) -> io::Result<Option<Received>> {
        let end = loop {
            if let Some(end) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if self.unread.len() > HEAD_LIMIT {
                return Err(io::ErrorKind::InvalidData.into());
            }
            if self.stream.read_buf(&mut self.unread).await? == 0 {
                return Ok(None);
            }
        };
        let rest = self.unread.split_off(end);
        let head = std::mem::replace(&mut self.unread, rest);
        let head = String::from_utf8(head).map_err(|_| io::ErrorKind::InvalidData)?;
        Ok(Some(Received {
            head,
            body: Vec::new(),
        }))
    }

    /// Writes raw bytes.
    ///
    /// # Errors
    ///
    /// The client has closed the connection.
    pub async fn write(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref()).await?;
        self.stream.flush().await
    }

    /// Forwards everything in both directions, as a proxy does, until one side closes.
    ///
    /// # Errors
    ///
    /// Either connection breaks.
    pub async fn tunnel(
        mut self,
        mut other: impl AsyncRead + AsyncWrite + Send + Unpin,
    ) -> io::Result<()> {
        other.write_all(&self.unread).await?;
        tokio::io::copy_bidirectional(&mut self.stream, &mut other)
            .await
            .map(|_copied| ())
    }

    /// Writes a response.
    ///
    /// # Errors
    ///
    /// The client has closed the connection.
    pub async fn answer(&mut self, answer: &CannedResponse) -> io::Result<()> {
        self.write(answer.to_bytes()).await
    }
}

impl fmt::Debug for ServerConnection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ServerConnection")
            .finish_non_exhaustive()
    }
}

/// A request as it was received.
#[derive(Clone, Debug)]
pub struct Received {
    head: String,
    body: Vec<u8>,
}

impl Received {
    /// The head: request line and headers.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The method.
    pub fn method(&self) -> &str {
        self.head.split(' ').next().unwrap_or_default()
    }

    /// The request target.
    pub fn target(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (given, value) = line.split_once(':')?;
            given.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// A parameter of the OAuth 1.0a header, still percent-encoded.
    pub fn oauth_parameter(&self, name: &str) -> Option<&str> {
        let header = self.header("authorization")?.strip_prefix("OAuth ")?;
        header.split(',').find_map(|pair| {
            let (given, value) = pair.trim().split_once('=')?;
            (given == name).then(|| value.trim_matches('"'))
        })
    }
}

const HEAD_LIMIT: usize = 64 << 10;
