//! No answer: what is said, and whether to try again.

use std::error::Error as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use smart::classic::{Body, Client, Record};
use smart::transport::{HyperTransport, TransportError};
use smart::{Error, Retries, Stage};
use smart_test_support::{TestServer, unknown_host};

use super::container::{APP, Bytes, SECRET, story, token};

/// A record at an address that the test gives, over real sockets.
fn record_at(api_base: &str) -> Record {
    let client = Client::builder()
        .app_id(APP)
        .api_base(api_base)
        .consumer(APP, SECRET)
        .retries(Retries::none())
        .build()
        .unwrap();
    client.record("1").with_token(token("t1"))
}

/// A record whose calls all fail in the given stage.
fn record_failing(stage: smart::transport::Stage) -> Record {
    let transport = move |_: Request<Bytes>| async move {
        Err::<Response<Bytes>, _>(TransportError::new(stage, "for the test"))
    };
    let builder = Client::builder()
        .app_id(APP)
        .api_base("http://localhost:7000")
        .consumer(APP, SECRET)
        .retries(Retries::none());
    builder
        .transport(transport)
        .build()
        .unwrap()
        .record("1")
        .with_token(token("t1"))
}

#[tokio::test]
async fn container_that_is_not_there_is_named() {
    let vacant = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let error = record_at(&format!("http://{vacant}/"))
        .get_medications()
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot reach the container at http://{vacant}; check the address and that the container is running"
        )
    );
    let cause = error.source().unwrap().to_string();
    assert!(cause.contains("refused"), "{cause}");
    assert_eq!(error.stage(), Stage::NotSent);
    assert!(error.is_retryable());
    assert!(
        matches!(&error, Error::Transport(unanswered) if unanswered.transport_error().is_connect())
    );
}

#[tokio::test]
async fn container_that_cannot_be_spoken_to_is_not_tried_again() {
    for (api_base, expected) in [(
        "http://emr.example",
        "plain http to emr.example would let the network read along; use https or a container on this machine, or allow plain http to this host by name",
    )] {
        let error = record_at(api_base)
            .get_medications()
            .send()
            .await
            .unwrap_err();
        assert_eq!(story(&error), expected);
        assert_eq!(error.stage(), Stage::NotSent);
        assert!(!error.is_retryable());
    }
}

#[tokio::test]
async fn silent_container_is_a_timeout() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let transport = HyperTransport::builder().total_timeout(Duration::from_secs(20));
    let builder = Client::builder()
        .app_id(APP)
        .api_base(format!("http://{address}"))
        .consumer(APP, SECRET);
    let client = builder.transport(transport.build()).build().unwrap();
    let manifest = tokio::spawn(async move { client.manifest().await });
    // Nothing answers, so that from here on there is nothing to wait for but time.
    let _connection = listener.accept().await.unwrap();
    tokio::time::pause();
    let error = manifest.await.unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("no complete answer from {address} within 20s; try again, or raise total_timeout")
    );
    assert_eq!(error.stage(), Stage::MaybeSent);
    assert!(error.is_retryable());
}

#[tokio::test]
async fn each_fault_of_a_server_is_told_in_a_sentence() {
    let not_http = "220 mail.example ESMTP\r\n\r\n";
    for (server, stage, retryable, expected) in [
        (
            TestServer::closing("").await,
            Stage::MaybeSent,
            true,
            "HOST closed the connection without an answer",
        ),
        (
            TestServer::closing(not_http).await,
            Stage::Unreadable,
            false,
            "what HOST answered is not HTTP; check the address and the port",
        ),
        (
            TestServer::cut_body().await,
            Stage::Unreadable,
            true,
            "the answer of HOST broke off before its end",
        ),
        (
            TestServer::endless_body().await,
            Stage::Unreadable,
            false,
            "the answer of HOST is longer than 100000 bytes; raise the limit on bodies if that is expected",
        ),
        (
            TestServer::gzip_bomb(1 << 20).await,
            Stage::Unreadable,
            false,
            "the answer of HOST is longer than 100000 bytes when it is unpacked; raise the limit on bodies if that is expected",
        ),
    ] {
        let server = server.unwrap();
        let transport = HyperTransport::builder().body_limit(100_000).build();
        let client = Client::builder()
            .app_id(APP)
            .api_base(server.url(""))
            .consumer(APP, SECRET)
            .transport(transport)
            .retries(Retries::none());
        let record = client.build().unwrap().record("1").with_token(token("t1"));
        let error = record.get_medications().send().await.unwrap_err();
        let text = error.to_string().replace(&server.host(), "HOST");
        assert_eq!((text.as_str(), error.stage()), (expected, stage));
        assert_eq!(error.is_retryable(), retryable, "{text}");
        assert_eq!(error.status(), None);
    }
}

#[tokio::test]
async fn name_without_address_is_told() {
    let transport = HyperTransport::builder().allow_plain_http_to(unknown_host());
    let client = Client::builder()
        .app_id(APP)
        .api_base(format!("http://{}", unknown_host()))
        .consumer(APP, SECRET)
        .transport(transport.build())
        .retries(Retries::none());
    let error = client.build().unwrap().manifest().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no address for the name in container.invalid; check its spelling, and this machine's name service"
    );
    assert_eq!(error.stage(), Stage::NotSent);
    assert!(error.is_retryable());
}

/// A record over a transport that hangs, before the head of the answer or in its body.
fn record_hanging(in_body: bool) -> Record {
    let transport = move |_: Request<Bytes>| async move {
        if in_body {
            return Ok(Response::new(NeverEnding));
        }
        std::future::pending().await
    };
    let builder = Client::builder()
        .app_id(APP)
        .api_base("http://localhost:7000")
        .consumer(APP, SECRET);
    let client = builder.transport(transport).build().unwrap();
    client.record("1").with_token(token("t1"))
}

struct NeverEnding;

impl http_body::Body for NeverEnding {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, TransportError>>> {
        Poll::Pending
    }
}

impl From<NeverEnding> for smart::transport::Body {
    fn from(body: NeverEnding) -> Self {
        Self::new(body)
    }
}

#[tokio::test(start_paused = true)]
async fn transport_without_a_limit_is_given_up() {
    for in_body in [false, true] {
        let began = tokio::time::Instant::now();
        let record = record_hanging(in_body);
        let error = record.get_medications().send().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "no complete answer within 60s; try again, or use a transport with a limit of its own"
        );
        assert_eq!(error.stage(), Stage::MaybeSent);
        assert!(error.is_retryable());
        assert!(
            matches!(&error, Error::Transport(unanswered) if unanswered.transport_error().is_timeout())
        );
        assert_eq!(began.elapsed().as_secs(), 60);
    }
}

#[tokio::test]
async fn only_what_is_harmless_twice_is_tried_again() {
    use smart::transport::Stage as Sent;
    for (stage, get, post) in [
        (Sent::NotSent, true, true),
        (Sent::MaybeSent, true, false),
        (Sent::Unreadable, true, false),
    ] {
        let record = record_failing(stage);
        let error = record.get_medications().send().await.unwrap_err();
        assert_eq!(error.is_retryable(), get, "{stage:?}");
        let error = record
            .post_clinical_note(Body::text("x"))
            .send()
            .await
            .unwrap_err();
        assert_eq!(error.is_retryable(), post, "{stage:?}");
    }
}
