//! `smart sign` and `smart verify`: the known request, and what they refuse.

use std::io::Write as _;
use std::process::Stdio;

use super::{fail, run, smart, stderr, stdout, succeed};

/// The record list that the container's own OAuth library signed once.
const KNOWN: [&str; 12] = [
    "--url",
    "http://localhost:7000/records/1288992/lab_results/?loinc=13457-7%7C2089-1&limit=10",
    "--consumer-key",
    "my-app@apps.smartplatforms.org",
    "--consumer-secret",
    "smartapp-secret",
    "--token-secret",
    "accsecret0123456789a",
    "--method",
    "GET",
    "--signature-method",
    "HMAC-SHA1",
];
const FRESHNESS: [&str; 6] = [
    "--token",
    "acctoken0123456789ab",
    "--nonce",
    "kllo9940pd9333jh",
    "--timestamp",
    "1365000000",
];
const SIGNATURE: &str = "Y3jFtjwmdM1dkm67CNNTA2FpAFs=";

fn with<'a>(command: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&[command], &KNOWN[..], more].concat()
}

fn signed(more: &[&str]) -> String {
    succeed(with("sign", &[&FRESHNESS, more].concat()))
}

fn batch(command: &str, lines: &str) -> Vec<serde_json::Value> {
    let mut child = smart([command, "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let mut stdin = child.stdin.take().expect("it was asked for");
    stdin.write_all(lines.as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", stderr(&output));
    let lines = stdout(&output);
    lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is a JSON object"))
        .collect()
}

#[test]
fn known_request_has_the_known_signature() {
    let header = signed(&[]);
    assert!(
        header.starts_with("OAuth oauth_consumer_key=\"my-app%40apps."),
        "{header}"
    );
    let object: serde_json::Value = serde_json::from_str(&signed(&["--json"])).expect("JSON");
    assert_eq!(object["signature"], SIGNATURE);
    assert_eq!(object["authorization"], header.trim_end());
    assert!(
        object["base_string"]
            .as_str()
            .is_some_and(|text| text.starts_with("GET&http%3A%2F%2F"))
    );
}

#[test]
fn what_is_signed_verifies() {
    let header = signed(&[]);
    let header = header.trim_end();
    assert_eq!(
        succeed(with("verify", &["--authorization", header])),
        "the signature is right\n"
    );
    let as_header = format!("Authorization={header}");
    let object = succeed(with(
        "verify",
        &["--header", &as_header, "--now", "1365000299", "--json"],
    ));
    assert_eq!(
        object,
        "{\"valid\":true,\"covers_query\":true,\"covers_body\":true}\n"
    );
    let late = fail(
        1,
        with(
            "verify",
            &["--authorization", header, "--now", "1365000301"],
        ),
    );
    assert!(late.contains("300 seconds old"), "{late}");
    let changed = header.replace("1365000000", "1365000001");
    let refused = fail(1, with("verify", &["--authorization", &changed]));
    assert_eq!(refused, "error: the signature does not match");
}

#[test]
fn parameters_in_the_query_verify_in_one_place_only() {
    let header = signed(&[]);
    let header = header.trim_end();
    // the same signature, wherever its parameters stand
    let parameters = header.trim_start_matches("OAuth ");
    let parameters = parameters.replace("\", ", "&").replace('"', "");
    let url = format!("{}&{parameters}", KNOWN[1]);
    let command = [&["verify", "--url", &url], &KNOWN[2..]].concat();
    assert_eq!(succeed(command.clone()), "the signature is right\n");
    let twice = [&command[..], &["--authorization", header]].concat();
    assert!(fail(2, twice).contains("give the OAuth parameters once"));
    let as_header = format!("Authorization={header}");
    let twice = [&command[..], &["--header", &as_header]].concat();
    assert!(fail(1, twice).contains("in more than one place"));
    let nowhere = fail(2, with("verify", &[]));
    assert!(nowhere.contains("has no OAuth parameters"), "{nowhere}");
}

#[test]
fn explanation_goes_to_standard_error_and_holds_no_secret() {
    let theirs = "GET&https%3A%2F%2Flocalhost%3A7000%2F&";
    let output = run(with(
        "sign",
        &[&FRESHNESS[..], &["--explain", "--against", theirs]].concat(),
    ));
    let explanation = stderr(&output);
    for expected in [
        "consumer secret of 15 bytes, token secret of 20 bytes",
        "loinc=13457-7%7C2089-1 (query)",
        "oauth_nonce=kllo9940pd9333jh (header)",
        "one side signs http and the other https",
    ] {
        assert!(explanation.contains(expected), "{explanation}");
    }
    assert!(stdout(&output).starts_with("OAuth "));
    assert!(!format!("{output:?}").contains("smartapp-secret"));
    assert!(!format!("{output:?}").contains("accsecret"));
}

#[test]
fn batch_answers_line_by_line() {
    let lines = r#"
        {"method":"GET","url":"http://h/?a=1","consumer_key":"k","consumer_secret":"s","nonce":"n","timestamp":1}
        {"method":"GET","url":"http://h/?a=1&a=2","consumer_key":"k","consumer_secret":"s","nonce":"n","timestamp":"1"}
        {"method":"GET","url":"http://h/?a=1&a=2","consumer_key":"k","consumer_secret":"s","nonce":"n","timestamp":1,"dialect":"rfc"}
        {"method":"POST","url":"http://h/","form":[["a","b c"]],"consumer_key":"k","consumer_secret":"s"}
        {"method":"GET","url":"http://h/","consumer_key":"k","consumer_secret":"canary-51f0","surprise":1}
        {"method":"GET","url":"http://h/","consumer_key":"canary-51f0"
        {"method":"GET","url":"http://h/","consumer_key":"k"}"#;
    let answers = batch("sign", lines);
    assert_eq!(answers.len(), 7);
    for (line, is_signed) in [
        (0, true),
        (1, false),
        (2, true),
        (3, true),
        (4, false),
        (5, false),
        (6, false),
    ] {
        assert_eq!(
            answers[line].get("signature").is_some(),
            is_signed,
            "{}",
            answers[line]
        );
        assert_eq!(
            answers[line].get("error").is_some(),
            !is_signed,
            "{}",
            answers[line]
        );
    }
    assert!(
        answers[1]["error"]
            .as_str()
            .is_some_and(|text| text.contains("more than once"))
    );
    assert!(
        answers[3]["base_string"]
            .as_str()
            .is_some_and(|text| text.contains("a%3Db%2520c"))
    );
    assert!(!format!("{answers:?}").contains("canary-51f0"));

    let authorization = &answers[0]["authorization"];
    let line = format!(
        r#"{{"method":"GET","url":"http://h/?a=1","consumer_key":"k","consumer_secret":"s","authorization":{authorization}}}"#
    );
    let answers = batch("verify", &format!("{line}\n{}", line.replace("a=1", "a=2")));
    assert_eq!(answers[0]["valid"], true);
    assert_eq!(answers[1]["error"], "the signature does not match");
}

#[test]
fn secrets_come_from_files_and_the_environment() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("secret");
    std::fs::write(&path, "smartapp-secret\n").expect("a file");
    let url = [
        "sign",
        "--url",
        "http://h/",
        "--consumer-key",
        "k",
        "--nonce",
        "n",
        "--timestamp",
        "1",
    ];
    let file = [
        "--consumer-secret-file",
        path.to_str().expect("a plain path"),
    ];
    let from_file = succeed([&url[..], &file].concat());
    let given = succeed([&url[..], &["--consumer-secret", "smartapp-secret"]].concat());
    assert_eq!(from_file, given);
    let output = smart(url)
        .env("SMART_CONSUMER_SECRET", "smartapp-secret")
        .output();
    assert_eq!(stdout(&output.expect("the command runs")), given);
    let missing = fail(2, url);
    assert!(missing.contains("--consumer-secret-file"), "{missing}");
}

#[test]
fn unsuitable_requests_are_refused_with_a_reason() {
    let end = |code: i32, more: &[&str]| {
        fail(
            code,
            [
                &[
                    "sign",
                    "--consumer-key",
                    "k",
                    "--consumer-secret",
                    "s",
                    "--url",
                ],
                more,
            ]
            .concat(),
        )
    };
    let refused = |more: &[&str]| end(1, more);
    assert!(refused(&["/relative"]).contains("absolute url"));
    end(2, &["http://h/", "--dialect", "latin"]);
    end(2, &["http://h/", "--signature-method", "MD5"]);
    assert!(
        refused(&[
            "http://h/",
            "--signature-method",
            "PLAINTEXT",
            "--dialect",
            "rfc"
        ])
        .contains("in the clear")
    );
    assert!(refused(&["http://h/?a=1", "--method", "POST"]).contains("must not carry a query"));
    assert!(end(2, &["http://h/", "--nonce", "é"]).contains("visible ascii"));
}
