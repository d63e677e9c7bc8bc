//! Bulk exports, and requests that are not made twice, against servers in memory that do what
//! servers do. Time is the test's own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;
use smart::fhir::{
    App, Export, ExportJob, ExportReport, FhirError, Interaction, LinkedBrands, Resource, Session,
    TokenSet,
};
use smart::transport::{Stage, TransportError};
use smart::vault::VaultKey;
use tokio::time::Instant;

/// What a server in memory answers; `None` if the answer is lost.
type Answer = Option<(u16, &'static [(&'static str, &'static str)], String)>;

/// Method, address, and whether the token came along.
type Seen = Arc<Mutex<Vec<String>>>;

fn app(
    server: impl Fn(&Request<Bytes>, usize) -> Answer + Send + Sync + 'static,
) -> (smart::fhir::AppBuilder, Seen) {
    let seen = Seen::default();
    let log = Arc::clone(&seen);
    let transport = move |request: Request<Bytes>| {
        let mut log = log.lock().unwrap();
        let token = match request.headers().contains_key("authorization") {
            true => " with the token",
            false => "",
        };
        let line = format!("{} {}{token}", request.method(), request.uri());
        let before = log.iter().filter(|one| **one == line).count();
        log.push(line);
        let answer = server(&request, before);
        async move {
            let lost = || TransportError::new(Stage::MaybeSent, "the connection was cut");
            let (status, headers, body) = answer.ok_or_else(lost)?;
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(*name, *value);
            }
            Ok::<_, TransportError>(response.body(Bytes::from(body)).unwrap())
        }
    };
    let builder = App::builder("https://ehr.example/fhir").transport(transport);
    (builder, seen)
}

async fn session(
    server: impl Fn(&Request<Bytes>, usize) -> Answer + Send + Sync + 'static,
) -> (Session, Seen) {
    let (builder, seen) = app(server);
    let app = builder.client_id("c").build().unwrap();
    let key = VaultKey::new("somebody").unwrap();
    let session = Session::with_tokens(&app, key, TokenSet::new("t1"))
        .await
        .unwrap();
    (session, seen)
}

async fn job(
    server: impl Fn(&Request<Bytes>, usize) -> Answer + Send + Sync + 'static,
) -> (ExportJob, Seen) {
    let (session, seen) = session(server).await;
    (session.resume_export("/jobs/1").unwrap(), seen)
}

fn good(body: impl ToString) -> Answer {
    Some((200, &[], body.to_string()))
}

fn lines(seen: &Seen) -> Vec<String> {
    seen.lock().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn all_manifests_of_a_job_are_fetched() {
    let (job, _) = job(|request, before| {
        let file = |name: &str| json!([{"type": "Patient", "url": format!("/files/{name}")}]);
        let next = |url: &str| json!([{"relation": "next", "url": url}]);
        match (request.uri().to_string().as_str(), before) {
            ("https://ehr.example/jobs/1", _) => good(
                json!({"transactionTime": "t", "output": file("1"), "link": next("/jobs/1?page=2")}),
            ),
            ("https://ehr.example/jobs/1?page=2", 0) => Some((202, &[], String::new())),
            ("https://ehr.example/jobs/1?page=2", _) => good(
                json!({"output": file("2"), "error": file("e"), "deleted": file("d")}),
            ),
            _ => None,
        }
    })
    .await;
    let manifest = job.wait(|_| ()).await.unwrap();
    let urls = |files: &[smart::fhir::ExportFile]| {
        let urls = files.iter().map(|file| file.url.clone());
        urls.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(urls(&manifest.output), "/files/1 /files/2");
    assert_eq!(urls(&manifest.errors), "/files/e");
    assert_eq!(urls(&manifest.deleted), "/files/d");
    assert_eq!(manifest.transaction_time.as_deref(), Some("t"));
}

#[tokio::test(start_paused = true)]
async fn manifests_in_a_circle_end_the_wait() {
    let (job, _) =
        job(|_, _| good(json!({"output": [], "link": [{"relation": "next", "url": "/jobs/1"}]})))
            .await;
    assert!(job.wait(|_| ()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn files_that_require_no_token_get_none_wherever_they_are() {
    let (job, seen) = job(|request, _| match request.uri().path() {
        "/jobs/1" => good(json!({"requiresAccessToken": false, "output": [
            {"type": "Patient", "url": "/files/1"},
            {"type": "Patient", "url": "https://store.example/2?signature=x"}]})),
        _ => good("{\"resourceType\": \"Patient\"}\n"),
    })
    .await;
    let manifest = job.wait(|_| ()).await.unwrap();
    for file in &manifest.output {
        let mut resources = job.read(&manifest, file).await.unwrap();
        assert!(resources.try_next().await.unwrap().is_some());
    }
    assert_eq!(
        lines(&seen),
        [
            "GET https://ehr.example/jobs/1 with the token",
            "GET https://ehr.example/files/1",
            "GET https://store.example/2?signature=x",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn files_elsewhere_that_require_the_token_are_not_asked_for() {
    let (job, seen) = job(|_, _| {
        good(json!({"requiresAccessToken": true, "output": [{"type": "Patient", "url": "https://store.example/2"}]}))
    })
    .await;
    let manifest = job.wait(|_| ()).await.unwrap();
    let error = job.read(&manifest, &manifest.output[0]).await.unwrap_err();
    assert!(matches!(error, smart::Error::Fhir(FhirError::Link(_))));
    assert_eq!(lines(&seen).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_for_no_pause_is_not_asked_without_pause() {
    for retry_after in [
        &[("retry-after", "0")][..],
        &[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")][..],
    ] {
        let (job, seen) = job(move |_, before| match before {
            0..10 => Some((202, retry_after, String::new())),
            _ => good(json!({"output": []})),
        })
        .await;
        let began = Instant::now();
        job.wait(|_| ()).await.unwrap();
        assert_eq!(lines(&seen).len(), 11);
        assert!(
            began.elapsed() > Duration::from_secs(120),
            "{retry_after:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn failures_that_pass_are_waited_out_up_to_a_time() {
    const TRANSIENT: &str = r#"{"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "transient", "diagnostics": "busy"}]}"#;
    let (recovers, _) = job(|_, before| match before {
        0..40 => Some((500, &[], TRANSIENT.to_owned())),
        _ => good(json!({"output": []})),
    })
    .await;
    recovers.wait(|_| ()).await.unwrap();
    let (never, seen) = job(|_, _| Some((500, &[], TRANSIENT.to_owned()))).await;
    let error = never.wait(|_| ()).await.unwrap_err();
    assert!(error.to_string().contains("busy"), "{error}");
    assert!((60..80).contains(&lines(&seen).len()));
    let (fails, seen) = job(|_, _| Some((500, &[], String::new()))).await;
    assert!(fails.wait(|_| ()).await.is_err());
    assert_eq!(lines(&seen).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_gone_or_cannot_be_deleted_is_not_a_failure() {
    for (status, deleted) in [
        (202, Some(true)),
        (404, Some(false)),
        (405, Some(false)),
        (403, None),
    ] {
        let (job, _) = job(move |_, _| Some((status, &[], String::new()))).await;
        assert_eq!(job.delete().await.ok(), deleted, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_whose_server_is_busy_is_asked_for_again_when_it_says() {
    let (job, seen) = job(|request, before| match (request.uri().path(), before) {
        ("/jobs/1", _) => good(json!({"output": [{"type": "Patient", "url": "/files/1"}]})),
        (_, 0) => Some((503, &[("retry-after", "30")], String::new())),
        (_, 1) => None,
        _ => good("{\"resourceType\": \"Patient\"}\n"),
    })
    .await;
    let manifest = job.wait(|_| ()).await.unwrap();
    let began = Instant::now();
    let mut resources = job.read(&manifest, &manifest.output[0]).await.unwrap();
    assert!(resources.try_next().await.unwrap().is_some());
    assert!(began.elapsed() >= Duration::from_secs(30));
    assert_eq!(lines(&seen).len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_bad_line_is_told_with_its_text_and_the_rest_goes_on() {
    let (job, _) = job(|request, _| match request.uri().path() {
        "/jobs/1" => good(json!({"output": [{"type": "Patient", "url": "/files/1"}]})),
        _ => good("{\"resourceType\":\"Patient\",\"multipleBirthInteger\":1.00}\n\n{\"cut\n{\"resourceType\":\"Group\"}"),
    })
    .await;
    let manifest = job.wait(|_| ()).await.unwrap();
    let mut file = job.read(&manifest, &manifest.output[0]).await.unwrap();
    let mut found = Vec::new();
    while let Some(line) = file.try_next_line().await.unwrap() {
        let text = String::from_utf8(line.text.to_vec()).unwrap();
        found.push(format!("{} {} {text}", line.number, line.resource.is_ok()));
    }
    assert_eq!(
        found,
        [
            "1 true {\"resourceType\":\"Patient\",\"multipleBirthInteger\":1.00}",
            "3 false {\"cut",
            "4 true {\"resourceType\":\"Group\"}",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_depends_on_the_first_attempt_is_not_sent_again_when_its_answer_is_lost() {
    let (session, seen) = session(|_, _| None).await;
    let resource = json!({"resourceType": "Observation", "id": "1"});
    let resource = Resource::new(resource).unwrap();
    let condition = smart::fhir::Search::new("Observation").with("code", "1");
    for (interaction, attempts) in [
        (Interaction::update(&resource).unwrap(), 4),
        (
            Interaction::update(&resource)
                .unwrap()
                .if_match("1")
                .unwrap(),
            1,
        ),
        (Interaction::update_where(&resource, &condition).unwrap(), 1),
        (Interaction::delete("Observation/1").unwrap(), 4),
        (
            Interaction::delete("Observation/1")
                .unwrap()
                .if_match("1")
                .unwrap(),
            1,
        ),
        (Interaction::delete_where(&condition).unwrap(), 1),
        (Interaction::create(&resource).unwrap(), 1),
        (
            Interaction::create_unless(&resource, &condition).unwrap(),
            4,
        ),
        (Interaction::operation_with("", "$x", &resource).unwrap(), 1),
    ] {
        seen.lock().unwrap().clear();
        let error = session.write(&interaction).await.unwrap_err();
        assert_eq!(error.stage(), smart::Stage::MaybeSent);
        assert_eq!(lines(&seen).len(), attempts, "{interaction:?}");
    }
    seen.lock().unwrap().clear();
    session.export(&Export::system()).await.unwrap_err();
    session
        .export(&Export::system().by_post())
        .await
        .unwrap_err();
    assert_eq!(lines(&seen).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_session_without_a_login_sends_no_token() {
    let (builder, seen) = app(|_, _| good(json!({"resourceType": "Patient"})));
    let session = builder.without_login().unwrap();
    session.read::<Resource>("Patient/1").await.unwrap();
    for empty in ["", "Patient/", "/1", "Patient/1/_history/", "Patient//1"] {
        assert!(session.read::<Resource>(empty).await.is_err(), "{empty}");
        assert!(session.delete(empty).await.is_err(), "{empty}");
    }
    assert!(session.vread::<Resource>("Patient/1", "").await.is_err());
    assert!(session.search(&smart::fhir::Search::new("")).is_err());
    assert!(
        session
            .search(&smart::fhir::Search::new("Condition").with("patient", ""))
            .is_err()
    );
    assert!(Export::group("").is_err());
    assert_eq!(lines(&seen), ["GET https://ehr.example/fhir/Patient/1"]);
}

#[tokio::test(start_paused = true)]
async fn a_job_is_finished_only_when_everything_arrived() {
    let (job, seen) = job(|request, before| match (request.uri().path(), before) {
        ("/jobs/1", _) => good(json!({"output": [
            {"type": "Patient", "url": "/files/1", "count": 1},
            {"type": "Group", "url": "/files/2", "count": 2}]})),
        ("/files/1", _) => good("{\"resourceType\":\"Patient\"}\n"),
        ("/files/2", 0) => Some((404, &[], String::new())),
        ("/files/2", 1) => good("{\"resourceType\":\"Group\"}\n"),
        _ => good("{\"resourceType\":\"Group\"}\n{\"resourceType\":\"Group\"}\n"),
    })
    .await;
    let manifest = job.wait(|_| ()).await.unwrap();
    let mut report = ExportReport::new(&manifest);
    let mut lines_seen = 0;
    let broken = job.read_all(&manifest, &mut report, |_, _| lines_seen += 1);
    broken.await.unwrap_err();
    // kept over a restart
    let kept = serde_json::to_string(&report).unwrap();
    let mut report: ExportReport = serde_json::from_str(&kept).unwrap();
    let rest = job.read_all(&manifest, &mut report, |_, _| lines_seen += 1);
    rest.await.unwrap();
    assert_eq!(lines_seen, 2);
    let error = job.finish(&report).await.unwrap_err();
    assert!(error.to_string().contains("not complete"), "{error}");
    assert!(!lines(&seen).iter().any(|line| line.starts_with("DELETE")));

    let mut report = ExportReport::new(&manifest);
    job.read_all(&manifest, &mut report, |_, _| ())
        .await
        .unwrap();
    assert!(job.finish(&report).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn the_brands_that_a_server_links_are_fetched_without_a_token_and_by_their_tag() {
    let (builder, seen) = app(|request, _| {
        let tag = request.headers().get("if-none-match");
        match (request.uri().to_string().as_str(), tag.is_some()) {
            ("https://ehr.example/fhir/.well-known/smart-configuration", _) => good(json!({
                "authorization_endpoint": "https://ehr.example/authorize",
                "token_endpoint": "https://ehr.example/token",
                "capabilities": [],
                "user_access_brand_bundle": "https://brands.example/bundle.json"})),
            ("https://brands.example/bundle.json", true) => Some((304, &[], String::new())),
            ("https://brands.example/bundle.json", false) => Some((
                200,
                &[("etag", "\"7\"")],
                json!({"resourceType": "Bundle", "entry": [
                    {"resource": {"resourceType": "Organization", "id": "o", "name": "General"}}]})
                .to_string(),
            )),
            _ => None,
        }
    });
    let app = builder.client_id("c").build().unwrap();
    let LinkedBrands::Current(brands) = app.brands(None).await.unwrap() else {
        panic!("the bundle is fetched");
    };
    assert_eq!(brands.brands()[0].name.as_deref(), Some("General"));
    let again = app.brands(brands.etag()).await.unwrap();
    assert_eq!(again, LinkedBrands::Unchanged);
    assert!(lines(&seen).iter().all(|line| !line.contains("token")));
}
