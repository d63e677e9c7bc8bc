//! `private_key_jwt`: an app proves who it is by a signature
//! ([SMART, asymmetric](https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html)).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::choose_provider;
use super::jwks::MIN_RSA_BITS;
use crate::credentials::Timestamp;
use crate::oauth2::client::Client;
use crate::oauth2::credentials::ClientAssertion;
use crate::oauth2::error::AssertionError;

/// An app's private key, under the name that its public half is published by. `Debug` shows no part of it.
///
/// Making a signature draws on aws-lc's own generator, the one place of this crate where randomness is not an argument.
#[derive(Clone)]
pub struct AssertionKey {
    key_id: String,
    algorithm: Algorithm,
    key: EncodingKey,
}

impl AssertionKey {
    /// How long an assertion is good for, in seconds. SMART allows 300; the rest is for clocks that differ.
    pub const LIFETIME_SECONDS: u64 = 240;

    /// An RSA key, for `RS384`, as PEM (PKCS #8 or PKCS #1).
    ///
    /// # Errors
    ///
    /// When the text is no RSA key of at least 2048 bits.
    pub fn rs384(key_id: impl Into<String>, pem: &str) -> Result<Self, AssertionError> {
        let key = EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(|_| AssertionError::BadKey)?;
        Self::new(key_id.into(), Algorithm::RS384, key)
    }

    /// A key on the curve P-384, for `ES384`, as PEM (PKCS #8).
    ///
    /// # Errors
    ///
    /// When the text is no such key.
    pub fn es384(key_id: impl Into<String>, pem: &str) -> Result<Self, AssertionError> {
        let key = EncodingKey::from_ec_pem(pem.as_bytes()).map_err(|_| AssertionError::BadKey)?;
        Self::new(key_id.into(), Algorithm::ES384, key)
    }

    fn new(key_id: String, algorithm: Algorithm, key: EncodingKey) -> Result<Self, AssertionError> {
        let key = Self {
            key_id,
            algorithm,
            key,
        };
        if let AlgorithmParameters::RSA(rsa) = key.public()?.algorithm {
            let modulus = URL_SAFE_NO_PAD
                .decode(&rsa.n)
                .map_err(|_| AssertionError::BadKey)?;
            if modulus.len() * 8 < MIN_RSA_BITS {
                return Err(AssertionError::BadKey);
            }
        }
        Ok(key)
    }

    /// The public half as a JSON Web Key, to be published under the app's `jwks_uri`.
    ///
    /// # Errors
    ///
    /// When the key cannot be read, which a key that was made is not.
    pub fn public_jwk(&self) -> Result<Value, AssertionError> {
        let mut jwk = serde_json::to_value(self.public()?).map_err(|_| AssertionError::BadKey)?;
        jwk["kid"] = self.key_id.as_str().into();
        jwk["use"] = "sig".into();
        jwk["key_ops"] = json!(["verify"]);
        Ok(jwk)
    }

    /// Signs a statement by this client for its server's token endpoint, good from now on for
    /// [four minutes](Self::LIFETIME_SECONDS) and for one request. The bytes make it unique: take them from the operating
    /// system's generator, fresh every time.
    ///
    /// # Errors
    ///
    /// When the key cannot sign.
    pub fn assert(
        &self,
        client: &Client,
        unique: [u8; 32],
        now: Timestamp,
    ) -> Result<ClientAssertion, AssertionError> {
        choose_provider();
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.key_id.clone());
        let now = now.as_unix_seconds();
        let claims = json!({
            "iss": client.id().as_str(),
            "sub": client.id().as_str(),
            "aud": client.server().token.as_str(),
            "iat": now,
            "exp": now.saturating_add(Self::LIFETIME_SECONDS),
            "jti": URL_SAFE_NO_PAD.encode(unique),
        });
        let text = encode(&header, &claims, &self.key).map_err(|_| AssertionError::Signing)?;
        Ok(ClientAssertion::new(text))
    }

    fn public(&self) -> Result<Jwk, AssertionError> {
        choose_provider();
        Jwk::from_encoding_key(&self.key, self.algorithm).map_err(|_| AssertionError::BadKey)
    }
}

impl fmt::Debug for AssertionKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AssertionKey")
            .field("key_id", &self.key_id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::DecodingKey;
    use proptest::prelude::*;

    use super::*;
    use crate::oauth2::testing::{client, values};
    use crate::oauth2::{Authentication, Server, testing};

    const RSA: &str = include_str!("../../../tests/keys/rsa.pem");
    const P384: &str = include_str!("../../../tests/keys/p384.pem");

    fn part(text: &str, index: usize) -> Value {
        let part = text.split('.').nth(index).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    fn is_signed_by(text: &str, key: &AssertionKey) -> bool {
        let jwk = serde_json::from_value(key.public_jwk().unwrap()).unwrap();
        let (message, signature) = text.rsplit_once('.').unwrap();
        let public = DecodingKey::from_jwk(&jwk).unwrap();
        jsonwebtoken::crypto::verify(signature, message.as_bytes(), &public, key.algorithm).unwrap()
    }

    #[test]
    fn assertions_say_what_smart_asks() {
        for (key, algorithm) in [
            (AssertionKey::rs384("k1", RSA).unwrap(), "RS384"),
            (AssertionKey::es384("k1", P384).unwrap(), "ES384"),
        ] {
            let assertion = key.assert(&client(), [7; 32], testing::NOW).unwrap();
            let text = assertion.expose();
            assert_eq!(
                part(text, 0),
                json!({"typ": "JWT", "alg": algorithm, "kid": "k1"})
            );
            assert_eq!(
                part(text, 1),
                json!({"iss": "app", "sub": "app", "aud": "https://ehr.example/token", "iat": 1_800_000_000_u64,
                       "exp": 1_800_000_240_u64, "jti": "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"})
            );
            assert!(is_signed_by(text, &key));
            let tampered = text.replacen(".eyJ", ".eyK", 1);
            assert!(tampered != text && !is_signed_by(&tampered, &key));
        }
    }

    #[test]
    fn the_audience_is_the_token_endpoint_letter_by_letter() {
        let server = Server {
            token: testing::url("http://LOCALHOST:9000/oauth/token/"),
            ..testing::server()
        };
        let key = AssertionKey::es384("k", P384).unwrap();
        let assertion = key
            .assert(&Client::new("app", server), [1; 32], testing::NOW)
            .unwrap();
        assert_eq!(
            part(assertion.expose(), 1)["aud"],
            "http://LOCALHOST:9000/oauth/token/"
        );
    }

    #[test]
    fn backend_services() {
        let key = AssertionKey::es384("k", P384).unwrap();
        let assertion = key.assert(&client(), [1; 32], testing::NOW).unwrap();
        let grant = client().client_credentials("system/*.rs".parse().unwrap());
        let request = grant
            .request(&Authentication::Assertion(assertion.clone()))
            .unwrap();
        assert_eq!(
            values(request.body(), "client_assertion"),
            [assertion.expose()]
        );
        assert!(values(request.body(), "client_id").is_empty());
    }

    #[test]
    fn public_keys_hold_nothing_private() {
        for key in [
            AssertionKey::rs384("k1", RSA).unwrap(),
            AssertionKey::es384("k1", P384).unwrap(),
        ] {
            let jwk = key.public_jwk().unwrap();
            assert_eq!((&jwk["kid"], &jwk["use"]), (&json!("k1"), &json!("sig")));
            for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
                assert!(jwk.get(private).is_none(), "{private}");
            }
            assert!(!format!("{key:?}").contains("content"));
        }
    }

    #[test]
    fn keys_of_another_kind_or_too_small_are_refused() {
        let p256 = include_str!("../../../tests/keys/p256.pem");
        let small = include_str!("../../../tests/keys/rsa_small.pem");
        for pem in [
            P384,
            p256,
            small,
            "",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ] {
            assert!(AssertionKey::rs384("k", pem).is_err());
        }
        for pem in [RSA, p256, "", "no pem"] {
            assert!(AssertionKey::es384("k", pem).is_err());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn lifetimes_stay_within_five_minutes(now in any::<u64>(), unique in any::<[u8; 32]>()) {
            let key = AssertionKey::es384("k", P384).unwrap();
            let assertion = key.assert(&client(), unique, Timestamp::from_unix_seconds(now)).unwrap();
            let claims = part(assertion.expose(), 1);
            let life = claims["exp"].as_u64().unwrap() - now;
            prop_assert!(life <= 300);
            prop_assert_eq!(claims["jti"].as_str().unwrap().len(), 43);
        }
    }
}
