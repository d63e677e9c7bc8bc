//! A container whose clock is not ours.

use std::time::{Duration, SystemTime};

use smart::{Client, Retries};
use smart_test_support::{Answer, Server};

use crate::container::{APP, SECRET, token};

#[tokio::test]
async fn clock_an_hour_off_costs_one_refusal() {
    for seconds in [3600, -3600] {
        let server = Server::with_clock_ahead(seconds, |_| Answer::new(200))
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
        let note = smart::Body::text("x");
        let record = other.record("1").with_token(token("t1"));
        record.post_clinical_note(note).send().await.unwrap();
    }
}

#[tokio::test]
async fn clock_is_learned_once_a_call() {
    // However it is answered, this container refuses, each time with another date.
    let server = Server::in_turn([
        Answer::new(401).header("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        Answer::new(401).header("date", "Sun, 06 Nov 2044 08:49:37 GMT"),
    ])
    .await
    .unwrap();
    let client = Client::builder()
        .app_id(APP)
        .api_base(server.url(""))
        .consumer(APP, SECRET)
        .build()
        .unwrap();
    let record = client.record("1").with_token(token("t1"));
    let error = record.get_medications().send().await.unwrap_err();
    assert_eq!(error.status().unwrap(), 401);
    assert_eq!(server.requests(), 2);
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
            .fold(Answer::new(401), |answer, (name, value)| {
                answer.header(name, *value)
            });
        let server = Server::in_turn([answer]).await.unwrap();
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
