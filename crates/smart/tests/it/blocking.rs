//! The face for threads that wait.

use smart::{Body, Error};
use smart_test_support::{Answer, Server};

use crate::container::{APP, SECRET, builder, form, html, manifest, token, token_body};

#[test]
fn sweep_is_an_iterator_and_calls_are_functions() {
    let (builder, log) = builder(|seen| match seen.uri.rsplit('/').next() {
        Some("first") => form(token_body("t1", "&smart_record_id=1")),
        Some("next") if seen.nonce.is_empty() => html(500, ""),
        Some("next") => html(404, ""),
        Some("manifest") => manifest(),
        _ => html(200, "hello"),
    });
    let client = builder.build_blocking().unwrap();
    let mut records = client.records();
    let record = records.next().unwrap().unwrap();
    assert_eq!(record.id().as_str(), "1");
    assert!(records.next().is_none());
    let answer = record.get_medications().limit(3).send().unwrap();
    assert_eq!(answer.bytes(), "hello");
    record.post_clinical_note(Body::text("x")).send().unwrap();
    client.get_container_manifest().send().unwrap();
    let user = client.user("me@example.org").with_token(token("t1"));
    user.get_user_preferences().send().unwrap();
    assert_eq!(log.lines().len(), 6);
}

#[test]
fn connections_are_kept_between_calls_and_handles_may_go_anywhere() {
    let background = tokio::runtime::Runtime::new().unwrap();
    let server = background
        .block_on(Server::in_turn([Answer::new(200).body("hello")]))
        .unwrap();
    let client = smart::blocking::Client::builder()
        .app_id(APP)
        .api_base(server.url(""))
        .consumer(APP, SECRET)
        .build_blocking()
        .unwrap();
    let record = client.record("1").with_token(token("t1"));
    for _ in 0..10 {
        let record = record.clone();
        let answer = std::thread::spawn(move || record.get_medications().send());
        assert_eq!(answer.join().unwrap().unwrap().bytes(), "hello");
    }
    // A connection goes back to the pool a moment after its answer is read, which the next call may not wait for.
    assert!(server.connections() < 10, "none was kept");
}

#[tokio::test]
async fn waiting_inside_a_runtime_is_refused_and_not_a_panic() {
    let (builder, log) = builder(|_| html(200, ""));
    let client = builder.build_blocking().unwrap();
    let record = client.record("1").with_token(token("t1"));
    let error = record.get_medications().send().unwrap_err();
    assert!(matches!(error, Error::BlockingInsideAsync));
    assert_eq!(
        error.to_string(),
        "a blocking handle cannot wait inside an asynchronous runtime; use the handles of the crate's root there"
    );
    assert!(log.all().is_empty());
    // Nor is dropping the last handle.
    drop((client, record));
}
