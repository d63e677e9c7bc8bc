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
        (201, r#"{"client_id": ""}"#),
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

fn members_of(registration: &Registration) -> Value {
    serde_json::from_slice(registration.request(&server()).unwrap().body()).unwrap()
}

#[test]
fn backend_services_register_with_their_keys_and_without_a_redirect_uri() {
    let jwks = serde_json::json!({"keys": [{"kty": "EC", "kid": "k1"}]});
    let backend = Registration::backend()
        .with_scopes("system/*.rs".parse().unwrap())
        .with_jwks(jwks.clone());
    assert_eq!(
        members_of(&backend),
        serde_json::json!({
            "scope": "system/*.rs",
            "token_endpoint_auth_method": "private_key_jwt",
            "grant_types": ["client_credentials"],
            "response_types": [],
            "jwks": jwks,
        })
    );
    let hosted = backend.with_jwks_uri(ServerUrl::new("https://app.example/jwks.json").unwrap());
    let members = members_of(&hosted);
    assert_eq!(members["jwks_uri"], "https://app.example/jwks.json");
    assert_eq!(members.get("jwks"), None, "a server takes only one of them");
}

#[test]
fn grants_are_the_apps_choice() {
    let registration = registration()
        .with_grant_types(["authorization_code"])
        .with_response_types(["code id_token"]);
    let members = members_of(&registration);
    assert_eq!(
        (&members["grant_types"], &members["response_types"]),
        (
            &serde_json::json!(["authorization_code"]),
            &serde_json::json!(["code id_token"])
        )
    );
}

#[test]
fn members_with_a_setting_of_their_own_are_refused_by_name() {
    for member in OWN_MEMBERS {
        let request = registration().with_member(member, "x").request(&server());
        let Err(RegistrationError::ReservedMember { name }) = request else {
            panic!("{member}")
        };
        assert_eq!(name, member);
    }
}

#[test]
fn an_initial_access_token_allows_the_registration() {
    let request = registration().request(&server()).unwrap();
    assert_eq!(request.headers().get(AUTHORIZATION), None);
    let allowed = registration().with_initial_access_token("first");
    let request = allowed.request(&server()).unwrap();
    assert_eq!(request.headers()[AUTHORIZATION], "Bearer first");
    assert!(request.headers()[AUTHORIZATION].is_sensitive());
    assert!(!format!("{allowed:?}").contains("first"));
    let bad = registration().with_initial_access_token("a\nb");
    assert!(matches!(
        bad.request(&server()),
        Err(RegistrationError::BadToken)
    ));
}

#[test]
fn ids_may_be_numbers_and_what_cannot_be_sent_is_refused_at_receipt() {
    let app = answer(201, r#"{"client_id": 5}"#).unwrap();
    assert_eq!(app.client_id.as_str(), "5");
    for (body, expected) in [
        (r#"{"client_id": "a\nb"}"#, "client_id"),
        (r#"{"client_id": ["a"]}"#, "client_id"),
        (
            r#"{"client_id": "c", "client_secret": "a\u0000"}"#,
            "client_secret",
        ),
        (
            r#"{"client_id": "c", "client_secret": {}}"#,
            "client_secret",
        ),
    ] {
        let Err(RegistrationError::Malformed { name }) = answer(201, body) else {
            panic!("{body}")
        };
        assert_eq!(name, expected);
    }
}

#[test]
fn grants_and_methods_that_were_changed_are_noted() {
    let backend = Registration::backend();
    let check = |body: &str, expected: &[RegistrationNote]| {
        let response = Response::builder().status(201).body(body.to_owned());
        let app = backend.receive(&response.unwrap()).unwrap();
        let of_grants = |note: &&RegistrationNote| **note != RegistrationNote::NoScopes;
        let notes: Vec<_> = app.notes.iter().filter(of_grants).copied().collect();
        assert_eq!(notes, expected, "{body}");
    };
    check(r#"{"client_id": "c"}"#, &[]);
    check(
        r#"{"client_id": "c", "grant_types": ["client_credentials"], "token_endpoint_auth_method": "private_key_jwt"}"#,
        &[],
    );
    check(
        r#"{"client_id": "c", "grant_types": ["authorization_code"], "token_endpoint_auth_method": "none"}"#,
        &[
            RegistrationNote::FewerGrantTypes,
            RegistrationNote::OtherAuthMethod,
        ],
    );
}

#[test]
fn a_secret_does_not_replace_signed_statements() {
    let app = answer(
        201,
        r#"{"client_id": "c", "client_secret": "hush", "token_endpoint_auth_method": "private_key_jwt"}"#,
    )
    .unwrap();
    assert!(matches!(app.authentication(), Authentication::Public));
}

#[test]
fn secrets_expire_at_their_time() {
    let app = answer(
        201,
        r#"{"client_id": "c", "client_secret": "hush", "client_secret_expires_at": 100}"#,
    )
    .unwrap();
    let at = |seconds| app.secret_has_expired(Timestamp::from_unix_seconds(seconds));
    assert_eq!((at(99), at(100)), (false, true));
}

const MANAGED: &str = r#"{"client_id": "c", "client_secret": "hush", "client_id_issued_at": 7,
    "registration_access_token": "key-1", "registration_client_uri": "https://ehr.example/clients/c"}"#;

fn respond(status: u16, body: &str) -> Response<String> {
    Response::builder()
        .status(status)
        .body(body.to_owned())
        .unwrap()
}

#[test]
fn registrations_are_read_changed_and_deleted_with_their_own_token() {
    let app = answer(201, MANAGED).unwrap();
    assert_eq!(
        app.members.get("client_id_issued_at"),
        Some(&Value::from(7))
    );
    let shown = format!("{app:?}");
    assert!(
        !shown.contains("key-1") && !shown.contains("hush"),
        "{shown}"
    );
    for (request, method) in [
        (app.read_request(), "GET"),
        (app.update_request(&registration()), "PUT"),
        (app.delete_request(), "DELETE"),
    ] {
        let request = request.unwrap();
        assert_eq!(request.method(), method);
        assert_eq!(request.uri(), "https://ehr.example/clients/c");
        assert_eq!(request.headers()[AUTHORIZATION], "Bearer key-1");
    }
    let update = app.update_request(&registration()).unwrap();
    let sent: Value = serde_json::from_slice(update.body()).unwrap();
    assert_eq!(
        (&sent["client_id"], &sent["client_name"]),
        (&"c".into(), &"A notebook".into())
    );

    let same = app
        .receive(&registration(), &respond(200, r#"{"client_id": "c"}"#))
        .unwrap();
    assert_eq!(same.client_secret.unwrap().expose(), "hush");
    assert_eq!(same.access.unwrap().token.expose(), "key-1");
    let rotated = MANAGED.replace("hush", "new").replace("key-1", "key-2");
    let new = app
        .receive(&registration(), &respond(200, &rotated))
        .unwrap();
    assert_eq!(new.client_secret.unwrap().expose(), "new");
    assert_eq!(new.access.unwrap().token.expose(), "key-2");

    assert!(app.receive_deletion(&respond(204, "")).is_ok());
    let without = answer(201, r#"{"client_id": "c"}"#).unwrap();
    assert!(matches!(
        without.read_request(),
        Err(RegistrationError::NoAccess)
    ));
}

#[test]
fn answers_about_other_registrations_are_refused() {
    let app = answer(201, MANAGED).unwrap();
    let receive = |status, body: &str| app.receive(&registration(), &respond(status, body));
    assert!(matches!(
        receive(200, r#"{"client_id": "d"}"#),
        Err(RegistrationError::OtherClient)
    ));
    let moved = receive(200, &MANAGED.replace("ehr.example", "thief.example")).unwrap();
    assert!(moved.notes.contains(&RegistrationNote::UnusableAccess));
    let address = moved.access.unwrap().address;
    assert_eq!(address.as_str(), "https://ehr.example/clients/c");
    for status in [401, 403, 405] {
        let silent = |error| matches!(error, RegistrationError::RefusedSilently { status: said } if said == status);
        assert!(silent(receive(status, "").unwrap_err()));
        assert!(silent(
            app.receive_deletion(&respond(status, "")).unwrap_err()
        ));
    }
    assert!(matches!(
        app.receive_deletion(&respond(400, r#"{"error": "invalid_token"}"#)),
        Err(RegistrationError::Refused { .. })
    ));
}

#[test]
fn an_unusable_way_back_loses_no_registration() {
    for members in [
        r#""registration_access_token": "a\rb", "registration_client_uri": "https://ehr.example/c""#,
        r#""registration_access_token": "t", "registration_client_uri": "http://ehr.example/c""#,
        r#""registration_access_token": "t""#,
        r#""registration_client_uri": "https://ehr.example/c""#,
    ] {
        let body = format!(r#"{{"client_id": "c", "client_secret": "hush", {members}}}"#);
        let app = answer(201, &body).unwrap();
        assert!(app.access.is_none() && app.client_secret.is_some());
        assert_eq!(app.notes, [RegistrationNote::UnusableAccess], "{members}");
    }
}
