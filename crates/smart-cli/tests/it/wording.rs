//! Every kind of failure with its full text, and what no text may contain: names of Rust items,
//! control characters of a server.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use expect_test::expect_file;

use super::{run, write_patient};

/// A server that answers every request in the same way as long as the test runs.
fn answering(status: &str, kind: &str, body: &str) -> String {
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback can be bound");
    let address = listener.local_addr().expect("it has an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 16384]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    format!("http://{address}")
}

/// The files that the command lines below name.
fn fixtures(folder: &Path) {
    let write = |name: &str, text: &[u8]| {
        std::fs::write(folder.join(name), text).expect("the folder can be written");
    };
    write("data.ttl", b"<a:s> <a:p> 'x' .");
    write("broken.ttl", b"<a:s> <a:p> ");
    write("latin.ttl", b"<a:s> <a:p> '\xe9' .");
    write("prose.txt", b"Dear Sir or Madam");
    write(
        "dtd.rdf",
        b"<?xml version='1.0'?><!DOCTYPE r [<!ENTITY e 'x'>]><r/>",
    );
    write("graphs.trig", b"<a:g> { <a:s> <a:p> 1 }");
    write("broken.rq", b"SELECT ?s { ?s ");
    write("latin.rq", b"ASK {} # \xe9");
    write(
        "manifest.json",
        br#"{"id": "x@apps.example.org", "zest": 1}"#,
    );
    write("notjson.json", b"{");
    write("empty.txt", b"\n");
    write("no.pem", b"no certificate");
    std::fs::create_dir(folder.join("none")).expect("the folder can be written");
    std::fs::create_dir(folder.join("patients")).expect("the folder can be written");
    write_patient(&folder.join("patients"), "1", &["aspirin"]);
}

/// Command lines that fail, a line each. `REFUSES-401` and similar words are servers, `DIR` is the
/// folder of fixtures.
const COMMANDS: &str = "
calls get_medicatons
calls everything
get
get medications
get medications --record 1
get medications --record
get get_medicine --record 1 --sandbox
get medications --sandbox --record 1 --param colour=red
get medications --sandbox --record 1288992 --param limit=many
get medications --sandbox --record 1 --param limit
get medications --sandbox --record 1288992 --param limit=
get medications --sandbox --record 1288992 --param date_from=yesterday
get medication --sandbox --record 1
get put_scratchpad_data --sandbox --record 1
get get_user_preferences --sandbox
get medications --sandbox --record 404404
get get_container_manifest --sandbox --api-base http://localhost:1
get get_container_manifest --api-base nonsense
get get_container_manifest --api-base ftp://localhost:1
get get_container_manifest --api-base http://localhost:1?q
get get_container_manifest --api-base http://emr.example
get get_container_manifest --patients DIR/none
get get_container_manifest --sandbox --patients DIR/nowhere
get get_container_manifest --sandbox --app-id x@apps.example.org
get get_container_manifest --sandbox --consumer-secret-file DIR/nowhere
get get_container_manifest --api-base REFUSES-401
get get_container_manifest --api-base REFUSES-403
get get_container_manifest --api-base REFUSES-404
get get_container_manifest --api-base REFUSES-302
get get_container_manifest --api-base HTML --body-limit 3
get get_container_manifest --api-base HTML
get get_ontology --api-base HTML
get medications --record 1 --api-base REFUSES-401
get medications --record 1 --api-base REFUSES-404
get get_container_manifest --api-base http://localhost:1 --proxy ftp://x
get get_container_manifest --api-base http://localhost:1 --ca DIR/no.pem
get get_container_manifest --api-base http://localhost:1 --timeout 0
sweep
sweep --api-base REFUSES-401
sweep --api-base REFUSES-403
sweep --api-base HTML
sweep --sandbox --after
sweep --sandbox --concurrency 0
sweep --sandbox --patients DIR/patients --expect 2
sweep --sandbox --patients DIR/patients --records DIR/empty.txt
sweep --sandbox --patients DIR/patients --consumer-secret wrong
query
query DIR/nowhere.rq DIR/data.ttl
query DIR/broken.rq DIR/data.ttl
query DIR/latin.rq DIR/data.ttl
query DIR/none DIR/data.ttl
query ASK{} DIR/nowhere.ttl
query ASK{} DIR/broken.ttl
query ASK{} DIR/latin.ttl
query ASK{} DIR/prose.txt
query ASK{} DIR/none
query ASK{} DIR/dtd.rdf
query ASK{} DIR/data.ttl --base nonsense
query ASK{?s_dcterms:title_?t} DIR/data.ttl
query CONSTRUCT{?s?p?o}{?s?p?o} DIR/data.ttl --format csv
convert --to turtle DIR/graphs.trig
convert --to wavelet DIR/data.ttl
check DIR/broken.ttl
sandbox --app :secret-canary
sandbox --app DIR/nowhere.json:secret-canary
sandbox --app DIR/notjson.json:secret-canary
sandbox --app DIR/manifest.json:secret-canary
sign --url http://h/
sign --url http://h/ --consumer-key k
sign --url /relative --consumer-key k --consumer-secret secret-canary
sign --url http://h/?a=1 --method POST --consumer-key k --consumer-secret secret-canary
sign --url http://h/ --dialect latin --consumer-key k --consumer-secret secret-canary
verify --url http://h/ --consumer-key k --consumer-secret secret-canary
fhir read Patient/1 --vault DIR/vault --fhir HTML
fhir capabilities --fhir HTML
fhir capabilities --fhir nonsense
fhir capabilities --fhir REFUSES-404
fhir capabilities --fhir REFUSES-401
fhir capabilities --fhir JSON
fhir capabilities --fhir PATIENT
fhir capabilities --fhir PATIENT --json
fhir capabilities --fhir HTML --body-limit 3
fhir read Patient/1 --no-login --fhir HTML
fhir read Patinet/1 --no-login --fhir REFUSES-404
fhir read Patient/1 --no-login --fhir REFUSES-404
fhir read Patient/1 --no-login --fhir REFUSES-401
fhir search Patient --no-login --fhir REFUSES-401
fhir export --no-login --fhir REFUSES-401
fhir read patient/1 --no-login --fhir REFUSES-404
fhir read Patient --no-login --fhir REFUSES-404
fhir search Observaton --no-login --fhir REFUSES-404
fhir search observation --no-login --fhir REFUSES-404
fhir search Observation code --no-login --fhir REFUSES-404
login
login --fhir nonsense
login --record 1 --api-base REFUSES-401
login --record 1 --api-base HTML --app-id my-app@apps.smartplatforms.org --vault DIR/vault
login --record 1 --app-id my-app@apps.smartplatforms.org
token show
token show --record 1 --app-id x --api-base HTML --vault DIR/vault2
token show --vault DIR/vault --fhir HTML
";

#[test]
fn every_failure_says_what_to_do_and_names_no_rust_item() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    fixtures(folder.path());
    let refusing = |status: &str| answering(status, "text/html", "");
    let places = [
        ("HTML", answering("200 OK", "text/html", "<h1>Welcome</h1>")),
        ("JSON", answering("200 OK", "application/json", "{}")),
        (
            "PATIENT",
            answering(
                "200 OK",
                "application/fhir+json",
                r#"{"resourceType": "Patient"}"#,
            ),
        ),
        ("REFUSES-302", refusing("302 Found")),
        ("REFUSES-401", refusing("401 Unauthorized")),
        ("REFUSES-403", refusing("403 Forbidden")),
        ("REFUSES-404", refusing("404 Not Found")),
        ("DIR", folder.path().display().to_string()),
    ];
    let (mut told, mut items) = (String::new(), Vec::new());
    for command in COMMANDS.lines().filter(|line| !line.is_empty()) {
        let words = command.split(' ').map(|word| {
            let word = word.replace("?s_dcterms:title_?t", "?s dcterms:title ?t");
            places
                .iter()
                .fold(word, |word, (name, place)| word.replace(name, place))
        });
        let output = run(words);
        let code = output.status.code().expect("it ends by itself");
        if !matches!(code, 1..=3) {
            items.push(format!("{command}: ended with {code}\n"));
            continue;
        }
        let mut text = String::from_utf8(output.stderr).expect("that is text");
        for (name, place) in &places {
            let host = place.trim_start_matches("http://");
            text = text.replace(place, name).replace(host, name);
        }
        if let Some(item) = rust_item(&text) {
            items.push(format!("{item} in {command}: {text}"));
        }
        assert!(!text.contains("secret-canary"), "{command}: {text}");
        // The first line of a usage error is the error; the rest is clap's.
        let first = text
            .lines()
            .find(|line| line.starts_with("error: "))
            .unwrap_or_else(|| panic!("{command}: {text}"));
        told += &format!("$ smart {command}\n{code} {first}\n");
    }
    assert!(items.is_empty(), "{}", items.join(""));
    expect_file!["wording.txt"].assert_eq(&told);
}

/// A word that only a Rust programmer knows. Names of calls and parameters are words of the
/// protocol.
fn rust_item(text: &str) -> Option<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '(' | ')');
    text.split(|c: char| !is_part(c)).find(|word| {
        let name = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        if word.contains("::") || word.contains("()") {
            return true;
        }
        let is_snake = name.contains('_') && name.chars().any(|c| c.is_ascii_lowercase());
        let letters: Vec<_> = name.chars().collect();
        let is_camel = letters
            .windows(2)
            .any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
        (is_snake || is_camel) && !PROTOCOL.contains(name) && !OTHERS.contains(&name)
    })
}

const PROTOCOL: &str = include_str!("../../../../docs/api.md");

/// What the command lines above say themselves, and names of formats and fields that the reference
/// does not have.
const OTHERS: [&str; 4] = ["TriG", "get_medicatons", "get_medicine", "smart_record_id"];

/// Strings of a server that would move a cursor, ring a bell, set a title or reverse a line.
const HOSTILE: [&str; 6] = [
    "\u{1b}[2J\u{1b}[H",
    "\u{1b}]0;title\u{7}",
    "over\rwritten",
    "\u{9b}31m\u{7f}",
    "\u{202e}desrever\u{2066}",
    "zero\u{200b}width\u{feff}",
];

fn is_hostile(text: &str) -> bool {
    text.chars().any(|c| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{200b}' | '\u{202e}' | '\u{2066}' | '\u{feff}')
    })
}

#[test]
fn no_command_lets_control_characters_of_a_server_reach_a_person() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let vault = folder.path().join("vault").display().to_string();
    let hostile = HOSTILE.concat();
    let json = |text: &str| {
        let escaped: String = text
            .encode_utf16()
            .map(|unit| format!("\\u{unit:04x}"))
            .collect();
        format!(
            r#"{{"error": "{escaped}", "error_description": "{escaped}", "resourceType": "OperationOutcome",
                "issue": [{{"severity": "error", "code": "invalid", "diagnostics": "{escaped}", "details": {{"text": "{escaped}"}}}}]}}"#
        )
    };
    for status in [
        "400 Bad Request",
        "401 Unauthorized",
        "403 Forbidden",
        "200 OK",
    ] {
        let plain = answering(status, "text/plain; charset=utf-8", &hostile);
        let structured = answering(status, "application/fhir+json", &json(&hostile));
        for base in [&plain, &structured] {
            let fhir = ["--fhir", base.as_str(), "--vault", vault.as_str()];
            let classic = ["--api-base", base.as_str()];
            let commands: [(&[&str], &[&str]); 9] = [
                (&["sweep"], &classic),
                (&["get", "medications", "--record", "1"], &classic),
                (&["get", "get_ontology", "--findings"], &classic),
                (&["register"], &fhir),
                (&["login", "--no-browser", "--wait", "1"], &fhir),
                (&["fhir", "capabilities"], &fhir),
                (&["fhir", "read", "Patient/1"], &fhir),
                (&["fhir", "export"], &fhir),
                (&["token", "show"], &fhir),
            ];
            for (command, server) in commands {
                let output = run(command.iter().chain(server));
                let told = [output.stdout, output.stderr].concat();
                let told = String::from_utf8(told).expect("that is text");
                assert!(!is_hostile(&told), "{command:?} {status}: {told:?}");
            }
        }
    }
}

#[test]
fn control_characters_in_files_are_escaped_in_tables_and_errors() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let hostile = HOSTILE.concat();
    let escaped: String = hostile
        .encode_utf16()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect();
    let file = folder.path().join("data.nt");
    std::fs::write(&file, format!("<a:s> <a:p> \"{escaped}\" ."))
        .expect("the folder can be written");
    let data = file.display().to_string();
    let output = run(["query", "SELECT ?o { ?s ?p ?o }", &data]);
    let table = String::from_utf8(output.stdout).expect("that is text");
    assert!(
        table.contains(r"\u001b[2J") && !is_hostile(&table),
        "{table:?}"
    );
    // Programs get what is there.
    let output = run(["query", "SELECT ?o { ?s ?p ?o }", &data, "--format", "json"]);
    assert!(output.status.success());
    let named = format!("no{hostile}where.rq");
    let output = run(["query", &named, &data]);
    let error = String::from_utf8(output.stderr).expect("that is text");
    assert!(
        error.contains("cannot be read") && !is_hostile(&error),
        "{error:?}"
    );
}
