//! Answers of the token endpoint, one test for each deviation that clients have to tolerate.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::header::AUTHORIZATION;
use http::{Method, Request};

use super::*;
use crate::oauth2::client::{Authentication, BasicEncoding, Client, TokenDialect};
use crate::oauth2::credentials::ClientAssertion;
use crate::oauth2::error::{Remedy, RequestError};
use crate::oauth2::testing::{NOW, answer, authorized, client, fields, server, values};

const SCOPES: &str = "launch/patient patient/*.read offline_access";

fn exchange(status: u16, content_type: &str, body: &str) -> Result<TokenSet, TokenError> {
    authorized(&client(), SCOPES).receive(&answer(status, content_type, body), NOW)
}

fn granted_json(body: &str) -> TokenSet {
    exchange(200, "application/json", body).unwrap()
}

/// A set with a refresh token and a patient.
fn tokens() -> TokenSet {
    granted_json(
        r#"{"access_token": "a1", "expires_in": 3600, "token_type": "Bearer", "refresh_token": "r1",
            "scope": "launch/patient patient/*.read offline_access", "patient": "smart-1288992"}"#,
    )
}

fn refresh(body: &str) -> Result<TokenSet, TokenError> {
    client()
        .refresh(tokens())
        .unwrap()
        .receive(&answer(200, "application/json", body), NOW)
}

fn basic(request: &Request<Vec<u8>>) -> String {
    let value = &request.headers()[AUTHORIZATION];
    assert!(value.is_sensitive());
    let text = value.to_str().unwrap().strip_prefix("Basic ").unwrap();
    String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
}

#[test]
fn the_answer_of_s4s() {
    let tokens = tokens();
    assert_eq!(tokens.access_token.expose(), "a1");
    assert_eq!(tokens.refresh_token.as_ref().unwrap().expose(), "r1");
    assert_eq!(
        tokens.expires_at,
        Some(Timestamp::from_unix_seconds(1_800_003_600))
    );
    assert!(
        !tokens.is_expired(NOW) && tokens.is_expired(Timestamp::from_unix_seconds(1_800_003_600))
    );
    assert_eq!(
        tokens.patient,
        PatientContext::Stated("smart-1288992".to_owned())
    );
    assert!(tokens.scopes.is_complete() && tokens.scopes.stated && tokens.notes.is_empty());
}

#[test]
fn row_token_type_in_any_case_and_missing() {
    for kind in ["Bearer", "bearer", "BEARER"] {
        granted_json(&format!(
            r#"{{"access_token": "a", "token_type": "{kind}"}}"#
        ));
    }
    assert!(
        granted_json(r#"{"access_token": "a"}"#)
            .notes
            .contains(&TokenNote::NoTokenType)
    );
    let error = exchange(
        200,
        "application/json",
        r#"{"access_token": "a", "token_type": "mac"}"#,
    )
    .unwrap_err();
    assert!(matches!(error, TokenError::UnsupportedTokenType { .. }));
}

#[test]
fn expiry_in_every_shape_seen() {
    for (expires_in, life, note) in [
        ("3600", Some(3600), None),
        ("\"3600\"", Some(3600), Some(TokenNote::TextExpiry)),
        ("3600.0", Some(3600), None),
        ("\" 3600.9 \"", Some(3600), Some(TokenNote::TextExpiry)),
        ("-5", Some(0), None),
        ("1e300", Some(u64::MAX - NOW.as_unix_seconds()), None),
        ("null", None, Some(TokenNote::NoExpiry)),
        ("\"soon\"", None, Some(TokenNote::MalformedExpiry)),
        ("\"NaN\"", None, Some(TokenNote::MalformedExpiry)),
        ("\"inf\"", None, Some(TokenNote::MalformedExpiry)),
        ("[3600]", None, Some(TokenNote::MalformedExpiry)),
    ] {
        let tokens = granted_json(&format!(
            r#"{{"access_token": "a", "token_type": "bearer", "expires_in": {expires_in}}}"#
        ));
        let left = tokens
            .expires_at
            .map(|end| end.as_unix_seconds() - NOW.as_unix_seconds());
        assert_eq!(left, life, "{expires_in}");
        assert!(
            note.is_none_or(|note| tokens.notes.contains(&note)),
            "{expires_in} {:?}",
            tokens.notes
        );
    }
    assert!(
        granted_json(r#"{"access_token": "a"}"#)
            .notes
            .contains(&TokenNote::NoExpiry)
    );
}

#[test]
fn scope_in_every_shape_seen() {
    for (scope, granted, stated) in [
        ("\"patient/*.read openid\"", "patient/*.read openid", true),
        (
            "[\"patient/*.read\", 5, \"openid\"]",
            "patient/*.read openid",
            true,
        ),
        ("\"  patient/*.read   \"", "patient/*.read", true),
        ("\"\"", SCOPES, false),
        ("null", SCOPES, false),
        ("\"caf\u{e9} openid\"", "caf%C3%A9 openid", true),
        (
            "[\"patient/*.read openid\", \"launch\"]",
            "patient/*.read openid launch",
            true,
        ),
    ] {
        let report = granted_json(&format!(r#"{{"access_token": "a", "scope": {scope}}}"#)).scopes;
        assert_eq!(
            (&*report.granted.to_string(), report.stated),
            (granted, stated),
            "{scope}"
        );
    }
}

#[test]
fn launch_context_is_typed_and_the_unknown_is_kept() {
    let tokens = granted_json(
        r#"{"access_token": "a", "encounter": "e1", "need_patient_banner": "true", "smart_style_url": "https://ehr.example/s.json",
            "intent": "reconcile", "tenant": "t", "fhirContext": [{"reference": "ImagingStudy/1", "role": "launch"}, "odd"],
            "vendor": {"x": 1}, "patient": ""}"#,
    );
    let context = &tokens.context;
    assert_eq!(
        (context.encounter.as_deref(), context.need_patient_banner),
        (Some("e1"), Some(true))
    );
    assert_eq!(
        (context.intent.as_deref(), context.tenant.as_deref()),
        (Some("reconcile"), Some("t"))
    );
    assert_eq!(context.fhir_context.len(), 2);
    assert_eq!(
        context.fhir_context[0].reference.as_deref(),
        Some("ImagingStudy/1")
    );
    assert_eq!(context.get("vendor").unwrap()["x"], 1);
    assert_eq!(tokens.patient, PatientContext::Unstated);
    let printed = format!("{tokens:?}");
    assert!(
        !printed.contains("e1") && !printed.contains("ImagingStudy"),
        "{printed}"
    );
}

#[test]
fn row_token_errors_are_decided_by_the_code() {
    for (status, body, remedy) in [
        (400, r#"{"error": "invalid_grant"}"#, Remedy::Reauthorize),
        (
            401,
            r#"{"error": "invalid_grant", "error_description": "Invalid credentials given."}"#,
            Remedy::Reauthorize,
        ),
        (401, r#"{"error": "access_denied"}"#, Remedy::Reauthorize),
        (
            400,
            r#"{"error": "interaction_required"}"#,
            Remedy::Reauthorize,
        ),
        (400, r#"{"error": "login_required"}"#, Remedy::Reauthorize),
        (200, r#"{"error": "invalid_grant"}"#, Remedy::Reauthorize),
        (500, r#"{"error": "invalid_grant"}"#, Remedy::Reauthorize),
        (401, r#"{"error": "invalid_client"}"#, Remedy::CheckClient),
        (400, r#"{"error": "invalid_client"}"#, Remedy::CheckClient),
        (
            401,
            r#"{"error": "unauthorized_client"}"#,
            Remedy::CheckClient,
        ),
        (401, r#"{"error": "invalid_scope"}"#, Remedy::CheckRequest),
        (
            400,
            r#"{"error": "unsupported_grant_type"}"#,
            Remedy::CheckRequest,
        ),
        (
            400,
            r#"{"error": "invalid_request", "error_description": "Missing refresh token parameter."}"#,
            Remedy::CheckRequest,
        ),
        (
            503,
            r#"{"error": "temporarily_unavailable"}"#,
            Remedy::RetryLater,
        ),
    ] {
        let error = exchange(status, "application/json", body).unwrap_err();
        assert!(matches!(error, TokenError::Refused { .. }), "{error}");
        assert_eq!(error.remedy(), remedy, "{status} {body}");
    }
}

#[test]
fn row_token_errors_a_page_ends_the_grant_at_s4s_only() {
    for (status, content_type, at_s4s) in [
        (500, "text/html", Remedy::Reauthorize),
        (500, "Text/HTML; charset=utf-8", Remedy::Reauthorize),
        (500, "application/json", Remedy::RetryLater),
        (502, "text/html", Remedy::RetryLater),
        (429, "text/html", Remedy::RetryLater),
    ] {
        for (dialect, remedy) in [
            (TokenDialect::S4S, at_s4s),
            (TokenDialect::STANDARD, Remedy::RetryLater),
        ] {
            let client = client().with_dialect(dialect);
            let response = answer(status, content_type, "");
            let exchanged = authorized(&client, "patient/*.rs").receive(&response, NOW);
            assert_eq!(exchanged.unwrap_err().remedy(), remedy, "{status}");
            let mut tokens = TokenSet::new("a");
            tokens.refresh_token = Some(RefreshToken::new("r"));
            let refreshed = client.refresh(tokens).unwrap().receive(&response, NOW);
            assert_eq!(refreshed.unwrap_err().remedy(), remedy, "{status}");
        }
    }
}

#[test]
fn row_token_errors_bodies_that_are_not_json() {
    for (status, content_type, body, remedy) in [
        (
            500,
            "text/html",
            "<html>INTERNAL SERVER ERROR",
            Remedy::RetryLater,
        ),
        // a gateway, which knows nothing of the grant
        (502, "text/html", "<html>Bad Gateway", Remedy::RetryLater),
        (503, "text/html", "", Remedy::RetryLater),
        (504, "text/html", "", Remedy::RetryLater),
        (500, "application/json", "{}", Remedy::RetryLater),
        (429, "text/html", "", Remedy::RetryLater),
        (401, "text/html", "<html>UNAUTHORIZED", Remedy::CheckClient),
        (403, "text/html", "<html>FORBIDDEN", Remedy::CheckRequest),
        (302, "text/html", "", Remedy::CheckRequest),
        (200, "text/html", "<html>log in", Remedy::CheckRequest),
        (200, "application/json", "[1]", Remedy::CheckRequest),
        (200, "application/json", "{}", Remedy::CheckRequest),
        (
            200,
            "application/json",
            r#"{"access_token": ""}"#,
            Remedy::CheckRequest,
        ),
        (
            302,
            "application/json",
            r#"{"access_token": "a"}"#,
            Remedy::CheckRequest,
        ),
    ] {
        assert_eq!(
            exchange(status, content_type, body).unwrap_err().remedy(),
            remedy,
            "{status} {body}"
        );
    }
    let odd = exchange(200, "text/plain", "\u{feff}{\"access_token\": \"a\"}").unwrap();
    assert!(odd.notes.contains(&TokenNote::NotJsonType));
    assert!(matches!(
        exchange(200, "", &" ".repeat(300_000)),
        Err(TokenError::TooLong { .. })
    ));
}

#[test]
fn created_is_success_as_well() {
    let tokens = exchange(201, "application/json", r#"{"access_token": "a"}"#).unwrap();
    assert_eq!(tokens.access_token.expose(), "a");
}

#[test]
fn ids_may_be_numbers_and_nothing_else() {
    for (patient, expected) in [
        ("12345", Some("12345")),
        ("\"12345\"", Some("12345")),
        ("18446744073709551615", Some("18446744073709551615")),
        ("\"\"", None),
        ("null", None),
    ] {
        let tokens = granted_json(&format!(r#"{{"access_token": "a", "patient": {patient}}}"#));
        assert_eq!(tokens.patient.id(), expected, "{patient}");
    }
    // a patient that is there and cannot be read is not the same as none
    for patient in [
        "[\"1\"]",
        "{\"id\": 1}",
        "true",
        "1.5",
        "1e30",
        "\"1\\r\\n2\"",
    ] {
        let body = format!(r#"{{"access_token": "a", "patient": {patient}}}"#);
        let error = exchange(200, "application/json", &body).unwrap_err();
        assert!(
            matches!(error, TokenError::Malformed { name: "patient" }),
            "{patient} {error}"
        );
    }
}

#[test]
fn tokens_that_cannot_be_sent_are_refused_at_receipt() {
    for token in [
        "\"a\\r\\nx: y\"",
        "\"a\\u0000\"",
        "\"a\\u007f\"",
        "[1]",
        "{}",
        "true",
    ] {
        let error = exchange(
            200,
            "application/json",
            &format!(r#"{{"access_token": {token}}}"#),
        );
        let malformed = TokenError::Malformed {
            name: "access_token",
        };
        assert_eq!(error.unwrap_err().to_string(), malformed.to_string());
        let error = exchange(
            200,
            "application/json",
            &format!(r#"{{"access_token": "a", "refresh_token": {token}}}"#),
        );
        assert!(
            matches!(
                error,
                Err(TokenError::Malformed {
                    name: "refresh_token"
                })
            ),
            "{token}"
        );
    }
    for nothing in ["{}", r#"{"access_token": null}"#] {
        let error = exchange(200, "application/json", nothing).unwrap_err();
        let is_missing = matches!(error, TokenError::Incomplete { name } if name == "access_token");
        assert!(is_missing, "{nothing} {error}");
    }
    let error = exchange(200, "application/json", "{\"access_token\": \"caf\u{e9}\"}");
    assert!(matches!(error, Err(TokenError::Malformed { .. })));
    assert_eq!(
        granted_json(r#"{"access_token": 42}"#)
            .access_token
            .expose(),
        "42"
    );
}

/// An id token with these claims, whose signature nobody looks at here.
fn id_token(algorithm: &str, claims: &str) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!(
        "{}.{}.sig",
        part(&format!(r#"{{"alg":"{algorithm}"}}"#)),
        part(claims)
    )
}

#[test]
fn a_refresh_stays_with_the_same_user() {
    let with = |sub: &str, iss: &str| {
        let claims = format!(r#"{{"iss": "{iss}", "sub": "{sub}"}}"#);
        let token = id_token("RS256", &claims);
        format!(
            r#"{{"access_token": "a", "patient": "p", "refresh_token": "r", "id_token": "{token}"}}"#
        )
    };
    let before = granted_json(&with("u1", "https://ehr.example"));
    let after = |body: &str| {
        let refresh = client().refresh(before.clone()).unwrap();
        refresh.receive(&answer(200, "application/json", body), NOW)
    };
    assert!(after(&with("u1", "https://ehr.example")).is_ok());
    assert!(after(r#"{"access_token": "a"}"#).is_ok());
    for (sub, iss) in [
        ("u2", "https://ehr.example"),
        ("u1", "https://evil.example"),
    ] {
        let error = after(&with(sub, iss)).unwrap_err();
        assert!(matches!(error, TokenError::OtherUser), "{sub} {iss}");
        assert_eq!(error.remedy(), Remedy::Reauthorize);
    }
}

#[test]
fn at_hash_is_compared_with_the_access_token() {
    // the example of OpenID Connect Core, appendix A.3
    let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
    for (algorithm, claims, expected) in [
        (
            "RS256",
            r#"{"at_hash": "77QmUPtjPfzWtF2AnpK9RQ"}"#,
            Some(true),
        ),
        (
            "ES256",
            r#"{"at_hash": "77QmUPtjPfzWtF2AnpK9RQ=="}"#,
            Some(true),
        ),
        (
            "RS384",
            r#"{"at_hash": "77QmUPtjPfzWtF2AnpK9RQ"}"#,
            Some(false),
        ),
        (
            "RS256",
            r#"{"at_hash": "87QmUPtjPfzWtF2AnpK9RQ"}"#,
            Some(false),
        ),
        // computed elsewhere
        (
            "ES384",
            r#"{"at_hash": "jtAeDp945y1dDqU3nkIVGNZP1HjH_MFs"}"#,
            Some(true),
        ),
        (
            "PS512",
            r#"{"at_hash": "q7nS86GgvvFaZkzALLWqJYaJIKw2wCDAVfCAsm5CrBM"}"#,
            Some(true),
        ),
        (
            "EdDSA",
            r#"{"at_hash": "q7nS86GgvvFaZkzALLWqJYaJIKw2wCDAVfCAsm5CrBM"}"#,
            None,
        ),
        ("RS256", r#"{"at_hash": 7}"#, Some(false)),
        ("RS256", "{}", None),
    ] {
        let id_token = id_token(algorithm, claims);
        let body = format!(r#"{{"access_token": "{token}", "id_token": "{id_token}"}}"#);
        let id_token = granted_json(&body).id_token.unwrap();
        assert_eq!(id_token.at_hash_matches(), expected, "{algorithm} {claims}");
    }
}

#[test]
fn row_method_is_post_and_fields_are_in_the_form() {
    let request = authorized(&client(), SCOPES)
        .request(&Authentication::Public)
        .unwrap();
    assert_eq!(
        (request.method(), &*request.uri().to_string()),
        (&Method::POST, "https://ehr.example/token")
    );
    assert_eq!(
        request.headers()["content-type"],
        "application/x-www-form-urlencoded"
    );
    assert_eq!(request.headers()["accept"], "application/json");
    assert!(!request.headers().contains_key(AUTHORIZATION));
    let names: Vec<_> = fields(request.body())
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        names,
        [
            "grant_type",
            "code",
            "code_verifier",
            "redirect_uri",
            "client_id"
        ]
    );
}

#[test]
fn row_client_authentication_every_way() {
    let id = "app:1 é%";
    let send = |dialect, authentication: &Authentication| {
        let client = Client::new(id, server()).with_dialect(dialect);
        authorized(&client, SCOPES).request(authentication)
    };
    let secret = "s%c:r+t é~*".to_owned();
    let by_basic = Authentication::SecretBasic(secret.clone().into());

    let request = send(TokenDialect::STANDARD, &by_basic).unwrap();
    assert!(
        values(request.body(), "client_id").is_empty()
            && values(request.body(), "client_secret").is_empty()
    );
    let pair = basic(&request);
    let (left, right) = pair.split_once(':').unwrap();
    let decode = |text: &str| {
        String::from_utf8(crate::encode::decode_form(text.as_bytes()).into_owned()).unwrap()
    };
    assert_eq!(
        (decode(left), decode(right)),
        (id.to_owned(), secret.clone())
    );

    assert!(matches!(
        send(TokenDialect::S4S, &by_basic),
        Err(RequestError::RawColon)
    ));
    let client = Client::new("9f3c-11", server()).with_dialect(TokenDialect::S4S);
    let request = authorized(&client, SCOPES)
        .request(&Authentication::SecretBasic("s-%+".into()))
        .unwrap();
    assert_eq!(basic(&request), "9f3c-11:s-%+");
    assert_eq!(values(request.body(), "client_id"), ["9f3c-11"]);

    let request = send(
        TokenDialect::STANDARD,
        &Authentication::SecretForm(secret.clone().into()),
    )
    .unwrap();
    assert!(!request.headers().contains_key(AUTHORIZATION));
    assert_eq!(
        (
            values(request.body(), "client_id"),
            values(request.body(), "client_secret")
        ),
        (vec![id.to_owned()], vec![secret])
    );

    let request = send(
        TokenDialect::STANDARD,
        &Authentication::Assertion(ClientAssertion::new("x.y.z")),
    )
    .unwrap();
    assert!(
        !request.headers().contains_key(AUTHORIZATION)
            && values(request.body(), "client_id").is_empty()
    );
    assert_eq!(values(request.body(), "client_assertion"), ["x.y.z"]);
    assert_eq!(
        values(request.body(), "client_assertion_type"),
        ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    );
}

#[test]
fn the_dialect_follows_the_way_of_discovery() {
    let of = |source| Client::new("app", crate::oauth2::Server { source, ..server() }).dialect();
    assert_eq!(of(crate::oauth2::Source::Statement), TokenDialect::S4S);
    assert_eq!(of(crate::oauth2::Source::WellKnown), TokenDialect::STANDARD);
    assert_eq!(TokenDialect::S4S.basic, BasicEncoding::Raw);
}

#[test]
fn row_refresh_keeps_or_replaces_the_token() {
    let replaced =
        refresh(r#"{"access_token": "a2", "refresh_token": "r2", "patient": "smart-1288992"}"#)
            .unwrap();
    assert_eq!(
        (
            replaced.access_token.expose(),
            replaced.refresh_token.unwrap().expose()
        ),
        ("a2", "r2")
    );
    for kept in [
        r#"{"access_token": "a2"}"#,
        r#"{"access_token": "a2", "refresh_token": ""}"#,
        r#"{"access_token": "a2", "refresh_token": null}"#,
    ] {
        let kept = refresh(kept).unwrap();
        assert_eq!(kept.refresh_token.unwrap().expose(), "r1");
        assert_eq!(
            kept.patient,
            PatientContext::Carried("smart-1288992".to_owned())
        );
        assert_eq!(kept.expires_at, None);
    }
}

/// A first answer with all that a launch can tell, and what a refresh makes of it.
fn after_refresh(answer_to_refresh: &str) -> TokenSet {
    let first = client().client_credentials("launch patient/*.rs patient/*.write".parse().unwrap());
    let first = first.receive(
        &answer(
            200,
            "application/json",
            r#"{"access_token": "a1", "refresh_token": "r1", "token_type": "Bearer", "scope": "launch patient/*.rs", "patient": "p",
                "encounter": "e", "fhirContext": [{"reference": "ImagingStudy/1"}], "intent": "order", "tenant": "t",
                "need_patient_banner": true, "smart_style_url": "https://ehr.example/style.json", "vendor": {"x": [1]},
                "id_token": "h.eyJpc3MiOiJpIiwic3ViIjoiMSJ9.s"}"#,
        ),
        NOW,
    );
    let refresh = client().refresh(first.unwrap()).unwrap();
    let answer = answer(200, "application/json", answer_to_refresh);
    refresh.receive(&answer, NOW).unwrap()
}

#[test]
fn what_a_refresh_does_not_replace_is_kept() {
    let kept = after_refresh(r#"{"access_token": "a2"}"#);
    let context = Value::Object(kept.context.to_json());
    assert_eq!(
        context,
        serde_json::json!({
            "encounter": "e", "fhirContext": [{"reference": "ImagingStudy/1"}], "intent": "order", "tenant": "t",
            "need_patient_banner": true, "smart_style_url": "https://ehr.example/style.json", "vendor": {"x": [1]},
        })
    );
    assert!(kept.id_token.unwrap().expose().starts_with("h."));
    // what was asked and not granted is still missing
    assert_eq!(kept.scopes.missing().to_string(), "patient/*.write");
    assert!(kept.scopes.stated);
    assert_eq!(kept.scopes.granted.to_string(), "launch patient/*.rs");
}

#[test]
fn a_refresh_that_names_no_scopes_states_none() {
    let before = granted_json(r#"{"access_token": "a1", "refresh_token": "r1"}"#);
    assert!(!before.scopes.stated);
    let refresh = client().refresh(before).unwrap();
    let silent = answer(200, "application/json", r#"{"access_token": "a2"}"#);
    assert!(!refresh.receive(&silent, NOW).unwrap().scopes.stated);
}

#[test]
fn debug_tells_what_a_grant_is_about_and_not_for_whom() {
    let tokens = granted_json(
        r#"{"access_token": "a1", "patient": "canary", "encounter": "canary", "id_token": "canary", "vendor": "canary",
            "fhirContext": [{"reference": "ImagingStudy/canary", "type": "ImagingStudy", "role": "current-study"}]}"#,
    );
    let shown = format!("{tokens:?}");
    for expected in [
        "IdToken(redacted)",
        "Stated(_)",
        "has_encounter: true",
        r#"FhirContext { kind: Some("ImagingStudy"), role: "current-study", .. }"#,
        r#"extra: ["vendor"]"#,
    ] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    assert!(!shown.contains("canary"), "{shown}");
    assert_eq!(format!("{:?}", PatientContext::Unstated), "Unstated");
}

#[test]
fn what_a_refresh_replaces_is_replaced() {
    let new = after_refresh(
        r#"{"access_token": "a2", "encounter": "e2", "fhirContext": [], "intent": null, "vendor": 2, "other": true,
            "id_token": "h.e30.s", "scope": "launch"}"#,
    );
    let context = Value::Object(new.context.to_json());
    assert_eq!(
        context,
        serde_json::json!({
            "encounter": "e2", "fhirContext": [], "intent": null, "tenant": "t", "need_patient_banner": true,
            "smart_style_url": "https://ehr.example/style.json", "vendor": 2, "other": true,
        })
    );
    assert_eq!(new.context.intent, None);
    assert_eq!(new.id_token.unwrap().expose(), "h.e30.s");
    assert_eq!(new.scopes.granted.to_string(), "launch");
    assert_eq!(
        new.scopes.missing().to_string(),
        "patient/*.rs patient/*.write"
    );
}

#[test]
fn what_is_kept_does_not_grow_without_bound() {
    let mut tokens = after_refresh(r#"{"access_token": "a2"}"#);
    for round in 0..10 {
        let refresh = client().refresh(tokens).unwrap();
        let long = format!(
            r#"{{"access_token": "a", "vendor{round}": "{}"}}"#,
            "x".repeat(200_000)
        );
        tokens = refresh
            .receive(&answer(200, "application/json", &long), NOW)
            .unwrap();
        assert_eq!(tokens.context.encounter.as_deref(), Some("e"));
        let kept = Value::Object(tokens.context.to_json()).to_string().len();
        assert!(kept <= MAX_ANSWER_BYTES, "{kept}");
    }
}

#[test]
fn id_tokens_tell_whether_they_name_one_user() {
    let token =
        |claims: &str| IdToken::new(format!("h.{}.s", URL_SAFE_NO_PAD.encode(claims)), None);
    let one = token(r#"{"iss": "https://a.example", "sub": "1", "iat": 1}"#);
    for (other, expected) in [
        (
            token(r#"{"iss": "https://a.example", "sub": "1", "iat": 2}"#),
            Some(true),
        ),
        (
            token(r#"{"iss": "https://a.example", "sub": "2"}"#),
            Some(false),
        ),
        (
            token(r#"{"iss": "https://b.example", "sub": "1"}"#),
            Some(false),
        ),
        (token(r#"{"sub": "1"}"#), None),
        (IdToken::new("opaque", None), None),
    ] {
        assert_eq!(one.names_same_user(&other), expected);
    }
}

#[test]
fn row_refresh_for_another_patient_is_dropped() {
    let error = refresh(r#"{"access_token": "a2", "patient": "smart-1032702"}"#).unwrap_err();
    assert!(matches!(error, TokenError::OtherPatient));
    assert!(!format!("{error:?} {error}").contains("1032702"));
    // carried once, it is still compared
    let carried = refresh(r#"{"access_token": "a2"}"#).unwrap();
    let again = client().refresh(carried).unwrap();
    let other = answer(
        200,
        "application/json",
        r#"{"access_token": "a3", "patient": "smart-1032702"}"#,
    );
    assert!(matches!(
        again.receive(&other, NOW),
        Err(TokenError::OtherPatient)
    ));
}

#[test]
fn refresh_requests() {
    let refresh = client().refresh(tokens()).unwrap();
    let request = refresh
        .request(&Authentication::SecretBasic("s".into()))
        .unwrap();
    let expected = [("grant_type", "refresh_token"), ("refresh_token", "r1")];
    assert_eq!(
        fields(request.body()),
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    assert_eq!(basic(&request), "app:s");

    let narrowed = refresh
        .clone()
        .narrowed_to("patient/Observation.rs".parse().unwrap())
        .unwrap();
    let request = narrowed.request(&Authentication::Public).unwrap();
    assert_eq!(values(request.body(), "scope"), ["patient/Observation.rs"]);
    assert_eq!(values(request.body(), "client_id"), ["app"]);
    let after = narrowed
        .receive(
            &answer(200, "application/json", r#"{"access_token": "a2"}"#),
            NOW,
        )
        .unwrap();
    assert_eq!(after.scopes.granted.to_string(), "patient/Observation.rs");
    // what was stated before was about more
    assert!(!after.scopes.stated);

    assert!(matches!(
        refresh.narrowed_to("patient/*.cruds".parse().unwrap()),
        Err(RequestError::WiderScopes)
    ));
    assert!(matches!(
        client().refresh(TokenSet::new("a")),
        Err(RequestError::NoRefreshToken)
    ));
}

#[test]
fn client_credentials() {
    let grant = client().client_credentials("system/*.rs".parse().unwrap());
    let request = grant
        .request(&Authentication::Assertion(ClientAssertion::new("x.y.z")))
        .unwrap();
    let form = fields(request.body());
    assert_eq!(
        form[0],
        ("grant_type".to_owned(), "client_credentials".to_owned())
    );
    assert_eq!(values(request.body(), "scope"), ["system/*.rs"]);
    assert!(matches!(
        grant.request(&Authentication::Public),
        Err(RequestError::PublicClient)
    ));
    let tokens = grant
        .receive(
            &answer(
                200,
                "application/json",
                r#"{"access_token": "a", "expires_in": 300, "scope": "system/Patient.rs"}"#,
            ),
            NOW,
        )
        .unwrap();
    assert_eq!(tokens.scopes.missing().to_string(), "system/*.rs");
}

proptest::proptest! {
    #[test]
    fn no_answer_makes_it_panic(status in 200u16..600, body in "\\PC{0,80}", value in "[0-9eE.\"\\[{}nul-]{0,12}") {
        let _ = exchange(status, "application/json", &body);
        let _ = exchange(status, "text/html", &body);
        let _ = exchange(200, "application/json", &format!(r#"{{"access_token": "a", "expires_in": {value}}}"#));
    }
}

#[test]
fn an_app_s_own_token_is_asked_for_in_any_context() {
    let scopes = "system/*.rs user/Patient.r patient/*.read";
    let grant = client().client_credentials(scopes.parse().unwrap());
    let request = grant.request(&Authentication::SecretBasic("s".into()));
    assert_eq!(values(request.unwrap().body(), "scope"), [scopes]);
}
