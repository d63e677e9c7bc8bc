//! Servers that misbehave over plain HTTP/1.1.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use smart_test_support::{CannedResponse, TestServer, unknown_host};
use smart_transport::{
    Deadline, FreshConnection, HyperTransport, HyperTransportBuilder, Stage, Transport as _,
    TransportError,
};

fn request(server: &TestServer) -> Request<Bytes> {
    Request::get(server.url("/records"))
        .body(Bytes::new())
        .unwrap()
}

async fn failure(builder: HyperTransportBuilder, server: &TestServer) -> TransportError {
    builder.build().fetch(request(server)).await.unwrap_err()
}

/// Stage and text of an error, with the server's address as HOST.
fn told(error: &TransportError, server: &TestServer) -> (Stage, String) {
    let text = error.to_string().replace(&server.host(), "HOST");
    (error.stage(), text)
}

/// The failure of a call to a server that lets it wait, and how long it took in simulated time. It
/// is simulated from when the server has the request: before, time would pass while the network
/// works.
async fn overdue(
    builder: HyperTransportBuilder,
    server: &TestServer,
    request: Request<Bytes>,
) -> (TransportError, Duration) {
    let transport = builder.build();
    let call = tokio::spawn(async move { transport.fetch(request).await });
    while server.requests() == 0 {
        tokio::task::yield_now().await;
    }
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let error = call.await.unwrap().unwrap_err();
    assert!(error.is_timeout() && !error.is_connect() && !error.is_permanent());
    (error, began.elapsed())
}

/// Whether a wait lasted as long as it should, but for what had passed before it was looked at.
#[track_caller]
fn assert_lasted(waited: Duration, seconds: u64) {
    let expected = Duration::from_secs(seconds);
    assert!(waited <= expected + SECOND, "{waited:?}");
    assert!(waited + SECOND >= expected, "{waited:?}");
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn silence_ends_at_the_limit_for_the_first_byte() {
    let server = TestServer::silent().await.unwrap();
    let builder = HyperTransport::builder();
    let (error, waited) = overdue(builder, &server, request(&server)).await;
    assert_lasted(waited, 30);
    let text = "HOST did not begin to answer within 30s; try again, or raise first_byte_timeout";
    assert_eq!(told(&error, &server), (Stage::MaybeSent, text.to_owned()));
}

#[tokio::test]
async fn slow_head_ends_at_the_limit_for_the_first_byte() {
    // Each byte comes in time; the head does not.
    let server = TestServer::slow_head(SECOND).await.unwrap();
    let builder = HyperTransport::builder();
    let (error, waited) = overdue(builder, &server, request(&server)).await;
    assert_lasted(waited, 30);
    let text = "HOST did not begin to answer within 30s; try again, or raise first_byte_timeout";
    assert_eq!(told(&error, &server), (Stage::MaybeSent, text.to_owned()));
}

#[tokio::test]
async fn slow_body_ends_at_the_total_limit() {
    // Each piece comes in time; the body does not.
    let server = TestServer::slow_body(10 * SECOND).await.unwrap();
    let builder = HyperTransport::builder();
    let (error, waited) = overdue(builder, &server, request(&server)).await;
    assert_lasted(waited, 60);
    let text = "no complete answer from HOST within 60s; try again, or raise total_timeout";
    assert_eq!(told(&error, &server), (Stage::Unreadable, text.to_owned()));
}

#[tokio::test]
async fn stalled_body_ends_at_the_idle_limit() {
    let server = TestServer::stalled_body().await.unwrap();
    let builder = HyperTransport::builder();
    let (error, waited) = overdue(builder, &server, request(&server)).await;
    assert_lasted(waited, 15);
    let text =
        "the answer of HOST stopped for 15s before its end; try again, or raise idle_timeout";
    assert_eq!(told(&error, &server), (Stage::Unreadable, text.to_owned()));
}

#[tokio::test]
async fn limits_can_be_raised_and_the_next_one_holds_then() {
    let server = TestServer::silent().await.unwrap();
    let builder = HyperTransport::builder().first_byte_timeout(Duration::MAX);
    let (error, waited) = overdue(builder, &server, request(&server)).await;
    assert_lasted(waited, 60);
    let text = "no complete answer from HOST within 60s; try again, or raise total_timeout";
    assert_eq!(told(&error, &server), (Stage::MaybeSent, text.to_owned()));
}

#[tokio::test]
async fn pieces_that_come_in_time_are_no_stall() {
    let server = TestServer::slow_body(10 * SECOND).await.unwrap();
    let transport = HyperTransport::builder()
        .total_timeout(Duration::MAX)
        .build();
    let mut body = transport.send(request(&server)).await.unwrap().into_body();
    tokio::time::pause();
    for _ in 0..20 {
        assert_eq!(body.chunk().await.unwrap().unwrap(), ".");
    }
}

#[tokio::test]
async fn reader_who_takes_time_is_no_stall() {
    let server = TestServer::in_turn([CannedResponse::new(200).body("x".repeat(100_000))])
        .await
        .unwrap();
    let transport = HyperTransport::new();
    let mut body = transport.send(request(&server)).await.unwrap().into_body();
    let mut read = body.chunk().await.unwrap().unwrap().len();
    tokio::time::pause();
    tokio::time::sleep(20 * SECOND).await;
    tokio::time::resume();
    while let Some(piece) = body.chunk().await.unwrap() {
        read += piece.len();
    }
    assert_eq!(read, 100_000);
}

#[tokio::test]
async fn deadline_of_a_request_holds_over_that_of_the_transport() {
    let server = TestServer::silent().await.unwrap();
    let mut request = request(&server);
    let deadline = Deadline::after(7 * SECOND);
    request.extensions_mut().insert(deadline);
    let builder = HyperTransport::builder();
    let (error, waited) = overdue(builder, &server, request).await;
    assert_lasted(waited, 7);
    let text = "no complete answer from HOST within 7s; try again, or raise total_timeout";
    assert_eq!(told(&error, &server), (Stage::MaybeSent, text.to_owned()));
}

#[tokio::test]
async fn cut_body_is_not_taken_for_a_whole_one() {
    let server = TestServer::cut_body().await.unwrap();
    let error = failure(HyperTransport::builder(), &server).await;
    let text = "the answer of HOST broke off before its end";
    assert_eq!(told(&error, &server), (Stage::Unreadable, text.to_owned()));
}

#[tokio::test]
async fn what_follows_an_answer_is_not_taken_for_the_next() {
    let server = TestServer::overlong_body().await.unwrap();
    let transport = HyperTransport::new();
    for _ in 0..3 {
        let response = transport.fetch(request(&server)).await.unwrap();
        assert_eq!(response.body(), "hello");
        // The connection may not be used again; whether that has been seen yet is the next
        // request's luck.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn endless_body_ends_at_the_limit() {
    let server = TestServer::endless_body().await.unwrap();
    let error = failure(HyperTransport::builder().body_limit(1000), &server).await;
    assert!(error.is_body_too_large() && error.is_permanent());
    let text = "the answer of HOST is longer than 1000 bytes; raise the limit on bodies if that is expected";
    assert_eq!(told(&error, &server), (Stage::Unreadable, text.to_owned()));
}

#[tokio::test]
async fn gzip_bomb_ends_at_the_limit() {
    let server = TestServer::gzip_bomb(64 << 20).await.unwrap();
    let error = failure(HyperTransport::builder().body_limit(1 << 20), &server).await;
    assert!(error.is_body_too_large());
    let text = "the answer of HOST is longer than 1048576 bytes when it is unpacked; raise the limit on bodies if that is expected";
    assert_eq!(told(&error, &server), (Stage::Unreadable, text.to_owned()));
}

#[tokio::test]
async fn packed_answer_is_unpacked_and_says_no_more_that_it_was_packed() {
    let server = TestServer::gzip_bomb(100_000).await.unwrap();
    let response = HyperTransport::new().fetch(request(&server)).await.unwrap();
    assert_eq!(response.body().len(), 100_000);
    assert!(!response.headers().contains_key("content-encoding"));
    assert!(!response.headers().contains_key("content-length"));

    // Whoever asks for a packing gets it.
    let mut asked = request(&server);
    let value = http::HeaderValue::from_static("gzip");
    asked.headers_mut().insert("accept-encoding", value);
    let response = HyperTransport::new().fetch(asked).await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert!(response.body().len() < 1000);
}

#[tokio::test]
async fn packing_that_is_wrong_or_unknown_is_said() {
    for (coding, text) in [
        (
            "gzip",
            "the answer of HOST says that it is packed as gzip, and is not",
        ),
        (
            "compress",
            "the answer of HOST is packed as \"compress\", which nobody asked for; ask its administrator to send it plain",
        ),
    ] {
        let answer = CannedResponse::new(200).header("content-encoding", coding);
        let server = TestServer::in_turn([answer.body("<html>")]).await.unwrap();
        let error = failure(HyperTransport::builder(), &server).await;
        assert_eq!(told(&error, &server), (Stage::Unreadable, text.to_owned()));
        assert!(error.is_permanent());
    }
}

#[tokio::test]
async fn connection_that_dies_before_the_answer_is_told() {
    let server = TestServer::closing("").await.unwrap();
    let error = failure(HyperTransport::builder(), &server).await;
    assert!(error.is_closed() && !error.is_permanent());
    let text = "HOST closed the connection without an answer";
    assert_eq!(told(&error, &server), (Stage::MaybeSent, text.to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fresh_connections_do_not_meet_those_that_were_closed_in_silence() {
    let server = TestServer::closing(CannedResponse::new(200).body("hello").to_bytes())
        .await
        .unwrap();
    let transport = HyperTransport::new();
    for calls in 1..=300 {
        let mut request = request(&server);
        request.extensions_mut().insert(FreshConnection::new());
        let response = transport.fetch(request).await.unwrap();
        assert_eq!(response.body(), "hello");
        assert_eq!(server.connections(), calls);
    }
}

#[tokio::test]
async fn statuses_of_refusal_are_responses() {
    for status in [301, 307, 401, 429, 500, 503] {
        let answer = CannedResponse::new(status).header("retry-after", "3");
        let server = TestServer::in_turn([answer.body("busy")]).await.unwrap();
        let response = HyperTransport::new().fetch(request(&server)).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["retry-after"], "3");
        assert_eq!(response.body(), "busy");
        assert_eq!(server.requests(), 1);
    }
}

#[tokio::test]
async fn name_without_address_is_told() {
    let transport = HyperTransport::builder()
        .allow_plain_http_to(unknown_host())
        .build();
    let url = format!("http://{}/records", unknown_host());
    let request = Request::get(url).body(Bytes::new()).unwrap();
    let error = transport.fetch(request).await.unwrap_err();
    assert_eq!(error.stage(), Stage::NotSent);
    assert!(error.is_connect() && !error.is_permanent());
    assert_eq!(
        error.to_string(),
        "there is no address for the name in container.invalid; check its spelling, and this machine's name service"
    );
}

#[tokio::test]
async fn address_given_by_hand_stands_for_a_name() {
    let server = TestServer::in_turn([CannedResponse::new(200).body("hello")])
        .await
        .unwrap();
    let transport = HyperTransport::builder()
        .allow_plain_http_to(unknown_host())
        .resolve(&unknown_host().to_uppercase(), server.address())
        .build();
    let url = format!("http://{}/records", unknown_host());
    let request = Request::get(url).body(Bytes::new()).unwrap();
    let response = transport.fetch(request).await.unwrap();
    assert_eq!(response.body(), "hello");
}

#[tokio::test]
async fn idle_connections_are_closed_after_their_time_and_beyond_their_number() {
    let server = TestServer::in_turn([CannedResponse::new(200).body("hello")])
        .await
        .unwrap();
    let idle = Duration::from_millis(150);
    let builder = HyperTransport::builder().pool_idle_timeout(idle);
    let transport = builder.pool_idle_connections(2).build();
    let four = || {
        let calls: Vec<_> = (0..4)
            .map(|_| {
                let (transport, request) = (transport.clone(), request(&server));
                tokio::spawn(async move { transport.send(request).await })
            })
            .collect();
        async move {
            let mut answers = Vec::new();
            for call in calls {
                answers.push(call.await.unwrap().unwrap());
            }
            for answer in answers {
                assert_eq!(answer.into_body().bytes().await.unwrap(), "hello");
            }
        }
    };
    four().await;
    assert_eq!(server.connections(), 4);
    // Two of them were kept.
    four().await;
    assert_eq!(server.connections(), 6);
    // Nobody asks for them, and they are closed all the same.
    for _ in 0..100 {
        if server.open_connections() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(server.open_connections(), 0);
    four().await;
    assert_eq!(server.connections(), 10);
}

#[tokio::test]
async fn request_that_was_answered_before_its_end_holds_nobody_up() {
    let first = AtomicBool::new(true);
    let server = TestServer::start(move |mut connection| {
        let first = first.swap(false, Ordering::SeqCst);
        async move {
            if first {
                // Seen enough after the head, and reads no further.
                tokio::time::sleep(Duration::from_millis(50)).await;
                connection
                    .answer(&CannedResponse::new(413).body("no"))
                    .await?;
                return std::future::pending().await;
            }
            while connection.read_request().await?.is_some() {
                connection
                    .answer(&CannedResponse::new(200).body("hello"))
                    .await?;
            }
            Ok(())
        }
    })
    .await
    .unwrap();
    let transport = HyperTransport::new();
    let mut put = request(&server);
    *put.method_mut() = http::Method::PUT;
    *put.body_mut() = vec![b'x'; 16 << 20].into();
    let refusal = transport.fetch(put).await.unwrap();
    assert_eq!(refusal.status(), 413);
    let began = std::time::Instant::now();
    let response = transport.fetch(request(&server)).await.unwrap();
    assert_eq!(response.body(), "hello");
    assert!(began.elapsed() < SECOND);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn without_a_pool_each_request_has_its_own_connection() {
    let server = TestServer::in_turn([CannedResponse::new(200).body("hello")])
        .await
        .unwrap();
    let builder = HyperTransport::builder().pool_idle_connections(0);
    let transport = builder.build();
    for number in 1..4 {
        transport.fetch(request(&server)).await.unwrap();
        assert_eq!(server.connections(), number);
    }
}

#[test]
fn transport_outlives_a_runtime() {
    let lasting = tokio::runtime::Runtime::new().unwrap();
    let server = lasting.block_on(TestServer::in_turn(
        [CannedResponse::new(200).body("hello")],
    ));
    let server = server.unwrap();
    let transport = HyperTransport::new();
    for _ in 0..2 {
        let passing = tokio::runtime::Runtime::new().unwrap();
        let answer = passing.block_on(transport.fetch(request(&server)));
        assert_eq!(answer.unwrap().body(), "hello");
    }
}

#[tokio::test]
async fn call_dropped_anywhere_leaves_the_pool_usable() {
    let server = TestServer::slow_body(Duration::from_millis(1))
        .await
        .unwrap();
    let well = TestServer::in_turn([CannedResponse::new(200).body("hello")])
        .await
        .unwrap();
    let transport = HyperTransport::new();
    for target in [&server, &well] {
        for polls in 0..40 {
            let mut call = Box::pin(transport.fetch(request(target)));
            for _ in 0..polls {
                let done = std::future::poll_fn(|context| {
                    std::task::Poll::Ready(call.as_mut().poll(context).is_ready())
                });
                if done.await {
                    break;
                }
                tokio::task::yield_now().await;
            }
            drop(call);
            let response = transport.fetch(request(&well)).await.unwrap();
            assert_eq!(response.body(), "hello");
        }
    }
}
