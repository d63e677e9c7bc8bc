//! No secret and no patient in anything that is printed.

use smart::Error;
use smart::fhir::EhrLaunch;

use super::ehr::{Ehr, app, builder, html, json, read, session};

fn assert_clean(printed: &str) {
    assert!(!printed.contains("canary"), "{printed}");
}

fn assert_clean_error(error: &Error) {
    let mut error: &dyn std::error::Error = error;
    loop {
        assert_clean(&format!("{error} {error:?} {error:#?}"));
        match error.source() {
            Some(source) => error = source,
            None => return,
        }
    }
}

#[tokio::test]
async fn handles_print_no_secret() {
    let ehr = Ehr::default();
    assert_clean(&format!("{:?}", builder(&ehr).0));
    let (app, _) = app(&ehr);
    let authorization = app.authorize("patient/*.rs").await.unwrap();
    let printed = format!("{app:?} {authorization:#?}");
    assert_clean(&printed);
    assert!(!printed.contains(authorization.state()));
    let callback = format!("code=canary-code&state={}", authorization.state());
    let session = authorization.exchange(&callback).await.unwrap();
    let launch = EhrLaunch::parse("iss=https%3A%2F%2Fehr.example%2Ffhir&launch=canary").unwrap();
    assert_clean(&format!(
        "{session:#?} {:?} {:?} {launch:?}",
        session.key(),
        session.tokens()
    ));
    let printed = format!("{:?}", authorization.clone().into_parts());
    assert!(!printed.contains(authorization.state()));
    assert_clean(&format!(
        "{:?}",
        builder(&ehr).0.register("A", "patient/*.rs").await.unwrap()
    ));
}

#[tokio::test]
async fn errors_print_no_secret() {
    let answers = [
        json(
            400,
            r#"{"error": "invalid_grant", "error_description": "it is no good"}"#,
        ),
        json(
            200,
            r#"{"token_type": "canary", "access_token": "canary-a9"}"#,
        ),
        json(200, r#"{"refresh_token": "canary"}"#),
        json(200, "canary"),
        html(500),
        html(503),
        html(302),
    ];
    for answer in answers {
        let ehr = Ehr::default();
        let (app, hands) = app(&ehr);
        let session = session(&app).await;
        let authorization = app.authorize("patient/*.rs").await.unwrap();
        let token = answer.clone();
        // a refusal quotes the secret that it was sent
        ehr.instead(move |seen| {
            let sent = ["canary-r0", "canary-code"];
            let sent = sent.iter().find(|secret| seen.body.contains(**secret));
            let answer = match sent {
                Some(secret) if token.status() == 400 => json(
                    400,
                    &format!(r#"{{"error": "invalid_grant", "error_description": "{secret} is no good"}}"#),
                ),
                _ => token.clone(),
            };
            seen.line.starts_with("POST").then_some(answer)
        });
        hands.advance(3600);
        let unclean = std::str::from_utf8(answer.body())
            .unwrap()
            .contains(r#""token_type": "canary"#);
        let callback = format!("code=canary-code&state={}", authorization.state());
        for error in [
            read(&session).await.unwrap_err(),
            authorization.exchange(&callback).await.unwrap_err(),
            builder(&ehr)
                .0
                .register("A", "patient/*.rs")
                .await
                .unwrap_err(),
        ] {
            // a token type is no secret, and is named
            if !unclean {
                assert_clean_error(&error);
            }
        }
        if answer.status() != 200 {
            let error = session.revoke().await.unwrap_err();
            assert_clean_error(&error);
        }
    }
}
