//! Each rule is kept, and broken when the server is told to break it.

use http::Response;

use super::super::testing::*;
use crate::faults::FhirFault;
use crate::form::{Pairs, encode_pairs};

/// Both servers: one as it should be, one with the fault. What is asked of them says whether the
/// rule is kept.
fn check(fault: FhirFault, keeps: impl Fn(&Bench) -> bool) {
    assert!(keeps(&Bench::new()), "{fault:?} without being told");
    assert!(!keeps(&Bench::with_fault(fault)), "{fault:?} is not broken");
}

/// The answer to the consent form.
fn approved(bench: &Bench, asked: &[(&str, &str)]) -> Option<Pairs> {
    let cookie = bench.log_in("daniel-adams");
    let page = bench.get_with(
        &cookie,
        &format!("/oauth/authorize?{}", encode_pairs(asked)),
    );
    if page.status() != 200 {
        return None;
    }
    let form = inputs(&page);
    Some(query_of(&bench.post_with(
        &cookie,
        "/oauth/authorize",
        &borrowed(&form),
    )))
}

/// A token of the debug address, for reading what this scope says.
fn reader(bench: &Bench, scope: &str) -> String {
    let app = bench.register(REDIRECT);
    bench
        .debug_token(
            &app,
            serde_json::json!({"scope": scope, "security_labels": "laboratory vital-signs"}),
        )
        .access
}

fn is_good(response: &Response<bytes::Bytes>) -> bool {
    response.status() == 200
}

#[test]
fn rules_of_the_authorization() {
    check(FhirFault::AnyRedirectUri, |bench| {
        let app = bench.register(REDIRECT);
        approved(
            bench,
            &changed(&ask(&app.id), "redirect_uri", Some("http://evil.example/")),
        )
        .is_none()
    });
    check(FhirFault::IgnoresAudience, |bench| {
        let app = bench.register(REDIRECT);
        approved(
            bench,
            &changed(&ask(&app.id), "aud", Some("https://other.example/fhir")),
        )
        .is_none()
    });
    for fault in [FhirFault::ChangesState, FhirFault::DropsState] {
        check(fault, |bench| {
            let app = bench.register(REDIRECT);
            let answer = approved(bench, &ask(&app.id)).unwrap();
            answer.first("state") == Some("my-obscure-state")
        });
    }
}

#[test]
fn rules_of_codes() {
    check(FhirFault::AnySecret, |bench| {
        let mut app = bench.register(REDIRECT);
        let code = bench.code(&ask(&app.id));
        app.secret = "wrong".to_owned();
        !is_good(&bench.exchange(&app, &code, &[]))
    });
    check(FhirFault::IgnoresPkce, |bench| {
        let app = bench.register(REDIRECT);
        let code = bench.code(&ask(&app.id));
        !is_good(&bench.exchange(&app, &code, &[("code_verifier", "to-no-challenge")]))
    });
    check(FhirFault::ReusableCodes, |bench| {
        let app = bench.register(REDIRECT);
        let code = bench.code(&ask(&app.id));
        assert!(is_good(&bench.exchange(&app, &code, &[])));
        !is_good(&bench.exchange(&app, &code, &[]))
    });
    check(FhirFault::GrantErrorsAsHtml, |bench| {
        let app = bench.register(REDIRECT);
        bench.exchange(&app, "unknown", &[]).status() == 400
    });
}

#[test]
fn rules_of_tokens() {
    check(FhirFault::NamesNoPatient, |bench| {
        let app = bench.register(REDIRECT);
        let code = bench.code(&ask(&app.id));
        body_of(&bench.exchange(&app, &code, &[]))["patient"] == PATIENT
    });
    check(FhirFault::OtherPatientOnRefresh, |bench| {
        let app = bench.register(REDIRECT);
        let pair = bench.dance(&app);
        body_of(&bench.refresh(&app, &pair.refresh, &[]))["patient"] == PATIENT
    });
    check(FhirFault::KeepsRefreshTokens, |bench| {
        let app = bench.register(REDIRECT);
        let pair = bench.dance(&app);
        assert!(is_good(&bench.refresh(&app, &pair.refresh, &[])));
        !is_good(&bench.refresh(&app, &pair.refresh, &[]))
    });
    check(FhirFault::WidensOnRefresh, |bench| {
        let app = bench.register(REDIRECT);
        let pair = bench.dance(&app);
        !is_good(&bench.refresh(&app, &pair.refresh, &[("scope", "user/*.cruds")]))
    });
}

#[test]
fn rules_of_data() {
    check(FhirFault::IgnoresExpiry, |bench| {
        let app = bench.register(REDIRECT);
        let token = bench.debug_token(&app, serde_json::json!({"access_lifetime": -1}));
        bench.read_status(&token.access) == 401
    });
    check(FhirFault::IgnoresScopes, |bench| {
        bench.read_status(&reader(bench, "patient/Observation.read")) == 403
    });
    check(FhirFault::IgnoresPatient, |bench| {
        let token = reader(bench, "patient/*.read");
        let other = bench.server.state.store.ids_in_order()[1].clone();
        bench
            .get_as(&token, &format!("/api/fhir/Patient/smart-{other}"))
            .status()
            == 404
    });
    check(FhirFault::ForeignNextLinks, |bench| {
        let token = reader(bench, "patient/*.read");
        let bundle = body_of(&bench.get_as(&token, "/api/fhir/Observation?_count=1"));
        let next = bundle["link"]
            .as_array()
            .unwrap()
            .iter()
            .find(|link| link["relation"] == "next");
        next.unwrap()["url"].as_str().unwrap().starts_with(SERVER)
    });
}
