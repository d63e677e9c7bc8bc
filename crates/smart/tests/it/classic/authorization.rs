//! The dance with a user.

use http::Response;
use smart::classic::{AuthorizationParts, Client};
use smart::oauth::oauth1::RequestToken;
use smart::{Error, Stage};

use super::container::{
    APP, Bytes, MANIFEST, SECRET, Seen, answer, builder, client, html, manifest, story, token_body,
};

/// Plays the dance for whichever record is asked for, with token `rt`, verifier `v` and access
/// token `at`.
fn dancing(seen: &Seen) -> Response<Bytes> {
    match seen.uri.as_str() {
        "http://localhost:7000/manifest" => manifest(),
        "http://localhost:7002/oauth/request_token" => {
            assert_eq!(seen.body, "smart_record_id=1288992&oauth_callback=oob");
            answer(200, "text/plain", token_body("rt", ""))
        }
        "http://localhost:7002/oauth/access_token" => {
            assert_eq!(seen.token.as_deref(), Some("rt"));
            assert_eq!(seen.verifier.as_deref(), Some("v"));
            answer(
                200,
                "text/plain",
                token_body("at", "&record_id=1288992&user_id=me@example.org"),
            )
        }
        _ => answer(200, "text/plain", "ok"),
    }
}

#[tokio::test]
async fn dance_ends_with_a_record_and_its_token() {
    let (client, log) = client(dancing);
    let authorization = client.authorize("1288992").await.unwrap();
    assert_eq!(authorization.record_id().as_str(), "1288992");
    assert_eq!(authorization.request_token(), "rt");
    assert_eq!(
        authorization.authorize_url(),
        "http://localhost:7001/oauth/authorize?oauth_token=rt"
    );

    let callback = "http://localhost:8000/smartapp/authorize?oauth_token=rt&oauth_verifier=v";
    let record = authorization.exchange(callback).await.unwrap();
    assert_eq!(record.id().as_str(), "1288992");
    assert_eq!(record.user_id().unwrap().as_str(), "me@example.org");
    record.get_demographics().send().await.unwrap();
    assert_eq!(
        log.lines(),
        [
            "GET http://localhost:7000/manifest",
            "POST http://localhost:7002/oauth/request_token",
            "POST http://localhost:7002/oauth/access_token",
            "GET http://localhost:7000/records/1288992/demographics",
        ]
    );
    assert_eq!(log.all()[3].token.as_deref(), Some("at"));
}

#[tokio::test]
async fn verifier_can_be_typed_in() {
    let (client, _) = client(dancing);
    let authorization = client.authorize("1288992").await.unwrap();
    let record = authorization.exchange_verifier("v").await.unwrap();
    assert_eq!(record.token().unwrap().key().as_str(), "at");
}

#[tokio::test]
async fn dance_goes_on_in_another_process() {
    let (here, _) = client(dancing);
    let parts = here.authorize("1288992").await.unwrap().into_parts();
    let (key, secret) = (
        parts.request_token.key().to_string(),
        parts.request_token.secret().expose().to_owned(),
    );

    let (there, log) = client(dancing);
    let parts = AuthorizationParts::new(parts.record_id.as_str(), RequestToken::new(key, secret));
    let authorization = there.resume_authorization(parts).await.unwrap();
    assert_eq!(
        authorization.authorize_url(),
        "http://localhost:7001/oauth/authorize?oauth_token=rt"
    );
    let record = authorization
        .exchange("?oauth_token=rt&oauth_verifier=v")
        .await
        .unwrap();
    assert_eq!(record.id().as_str(), "1288992");
    assert_eq!(
        log.lines(),
        [
            "GET http://localhost:7000/manifest",
            "POST http://localhost:7002/oauth/access_token"
        ]
    );
}

#[tokio::test]
async fn foreign_callback_sends_nothing_and_leaves_the_dance_waiting() {
    let (client, log) = client(dancing);
    let authorization = client.authorize("1288992").await.unwrap();
    for callback in [
        "?oauth_token=other&oauth_verifier=v",
        "?oauth_token=rt",
        "",
        "?oauth_verifier=v",
    ] {
        let error = authorization.exchange(callback).await.unwrap_err();
        assert!(matches!(error, Error::Dance(_)));
        assert_eq!(error.stage(), Stage::NotSent);
    }
    assert_eq!(log.all().len(), 2);
    authorization
        .exchange("?oauth_token=rt&oauth_verifier=v")
        .await
        .unwrap();
}

#[tokio::test]
async fn token_for_another_record_is_not_taken() {
    let (client, _) = client(|seen| match seen.uri.as_str() {
        "http://localhost:7002/oauth/access_token" => {
            answer(200, "text/plain", token_body("at", "&record_id=2"))
        }
        _ => dancing(seen),
    });
    let authorization = client.authorize("1288992").await.unwrap();
    let error = authorization
        .exchange("?oauth_token=rt&oauth_verifier=v")
        .await
        .unwrap_err();
    assert_eq!(error.stage(), Stage::Unreadable);
    assert!(
        error.to_string().contains("was granted record \"2\""),
        "{error}"
    );
}

#[tokio::test]
async fn refused_steps_keep_their_status() {
    for refused in [
        "http://localhost:7002/oauth/request_token",
        "http://localhost:7002/oauth/access_token",
    ] {
        let (client, _) = client(move |seen| {
            if seen.uri == refused {
                html(401, "Unauthorized")
            } else {
                dancing(seen)
            }
        });
        let error = match client.authorize("1288992").await {
            Ok(authorization) => authorization
                .exchange("?oauth_token=rt&oauth_verifier=v")
                .await
                .unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(error.status().map(|status| status.as_u16()), Some(401));
        assert_eq!(error.stage(), Stage::Refused);
        assert!(!error.is_retryable());
    }
}

#[tokio::test]
async fn secrets_do_not_step_down_from_https() {
    let (builder, log) = builder(|_| {
        answer(
            200,
            "application/json",
            MANIFEST.replace("http://localhost:7000", "https://emr.example"),
        )
    });
    let client: Client = builder
        .api_base("https://emr.example")
        .consumer(APP, SECRET)
        .build()
        .unwrap();
    let error = client.authorize("1288992").await.unwrap_err();
    assert_eq!(
        story(&error),
        "the manifest of https://emr.example cannot be used: launch_urls.request_token is plain http although the API base is https, and secrets would leak; ask the container's administrator to correct it"
    );
    assert_eq!(log.lines(), ["GET https://emr.example/manifest"]);
}
