//! How a session goes on and how it ends: renewals that do not help, grants that are over, other
//! logins under the same name.

use std::sync::atomic::Ordering;
use std::time::Duration;

use http::StatusCode;
use smart::Error;
use smart::fhir::{App, FhirError, PatientContext, Resource, Session, TokenSet};
use smart::oauth::Timestamp;
use smart::oauth::oauth2::{IdToken, TokenError};

use super::ehr::{Ehr, NOW, app, builder, cause, html, json, key, read, session, tokens};
use super::vaults::Full;

/// A login under the name that all tests here use.
async fn log_in(app: &App, edit: impl FnOnce(&mut TokenSet)) -> Session {
    let mut tokens = tokens();
    edit(&mut tokens);
    Session::with_tokens(app, key("user"), tokens)
        .await
        .unwrap()
}

fn refuse_refreshes(ehr: &Ehr) {
    ehr.instead(|seen| {
        let is_token = seen.line.ends_with("/token");
        is_token.then(|| json(400, r#"{"error": "invalid_grant"}"#))
    });
}

/// An unsigned id token of this user; nothing here believes it.
fn id_token(user: &str) -> IdToken {
    let claims = match user {
        "a" => "eyJpc3MiOiJpIiwic3ViIjoiYSJ9",
        "b" => "eyJpc3MiOiJpIiwic3ViIjoiYiJ9",
        other => panic!("{other}"),
    };
    IdToken::new(format!("h.{claims}.s"), None)
}

#[tokio::test]
async fn a_grant_that_was_refused_has_ended_and_no_answer_was_lost() {
    let ehr = Ehr::default();
    let (app, hands) = app(&ehr);
    let first = session(&app).await;
    refuse_refreshes(&ehr);
    hands.advance(3600);
    let error = read(&first).await.unwrap_err();
    assert!(matches!(cause(&error), FhirError::Token(_)), "{error:?}");
    // the same handle, and one of another process
    let next = Session::open(&app, key("user")).await.unwrap();
    for session in [&first, &next] {
        let error = read(session).await.unwrap_err();
        assert_eq!(
            cause(&error).to_string(),
            "the grant has ended; log in again"
        );
        assert!(error.needs_user());
    }
    assert_eq!(
        next.ended_at(),
        Some(Timestamp::from_unix_seconds(NOW + 3600))
    );
    assert!(!next.is_renewable());
    assert_eq!(ehr.refreshes(), 1);
}

#[tokio::test]
async fn a_dead_token_without_a_refresh_token_needs_the_user() {
    let ehr = Ehr::default();
    let (app, hands) = app(&ehr);
    let session = log_in(&app, |tokens| tokens.refresh_token = None).await;
    ehr.end_access_token();
    // the server ended it before its time
    let error = session.read::<Resource>("Patient/1").await.unwrap_err();
    assert!(error.needs_user(), "{error:?}");
    assert_eq!(error.status(), Some(StatusCode::UNAUTHORIZED));
    // and its time is over: nothing is sent
    let sent = ehr.lines().len();
    hands.advance(3600);
    for _ in 0..2 {
        let error = read(&session).await.unwrap_err();
        assert!(
            matches!(cause(&error), FhirError::Ended { .. }),
            "{error:?}"
        );
        assert!(error.needs_user());
    }
    assert_eq!(ehr.lines().len(), sent);
}

#[tokio::test]
async fn an_app_of_its_own_never_needs_a_user() {
    let ehr = Ehr::default();
    let (app, hands) = app(&ehr);
    let session = app.client_credentials("system/*.rs").await.unwrap();
    for refusal in [
        "invalid_grant",
        "unauthorized_client",
        "invalid_client",
        "invalid_scope",
    ] {
        let body = format!(r#"{{"error": "{refusal}", "error_description": "so it is"}}"#);
        ehr.instead(move |seen| seen.line.ends_with("/token").then(|| json(400, &body)));
        hands.advance(4000);
        let error = read(&session).await.unwrap_err();
        assert!(!error.needs_user(), "{refusal} {error:?}");
        assert_eq!(error.status(), Some(StatusCode::BAD_REQUEST), "{refusal}");
        let error = app.client_credentials("system/*.rs").await.unwrap_err();
        assert!(!error.needs_user(), "{refusal} {error:?}");
        let text = error.to_string();
        assert!(
            text.contains("so it is") && !text.contains("log in"),
            "{text}"
        );
    }
    ehr.instead(|_| None);
    session.forget().await.unwrap();
    hands.advance(4000);
    let error = read(&session).await.unwrap_err();
    assert!(matches!(cause(&error), FhirError::Closed), "{error:?}");
    assert!(!error.needs_user());
}

#[tokio::test]
async fn a_resource_that_always_says_401_costs_one_refresh() {
    for parallel in [false, true] {
        for method in ["GET", "POST"] {
            let ehr = Ehr::default();
            let (app, hands) = app(&ehr);
            let session = session(&app).await;
            ehr.instead(|seen| seen.line.ends_with("/fhir/Odd").then(|| html(401)));
            let odd = || {
                let request = http::Request::builder().method(method);
                let request = request.uri("https://ehr.example/fhir/Odd");
                session.send(request.body(bytes::Bytes::new()).unwrap())
            };
            let statuses = if parallel {
                futures_util::future::join_all((0..20).map(|_| odd())).await
            } else {
                let mut statuses = Vec::new();
                for _ in 0..20 {
                    statuses.push(odd().await);
                    // other resources answer meanwhile
                    assert_eq!(read(&session).await.unwrap(), StatusCode::OK);
                }
                statuses
            };
            for response in statuses {
                assert_eq!(response.unwrap().status(), StatusCode::UNAUTHORIZED);
            }
            assert_eq!(ehr.refreshes(), 1, "{method} {parallel}");
            // a token that ends early later on is renewed again
            hands.advance(20);
            let before = ehr.refreshes();
            ehr.instead(|_| None);
            ehr.rotate();
            let _ = read(&session).await;
            assert_eq!(ehr.refreshes(), before + 1, "{method} {parallel}");
        }
    }
}

#[tokio::test]
async fn the_vault_is_looked_at_also_while_renewing_is_in_vain() {
    let ehr = Ehr::default();
    let (app, _) = app(&ehr);
    let first = session(&app).await;
    let refuse_reads = || ehr.instead(|seen| seen.line.contains("/Patient/").then(|| html(401)));
    refuse_reads();
    for _ in 0..2 {
        assert_eq!(read(&first).await.unwrap(), StatusCode::UNAUTHORIZED);
    }
    assert_eq!(ehr.refreshes(), 1);
    // another process gets tokens that are taken
    ehr.instead(|_| None);
    let other = Session::open(&app, key("user")).await.unwrap();
    other.refresh().await.unwrap();
    assert_eq!(read(&first).await.unwrap(), StatusCode::OK);
    assert_eq!(ehr.refreshes(), 2);
    // and somebody else logs in
    refuse_reads();
    assert_eq!(read(&first).await.unwrap(), StatusCode::UNAUTHORIZED);
    log_in(&app, |_| {}).await;
    let error = read(&first).await.unwrap_err();
    assert!(matches!(cause(&error), FhirError::Replaced), "{error:?}");
    assert_eq!(ehr.refreshes(), 2);
}

#[tokio::test]
async fn a_server_that_gives_the_same_token_again_is_asked_once() {
    let ehr = Ehr::default();
    let (app, _) = app(&ehr);
    let session = session(&app).await;
    ehr.instead(|seen| {
        if seen.line.ends_with("/token") {
            let same =
                r#"{"access_token": "canary-a0", "token_type": "Bearer", "expires_in": 3600}"#;
            return Some(json(200, same));
        }
        seen.line.ends_with("/Patient/1").then(|| html(401))
    });
    for _ in 0..20 {
        assert_eq!(read(&session).await.unwrap(), StatusCode::UNAUTHORIZED);
    }
    let reads = (0..20).map(|_| read(&session));
    futures_util::future::join_all(reads).await;
    assert_eq!(ehr.refreshes(), 1);
    assert_eq!(ehr.count("GET https://ehr.example/fhir/Patient/1"), 40);
}

#[tokio::test]
async fn tokens_without_a_life_are_not_renewed_by_every_call() {
    let ehr = Ehr::default();
    let (app, hands) = app(&ehr);
    let session = session(&app).await;
    let mut number = 0;
    ehr.instead(move |seen| {
        if !seen.line.ends_with("/token") {
            return seen.line.ends_with("/Patient/1").then(|| json(200, "{}"));
        }
        number += 1;
        let body = format!(
            r#"{{"access_token": "t{number}", "refresh_token": "r{number}", "token_type": "Bearer", "expires_in": 0}}"#
        );
        Some(json(200, &body))
    });
    hands.advance(3600);
    for _ in 0..20 {
        assert_eq!(read(&session).await.unwrap(), StatusCode::OK);
    }
    assert_eq!(ehr.refreshes(), 1);
    hands.advance(5);
    for _ in 0..20 {
        assert_eq!(read(&session).await.unwrap(), StatusCode::OK);
    }
    assert_eq!(ehr.refreshes(), 2);
}

#[tokio::test]
async fn a_new_login_heals_a_handle_that_was_told_to_log_in() {
    for (with_refresh_token, known_user) in [(true, false), (false, false), (true, true)] {
        let ehr = Ehr::default();
        let (app, hands) = app(&ehr);
        let edit = |tokens: &mut TokenSet| {
            if known_user {
                tokens.id_token = Some(id_token("a"));
            } else {
                tokens.patient = PatientContext::Stated("canary-patient".to_owned());
            }
        };
        let old = log_in(&app, |tokens| {
            edit(tokens);
            if !with_refresh_token {
                tokens.refresh_token = None;
            }
        })
        .await;
        refuse_refreshes(&ehr);
        hands.advance(3600);
        for _ in 0..2 {
            assert!(read(&old).await.unwrap_err().needs_user());
        }
        ehr.instead(|_| None);
        log_in(&app, |tokens| {
            edit(tokens);
            tokens.expires_at = Some(Timestamp::from_unix_seconds(NOW + 7200));
        })
        .await;
        assert_eq!(read(&old).await.unwrap(), StatusCode::OK);
        assert_eq!(old.ended_at(), None);
    }
}

#[tokio::test]
async fn a_session_that_was_replaced_is_left_alone() {
    type Edit = fn(&mut TokenSet);
    let cases: [(&str, Edit, Edit); 3] = [
        (
            "other patients",
            |tokens| tokens.patient = PatientContext::Stated("one".to_owned()),
            |tokens| tokens.patient = PatientContext::Stated("two".to_owned()),
        ),
        (
            "other users without a patient",
            |tokens| tokens.id_token = Some(id_token("a")),
            |tokens| tokens.id_token = Some(id_token("b")),
        ),
        ("nobody knows who", |_| {}, |_| {}),
    ];
    for (case, before, after) in cases {
        let ehr = Ehr::default();
        let (app, hands) = app(&ehr);
        let old = log_in(&app, |tokens| {
            before(tokens);
            tokens.access_token = "old".into();
        })
        .await;
        log_in(&app, after).await;
        for outcome in [
            old.revoke().await.err(),
            old.forget().await.err(),
            old.refresh().await.err(),
            read(&old).await.err(),
        ] {
            let error = outcome.unwrap_or_else(|| panic!("{case}"));
            assert!(
                matches!(cause(&error), FhirError::Replaced),
                "{case} {error:?}"
            );
        }
        hands.advance(3600);
        assert!(read(&old).await.is_err(), "{case}");
        let seen = ehr.all();
        let uses_the_others = |body: &str| body.contains("canary-a0") || body.contains("canary-r0");
        assert!(
            !seen
                .iter()
                .any(|seen| uses_the_others(&seen.authorization) || uses_the_others(&seen.body)),
            "{case} {seen:?}"
        );
        assert!(Session::open(&app, key("user")).await.is_ok(), "{case}");
    }
}

#[tokio::test]
async fn a_refresh_that_names_another_user_is_dropped() {
    let ehr = Ehr::default();
    let (app, hands) = app(&ehr);
    let session = log_in(&app, |tokens| tokens.id_token = Some(id_token("a"))).await;
    ehr.instead(|seen| {
        let body = format!(
            r#"{{"access_token": "other", "token_type": "Bearer", "id_token": "{}"}}"#,
            id_token("b").expose()
        );
        seen.line.ends_with("/token").then(|| json(200, &body))
    });
    hands.advance(3600);
    let error = read(&session).await.unwrap_err();
    assert!(
        matches!(cause(&error), FhirError::Token(TokenError::OtherUser)),
        "{error:?}"
    );
    assert!(error.needs_user());
    assert!(
        !ehr.all()
            .iter()
            .any(|seen| seen.authorization == "Bearer other")
    );
}

#[tokio::test]
async fn what_a_launch_told_survives_refreshes_and_the_vault() {
    let ehr = Ehr::default();
    let (app, hands) = app(&ehr);
    let authorization = app.authorize("launch patient/*.rs").await.unwrap();
    let callback = format!("code=c&state={}", authorization.state());
    ehr.instead(|seen| {
        seen.body.contains("authorization_code").then(|| {
            json(
                200,
                r#"{"access_token": "canary-a0", "refresh_token": "canary-r0", "token_type": "Bearer", "expires_in": 3600,
                    "patient": "canary-patient", "encounter": "e1", "intent": "order", "tenant": "t1", "need_patient_banner": true,
                    "fhirContext": [{"reference": "ImagingStudy/1", "vendor": 1}], "vendor_member": {"deep": [1, 2]},
                    "id_token": "h.eyJpc3MiOiJpIiwic3ViIjoiYSJ9.s"}"#,
            )
        })
    });
    let session = authorization
        .exchange_as(&callback, key("user"))
        .await
        .unwrap();
    let before = session.tokens();
    for _ in 0..3 {
        hands.advance(3600);
        assert_eq!(read(&session).await.unwrap(), StatusCode::OK);
    }
    assert_eq!(ehr.refreshes(), 1 + 3);
    for session in [session, Session::open(&app, key("user")).await.unwrap()] {
        let after = session.tokens();
        assert_eq!(after.context, before.context);
        assert_eq!(after.context.encounter.as_deref(), Some("e1"));
        assert_eq!(after.context.get("vendor_member").unwrap()["deep"][1], 2);
        assert_eq!(after.context.fhir_context[0].get("vendor").unwrap(), 1);
        let id_tokens = [after.id_token.unwrap(), before.id_token.clone().unwrap()];
        let nonces = id_tokens
            .each_ref()
            .map(|token| token.nonce().map(|nonce| nonce.expose()));
        assert_eq!(id_tokens[0].expose(), id_tokens[1].expose());
        assert_eq!(nonces[0], nonces[1]);
    }
}

#[tokio::test]
async fn a_failed_write_does_not_keep_others_waiting() {
    let ehr = Ehr::default();
    let (builder, hands) = builder(&ehr);
    let vault = Full::default();
    let app = builder.vault(vault.clone()).build().unwrap();
    vault.writes_left.store(2, Ordering::SeqCst);
    let old = session(&app).await;
    hands.advance(3600);
    assert!(read(&old).await.is_err());
    vault.writes_left.store(10, Ordering::SeqCst);
    let login = log_in(&app, |tokens| {
        tokens.expires_at = Some(Timestamp::from_unix_seconds(NOW + 7200));
        tokens.access_token = "canary-a1".into();
    });
    let login = tokio::time::timeout(Duration::from_secs(60), login).await;
    assert_eq!(read(&login.unwrap()).await.unwrap(), StatusCode::OK);
}

#[tokio::test]
async fn an_end_that_fails_or_is_given_up_loses_no_tokens() {
    let ehr = Ehr::default();
    let (builder, hands) = builder(&ehr);
    let vault = Full::default();
    let app = builder.vault(vault.clone()).build().unwrap();
    vault.writes_left.store(2, Ordering::SeqCst);
    let session = session(&app).await;
    hands.advance(3600);
    assert!(read(&session).await.is_err());

    vault.removals_fail.store(true, Ordering::SeqCst);
    assert!(session.forget().await.is_err());
    vault.writes_left.store(10, Ordering::SeqCst);
    assert_eq!(
        read(&session).await.unwrap(),
        StatusCode::OK,
        "they are still there"
    );
    assert_eq!(ehr.refreshes(), 1);

    // given up at its first pause: it goes on without its caller
    vault.removals_fail.store(false, Ordering::SeqCst);
    let mut revoking = Box::pin(session.revoke());
    assert!(futures_util::poll!(revoking.as_mut()).is_pending());
    drop(revoking);
    while Session::open(&app, key("user")).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert_eq!(ehr.revoked().len(), 2);
}

#[tokio::test]
async fn a_server_that_ends_refresh_tokens_only_has_ended_the_session() {
    let ehr = Ehr::default();
    let (app, _) = app(&ehr);
    let session = session(&app).await;
    ehr.instead(|seen| {
        seen.body
            .contains("token_type_hint=access_token")
            .then(|| json(400, r#"{"error": "unsupported_token_type"}"#))
    });
    session.revoke().await.unwrap();
    assert!(matches!(
        Session::open(&app, key("user")).await,
        Err(Error::Fhir(FhirError::NoSession))
    ));
    // any other refusal means that the token may be alive
    let session = log_in(&app, |_| {}).await;
    ehr.instead(|seen| {
        seen.body
            .contains("token_type_hint=access_token")
            .then(|| json(503, ""))
    });
    assert!(session.revoke().await.unwrap_err().is_retryable());
    assert!(Session::open(&app, key("user")).await.is_ok());
}
