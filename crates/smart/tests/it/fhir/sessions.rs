//! Requests with a token: when it is renewed, what is made again, and where it never goes.

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Method, Request, StatusCode};
use smart::fhir::{FhirError, Introspected, Session};
use smart::{Error, Stage};

use super::ehr::{
    BASE, Ehr, app, builder, builder_at, cause, get, html, json, key, public_builder_at, read,
    session, tokens,
};

#[tokio::test]
async fn tokens_are_renewed_a_minute_before_they_end() {
    let ehr = Ehr::default();
    let (app, hands) = app(&ehr);
    let session = session(&app).await;
    hands.advance(3539);
    assert_eq!(read(&session).await.unwrap(), StatusCode::OK);
    assert_eq!(ehr.refreshes(), 0);
    hands.advance(1);
    assert_eq!(read(&session).await.unwrap(), StatusCode::OK);
    assert_eq!(ehr.refreshes(), 1);
    let seen = ehr.all();
    assert_eq!(seen.last().unwrap().authorization, "Bearer canary-a1");
    assert_eq!(session.patient().as_deref(), Some("canary-patient"));
    // and the next one an hour later
    hands.advance(3600);
    assert_eq!(read(&session).await.unwrap(), StatusCode::OK);
    assert_eq!(ehr.refreshes(), 2);
}

#[tokio::test]
async fn a_token_that_still_lives_is_used_when_it_cannot_be_renewed() {
    let ehr = Ehr::default();
    let (app, hands) = app(&ehr);
    let session = session(&app).await;
    ehr.instead(|seen| seen.line.ends_with("/token").then(|| json(503, "")));
    hands.advance(3540);
    for refreshes in [1, 1, 2] {
        assert_eq!(read(&session).await.unwrap(), StatusCode::OK);
        assert_eq!(read(&session).await.unwrap(), StatusCode::OK);
        assert_eq!(ehr.refreshes(), refreshes, "not every call tries again");
        hands.advance(10);
    }
    hands.advance(30);
    let error = read(&session).await.unwrap_err();
    assert!(error.is_retryable() && !error.needs_user(), "{error:?}");
    assert_eq!(
        (error.stage(), error.status()),
        (Stage::Refused, Some(StatusCode::SERVICE_UNAVAILABLE))
    );
}

#[tokio::test]
async fn a_token_is_used_to_its_end_also_when_there_will_be_no_other() {
    let ehr = Ehr::default();
    let (app, hands) = app(&ehr);
    let session = session(&app).await;
    ehr.instead(|seen| {
        let is_token = seen.line.ends_with("/token");
        is_token.then(|| json(400, r#"{"error": "invalid_grant"}"#))
    });
    hands.advance(3540);
    assert_eq!(read(&session).await.unwrap(), StatusCode::OK);
    hands.advance(60);
    assert!(read(&session).await.unwrap_err().needs_user());
    assert_eq!(ehr.refreshes(), 1);
}

#[tokio::test]
async fn a_401_is_followed_by_one_refresh_and_one_replay() {
    let ehr = Ehr::default();
    let (app, _) = app(&ehr);
    let session = session(&app).await;
    ehr.end_access_token();
    assert_eq!(read(&session).await.unwrap(), StatusCode::OK);
    assert_eq!(
        ehr.lines()[ehr.lines().len() - 4..],
        [
            "GET https://ehr.example/fhir/Patient/1",
            "GET https://ehr.example/fhir/.well-known/smart-configuration",
            "POST https://ehr.example/token",
            "GET https://ehr.example/fhir/Patient/1",
        ]
    );

    // a server that says 401 to every token is not asked for ever
    ehr.instead(|seen| seen.line.starts_with("GET").then(|| html(401)));
    assert_eq!(read(&session).await.unwrap(), StatusCode::UNAUTHORIZED);
    assert_eq!(ehr.refreshes(), 2);
    assert_eq!(ehr.count("GET https://ehr.example/fhir/Patient/1"), 4);
}

#[tokio::test]
async fn only_what_is_safe_is_made_again() {
    let blaming = r#"Bearer realm="x", error="invalid_token""#;
    for (method, path, challenge, times) in [
        (Method::GET, "Patient/1", "", 2),
        (Method::HEAD, "Patient/1", "", 2),
        (Method::PUT, "Patient/1", "", 2),
        (Method::DELETE, "Patient/1", "", 2),
        (Method::POST, "Patient/_search", "", 2),
        (Method::POST, "Patient", "", 1),
        (Method::POST, "Patient", "Bearer", 1),
        (Method::POST, "Patient", "Basic realm=\"invalid_token\"", 1),
        (Method::POST, "Patient", blaming, 2),
        (Method::PATCH, "Patient/1", "", 1),
        (Method::PATCH, "Patient/1", blaming, 2),
    ] {
        let ehr = Ehr::default();
        let (app, _) = app(&ehr);
        let session = session(&app).await;
        ehr.instead(move |seen| {
            if seen.authorization != "Bearer canary-a0" {
                return None;
            }
            let mut response = html(401);
            if !challenge.is_empty() {
                let challenge = challenge.parse().unwrap();
                response.headers_mut().insert("www-authenticate", challenge);
            }
            Some(response)
        });
        let request = Request::builder()
            .method(&method)
            .uri(format!("{BASE}/{path}"));
        let request = request.body(Bytes::from_static(b"{}")).unwrap();
        let status = session.send(request).await.unwrap().status();
        let line = format!("{method} {BASE}/{path}");
        assert_eq!(ehr.count(&line), times, "{line} {challenge}");
        let expected = if times == 2 { 200 } else { 401 };
        assert_eq!(status, expected, "{line} {challenge}");
        // whoever sends it again has the new token
        assert_eq!(ehr.refreshes(), 1);
        assert_eq!(read(&session).await.unwrap(), StatusCode::OK);
    }
}

#[tokio::test]
async fn without_a_refresh_token_a_401_is_an_answer() {
    let ehr = Ehr::default();
    let (app, _) = app(&ehr);
    let mut tokens = tokens();
    tokens.refresh_token = None;
    let session = Session::with_tokens(&app, key("user"), tokens)
        .await
        .unwrap();
    ehr.end_access_token();
    assert_eq!(read(&session).await.unwrap(), StatusCode::UNAUTHORIZED);
    assert_eq!(ehr.refreshes(), 0);
    let error = session.refresh().await.unwrap_err();
    assert!(error.needs_user());
}

#[tokio::test]
async fn other_answers_are_answers() {
    let ehr = Ehr::default();
    let (app, _) = app(&ehr);
    let session = session(&app).await;
    for status in [301, 302, 307, 400, 403, 404, 410, 422, 500] {
        ehr.instead(move |_| Some(html(status)));
        assert_eq!(read(&session).await.unwrap(), status);
    }
    assert_eq!(ehr.refreshes(), 0);
    assert_eq!(ehr.lines().len(), 9, "no redirect is followed");
}

#[tokio::test]
async fn a_token_never_leaves_its_origin() {
    let ehr = Ehr::default();
    let (app, _) = app(&ehr);
    let session = session(&app).await;
    for foreign in [
        "https://evil.example/fhir/Patient/1",
        "http://ehr.example/fhir/Patient/1",
        "https://ehr.example:8443/fhir/Patient/1",
        "https://ehr.example./fhir/Patient/1",
        "https://ehr.example.evil.example/fhir/Patient/1",
        "https://ehr.example@evil.example/fhir/Patient/1",
        "https://user@ehr.example/fhir/Patient/1",
        "https://xn--hr-jia.example/fhir/Patient/1",
        "https://127.0.0.1/fhir/Patient/1",
    ] {
        let request = Request::get(foreign).body(Bytes::new()).unwrap();
        let error = session.send(request).await.unwrap_err();
        assert!(
            matches!(error, Error::OtherOrigin { .. }),
            "{foreign} {error:?}"
        );
    }
    for relative in ["/fhir/Patient/1", "*"] {
        let request = Request::get(relative).body(Bytes::new()).unwrap();
        let error = session.send(request).await.unwrap_err();
        assert!(
            matches!(error, Error::Fhir(FhirError::NoAddress)),
            "{relative} {error:?}"
        );
    }
    assert_eq!(ehr.lines(), Vec::<String>::new());
    // spelled otherwise, but the same origin
    let request = Request::get("https://EHR.example:443/fhir/Patient/1")
        .body(Bytes::new())
        .unwrap();
    assert_eq!(session.send(request).await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_callers_own_credentials_do_not_go_out() {
    let ehr = Ehr::default();
    let (app, _) = app(&ehr);
    let session = session(&app).await;
    let mut request = get("Patient/1");
    request
        .headers_mut()
        .insert("authorization", "Bearer other".parse().unwrap());
    session.send(request).await.unwrap();
    assert_eq!(ehr.all()[0].authorization, "Bearer canary-a0");
}

#[tokio::test]
async fn a_session_is_of_one_server_and_one_registration() {
    let ehr = Ehr::default();
    let vault = smart::vault::MemoryVault::new();
    let at = |base: &str, id: &str| {
        let (builder, _) = builder_at(base, &ehr);
        builder.client_id(id).vault(vault.clone()).build().unwrap()
    };
    session(&at(BASE, "app")).await;
    assert!(Session::open(&at(BASE, "app"), key("user")).await.is_ok());
    for (base, id) in [("https://evil.example/fhir", "app"), (BASE, "other")] {
        let error = Session::open(&at(base, id), key("user")).await.unwrap_err();
        assert!(
            matches!(error, Error::Fhir(FhirError::ForeignSession)),
            "{base} {id}"
        );
    }
    let error = Session::open(&at(BASE, "app"), key("nobody"))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Fhir(FhirError::NoSession)) && error.needs_user());
    assert!(ehr.lines().is_empty());
}

#[tokio::test]
async fn a_token_for_another_patient_is_not_used() {
    let ehr = Ehr::default();
    let (app, hands) = app(&ehr);
    let mut tokens = tokens();
    tokens.patient = smart::fhir::PatientContext::Stated("somebody".to_owned());
    let session = Session::with_tokens(&app, key("user"), tokens)
        .await
        .unwrap();
    hands.advance(3600);
    let error = read(&session).await.unwrap_err();
    assert!(error.needs_user(), "{error:?}");
    let text = cause(&error).to_string();
    assert!(text.contains("another patient"), "{text}");
    assert!(
        !ehr.all()
            .iter()
            .any(|seen| seen.authorization == "Bearer canary-a1")
    );
}

#[tokio::test]
async fn a_session_does_not_turn_into_another_patients() {
    let ehr = Ehr::default();
    let (app, _) = app(&ehr);
    let of = |patient: &str, access: &str| {
        let mut tokens = tokens();
        tokens.access_token = smart::fhir::AccessToken::new(access);
        tokens.patient = smart::fhir::PatientContext::Stated(patient.to_owned());
        tokens
    };
    let before = Session::with_tokens(&app, key("user"), of("one", "old"))
        .await
        .unwrap();
    // somebody logs in anew under the same name, for the same patient, and then for another
    Session::with_tokens(&app, key("user"), of("one", "canary-a0"))
        .await
        .unwrap();
    assert_eq!(read(&before).await.unwrap(), StatusCode::OK);
    let before = Session::with_tokens(&app, key("user"), of("one", "old"))
        .await
        .unwrap();
    Session::with_tokens(&app, key("user"), of("two", "canary-a0"))
        .await
        .unwrap();
    let error = read(&before).await.unwrap_err();
    assert!(matches!(cause(&error), FhirError::Replaced), "{error:?}");
    assert_eq!(before.patient().as_deref(), Some("one"));
    assert_eq!(ehr.refreshes(), 0);
}

#[tokio::test]
async fn long_answers_come_piece_by_piece() {
    let ehr = Ehr::default();
    let (app, _) = app(&ehr);
    let session = session(&app).await;
    ehr.end_access_token();
    let response = session.stream(get("Patient/1")).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let body = response.into_body().bytes().await.unwrap();
    assert!(body.starts_with(b"{"));
    assert_eq!(ehr.refreshes(), 1);
    let foreign = Request::get("https://evil.example/x")
        .body(Bytes::new())
        .unwrap();
    assert!(matches!(
        session.stream(foreign).await,
        Err(Error::OtherOrigin { .. })
    ));
}

#[tokio::test]
async fn a_renewal_that_nobody_waits_for_any_more_is_carried_through() {
    // dropped at every place where it waits, until it is done before it can be dropped
    for polls in 1.. {
        assert!(polls < 1000);
        let ehr = Ehr::default();
        let (app, hands) = app(&ehr);
        let session = session(&app).await;
        hands.advance(3600);
        let mut outcome = None;
        {
            let mut reading = std::pin::pin!(read(&session));
            for _ in 0..polls {
                outcome = outcome.or(reading.as_mut().now_or_never());
                tokio::task::yield_now().await;
            }
        }
        // whatever goes on without it comes to its end
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!(ehr.refreshes(), 1, "{polls}");
        let kept = Session::open(&app, key("user")).await.unwrap();
        assert_eq!(kept.tokens().access_token.expose(), "canary-a1");
        assert_eq!(read(&session).await.unwrap(), StatusCode::OK);
        assert_eq!(ehr.refreshes(), 1, "{polls}");
        if outcome.is_some() {
            assert!(polls > 3, "it waits more often than that");
            break;
        }
    }
}

#[tokio::test]
async fn sessions_are_revoked_and_forgotten() {
    let ehr = Ehr::default();
    let (builder, _) = builder(&ehr);
    let app = builder.build().unwrap();
    let session = session(&app).await;
    session.revoke().await.unwrap();
    let revoked = ehr.revoked();
    assert_eq!(
        revoked,
        [
            "token=canary-r0&token_type_hint=refresh_token",
            "token=canary-a0&token_type_hint=access_token"
        ]
    );
    assert!(ehr.all().pop().unwrap().authorization.starts_with("Basic "));
    assert!(Session::open(&app, key("user")).await.is_err());

    let session = super::ehr::session(&app).await;
    ehr.instead(|seen| seen.line.ends_with("/revoke").then(|| html(503)));
    assert!(session.revoke().await.unwrap_err().is_retryable());
    assert!(
        Session::open(&app, key("user")).await.is_ok(),
        "it may still be alive"
    );
    session.forget().await.unwrap();
    assert!(Session::open(&app, key("user")).await.is_err());
}

#[tokio::test]
async fn odd_tokens_are_not_sent() {
    let ehr = Ehr::default();
    let (app, _) = app(&ehr);
    let tokens = smart::fhir::TokenSet::new("two\r\nlines");
    let session = Session::with_tokens(&app, key("user"), tokens)
        .await
        .unwrap();
    let error = read(&session).await.unwrap_err();
    assert!(matches!(error, Error::Fhir(FhirError::BadToken)));
    assert!(ehr.lines().is_empty());
}

#[tokio::test]
async fn an_app_without_a_secret_asks_about_the_token_that_it_shows() {
    let ehr = Ehr::default();
    ehr.instead(|seen| {
        if seen.line.contains(".well-known") {
            return Some(json(
                200,
                r#"{"token_endpoint": "https://ehr.example/token", "introspection_endpoint": "https://ehr.example/introspect"}"#,
            ));
        }
        let shown = seen.authorization.strip_prefix("Bearer ")?;
        let is_meant = seen.body.starts_with(&format!("token={shown}&"));
        let answer = format!(r#"{{"active": {is_meant}}}"#);
        seen.line.contains("/introspect").then(|| json(200, &answer))
    });
    let (builder, hands) = public_builder_at(BASE, &ehr);
    let session = session(&builder.build().unwrap()).await;
    for refreshes in 0..3 {
        let told = session.introspect().await.unwrap();
        assert!(matches!(told, Introspected::Active(_)), "{told:?}");
        assert_eq!(ehr.refreshes(), refreshes);
        hands.advance(3600);
    }
    let (builder, _) = public_builder_at(BASE, &ehr);
    let nobody = builder.without_login().unwrap();
    let before = ehr.all().len();
    let error = nobody.introspect().await.unwrap_err();
    assert!(matches!(cause(&error), FhirError::NoSession), "{error:?}");
    assert_eq!(ehr.all().len(), before, "no empty token is sent");
}
