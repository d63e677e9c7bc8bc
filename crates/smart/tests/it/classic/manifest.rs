//! How the container's manifest is fetched, and what the calls to the container are signed with.

use std::sync::atomic::{AtomicBool, Ordering};

use smart::{Error, Stage};

use super::container::{answer, client, html, manifest, story, token};

#[tokio::test]
async fn manifest_is_fetched_once_and_signed_two_legged() {
    let (client, log) = client(|_| manifest());
    let other = client.clone();
    let (first, second) = tokio::join!(client.manifest(), other.manifest());
    assert_eq!(first.unwrap(), second.unwrap());
    client.launch_url().await.unwrap();
    assert_eq!(log.lines(), ["GET http://localhost:7000/manifest"]);
    assert_eq!(log.all()[0].token, None);
}

#[tokio::test]
async fn manifest_is_fetched_again_after_a_failure() {
    let is_up = AtomicBool::new(false);
    let (client, log) = client(move |_| {
        if is_up.swap(true, Ordering::SeqCst) {
            manifest()
        } else {
            html(503, "")
        }
    });
    let error = client.manifest().await.unwrap_err();
    assert!(error.is_retryable());
    client.manifest().await.unwrap();
    assert_eq!(log.all().len(), 2);
}

#[tokio::test]
async fn launch_url_holds_the_app_id() {
    let (client, _) = client(|_| manifest());
    assert_eq!(
        client.launch_url().await.unwrap(),
        "http://localhost:7001/apps/counter@apps.example.org/launch"
    );
}

#[tokio::test]
async fn what_is_no_manifest_is_explained() {
    for (body, expected) in [
        (
            "<!DOCTYPE html><title>It works!</title>",
            "the manifest of http://localhost:7000 cannot be used: it is not JSON; check that the API base is that of a SMART container: expected value at line 1 column 1",
        ),
        (
            "{}",
            "the manifest of http://localhost:7000 cannot be used: it lacks launch_urls; ask the container's administrator to add it",
        ),
    ] {
        let (client, _) = client(move |_| answer(200, "text/html", body));
        let error = client.manifest().await.unwrap_err();
        assert!(matches!(error, Error::Manifest { .. }));
        assert_eq!(error.stage(), Stage::Unreadable);
        assert_eq!(story(&error), expected);
    }
}

#[tokio::test]
async fn token_of_a_client_signs_calls_to_the_container_only() {
    let (client, log) = client(|_| manifest());
    let client = client.with_token(token("t9"));
    client.search_records().send().await.unwrap();
    client
        .record("1")
        .with_token(token("t1"))
        .get_medications()
        .send()
        .await
        .unwrap();
    let error = client
        .record("2")
        .get_medications()
        .send()
        .await
        .unwrap_err();
    assert!(matches!(error, Error::NoToken { .. }));
    let tokens: Vec<_> = log.all().into_iter().map(|seen| seen.token).collect();
    assert_eq!(tokens, [Some("t9".to_owned()), Some("t1".to_owned())]);
}
