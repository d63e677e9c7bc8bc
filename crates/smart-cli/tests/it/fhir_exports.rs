//! `smart fhir … --no-login` against a server that does what servers do with bulk exports.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;
use std::sync::{Arc, Mutex};

use super::{run, stderr, stdout};

/// What the server answers: a status, headers, a body.
type Answer = (u16, &'static str, String);

/// A server on loopback, and the requests that came.
struct Server {
    base: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// `answer` gets the request's line, and how often the same came before.
    fn start(answer: impl Fn(&str, usize) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("it is bound"));
        let seen = Arc::new(Mutex::new(Vec::<String>::new()));
        let log = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut reader = BufReader::new(stream);
                let mut head = Vec::new();
                for line in reader.by_ref().lines().map_while(Result::ok) {
                    if line.is_empty() {
                        break;
                    }
                    head.push(line);
                }
                let Some(first) = head.first() else { continue };
                let mut line = first.trim_end_matches(" HTTP/1.1").to_owned();
                if head
                    .iter()
                    .any(|line| line.to_ascii_lowercase().starts_with("authorization"))
                {
                    line.push_str(" with a token");
                }
                let mut log = log.lock().expect("nobody panicked");
                let before = log.iter().filter(|one| **one == line).count();
                let (status, headers, body) = answer(&line, before);
                log.push(line);
                let length = body.len();
                let text = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}"
                );
                // a client that has left is no reason to stop
                let _ = reader.get_mut().write_all(text.as_bytes());
            }
        });
        Self { base, seen }
    }

    fn run(&self, words: &[&str]) -> Output {
        let server = ["--no-login", "--fhir", &self.base];
        run(words.iter().chain(&server))
    }

    fn seen(&self, start: &str) -> usize {
        let seen = self.seen.lock().expect("nobody panicked");
        seen.iter().filter(|line| line.starts_with(start)).count()
    }
}

fn export(server: &Server, out: &Path, words: &[&str]) -> (Option<i32>, String) {
    let out = out.to_str().expect("it is text");
    let arguments = [&["fhir", "export", "--out", out], words].concat();
    let output = server.run(&arguments);
    (output.status.code(), stderr(&output))
}

/// A job at /jobs/1 with this manifest, whose files are answered by `file`.
fn job(manifest: &'static str, file: impl Fn(&str, usize) -> Answer + Send + 'static) -> Server {
    Server::start(move |line, before| match line {
        "GET /Patient/$export" => (202, "content-location: /jobs/1\r\n", String::new()),
        "GET /jobs/1" => (200, "", manifest.to_owned()),
        "DELETE /jobs/1" => (202, "", String::new()),
        _ => file(line, before),
    })
}

const PATIENT: &str = "{\"resourceType\":\"Patient\",\"x\":1.00}\n";

fn good(body: impl Into<String>) -> Answer {
    (200, "", body.into())
}

#[test]
fn what_is_not_complete_ends_with_3_keeps_the_job_and_names_no_instant() {
    for (manifest, words) in [
        (
            r#"{"transactionTime": "T", "output": [{"type": "Patient", "url": "/files/1"}], "error": [{"type": "OperationOutcome", "url": "/errors"}]}"#,
            "errors.ndjson: the server could not export everything (1 errors)",
        ),
        (
            r#"{"transactionTime": "T", "output": [{"type": "Patient", "url": "/files/1", "count": 2}]}"#,
            "Patient.ndjson: 1 lines came, and the server announced 2",
        ),
        (
            r#"{"transactionTime": "T", "output": [{"type": "Patient", "url": "/files/bad", "count": 3}]}"#,
            "Patient.ndjson: line 2 is not a resource",
        ),
    ] {
        let server = job(manifest, |line, _| match line {
            "GET /errors" => good(
                r#"{"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "processing", "diagnostics": "half of it"}]}"#,
            ),
            "GET /files/bad" => good(format!("{PATIENT}{{\"cut\n{PATIENT}")),
            _ => good(PATIENT),
        });
        let folder = tempfile::tempdir().expect("a folder");
        let (code, said) = export(&server, folder.path(), &[]);
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains(words), "{said}");
        assert!(said.contains("--resume"), "{said}");
        assert!(!said.contains("--since"), "{said}");
        assert_eq!(server.seen("DELETE"), 0);
        let written = std::fs::read_to_string(folder.path().join("Patient.ndjson"));
        assert!(written.expect("it is there").starts_with(PATIENT));
        if words.contains("not a resource") {
            let aside = std::fs::read_to_string(folder.path().join("Patient.ndjson.bad"));
            assert_eq!(aside.expect("it is there"), "{\"cut\n");
        }
    }
}

#[test]
fn deleted_files_are_delivered_and_names_cannot_lead_elsewhere() {
    let server = job(
        r#"{"transactionTime": "T", "output": [{"type": "../../Patient", "url": "files/1"}, {"type": "Patient", "url": "/files/2"}, {"type": "Patient", "url": "/files/3"}],
            "deleted": [{"type": "Bundle", "url": "/deleted", "count": 1}], "error": []}"#,
        |line, _| match line {
            "GET /deleted" => good("{\"resourceType\":\"Bundle\"}\n"),
            _ => good(PATIENT),
        },
    );
    let folder = tempfile::tempdir().expect("a folder");
    let (code, said) = export(&server, folder.path(), &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("next time, --since T"), "{said}");
    let mut names: Vec<String> = std::fs::read_dir(folder.path())
        .expect("it is there")
        .map(|entry| {
            entry
                .expect("it is there")
                .file_name()
                .into_string()
                .expect("text")
        })
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "Patient.2.ndjson",
            "Patient.ndjson",
            "deleted.ndjson",
            "export.log",
            "resources.ndjson"
        ]
    );
    let text = std::fs::read_to_string(folder.path().join("Patient.ndjson"));
    assert_eq!(
        text.expect("it is there"),
        PATIENT,
        "as the server wrote it"
    );
    assert_eq!(server.seen("DELETE"), 1);
}

#[test]
fn an_export_that_broke_off_goes_on_without_a_second_job_or_whole_files_again() {
    let server = job(
        r#"{"output": [{"type": "Patient", "url": "/files/1"}, {"type": "Group", "url": "/files/2"}]}"#,
        |line, before| match (line, before) {
            ("GET /files/2", 0) => (404, "", String::new()),
            _ => good(PATIENT),
        },
    );
    let folder = tempfile::tempdir().expect("a folder");
    let (code, said) = export(&server, folder.path(), &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(folder.path().join("Patient.ndjson").exists());
    assert!(!folder.path().join("Group.ndjson").exists());
    // the line that was printed, word for word
    let line = said
        .lines()
        .find_map(|line| line.strip_prefix("to go on: smart "));
    let words: Vec<&str> = line.expect("it is printed").split(' ').collect();
    let output = run(words);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(folder.path().join("Group.ndjson").exists());
    assert_eq!(server.seen("GET /Patient/$export"), 1);
    assert_eq!(server.seen("GET /files/1"), 1);
    assert_eq!(server.seen("DELETE"), 1);
}

#[test]
fn a_job_that_the_server_does_not_delete_is_a_note() {
    for status in [404, 405, 500] {
        let server = Server::start(move |line, _| match line {
            "DELETE /jobs/1" => (status, "", String::new()),
            "GET /jobs/1" => good(r#"{"output": []}"#),
            _ => (202, "content-location: /jobs/1\r\n", String::new()),
        });
        let output = server.run(&["fhir", "export"]);
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(stderr(&output).contains("did not delete the job"));
    }
}

#[test]
fn files_are_of_any_length_and_lines_and_answers_have_a_limit_that_can_be_set() {
    let server = job(
        r#"{"output": [{"type": "Patient", "url": "/files/1", "count": 100}]}"#,
        |line, _| match line {
            "GET /Patient/1" => good(format!(
                "{{\"resourceType\":\"Patient\",\"x\":\"{}\"}}",
                "x".repeat(2000)
            )),
            _ => good(PATIENT.repeat(100)),
        },
    );
    let output = server.run(&["fhir", "export", "--body-limit", "1000"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stdout(&output).lines().count(), 100);
    let refused = server.run(&["fhir", "read", "Patient/1", "--body-limit", "1000"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        stderr(&refused).contains("--body-limit"),
        "{}",
        stderr(&refused)
    );
    let read = server.run(&["fhir", "read", "Patient/1", "--body-limit", "3000"]);
    assert!(read.status.success(), "{}", stderr(&read));
}

#[test]
fn a_server_without_a_login_gets_no_token_and_nothing_empty() {
    let server = Server::start(|line, _| match line {
        "GET /Patient/1" => good(r#"{"resourceType":"Patient","decimal":1.00,"a":0.0010}"#),
        "GET /Condition?patient=1" => good(
            r#"{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Condition","z":1.00,"a":2}}]}"#,
        ),
        "GET /metadata" => good(r#"{"resourceType":"CapabilityStatement","fhirVersion":"4.0.1"}"#),
        _ => (404, "", String::new()),
    });
    let read = server.run(&["fhir", "read", "Patient/1"]);
    assert!(
        stdout(&read).contains("\"decimal\": 1.00"),
        "{}",
        stderr(&read)
    );
    let found = server.run(&["fhir", "search", "Condition", "patient=1"]);
    assert_eq!(
        stdout(&found),
        "{\"resourceType\":\"Condition\",\"z\":1.00,\"a\":2}\n"
    );
    let capabilities = server.run(&["fhir", "capabilities"]);
    assert!(capabilities.status.success(), "{}", stderr(&capabilities));
    assert_eq!(server.seen("GET"), 3);
    for words in [
        &["fhir", "read", ""][..],
        &["fhir", "read", "Patient/"],
        &["fhir", "search", ""],
        &["fhir", "search", "Condition", "patient="],
        &["fhir", "export", "--group", ""],
    ] {
        assert!(!server.run(words).status.success(), "{words:?}");
    }
    assert_eq!(server.seen("GET"), 3, "nothing of this was sent");
}

#[test]
fn a_line_over_the_limit_is_told_and_the_rest_of_the_file_is_delivered() {
    let server = job(
        r#"{"output": [{"type": "Patient", "url": "/files/1", "count": 3}]}"#,
        |_, _| good(format!("{PATIENT}{}\n{PATIENT}", "x".repeat(2000))),
    );
    let folder = tempfile::tempdir().expect("a folder");
    let (code, said) = export(&server, folder.path(), &["--body-limit", "1000"]);
    assert_eq!(code, Some(3), "{said}");
    assert!(
        said.contains("Patient.ndjson: line 2 is longer than the limit"),
        "{said}"
    );
    assert_eq!(server.seen("DELETE"), 0);
    let text = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("it is there");
    assert_eq!(text("Patient.ndjson"), PATIENT.repeat(2));
    assert_eq!(text("Patient.ndjson.bad"), "x".repeat(1000) + "\n");
}

#[cfg(target_os = "linux")]
#[test]
fn five_thousand_types_need_few_open_files_and_a_log_that_only_grows() {
    const TYPES: usize = 5000;
    let files: Vec<String> = (0..TYPES)
        .map(|number| format!(r#"{{"type": "T{number}", "url": "/files/{number}"}}"#))
        .collect();
    let manifest = format!(r#"{{"output": [{}]}}"#, files.join(","));
    let server = job(manifest.leak(), |_, _| good(PATIENT));
    let folder = tempfile::tempdir().expect("a folder");
    let output = std::process::Command::new("sh")
        .args(["-c", "ulimit -n 40 && exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_smart"))
        .args([
            "fhir",
            "export",
            "--no-login",
            "--fhir",
            &server.base,
            "--out",
        ])
        .arg(folder.path())
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", stderr(&output));
    let entries = std::fs::read_dir(folder.path()).expect("it is there");
    assert_eq!(entries.count(), TYPES + 1);
    let log = std::fs::read_to_string(folder.path().join("export.log")).expect("it is there");
    assert_eq!(log.lines().count(), TYPES + 1);
}

#[test]
fn what_the_server_says_about_a_search_reaches_the_user() {
    let check = |severity: &str, code: i32| {
        let body = format!(
            r#"{{"resourceType":"Bundle","entry":[{{"resource":{{"resourceType":"Condition"}}}},
                {{"search":{{"mode":"outcome"}},"resource":{{"resourceType":"OperationOutcome",
                "issue":[{{"severity":"{severity}","code":"processing","diagnostics":"one store is down"}}]}}}}]}}"#
        );
        let server = Server::start(move |_, _| good(body.clone()));
        let found = server.run(&["fhir", "search", "Condition"]);
        assert_eq!(found.status.code(), Some(code), "{}", stderr(&found));
        assert_eq!(stdout(&found), "{\"resourceType\":\"Condition\"}\n");
        assert!(
            stderr(&found).contains("one store is down"),
            "{}",
            stderr(&found)
        );
    };
    check("error", 3);
    check("fatal", 3);
    check("warning", 0);
}

#[test]
fn a_body_that_has_a_member_twice_is_not_printed() {
    let server = Server::start(|_, _| {
        good(r#"{"resourceType":"Observation","valueInteger":1,"valueInteger":10}"#)
    });
    let read = server.run(&["fhir", "read", "Observation/1"]);
    assert_eq!(read.status.code(), Some(1));
    assert_eq!(stdout(&read), "");
    assert!(stderr(&read).contains("valueInteger"), "{}", stderr(&read));
}
