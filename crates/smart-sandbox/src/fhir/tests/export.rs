//! Bulk export.

use bytes::Bytes;
use http::{Method, Response};
use serde_json::{Value, json};

use super::super::testing::*;

const BASE: &str = "http://localhost:9000";

fn ask_for(bench: &Bench, token: &str, method: Method, address: &str) -> Response<Bytes> {
    let path = address.strip_prefix(BASE).unwrap_or(address);
    let request = with_header(
        bare(method, path),
        "authorization",
        &format!("Bearer {token}"),
    );
    bench.send(&with_header(request, "prefer", "respond-async"))
}

fn get(bench: &Bench, token: &str, address: &str) -> Response<Bytes> {
    ask_for(bench, token, Method::GET, address)
}

fn begin(bench: &Bench, token: &str, path: &str) -> String {
    let response = get(bench, token, path);
    assert_eq!(response.status(), 202, "{response:?}");
    response.headers()["content-location"]
        .to_str()
        .unwrap()
        .to_owned()
}

fn shared(bench: &Bench, app: &App, scope: &str) -> String {
    let labels = "patient medications problems vital-signs laboratory";
    bench
        .debug_token(app, json!({"security_labels": labels, "scope": scope}))
        .access
}

#[test]
fn an_export_is_waited_for_and_read_line_by_line() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let token = shared(&bench, &app, "patient/*.read");
    let status = begin(
        &bench,
        &token,
        "/api/fhir/Patient/$export?_type=Patient,Observation,Practitioner",
    );
    let first = get(&bench, &token, &status);
    assert_eq!(first.status(), 202);
    assert_eq!(first.headers()["x-progress"], "0 of 3 types");
    assert_eq!(first.headers()["retry-after"], "0");

    let manifest = body_of(&get(&bench, &token, &status));
    assert_eq!(manifest["requiresAccessToken"], true);
    let files = manifest["output"].as_array().unwrap();
    let names: Vec<&str> = files
        .iter()
        .map(|file| file["type"].as_str().unwrap())
        .collect();
    assert!(names.starts_with(&["Patient", "Observation"]), "{names:?}");
    for file in files {
        let response = get(&bench, &token, file["url"].as_str().unwrap());
        assert_eq!(
            response.headers()["content-type"],
            "application/fhir+ndjson"
        );
        let text = std::str::from_utf8(response.body()).unwrap();
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), file["count"]);
        assert!(
            lines
                .iter()
                .all(|line| line["resourceType"] == file["type"])
        );
    }

    assert_eq!(
        ask_for(&bench, &token, Method::DELETE, &status).status(),
        202
    );
    assert_eq!(get(&bench, &token, &status).status(), 404);
    assert_eq!(
        get(&bench, &token, files[0]["url"].as_str().unwrap()).status(),
        404
    );
}

#[test]
fn a_job_is_its_owner_s_alone() {
    let bench = Bench::new();
    let (app, other) = (bench.register(REDIRECT), bench.register(REDIRECT));
    let (token, stranger) = (
        shared(&bench, &app, "patient/*.read"),
        shared(&bench, &other, "patient/*.read"),
    );
    let status = begin(&bench, &token, "/api/fhir/$export");
    assert_eq!(get(&bench, &stranger, &status).status(), 404);
    assert_eq!(
        ask_for(&bench, &stranger, Method::DELETE, &status).status(),
        404
    );
    assert_eq!(get(&bench, "nobody", &status).status(), 401);
    assert_eq!(get(&bench, &token, &status).status(), 202);
}

#[test]
fn only_what_the_scopes_cover_is_exported() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let token = shared(&bench, &app, "patient/Condition.rs");
    let status = begin(&bench, &token, "/api/fhir/$export");
    get(&bench, &token, &status);
    let manifest = body_of(&get(&bench, &token, &status));
    assert_eq!(manifest["output"].as_array().unwrap().len(), 1);
    assert_eq!(
        get(&bench, &token, "/api/fhir/$export?_type=Patient").status(),
        403
    );
}

#[test]
fn what_is_new_alone_can_be_exported() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let token = shared(&bench, &app, "patient/*.read");
    let status = begin(
        &bench,
        &token,
        "/api/fhir/$export?_since=2018-07-05T23:00:00Z",
    );
    get(&bench, &token, &status);
    assert_eq!(body_of(&get(&bench, &token, &status))["output"], json!([]));
}

#[test]
fn a_kick_off_that_is_not_understood_is_refused() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let token = shared(&bench, &app, "patient/*.read");
    for path in [
        "$export?_type=Nothing",
        "$export?_typeFilter=x",
        "$export?_outputFormat=csv",
        "Patient/$export?_type=",
    ] {
        let response = get(&bench, &token, &format!("/api/fhir/{path}"));
        assert_eq!(response.status(), 400, "{path}");
    }
    let impatient = bench.get_as(&token, "/api/fhir/$export");
    assert_eq!(impatient.status(), 400);
    for path in [
        "$export-status",
        "$export-files/x/Patient.ndjson",
        "$export-files/x/y",
        "$export/x",
    ] {
        assert_eq!(
            get(&bench, &token, &format!("/api/fhir/{path}")).status(),
            404,
            "{path}"
        );
    }
}
