//! The walkthrough of the Sync for Science notebook, cell by cell, with our client against our
//! server over loopback. A later cell runs what it needs of the earlier ones.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use smart::Error;
use smart::fhir::{App, FhirError, Session, s4s::DebugToken};
use smart_oauth::Timestamp;
use smart_oauth::oauth2::TokenError;
use smart_sandbox::{Clock, Sandbox};
use smart_tests::Participant;

const SCOPES: &str = "launch/patient patient/*.read offline_access";
const PATIENT: &str = "smart-1288992";
/// Thursday, 5 July 2018, 16:41:24 GMT.
const NOW: u64 = 1_530_808_884;

type Outcome = Result<(), Box<dyn std::error::Error>>;

async fn server() -> Sandbox {
    let clock = Clock::manual(Timestamp::from_unix_seconds(NOW));
    let started = Sandbox::builder().clock(clock).start().await;
    started.expect("a sandbox starts on a free port")
}

/// The first registration of the notebook.
async fn test_client(server: &Sandbox) -> Result<App, Error> {
    App::register(
        server.fhir_base(),
        "SMART Test Client",
        "http://localhost:9001/authorized",
        SCOPES,
    )
    .await
}

/// The second one, whose address is a fake, and plain http: that has to be allowed by name.
async fn fake_application(server: &Sandbox) -> Result<App, Error> {
    App::builder(server.fhir_base())
        .redirect_uri("http://not-a-real-site")
        .allow_plain_http()
        .register("Fake Research Application", SCOPES)
        .await
}

fn debug_token(app: &App) -> DebugToken {
    DebugToken::new(app.client_id().clone(), "daniel-adams", PATIENT)
}

/// The browser's part: from the link to the address that it comes back to.
async fn collect(
    app: &App,
) -> Result<(smart::fhir::Authorization, String), Box<dyn std::error::Error>> {
    let authorization = app.authorize(SCOPES).await?;
    let participant = Participant::new("daniel-adams", PATIENT);
    let callback = participant.visit(authorization.authorize_url()).await?;
    Ok((authorization, callback))
}

async fn read(session: &Session, path: &str) -> Result<Response<Bytes>, Error> {
    let url = format!("{}/{path}", session.base());
    let request = Request::get(url).body(Bytes::new());
    session.send(request.expect("the path makes a url")).await
}

fn json_of(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).expect("the answer is JSON")
}

#[tokio::test]
async fn cell_1_an_app_registers() -> Outcome {
    let server = server().await;
    let app = test_client(&server).await?;
    assert!(!app.client_id().as_str().is_empty());
    Ok(())
}

#[tokio::test]
async fn cell_2_the_registration_is_there_to_be_kept() -> Outcome {
    let server = server().await;
    let app = test_client(&server).await?;
    let registration = app.registration().ok_or("it was registered just now")?;
    let secret = registration
        .client_secret
        .clone()
        .ok_or("it has a secret")?;
    assert_eq!(registration.client_id, *app.client_id());
    assert_eq!(registration.name.as_deref(), Some("SMART Test Client"));
    assert_eq!(registration.secret_expires_at, None, "0 means never");
    assert_eq!(
        registration.redirect_uris,
        ["http://localhost:9001/authorized"]
    );
    assert_eq!(registration.scopes, Some(SCOPES.parse()?));
    assert_eq!(registration.notes, []);
    assert!(!format!("{app:?} {registration:?}").contains(secret.expose()));

    // who has kept it is the same app later
    let again = App::new(
        server.fhir_base(),
        app.client_id().clone(),
        secret,
        "http://localhost:9001/authorized",
    )?;
    assert!(again.registration().is_none());
    let session = again.debug_session(&debug_token(&again)).await?;
    session.refresh().await?;
    Ok(())
}

#[tokio::test]
async fn cell_3_a_debug_token_is_made() -> Outcome {
    let server = server().await;
    let app = test_client(&server).await?;
    let tokens = app.debug_session(&debug_token(&app)).await?.tokens();
    assert_eq!(tokens.access_token.expose().len(), 36);
    assert_eq!(
        tokens.refresh_token.map(|token| token.expose().len()),
        Some(36)
    );
    Ok(())
}

#[tokio::test]
async fn cell_4_a_token_is_introspected() -> Outcome {
    let server = server().await;
    let app = test_client(&server).await?;
    let tokens = app.debug_session(&debug_token(&app)).await?.tokens();
    let refresh_token = tokens.refresh_token.clone().ok_or("it has one")?;
    let by_access = app.debug_introspect(tokens.access_token.clone()).await?;
    let by_refresh = app.debug_introspect(refresh_token.clone()).await?;
    for facts in [by_access, by_refresh] {
        let facts = facts.ok_or("the server knows the token")?;
        assert!(facts.is_active);
        let pair = (facts.access_token, facts.refresh_token);
        let pair = (pair.0.ok_or("access")?, pair.1.ok_or("refresh")?);
        assert_eq!(pair.0.expose(), tokens.access_token.expose());
        assert_eq!(pair.1.expose(), refresh_token.expose());
        assert_eq!(
            facts.access_expires,
            Some(Timestamp::from_unix_seconds(NOW + 3600))
        );
        let year = 365 * 24 * 60 * 60;
        assert_eq!(
            facts.approval_expires,
            Some(Timestamp::from_unix_seconds(NOW + year))
        );
        assert_eq!(facts.client_id.as_ref(), Some(app.client_id()));
        assert_eq!(facts.scopes, Some(SCOPES.parse()?));
        assert!(facts.security_labels.is_empty());
        assert_eq!(facts.username.as_deref(), Some("daniel-adams"));
    }
    let unknown = smart::fhir::AccessToken::new("nobody's");
    assert!(app.debug_introspect(unknown).await?.is_none());
    Ok(())
}

#[tokio::test]
async fn cell_5_lifetimes_are_chosen() -> Outcome {
    let server = server().await;
    let app = test_client(&server).await?;
    let half_a_year = Timestamp::from_unix_seconds(NOW + 180 * 24 * 60 * 60);
    let wanted = debug_token(&app)
        .with_access_lifetime(3 * 60 * 60)
        .with_approval_expires(half_a_year);
    let tokens = app.debug_session(&wanted).await?.tokens();
    let facts = app.debug_introspect(tokens.access_token).await?;
    let facts = facts.ok_or("the server knows the token")?;
    let three_hours = Timestamp::from_unix_seconds(NOW + 3 * 60 * 60);
    assert_eq!(facts.access_expires, Some(three_hours));
    assert_eq!(facts.approval_expires, Some(half_a_year));
    Ok(())
}

#[tokio::test]
async fn cell_6_without_a_good_token_there_is_no_patient() -> Outcome {
    let server = server().await;
    let app = test_client(&server).await?;
    // a session cannot forget its token as the notebook does; one that the server does not know has
    // the same effect
    let tokens = smart::fhir::TokenSet::new("oops");
    let key = smart::vault::VaultKey::new("oops")?;
    let session = Session::with_tokens(&app, key, tokens).await?;
    let response = read(&session, "Patient/smart-1288992").await?;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    Ok(())
}

#[tokio::test]
async fn cell_7_with_a_token_there_is() -> Outcome {
    let server = server().await;
    let app = test_client(&server).await?;
    let session = app.debug_session(&debug_token(&app)).await?;
    let response = read(&session, "Patient/smart-1288992").await?;
    assert_eq!(response.status(), StatusCode::OK);
    let patient = json_of(&response);
    assert_eq!(patient["id"], PATIENT);
    assert_eq!(patient["gender"], "male");
    assert_eq!(patient["identifier"][0]["type"]["coding"][0]["code"], "MR");
    assert_eq!(patient["meta"]["security"][0]["code"], "patient");
    Ok(())
}

#[tokio::test]
async fn cell_14_a_refresh_by_another_app_is_an_invalid_grant() -> Outcome {
    let server = server().await;
    let (first, second) = (
        test_client(&server).await?,
        fake_application(&server).await?,
    );
    let session = first.debug_session(&debug_token(&first)).await?;
    // the notebook's cell ran after another app had registered, and sent the first app's token in
    // the second one's name
    let key = smart::vault::VaultKey::new("mixed up")?;
    let mixed_up = Session::with_tokens(&second, key, session.tokens()).await?;
    let error = mixed_up
        .refresh()
        .await
        .expect_err("the token is not this app's");
    assert!(error.needs_user(), "{error:?}");
    let Error::Fhir(FhirError::Renewal { source }) = &error else {
        return Err(error.into());
    };
    let Error::Fhir(FhirError::Token(TokenError::Refused { refusal, .. })) = &**source else {
        return Err(error.into());
    };
    assert_eq!(refusal.code(), "invalid_grant");

    // in written order it works: another pair, and the old one is over
    let before = session.tokens();
    session.refresh().await?;
    assert_ne!(
        session.tokens().access_token.expose(),
        before.access_token.expose()
    );
    assert_eq!(
        read(&session, "Patient/smart-1288992").await?.status(),
        StatusCode::OK
    );
    Ok(())
}

#[tokio::test]
async fn cell_9_a_second_app_registers() -> Outcome {
    let server = server().await;
    let app = fake_application(&server).await?;
    let registration = app.registration().ok_or("it was registered just now")?;
    assert_eq!(registration.redirect_uris, ["http://not-a-real-site"]);
    let builder = App::builder(server.fhir_base()).redirect_uri("http://not-a-real-site");
    let refused = builder.register("Careless", SCOPES).await;
    assert!(
        matches!(refused, Err(Error::Fhir(FhirError::Url(_)))),
        "plain http only on purpose"
    );
    Ok(())
}

#[tokio::test]
async fn cell_10_the_app_sends_the_browser_to_the_server() -> Outcome {
    let server = server().await;
    let app = fake_application(&server).await?;
    let authorization = app.authorize(SCOPES).await?;
    let url = authorization.authorize_url();
    let base = server
        .fhir_base()
        .strip_suffix("/api/fhir")
        .ok_or("the base")?;
    let (page, query) = url.split_once('?').ok_or("a query")?;
    assert_eq!(page, format!("{base}/oauth/authorize"));
    let pairs: Vec<_> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .collect();
    let value = |name: &str| {
        pairs
            .iter()
            .find(|(found, _)| *found == name)
            .map(|(_, value)| *value)
    };
    assert_eq!(value("response_type"), Some("code"));
    assert_eq!(value("client_id"), Some(app.client_id().as_str()));
    assert_eq!(value("redirect_uri"), Some("http%3A%2F%2Fnot-a-real-site"));
    assert_eq!(
        value("scope"),
        Some("launch%2Fpatient+patient%2F*.read+offline_access")
    );
    assert!(value("aud").is_some_and(|aud| aud.ends_with("%2Fapi%2Ffhir")));
    // beyond the notebook: a state that nobody can guess, and a code challenge
    assert_eq!(value("state").map(str::len), Some(43));
    assert_eq!(value("code_challenge_method"), Some("S256"));
    Ok(())
}

#[tokio::test]
async fn cell_11_the_code_comes_back() -> Outcome {
    let server = server().await;
    let app = fake_application(&server).await?;
    let (authorization, callback) = collect(&app).await?;
    assert!(
        callback.starts_with("http://not-a-real-site?code="),
        "{callback}"
    );
    assert!(callback.contains(&format!("state={}", authorization.state())));
    // a code is good for 100 seconds; the server's own tests move its clock past them
    Ok(())
}

#[tokio::test]
async fn cell_12_the_code_is_exchanged_once() -> Outcome {
    let server = server().await;
    let app = fake_application(&server).await?;
    let (authorization, callback) = collect(&app).await?;
    let session = authorization.exchange(&callback).await?;
    assert_eq!(session.patient().as_deref(), Some(PATIENT));
    let report = session.scopes();
    assert_eq!(report.granted, SCOPES.parse()?);
    assert!(report.stated && report.is_complete());
    let tokens = session.tokens();
    let life = tokens
        .expires_at
        .ok_or("the server says when")?
        .as_unix_seconds();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    assert!(
        life.abs_diff(now.as_secs() + 3600) < 60,
        "an hour of this machine's time"
    );
    assert!(tokens.refresh_token.is_some());
    assert_eq!(tokens.notes, []);
    let again = authorization.exchange(&callback).await;
    assert!(matches!(again, Err(Error::Fhir(FhirError::CallbackUsed))));
    Ok(())
}

#[tokio::test]
async fn cell_13_the_session_reads_the_patient() -> Outcome {
    let server = server().await;
    let app = fake_application(&server).await?;
    let (authorization, callback) = collect(&app).await?;
    let session = authorization.exchange(&callback).await?;
    let patient = session.patient().ok_or("the server names the patient")?;
    let response = read(&session, &format!("Patient/{patient}")).await?;
    assert_eq!(response.status(), StatusCode::OK);
    let found = json_of(&response);
    assert_eq!(found["resourceType"], "Patient");
    assert_eq!(found["id"], json!(patient));
    // and nobody else
    let other = read(&session, "Patient/smart-1081332").await?;
    assert!(other.status().is_client_error(), "{}", other.status());
    Ok(())
}
