//! Where the server of Sync for Science departs from the standards, topic by topic, and that the
//! client tolerates it. Each test is named after its topic; the server is a stub that departs in
//! exactly this way.

mod stub;

use http::{Request, StatusCode};
use smart::fhir::{AccessToken, App, FhirError, RefreshToken, Remedy, Session, TokenSet};
use smart::vault::{MemoryVault, VaultKey};
use smart::{Error, Retries};
use smart_oauth::oauth2::{RequestError, TokenDialect, TokenError};
use smart_test_support::{CannedResponse, TestServer};

use self::stub::{BASE, Stub, fields, html, json};

/// What `send` gives back for a read.
async fn read(session: &Session) -> Result<StatusCode, Error> {
    let request = Request::get(format!("{BASE}/Patient/1")).body(bytes::Bytes::new());
    Ok(session.send(request.expect("a url")).await?.status())
}

async fn session(app: &App) -> Session {
    let mut tokens = TokenSet::new("a0");
    tokens.refresh_token = Some(RefreshToken::new("r0"));
    let key = VaultKey::new("user").expect("a name");
    let session = Session::with_tokens(app, key, tokens).await;
    session.expect("the vault is in memory")
}

/// Asks, and brings the callback that the server would.
async fn exchange(app: &App, parameters: &str) -> Result<Session, Error> {
    let authorization = app.authorize("patient/*.read").await?;
    let state = format!("state={}", authorization.state());
    authorization
        .exchange(&parameters.replace("STATE", &state))
        .await
}

fn cause(error: &Error) -> &FhirError {
    match error {
        Error::Fhir(FhirError::Renewal { source }) => cause(source),
        Error::Fhir(error) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn row_discovery() {
    for document in [html(401), html(403), html(404), html(200), json(404, "{}")] {
        for statement in [
            stub::statement(
                "Conformance",
                "http://hl7.org/fhir/restful-security-service",
            ),
            stub::statement(
                "CapabilityStatement",
                "http://terminology.hl7.org/CodeSystem/restful-security-service",
            ),
        ] {
            let stub = Stub::default();
            let document = document.clone();
            stub.on("/.well-known/smart-configuration", move |_| {
                document.clone()
            });
            stub.on("/metadata", move |_| json(200, &statement));
            let server = stub.app().server().await.expect("the statement will do");
            // two origins in one statement
            assert_eq!(server.token.origin(), "https://ehr.example");
            let page = server.authorize.as_ref().expect("it has a page");
            assert_eq!(page.origin(), "https://other.example");
            assert!(server.notes.is_empty(), "{:?}", server.notes);
        }
    }
    // a server that is merely down is not taken for an old one
    let stub = Stub::default();
    stub.on("/.well-known/smart-configuration", |_| html(503));
    assert!(
        stub.app()
            .server()
            .await
            .expect_err("it is down")
            .is_retryable()
    );
}

#[tokio::test]
async fn row_pkce() {
    // nothing in the statement says that the server can do it, and success does not prove that it
    // did
    let stub = Stub::default();
    let app = stub.app();
    let authorization = app.authorize("patient/*.read").await.expect("it is asked");
    let url = authorization.authorize_url();
    assert!(
        url.contains("code_challenge_method=S256") && url.contains("code_challenge="),
        "{url}"
    );
    let callback = format!("code=c&state={}", authorization.state());
    authorization
        .exchange(&callback)
        .await
        .expect("it is exchanged");
    let verifier = fields(&stub.last("/token").body, "code_verifier");
    assert_eq!(verifier.map(|verifier| verifier.len()), Some(43));
}

#[tokio::test]
async fn row_aud() {
    let app = Stub::default().app();
    let authorization = app.authorize("patient/*.read").await.expect("it is asked");
    assert!(
        authorization
            .authorize_url()
            .contains("aud=https%3A%2F%2Fehr.example%2Fapi%2Ffhir")
    );
}

#[tokio::test]
async fn row_state() {
    let stub = Stub::default();
    let app = stub.app();
    // a refusal comes without it, ends the flow, and is trusted for nothing
    let error = exchange(&app, "error=access_denied")
        .await
        .expect_err("it was refused");
    let Error::Fhir(FhirError::Denied(denial)) = &error else {
        panic!("{error:?}")
    };
    assert!(!denial.is_ours && error.needs_user());
    // a code needs it
    for callback in ["code=c", "code=c&state=", "code=c&state=another"] {
        let error = exchange(&app, callback).await.expect_err(callback);
        assert!(
            matches!(error, Error::Fhir(FhirError::Callback(_))),
            "{callback} {error:?}"
        );
    }
    assert_eq!(stub.count("/token"), 0);
}

#[tokio::test]
async fn row_redirect_uri() {
    for uri in [
        "http://localhost:9001/authorized",
        "http://localhost:9001/authorized/",
        "http://127.0.0.1:9001/authorized?a=b",
        "https://APP.example/cb",
        "app.example:/cb",
    ] {
        let stub = Stub::default();
        let app = stub.builder().redirect_uri(uri).build().expect("an app");
        let authorization = app.authorize("patient/*.read").await.expect("it is asked");
        let asked = fields(authorization.authorize_url(), "redirect_uri");
        assert_eq!(asked.as_deref(), Some(uri));
        let callback = format!("code=c&state={}", authorization.state());
        authorization
            .exchange(&callback)
            .await
            .expect("it is exchanged");
        let sent = fields(&stub.last("/token").body, "redirect_uri");
        assert_eq!(sent.as_deref(), Some(uri));
    }
}

#[tokio::test]
async fn row_scopes_v2() {
    let app = Stub::default().app();
    let authorization =
        app.authorize("launch/patient patient/*.rs patient/Observation.cruds offline_access");
    let authorization = authorization.await.expect("it is asked");
    let asked = fields(authorization.authorize_url(), "scope");
    assert_eq!(
        asked.as_deref(),
        Some("launch/patient patient/*.read patient/Observation.* offline_access")
    );
}

#[tokio::test]
async fn row_scope_grant() {
    // as it was asked, always; what is withheld is not there, and no error
    let stub = Stub::default();
    stub.on("/Observation", |_| {
        json(200, r#"{"resourceType": "Bundle", "total": 0}"#)
    });
    let session = exchange(&stub.app(), "code=c&STATE")
        .await
        .expect("a session");
    assert!(session.scopes().is_complete() && session.scopes().stated);
    let request = Request::get(format!("{BASE}/Observation?patient=1")).body(bytes::Bytes::new());
    let response = session
        .send(request.expect("a url"))
        .await
        .expect("an answer");
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn row_client_authentication() {
    const RAW: &str = "Basic YS1iOnMlJQ=="; // a-b:s%%
    const ENCODED: &str = "Basic YS1iOnMlMjUlMjU="; // a-b:s%25%25
    for (dialect, basic, in_form) in [
        (None, RAW, true),
        (Some(TokenDialect::S4S), RAW, true),
        (Some(TokenDialect::STANDARD), ENCODED, false),
    ] {
        let stub = Stub::default();
        let mut builder = stub.builder().client_id("a-b").client_secret("s%%");
        if let Some(dialect) = dialect {
            builder = builder.dialect(dialect);
        }
        let app = builder.build().expect("an app");
        exchange(&app, "code=c&STATE").await.expect("a session");
        let sent = stub.last("/token");
        assert_eq!(sent.authorization, basic);
        assert_eq!(fields(&sent.body, "client_id").is_some(), in_form);
    }
}

#[tokio::test]
async fn row_public_and_asymmetric_clients() {
    // whatever the app asked to be, a secret makes it a confidential one
    let stub = Stub::default();
    stub.on("/oauth/register", |_| {
        json(
            201,
            r#"{"client_id": "c", "client_secret": "s", "client_secret_expires_at": 0}"#,
        )
    });
    let registered = stub.builder().register("An app", "patient/*.read").await;
    exchange(&registered.expect("an app"), "code=c&STATE")
        .await
        .expect("a session");
    assert_eq!(stub.last("/token").authorization, "Basic Yzpz");
}

#[tokio::test]
async fn row_token_errors() {
    for (answer, remedy) in [
        (
            json(401, r#"{"error": "invalid_grant"}"#),
            Remedy::Reauthorize,
        ),
        (
            json(401, r#"{"error": "access_denied"}"#),
            Remedy::Reauthorize,
        ),
        (html(500), Remedy::Reauthorize),
        (
            json(401, r#"{"error": "invalid_client"}"#),
            Remedy::CheckClient,
        ),
        (
            json(401, r#"{"error": "unauthorized_client"}"#),
            Remedy::CheckClient,
        ),
        (
            json(401, r#"{"error": "invalid_scope"}"#),
            Remedy::CheckRequest,
        ),
        (
            json(400, r#"{"error": "unsupported_grant_type"}"#),
            Remedy::CheckRequest,
        ),
        (html(401), Remedy::CheckClient),
    ] {
        let stub = Stub::default();
        let app = stub
            .builder()
            .retries(Retries::default())
            .build()
            .expect("an app");
        let token = answer.clone();
        stub.on("/oauth/token", move |_| token.clone());
        for error in [
            exchange(&app, "code=c&STATE")
                .await
                .expect_err("no session"),
            session(&app).await.refresh().await.expect_err("no tokens"),
        ] {
            let FhirError::Token(cause) = cause(&error) else {
                panic!("{error:?}")
            };
            assert_eq!(cause.remedy(), remedy, "{answer:?}");
            assert_eq!(error.needs_user(), remedy == Remedy::Reauthorize);
        }
        // no loop
        assert_eq!(stub.count("/oauth/token"), 2, "{answer:?}");
    }
}

#[tokio::test]
async fn row_code_reuse() {
    // a code is not sent again after any answer, not even one that says "later"
    for answer in [
        html(500),
        html(503),
        html(429),
        html(502),
        json(200, "cut"),
        json(401, r#"{"error": "invalid_grant"}"#),
    ] {
        let stub = Stub::default();
        let app = stub
            .builder()
            .retries(Retries::default())
            .build()
            .expect("an app");
        stub.on("/oauth/token", move |_| answer.clone());
        let authorization = app.authorize("patient/*.read").await.expect("it is asked");
        let callback = format!("code=c&state={}", authorization.state());
        authorization
            .exchange(&callback)
            .await
            .expect_err("no session");
        let error = authorization
            .exchange(&callback)
            .await
            .expect_err("no second time");
        assert!(
            matches!(error, Error::Fhir(FhirError::CallbackUsed)),
            "{error:?}"
        );
        assert_eq!(stub.count("/oauth/token"), 1);
    }
}

#[tokio::test]
async fn row_method() {
    let stub = Stub::default();
    let app = stub.app();
    exchange(&app, "code=c&STATE").await.expect("a session");
    session(&app).await.refresh().await.expect("new tokens");
    for sent in stub.all("/token") {
        assert_eq!(sent.method, "POST");
        assert_eq!(sent.query, "", "secrets stay out of addresses");
    }
}

#[tokio::test]
async fn row_refresh() {
    // it always rotates: the new pair is in the vault before it is used
    let stub = Stub::default();
    let vault = MemoryVault::new();
    let app = stub.builder().vault(vault.clone()).build().expect("an app");
    let session = session(&app).await;
    let looking = stub.builder().vault(vault).build().expect("an app");
    stub.on("/Patient/1", move |sent| {
        if sent.authorization == "Bearer a0" {
            return html(401);
        }
        let key = VaultKey::new("user").expect("a name");
        let stored = futures_util::FutureExt::now_or_never(Session::open(&looking, key));
        let stored = stored
            .expect("memory is quick")
            .expect("it is stored")
            .tokens();
        assert_eq!(
            sent.authorization,
            format!("Bearer {}", stored.access_token.expose())
        );
        json(200, "{}")
    });
    let reads = (0..50).map(|_| read(&session));
    let reads = futures_util::future::join_all(reads).await;
    assert!(
        reads.iter().all(|read| matches!(read, Ok(StatusCode::OK))),
        "{reads:?}"
    );
    assert_eq!(stub.count("/token"), 1, "one refresh in flight");

    // a server that sends no new one means the old one
    stub.on("/oauth/token", |_| {
        json(200, r#"{"access_token": "a9", "token_type": "Bearer"}"#)
    });
    let before = session.tokens().refresh_token.expect("it has one");
    session.refresh().await.expect("new tokens");
    let after = session.tokens().refresh_token.expect("it has one still");
    assert_eq!(after.expose(), before.expose());
}

#[tokio::test]
async fn row_token_type() {
    for kind in ["Bearer", "bearer", "BEARER"] {
        let stub = Stub::default();
        let body = format!(r#"{{"access_token": "a", "token_type": "{kind}"}}"#);
        stub.on("/oauth/token", move |_| json(200, &body));
        exchange(&stub.app(), "code=c&STATE").await.expect(kind);
    }
}

#[tokio::test]
async fn row_bearer_errors() {
    // HTML, and no WWW-Authenticate: the status alone has to do
    let stub = Stub::default();
    stub.on("/Patient/1", |sent| {
        if sent.authorization == "Bearer a0" {
            html(401)
        } else {
            json(200, "{}")
        }
    });
    let session = session(&stub.app()).await;
    assert_eq!(read(&session).await.expect("an answer"), StatusCode::OK);
    assert_eq!((stub.count("/token"), stub.count("/Patient/1")), (1, 2));
}

#[tokio::test]
async fn row_registration() {
    for (answer, code, words) in [
        (
            r#"{"error": "bad_request", "description": "no json"}"#,
            "bad_request",
            "no json",
        ),
        (
            r#"{"error": "invalid_redirect_uri", "error_description": "bad"}"#,
            "invalid_redirect_uri",
            "bad",
        ),
    ] {
        let stub = Stub::default();
        stub.on("/oauth/register", move |_| json(400, answer));
        let error = stub
            .builder()
            .register("An app", "")
            .await
            .expect_err("it was refused");
        let FhirError::Registration(smart_oauth::oauth2::RegistrationError::Refused {
            refusal,
            ..
        }) = cause(&error)
        else {
            panic!("{error:?}")
        };
        assert_eq!((refusal.code(), refusal.description()), (code, Some(words)));
    }
    let stub = Stub::default();
    stub.on("/oauth/register", |_| json(201, r#"{"client_id": "c"}"#));
    let app = stub
        .builder()
        .register("An app", "patient/*.read")
        .await
        .expect("one member will do");
    assert_eq!(app.client_id().as_str(), "c");
}

#[tokio::test]
async fn row_management() {
    // there is none, and nothing is missed: a registration is kept by the app, and the user has a
    // page
    let stub = Stub::default();
    let app = stub
        .builder()
        .register("An app", "patient/*.read")
        .await
        .expect("an app");
    assert!(app.registration().is_some());
    let server = app.server().await.expect("it is known");
    let manage = server.manage.as_ref().expect("it has a page");
    assert_eq!(manage.as_str(), "https://other.example/apps");
}

#[tokio::test]
async fn row_revocation() {
    let stub = Stub::default();
    let app = stub.app();
    let session = session(&app).await;
    let error = session.revoke().await.expect_err("there is none");
    let is_told = matches!(
        cause(&error),
        FhirError::Request(RequestError::NoEndpoint { name: "revocation" })
    );
    assert!(is_told, "{error:?}");
    assert!(
        app.server().await.expect("it is known").manage.is_some(),
        "the page to send the user to"
    );
    Session::open(&app, session.key().clone())
        .await
        .expect("it is still there");
}

#[tokio::test]
async fn row_introspection() {
    let stub = Stub::default();
    stub.on("/oauth/debug/introspect", |sent| match sent.query.as_str() {
        "token=a0" => json(200, r#"{"active": false, "access_token": "a0", "refresh_token": "r0", "access_expires": "Thu, 05 Jul 2018 17:41:24 GMT"}"#),
        _ => json(400, r#"{"error": "no_token"}"#),
    });
    let app = stub.app();
    let error = session(&app)
        .await
        .introspect()
        .await
        .expect_err("there is none");
    assert!(
        matches!(
            cause(&error),
            FhirError::Request(RequestError::NoEndpoint { .. })
        ),
        "{error:?}"
    );
    // what there is instead is another thing
    let facts = app
        .debug_introspect(AccessToken::new("a0"))
        .await
        .expect("an answer");
    let facts = facts.expect("it is known");
    assert!(!facts.is_active);
    assert_eq!(
        facts
            .access_expires
            .map(smart_oauth::Timestamp::as_unix_seconds),
        Some(1_530_812_484)
    );
    let unknown = app
        .debug_introspect(AccessToken::new("x"))
        .await
        .expect("an answer");
    assert!(unknown.is_none());
}

#[tokio::test]
async fn row_authorization_errors() {
    // prose where a code should be; and if no callback comes at all, whoever waits may stop:
    // nothing holds on
    let stub = Stub::default();
    let app = stub.app();
    let forged = exchange(&app, "error=Missing+redirect_uri.").await;
    let error = forged.expect_err("without a state it may be anybody's");
    assert!(matches!(cause(&error), FhirError::Callback(_)), "{error:?}");
    let error = exchange(&app, "error=Missing+redirect_uri.&STATE")
        .await
        .expect_err("it failed");
    let Error::Fhir(FhirError::Failed(denial)) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(denial.refusal.code(), "Missing redirect_uri.");
    drop(app.authorize("patient/*.read").await.expect("it is asked"));
    exchange(&app, "code=c&STATE")
        .await
        .expect("the next one is not affected");
}

#[tokio::test]
async fn row_mix_up_defense() {
    // no issuer is demanded of a server that promises none
    exchange(&Stub::default().app(), "code=c&STATE")
        .await
        .expect("a session");
    let stub = Stub::default();
    stub.on("/.well-known/smart-configuration", |_| {
        json(200, r#"{"authorization_endpoint": "https://ehr.example/a", "token_endpoint": "https://ehr.example/oauth/token",
            "issuer": "https://ehr.example", "authorization_response_iss_parameter_supported": true}"#)
    });
    let app = stub.app();
    let error = exchange(&app, "code=c&STATE")
        .await
        .expect_err("it was promised");
    assert!(matches!(cause(&error), FhirError::Callback(_)), "{error:?}");
    exchange(&app, "code=c&STATE&iss=https%3A%2F%2Fehr.example")
        .await
        .expect("a session");
}

#[tokio::test]
async fn row_fhir_searches() {
    let stub = Stub::default();
    stub.on("/Observation", |_| {
        json(
            403,
            r#"{"error": "Not allowed to query for \"code\" parameter."}"#,
        )
    });
    let session = session(&stub.app()).await;
    let request = Request::get(format!("{BASE}/Observation?code=x")).body(bytes::Bytes::new());
    let response = session
        .send(request.expect("a url"))
        .await
        .expect("an answer");
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_eq!(stub.count("/token"), 0, "it is not about the token");
}

#[tokio::test]
async fn row_transport() {
    let refused = App::builder("http://ehr.example/fhir")
        .client_id("c")
        .build();
    assert!(matches!(refused, Err(Error::Fhir(FhirError::Url(_)))));
    let chosen = App::builder("http://ehr.example/fhir")
        .client_id("c")
        .allow_plain_http();
    assert!(chosen.build().is_ok());

    // each connection is closed after one answer, and nobody says so
    let server = TestServer::start(|mut connection| async move {
        let Some(request) = connection.read_request().await? else {
            return Ok(());
        };
        let answer = match request.target() {
            "/fhir/.well-known/smart-configuration" => {
                let host = request.header("host").unwrap_or_default();
                CannedResponse::new(200)
                    .body(format!(r#"{{"token_endpoint": "http://{host}/token"}}"#))
            }
            "/token" => CannedResponse::new(200)
                .body(r#"{"access_token": "a1", "refresh_token": "r1", "token_type": "Bearer"}"#),
            _ => CannedResponse::new(200).body("{}"),
        };
        connection.answer(&answer).await
    });
    let server = server.await.expect("a free port");
    let base = server.url("/fhir");
    let app = App::new(&base, "c", "s", "http://localhost:1/").expect("an app");
    let session = session(&app).await;
    for _ in 0..5 {
        let request = Request::get(format!("{base}/Patient/1")).body(bytes::Bytes::new());
        let response = session
            .send(request.expect("a url"))
            .await
            .expect("an answer");
        assert_eq!(response.status(), StatusCode::OK);
        session.refresh().await.expect("new tokens");
    }
}

/// A token answer that is not one is an error of the token endpoint, not a panic or a loop.
#[tokio::test]
async fn nothing_at_the_token_endpoint_is_borne_in_silence() {
    let stub = Stub::default();
    stub.on("/oauth/token", |_| json(200, "[]"));
    let error = exchange(&stub.app(), "code=c&STATE")
        .await
        .expect_err("no session");
    assert!(
        matches!(cause(&error), FhirError::Token(TokenError::Unreadable(_))),
        "{error:?}"
    );
}
