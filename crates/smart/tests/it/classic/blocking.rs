//! The face for threads that wait.

use smart::Error;
use smart::classic::Body;
use smart_test_support::{CannedResponse, TestServer};

use super::container::{APP, SECRET, answer, builder, form, html, manifest, token, token_body};

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
        .block_on(TestServer::in_turn(
            [CannedResponse::new(200).body("hello")],
        ))
        .unwrap();
    let client = smart::blocking::classic::Client::builder()
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
    // A connection goes back to the pool a moment after its answer is read, which the next call may
    // not wait for.
    assert!(server.connections() < 10, "none was kept");
}

#[test]
fn pages_are_an_iterator() {
    let (builder, log) = builder(|seen| {
        let next = match seen.uri.split_once("offset=").map(|(_, offset)| offset) {
            None => "/records/1/medications/?limit=2&offset=2",
            Some("2") => "/records/1/medications/?limit=2&offset=4",
            // Back to the start.
            Some(_) => "/records/1/medications/?limit=2&offset=0",
        };
        let page = format!(
            "@prefix api: <http://smartplatforms.org/terms/api#> . [] a api:ResponseSummary ; api:nextPageURL {next:?} ."
        );
        answer(200, "text/turtle", page)
    });
    let client = builder.build_blocking().unwrap();
    let record = client.record("1").with_token(token("t1"));
    let pages = record.get_medications().limit(2).pages();
    let pages: Vec<_> = pages.map(|page| page.map(|_| ())).collect();
    assert_eq!(pages.len(), 3);
    assert!(pages[0].is_ok() && pages[1].is_ok());
    let error = pages[2].as_ref().unwrap_err().to_string();
    assert!(error.contains("does not go on from here"), "{error}");
    assert_eq!(log.lines().len(), 3);
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
        "a blocking handle cannot wait inside an asynchronous runtime; use the asynchronous handles there"
    );
    assert!(log.all().is_empty());
    // Nor is dropping the last handle.
    drop((client, record));
}
