//! Registration, the debug endpoints, discovery, and what any origin may read.

use http::Method;
use serde_json::json;

use super::super::testing::*;

#[test]
fn registrations_are_refused_with_their_words() {
    let bench = Bench::new();
    for (body, error) in [
        (json!({}), "bad_request"),
        (json!({"scope": "a"}), "invalid_client_metadata"),
        (
            json!({"redirect_uris": ["nowhere"]}),
            "invalid_redirect_uri",
        ),
    ] {
        let response = bench.post_json("/oauth/register", &body);
        assert_eq!(response.status(), 400);
        let answer = body_of(&response);
        assert_eq!(answer["error"], error);
        assert!(answer["description"].is_string());
    }
    // The stack's own old helper posts a form.
    let response = bench.post_form("/oauth/register", &[("client_id", "x")]);
    assert_eq!(body_of(&response)["error"], "bad_request");
    assert_eq!(bench.get("/oauth/register").status(), 405);
}

#[test]
fn debug_tokens_are_refused_in_order() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let good = json!({"client_id": app.id, "username": "daniel-adams", "patient_id": PATIENT});
    for (name, value, error) in [
        ("username", json!(null), "no_user"),
        ("username", json!("nobody"), "no_user"),
        ("client_id", json!("nobody"), "no_client"),
        ("patient_id", json!(null), "no_patient"),
        ("patient_id", json!("smart-1"), "no_patient_for_user"),
        ("access_lifetime", json!("soon"), "malformed_lifetime"),
        ("access_lifetime", json!([1]), "malformed_lifetime"),
        ("access_lifetime", json!(1e300), "malformed_lifetime"),
        ("approval_expires", json!("later"), "malformed_expiration"),
        ("approval_expires", json!(9e14), "malformed_expiration"),
    ] {
        let mut body = good.clone();
        body[name] = value;
        let response = bench.post_json("/oauth/debug/token", &body);
        assert_eq!(response.status(), 400, "{body}");
        assert_eq!(body_of(&response)["error"], error, "{body}");
    }
    for body in [json!(null), json!([]), json!("text")] {
        assert_eq!(bench.post_json("/oauth/debug/token", &body).status(), 400);
    }
}

#[test]
fn lifetimes_may_be_text_fractions_or_negative() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    for (lifetime, status) in [
        (json!("10"), 200),
        (json!(10.9), 200),
        (json!(-10), 401),
        (json!(0), 401),
    ] {
        let tokens = bench.debug_token(&app, json!({"access_lifetime": lifetime}));
        assert_eq!(bench.read_status(&tokens.access), status, "{lifetime}");
    }
}

#[test]
fn an_unknown_token_is_no_token() {
    let bench = Bench::new();
    for path in ["/oauth/debug/introspect", "/oauth/debug/introspect?token=x"] {
        let response = bench.get(path);
        assert_eq!(response.status(), 400);
        assert_eq!(body_of(&response)["error"], "no_token");
    }
}

#[test]
fn me_describes_the_token_that_is_shown_and_no_other() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let tokens = bench.debug_token(&app, json!({}));
    bench.debug_token(&app, json!({}));
    let answer = body_of(&bench.get_as(&tokens.access, "/api/me"));
    assert_eq!(answer["client_id"], app.id);
    assert_eq!(answer["tokens"].as_array().unwrap().len(), 1);
    assert_eq!(answer["tokens"][0]["access_token"], tokens.access);
    assert_eq!(bench.get("/api/me").status(), 401);
    assert_eq!(bench.get_as(&tokens.refresh, "/api/me").status(), 401);
}

#[test]
fn both_bases_state_where_to_authorize() {
    let bench = Bench::new();
    for (base, name, version) in [
        ("/api/fhir", "CapabilityStatement", "4.0.1"),
        ("/api/dstu2", "Conformance", "1.0.2"),
    ] {
        let response = bench.get(&format!("{base}/metadata"));
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/json");
        let statement = body_of(&response);
        assert_eq!(statement["resourceType"], name);
        assert_eq!(statement["fhirVersion"], version);
        let security = &statement["rest"][0]["security"];
        let extension = &security["extension"][0];
        assert_eq!(
            extension["url"],
            "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
        );
        let uris = extension["extension"].as_array().unwrap();
        for (name, path) in [
            ("authorize", "/oauth/authorize"),
            ("manage", "/apps"),
            ("token", "/oauth/token"),
            ("register", "/oauth/register"),
        ] {
            let uri = uris.iter().find(|uri| uri["url"] == name).unwrap();
            assert_eq!(uri["valueUri"], format!("http://localhost:9000{path}"));
        }
        let codings = security["service"][0]["coding"].as_array().unwrap();
        assert!(
            codings
                .iter()
                .all(|coding| coding["code"] == "SMART-on-FHIR")
        );
    }
}

#[test]
fn the_smart_configuration_offers_what_there_is() {
    let bench = Bench::new();
    let document = body_of(&bench.get("/api/fhir/.well-known/smart-configuration"));
    assert_eq!(
        document["token_endpoint"],
        "http://localhost:9000/oauth/token"
    );
    assert_eq!(
        document["code_challenge_methods_supported"],
        json!(["S256"])
    );
    let capabilities = document["capabilities"].as_array().unwrap();
    for absent in ["sso-openid-connect", "launch-ehr", "authorize-post"] {
        assert!(!capabilities.contains(&json!(absent)), "{absent}");
    }
    for absent in ["issuer", "jwks_uri"] {
        assert!(document.get(absent).is_none(), "{absent}");
    }
    // Every address that it names is there.
    for (name, address) in document.as_object().unwrap() {
        if name.ends_with("_endpoint") {
            let path = address.as_str().unwrap().strip_prefix(SERVER).unwrap();
            assert_ne!(bench.get(path).status(), 404, "{name}");
        }
    }
    assert_eq!(
        body_of(&bench.get("/.well-known/jwks.json")),
        json!({"keys": []})
    );
}

#[test]
fn addresses_follow_the_name_by_which_the_server_was_called() {
    let bench = Bench::new();
    for (host, expected) in [
        ("127.0.0.1:9000", "http://127.0.0.1:9000/oauth/token"),
        ("[::1]:9000", "http://[::1]:9000/oauth/token"),
        ("localhost:9001", "http://localhost:9000/oauth/token"),
        ("evil.example", "http://localhost:9000/oauth/token"),
        ("localhost:9000/", "http://localhost:9000/oauth/token"),
    ] {
        let request = bare(Method::GET, "/api/fhir/.well-known/smart-configuration");
        let document = body_of(&bench.send(&with_header(request, "host", host)));
        assert_eq!(document["token_endpoint"], expected, "{host}");
    }
}

#[test]
fn every_origin_may_read_every_answer_without_credentials() {
    let bench = Bench::new();
    for path in [
        "/api/fhir/metadata",
        "/oauth/token",
        "/nowhere",
        "/api/fhir/Patient/x",
        "/login",
    ] {
        let response = bench.get(path);
        assert_eq!(
            response.headers()["access-control-allow-origin"],
            "*",
            "{path}"
        );
        let request = with_header(bare(Method::GET, path), "origin", "http://app.example");
        let response = bench.send(&request);
        assert_eq!(
            response.headers()["access-control-allow-origin"],
            "http://app.example"
        );
        assert_eq!(response.headers()["vary"], "Origin");
        assert!(
            !response
                .headers()
                .contains_key("access-control-allow-credentials")
        );
    }
}

#[test]
fn a_preflight_is_answered_everywhere() {
    let bench = Bench::new();
    for path in ["/api/fhir/Patient/x", "/oauth/token", "/nowhere"] {
        let request = with_header(bare(Method::OPTIONS, path), "origin", "http://app.example");
        let request = with_header(
            request,
            "access-control-request-headers",
            "Authorization, X-Other",
        );
        let response = bench.send(&request);
        assert_eq!(response.status(), 200);
        assert!(response.body().is_empty());
        let headers = response.headers();
        assert_eq!(
            headers["access-control-allow-headers"],
            "authorization, x-other"
        );
        let methods = headers["access-control-allow-methods"].to_str().unwrap();
        assert_eq!(methods.split(", ").count(), 7);
        assert_eq!(headers["access-control-allow-origin"], "http://app.example");
    }
}

#[test]
fn errors_are_echoed() {
    let response = Bench::new().get("/oauth/errors?error=a&error=b&c=%3Cd%3E");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(body_of(&response), json!({"error": "a", "c": "<d>"}));
}
