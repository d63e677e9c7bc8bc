//! Very many tasks with one session: one of them refreshes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::StatusCode;
use smart::fhir::Session;
use smart::vault::FileVault;

use super::ehr::{Ehr, app, builder, json, key, read, session};

const TASKS: usize = 10_000;

/// Starts all tasks, spread over the handles, and counts what became of them.
async fn storm(handles: &[Session]) -> (usize, usize) {
    let (well, failed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..TASKS {
        let session = handles[number % handles.len()].clone();
        let (well, failed) = (Arc::clone(&well), Arc::clone(&failed));
        tasks.spawn(async move {
            let count = match read(&session).await {
                Ok(StatusCode::OK) => well,
                _ => failed,
            };
            count.fetch_add(1, Ordering::Relaxed);
        });
    }
    while tasks.join_next().await.is_some() {}
    (well.load(Ordering::Relaxed), failed.load(Ordering::Relaxed))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_tasks_refresh_once_ahead_of_expiry() {
    let ehr = Ehr::default();
    let (app, hands) = app(&ehr);
    let session = session(&app).await;
    hands.advance(3600);
    assert_eq!(storm(&[session]).await, (TASKS, 0));
    assert_eq!(ehr.refreshes(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_tasks_refresh_once_after_a_401() {
    let ehr = Ehr::default();
    let (app, _) = app(&ehr);
    let session = session(&app).await;
    ehr.end_access_token();
    assert_eq!(storm(&[session]).await, (TASKS, 0));
    assert_eq!(ehr.refreshes(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handles_that_know_nothing_of_each_other_share_what_the_vault_has() {
    let folder = tempfile::tempdir().unwrap();
    let ehr = Ehr::default();
    let (builder, hands) = builder(&ehr);
    let vault = FileVault::open(folder.path().join("v")).unwrap();
    let app = builder.vault(vault).build().unwrap();
    session(&app).await;
    let mut handles = Vec::new();
    for _ in 0..8 {
        handles.push(Session::open(&app, key("user")).await.unwrap());
    }
    hands.advance(3600);
    assert_eq!(storm(&handles).await, (TASKS, 0));
    assert_eq!(ehr.refreshes(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_asked_for_once() {
    let ehr = Ehr::default();
    let (app, hands) = app(&ehr);
    let session = session(&app).await;
    ehr.instead(|seen| {
        let is_token = seen.line.ends_with("/token");
        is_token.then(|| json(400, r#"{"error": "invalid_grant"}"#))
    });
    hands.advance(3600);
    assert_eq!(storm(std::slice::from_ref(&session)).await, (0, TASKS));
    assert_eq!(ehr.refreshes(), 1);
    assert!(read(&session).await.unwrap_err().needs_user());
    assert_eq!(
        ehr.refreshes(),
        1,
        "it is over, and need not be asked again"
    );
    // but who asks on purpose is not stopped
    assert!(session.refresh().await.is_err());
    assert_eq!(ehr.refreshes(), 2);
}

#[tokio::test]
async fn who_waited_for_a_failure_has_it_and_who_comes_later_tries_again() {
    let ehr = Ehr::default();
    let (app, hands) = app(&ehr);
    let session = session(&app).await;
    ehr.instead(|seen| seen.line.ends_with("/token").then(|| json(503, "")));
    hands.advance(3600);
    let reads = (0..100).map(|_| read(&session));
    let outcomes = futures_util::future::join_all(reads).await;
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.as_ref().is_err_and(smart::Error::is_retryable))
    );
    assert_eq!(ehr.refreshes(), 1);
    ehr.instead(|_| None);
    assert_eq!(read(&session).await.unwrap(), StatusCode::OK);
    assert_eq!(ehr.refreshes(), 2);
}
