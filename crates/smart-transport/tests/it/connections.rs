//! When a connection is used again, and when it is not.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use smart_test_support::{CannedResponse, TestServer};
use smart_transport::{Deadline, HyperTransport, Stage, Transport as _};
use tokio::runtime::{Builder, Runtime};

/// A runtime for servers, so that they go on while that of the client is kept busy.
fn elsewhere() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn get(server: &TestServer) -> Request<Bytes> {
    Request::get(server.url("/records"))
        .body(Bytes::new())
        .unwrap()
}

const STRAY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray";
const LATE: &str = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Answers the first request on each connection properly, and then says this without having been
/// asked; with nothing to say it closes. The channel tells when that has been done.
fn saying_more(runtime: &Runtime, more: &'static str) -> (TestServer, mpsc::Receiver<()>) {
    let (done, seen) = mpsc::channel();
    let server = runtime.block_on(TestServer::start(move |mut connection| {
        let done = done.clone();
        async move {
            connection.read_request().await?;
            connection
                .answer(&CannedResponse::new(200).body("proper"))
                .await?;
            // After the client has seen the answer, or it would be read along with it.
            tokio::time::sleep(Duration::from_millis(20)).await;
            if more.is_empty() {
                drop(connection);
                let _ = done.send(());
                return Ok(());
            }
            connection.write(more).await?;
            let _ = done.send(());
            while connection.read_request().await?.is_some() {}
            Ok(())
        }
    }));
    (server.unwrap(), seen)
}

/// Two requests, and between them something unasked-for that the runtime, kept busy, has had no
/// time to look at. The second is answered properly or known not to have been sent; then the third
/// is answered.
async fn check_unasked(transport: &HyperTransport, server: &TestServer, busy: impl FnOnce()) {
    let first = transport.fetch(get(server)).await.unwrap();
    assert_eq!(first.body(), "proper");
    busy();
    match transport.fetch(get(server)).await {
        Ok(second) => assert_eq!(second.body(), "proper"),
        Err(error) => {
            assert_eq!(error.stage(), Stage::NotSent);
            assert!(error.is_closed());
            let third = transport.fetch(get(server)).await.unwrap();
            assert_eq!(third.body(), "proper");
        }
    }
}

#[test]
fn what_comes_unasked_is_not_the_answer_to_the_next_request() {
    let servers = elsewhere();
    for more in [STRAY, LATE, ""] {
        for client in [current_thread(), elsewhere()] {
            let (server, seen) = saying_more(&servers, more);
            let transport = HyperTransport::new();
            client.block_on(check_unasked(&transport, &server, || seen.recv().unwrap()));
        }
    }
}

#[test]
fn what_comes_unasked_is_seen_although_no_worker_has_had_time() {
    let servers = elsewhere();
    for more in [STRAY, LATE, ""] {
        let (server, seen) = saying_more(&servers, more);
        let transport = HyperTransport::new();
        // The only worker, on which the connection lives, does something else until the second
        // request is on its way.
        let client = elsewhere();
        let (began, beginning) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let busy = || {
            client.spawn(async move {
                began.send(()).unwrap();
                let _ = released.recv();
            });
            beginning.recv().unwrap();
            seen.recv().unwrap();
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(20));
                drop(release);
            });
        };
        client.block_on(check_unasked(&transport, &server, busy));
    }
}

#[test]
fn every_kind_of_answer_leaves_its_connection_to_the_next_request() {
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n";
    let gzip = {
        let bytes = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xcbH\xcd\xc9\xc9\x07\0\x86\xa6\x106\x05\0\0\0";
        bytes.to_vec()
    };
    let packed = |head: &str, before: &str, after: &str| {
        let mut answer = format!("{head}Content-Encoding: gzip\r\n\r\n{before}").into_bytes();
        answer.extend_from_slice(&gzip);
        answer.extend_from_slice(after.as_bytes());
        answer
    };
    let plain = |text: String| text.into_bytes();
    for (what, answer, body) in [
        (
            "length",
            plain("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".into()),
            "hello",
        ),
        (
            "chunked",
            plain(format!("{CHUNKED}\r\n5\r\nhello\r\n0\r\n\r\n")),
            "hello",
        ),
        (
            "chunks",
            plain(format!("{CHUNKED}\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n")),
            "hello",
        ),
        (
            "trailers",
            plain(format!(
                "{CHUNKED}Trailer: x\r\n\r\n5\r\nhello\r\n0\r\nx: y\r\n\r\n"
            )),
            "hello",
        ),
        ("no chunks", plain(format!("{CHUNKED}\r\n0\r\n\r\n")), ""),
        (
            "empty",
            plain("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".into()),
            "",
        ),
        (
            "no content",
            plain("HTTP/1.1 204 No Content\r\n\r\n".into()),
            "",
        ),
        (
            "packed",
            packed("HTTP/1.1 200 OK\r\nContent-Length: 25\r\n", "", ""),
            "hello",
        ),
        (
            "packed chunks",
            packed(CHUNKED, "19\r\n", "\r\n0\r\n\r\n"),
            "hello",
        ),
    ] {
        let answer: &'static [u8] = answer.leak();
        current_thread().block_on(async {
            let server = TestServer::start(move |mut connection| async move {
                while connection.read_request().await?.is_some() {
                    connection.write(answer).await?;
                }
                Ok(())
            });
            let server = server.await.unwrap();
            let transport = HyperTransport::new();
            for _ in 0..5 {
                let response = transport.fetch(get(&server)).await.unwrap();
                assert_eq!(response.body(), body, "{what}");
            }
            assert_eq!(server.connections(), 1, "{what}");
        });
    }
}

/// A server that reads nothing but the head of a request, and says this to it.
fn reading_nothing(runtime: &Runtime, answer: Option<CannedResponse>) -> TestServer {
    let server = runtime.block_on(TestServer::start(move |mut connection| {
        let answer = answer.clone();
        async move {
            if let Some(answer) = answer {
                connection.read_head().await?;
                connection.answer(&answer).await?;
            }
            std::future::pending().await
        }
    }));
    server.unwrap()
}

/// A body that is counted as long as somebody holds it.
struct Counted(
    Vec<u8>,
    #[expect(dead_code, reason = "held for its count")] Arc<()>,
);

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

fn upload(server: &TestServer, count: &Arc<()>) -> Request<Bytes> {
    let body = Counted(vec![b'x'; 16 << 20], Arc::clone(count));
    let request = Request::builder().method(Method::PUT).uri(server.url("/"));
    request.body(Bytes::from_owner(body)).unwrap()
}

/// Waits until no body is held any more, and no task of this runtime is left but so many: a
/// connection is one.
async fn assert_released(count: &Arc<()>, tasks: usize) {
    let metrics = tokio::runtime::Handle::current().metrics();
    let left = || (Arc::strong_count(count) - 1, metrics.num_alive_tasks());
    for _ in 0..200 {
        let (bodies, alive) = left();
        if bodies == 0 && alive <= tasks {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("bodies and tasks that are left: {:?}", left());
}

/// Eight uploads to a server that reads nothing of them.
async fn check_unread_uploads(transport: HyperTransport, server: &TestServer, tasks: usize) {
    let count = Arc::new(());
    let uploads: Vec<_> = (0..8)
        .map(|_| {
            let (transport, mut request) = (transport.clone(), upload(server, &count));
            tokio::spawn(async move {
                let deadline = Deadline::after(Duration::from_millis(300));
                request.extensions_mut().insert(deadline);
                transport.fetch(request).await
            })
        })
        .collect();
    for upload in uploads {
        let error = upload.await.unwrap().unwrap_err();
        assert!(error.is_timeout());
        assert_eq!(error.stage(), Stage::MaybeSent);
    }
    assert_released(&count, tasks).await;
}

#[test]
fn uploads_that_nobody_reads_are_let_go_with_their_connections() {
    let servers = elsewhere();
    let server = reading_nothing(&servers, None);
    let transport = HyperTransport::new();
    current_thread().block_on(check_unread_uploads(transport, &server, 0));
}

#[test]
#[cfg(feature = "http2")]
fn uploads_that_nobody_reads_are_let_go_over_tls_and_http2() {
    use smart_test_support::Authority;
    use smart_transport::Certificates;

    let authority = Authority::new().unwrap();
    let identity = authority.certify(&["localhost"]).unwrap();
    let certificates = Certificates::from_pem(authority.pem().as_bytes()).unwrap();
    let transport = HyperTransport::builder()
        .trust_certificate(certificates)
        .build();
    let servers = elsewhere();
    let server = servers.block_on(TestServer::start_tls(&identity, |connection| async move {
        let _open = connection;
        std::future::pending().await
    }));
    let server = server.unwrap();
    let client = current_thread();
    client.block_on(check_unread_uploads(transport.clone(), &server, 0));

    // A connection of HTTP/2 stays for others; what was on it goes.
    let server = servers
        .block_on(TestServer::silent_after(&identity, 1))
        .unwrap();
    client.block_on(async {
        transport.fetch(get(&server)).await.unwrap();
        let metrics = tokio::runtime::Handle::current().metrics();
        check_unread_uploads(transport, &server, metrics.num_alive_tasks()).await;
    });
}

#[test]
fn upload_that_is_given_up_is_let_go_with_its_connection() {
    let servers = elsewhere();
    let server = reading_nothing(&servers, None);
    let transport = HyperTransport::new();
    let count = Arc::new(());
    current_thread().block_on(async {
        let call = transport.fetch(upload(&server, &count));
        let given_up = tokio::time::timeout(Duration::from_millis(50), call).await;
        assert!(given_up.is_err());
        assert_released(&count, 0).await;
    });
}

#[test]
fn upload_that_is_refused_and_not_read_is_let_go_with_its_connection() {
    let servers = elsewhere();
    let count = Arc::new(());
    for answer in [
        CannedResponse::new(413).body("no"),
        CannedResponse::new(413),
        CannedResponse::new(413)
            .header("transfer-encoding", "chunked")
            .body("2\r\nno\r\n0\r\n\r\n"),
    ] {
        let server = reading_nothing(&servers, Some(answer));
        let transport = HyperTransport::new();
        current_thread().block_on(async {
            let response = transport.fetch(upload(&server, &count)).await.unwrap();
            assert_eq!(response.status(), 413);
            assert_released(&count, 0).await;
        });
    }
}

#[tokio::test]
async fn folded_and_spaced_headers_are_read_as_http_says() {
    for (head, name, expected) in [
        ("X-A: one\r\n  two\r\n\tthree\r\n", "x-a", "one two three"),
        ("X-A: one\r\n two\r\nX-B: b\r\n", "x-b", "b"),
        ("X-A : one\r\n", "x-a", "one"),
        ("X-A:one   \r\n", "x-a", "one"),
        ("X-A:\r\n", "x-a", ""),
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\n{head}Content-Length: 5\r\n\r\nhello");
        let server = TestServer::closing(answer).await.unwrap();
        let response = HyperTransport::new().fetch(get(&server)).await.unwrap();
        let value = response.headers()[name].to_str().unwrap();
        let value = value
            .split(['\r', '\n', '\t'])
            .collect::<Vec<_>>()
            .join(" ");
        assert_eq!(value, expected, "{head:?}");
        assert_eq!(response.body(), "hello", "{head:?}");
    }
}

#[tokio::test]
async fn head_of_an_answer_has_a_limit() {
    let folds = " folded\r\n".repeat(100_000);
    let many = "X-A: b\r\n".repeat(101);
    for head in [format!("X-A: b\r\n{folds}"), many] {
        let answer = format!("HTTP/1.1 200 OK\r\n{head}Content-Length: 5\r\n\r\nhello");
        let server = TestServer::closing(answer).await.unwrap();
        let error = HyperTransport::new().fetch(get(&server)).await.unwrap_err();
        assert_eq!(error.stage(), Stage::Unreadable, "{error}");
    }
}

#[tokio::test]
async fn answer_of_two_lengths_is_refused() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!";
    let server = TestServer::closing(answer).await.unwrap();
    let error = HyperTransport::new().fetch(get(&server)).await.unwrap_err();
    assert_eq!(error.stage(), Stage::Unreadable, "{error}");
}
