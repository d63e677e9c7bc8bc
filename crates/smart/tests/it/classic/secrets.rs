//! No secret in anything that is printed.

use std::error::Error as StdError;

use super::container::{builder, client, form, html, manifest, token, token_body};

/// The planted secrets all hold this word.
const CANARY: &str = "canary";

fn assert_clean(printed: impl AsRef<str>) {
    let printed = printed.as_ref();
    assert!(!printed.contains(CANARY), "{printed}");
}

fn assert_clean_error(error: &(dyn StdError + 'static)) {
    assert_clean(format!("{error} {error:?} {error:#?}"));
    if let Some(source) = error.source() {
        assert_clean_error(source);
    }
}

#[tokio::test]
async fn handles_print_no_secret() {
    let (unbuilt, _) = builder(|_| manifest());
    assert_clean(format!("{unbuilt:?}"));
    let (client, _) = client(|seen| match seen.uri.as_str() {
        "http://localhost:7002/oauth/request_token" => form(token_body("rt", "")),
        _ => manifest(),
    });
    let record = client.record("1").with_token(token("t1"));
    let user = client.user("me@example.org").with_token(token("t1"));
    let with_token = client.clone().with_token(token("t1"));
    let authorization = client.authorize("1").await.unwrap();
    assert_clean(format!(
        "{client:?} {with_token:?} {record:?} {user:?} {:?}",
        client.records()
    ));
    assert_clean(format!("{:?} {authorization:#?}", record.get_medications()));
    assert_clean(format!("{:?}", authorization.into_parts()));
}

#[tokio::test]
async fn errors_print_no_secret() {
    // Token answers that fail for some reason, each with a secret in its body.
    for answer in [
        form("oauth_token_secret=canary"),
        form("oauth_token=canary-key-without-secret&smart_record_id=1"),
        html(201, "oauth_token=t&oauth_token_secret=canary"),
        html(401, "oauth_token=t&oauth_token_secret=canary"),
    ] {
        let (client, _) = client(move |seen| match seen.uri.as_str() {
            "http://localhost:7000/manifest" => manifest(),
            _ => answer.clone(),
        });
        assert_clean_error(&client.authorize("1").await.unwrap_err());
        assert_clean_error(&client.open_record("1").await.unwrap_err());
        assert_clean_error(&client.records().next().await.unwrap().unwrap_err());
    }
    let (client, _) = client(|_| html(401, ""));
    let record = client.record("1").with_token(token("t1"));
    assert_clean_error(&record.get_medications().send().await.unwrap_err());
    assert_clean_error(
        &client
            .record("1")
            .get_medications()
            .send()
            .await
            .unwrap_err(),
    );
}
