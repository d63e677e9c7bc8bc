//! A front end that closes every connection after one answer and does not say so, as one in use
//! does.
//!
//! A process of its own, since open files are counted by process.

use futures_util::StreamExt as _;
use futures_util::stream;
use smart::classic::{AccessToken, Client};
use smart_test_support::{CannedResponse, TestServer};

const APP: &str = "counter@apps.example.org";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_fail_nowhere_and_leave_nothing_open() {
    let answer = CannedResponse::new(200).header("content-type", "text/plain");
    let server = TestServer::closing(answer.body("hello").to_bytes())
        .await
        .unwrap();
    let client = Client::builder()
        .app_id(APP)
        .api_base(server.url(""))
        .consumer(APP, "secret")
        .build()
        .unwrap();
    let record = client
        .record("1")
        .with_token(AccessToken::new("t1", "secret"));
    let before = open_files();
    let calls = stream::iter(0..10_000_u32).map(|_| {
        let record = record.clone();
        async move { record.get_medications().send().await }
    });
    let mut calls = calls.buffer_unordered(8);
    let mut most = 0;
    while let Some(answer) = calls.next().await {
        assert_eq!(answer.unwrap().bytes(), "hello");
        if server.requests().is_multiple_of(100) {
            most = most.max(open_files());
        }
    }
    // Both ends of 8 connections and of those just closed, and never hundreds.
    assert!(most <= before + 64, "{before} open files became {most}");
    // The last connections end in their own time.
    for _ in 0..100 {
        if open_files() <= before {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let after = open_files();
    assert!(after <= before + 8, "{before} open files became {after}");
}

/// How many files and sockets this process has open, where the system tells.
fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}
