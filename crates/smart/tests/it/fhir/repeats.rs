//! What is made again at a FHIR server, and what is not.

#[cfg(feature = "jwt")]
use std::sync::Arc;
#[cfg(feature = "jwt")]
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use smart::Retries;
use smart::fhir::{App, Repeatable, Session};
use smart_test_support::{CannedResponse, TestServer};

use super::ehr::{Ehr, builder, get, json, key, session, tokens};

/// Answers what ends so with this status, as often as there are answers; then properly.
fn failing_at(ehr: &Ehr, end: &'static str, times: usize, answer: Response<Bytes>) {
    let mut left = times;
    ehr.instead(move |seen| {
        let is_meant = seen.line.ends_with(end) && left > 0;
        is_meant.then(|| {
            left -= 1;
            answer.clone()
        })
    });
}

fn busy(retry_after: Option<&str>) -> Response<Bytes> {
    let mut response = json(503, "");
    if let Some(wait) = retry_after {
        let wait = wait.parse().unwrap();
        response.headers_mut().insert("retry-after", wait);
    }
    response
}

fn request(method: Method, headers: &[(&'static str, &'static str)]) -> Request<Bytes> {
    let mut request = get("Patient/1");
    *request.method_mut() = method;
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    request
}

#[tokio::test(start_paused = true)]
async fn writes_are_repeated_only_if_they_had_no_effect() {
    let said = || {
        let mut said = request(Method::POST, &[]);
        said.extensions_mut().insert(Repeatable);
        said
    };
    for (request, retry_after, attempts) in [
        (request(Method::GET, &[]), None, 2),
        (request(Method::PUT, &[]), None, 2),
        (request(Method::POST, &[]), None, 1),
        (request(Method::PATCH, &[]), None, 1),
        (request(Method::POST, &[]), Some("0"), 2),
        (request(Method::POST, &[("if-none-exist", "a=b")]), None, 2),
        (said(), None, 2),
        // The first may have made the version another one.
        (request(Method::PUT, &[("if-match", "W/\"1\"")]), None, 1),
        (request(Method::DELETE, &[("if-match", "W/\"1\"")]), None, 1),
        (request(Method::GET, &[("if-match", "W/\"1\"")]), None, 2),
    ] {
        let ehr = Ehr::default();
        let (builder, _) = builder(&ehr);
        let app = builder.retries(Retries::default()).build().unwrap();
        let session = session(&app).await;
        failing_at(&ehr, "/Patient/1", 1, busy(retry_after));
        let what = format!("{} {retry_after:?}", request.method());
        let response = session.send(request).await.unwrap();
        assert_eq!(ehr.all().len(), attempts, "{what}");
        assert_eq!(response.status() == StatusCode::OK, attempts == 2, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn refreshes_and_registrations_are_sent_once_unless_the_server_says_when() {
    for (retry_after, attempts) in [(None, 1), (Some("0"), 2)] {
        let ehr = Ehr::default();
        let (builder, hands) = builder(&ehr);
        let app = builder.retries(Retries::default()).build().unwrap();
        let session = session(&app).await;
        failing_at(&ehr, "/token", 1, busy(retry_after));
        hands.advance(3600);
        let renewed = session.send(get("Patient/1")).await;
        assert_eq!(renewed.is_ok(), attempts == 2);
        assert_eq!(ehr.refreshes(), attempts);

        let ehr = Ehr::default();
        let (builder, _) = super::ehr::builder(&ehr);
        failing_at(&ehr, "/register", 1, busy(retry_after));
        let builder = builder.retries(Retries::default());
        let registered = builder.register("Pill counter", "patient/*.rs").await;
        assert_eq!(registered.is_ok(), attempts == 2);
        assert_eq!(ehr.count("POST https://ehr.example/register"), attempts);
    }
}

/// A session over real sockets.
async fn session_of(server: &TestServer) -> Session {
    let app = App::builder(server.url("/fhir"))
        .client_id("app")
        .client_secret("secret")
        .build()
        .unwrap();
    Session::with_tokens(&app, key("user"), tokens())
        .await
        .unwrap()
}

#[tokio::test]
async fn streams_are_begun_again_where_the_server_closed_an_idle_connection() {
    let server = TestServer::closing(CannedResponse::new(200).body("{}\n").to_bytes())
        .await
        .unwrap();
    let session = session_of(&server).await;
    for _ in 0..20 {
        let request = Request::get(server.url("/fhir/file.ndjson"));
        let response = session
            .stream(request.body(Bytes::new()).unwrap())
            .await
            .unwrap();
        assert_eq!(response.into_body().bytes().await.unwrap(), "{}\n");
    }
}

#[tokio::test]
async fn streams_are_begun_again_after_passing_faults() {
    let busy = CannedResponse::new(503).header("retry-after", "0");
    let server = TestServer::in_turn([busy, CannedResponse::new(200).body("{}\n")])
        .await
        .unwrap();
    let session = session_of(&server).await;
    let request = Request::get(server.url("/fhir/file.ndjson"));
    let response = session
        .stream(request.body(Bytes::new()).unwrap())
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(server.requests(), 2);
}

#[cfg(feature = "jwt")]
#[tokio::test]
async fn parallel_statements_are_all_corrected_by_their_own_refusal() {
    use smart::oauth::oauth2::AssertionKey;

    const P384: &str = include_str!("../../../../smart-oauth/tests/keys/p384.pem");

    let ehr = Ehr::default();
    let (builder, _) = builder(&ehr);
    // The first eight are refused: they were all made before the first refusal came.
    let seen_so_far = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen_so_far);
    ehr.instead(move |seen| {
        if !seen.line.ends_with("/token") || count.fetch_add(1, Ordering::SeqCst) >= 8 {
            return None;
        }
        let mut response = json(401, r#"{"error": "invalid_client"}"#);
        let date = "Fri, 15 Jan 2027 09:00:00 GMT".parse().unwrap();
        response.headers_mut().insert("date", date);
        Some(response)
    });
    let key = AssertionKey::es384("k1", P384).unwrap();
    let app = builder.signing_key(key).build().unwrap();
    app.server().await.unwrap();
    let asked = (0..8).map(|_| app.client_credentials("system/*.rs"));
    for session in futures_util::future::join_all(asked).await {
        session.unwrap();
    }
    assert_eq!(seen_so_far.load(Ordering::SeqCst), 16);
}
