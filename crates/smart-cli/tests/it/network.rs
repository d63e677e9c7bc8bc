//! The options about the network, and what is recorded of it.

use smart_test_support::{Authority, TestServer};

use super::{fail, run, stderr, succeed};

#[test]
fn advice_names_the_option() {
    let error = fail(1, ["sweep", "--api-base", "http://emr.example"]);
    assert!(error.contains("plain http to emr.example"), "{error}");
    assert!(error.ends_with("(here: --allow-http HOST)"), "{error}");
    let error = fail(
        1,
        [
            "sweep",
            "--api-base",
            "http://container.invalid",
            "--allow-http",
            "container.invalid",
            "--proxy",
            "none",
        ],
    );
    assert!(error.contains("no address for the name"), "{error}");
}

#[test]
fn proxies_and_files_that_are_none_are_refused() {
    let base = ["sweep", "--api-base", "http://localhost:1"];
    let error = fail(2, base.iter().chain(&["--proxy", "ftp://x"]));
    assert!(error.contains("ftp proxies are not supported"), "{error}");
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let file = folder.path().join("ca.pem");
    let path = file.to_str().expect("the path is text");
    let error = fail(1, base.iter().chain(&["--ca", path]));
    assert!(error.contains("cannot be read"), "{error}");
    std::fs::write(&file, "no certificate").expect("the folder can be written");
    let error = fail(1, base.iter().chain(&["--ca", path]));
    assert!(error.contains("no certificate of an authority"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn authority_of_a_hospital_is_trusted_when_it_is_given() {
    let authority = Authority::new().expect("a key can be made");
    let identity = authority
        .certify(&["localhost"])
        .expect("a key can be made");
    let server = TestServer::tls(&identity)
        .await
        .expect("loopback can be bound");
    let base = server.url("");
    tokio::task::spawn_blocking(move || {
        let error = fail(1, ["sweep", "--api-base", &base]);
        assert!(error.ends_with("(here: --ca FILE)"), "{error}");
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, authority.pem()).expect("the folder can be written");
        let path = file.to_str().expect("the path is text");
        // It is no container, but it is spoken to.
        let error = stderr(&run(["sweep", "--api-base", &base, "--ca", path]));
        assert!(!error.contains("certificate"), "{error}");
    })
    .await
    .expect("the command ran");
    assert!(server.requests() > 0);
}

#[test]
fn recording_has_every_exchange_and_nobody_in_it() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let file = folder.path().join("bug.jsonl");
    let path = file.to_str().expect("the path is text");
    succeed([
        "--trace",
        path,
        "get",
        "medications",
        "--sandbox",
        "--record",
        "1288992",
    ]);
    let recorded = std::fs::read_to_string(&file).expect("it was written");
    let lines: Vec<serde_json::Value> = recorded
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect();
    let calls: Vec<_> = lines.iter().map(|line| line["call"].as_str()).collect();
    assert_eq!(calls, [Some("open_record"), Some("get_medications")]);
    assert_eq!(lines[1]["response"]["status"], 200);
    assert!(!recorded.contains("1288992"), "{recorded}");
}
