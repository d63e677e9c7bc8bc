//! The debug addresses, as the server answers them.

use super::*;
use crate::oauth2::testing::{answer, url};

fn debug_token() -> DebugToken {
    DebugToken::new("api-test", "daniel-adams", "smart-1288992")
}

fn look(status: u16, body: &str) -> Result<Option<DebugFacts>, TokenError> {
    DebugIntrospection::new(AccessToken::new("a")).receive(&answer(
        status,
        "application/json",
        body,
    ))
}

#[test]
fn token_requests() {
    let endpoint = url("http://localhost:9000/oauth/debug/token");
    let body = |token: DebugToken| -> Value {
        serde_json::from_slice(token.request(&endpoint).unwrap().body()).unwrap()
    };
    assert_eq!(
        body(debug_token()),
        serde_json::json!({"client_id": "api-test", "username": "daniel-adams", "patient_id": "smart-1288992"})
    );
    let full = debug_token()
        .with_access_lifetime(-60)
        .with_approval_expires(Timestamp::from_unix_seconds(7))
        .with_scopes("nonsense".parse().unwrap());
    let full = body(full);
    assert_eq!(
        (
            &full["access_lifetime"],
            &full["approval_expires"],
            &full["scope"]
        ),
        (&(-60).into(), &7.into(), &"nonsense".into())
    );
}

#[test]
fn token_answers() {
    let receive = |status, kind, body| debug_token().receive(&answer(status, kind, body));
    let tokens = receive(
        200,
        "application/json",
        r#"{"access_token": "a", "refresh_token": "r"}"#,
    )
    .unwrap();
    assert_eq!(
        (tokens.access_token.expose(), tokens.refresh_token.expose()),
        ("a", "r")
    );
    for code in [
        "no_user",
        "no_client",
        "no_patient",
        "no_patient_for_user",
        "malformed_lifetime",
        "malformed_expiration",
    ] {
        let body = format!(r#"{{"error": "{code}", "description": "why"}}"#);
        let Err(TokenError::Refused { refusal, .. }) =
            debug_token().receive(&answer(400, "application/json", &body))
        else {
            panic!("{code}")
        };
        assert_eq!((refusal.code(), refusal.description()), (code, Some("why")));
    }
    assert!(receive(500, "text/html", "<html>").is_err());
    assert!(matches!(
        receive(200, "", r#"{"access_token": "a"}"#),
        Err(TokenError::Incomplete {
            name: "refresh_token"
        })
    ));
}

#[test]
fn row_introspection_debug_is_a_type_apart() {
    let request = DebugIntrospection::new(RefreshToken::new("a b&c"))
        .request(&url("http://localhost:9000/oauth/debug/introspect"))
        .unwrap();
    assert_eq!(
        (request.method(), &*request.uri().to_string()),
        (
            &Method::GET,
            "http://localhost:9000/oauth/debug/introspect?token=a%20b%26c"
        )
    );
    let facts = look(
        200,
        r#"{"active": false, "token_type": "Bearer", "access_token": "a", "refresh_token": "r", "scope": "launch/patient patient/*.read",
            "client_id": "api-test", "username": "daniel-adams", "security_labels": ["patient", "allergies"],
            "access_expires": "Thu, 05 Jul 2018 17:41:24 GMT", "approval_expires": "soon"}"#,
    );
    let facts = facts.unwrap().unwrap();
    assert!(!facts.is_active);
    assert_eq!(
        facts.access_expires,
        Some(Timestamp::from_unix_seconds(1_530_812_484))
    );
    assert_eq!(
        (facts.approval_expires, facts.security_labels.len()),
        (None, 2)
    );
    let printed = format!("{facts:?}");
    assert!(!printed.contains("daniel"), "{printed}");
}

#[test]
fn unknown_tokens_are_no_error() {
    assert!(look(400, r#"{"error": "no_token"}"#).unwrap().is_none());
    assert!(look(400, r#"{"error": "other"}"#).is_err());
    assert!(look(405, "<html>").is_err());
    assert!(look(200, "{}").is_err());
}
