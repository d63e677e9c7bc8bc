//! What a client is made of.

use std::time::{Duration, SystemTime};

use smart::classic::{Client, ClientBuilder, Record, RecordSweep, User};
use smart::{Error, Stage};

use super::container::{APP, BASE, SECRET, builder, client, manifest, story, token};

fn failure(builder: ClientBuilder) -> Error {
    let error = builder.build().unwrap_err();
    assert_eq!(error.stage(), Stage::NotSent);
    assert_eq!(error.status(), None);
    assert!(!error.is_retryable());
    error
}

#[test]
fn missing_settings_are_named() {
    for (builder, expected) in [
        (
            Client::builder().api_base(BASE).consumer(APP, SECRET),
            "the client has no app id; set it when the client is built",
        ),
        (
            Client::builder().app_id(APP).consumer(APP, SECRET),
            "the client has no api base; set it when the client is built",
        ),
        (
            Client::builder().app_id(APP).api_base(BASE),
            "the client has no consumer; set it when the client is built",
        ),
        (
            Client::builder()
                .app_id(APP)
                .api_base("localhost:7000/x")
                .consumer(APP, SECRET),
            "not an address: give the API base as in http://localhost:7000",
        ),
        (
            Client::builder()
                .app_id(APP)
                .api_base("ftp://localhost")
                .consumer(APP, SECRET),
            "an API base begins with http:// or https:// and names a host",
        ),
    ] {
        assert_eq!(failure(builder).to_string(), expected);
    }
}

#[test]
fn handles_may_be_shared_between_threads() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    fn sent<T: Send + Unpin + 'static>() {}
    shared::<Client>();
    shared::<Record>();
    shared::<User>();
    sent::<RecordSweep>();
    sent::<Error>();
}

#[tokio::test]
async fn every_signature_has_a_nonce_of_its_own_and_the_time() {
    let (client, log) = client(|_| manifest());
    let record = client.record("1").with_token(token("t1"));
    for _ in 0..10 {
        record.get_medications().send().await.unwrap();
    }
    let seen = log.all();
    let mut nonces: Vec<_> = seen.iter().map(|seen| &seen.nonce).collect();
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 10);
    assert!(nonces.iter().all(|nonce| nonce.len() == 32));
    assert!(seen.iter().all(|seen| seen.timestamp == "1365000000"));
}

#[tokio::test]
async fn clock_and_randomness_can_be_given() {
    let (builder, log) = builder(|_| manifest());
    let client = builder
        .clock(|| SystemTime::UNIX_EPOCH + Duration::from_millis(1999))
        .randomness(|buffer| {
            buffer.fill(0xab);
            Ok(())
        })
        .build()
        .unwrap();
    client.manifest().await.unwrap();
    let seen = log.all();
    assert_eq!(seen[0].nonce, "ab".repeat(16));
    assert_eq!(seen[0].timestamp, "1");
}

#[tokio::test]
async fn without_time_or_randomness_nothing_is_sent() {
    let (without_time, log) = builder(|_| manifest());
    let client = without_time
        .clock(|| SystemTime::UNIX_EPOCH - Duration::from_secs(1))
        .build()
        .unwrap();
    let error = client.manifest().await.unwrap_err();
    assert_eq!(error.stage(), Stage::NotSent);
    assert_eq!(
        error.to_string(),
        "this machine's clock is set before 1970; correct it, since every signature carries the time"
    );
    assert!(log.all().is_empty());

    let (without_randomness, log) = builder(|_| manifest());
    let client = without_randomness
        .randomness(|_| Err("the well is dry".into()))
        .build()
        .unwrap();
    let error = client.manifest().await.unwrap_err();
    assert_eq!(error.stage(), Stage::NotSent);
    assert_eq!(
        story(&error),
        "the operating system gave no randomness, without which nothing can be signed: the well is dry"
    );
    assert!(log.all().is_empty());
}
