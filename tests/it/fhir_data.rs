//! A session's data: against the sandbox over loopback, and against servers in memory that do what
//! no sandbox does.

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use smart::api::Body;
use smart::api::models::ClinicalNote;
use smart::fhir::interactions::{Base, rdf};
use smart::fhir::{
    App, Export, FhirError, Interaction, LinkError, Resource, Search, Session, TokenSet,
};
use smart::transport::{HyperTransport, Transport as _, TransportError};
use smart::vault::VaultKey;
use smart::{Error, Graph, Query};
use smart_sandbox::Sandbox;

type Result<T> = std::result::Result<T, Box<dyn StdError>>;

const PATIENT: &str = "smart-1288992";
const LABELS: &str = "patient medications allergies immunizations problems procedures vital-signs laboratory smoking";

/// A session with a token of the sandbox's debug address, whose searches find what all labels show.
async fn session(sandbox: &Sandbox, scopes: &str) -> Result<Session> {
    let app = App::new(
        sandbox.fhir_base(),
        "api-test",
        "api-secret",
        "http://localhost:9001/authorized",
    )?;
    let address = sandbox
        .fhir_base()
        .replace("/api/fhir", "/oauth/debug/token");
    let body = json!({"client_id": "api-test", "username": "daniel-adams", "patient_id": PATIENT, "scope": scopes, "security_labels": LABELS});
    let request = Request::post(address)
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_string()))?;
    let response = HyperTransport::builder().build().fetch(request).await?;
    let answer: Value = serde_json::from_slice(response.body())?;
    let token = answer["access_token"].as_str().ok_or("there is no token")?;
    let mut tokens = TokenSet::new(token);
    tokens.scopes.granted = scopes.parse()?;
    Ok(Session::with_tokens(&app, VaultKey::new("daniel")?, tokens).await?)
}

/// A session at a server in memory, and the requests that reach it.
async fn at(
    server: impl Fn(&Request<Bytes>) -> (u16, String) + Send + Sync + 'static,
    adjust: impl FnOnce(smart::fhir::AppBuilder) -> smart::fhir::AppBuilder,
) -> Result<(Session, Arc<Mutex<Vec<String>>>)> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let transport = move |request: Request<Bytes>| {
        let line = format!("{} {}", request.method(), request.uri());
        log.lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .push(line);
        let (status, body) = server(&request);
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
        if status == 201 {
            let location =
                http::HeaderValue::from_static("https://ehr.example/fhir/Observation/7/_history/1");
            response.headers_mut().insert("location", location);
        }
        async { Ok::<_, TransportError>(response) }
    };
    let builder = App::builder("https://ehr.example/fhir")
        .client_id("c")
        .client_secret("s")
        .transport(transport);
    let app = adjust(builder).build()?;
    let mut tokens = TokenSet::new("t1");
    tokens.scopes.granted = "patient/*.rs patient/Observation.cruds".parse()?;
    Ok((
        Session::with_tokens(&app, VaultKey::new("somebody")?, tokens).await?,
        seen,
    ))
}

fn lines(seen: &Mutex<Vec<String>>) -> Vec<String> {
    seen.lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
        .clone()
}

fn observation(more: &Value) -> Result<Resource> {
    let mut value = json!({"resourceType": "Observation"});
    for (name, member) in more.as_object().into_iter().flatten() {
        value[name] = member.clone();
    }
    Ok(Resource::new(value)?)
}

#[tokio::test]
async fn a_patient_is_read_as_json_and_as_a_type() -> Result<()> {
    let sandbox = smart_tests::sandbox().await?;
    let session = session(&sandbox, "patient/*.read").await?;
    let patient: Resource = session.read(&format!("Patient/{PATIENT}")).await?;
    assert_eq!(
        (patient.resource_type(), patient.id()),
        ("Patient", Some(PATIENT))
    );
    let absolute: Value = session
        .read(&format!("{}/Patient/{PATIENT}", sandbox.fhir_base()))
        .await?;
    assert_eq!(absolute, *patient.as_value());
    let error = session
        .read::<Resource>("Patient/smart-1032702")
        .await
        .unwrap_err();
    assert_eq!(
        error.status().map(|status| status.as_u16()),
        Some(404),
        "another's patient"
    );
    let Error::Fhir(error) = error else {
        return Err("another error was expected".into());
    };
    assert!(
        error
            .outcome()
            .is_some_and(|outcome| outcome.has_code("not-found"))
    );
    Ok(())
}

#[tokio::test]
async fn a_search_goes_through_all_pages() -> Result<()> {
    let sandbox = smart_tests::sandbox().await?;
    let session = session(&sandbox, "patient/*.read").await?;
    let search = Search::new("Observation").with("patient", PATIENT);
    let whole: Vec<Resource> = session
        .search(&search.clone().count(500))?
        .matches()
        .await?;
    let paged: Vec<Resource> = session.search(&search.count(7))?.matches().await?;
    assert!(whole.len() > 20);
    assert_eq!(whole, paged);
    Ok(())
}

#[tokio::test]
async fn what_was_posted_since_is_found() -> Result<()> {
    let start = smart_oauth::Timestamp::from_unix_seconds(1_800_000_000);
    let clock = smart_sandbox::Clock::manual(start);
    let sandbox = Sandbox::builder().clock(clock.clone()).start().await?;
    let session = session(&sandbox, "patient/*.read").await?;
    let since = || Search::new("DocumentReference").raw("_lastUpdated", "gt2027-01-15T08:00:00Z");
    let before: Vec<Resource> = session.search(&since())?.matches().await?;
    clock.advance(60);
    let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_800_000_060);
    let client = smart::classic::Client::builder()
        .app_id(smart_sandbox::BACKGROUND_APP_ID)
        .api_base(sandbox.api_base())
        .consumer(
            smart_sandbox::BACKGROUND_APP_ID,
            smart_sandbox::STOCK_SECRET,
        )
        .clock(move || time)
        .build()?;
    let note = ClinicalNote::of_text("Telephone call", "2013-09-02", "felt better");
    let record = client.open_record("1288992").await?;
    record
        .post_clinical_note(Body::from_model(&note)?)
        .send()
        .await?;
    let after: Vec<Resource> = session.search(&since())?.matches().await?;
    assert_eq!((before.len(), after.len()), (0, 1));
    assert_eq!(after[0].last_updated(), Some("2027-01-15T08:01:00Z"));
    Ok(())
}

#[tokio::test]
async fn capabilities_tell_the_types() -> Result<()> {
    let sandbox = smart_tests::sandbox().await?;
    let session = session(&sandbox, "patient/*.read").await?;
    let capabilities = session.capabilities().await?;
    assert_eq!(capabilities.fhir_version(), Some("4.0.1"));
    assert!(
        capabilities
            .of_type("Patient")
            .is_some_and(|patient| patient.can("read"))
    );
    Ok(())
}

#[tokio::test]
async fn what_the_scopes_do_not_cover_is_not_sent() -> Result<()> {
    let sandbox = smart_tests::sandbox().await?;
    let session = session(&sandbox, "patient/Patient.read patient/Condition.r").await?;
    session
        .read::<Resource>(&format!("Patient/{PATIENT}"))
        .await?;
    let search = Search::new("Condition").with("patient", PATIENT);
    let error = session.search(&search).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the user's grant does not cover Condition.s, only \"patient/Patient.read patient/Condition.r\"; \
         ask for that scope, or let the app send beyond its scopes"
    );
    let refused = session.read::<Resource>("Observation/1").await.unwrap_err();
    assert!(matches!(
        refused,
        Error::Fhir(FhirError::OutsideScopes { .. })
    ));
    assert_eq!(refused.stage(), smart::Stage::NotSent);
    Ok(())
}

#[tokio::test]
async fn every_resource_of_the_sandbox_is_a_graph() -> Result<()> {
    let (mut graphs, mut count) = (Vec::new(), 0);
    let mut empty: Option<BTreeSet<String>> = None;
    for seed in 1..=6 {
        let sandbox = Sandbox::builder()
            .seed(seed)
            .synthetic_patients(1)
            .start()
            .await?;
        let session = session(&sandbox, "patient/*.read").await?;
        let mut missing = BTreeSet::new();
        let mut resources: Vec<Resource> = Vec::new();
        for (name, _) in session.capabilities().await?.types() {
            let search = Search::new(name).count(500);
            let found: Vec<Resource> = session.search(&search)?.matches().await?;
            if found.is_empty() {
                missing.insert(name.to_owned());
            }
            resources.extend(found);
        }
        empty = Some(empty.map_or(missing.clone(), |empty| &empty & &missing));
        // each the same patient's, so each at an address of its own
        let base = Base::parse(&format!("https://ehr{seed}.example/fhir"))?;
        graphs.push(rdf::Bridge::new(base).to_graph(&resources)?);
        count += resources.len();
    }
    assert_eq!(
        empty,
        Some(BTreeSet::new()),
        "types of which there is nothing"
    );
    let graph = Graph::merge(&graphs);
    let query = Query::prepare(
        "PREFIX fhir: <http://hl7.org/fhir/>
         SELECT (COUNT(DISTINCT ?resource) AS ?count) { ?resource fhir:nodeRole fhir:treeRoot }",
    )?;
    let rows: Vec<_> = query.select(&graph)?.into_iter().collect();
    assert_eq!(rows[0].text("count"), Some(&*count.to_string()));
    let query = Query::prepare(
        "PREFIX fhir: <http://hl7.org/fhir/>
         SELECT ?condition { ?condition a fhir:Condition ; fhir:Condition.subject/fhir:link ?patient . ?patient a fhir:Patient }",
    )?;
    assert!(
        query.select(&graph)?.into_iter().count() > 0,
        "references lead to their resources"
    );
    Ok(())
}

#[tokio::test]
async fn links_to_other_origins_are_not_followed() -> Result<()> {
    for (next, followed) in [
        ("https://ehr.example/fhir?page=2", true),
        ("https://ehr.example:443/fhir?page=2", true),
        ("?page=2", true),
        ("https://evil.example/fhir?page=2", false),
        ("http://ehr.example/fhir?page=2", false),
        ("https://ehr.example:8443/fhir?page=2", false),
        ("https://ehr.example.evil.example/fhir?page=2", false),
        ("https://ehr.example./fhir?page=2", false),
        ("https://ehr.example@evil.example/fhir?page=2", false),
        ("//evil.example/fhir?page=2", false),
        ("Condition", false), // where it is already
    ] {
        let server = move |request: &Request<Bytes>| {
            let link = match request.uri().query() {
                Some(query) if query.contains("page=2") => json!([]),
                _ => json!([{"relation": "next", "url": next}]),
            };
            let entry = json!([{"resource": {"resourceType": "Condition", "id": "c"}}]);
            (
                200,
                json!({"resourceType": "Bundle", "link": link, "entry": entry}).to_string(),
            )
        };
        let (session, seen) = at(server, |app| app).await?;
        let mut entries = session.search(&Search::new("Condition"))?;
        assert!(entries.try_next().await?.is_some(), "the first page counts");
        let second = entries.try_next().await;
        if followed {
            assert!(
                second?.is_some() && entries.try_next().await?.is_none(),
                "{next}"
            );
            assert_eq!(lines(&seen).len(), 2);
        } else {
            let error = second.unwrap_err();
            assert!(
                matches!(&error, Error::Fhir(FhirError::Link(_))),
                "{next}: {error:?}"
            );
            assert_eq!(
                lines(&seen),
                ["GET https://ehr.example/fhir/Condition"],
                "{next}"
            );
        }
    }
    Ok(())
}

#[tokio::test]
async fn references_to_other_servers_are_not_read() -> Result<()> {
    let (session, seen) = at(|_| (200, "{}".to_owned()), |app| app).await?;
    for reference in [
        "https://evil.example/fhir/Patient/1",
        "https://ehr.example@evil.example/fhir/Patient/1",
        "http://ehr.example/fhir/Patient/1",
    ] {
        let error = session.read::<Value>(reference).await.unwrap_err();
        assert!(matches!(
            error,
            Error::Fhir(FhirError::Link(
                LinkError::OtherOrigin { .. } | LinkError::UserInformation
            ))
        ));
    }
    for reference in [
        "Patient/../../admin",
        "//evil.example/Patient/1",
        "Patient",
        "urn:uuid:1",
        "#a",
    ] {
        assert!(session.read::<Value>(reference).await.is_err());
    }
    assert!(lines(&seen).is_empty());
    Ok(())
}

#[tokio::test]
async fn what_is_written_says_where_it_is() -> Result<()> {
    let server = |request: &Request<Bytes>| match request.method().as_str() {
        "POST" => (201, String::new()),
        "PUT" if request.headers().contains_key("if-match") => (412, String::new()),
        "DELETE" => (204, String::new()),
        _ => (200, String::from_utf8_lossy(request.body()).into_owned()),
    };
    let (session, seen) = at(server, |app| app).await?;
    let created = session.create(&observation(&json!({}))?).await?;
    assert_eq!(created.id(), Some("7"));
    let own = observation(&json!({"id": "7"}))?;
    assert_eq!(session.update(&own).await?.resource, Some(own.clone()));
    session.delete("Observation/7").await?;
    let stale = session
        .write(&Interaction::update(&own)?.if_match("1")?)
        .await
        .unwrap_err();
    assert_eq!(stale.status().map(|status| status.as_u16()), Some(412));
    assert_eq!(
        lines(&seen),
        [
            "POST https://ehr.example/fhir/Observation",
            "PUT https://ehr.example/fhir/Observation/7",
            "DELETE https://ehr.example/fhir/Observation/7",
            "PUT https://ehr.example/fhir/Observation/7",
        ]
    );
    Ok(())
}

#[tokio::test]
async fn the_entries_of_a_batch_need_their_scopes() -> Result<()> {
    let server = |_: &Request<Bytes>| {
        let entry = json!([{"response": {"status": "200"}, "resource": {"resourceType": "Patient"}}, {"response": {"status": "404"}}]);
        (
            200,
            json!({"resourceType": "Bundle", "type": "batch-response", "entry": entry}).to_string(),
        )
    };
    let (session, seen) = at(server, |app| app).await?;
    let batch = |method: &str, url: &str| {
        let entry = json!([{"request": {"method": "GET", "url": "Patient/1"}}, {"request": {"method": method, "url": url}}]);
        Resource::new(json!({"resourceType": "Bundle", "type": "batch", "entry": entry}))
    };
    let answered = session.batch(&batch("GET", "Condition?patient=1")?).await?;
    let good = answered.entries().iter().filter(|entry| {
        entry
            .response
            .as_ref()
            .is_some_and(|response| response.is_success())
    });
    assert_eq!(good.count(), 1);
    let error = session
        .batch(&batch("DELETE", "Condition/1")?)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("Condition.d"), "{error}");
    assert_eq!(lines(&seen), ["POST https://ehr.example/fhir"]);

    let (free, seen) = at(server, smart::fhir::AppBuilder::send_beyond_scopes).await?;
    free.batch(&batch("DELETE", "Condition/1")?).await?;
    assert_eq!(lines(&seen).len(), 1);
    Ok(())
}

#[tokio::test]
async fn operations_and_histories_are_asked_for() -> Result<()> {
    let server = |_: &Request<Bytes>| {
        (
            200,
            json!({"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient"}}]})
                .to_string(),
        )
    };
    let (session, seen) = at(server, |app| app).await?;
    let everything: Resource = session
        .operation("Patient/1", "$everything", &Search::all_types())
        .await?;
    assert_eq!(everything.resource_type(), "Bundle");
    let input = Resource::parameters([("code", "valueCode", json!("x"))]);
    session
        .operation_with::<Value>("Observation", "$lastn", &input)
        .await?;
    let mut history = session.entries(&Interaction::history("Patient/1")?)?;
    assert!(history.try_next().await?.is_some());
    session.vread::<Value>("Patient/1", "3").await?;
    let found: Vec<Value> = session
        .search_by_post(&Search::new("Patient").with("name", "a,b"))?
        .matches()
        .await?;
    assert_eq!(found.len(), 1);
    assert_eq!(
        lines(&seen),
        [
            "GET https://ehr.example/fhir/Patient/1/$everything",
            "POST https://ehr.example/fhir/Observation/$lastn",
            "GET https://ehr.example/fhir/Patient/1/_history",
            "GET https://ehr.example/fhir/Patient/1/_history/3",
            "POST https://ehr.example/fhir/Patient/_search",
        ]
    );
    Ok(())
}

#[tokio::test]
async fn an_export_is_waited_for_and_read() -> Result<()> {
    let sandbox = smart_tests::sandbox().await?;
    let session = session(&sandbox, "patient/*.read").await?;
    let begun = session
        .export(&Export::patients().types(["Observation", "Condition"])?)
        .await?;
    let job = session.resume_export(&begun.status_address())?;
    let mut looks = 0;
    let manifest = job.wait(|_| looks += 1).await?;
    assert_eq!(looks, 1, "the sandbox makes everybody wait once");
    let mut count = 0;
    for file in &manifest.output {
        let mut resources = job.read(&manifest, file).await?;
        while let Some(resource) = resources.try_next().await? {
            assert_eq!(resource.resource_type(), file.resource_type);
            count += 1;
        }
    }
    let found: Vec<Resource> = session
        .search(&Search::new("Observation").count(500))?
        .matches()
        .await?;
    assert!(count > found.len() && !found.is_empty());
    job.delete().await?;
    let gone = job.poll().await.unwrap_err();
    assert_eq!(gone.status().map(|status| status.as_u16()), Some(404));
    Ok(())
}

#[tokio::test]
async fn no_token_goes_to_an_export_s_other_addresses() -> Result<()> {
    let server = |request: &Request<Bytes>| match request.uri().path() {
        "/jobs/1" => {
            let files = json!([{"type": "Patient", "url": "https://store.example/1"}]);
            (200, json!({"transactionTime": "2026-01-01T00:00:00Z", "requiresAccessToken": true, "output": files}).to_string())
        }
        _ => (404, String::new()),
    };
    let (session, seen) = at(server, |app| app).await?;
    assert!(
        session
            .resume_export("https://evil.example/jobs/1")
            .is_err()
    );
    let job = session.resume_export("https://ehr.example/jobs/1")?;
    let manifest = job.wait(|_| ()).await?;
    let error = job.read(&manifest, &manifest.output[0]).await.unwrap_err();
    assert!(matches!(
        error,
        Error::Fhir(FhirError::Link(LinkError::OtherOrigin { .. }))
    ));
    assert_eq!(lines(&seen), ["GET https://ehr.example/jobs/1"]);
    Ok(())
}

#[tokio::test]
async fn one_query_asks_both_generations() -> Result<()> {
    let sandbox = smart_tests::sandbox().await?;
    let session = session(&sandbox, "patient/*.read").await?;
    let newer = session
        .search(&Search::new("Condition").with("patient", PATIENT))?
        .graph()
        .await?;
    let record = smart_tests::background_client(&sandbox)?
        .open_record("1288992")
        .await?;
    let older = record.get_problems().send().await?.graph()?;
    let both = Graph::merge([&newer, &older]);
    let query = Query::prepare(
        "PREFIX fhir: <http://hl7.org/fhir/> PREFIX sp: <http://smartplatforms.org/terms#> PREFIX dcterms: <http://purl.org/dc/terms/>
         SELECT DISTINCT ?name {
             ?condition a fhir:Condition ; fhir:Condition.code/fhir:CodeableConcept.text/fhir:value ?name .
             ?problem a sp:Problem ; sp:problemName/dcterms:title ?name
         }",
    )?;
    let common = query.select(&both)?.into_iter().count();
    let names = Query::prepare(
        "PREFIX fhir: <http://hl7.org/fhir/> SELECT DISTINCT ?name { ?c a fhir:Condition ; fhir:Condition.code/fhir:CodeableConcept.text/fhir:value ?name }",
    )?;
    assert!(common > 0);
    assert_eq!(
        names.select(&newer)?.into_iter().count(),
        common,
        "the same problems in both"
    );
    Ok(())
}

#[tokio::test]
async fn limits_are_the_app_s_to_set() -> Result<()> {
    let server = |_: &Request<Bytes>| {
        (
            200,
            json!({"resourceType": "Patient", "text": "x".repeat(2000)}).to_string(),
        )
    };
    let (session, _) = at(server, |app| {
        app.limits(smart::fhir::Limits::default().with_bytes(1000))
    })
    .await?;
    let error = session.read::<Value>("Patient/1").await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("longer than 1000 bytes"), "{text}");
    Ok(())
}
