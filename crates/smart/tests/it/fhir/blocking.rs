//! The face for threads that wait.

use serde_json::Value;
use smart::Error;
use smart::blocking::fhir::App;
use smart::fhir::{ExportReport, Resource, Search};

use super::ehr::{BASE, Ehr, builder, get, json, key, tokens};

fn app(ehr: &Ehr) -> App {
    builder(ehr).0.build_blocking().unwrap()
}

#[test]
fn handles_are_the_same_without_await() {
    let ehr = Ehr::default();
    let registered = builder(&ehr)
        .0
        .register_blocking("An app", "patient/*.rs")
        .unwrap();
    assert_eq!(registered.client_id().as_str(), "new");
    assert!(registered.registration().is_some());
    assert_eq!(
        registered.server().unwrap().token.as_str(),
        "https://ehr.example/token"
    );

    let app = app(&ehr);
    let authorization = app.authorize("patient/*.rs offline_access").unwrap();
    let callback = format!("code=c&state={}", authorization.state());
    let resumed = app
        .resume_authorization(authorization.clone().into_parts())
        .unwrap();
    assert_eq!(resumed.state(), authorization.state());
    let session = authorization.exchange_as(&callback, key("user")).unwrap();
    assert_eq!(session.patient().as_deref(), Some("canary-patient"));
    let patient: Value = session.read("Patient/canary-patient").unwrap();
    assert_eq!(patient["resourceType"], "Patient");
    session.refresh().unwrap();
    assert_eq!(session.send(get("Patient/1")).unwrap().status(), 200);
    let again = app.open_session(key("user")).unwrap();
    assert_eq!(again.base().as_str(), BASE);
    again.revoke().unwrap();
    assert!(app.open_session(key("user")).unwrap_err().needs_user());
}

#[test]
fn searches_are_iterators_that_end_at_an_error() {
    let ehr = Ehr::default();
    let session = app(&ehr)
        .session_with_tokens(key("user"), tokens())
        .unwrap();
    ehr.instead(|seen| match seen.line.as_str() {
        line if line.ends_with("page=2") => Some(json(500, "{}")),
        line if line.contains("Observation") => Some(json(
            200,
            r#"{"resourceType": "Bundle", "type": "searchset",
            "entry": [{"resource": {"resourceType": "Observation", "id": "1"}}],
            "link": [{"relation": "next", "url": "https://ehr.example/fhir/Observation?page=2"}]}"#,
        )),
        _ => None,
    });
    let search = Search::new("Observation");
    let mut found = session.search(&search).unwrap();
    assert!(found.next().unwrap().is_ok());
    assert!(found.next().unwrap().is_err());
    assert!(found.next().is_none());
}

#[tokio::test]
async fn waiting_inside_a_runtime_is_refused() {
    let error = app(&Ehr::default()).authorize("patient/*.rs").unwrap_err();
    assert!(matches!(error, Error::BlockingInsideAsync));
}

#[test]
fn operations_writes_and_exports_are_there_too() {
    const MANIFEST: &str = r#"{"transactionTime": "2026-01-01T00:00:00Z", "requiresAccessToken": true,
        "output": [{"type": "Patient", "url": "https://ehr.example/fhir/files/1"}]}"#;
    const LINES: &str = "{\"resourceType\": \"Patient\", \"id\": \"1\"}\n";
    let ehr = Ehr::default();
    let session = app(&ehr)
        .session_with_tokens(key("user"), tokens())
        .unwrap();
    ehr.instead(|seen| match seen.line.as_str() {
        line if line.ends_with("/_search") => Some(json(
            200,
            r#"{"resourceType": "Bundle", "type": "searchset",
            "entry": [{"resource": {"resourceType": "Observation", "id": "1"}}]}"#,
        )),
        line if line.contains("$validate") => {
            Some(json(200, r#"{"resourceType": "OperationOutcome"}"#))
        }
        line if line.ends_with("/jobs/1") => Some(json(200, MANIFEST)),
        line if line.ends_with("/files/1") => Some(json(200, LINES)),
        _ => None,
    });

    let search = Search::new("Observation");
    let by_post = session.search_by_post(&search).unwrap();
    assert_eq!(by_post.matches::<Value>().unwrap().len(), 1);

    let input = Resource::new(serde_json::json!({"resourceType": "Parameters"})).unwrap();
    let outcome: Value = session
        .operation_with("Patient", "$validate", &input)
        .unwrap();
    assert_eq!(outcome["resourceType"], "OperationOutcome");

    let job = session.resume_export("/fhir/jobs/1").unwrap();
    let manifest = job.wait(|_| ()).unwrap();
    let mut report = ExportReport::new(&manifest);
    let mut lines = 0;
    job.read_all(&manifest, &mut report, |_, _| lines += 1)
        .unwrap();
    assert_eq!(lines, 1);
    assert!(report.missing().is_empty());
}
