//! The authorization endpoint: each row of what it refuses, and where the refusal goes.

use super::super::testing::*;
use crate::form::encode_pairs;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

#[test]
fn what_might_not_be_the_client_is_not_sent_to_the_client() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    for (name, value, description) in [
        ("client_id", None, "Missing client_id parameter."),
        (
            "client_id",
            Some("example"),
            "Invalid client_id parameter value.",
        ),
        ("redirect_uri", Some("nowhere"), "Invalid redirect URI."),
        (
            "redirect_uri",
            Some("http://not-a-real-site/"),
            "Mismatching redirect URI.",
        ),
        (
            "redirect_uri",
            Some("http://not-a-real-site?a=b"),
            "Mismatching redirect URI.",
        ),
        (
            "redirect_uri",
            Some("http://NOT-a-real-site"),
            "Mismatching redirect URI.",
        ),
    ] {
        let ask = changed(&ask(&app.id), name, value);
        let response = bench.get(&format!("/oauth/authorize?{}", encode_pairs(&ask)));
        assert!(location(&response).starts_with("http://localhost:9000/oauth/errors?"));
        let query = query_of(&response);
        assert_eq!(query.first("error"), Some("invalid_request"));
        assert_eq!(query.first("error_description"), Some(description));
    }
    for name in [
        "client_id",
        "response_type",
        "redirect_uri",
        "scope",
        "state",
    ] {
        let twice = format!("{}&{name}=x", encode_pairs(&ask(&app.id)));
        let response = bench.get(&format!("/oauth/authorize?{twice}"));
        let expected = format!("Duplicate {name} parameter.");
        assert_eq!(
            query_of(&response).first("error_description"),
            Some(expected.as_str())
        );
    }
}

#[test]
fn other_refusals_come_to_the_client_with_its_state() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    for (name, value, error) in [
        ("response_type", None, "invalid_request"),
        ("response_type", Some("magic"), "unsupported_response_type"),
        ("response_type", Some("token"), "unauthorized_client"),
        ("response_type", Some("id_token"), "unauthorized_client"),
        ("response_type", Some("none"), "unauthorized_client"),
        ("scope", Some("patient/*.rs"), "invalid_scope"),
        ("scope", Some("patient/*.read openid"), "invalid_scope"),
        ("scope", Some(""), "invalid_scope"),
        ("aud", Some("http://localhost:9000"), "invalid_request"),
        (
            "aud",
            Some("http://evil.example/api/fhir"),
            "invalid_request",
        ),
        ("aud", Some(""), "invalid_request"),
        // No method means `plain`.
        ("code_challenge", Some(CHALLENGE), "invalid_request"),
        ("code_challenge_method", Some("plain"), "invalid_request"),
        ("code_challenge_method", Some("S256"), "invalid_request"),
    ] {
        let ask = changed(&ask(&app.id), name, value);
        let response = bench.get(&format!("/oauth/authorize?{}", encode_pairs(&ask)));
        assert!(
            location(&response).starts_with("http://not-a-real-site?error="),
            "{name} {value:?}"
        );
        let query = query_of(&response);
        assert_eq!(query.first("error"), Some(error), "{name} {value:?}");
        assert_eq!(query.first("state"), Some("my-obscure-state"));
    }
}

#[test]
fn a_challenge_must_be_a_digest_by_s256() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    for (challenge, method, fine) in [
        (CHALLENGE, "S256", true),
        (CHALLENGE, "plain", false),
        (CHALLENGE, "s256", false),
        ("short", "S256", false),
        ("", "S256", false),
    ] {
        let mut ask = ask(&app.id);
        ask.extend([
            ("code_challenge", challenge),
            ("code_challenge_method", method),
        ]);
        let response = bench.get(&format!("/oauth/authorize?{}", encode_pairs(&ask)));
        let to_login = location(&response).starts_with("http://localhost:9000/login?");
        assert_eq!(to_login, fine, "{challenge} {method}");
    }
}

#[test]
fn every_name_of_the_base_is_an_audience() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    for aud in [
        "http://localhost:9000/api/fhir",
        "http://localhost:9000/api/fhir/",
        "http://127.0.0.1:9000/api/fhir",
        "http://[::1]:9000/api/fhir",
        "http://localhost:9000/api/dstu2",
    ] {
        let ask = changed(&ask(&app.id), "aud", Some(aud));
        let response = bench.get(&format!("/oauth/authorize?{}", encode_pairs(&ask)));
        assert!(
            location(&response).starts_with("http://localhost:9000/login?"),
            "{aud}"
        );
    }
}

#[test]
fn what_a_person_cannot_do_without_is_found_missing_after_the_login() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let cookie = bench.log_in("daniel-adams");
    for (name, value, prose) in [
        ("redirect_uri", None, "Missing redirect_uri."),
        ("scope", None, "Missing scope."),
        ("state", None, "Missing state."),
        ("patient_id", Some("smart-1"), "Invalid patient id."),
    ] {
        let ask = changed(&ask(&app.id), name, value);
        let response = bench.get_with(&cookie, &format!("/oauth/authorize?{}", encode_pairs(&ask)));
        assert!(location(&response).starts_with("http://localhost:9000/oauth/errors?"));
        assert_eq!(query_of(&response).first("error"), Some(prose));
    }
}

#[test]
fn a_form_that_was_tampered_with_gives_no_code_and_ends_nothing() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let living = bench.dance(&app);
    let cookie = bench.log_in("daniel-adams");
    let form = bench.consent(&cookie, &ask(&app.id));
    let form = borrowed(&form);
    for (name, value, error) in [
        ("csrf_token", None, Some("400: Bad Request")),
        ("csrf_token", Some("0"), Some("400: Bad Request")),
        ("client_id", None, Some("400: Bad Request")),
        ("expires", None, Some("400: Bad Request")),
        ("security_labels", None, Some("400: Bad Request")),
        ("patient_id", None, Some("400: Bad Request")),
        (
            "patient_id",
            Some("smart-4566591"),
            Some("Invalid patient id."),
        ),
        ("expires", Some("soon"), None),
        (
            "redirect_uri",
            Some("http://evil.example"),
            Some("invalid_request"),
        ),
        ("scope", Some(""), Some("Scopes must be set on post auth.")),
        ("scope", Some("patient/*.write"), Some("invalid_scope")),
        ("response_type", Some("token"), Some("unauthorized_client")),
    ] {
        let form = changed(&form, name, value);
        let response = bench.post_with(&cookie, "/oauth/authorize", &form);
        let query = query_of(&response);
        assert_eq!(query.first("code"), None, "{name} {value:?}");
        if let Some(error) = error {
            assert_eq!(query.first("error"), Some(error), "{name} {value:?}");
        }
    }
    assert_eq!(bench.read_status(&living.access), 200);
    // The token of the form may come in a header, too.
    let without = changed(&form, "csrf_token", None);
    let token = form
        .iter()
        .find(|(name, _)| *name == "csrf_token")
        .unwrap()
        .1;
    let mut request = bare(http::Method::POST, "/oauth/authorize");
    *request.body_mut() = encode_pairs(&without).into();
    let request = with_header(request, "content-type", "application/x-www-form-urlencoded");
    let request = with_header(request, "cookie", &cookie);
    let response = bench.send(&with_header(request, "x-csrftoken", token));
    assert!(query_of(&response).first("code").is_some());
}

#[test]
fn without_a_session_the_form_is_lost() {
    let bench = Bench::new();
    let response = bench.post_form("/oauth/authorize", &[("client_id", "test-suite")]);
    let expected = "http://localhost:9000/login?next=%2Foauth%2Fauthorize";
    assert_eq!(location(&response), expected);
}

#[test]
fn another_person_s_form_is_refused() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let daniel = bench.log_in("daniel-adams");
    let joseph = bench.log_in("joseph-ross");
    let form = bench.consent(&daniel, &ask(&app.id));
    let response = bench.post_with(&joseph, "/oauth/authorize", &borrowed(&form));
    assert_eq!(query_of(&response).first("error"), Some("400: Bad Request"));
}

#[test]
fn a_form_from_another_site_is_refused() {
    let bench = Bench::new();
    let cookie = bench.log_in("daniel-adams");
    for path in ["/oauth/authorize", "/login", "/revoke/1"] {
        let request = with_header(bare(http::Method::POST, path), "cookie", &cookie);
        let response = bench.send(&with_header(request, "origin", "http://evil.example"));
        assert_eq!(response.status(), 403, "{path}");
    }
}

#[test]
fn a_state_comes_back_as_it_went() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let long = "a1-_".repeat(100);
    for state in [long.as_str(), "a b+c%2Bd&e=f?g#h'\"<i>/ü"] {
        let cookie = bench.log_in("daniel-adams");
        let ask = changed(&ask(&app.id), "state", Some(state));
        let path = format!("/oauth/authorize?{}", encode_pairs(&ask));
        let page = bench.get_with(&cookie, &path);
        let form = inputs(&page);
        let response = bench.post_with(&cookie, "/oauth/authorize", &borrowed(&form));
        assert_eq!(query_of(&response).first("state"), Some(state));
    }
}

#[test]
fn an_empty_state_is_not_sent_back() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let cookie = bench.log_in("daniel-adams");
    let form = bench.consent(&cookie, &changed(&ask(&app.id), "state", Some("")));
    let response = bench.post_with(&cookie, "/oauth/authorize", &borrowed(&form));
    let query = query_of(&response);
    assert!(query.first("code").is_some());
    assert_eq!(query.first("state"), None);
}

#[test]
fn the_code_joins_the_query_of_the_redirect_uri() {
    let bench = Bench::new();
    for (uri, start) in [
        (
            "http://app.example/back?a=b",
            "http://app.example/back?a=b&code=",
        ),
        ("org.example.app:/back", "org.example.app:/back?code="),
    ] {
        let app = bench.register(uri);
        let cookie = bench.log_in("daniel-adams");
        let form = bench.consent(&cookie, &changed(&ask(&app.id), "redirect_uri", Some(uri)));
        let response = bench.post_with(&cookie, "/oauth/authorize", &borrowed(&form));
        assert!(location(&response).starts_with(start), "{uri}");
    }
}

#[test]
fn declining_is_a_link_that_brings_the_state_back() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let cookie = bench.log_in("daniel-adams");
    let path = format!("/oauth/authorize?{}", encode_pairs(&ask(&app.id)));
    let page = bench.get_with(&cookie, &path);
    let page = std::str::from_utf8(page.body()).unwrap();
    assert!(
        page.contains("href=\"http://not-a-real-site?error=access_denied&#38;state="),
        "{page}"
    );
    assert!(page.contains("<button type=\"submit\" id=\"authorize\">"));
}

#[test]
fn the_two_wordings_tell_oneself_from_somebody_else() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let cookie = bench.log_in("daniel-adams");
    let represented = bench
        .server
        .state
        .users()
        .get("daniel-adams")
        .unwrap()
        .patients()
        .nth(1);
    let page = |patient: &str| {
        let ask = changed(&ask(&app.id), "patient_id", Some(patient))
            .into_iter()
            .collect::<Vec<_>>();
        let path = format!("/oauth/authorize?{}", encode_pairs(&ask));
        String::from_utf8(bench.get_with(&cookie, &path).body().to_vec()).unwrap()
    };
    assert!(page(PATIENT).contains("your records"));
    assert!(page(&represented.unwrap()).contains("whom you represent"));
}

#[test]
fn a_user_with_one_patient_does_not_choose() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let cookie = bench.log_in("joseph-ross");
    let form = bench.consent(&cookie, &changed(&ask(&app.id), "patient_id", None));
    let patient = form.iter().find(|(name, _)| name == "patient_id").unwrap();
    assert_ne!(patient.1, PATIENT);
}

#[test]
fn a_challenge_goes_through_the_form_to_the_exchange() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let mut ask = ask(&app.id);
    ask.extend([
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    for (verifier, status) in [(None, 401), (Some("wrong"), 401), (Some(VERIFIER), 200)] {
        let code = bench.code(&ask);
        let more: Vec<_> = verifier
            .map(|verifier| ("code_verifier", verifier))
            .into_iter()
            .collect();
        assert_eq!(
            bench.exchange(&app, &code, &more).status(),
            status,
            "{verifier:?}"
        );
    }
}

#[test]
fn labels_can_be_taken_out_but_not_added() {
    let bench = Bench::new();
    let app = bench.register(REDIRECT);
    let cookie = bench.log_in("daniel-adams");
    let form = bench.consent(&cookie, &ask(&app.id));
    let form = changed(
        &borrowed(&form),
        "security_labels",
        Some("patient coverage problems"),
    )
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect::<Vec<_>>();
    let response = bench.post_with(&cookie, "/oauth/authorize", &borrowed(&form));
    let code = query_of(&response).first("code").unwrap().to_owned();
    let tokens = tokens(&bench.exchange(&app, &code, &[]));
    let answer = body_of(&bench.get(&format!("/oauth/debug/introspect?token={}", tokens.access)));
    assert_eq!(
        answer["security_labels"],
        serde_json::json!(["patient", "problems"])
    );
}
