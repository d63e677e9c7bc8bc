//! The app's end of a redirect: a listener on this machine that takes the address that a browser
//! requests, and answers with a short page.

use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The longest head of a request that is read, in bytes.
const HEAD_LIMIT: usize = 32 * 1024;

/// How long a browser may take to send its request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// How many connections are read side by side. Browsers open some that they never use.
const CONNECTION_LIMIT: usize = 64;

/// Listens at a redirect URI.
pub(crate) struct CallbackListener {
    listener: TcpListener,
    path: String,
    /// Connections whose request is still being read.
    arriving: JoinSet<Option<Visitor>>,
}

/// A browser that came back, and waits for an answer.
pub(crate) struct Visitor {
    stream: TcpStream,
    /// The path and query that it came with.
    pub(crate) target: String,
}

impl CallbackListener {
    /// Listens where the address leads, if that is this machine and the port is free; `None`
    /// otherwise.
    pub(crate) async fn at(redirect_uri: &str) -> Option<Self> {
        let uri: http::Uri = redirect_uri.parse().ok()?;
        let host = uri.host()?;
        if uri.scheme_str() != Some("http") || !matches!(host, "127.0.0.1" | "localhost" | "[::1]")
        {
            return None;
        }
        let host = host.trim_matches(['[', ']']);
        let listener = TcpListener::bind((host, uri.port_u16()?)).await.ok()?;
        let path = uri.path().to_owned();
        Some(Self {
            listener,
            path,
            arriving: JoinSet::new(),
        })
    }

    /// Waits for a request of the right address. A connection that requests another one, nothing,
    /// or too much is closed.
    ///
    /// Connections are read side by side, so that one that stays silent delays no other. Dropping
    /// the future loses none of them.
    pub(crate) async fn next(&mut self) -> Result<Visitor> {
        loop {
            tokio::select! {
                accepted = self.listener.accept(), if self.arriving.len() < CONNECTION_LIMIT => {
                    let (stream, _) = accepted?;
                    let path = self.path.clone();
                    self.arriving.spawn(async move {
                        let visit = Visitor::read(stream, &path);
                        tokio::time::timeout(HEAD_TIMEOUT, visit).await.ok()?
                    });
                }
                Some(read) = self.arriving.join_next() => {
                    if let Ok(Some(visitor)) = read {
                        return Ok(visitor);
                    }
                }
            }
        }
    }
}

impl Visitor {
    /// The visitor on this connection, if it requests this path.
    async fn read(stream: TcpStream, path: &str) -> Option<Self> {
        let (stream, target) = read_target(stream).await?;
        let visitor = Self { stream, target };
        if visitor.target.split('?').next() == Some(path) {
            return Some(visitor);
        }
        let words = "There is nothing here.";
        visitor.answer("404 Not Found", words).await;
        None
    }

    /// Says a word, and no more: the page leads nowhere, and nobody learns the address it was shown
    /// at.
    pub(crate) async fn answer(mut self, status: &str, words: &str) {
        let page = format!("<!DOCTYPE html><title>smart</title><p>{words}</p>\n");
        let response = format!(
            "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\
             cache-control: no-store\r\nreferrer-policy: no-referrer\r\nconnection: close\r\n\r\n{page}",
            page.len()
        );
        // the browser may have gone, which does no harm to the login
        let _ = self.stream.write_all(response.as_bytes()).await;
        let _ = self.stream.shutdown().await;
    }
}

async fn read_target(mut stream: TcpStream) -> Option<(TcpStream, String)> {
    let mut head = Vec::new();
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        if head.len() > HEAD_LIMIT || stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let head = String::from_utf8(head).ok()?;
    let mut words = head.lines().next()?.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    (method == "GET").then(|| (stream, target.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn say(port: u16, text: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        answer
    }

    async fn free_address() -> (String, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        (format!("http://127.0.0.1:{port}/callback"), port)
    }

    #[tokio::test]
    async fn only_the_right_address_is_a_callback() {
        let (uri, port) = free_address().await;
        let mut listener = CallbackListener::at(&uri).await.unwrap();
        assert!(
            CallbackListener::at(&uri).await.is_none(),
            "the port is taken"
        );
        let visits = tokio::spawn(async move {
            let mut answers = Vec::new();
            for text in [
                "GET /favicon.ico HTTP/1.1\r\n\r\n",
                "POST /callback?code=c HTTP/1.1\r\n\r\n",
                "GET /callback",
                "GET /callback?code=c&state=s HTTP/1.1\r\nHost: x\r\n\r\n",
            ] {
                answers.push(say(port, text).await);
            }
            answers
        });
        let visitor = listener.next().await.unwrap();
        assert_eq!(visitor.target, "/callback?code=c&state=s");
        visitor.answer("200 OK", "Thank you.").await;
        let answers = visits.await.unwrap();
        assert!(answers[0].starts_with("HTTP/1.1 404"));
        assert_eq!((answers[1].as_str(), answers[2].as_str()), ("", ""));
        assert!(answers[3].contains("Thank you."));
    }

    #[tokio::test]
    async fn silent_connections_delay_nobody() {
        let (uri, port) = free_address().await;
        let mut listener = CallbackListener::at(&uri).await.unwrap();
        let mut silent = Vec::new();
        for _ in 0..CONNECTION_LIMIT - 1 {
            silent.push(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
        }
        let browser = tokio::spawn(say(port, "GET /callback?code=c HTTP/1.1\r\n\r\n"));
        let visitor = listener.next().await.unwrap();
        assert_eq!(visitor.target, "/callback?code=c");
        // none of them was given up first
        for stream in silent {
            let read = stream.try_read(&mut [0]);
            assert!(read.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock));
        }
        visitor.answer("200 OK", "Thank you.").await;
        assert!(browser.await.unwrap().contains("Thank you."));
    }

    #[tokio::test]
    async fn other_machines_and_schemes_are_not_listened_for() {
        for uri in [
            "https://localhost:1/cb",
            "http://not-a-real-site/",
            "app:/cb",
            "http://localhost/cb",
            "x",
        ] {
            assert!(CallbackListener::at(uri).await.is_none(), "{uri}");
        }
    }
}
