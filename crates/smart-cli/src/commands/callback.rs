//! The app's end of a redirect: a listener on this machine that takes the address a browser came with, and says a word to the
//! person in front of it.

use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The longest head of a request that is read, in bytes.
const HEAD_LIMIT: usize = 32 * 1024;

/// How long a browser may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);

/// Listens at a redirect URI.
pub(crate) struct CallbackListener {
    listener: TcpListener,
    path: String,
}

/// A browser that came back, and waits for an answer.
pub(crate) struct Visitor {
    stream: TcpStream,
    /// The path and query that it came with.
    pub(crate) target: String,
}

impl CallbackListener {
    /// Listens where the address leads, if that is this machine and the port is free; `None` otherwise.
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
        Some(Self { listener, path })
    }

    /// Waits for a browser at the right address. Whoever asks for something else, says nothing, or says too much is sent away.
    pub(crate) async fn next(&self) -> Result<Visitor> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            let read = tokio::time::timeout(PATIENCE, read_target(stream)).await;
            let Ok(Some((stream, target))) = read else {
                continue;
            };
            let visitor = Visitor { stream, target };
            if visitor.target.split('?').next() == Some(&self.path) {
                return Ok(visitor);
            }
            visitor
                .answer("404 Not Found", "There is nothing here.")
                .await;
        }
    }
}

impl Visitor {
    /// Says a word, and no more: the page leads nowhere, and nobody learns the address it was shown at.
    pub(crate) async fn answer(mut self, status: &str, words: &str) {
        let page = format!("<!DOCTYPE html><title>smart</title><p>{words}</p>\n");
        let response = format!(
            "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\
             cache-control: no-store\r\nreferrer-policy: no-referrer\r\nconnection: close\r\n\r\n{page}",
            page.len()
        );
        // the browser may have gone, and the login is none the worse for it
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

    #[tokio::test]
    async fn only_the_right_address_is_a_callback() {
        let free = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap();
        let uri = format!("http://127.0.0.1:{}/callback", free.port());
        let listener = CallbackListener::at(&uri).await.unwrap();
        assert!(
            CallbackListener::at(&uri).await.is_none(),
            "the port is taken"
        );
        let visits = tokio::spawn(async move {
            let port = free.port();
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
