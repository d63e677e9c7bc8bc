//! From a user's consent to a session: what is asked for, which callbacks are believed, and which
//! server they are from.

use smart::Error;
use smart::fhir::{App, AuthorizationParts, EhrLaunch, FhirError};

use super::ehr::{BASE, Ehr, app, builder, builder_at, html, json, key, read};

fn query_of(url: &str) -> Vec<(String, String)> {
    let pairs = url.split_once('?').unwrap().1.split('&');
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap();
            let value = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
            (name.to_owned(), value.replace('+', " "))
        })
        .collect()
}

fn value(url: &str, name: &str) -> Option<String> {
    let pairs = query_of(url);
    let mut values = pairs.into_iter().filter(|(found, _)| found == name);
    values.next().map(|(_, value)| value)
}

fn callback(authorization: &smart::fhir::Authorization) -> String {
    format!(
        "http://localhost:8000/back?code=canary-code&state={}",
        authorization.state()
    )
}

fn configuration(ehr: &Ehr, document: &'static str) {
    ehr.instead(move |seen| {
        seen.line
            .contains(".well-known")
            .then(|| json(200, document))
    });
}

#[tokio::test]
async fn consent_becomes_a_session() {
    let ehr = Ehr::default();
    let (app, _) = app(&ehr);
    let authorization = app
        .authorize("launch/patient patient/*.rs offline_access")
        .await
        .unwrap();
    let url = authorization.authorize_url();
    assert!(url.starts_with("https://ehr.example/authorize?"));
    assert_eq!(value(url, "aud").as_deref(), Some(BASE));
    assert_eq!(value(url, "code_challenge_method").as_deref(), Some("S256"));
    assert_eq!(
        value(url, "scope").as_deref(),
        Some("launch/patient patient/*.rs offline_access")
    );
    assert_eq!(value(url, "state").unwrap().len(), 43);
    let session = authorization
        .exchange(&callback(&authorization))
        .await
        .unwrap();
    let sent = ehr.all().pop().unwrap();
    assert!(sent.body.contains("code=canary-code") && sent.body.contains("code_verifier="));
    assert_eq!(session.patient().as_deref(), Some("canary-patient"));
    assert_eq!(session.scopes().missing().to_string(), "offline_access");
    assert_eq!(read(&session).await.unwrap(), 200);
}

#[tokio::test]
async fn no_two_authorizations_share_a_secret() {
    let (app, _) = app(&Ehr::default());
    let mut seen = std::collections::HashSet::new();
    for _ in 0..50 {
        let authorization = app.authorize("patient/*.rs").await.unwrap();
        assert!(seen.insert(authorization.state().to_owned()));
        assert!(seen.insert(value(authorization.authorize_url(), "code_challenge").unwrap()));
    }
}

#[tokio::test]
async fn forged_callbacks_leave_the_authorization_open_and_a_good_one_counts_once() {
    let ehr = Ehr::default();
    let (app, _) = app(&ehr);
    let authorization = app.authorize("patient/*.rs").await.unwrap();
    let good = callback(&authorization);
    for forged in [
        "code=evil&state=guessed",
        "code=evil",
        "",
        "code=evil&state=",
        "error=access_denied&state=x",
    ] {
        let error = authorization.exchange(forged).await.unwrap_err();
        assert!(
            matches!(error, Error::Fhir(FhirError::Callback(_))),
            "{forged} {error:?}"
        );
    }
    assert_eq!(ehr.refreshes(), 0);
    let copy = authorization.clone();
    authorization.exchange(&good).await.unwrap();
    for again in [&authorization, &copy] {
        let error = again.exchange(&good).await.unwrap_err();
        assert!(matches!(error, Error::Fhir(FhirError::CallbackUsed)));
    }
    assert_eq!(ehr.refreshes(), 1);
}

#[tokio::test]
async fn refusals_are_told_apart() {
    // a refusal without a state is believed of the servers of Sync for Science
    let (builder, _) = builder(&Ehr::default());
    let app = builder
        .dialect(smart::fhir::TokenDialect::S4S)
        .build()
        .unwrap();
    let authorization = app.authorize("patient/*.rs").await.unwrap();
    let state = authorization.state().to_owned();
    for (callback, denied) in [
        (format!("error=access_denied&state={state}"), true),
        ("error=access_denied".to_owned(), true),
        (format!("error=invalid_scope&state={state}"), false),
    ] {
        let error = authorization.exchange(&callback).await.unwrap_err();
        match &error {
            Error::Fhir(FhirError::Denied(denial)) if denied => {
                assert_eq!(denial.is_ours, callback.contains("state"));
                assert!(error.needs_user());
            }
            Error::Fhir(FhirError::Failed(_)) if !denied => {}
            other => panic!("{callback} {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_code_for_one_server_never_goes_to_the_other() {
    let (honest, evil) = (Ehr::default(), Ehr::default());
    configuration(
        &evil,
        r#"{"authorization_endpoint": "https://evil.example/authorize", "token_endpoint": "https://evil.example/token"}"#,
    );
    let (at_honest, _) = app(&honest);
    let (at_evil, _) = builder_at("https://evil.example/fhir", &evil);
    let at_evil = at_evil.build().unwrap();
    let asked_honest = at_honest.authorize("patient/*.rs").await.unwrap();
    let asked_evil = at_evil.authorize("patient/*.rs").await.unwrap();
    // the evil server sent the user on to the honest one, whose callback comes for the
    // authorization at the evil one
    let error = asked_evil
        .exchange(&callback(&asked_honest))
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::Fhir(FhirError::Callback(_))),
        "{error:?}"
    );
    // and with the state exchanged too, the issuer tells, where the server promises to name it
    configuration(
        &honest,
        r#"{"authorization_endpoint": "https://ehr.example/authorize", "token_endpoint": "https://ehr.example/token",
            "issuer": "https://ehr.example", "authorization_response_iss_parameter_supported": true}"#,
    );
    let (at_honest, _) = app(&honest);
    let asked = at_honest.authorize("patient/*.rs").await.unwrap();
    for iss in ["", "&iss=https%3A%2F%2Fevil.example"] {
        let error = asked
            .exchange(&format!("{}{iss}", callback(&asked)))
            .await
            .unwrap_err();
        assert!(
            matches!(error, Error::Fhir(FhirError::Callback(_))),
            "{iss} {error:?}"
        );
    }
    let sent: Vec<_> = [honest.lines(), evil.lines()].concat();
    assert!(
        !sent.iter().any(|line| line.starts_with("POST")),
        "{sent:?}"
    );
    let named = format!("{}&iss=https%3A%2F%2Fehr.example", callback(&asked));
    asked.exchange(&named).await.unwrap();
}

#[tokio::test]
async fn no_scope_is_left_out_and_what_the_server_does_not_announce_is_told() {
    const ASKED: &str = "patient/Observation.rs offline_access online_access";
    const V1: &str = "patient/Observation.read offline_access online_access";
    for (capabilities, named, scope, unannounced) in [
        ("", "", V1, ""),
        (
            r#""launch-standalone""#,
            "",
            V1,
            "offline_access online_access",
        ),
        // as in the sample document of SMART: the list of scopes announces it
        (
            r#""launch-standalone""#,
            r#""offline_access", "online_access""#,
            V1,
            "",
        ),
        (
            r#""permission-v2", "permission-offline""#,
            "",
            ASKED,
            "online_access",
        ),
        (
            r#""permission-v2", "permission-online""#,
            "",
            ASKED,
            "offline_access",
        ),
    ] {
        let ehr = Ehr::default();
        ehr.instead(move |seen| {
            let document = format!(
                r#"{{"authorization_endpoint": "https://ehr.example/authorize", "token_endpoint": "https://ehr.example/token",
                    "capabilities": [{capabilities}], "scopes_supported": [{named}]}}"#
            );
            seen.line.contains(".well-known").then(|| json(200, &document))
        });
        let authorization = app(&ehr).0.authorize(ASKED).await.unwrap();
        assert_eq!(
            value(authorization.authorize_url(), "scope").as_deref(),
            Some(scope)
        );
        assert_eq!(authorization.unannounced().to_string(), unannounced);
    }
}

#[tokio::test]
async fn further_parameters_are_sent() {
    let (app, _) = app(&Ehr::default());
    let parameters = [("prompt", "consent"), ("login_hint", "a b")];
    let authorization = app
        .authorize_with("patient/*.rs", &parameters)
        .await
        .unwrap();
    let url = authorization.authorize_url();
    for (name, expected) in parameters {
        assert_eq!(value(url, name).as_deref(), Some(expected));
    }
    let reserved = app.authorize_with("patient/*.rs", &[("state", "x")]).await;
    assert!(matches!(
        reserved.unwrap_err(),
        Error::Fhir(FhirError::Authorize(_))
    ));
}

#[tokio::test]
async fn the_form_for_post_is_there_whenever_the_server_announces_it() {
    let ehr = Ehr::default();
    let (plain, _) = app(&ehr);
    let authorization = plain.authorize("patient/*.rs").await.unwrap();
    assert!(authorization.form().is_none());
    configuration(
        &ehr,
        r#"{"authorization_endpoint": "https://ehr.example/authorize", "token_endpoint": "https://ehr.example/token",
            "capabilities": ["permission-v2", "authorize-post"]}"#,
    );
    let authorization = app(&ehr).0.authorize("patient/*.rs").await.unwrap();
    let (page, form) = authorization.form().unwrap();
    assert_eq!(page, "https://ehr.example/authorize");
    assert_eq!(authorization.authorize_url(), format!("{page}?{form}"));
}

#[tokio::test]
async fn an_authorization_is_over_after_an_hour() {
    let ehr = Ehr::default();
    let (app, hands) = app(&ehr);
    let in_time = app.authorize("patient/*.rs").await.unwrap();
    let late = app.authorize("patient/*.rs").await.unwrap();
    let parts = late.clone().into_parts();
    hands.advance(3600);
    in_time.exchange(&callback(&in_time)).await.unwrap();
    hands.advance(1);
    let resumed = app.resume_authorization(parts).await.unwrap();
    for late in [late, resumed] {
        let error = late.exchange(&callback(&late)).await.unwrap_err();
        assert!(matches!(&error, Error::Fhir(FhirError::AuthorizationOver)));
        assert!(error.needs_user());
    }
    assert_eq!(ehr.refreshes(), 1, "no code was sent late");
}

#[tokio::test]
async fn relative_endpoints_are_read_the_other_way_only_where_the_standard_way_leads_nowhere() {
    for (there, expected) in [
        ("/api/auth/token", "https://ehr.example/api/auth/token"),
        (
            "/api/fhir/auth/token",
            "https://ehr.example/api/fhir/auth/token",
        ),
        ("nowhere", "https://ehr.example/api/auth/token"),
    ] {
        let ehr = Ehr::default();
        ehr.instead(move |seen| {
            if seen.line.contains(".well-known") {
                return Some(json(
                    200,
                    r#"{"authorization_endpoint": "auth/authorize", "token_endpoint": "auth/token"}"#,
                ));
            }
            assert_eq!(seen.authorization, "", "a probe proves nothing");
            Some(html(if seen.line.ends_with(there) { 405 } else { 404 }))
        });
        let (builder, _) = builder_at("https://ehr.example/api/fhir", &ehr);
        let server = builder.build().unwrap().server().await.unwrap();
        assert_eq!(server.token.as_str(), expected);
        let authorize = server.authorize.as_ref().unwrap().as_str();
        assert_eq!(authorize, expected.replace("/token", "/authorize"));
    }
}

#[tokio::test]
async fn a_document_without_an_endpoint_is_passed_over_for_the_statement() {
    for document in ["{}", r#"{"resourceType": "OperationOutcome"}"#] {
        let ehr = Ehr::default();
        ehr.instead(move |seen| {
            if seen.line.contains(".well-known") {
                return Some(json(200, document));
            }
            let statement = r#"{"resourceType": "CapabilityStatement", "rest": [{"security": {"extension": [{
                "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
                "extension": [{"url": "token", "valueUri": "https://ehr.example/token"}]}]}}]}"#;
            seen.line.ends_with("/metadata").then(|| json(200, statement))
        });
        let server = app(&ehr).0.server().await.unwrap();
        assert_eq!(server.token.as_str(), "https://ehr.example/token");
    }
}

#[tokio::test]
async fn servers_that_cannot_protect_a_code_are_not_asked() {
    let ehr = Ehr::default();
    configuration(
        &ehr,
        r#"{"authorization_endpoint": "https://ehr.example/authorize", "token_endpoint": "https://ehr.example/token",
            "code_challenge_methods_supported": ["plain"]}"#,
    );
    let error = app(&ehr).0.authorize("patient/*.rs").await.unwrap_err();
    assert!(
        matches!(error, Error::Fhir(FhirError::Authorize(_))),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_ehr_launches_an_app_that_it_knows() {
    let ehr = Ehr::default();
    let (app, _) = app(&ehr);
    let apps = [app];
    let launch = EhrLaunch::parse(
        "https://app.example/launch?iss=https%3A%2F%2Fehr.example%2Ffhir&launch=abc",
    )
    .unwrap();
    let app = launch.app_among(&apps).unwrap();
    let authorization = launch.authorize(app, "patient/*.rs").await.unwrap();
    let url = authorization.authorize_url();
    assert_eq!(value(url, "launch").as_deref(), Some("abc"));
    assert_eq!(value(url, "aud").as_deref(), Some(BASE));
    assert_eq!(value(url, "scope").as_deref(), Some("patient/*.rs launch"));
    authorization
        .exchange(&callback(&authorization))
        .await
        .unwrap();
    let asked = ehr.lines().len();
    let evil = EhrLaunch::parse("iss=https%3A%2F%2Fevil.example%2Ffhir&launch=abc").unwrap();
    assert!(evil.app_among(&apps).is_err());
    let error = evil.authorize(&apps[0], "patient/*.rs").await.unwrap_err();
    assert!(matches!(
        error,
        Error::Fhir(FhirError::UnknownIssuer { .. })
    ));
    assert_eq!(ehr.lines().len(), asked, "nothing was sent");
}

#[tokio::test]
async fn authorizations_survive_a_restart() {
    let ehr = Ehr::default();
    let begun = app(&ehr).0.authorize("patient/*.rs").await.unwrap();
    let callback = callback(&begun);
    let parts = begun.into_parts();
    // as an app writes them down and reads them back
    let AuthorizationParts {
        redirect_uri,
        scopes,
        secrets,
        ..
    } = parts;
    let parts = AuthorizationParts::new(redirect_uri, scopes, secrets);
    let resumed = app(&ehr).0.resume_authorization(parts).await.unwrap();
    resumed.exchange(&callback).await.unwrap();
}

#[tokio::test]
async fn a_login_that_nobody_waits_for_is_in_the_vault() {
    use futures_util::FutureExt as _;

    let ehr = Ehr::default();
    let (app, _) = app(&ehr);
    let authorization = app.authorize("patient/*.rs").await.unwrap();
    let callback = callback(&authorization);
    {
        let mut exchange = std::pin::pin!(authorization.exchange_as(&callback, key("user")));
        assert!(exchange.as_mut().now_or_never().is_none());
    }
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let session = smart::fhir::Session::open(&app, key("user")).await.unwrap();
    assert_eq!(session.patient().as_deref(), Some("canary-patient"));
    assert_eq!(ehr.refreshes(), 1);
}

#[tokio::test]
async fn apps_register_and_are_built() {
    let ehr = Ehr::default();
    let (builder, _) = builder(&ehr);
    let app = builder.register("An app", "patient/*.rs").await.unwrap();
    assert_eq!(app.client_id().as_str(), "new");
    let secret = app.registration().unwrap().client_secret.clone().unwrap();
    assert_eq!(secret.expose(), "canary-secret");
    let sent = ehr.all().pop().unwrap();
    assert_eq!(sent.line, "POST https://ehr.example/register");
    assert_eq!(
        sent.authorization, "",
        "registration needs no credentials, and gets none"
    );
    assert!(sent.body.contains("client_secret_basic") && sent.body.contains("patient/*.rs"));

    let error = App::builder(BASE).build().unwrap_err();
    assert!(matches!(
        error,
        Error::MissingSetting {
            setting: "client_id"
        }
    ));
    let error = App::builder("http://ehr.example/fhir")
        .client_id("c")
        .build()
        .unwrap_err();
    assert!(matches!(error, Error::Fhir(FhirError::Url(_))));
    let without = App::builder(BASE).client_id("c").build().unwrap();
    let error = without.authorize("patient/*.rs").await.unwrap_err();
    assert!(matches!(
        error,
        Error::MissingSetting {
            setting: "redirect_uri"
        }
    ));
}

#[tokio::test]
async fn what_a_server_says_of_itself_is_kept_for_as_long_as_it_may_be() {
    const ASKED: &str = "GET https://ehr.example/fhir/.well-known/smart-configuration";
    let ehr = Ehr::default();
    let (app, hands) = app(&ehr);
    let asked = || ehr.count(ASKED);
    let known = futures_util::future::join_all((0..100).map(|_| app.server())).await;
    assert!(known.iter().all(Result::is_ok));
    assert_eq!(asked(), 1);
    hands.advance(3599);
    app.server().await.unwrap();
    assert_eq!(asked(), 1);
    hands.advance(1);
    app.server().await.unwrap();
    assert_eq!(asked(), 2);
    // stale, and the server is down: what is known serves on
    hands.advance(3600);
    ehr.instead(|_| Some(json(500, "")));
    app.server().await.unwrap();
    app.server().await.unwrap();
    assert_eq!(asked(), 3);
    hands.advance(60);
    ehr.instead(|_| None);
    app.server().await.unwrap();
    assert_eq!(asked(), 4);
}
