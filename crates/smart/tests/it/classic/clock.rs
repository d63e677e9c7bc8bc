//! A container whose clock is not ours.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use smart::Retries;
use smart::classic::Client;
use smart_test_support::{CannedResponse, TestServer};

use super::container::{APP, SECRET, token};

#[tokio::test]
async fn clock_an_hour_off_costs_one_refusal() {
    for seconds in [3600, -3600] {
        let server = TestServer::with_clock_ahead(seconds, |_| CannedResponse::new(200))
            .await
            .unwrap();
        let client = Client::builder()
            .app_id(APP)
            .api_base(server.url(""))
            .consumer(APP, SECRET)
            .build()
            .unwrap();
        let record = client.record("1").with_token(token("t1"));
        assert_eq!(client.clock_correction(), 0);
        record.get_medications().send().await.unwrap();
        assert!(client.clock_correction().abs_diff(seconds) <= 2);
        assert_eq!(server.requests(), 2);
        for _ in 0..3 {
            record.get_problems().send().await.unwrap();
        }
        assert_eq!(server.requests(), 5);
        // A POST was refused, so it is as good as not sent.
        let other = Client::builder()
            .app_id(APP)
            .api_base(server.url(""))
            .consumer(APP, SECRET)
            .build()
            .unwrap();
        let note = smart::classic::Body::text("x");
        let record = other.record("1").with_token(token("t1"));
        record.post_clinical_note(note).send().await.unwrap();
    }
}

#[tokio::test]
async fn parallel_calls_all_learn_the_time_from_their_own_refusal() {
    let server = TestServer::with_clock_ahead(3600, |_| CannedResponse::new(200))
        .await
        .unwrap();
    let record = client_of(&server).record("1").with_token(token("t1"));
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let record = record.clone();
            tokio::spawn(async move { record.get_medications().send().await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
}

/// A client whose container refuses every call, in turn with these dates.
async fn refused_with(dates: &[SystemTime]) -> (Client, TestServer) {
    let refusals = dates
        .iter()
        .map(|date| CannedResponse::new(401).header("date", httpdate_of(*date)));
    let server = TestServer::in_turn(refusals).await.unwrap();
    (client_of(&server), server)
}

#[tokio::test]
async fn clock_is_learned_once_a_call_and_kept_only_if_that_helped() {
    let now = SystemTime::now();
    let (client, server) = refused_with(&[now + HOUR, now - HOUR]).await;
    let record = client.record("1").with_token(token("t1"));
    for requests in [2, 4] {
        let error = record.get_medications().send().await.unwrap_err();
        assert_eq!(error.status().unwrap(), 401);
        assert_eq!(client.clock_correction(), 0);
        assert_eq!(server.requests(), requests);
    }
}

#[tokio::test]
async fn date_of_another_year_is_not_signed() {
    let now = SystemTime::now();
    for date in [now + 20 * 365 * 24 * HOUR, now - 25 * HOUR] {
        let (client, server) = refused_with(&[date]).await;
        let record = client.record("1").with_token(token("t1"));
        let error = record.get_medications().send().await.unwrap_err();
        assert_eq!(error.status().unwrap(), 401);
        assert_eq!(client.clock_correction(), 0);
        assert_eq!(server.requests(), 1);
    }
}

#[tokio::test]
async fn clock_that_was_set_right_is_noticed() {
    let ahead = Arc::new(AtomicI64::new(0));
    let ours = Arc::clone(&ahead);
    let server = TestServer::with_clock_ahead(3600, |_| CannedResponse::new(200))
        .await
        .unwrap();
    let client = Client::builder()
        .app_id(APP)
        .api_base(server.url(""))
        .consumer(APP, SECRET)
        .clock(move || {
            let seconds = ours.load(Ordering::SeqCst).unsigned_abs();
            SystemTime::now() + Duration::from_secs(seconds)
        })
        .build()
        .unwrap();
    let record = client.record("1").with_token(token("t1"));
    record.get_medications().send().await.unwrap();
    assert!(client.clock_correction().abs_diff(3600) <= 2);
    ahead.store(3600, Ordering::SeqCst);
    record.get_medications().send().await.unwrap();
    assert!(client.clock_correction().unsigned_abs() <= 2);
}

const HOUR: Duration = Duration::from_secs(3600);

fn client_of(server: &TestServer) -> Client {
    Client::builder()
        .app_id(APP)
        .api_base(server.url(""))
        .consumer(APP, SECRET)
        .build()
        .unwrap()
}

#[tokio::test]
async fn refusal_that_is_not_about_the_time_is_final() {
    let now = httpdate_of(SystemTime::now() - Duration::from_secs(30));
    for headers in [
        vec![("date", now.as_str())],
        vec![("date", "yesterday")],
        vec![],
    ] {
        let answer = headers
            .iter()
            .fold(CannedResponse::new(401), |answer, (name, value)| {
                answer.header(name, *value)
            });
        let server = TestServer::in_turn([answer]).await.unwrap();
        let client = Client::builder()
            .app_id(APP)
            .api_base(server.url(""))
            .consumer(APP, SECRET)
            .retries(Retries::default())
            .build()
            .unwrap();
        let record = client.record("1").with_token(token("t1"));
        assert!(record.get_medications().send().await.is_err());
        assert_eq!(server.requests(), 1, "{headers:?}");
        assert_eq!(client.clock_correction(), 0);
    }
}

fn httpdate_of(time: SystemTime) -> String {
    httpdate::fmt_http_date(time)
}
