//! What is made again, when, and how it is signed. Time is simulated: nothing here waits.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response};
use smart::classic::{Body, Client, ClientBuilder};
use smart::transport::{Stage as Sent, TransportError};
use smart::{Error, Retries, Stage};
use smart_test_support::{Authority, CannedResponse, TestServer};
use tokio::time::Instant;

use super::container::{APP, BASE, Bytes, SECRET, builder, html, token};

/// What a transport does at an attempt.
#[derive(Clone, Debug)]
enum Turn {
    Status(u16),
    Wait(&'static str),
    Fails(Sent),
}

/// When the attempts came, and with which nonces.
#[derive(Clone, Default)]
struct Attempts(Arc<Mutex<Vec<(Duration, String)>>>);

impl Attempts {
    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// The pauses between the attempts, in milliseconds.
    fn pauses(&self) -> Vec<u128> {
        let attempts = self.0.lock().unwrap();
        attempts
            .windows(2)
            .map(|two| (two[1].0 - two[0].0).as_millis())
            .collect()
    }

    fn distinct_nonces(&self) -> usize {
        let attempts = self.0.lock().unwrap();
        let nonces: HashSet<_> = attempts.iter().map(|(_, nonce)| nonce).collect();
        nonces.len()
    }
}

/// A client of a container that does this in turn, the last ever after. Pauses have their full
/// length.
fn client(turns: &[Turn]) -> (ClientBuilder, Attempts) {
    let attempts = Attempts::default();
    let (turns, log, began) = (turns.to_vec(), attempts.clone(), Instant::now());
    let transport = move |request: Request<Bytes>| {
        let header = request.headers()["authorization"].to_str().unwrap();
        let nonce = header.split("oauth_nonce=").nth(1).unwrap();
        let nonce = nonce.split(',').next().unwrap().to_owned();
        let mut attempts = log.0.lock().unwrap();
        let turn = turns[attempts.len().min(turns.len() - 1)].clone();
        attempts.push((began.elapsed(), nonce));
        async move {
            match turn {
                Turn::Status(status) => Ok(html(status, "")),
                Turn::Wait(wait) => {
                    let response = Response::builder().status(503).header("retry-after", wait);
                    let response = response.header("date", "Sun, 06 Nov 1994 08:49:37 GMT");
                    Ok(response.body(Bytes::new()).unwrap())
                }
                Turn::Fails(stage) => Err(TransportError::new(stage, "for the test")),
            }
        }
    };
    let mut counter = 0_u8;
    let counter = Mutex::new(move || {
        counter = counter.wrapping_add(1);
        counter
    });
    let builder = Client::builder()
        .app_id(APP)
        .api_base(BASE)
        .consumer(APP, SECRET)
        .randomness(move |buffer| {
            // Pauses draw four bytes, nonces sixteen: the first are as large as can be, the others
            // never the same.
            let value = (counter.lock().unwrap())();
            buffer.fill(if buffer.len() == 4 { 255 } else { value });
            Ok(())
        })
        .transport(transport);
    (builder, attempts)
}

async fn get(builder: ClientBuilder) -> Result<(), Error> {
    let record = builder.build().unwrap().record("1").with_token(token("t1"));
    record.get_medications().send().await.map(|_answer| ())
}

async fn post(builder: ClientBuilder) -> Result<(), Error> {
    let record = builder.build().unwrap().record("1").with_token(token("t1"));
    let note = record.post_clinical_note(Body::text("x"));
    note.send().await.map(|_answer| ())
}

#[tokio::test(start_paused = true)]
async fn passing_faults_pass() {
    use Turn::{Fails, Status};
    for fault in [
        Status(429),
        Status(502),
        Status(503),
        Status(504),
        Fails(Sent::NotSent),
        Fails(Sent::MaybeSent),
        Fails(Sent::Unreadable),
    ] {
        let (builder, attempts) = client(&[fault.clone(), fault.clone(), Status(200)]);
        get(builder).await.unwrap();
        assert_eq!(attempts.pauses(), [100, 200], "{fault:?}");
        assert_eq!(attempts.distinct_nonces(), 3, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_pass_is_told_with_the_number_of_attempts() {
    let (builder, attempts) = client(&[Turn::Fails(Sent::MaybeSent)]);
    let error = get(builder).await.unwrap_err();
    assert_eq!(attempts.pauses(), [100, 200, 400]);
    assert_eq!(
        error.to_string(),
        "the request may have been sent, but no answer came (tried 4 times)"
    );
    let (builder, attempts) = client(&[Turn::Status(503)]);
    let error = get(builder).await.unwrap_err();
    assert_eq!(attempts.count(), 4);
    assert_eq!(error.status().unwrap(), 503);
    assert_eq!(error.stage(), Stage::Refused);
}

#[tokio::test(start_paused = true)]
async fn other_refusals_are_final() {
    for status in [301, 307, 400, 401, 403, 404, 500, 501] {
        let (builder, attempts) = client(&[Turn::Status(status)]);
        assert!(get(builder).await.is_err());
        assert_eq!(attempts.count(), 1, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn posts_are_repeated_only_when_they_had_no_effect() {
    use Turn::{Fails, Status};
    for (fault, repeated) in [
        (Fails(Sent::NotSent), true),
        (Status(429), true),
        (Turn::Wait("0"), true),
        (Status(503), false),
        (Fails(Sent::MaybeSent), false),
        (Fails(Sent::Unreadable), false),
        (Status(500), false),
        (Status(502), false),
        (Status(504), false),
    ] {
        let (builder, attempts) = client(&[fault.clone(), Status(200)]);
        assert_eq!(post(builder).await.is_ok(), repeated, "{fault:?}");
        assert_eq!(attempts.count(), 1 + usize::from(repeated), "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn container_says_how_long_to_wait() {
    for (wait, expected) in [
        ("7", 7100),
        ("0", 100),
        ("Sun, 06 Nov 1994 08:49:57 GMT", 20_100),
    ] {
        let (builder, attempts) = client(&[Turn::Wait(wait), Turn::Status(200)]);
        get(builder).await.unwrap();
        assert_eq!(attempts.pauses(), [expected], "{wait}");
    }
    // Longer than the whole may take: not waited for, but told.
    let (builder, attempts) = client(&[Turn::Wait("3600"), Turn::Status(200)]);
    let error = get(builder).await.unwrap_err();
    assert_eq!(attempts.count(), 1);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
    assert!(error.is_retryable());
}

#[tokio::test(start_paused = true)]
async fn all_attempts_together_keep_the_time_limit() {
    let forever = Retries::default()
        .with_attempts(1000)
        .with_budget(1000)
        .with_pauses(Duration::from_secs(7), Duration::from_secs(7));
    let (builder, attempts) = client(&[Turn::Status(503)]);
    let began = Instant::now();
    assert!(get(builder.retries(forever)).await.is_err());
    assert!(began.elapsed() < Duration::from_secs(60));
    assert_eq!(attempts.count(), 9);
}

#[tokio::test(start_paused = true)]
async fn container_that_is_down_is_not_asked_four_times_as_often() {
    let (builder, attempts) = client(&[Turn::Status(503)]);
    let client = builder.build().unwrap();
    let record = client.record("1").with_token(token("t1"));
    for _ in 0..100 {
        assert!(record.get_medications().send().await.is_err());
    }
    assert_eq!(attempts.count(), 120);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_repeated_when_that_is_asked_for() {
    let (builder, attempts) = client(&[Turn::Status(503)]);
    assert!(get(builder.retries(Retries::none())).await.is_err());
    assert_eq!(attempts.count(), 1);
}

#[test]
fn without_a_runtime_there_are_no_pauses() {
    let (builder, attempts) = client(&[Turn::Status(503)]);
    let error = futures_util::future::FutureExt::now_or_never(get(builder));
    assert_eq!(error.unwrap().unwrap_err().status().unwrap(), 503);
    assert_eq!(attempts.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn sweeps_and_dances_are_repeated_too() {
    let failed = std::sync::atomic::AtomicBool::new(false);
    let (builder, log) = builder(move |seen| match seen.uri.as_str() {
        // Every other attempt fails.
        _ if !failed.fetch_xor(true, std::sync::atomic::Ordering::SeqCst) => html(503, ""),
        "http://localhost:7000/manifest" => super::container::manifest(),
        uri if uri.ends_with("/first") => {
            super::container::form(super::container::token_body("t1", "&smart_record_id=1"))
        }
        uri if uri.ends_with("/next") => html(404, ""),
        _ => super::container::form(super::container::token_body("rt", "")),
    });
    let client = builder.retries(Retries::default()).build().unwrap();
    let mut records = client.records();
    assert!(records.try_next().await.unwrap().is_some());
    assert!(records.try_next().await.unwrap().is_none());
    client.authorize("1").await.unwrap();
    let nonces: HashSet<_> = log.all().into_iter().map(|seen| seen.nonce).collect();
    assert_eq!(nonces.len(), log.all().len());
}

/// A client over real sockets.
fn client_of(server: &TestServer) -> Client {
    Client::builder()
        .app_id(APP)
        .api_base(server.url(""))
        .consumer(APP, SECRET)
        .build()
        .unwrap()
}

#[tokio::test]
async fn busy_server_is_asked_again() {
    for status in [429, 503] {
        let busy = CannedResponse::new(status).header("retry-after", "0");
        let server = TestServer::in_turn([busy, CannedResponse::new(200)])
            .await
            .unwrap();
        let record = client_of(&server).record("1").with_token(token("t1"));
        record.get_medications().send().await.unwrap();
        record
            .post_clinical_note(Body::text("x"))
            .send()
            .await
            .unwrap();
        assert_eq!(server.requests(), 3);
    }
}

#[tokio::test]
async fn connection_that_dies_before_the_answer_is_tried_once_more_at_once() {
    let server = TestServer::closing("").await.unwrap();
    let one_more = Retries::default().with_attempts(2).with_budget(0);
    let client = Client::builder()
        .app_id(APP)
        .api_base(server.url(""))
        .consumer(APP, SECRET)
        .retries(one_more)
        .build()
        .unwrap();
    let record = client.record("1").with_token(token("t1"));
    let error = record.get_medications().send().await.unwrap_err();
    assert_eq!(server.requests(), 2);
    assert!(error.to_string().ends_with("(tried 2 times)"), "{error}");
    // A POST may have had its effect.
    let note = record.post_clinical_note(Body::text("x"));
    assert_eq!(note.send().await.unwrap_err().stage(), Stage::MaybeSent);
    assert_eq!(server.requests(), 3);
}

#[tokio::test]
async fn posts_have_connections_of_their_own() {
    let server = TestServer::in_turn([CannedResponse::new(200)])
        .await
        .unwrap();
    let record = client_of(&server).record("1").with_token(token("t1"));
    record.get_medications().send().await.unwrap();
    record.get_medications().send().await.unwrap();
    assert_eq!(server.connections(), 1);
    for connections in 2..5 {
        record
            .post_clinical_note(Body::text("x"))
            .send()
            .await
            .unwrap();
        assert_eq!(server.connections(), connections);
    }
}

#[tokio::test]
async fn server_that_goes_away_is_asked_again() {
    use smart::transport::{Certificates, HyperTransport};
    let authority = Authority::new().unwrap();
    let identity = authority.certify(&["localhost"]).unwrap();
    let server = TestServer::going_away_after(&identity, 1).await.unwrap();
    let certificates = Certificates::from_pem(authority.pem().as_bytes()).unwrap();
    let transport = HyperTransport::builder().trust_certificate(certificates);
    let client = Client::builder()
        .app_id(APP)
        .api_base(server.url(""))
        .consumer(APP, SECRET)
        .transport(transport.build())
        .build()
        .unwrap();
    let record = client.record("1").with_token(token("t1"));
    for _ in 0..4 {
        let answer = record.get_medications().send().await.unwrap();
        assert_eq!(answer.bytes(), "hello");
    }
}

#[tokio::test]
async fn call_dropped_anywhere_leaves_the_client_usable() {
    let busy = CannedResponse::new(503).header("retry-after", "0");
    let turns = (0..200).flat_map(|_| [busy.clone(), CannedResponse::new(200)]);
    let server = TestServer::in_turn(turns).await.unwrap();
    let none = Retries::default()
        .with_pauses(Duration::ZERO, Duration::ZERO)
        .with_budget(1000);
    let client = Client::builder()
        .app_id(APP)
        .api_base(server.url(""))
        .consumer(APP, SECRET)
        .retries(none)
        .build()
        .unwrap();
    let record = client.record("1").with_token(token("t1"));
    for polls in 0..40 {
        let mut call = Box::pin(record.get_medications().send());
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
        record.get_medications().send().await.unwrap();
    }
}

#[tokio::test]
async fn stray_answer_on_an_idle_connection_is_not_the_answer_to_the_next_call() {
    // On a thread of its own, so that it goes on while the client's only thread is kept busy.
    let elsewhere = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (said, heard) = std::sync::mpsc::channel();
    let starting = TestServer::start(move |mut connection| {
        let said = said.clone();
        async move {
            connection.read_request().await?;
            connection
                .answer(&CannedResponse::new(200).body("proper"))
                .await?;
            tokio::time::sleep(Duration::from_millis(20)).await;
            connection
                .answer(&CannedResponse::new(200).body("stray"))
                .await?;
            let _ = said.send(());
            std::future::pending().await
        }
    });
    let server = elsewhere.spawn(starting).await.unwrap().unwrap();
    let record = client_of(&server).record("1").with_token(token("t1"));
    for _ in 0..3 {
        let answer = record.get_medications().send().await.unwrap();
        assert_eq!(answer.bytes(), "proper");
        heard.recv().unwrap();
    }
    elsewhere.shutdown_background();
}
