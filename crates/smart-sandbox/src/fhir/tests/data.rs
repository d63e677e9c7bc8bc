//! Reading and searching: who may see what, and in which shape.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use super::super::resources::Release;
use super::super::testing::*;

const ALL_LABELS: &str =
    "patient medications allergy immunizations problems procedures vital-signs laboratory smoking";

fn shared(bench: &Bench) -> Tokens {
    bench.debug_token(
        &bench.register(REDIRECT),
        json!({"security_labels": ALL_LABELS}),
    )
}

fn search(bench: &Bench, token: &str, query: &str) -> Value {
    let response = bench.get_as(token, &format!("/api/fhir/{query}"));
    assert_eq!(response.status(), 200, "{query} {response:?}");
    body_of(&response)
}

fn entries(bundle: &Value) -> Vec<Value> {
    bundle["entry"].as_array().cloned().unwrap_or_default()
}

/// All resources of a type, over all pages.
fn all(bench: &Bench, token: &str, query: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut path = format!("/api/fhir/{query}");
    loop {
        let bundle = body_of(&bench.get_as(token, &path));
        found.extend(
            entries(&bundle)
                .into_iter()
                .map(|entry| entry["resource"].clone()),
        );
        let links = bundle["link"].as_array().unwrap();
        let Some(next) = links.iter().find(|link| link["relation"] == "next") else {
            assert_eq!(bundle["total"], found.len());
            return found;
        };
        path = next["url"]
            .as_str()
            .unwrap()
            .strip_prefix(SERVER)
            .unwrap()
            .to_owned();
    }
}

#[test]
fn every_type_that_is_stated_has_resources_that_can_be_read() {
    let bench = Bench::new();
    let token = shared(&bench).access;
    for name in Release::R4.types() {
        let found = all(&bench, &token, name);
        // Daniel has no note-taker for sure only where there is a note; every other type has
        // something.
        assert!(
            !found.is_empty()
                || matches!(*name, "Practitioner" | "Procedure" | "DocumentReference"),
            "{name}"
        );
        let mut ids = BTreeSet::new();
        for resource in &found {
            assert_eq!(resource["resourceType"], **name);
            let id = resource["id"].as_str().unwrap();
            assert!(id.len() <= 64 && ids.insert(id.to_owned()), "{name} {id}");
            let read = bench.get_as(&token, &format!("/api/fhir/{name}/{id}"));
            assert_eq!(&body_of(&read), resource);
            let updated = resource["meta"]["lastUpdated"].as_str().unwrap();
            assert!(updated.ends_with('Z') && updated <= "2018-07-05T16:41:24Z");
            let day = resource["effectiveDateTime"].as_str();
            if let Some(day) = day.filter(|day| *day < "2018-07-05") {
                assert_eq!(updated.get(..10), day.get(..10), "written down on the day");
            }
        }
    }
}

/// What the members of a resource must have by FHIR R4, and what may be in them.
#[test]
fn resources_have_what_their_type_demands() {
    let bench = Bench::new();
    let token = shared(&bench).access;
    for (name, members) in [
        (
            "AllergyIntolerance",
            &["clinicalStatus", "code", "patient"][..],
        ),
        (
            "Condition",
            &[
                "clinicalStatus",
                "category",
                "code",
                "subject",
                "onsetDateTime",
            ],
        ),
        ("Encounter", &["status", "class", "subject", "period"]),
        (
            "Immunization",
            &["status", "vaccineCode", "patient", "occurrenceDateTime"],
        ),
        (
            "MedicationDispense",
            &[
                "status",
                "medicationCodeableConcept",
                "subject",
                "quantity",
                "daysSupply",
            ],
        ),
        (
            "MedicationRequest",
            &[
                "status",
                "intent",
                "medicationCodeableConcept",
                "subject",
                "authoredOn",
            ],
        ),
        ("Observation", &["status", "category", "code", "subject"]),
        ("Procedure", &["status", "code", "subject"]),
        ("DocumentReference", &["status", "type", "content"]),
        ("Practitioner", &["name"]),
    ] {
        for resource in all(&bench, &token, name) {
            for member in members {
                assert!(!resource[member].is_null(), "{member} in {resource}");
            }
            no_empty_members(&resource);
        }
    }
}

fn no_empty_members(value: &Value) {
    match value {
        Value::Object(members) => {
            assert!(!members.is_empty());
            members.values().for_each(no_empty_members);
        }
        Value::Array(items) => {
            assert!(!items.is_empty());
            items.iter().for_each(no_empty_members);
        }
        Value::String(text) => assert!(!text.is_empty()),
        Value::Null => panic!("null in a resource"),
        _ => {}
    }
}

#[test]
fn references_lead_to_resources_of_the_record() {
    let bench = Bench::new();
    let token = shared(&bench).access;
    let mut seen = BTreeSet::new();
    for name in Release::R4.types() {
        for resource in all(&bench, &token, name) {
            references(&resource, &mut seen);
        }
    }
    assert!(
        seen.iter()
            .any(|reference| reference.starts_with("MedicationRequest/"))
    );
    assert!(
        seen.iter()
            .any(|reference| reference.starts_with("Encounter/"))
    );
    for reference in seen {
        let status = bench
            .get_as(&token, &format!("/api/fhir/{reference}"))
            .status();
        assert_eq!(status, 200, "{reference}");
    }
}

fn references(value: &Value, seen: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("reference") {
                seen.insert(reference.clone());
            }
            members.values().for_each(|member| references(member, seen));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, seen)),
        _ => {}
    }
}

#[test]
fn values_come_from_the_statements() {
    let bench = Bench::new();
    let token = shared(&bench).access;
    let record = bench.server.state.store.record("1288992").unwrap().unwrap();
    let labs = record
        .statements_of(smart_api::vocab::sp::class::LAB_RESULT)
        .count();
    let found = all(&bench, &token, "Observation?category=laboratory");
    assert_eq!(found.len(), labs);
    let glucose = found
        .iter()
        .find(|lab| lab["code"]["coding"][0]["code"] == "2345-7")
        .unwrap();
    assert_eq!(glucose["code"]["coding"][0]["system"], "http://loinc.org");
    assert!(glucose["valueQuantity"]["value"].is_number());
    assert_eq!(glucose["valueQuantity"]["unit"], "mg/dL");
    assert_eq!(glucose["referenceRange"][0]["low"]["value"], 70);
    let smoking = all(&bench, &token, "Observation?category=social-history");
    assert_eq!(smoking[0]["code"]["coding"][0]["code"], "72166-2");
    let vitals = all(&bench, &token, "Observation?category=vital-signs");
    let pressure = vitals
        .iter()
        .find(|sign| sign["component"].is_array())
        .unwrap();
    assert_eq!(pressure["component"].as_array().unwrap().len(), 2);
    let problems = all(&bench, &token, "Condition");
    assert!(
        problems
            .iter()
            .any(|one| one["code"]["coding"][0]["system"] == "http://snomed.info/sct")
    );
}

#[test]
fn a_bundle_is_read_page_by_page_on_this_server() {
    let bench = Bench::new();
    let token = shared(&bench).access;
    let bundle = search(&bench, &token, "Observation?patient=smart-1288992&_count=7");
    assert_eq!(bundle["type"], "searchset");
    assert_eq!(entries(&bundle).len(), 7);
    let links = bundle["link"].as_array().unwrap();
    let next = links
        .iter()
        .find(|link| link["relation"] == "next")
        .unwrap();
    assert!(
        next["url"]
            .as_str()
            .unwrap()
            .starts_with("http://localhost:9000/api/fhir/Observation?")
    );
    let whole = all(&bench, &token, "Observation?_count=500");
    assert_eq!(
        all(&bench, &token, "Observation?patient=smart-1288992&_count=7"),
        whole
    );
    let first = entries(&bundle)[0]["fullUrl"].as_str().unwrap().to_owned();
    assert_eq!(
        first,
        format!(
            "http://localhost:9000/api/fhir/Observation/{}",
            whole[0]["id"].as_str().unwrap()
        )
    );
    let none = search(&bench, &token, "Observation?_count=0");
    assert!(none.get("entry").is_none());
    assert_eq!(none["total"], whole.len());
    assert_eq!(none["link"].as_array().unwrap().len(), 1);
    let beyond = search(&bench, &token, "Observation?_offset=18446744073709551615");
    assert!(beyond.get("entry").is_none());
}

#[test]
fn searches_are_narrowed_by_what_they_name() {
    let bench = Bench::new();
    let token = shared(&bench).access;
    for (query, some) in [
        ("Patient", true),
        ("Patient?_lastUpdated=gt2018-01-01T00:00:00Z", true),
        ("Patient?_lastUpdated=gt2019-01-01T00:00:00Z", false),
        ("Condition?patient=smart-1288992", true),
        ("Condition?patient=Patient/smart-1288992", true),
        ("Condition?patient=smart-4566591", false),
        ("Condition?category=problem-list-item", true),
        ("Condition?category=encounter-diagnosis", false),
        ("Condition?patient=smart-1288992&patient=smart-1", true),
        ("Condition?_security=nothing", true),
        ("Coverage?beneficiary=smart-1288992", false),
        ("MedicationOrder", false),
    ] {
        assert_eq!(search(&bench, &token, query)["total"] != 0, some, "{query}");
    }
}

#[test]
fn a_search_finds_what_the_person_shares() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    for (labels, name, some) in [
        ("", "Condition", false),
        ("problems", "Condition", true),
        ("problems", "Patient", false),
        ("patient", "Patient", true),
        ("allergy", "AllergyIntolerance", true),
        ("allergies", "AllergyIntolerance", true),
        ("laboratory", "Observation?category=vital-signs", false),
        ("vital-signs", "Observation?category=vital-signs", true),
    ] {
        let token = bench
            .debug_token(&app, json!({"security_labels": labels}))
            .access;
        assert_eq!(
            search(&bench, &token, name)["total"] != 0,
            some,
            "{labels} {name}"
        );
    }
}

#[test]
fn a_token_from_a_consent_finds_everything() {
    let bench = Bench::new();
    let token = bench.dance(&bench.register(REDIRECT)).access;
    for name in [
        "Patient",
        "Condition",
        "AllergyIntolerance",
        "MedicationRequest",
        "Observation",
    ] {
        assert_ne!(search(&bench, &token, name)["total"], 0, "{name}");
    }
}

#[test]
fn another_patient_is_not_there() {
    let bench = Bench::new();
    let token = shared(&bench).access;
    let represented = bench
        .server
        .state
        .users()
        .get("daniel-adams")
        .unwrap()
        .patients()
        .nth(1)
        .unwrap();
    for id in [
        represented.as_str(),
        "smart-4566591",
        "smart-1",
        "x",
        "%ff",
        "..",
    ] {
        let response = bench.get_as(&token, &format!("/api/fhir/Patient/{id}"));
        assert_eq!(response.status(), 404, "{id}");
        assert_eq!(response.headers()["content-type"], "application/fhir+json");
        assert_eq!(body_of(&response)["resourceType"], "OperationOutcome");
        assert_eq!(body_of(&response)["issue"][0]["code"], "not-found");
    }
    let other = bench.debug_token(
        &bench.register(REDIRECT),
        json!({"patient_id": represented}),
    );
    let response = bench.get_as(&other.access, &format!("/api/fhir/Patient/{represented}"));
    assert_eq!(body_of(&response)["gender"], "female");
}

#[test]
fn scopes_open_what_they_say_and_nothing_else() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    for (scope, path, status) in [
        ("nonsense", "Patient/smart-1288992", 403),
        ("patient/Patient.read", "Patient/smart-1288992", 200),
        ("patient/Patient.read", "Condition", 403),
        ("patient/Condition.s", "Condition", 200),
        ("patient/Condition.r", "Condition", 403),
        ("patient/*.rs", "Condition", 200),
    ] {
        let token = bench.debug_token(&app, json!({"scope": scope})).access;
        let response = bench.get_as(&token, &format!("/api/fhir/{path}"));
        assert_eq!(response.status(), status, "{scope} {path}");
        if status == 403 {
            assert_eq!(body_of(&response)["issue"][0]["code"], "forbidden");
        }
    }
}

#[test]
fn what_may_not_be_asked_is_refused_in_order() {
    let bench = Bench::new();
    let token = shared(&bench).access;
    let bearer = format!("Bearer {token}");
    let ask = |method: Method, path: &str| {
        bench.send(&with_header(bare(method, path), "authorization", &bearer))
    };
    for (method, path, error) in [
        (
            Method::GET,
            "/api/fhir/Observation?code=x",
            "Not allowed to query for \"code\" parameter.",
        ),
        (
            Method::GET,
            "/api/fhir/Observation?category:not=x",
            "Not allowed to query for \"category:not\" parameter.",
        ),
        (
            Method::POST,
            "/api/fhir/Nothing?_id=x",
            "Not allowed to query for \"_id\" parameter.",
        ),
        (
            Method::POST,
            "/api/fhir/Nothing",
            "Not allowed to query for \"POST\" method.",
        ),
        (
            Method::HEAD,
            "/api/fhir/Patient",
            "Not allowed to query for \"HEAD\" method.",
        ),
        (
            Method::GET,
            "/api/fhir/Nothing",
            "Not allowed to query for \"Nothing\" resource type.",
        ),
    ] {
        let is_head = method == Method::HEAD;
        let response = ask(method, path);
        assert_eq!(response.status(), 403, "{path}");
        assert_eq!(response.headers()["content-type"], "application/json");
        if is_head {
            assert!(response.body().is_empty());
            continue;
        }
        assert_eq!(body_of(&response), json!({"error": error}));
    }
    for method in [Method::PUT, Method::PATCH, Method::DELETE] {
        assert_eq!(ask(method, "/api/fhir/Patient/x").status(), 405);
    }
    for (path, status) in [
        ("/api/fhir", 404),
        ("/api/fhir/", 404),
        ("/api/fhir/Patient/smart-1288992/_history/1", 404),
        ("/api/fhir/Patient?_format=xml", 406),
        ("/api/fhir/Patient?_format=json", 200),
        ("/api/fhir/Patient?_count=many", 400),
        ("/api/fhir/Patient?_count=-1", 400),
        ("/api/fhir/Patient?_lastUpdated=soon", 400),
        ("/api/fhir/Patient/?_count=1", 200),
    ] {
        assert_eq!(ask(Method::GET, path).status(), status, "{path}");
    }
    assert_eq!(bench.get("/api/fhir/Nothing?code=x").status(), 401);
}

#[test]
fn only_a_bearer_in_the_header_counts() {
    let bench = Bench::new();
    let tokens = shared(&bench);
    let path = "/api/fhir/Patient/smart-1288992";
    for (header, status) in [
        (format!("Bearer {}", tokens.access), 200),
        (format!("bearer {}", tokens.access), 200),
        (format!("Bearer  {}", tokens.access), 401),
        (format!("Basic {}", tokens.access), 401),
        (format!("Bearer {}", tokens.refresh), 401),
        ("Bearer".to_owned(), 401),
        ("Bearer ".to_owned(), 401),
    ] {
        let request = with_header(bare(Method::GET, path), "authorization", &header);
        assert_eq!(bench.send(&request).status(), status, "{header}");
    }
    let in_query = format!("{path}?access_token={}", tokens.access);
    assert_eq!(bench.get(&in_query).status(), 401);
}

#[test]
fn the_media_type_is_the_one_that_was_asked_for() {
    let bench = Bench::new();
    let token = shared(&bench).access;
    for (accept, expected) in [
        ("*/*", "application/fhir+json"),
        ("application/json", "application/json"),
        ("application/json+fhir", "application/json+fhir"),
        (
            "application/fhir+json, application/json",
            "application/fhir+json",
        ),
    ] {
        let request = bare(Method::GET, "/api/fhir/Patient/smart-1288992");
        let request = with_header(request, "authorization", &format!("Bearer {token}"));
        let response = bench.send(&with_header(request, "accept", accept));
        assert_eq!(response.headers()["content-type"], expected, "{accept}");
    }
}

#[test]
fn the_older_base_has_the_older_shapes() {
    let bench = Bench::new();
    let token = shared(&bench).access;
    let patient = body_of(&bench.get_as(&token, "/api/dstu2/Patient/smart-1288992"));
    assert_eq!(patient["name"][0]["family"], json!(["Adams"]));
    let bundle = body_of(&bench.get_as(&token, "/api/dstu2/MedicationOrder?patient=smart-1288992"));
    assert_ne!(bundle["total"], 0);
    let order = &entries(&bundle)[0]["resource"];
    assert_eq!(order["resourceType"], "MedicationOrder");
    assert_eq!(order["patient"]["reference"], "Patient/smart-1288992");
    assert!(order.get("intent").is_none());
    assert!(
        bundle["link"][0]["url"]
            .as_str()
            .unwrap()
            .starts_with("http://localhost:9000/api/dstu2/")
    );
    let none = body_of(&bench.get_as(&token, "/api/dstu2/MedicationRequest"));
    assert_eq!(none["total"], 0);
}

/// Whatever the generator invents, for more patients than the two that the other tests look at.
#[test]
fn all_invented_patients_become_resources() {
    let bench = Bench::new();
    let time = super::super::time::Time::from_unix_seconds(0).unwrap();
    let ids = bench.server.state.store.ids_in_order();
    let mut seen = BTreeSet::new();
    for id in ids.iter().take(12) {
        let record = bench.server.state.store.record(id).unwrap().unwrap();
        for name in Release::R4.types() {
            let made =
                super::super::resources::of_type(&record, "smart-x", Release::R4, name, time);
            made.iter().for_each(no_empty_members);
            if !made.is_empty() {
                seen.insert(*name);
            }
        }
    }
    assert_eq!(seen.len(), Release::R4.types().len(), "{seen:?}");
}

/// What the members of a resource must have by DSTU2, and what is R4's alone.
#[test]
fn the_other_base_has_the_shapes_of_dstu2() {
    let bench = Bench::new();
    let token = shared(&bench).access;
    let mut seen = BTreeSet::new();
    for (name, members, absent) in [
        (
            "AllergyIntolerance",
            &["patient", "substance", "status"][..],
            &["clinicalStatus", "code"][..],
        ),
        (
            "Condition",
            &["patient", "code", "verificationStatus"],
            &["subject", "note"],
        ),
        (
            "DocumentReference",
            &["indexed", "status", "type", "content"],
            &["date"],
        ),
        ("Encounter", &["patient", "status", "class"], &["subject"]),
        (
            "Immunization",
            &["date", "patient", "reported", "wasNotGiven", "vaccineCode"],
            &["occurrenceDateTime", "statusReason"],
        ),
        (
            "MedicationDispense",
            &["patient", "medicationCodeableConcept"],
            &["subject"],
        ),
        (
            "MedicationOrder",
            &["patient", "status", "medicationCodeableConcept"],
            &["intent", "subject"],
        ),
        (
            "Observation",
            &["subject", "status", "code", "category"],
            &["note"],
        ),
        ("Patient", &["name"], &[]),
        ("Practitioner", &["name"], &[]),
        ("Procedure", &["subject", "status", "code"], &["note"]),
    ] {
        let bundle = body_of(&bench.get_as(&token, &format!("/api/dstu2/{name}?_count=500")));
        for entry in bundle["entry"].as_array().into_iter().flatten() {
            let resource = &entry["resource"];
            for member in members {
                assert!(!resource[member].is_null(), "{name} has no {member}");
            }
            for member in absent {
                assert!(resource[member].is_null(), "{name} has a {member}");
            }
            for single in ["category", "clinicalStatus", "verificationStatus", "class"] {
                assert!(
                    !resource[single].is_array(),
                    "{name} has a list of {single}"
                );
            }
            if name == "Condition" || name == "Encounter" {
                assert!(resource["clinicalStatus"].is_string() || resource["class"].is_string());
            }
            seen.insert(name);
        }
    }
    for name in [
        "AllergyIntolerance",
        "Condition",
        "Encounter",
        "Immunization",
        "MedicationOrder",
        "Observation",
        "Patient",
    ] {
        assert!(seen.contains(name), "{name}");
    }
    let vital = body_of(&bench.get_as(&token, "/api/dstu2/Observation?category=vital-signs"));
    assert_ne!(vital["total"], 0);
}
