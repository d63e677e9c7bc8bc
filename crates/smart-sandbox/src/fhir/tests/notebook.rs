//! The walkthrough that users of the original server know, cell by cell. A later cell runs what it
//! needs of the earlier ones.

use serde_json::json;

use super::super::testing::*;

#[test]
fn cell_1_a_client_registers() {
    let bench = Bench::new();
    let body = json!({
        "client_name": "SMART Test Client",
        "redirect_uris": ["http://localhost:9001/authorized"],
        "scope": SCOPE,
    });
    let response = bench.post_json("/oauth/register", &body);
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["content-type"], "application/json");
}

#[test]
fn cell_2_the_registration_has_six_members() {
    let bench = Bench::new();
    let body = json!({
        "client_name": "SMART Test Client",
        "redirect_uris": ["http://localhost:9001/authorized"],
        "scope": SCOPE,
        "client_id": "mine",
        "token_endpoint_auth_method": "private_key_jwt",
    });
    let mut answer = body_of(&bench.post_json("/oauth/register", &body));
    for name in ["client_id", "client_secret"] {
        let value = answer.as_object_mut().unwrap().remove(name).unwrap();
        assert_eq!(value.as_str().unwrap().len(), 36, "{name}");
    }
    let rest = json!({
        "client_name": "SMART Test Client",
        "client_secret_expires_at": 0,
        "redirect_uris": ["http://localhost:9001/authorized"],
        "scope": SCOPE,
    });
    assert_eq!(answer, rest);
}

#[test]
fn cell_3_a_debug_token_is_made() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let body = json!({"client_id": app.id, "username": "daniel-adams", "patient_id": PATIENT});
    let response = bench.post_json("/oauth/debug/token", &body);
    assert_eq!(response.status(), 200);
    let answer = body_of(&response);
    let names: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(names, ["access_token", "refresh_token"]);
    assert_eq!(text(&answer, "access_token").len(), 36);
}

#[test]
fn cell_4_a_token_is_introspected() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let tokens = bench.debug_token(&app, json!({}));
    for shown in [&tokens.access, &tokens.refresh] {
        let response = bench.get(&format!("/oauth/debug/introspect?token={shown}"));
        assert_eq!(response.status(), 200);
        let expected = json!({
            "access_expires": "Thu, 05 Jul 2018 17:41:24 GMT",
            "access_token": tokens.access,
            "active": true,
            "approval_expires": "Fri, 05 Jul 2019 16:41:24 GMT",
            "client_id": app.id,
            "refresh_token": tokens.refresh,
            "scope": SCOPE,
            "security_labels": [],
            "token_type": "Bearer",
            "username": "daniel-adams",
        });
        assert_eq!(body_of(&response), expected);
    }
}

#[test]
fn cell_5_lifetimes_are_chosen() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let more = json!({
        "access_lifetime": 3 * 60 * 60,
        "approval_expires": 1_530_808_886.25 + 180.0 * 24.0 * 60.0 * 60.0,
    });
    let tokens = bench.debug_token(&app, more);
    let answer = body_of(&bench.get(&format!("/oauth/debug/introspect?token={}", tokens.access)));
    assert_eq!(answer["access_expires"], "Thu, 05 Jul 2018 19:41:24 GMT");
    assert_eq!(answer["approval_expires"], "Tue, 01 Jan 2019 16:41:26 GMT");
}

#[test]
fn cell_6_without_the_header_there_is_no_patient() {
    let response = Bench::new().get("/api/fhir/Patient/smart-1288992");
    assert_eq!(response.status(), 401);
    assert!(!response.headers().contains_key("www-authenticate"));
    let content_type = response.headers()["content-type"].to_str().unwrap();
    assert!(content_type.starts_with("text/html"), "{content_type}");
}

#[test]
fn cell_7_with_the_header_there_is() {
    let bench = Bench::new();
    let tokens = bench.debug_token(&bench.register(REDIRECT), json!({}));
    let response = bench.get_as(&tokens.access, "/api/fhir/Patient/smart-1288992");
    assert_eq!(response.status(), 200);
    let patient = body_of(&response);
    assert_eq!(patient["id"], "smart-1288992");
    assert_eq!(patient["gender"], "male");
    assert_eq!(patient["name"][0]["family"], "Adams");
    assert_eq!(patient["identifier"][0]["type"]["coding"][0]["code"], "MR");
    let security = &patient["meta"]["security"];
    assert_eq!(security[0]["code"], "patient");
    assert_eq!(security[1]["code"], "Patient/smart-1288992");
}

#[test]
fn cell_14_a_refresh_by_another_client_is_an_invalid_grant() {
    let bench = Bench::new();
    let first = bench.register(REDIRECT);
    let second = bench.register(REDIRECT);
    let tokens = bench.debug_token(&first, json!({}));
    let response = bench.refresh(&second, &tokens.refresh, &[]);
    assert_eq!(response.status(), 401);
    assert_eq!(response.body(), r#"{"error":"invalid_grant"}"#);
    // In the order in which the notebook is written it is the client's own.
    assert_eq!(bench.refresh(&first, &tokens.refresh, &[]).status(), 200);
}

#[test]
fn cell_9_a_second_client_registers() {
    let bench = Bench::new();
    let body = json!({
        "client_name": "Fake Research Application",
        "redirect_uris": ["http://not-a-real-site"],
        "scope": SCOPE,
    });
    let response = bench.post_json("/oauth/register", &body);
    assert_eq!(response.status(), 201);
    assert_eq!(
        body_of(&response)["redirect_uris"],
        json!(["http://not-a-real-site"])
    );
}

#[test]
fn cell_10_the_authorization_leads_through_login_choice_and_consent() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let ask = changed(&ask(&app.id), "patient_id", None);
    let path = format!("/oauth/authorize?{}", crate::form::encode_pairs(&ask));
    let response = bench.get(&path);
    assert!(
        location(&response).starts_with("http://localhost:9000/login?next=%2Foauth%2Fauthorize%3F")
    );
    let next = query_of(&response).first("next").unwrap().to_owned();
    assert_eq!(next, path);
    let pairs = [
        ("username", "daniel-adams"),
        ("password", "demo-password"),
        ("next", &next),
    ];
    let response = bench.post_form("/login", &pairs);
    assert_eq!(location(&response), format!("http://localhost:9000{path}"));
    let cookie = bench.log_in("daniel-adams");
    let chooser = bench.get_with(&cookie, &path);
    let chooser = std::str::from_utf8(chooser.body()).unwrap();
    assert_eq!(chooser.matches("data-patient-id=\"").count(), 2);
    assert!(
        chooser.contains("&#38;patient_id=smart-1288992\""),
        "{chooser}"
    );
    let form = bench.consent(&cookie, &changed(&ask, "patient_id", Some(PATIENT)));
    let names: Vec<&str> = form.iter().map(|(name, _)| name.as_str()).collect();
    for name in [
        "expires",
        "security_labels",
        "csrf_token",
        "client_id",
        "scope",
        "response_type",
        "redirect_uri",
        "patient_id",
        "state",
    ] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
}

#[test]
fn cell_11_the_code_comes_to_the_redirect_uri() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let cookie = bench.log_in("daniel-adams");
    let form = bench.consent(&cookie, &ask(&app.id));
    let response = bench.post_with(&cookie, "/oauth/authorize", &borrowed(&form));
    assert!(location(&response).starts_with("http://not-a-real-site?code="));
    let query = query_of(&response);
    assert_eq!(query.first("state"), Some("my-obscure-state"));
    let code = query.first("code").unwrap();
    assert_eq!(code.len(), 30);
    assert!(code.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    assert!(
        response.headers()["cache-control"]
            .to_str()
            .unwrap()
            .contains("no-store")
    );
}

#[test]
fn cell_12_the_code_becomes_tokens() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let code = bench.code(&ask(&app.id));
    let response = bench.exchange(&app, &code, &[]);
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["pragma"], "no-cache");
    let answer = body_of(&response);
    assert_eq!(answer["expires_in"], 3600);
    assert_eq!(answer["patient"], "smart-1288992");
    assert_eq!(answer["scope"], SCOPE);
    assert_eq!(answer["token_type"], "Bearer");
    for name in ["access_token", "refresh_token"] {
        assert_eq!(text(&answer, name).len(), 30, "{name}");
    }
}

#[test]
fn cell_13_the_token_opens_the_patient() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let tokens = bench.dance(&app);
    let response = bench.get_as(&tokens.access, &format!("/api/fhir/Patient/{PATIENT}"));
    assert_eq!(response.status(), 200);
    assert_eq!(body_of(&response)["resourceType"], "Patient");
}
