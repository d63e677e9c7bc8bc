//! Many processes with one session.

use std::time::Duration;

use super::*;

const PROCESSES: usize = 50;

/// Starts the children, lets them all go at the same moment, and waits for their good end.
async fn run(test: &str, server: &TestServer, folder: &Path) {
    let children: Vec<_> = (0..PROCESSES)
        .map(|number| {
            let mut command = child(test, &server.url(""), folder);
            command.env("SMART_TEST_NUMBER", number.to_string());
            command.spawn().unwrap()
        })
        .collect();
    let is_ready = |number: &usize| folder.join(format!("ready{number}")).exists();
    while !(0..PROCESSES).all(|number| is_ready(&number)) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    std::fs::write(folder.join("go"), "").unwrap();
    for child in children {
        let output = child.wait_with_output().await.unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// The child's side of the start.
fn wait_for_the_others(folder: &Path) {
    let number = std::env::var("SMART_TEST_NUMBER").unwrap();
    std::fs::write(folder.join(format!("ready{number}")), "").unwrap();
    while !folder.join("go").exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_processes_refresh_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("v");
    let rotating = Rotating::default();
    let server = rotating.start().await;
    with_stale_tokens(&server.url(""), &folder).await;
    run(
        "fhir::tests::processes::process_that_reads",
        &server,
        &folder,
    )
    .await;
    rotating.with(|state| {
        assert_eq!((state.refreshes, state.refused), (1, 0));
        assert_eq!(state.reads, PROCESSES);
    });
}

#[test]
#[ignore = "a process of its own, which the test above starts"]
fn process_that_reads() {
    let Some((server, folder)) = orders() else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    wait_for_the_others(&folder);
    let outcome = runtime.unwrap().block_on(read_afresh(&server, &folder));
    assert_eq!(outcome.unwrap(), StatusCode::OK);
}

/// Tokens end all the time, for everybody at once, and nobody may ever show the server a refresh
/// token that is used up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_processes_never_spend_a_refresh_token_twice() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("v");
    let rotating = Rotating::default();
    rotating.with(|state| state.life = Some(25));
    let server = rotating.start().await;
    with_stale_tokens(&server.url(""), &folder).await;
    run(
        "fhir::tests::processes::process_that_reads_on",
        &server,
        &folder,
    )
    .await;
    rotating.with(|state| {
        assert_eq!(state.refused, 0);
        assert_eq!(state.reads, PROCESSES * READS);
        // one refresh for each token that was used up, the stale one first
        let expected = state.reads.div_ceil(25);
        assert_eq!(state.refreshes, expected);
    });
}

const READS: usize = 10;

#[test]
#[ignore = "a process of its own, which the test above starts"]
fn process_that_reads_on() {
    let Some((server, folder)) = orders() else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    wait_for_the_others(&folder);
    runtime.unwrap().block_on(async {
        let app = app(&server, FileVault::open(&folder).unwrap());
        let session = Session::open(&app, key()).await.unwrap();
        let mut reads = 0;
        while reads < READS {
            // the new token may be used up by others before it is used here
            match read(&session).await.unwrap() {
                StatusCode::OK => reads += 1,
                status => assert_eq!(status, StatusCode::UNAUTHORIZED),
            }
        }
    });
}
