//! Registrations as servers answer them.

use super::*;

fn server() -> Server {
    let url = |text| ServerUrl::new(text).unwrap();
    Server {
        register: Some(url("http://localhost:9000/oauth/register")),
        ..Server::new(
            url("http://localhost:9000/api/fhir"),
            url("http://localhost:9000/oauth/token"),
        )
    }
}

fn registration() -> Registration {
    Registration::new([RedirectUri::new("http://localhost:8000/authorized").unwrap()])
        .with_name("A notebook")
        .with_scopes("launch/patient patient/*.read".parse().unwrap())
}

fn answer(status: u16, body: &str) -> Result<RegisteredClient, RegistrationError> {
    registration().receive(
        &Response::builder()
            .status(status)
            .body(body.to_owned())
            .unwrap(),
    )
}

#[test]
fn the_request() {
    let request = registration()
        .with_auth_method(AuthMethod::PrivateKeyJwt)
        .with_jwks_uri(ServerUrl::new("https://app.example/jwks.json").unwrap())
        .with_member("logo_uri", "https://app.example/logo.png")
        .with_member("scope", "cannot be smuggled in")
        .request(&server())
        .unwrap();
    assert_eq!(
        (request.method().as_str(), &*request.uri().to_string()),
        ("POST", "http://localhost:9000/oauth/register")
    );
    assert_eq!(request.headers()[CONTENT_TYPE], "application/json");
    assert_eq!(
        serde_json::from_slice::<Value>(request.body()).unwrap(),
        serde_json::json!({
            "redirect_uris": ["http://localhost:8000/authorized"],
            "client_name": "A notebook",
            "scope": "launch/patient patient/*.read",
            "token_endpoint_auth_method": "private_key_jwt",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "jwks_uri": "https://app.example/jwks.json",
            "logo_uri": "https://app.example/logo.png",
        })
    );
    let without = Server {
        register: None,
        ..server()
    };
    assert!(matches!(
        registration().request(&without),
        Err(RegistrationError::NoEndpoint)
    ));
}

#[test]
fn row_registration_reads_six_members_or_fewer() {
    let app = answer(
        201,
        r#"{"client_id": "9f3c", "client_secret": "hush", "client_secret_expires_at": 0, "client_name": "A notebook",
            "redirect_uris": ["http://localhost:8000/authorized"], "scope": "launch/patient patient/*.read"}"#,
    )
    .unwrap();
    assert_eq!(
        (app.client_id.as_str(), app.secret_expires_at, &*app.notes),
        ("9f3c", None, &[][..])
    );
    assert!(matches!(
        app.authentication(),
        Authentication::SecretBasic(_)
    ));
    let least = answer(200, r#"{"client_id": "9f3c"}"#).unwrap();
    assert!(least.notes.is_empty() && least.scopes.is_none());
    assert!(matches!(least.authentication(), Authentication::Public));
}

#[test]
fn row_public_and_asymmetric_clients_a_secret_means_confidential() {
    let app = answer(
        201,
        r#"{"client_id": "c", "client_secret": "hush", "token_endpoint_auth_method": "none"}"#,
    )
    .unwrap();
    assert!(matches!(
        app.authentication(),
        Authentication::SecretBasic(_)
    ));
    let app = answer(201, r#"{"client_id": "c", "client_secret": "hush", "token_endpoint_auth_method": "client_secret_post"}"#).unwrap();
    assert!(matches!(
        app.authentication(),
        Authentication::SecretForm(_)
    ));
}

#[test]
fn what_the_server_changed_is_noted() {
    let app = answer(201, r#"{"client_id": "c", "scope": "", "redirect_uris": ["http://localhost:8000/authorized/"]}"#).unwrap();
    assert_eq!(
        app.notes,
        [
            RegistrationNote::OtherRedirectUris,
            RegistrationNote::NoScopes
        ]
    );
    let app = answer(
        201,
        r#"{"client_id": "c", "scope": "patient/*.rs", "client_secret_expires_at": "1365000000"}"#,
    )
    .unwrap();
    assert_eq!(app.notes, [RegistrationNote::FewerScopes]);
    assert_eq!(
        app.secret_expires_at,
        Some(Timestamp::from_unix_seconds(1_365_000_000))
    );
}

#[test]
fn row_registration_errors_under_either_key() {
    for key in ["error_description", "description"] {
        let body = format!(r#"{{"error": "invalid_redirect_uri", "{key}": "no scheme"}}"#);
        let Err(RegistrationError::Refused { refusal, .. }) = answer(400, &body) else {
            panic!("{key}")
        };
        assert_eq!(
            (refusal.code(), refusal.description()),
            ("invalid_redirect_uri", Some("no scheme"))
        );
    }
    // not a registered code, and no explanation
    let Err(RegistrationError::Refused { refusal, .. }) =
        answer(400, r#"{"error": "bad_request"}"#)
    else {
        panic!()
    };
    assert_eq!(
        (refusal.code(), refusal.description()),
        ("bad_request", None)
    );
}

#[test]
fn answers_that_name_no_client() {
    for (status, body) in [
        (400, "<html>"),
        (500, "<html>"),
        (201, "[]"),
        (201, "{}"),
        (201, r#"{"client_id": 5}"#),
        (404, r#"{"client_id": "c"}"#),
    ] {
        assert!(
            matches!(answer(status, body), Err(RegistrationError::Unreadable(_))),
            "{status} {body}"
        );
    }
    assert!(matches!(
        answer(201, &" ".repeat(300_000)),
        Err(RegistrationError::TooLong { .. })
    ));
}
