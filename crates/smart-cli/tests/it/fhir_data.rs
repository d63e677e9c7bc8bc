//! `smart fhir` against the embedded server, after a login.

use serde_json::Value;

use super::login::Bench;
use super::{fail, succeed};

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a line is a resource"))
        .collect()
}

#[test]
fn a_patient_is_read_searched_and_exported() {
    let bench = Bench::new();
    bench.log_in();
    let run = |words: &[&str]| succeed(bench.arguments(words));

    let patient = run(&["fhir", "read", "Patient/smart-1288992"]);
    let patient: Value = serde_json::from_str(&patient).expect("it is JSON");
    assert_eq!(patient["id"], "smart-1288992");

    let found = lines(&run(&[
        "fhir",
        "search",
        "Observation",
        "category=vital-signs",
        "_count=3",
    ]));
    assert!(found.len() > 3, "all pages");
    assert!(found.iter().all(|one| one["resourceType"] == "Observation"));

    let exported = lines(&run(&["fhir", "export", "--type", "Condition,Patient"]));
    let patients = exported
        .iter()
        .filter(|one| one["resourceType"] == "Patient");
    assert_eq!(patients.count(), 1);

    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("export");
    let out = out.to_str().expect("it is text");
    let summary = run(&["fhir", "export", "--type", "Patient", "--out", out]);
    assert_eq!(summary.trim(), "1  Patient.ndjson");
    let written = std::fs::read_to_string(format!("{out}/Patient.ndjson")).expect("it is there");
    assert_eq!(lines(&written), [patient]);
}

#[test]
fn resources_come_as_turtle() {
    let bench = Bench::new();
    bench.log_in();
    let turtle = succeed(bench.arguments(&["fhir", "search", "Condition", "--turtle"]));
    assert!(
        turtle.contains("fhir:nodeRole") && turtle.contains("fhir:Condition"),
        "{turtle}"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let (data, query) = (
        folder.path().join("found.ttl"),
        folder.path().join("names.rq"),
    );
    std::fs::write(&data, &turtle).expect("it can be written");
    let text = "PREFIX fhir: <http://hl7.org/fhir/> SELECT ?name {
        ?condition a fhir:Condition ; fhir:Condition.code/fhir:CodeableConcept.text/fhir:value ?name }";
    std::fs::write(&query, text).expect("it can be written");
    let answer = succeed(["query".as_ref(), query.as_os_str(), data.as_os_str()]);
    assert!(answer.lines().count() > 2, "{answer}");
}

#[test]
fn capabilities_need_no_login() {
    let bench = Bench::new();
    let table = succeed(bench.arguments(&["fhir", "capabilities"]));
    assert!(
        table.starts_with("FHIR 4.0.1\noperations $export\n"),
        "{table}"
    );
    assert!(
        table.contains("Patient             read search-type"),
        "{table}"
    );
}

#[test]
fn what_cannot_be_had_is_said() {
    let bench = Bench::new();
    let stranger = fail(1, bench.arguments(&["fhir", "read", "Patient/1"]));
    assert!(stranger.contains("smart login"), "{stranger}");
    bench.log_in();
    for (words, code, message) in [
        (
            &["fhir", "read", "Patient/smart-1"][..],
            1,
            "404 Not Found: not-found",
        ),
        (
            &["fhir", "read", "nonsense"][..],
            2,
            "give it as in Patient/123",
        ),
        (
            &["fhir", "search", "Condition", "category"][..],
            2,
            "NAME=VALUE",
        ),
        (
            &["fhir", "search", "Condition", "code=1"][..],
            1,
            "Not allowed to query for \"code\" parameter",
        ),
    ] {
        let found = fail(code, bench.arguments(words));
        assert!(found.contains(message), "{words:?}: {found}");
    }
}
