//! Apps that sign statements in place of a secret.

use http::StatusCode;
use smart::oauth::oauth2::AssertionKey;

use super::ehr::{Ehr, NOW, builder, json, read};

const P384: &str = include_str!("../../../../smart-oauth/tests/keys/p384.pem");

fn claims(body: &str) -> serde_json::Value {
    let assertion = body
        .split("client_assertion=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    let part = assertion.split('.').nth(1).unwrap();
    serde_json::from_slice(&unpadded(part)).unwrap()
}

/// Base64 for URLs, by hand: the tests have no crate for it.
fn unpadded(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bits = 0_u32;
    let mut count = 0;
    let mut bytes = Vec::new();
    for byte in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == byte).unwrap();
        bits = (bits << 6) | u32::try_from(value).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

#[tokio::test]
async fn backend_services_renew_by_themselves() {
    let ehr = Ehr::default();
    let (builder, hands) = builder(&ehr);
    let app = builder
        .signing_key(AssertionKey::es384("k1", P384).unwrap())
        .build()
        .unwrap();
    let session = app.client_credentials("system/*.rs").await.unwrap();
    let first = ehr.all().pop().unwrap();
    assert!(first.body.contains("grant_type=client_credentials") && first.authorization.is_empty());
    let first = claims(&first.body);
    assert_eq!(first["aud"], "https://ehr.example/token");
    assert_eq!(
        (&first["iss"], &first["sub"]),
        (&"app".into(), &"app".into())
    );
    assert!(first["exp"].as_u64().unwrap() - NOW <= 300);
    assert_eq!(read(&session).await.unwrap(), StatusCode::OK);

    hands.advance(3600);
    assert_eq!(read(&session).await.unwrap(), StatusCode::OK);
    let second = ehr
        .all()
        .into_iter()
        .rfind(|seen| seen.line.ends_with("/token"))
        .unwrap();
    assert!(
        second.body.contains("grant_type=client_credentials"),
        "no refresh token is used"
    );
    assert_ne!(first["jti"], claims(&second.body)["jti"]);
    assert_eq!(ehr.refreshes(), 2);
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_corrected_once() {
    let ehr = Ehr::default();
    let (builder, _) = builder(&ehr);
    // the server's clock is an hour ahead, and it refuses statements from the past
    ehr.instead(|seen| {
        let is_early = seen.line.ends_with("/token") && claims(&seen.body)["iat"] == NOW;
        is_early.then(|| {
            let mut response = json(400, r#"{"error": "invalid_client"}"#);
            let date = "Fri, 15 Jan 2027 09:00:00 GMT".parse().unwrap();
            response.headers_mut().insert("date", date);
            response
        })
    });
    let app = builder
        .signing_key(AssertionKey::es384("k1", P384).unwrap())
        .build()
        .unwrap();
    let session = app.client_credentials("system/*.rs").await.unwrap();
    assert_eq!(ehr.refreshes(), 2);
    assert_eq!(
        session.expires_at().unwrap().as_unix_seconds(),
        NOW + 3600,
        "by this machine's time"
    );
    app.client_credentials("system/*.rs").await.unwrap();
    assert_eq!(ehr.refreshes(), 3, "it is known from then on");
}

#[tokio::test]
async fn backend_services_register_with_their_public_keys() {
    let ehr = Ehr::default();
    let key = AssertionKey::es384("k1", P384).unwrap();
    let registering = builder(&ehr).0.signing_key(key);
    let app = registering
        .register_backend_with("A service", "system/*.rs", |registration| {
            registration.with_initial_access_token("first")
        })
        .await
        .unwrap();
    let sent = ehr.all().pop().unwrap();
    assert_eq!(sent.authorization, "Bearer first");
    let body: serde_json::Value = serde_json::from_str(&sent.body).unwrap();
    assert_eq!(
        body["grant_types"],
        serde_json::json!(["client_credentials"])
    );
    assert_eq!(body["jwks"]["keys"][0]["kid"], "k1");
    assert_eq!(
        (body.get("redirect_uris"), body["jwks"]["keys"][0].get("d")),
        (None, None)
    );

    // the server's secret, which it names no method for, does not replace the key
    app.client_credentials("system/*.rs").await.unwrap();
    let asked = ehr.all().pop().unwrap();
    assert!(asked.body.contains("client_assertion=") && asked.authorization.is_empty());

    let keyless = builder(&ehr).0.register_backend("A service", "system/*.rs");
    assert!(matches!(
        keyless.await.unwrap_err(),
        smart::Error::MissingSetting {
            setting: "signing_key"
        }
    ));
}
