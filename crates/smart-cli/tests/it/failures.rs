//! Bad input of every kind: one clear sentence, and the exit code.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};

use super::{fail, run, stderr};

/// A server that gives every request the same answer, for as long as the test runs.
fn answering(answer: &'static str) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback can be bound");
    let address = listener.local_addr().expect("it has an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    format!("http://{address}")
}

#[test]
fn a_container_that_is_not_there() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback can be bound");
    let base = format!(
        "http://{}",
        listener.local_addr().expect("it has an address")
    );
    drop(listener);
    let output = run(["sweep", "--api-base", &base]);
    let error = stderr(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        error.contains(&base) && error.contains("running") && error.lines().count() == 1,
        "{error}"
    );
}

#[test]
fn a_container_that_answers_html() {
    let base = answering(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 15\r\nconnection: close\r\n\r\n<h1>Welcome</h1",
    );
    let error = fail(1, ["sweep", "--api-base", &base]);
    assert!(
        error.contains("check that the url is that of a container"),
        "{error}"
    );
}

#[test]
fn an_unknown_record() {
    let error = fail(1, ["get", "medications", "--record", "404404"]);
    assert!(error.contains("404404"), "{error}");
}

#[test]
fn a_call_that_needs_a_record_without_one() {
    let error = fail(2, ["get", "medications"]);
    assert!(
        error.contains("record_id") || error.contains("--record"),
        "{error}"
    );
}

#[test]
fn an_unknown_call() {
    let error = fail(2, ["get", "get_medicatons", "--record", "1288992"]);
    assert!(
        error.contains("get_medicatons") && error.contains("get_medications"),
        "{error}"
    );
}

#[test]
fn an_unknown_parameter() {
    let error = fail(
        2,
        [
            "get",
            "medications",
            "--record",
            "1288992",
            "--param",
            "colour=red",
        ],
    );
    assert!(
        error.contains("colour") && error.contains("rxnorm"),
        "{error}"
    );
}

#[test]
fn a_malformed_api_base() {
    let error = fail(1, ["sweep", "--api-base", "localhost 7000"]);
    assert!(error.contains("localhost 7000"), "{error}");
}

#[test]
fn a_secret_never_shows() {
    let base =
        answering("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let output = run([
        "sweep",
        "--api-base",
        &base,
        "--consumer-secret",
        "canary-9c1f",
    ]);
    assert!(!format!("{output:?}").contains("canary-9c1f"));
}
