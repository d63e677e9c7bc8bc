//! Bad input of every kind: one clear sentence, and the exit code.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};

use super::{fail, run, smart, stderr};

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
    let error = fail(1, ["get", "medications", "--sandbox", "--record", "404404"]);
    assert!(error.contains("404404"), "{error}");
}

#[test]
fn a_call_that_needs_a_record_without_one() {
    let error = fail(2, ["get", "medications"]);
    assert_eq!(
        error,
        "error: record_id of get_medications is missing; give --record ID"
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
    let error = fail(2, ["sweep", "--api-base", "localhost 7000"]);
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

#[test]
fn commands_that_read_patients_need_a_container() {
    for command in [&["sweep"][..], &["get", "get_container_manifest"]] {
        let error = fail(2, command);
        assert!(
            error.contains("--api-base URL, SMART_API_BASE, or --sandbox"),
            "{error}"
        );
    }
}

#[test]
fn the_environment_does_not_count_as_typed() {
    let output = smart(["get", "get_container_manifest", "--sandbox"])
        .env("SMART_API_BASE", "http://emr.example")
        .env("SMART_APP_ID", "x@apps.example.org")
        .env("SMART_CONSUMER_SECRET", "of another container")
        .output()
        .expect("the command runs");
    assert!(output.status.success(), "{}", stderr(&output));
    let error = fail(
        2,
        ["sweep", "--sandbox", "--api-base", "http://localhost:1"],
    );
    assert!(error.contains("--help"), "{error}");
}

#[test]
fn empty_ids_are_refused_before_anything_is_sent() {
    let base = answering("HTTP/1.1 500 Asked\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let base = ["--api-base", &base];
    let get = |more: &[&str]| {
        let words = ["get"].iter().chain(more).chain(&base);
        let output = run(words);
        assert_eq!(output.status.code(), Some(2), "{more:?}");
        let error = stderr(&output);
        assert!(error.contains("empty"), "{more:?}: {error}");
    };
    get(&["medications", "--record", ""]);
    get(&["medications", "--record", " "]);
    get(&["medications", "--app-id", "", "--record", "1"]);
    get(&["get_user_preferences", "--user", ""]);
    get(&["medications", "--param", "record_id="]);
    get(&["medication", "--record", "1", "--param", "medication_id="]);
}

#[test]
fn a_secret_comes_from_a_file_too() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("secret");
    std::fs::write(&file, "smartapp-secret\n").expect("the folder can be written");
    let get = |file: &std::path::Path| {
        let mut command = smart(["get", "get_container_manifest", "--sandbox"]);
        command.arg("--consumer-secret-file").arg(file);
        command.output().expect("the command runs")
    };
    assert!(get(&file).status.success());
    let error = stderr(&get(&folder.path().join("nowhere")));
    assert!(error.contains("nowhere cannot be read"), "{error}");
    // An app of one's own has no secret that everybody knows.
    let error = fail(
        2,
        [
            "get",
            "get_container_manifest",
            "--sandbox",
            "--app-id",
            "x@apps.example.org",
        ],
    );
    assert_eq!(
        error,
        "error: give the consumer secret with SMART_CONSUMER_SECRET, --consumer-secret-file or --consumer-secret"
    );
}

/// A device that is always full.
#[cfg(target_os = "linux")]
fn full() -> std::fs::File {
    let file = std::fs::File::options().write(true).open("/dev/full");
    file.expect("the device is there")
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_error_is_no_panic() {
    let status = |words: &[&str]| {
        let mut command = smart(words);
        command.stderr(full()).stdout(full());
        command.status().expect("the command runs").code()
    };
    assert_eq!(status(&["query", "nowhere.rq", "nowhere.ttl"]), Some(1));
    assert_eq!(status(&["get", "nothing"]), Some(2));
    assert_eq!(status(&["--no-such-option"]), Some(2));
    assert_eq!(status(&["--help"]), Some(1));
    assert_eq!(status(&["calls"]), Some(1));
    assert_eq!(status(&["demo"]), Some(1));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_is_reported() {
    let output = smart(["calls"]).stdout(full()).output();
    let output = output.expect("the command runs");
    assert_eq!(output.status.code(), Some(1));
    let error = stderr(&output);
    assert!(
        error.starts_with("error: standard output cannot be written: "),
        "{error}"
    );
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let mut child = smart(["calls"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the command starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(
        (output.status.code(), stderr(&output)),
        (Some(0), String::new())
    );
}
