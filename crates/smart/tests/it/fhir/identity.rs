//! Who the user is, by an id token whose signature is checked.

use std::sync::{Arc, Mutex};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;
use smart::Error;
use smart::fhir::{AssertionKey, FhirError, Session};

use super::ehr::{Ehr, Hands, NOW, app, json as answer};

const P384: &str = include_str!("../../../../smart-oauth/tests/keys/p384.pem");

/// A server that signs id tokens, and what it does so with.
#[derive(Clone)]
struct Signing {
    ehr: Ehr,
    /// The keys that it publishes, and how often it was asked for them.
    keys: Arc<Mutex<(serde_json::Value, usize)>>,
}

fn key_set(id: &str) -> serde_json::Value {
    let key = AssertionKey::es384(id, P384).unwrap();
    json!({"keys": [key.public_jwk().unwrap()]})
}

fn id_token(key: &str, claims: &serde_json::Value) -> String {
    let mut header = Header::new(Algorithm::ES384);
    header.kid = Some(key.to_owned());
    let signing = EncodingKey::from_ec_pem(P384.as_bytes()).unwrap();
    jsonwebtoken::encode(&header, claims, &signing).unwrap()
}

impl Signing {
    fn new() -> Self {
        let keys = Arc::new(Mutex::new((key_set("one"), 0)));
        let ehr = Ehr::default();
        Self { ehr, keys }
    }

    /// Answers from now on with an id token, made by a key of that name from the nonce that the app
    /// sent.
    async fn log_in(&self, key: &'static str, change: fn(&mut serde_json::Value)) -> Session {
        self.begin(key, change).await.0
    }

    /// The same, with the app's clock.
    async fn begin(
        &self,
        key: &'static str,
        change: fn(&mut serde_json::Value),
    ) -> (Session, Hands) {
        let keys = Arc::clone(&self.keys);
        let nonce = Arc::new(Mutex::new(String::new()));
        let sent = Arc::clone(&nonce);
        self.ehr.instead(move |seen| {
            if seen.line.contains(".well-known") {
                return Some(answer(200, r#"{"authorization_endpoint": "https://ehr.example/authorize", "token_endpoint": "https://ehr.example/token",
                    "issuer": "https://ehr.example", "jwks_uri": "https://keys.example/set"}"#));
            }
            if seen.line.ends_with("/set") {
                assert_eq!(seen.authorization, "", "keys are nobody's secret");
                let mut keys = keys.lock().unwrap();
                keys.1 += 1;
                return Some(answer(200, &keys.0.to_string()));
            }
            let mut claims = json!({"iss": "https://ehr.example", "aud": "app", "sub": "u1", "iat": NOW, "exp": NOW + 300,
                "nonce": *sent.lock().unwrap(), "fhirUser": "Practitioner/9"});
            change(&mut claims);
            let body = json!({"access_token": "t", "token_type": "Bearer", "id_token": id_token(key, &claims)});
            Some(answer(200, &body.to_string()))
        });
        let (app, hands) = app(&self.ehr);
        (self.log_in_at(&app, &nonce).await, hands)
    }

    async fn log_in_at(&self, app: &smart::fhir::App, nonce: &Mutex<String>) -> Session {
        let authorization = app.authorize("openid fhirUser").await.unwrap();
        let url = authorization.authorize_url();
        let sent = url
            .split("nonce=")
            .nth(1)
            .unwrap()
            .split('&')
            .next()
            .unwrap();
        sent.clone_into(&mut nonce.lock().unwrap());
        let callback = format!("code=c&state={}", authorization.state());
        authorization.exchange(&callback).await.unwrap()
    }

    fn asked(&self) -> usize {
        self.keys.lock().unwrap().1
    }
}

#[tokio::test]
async fn a_validated_token_says_who_the_user_is() {
    let signing = Signing::new();
    let session = signing.log_in("one", |_| {}).await;
    let user = session.identity().await.unwrap().unwrap();
    assert_eq!(user.subject, "u1");
    assert_eq!(user.fhir_user.unwrap().id, "9");
    session.identity().await.unwrap();
    assert_eq!(signing.asked(), 1, "the keys are kept");
    // also after a restart
    let again = Session::open(session.app(), session.key().clone())
        .await
        .unwrap();
    assert!(again.identity().await.unwrap().is_some());
}

#[tokio::test]
async fn new_keys_are_fetched_once() {
    let signing = Signing::new();
    let session = signing.log_in("one", |_| {}).await;
    session.identity().await.unwrap();
    signing.keys.lock().unwrap().0 = key_set("two");
    // the same app, which knows the old keys, and a token by the new one
    let rotated = Session::open(session.app(), session.key().clone())
        .await
        .unwrap();
    let mut tokens = rotated.tokens();
    let nonce = tokens
        .id_token
        .as_ref()
        .unwrap()
        .nonce()
        .unwrap()
        .expose()
        .to_owned();
    let claims = json!({"iss": "https://ehr.example", "aud": "app", "sub": "u2", "iat": NOW, "exp": NOW + 300, "nonce": nonce});
    // a token that names no key of the server is no reason to ask again and again
    for (key, fetches) in [("two", 2), ("three", 2)] {
        tokens.id_token = Some(smart::oauth::oauth2::IdToken::new(
            id_token(key, &claims),
            tokens.id_token.as_ref().unwrap().nonce().cloned(),
        ));
        let name = super::ehr::key(key);
        let session = Session::with_tokens(session.app(), name, tokens.clone())
            .await
            .unwrap();
        let outcome = session.identity().await;
        assert_eq!(outcome.is_ok(), key == "two", "{outcome:?}");
        assert_eq!(signing.asked(), fetches);
    }
}

#[tokio::test]
async fn what_is_forged_is_not_believed() {
    let forgeries: [fn(&mut serde_json::Value); 5] = [
        |claims| claims["iss"] = "https://evil.example".into(),
        |claims| claims["aud"] = "another".into(),
        |claims| claims["nonce"] = "another".into(),
        |claims| claims["exp"] = 1.into(),
        |claims| claims["sub"] = "".into(),
    ];
    for forge in forgeries {
        let session = Signing::new().log_in("one", forge).await;
        let error = session.identity().await.unwrap_err();
        assert!(
            matches!(error, Error::Fhir(FhirError::IdToken(_))),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn withdrawn_keys_are_forgotten_by_age() {
    let signing = Signing::new();
    let (session, hands) = signing.begin("one", |_| {}).await;
    session.identity().await.unwrap();
    signing.keys.lock().unwrap().0 = key_set("two");
    // an hour is what the server's silence allows; the token itself is over then, and so is the
    // trust in the old key
    hands.advance(3599);
    let error = session.identity().await.unwrap_err();
    assert!(matches!(error, Error::Fhir(FhirError::IdToken(_))));
    assert_eq!(signing.asked(), 1);
    hands.advance(1);
    session.identity().await.unwrap_err();
    assert_eq!(signing.asked(), 2);
}

#[tokio::test]
async fn keys_are_found_by_the_issuer_s_own_description() {
    for (named, openid) in [(true, true), (false, true), (false, false)] {
        let ehr = Ehr::default();
        let nonce = Arc::new(Mutex::new(String::new()));
        let sent = Arc::clone(&nonce);
        ehr.instead(move |seen| {
            let issuer = if named { r#", "issuer": "https://login.example/t""# } else { "" };
            let (_, address) = seen.line.split_once(' ').unwrap();
            match address {
                "https://ehr.example/fhir/.well-known/smart-configuration" => Some(answer(200, &format!(
                    r#"{{"authorization_endpoint": "https://ehr.example/authorize", "token_endpoint": "https://ehr.example/token"{issuer}}}"#
                ))),
                "https://login.example/t/.well-known/openid-configuration" if !openid => Some(answer(404, "")),
                "https://login.example/t/.well-known/openid-configuration"
                | "https://login.example/.well-known/oauth-authorization-server/t" => Some(answer(200,
                    r#"{"issuer": "https://login.example/t", "jwks_uri": "https://login.example/set"}"#)),
                "https://login.example/set" => Some(answer(200, &key_set("one").to_string())),
                "https://ehr.example/fhir/Practitioner/9" => {
                    assert_eq!(seen.authorization, "Bearer t");
                    Some(answer(200, r#"{"resourceType": "Practitioner", "id": "9"}"#))
                }
                _ => {
                    let claims = json!({"iss": "https://login.example/t", "aud": "app", "sub": "u1", "iat": NOW,
                        "exp": NOW + 300, "nonce": *sent.lock().unwrap(), "fhirUser": "Practitioner/9"});
                    let body = json!({"access_token": "t", "token_type": "Bearer", "scope": "openid fhirUser",
                        "id_token": id_token("one", &claims)});
                    Some(answer(200, &body.to_string()))
                }
            }
        });
        let session = Signing {
            ehr: ehr.clone(),
            ..Signing::new()
        }
        .log_in_at(&app(&ehr).0, &nonce)
        .await;
        // the scope fhirUser is the permission to read this one
        let user = session.user().await.unwrap().unwrap();
        assert_eq!(user.claims.subject, "u1");
        assert_eq!(user.resource.unwrap().resource_type(), "Practitioner");
    }
}

#[tokio::test]
async fn a_user_of_another_server_is_not_read_with_this_one_s_token() {
    let signing = Signing::new();
    let session = signing
        .log_in("one", |claims| {
            claims["fhirUser"] = "https://other.example/fhir/Practitioner/9".into();
        })
        .await;
    let user = session.user().await.unwrap().unwrap();
    assert!(user.resource.is_none());
    assert_eq!(user.claims.fhir_user.unwrap().id, "9");
    assert!(
        !signing
            .ehr
            .lines()
            .iter()
            .any(|line| line.contains("other.example"))
    );
}

#[tokio::test]
async fn without_a_token_nobody_is_asked() {
    let ehr = Ehr::default();
    let session = super::ehr::session(&app(&ehr).0).await;
    assert!(session.identity().await.unwrap().is_none());
    assert!(ehr.lines().is_empty());
}
