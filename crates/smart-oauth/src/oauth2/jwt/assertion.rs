//! `private_key_jwt`: an app proves who it is by a signature ([SMART,
//! asymmetric](https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html)).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Map, Value, json};

use super::jwks::MIN_RSA_BITS;
use super::{choose_provider, der};
use crate::oauth2::answer::text as member;
use crate::oauth2::client::Client;
use crate::oauth2::credentials::ClientAssertion;
use crate::oauth2::error::AssertionError;
use crate::oauth2::url::ServerUrl;
use crate::time::Timestamp;

/// An app's private key, under the name that its public half is published by. `Debug` shows no part
/// of it.
///
/// Making a signature draws on aws-lc's own generator, the one place of this crate where randomness
/// is not an argument.
#[derive(Clone)]
pub struct AssertionKey {
    key_id: String,
    algorithm: Algorithm,
    key: EncodingKey,
    key_set: Option<ServerUrl>,
}

impl AssertionKey {
    /// How long an assertion is good for, in seconds. SMART allows 300; the rest is for clocks that
    /// differ.
    pub const LIFETIME_SECONDS: u64 = 240;

    /// An RSA key, for `RS384`, as PEM (PKCS #8 or PKCS #1).
    ///
    /// # Errors
    ///
    /// If the text is not an RSA key of at least 2048 bits.
    pub fn rs384(key_id: impl Into<String>, pem: &str) -> Result<Self, AssertionError> {
        Self::new(key_id.into(), Algorithm::RS384, rsa_pem(pem)?)
    }

    /// A key on the curve P-384, for `ES384`, as PEM (PKCS #8 or SEC 1).
    ///
    /// # Errors
    ///
    /// If the text is not such a key.
    pub fn es384(key_id: impl Into<String>, pem: &str) -> Result<Self, AssertionError> {
        Self::new(key_id.into(), Algorithm::ES384, ec_pem(pem)?)
    }

    /// An RSA key, for `RS256`: for servers older than SMART 2.0, which asks for `RS384` or
    /// `ES384`.
    ///
    /// # Errors
    ///
    /// As [`rs384`](Self::rs384).
    pub fn rs256(key_id: impl Into<String>, pem: &str) -> Result<Self, AssertionError> {
        Self::new(key_id.into(), Algorithm::RS256, rsa_pem(pem)?)
    }

    /// A key on the curve P-256, for `ES256`: for servers that do not follow SMART, which asks for
    /// `RS384` or `ES384`.
    ///
    /// # Errors
    ///
    /// If the text is not such a key.
    pub fn es256(key_id: impl Into<String>, pem: &str) -> Result<Self, AssertionError> {
        Self::new(key_id.into(), Algorithm::ES256, ec_pem(pem)?)
    }

    /// A private key of any kind that can sign: PEM, a JSON Web Key, or a set of them, from which
    /// the id chooses.
    ///
    /// An RSA key signs by `RS384`, a key on P-384 by `ES384`, one on P-256 by `ES256`; the `alg`
    /// of a JSON Web Key may say `RS256`. The id is the given one, that of the JSON Web Key, or the
    /// thumbprint of the key ([RFC 7638](https://www.rfc-editor.org/rfc/rfc7638)).
    ///
    /// # Errors
    ///
    /// If the text is none of these, or a set contains no private key, or several, with that id.
    pub fn read(text: &str, key_id: Option<&str>) -> Result<Self, AssertionError> {
        if !text.trim_start().starts_with('{') {
            return Self::of_any_kind(key_id, None, &rsa_pem(text).or_else(|_| ec_pem(text))?);
        }
        let jwk: Map<String, Value> =
            serde_json::from_str(text).map_err(|_| AssertionError::BadKey)?;
        let Some(keys) = jwk.get("keys").and_then(Value::as_array) else {
            return Self::from_jwk(&jwk, key_id);
        };
        let is_meant = |jwk: &&Map<String, Value>| {
            jwk.contains_key("d") && key_id.is_none_or(|id| member(jwk, "kid") == Some(id))
        };
        let mut meant = keys.iter().filter_map(Value::as_object).filter(is_meant);
        match (meant.next(), meant.next()) {
            (Some(jwk), None) => Self::from_jwk(jwk, key_id),
            (None, _) if key_id.is_some() => Err(AssertionError::UnknownKeyId {
                key_id: key_id.unwrap_or_default().to_owned(),
            }),
            _ => Err(AssertionError::BadKey),
        }
    }

    fn from_jwk(jwk: &Map<String, Value>, key_id: Option<&str>) -> Result<Self, AssertionError> {
        let key = match member(jwk, "kty") {
            Some("RSA") => der::rsa(jwk).map(|der| EncodingKey::from_rsa_der(&der)),
            Some("EC") => der::ec(jwk).map(|der| EncodingKey::from_ec_der(&der)),
            _ => None,
        };
        let key_id = key_id.or_else(|| member(jwk, "kid"));
        let key = key.ok_or(AssertionError::BadKey)?;
        Self::of_any_kind(key_id, member(jwk, "alg"), &key)
    }

    /// The key with the first algorithm that it can be used with, or with the one that it is made
    /// for.
    fn of_any_kind(
        key_id: Option<&str>,
        made_for: Option<&str>,
        key: &EncodingKey,
    ) -> Result<Self, AssertionError> {
        let fits = |(name, _): &(&str, Algorithm)| made_for.is_none_or(|wanted| wanted == *name);
        let made = |(_, algorithm)| {
            let key = Self::new(String::new(), algorithm, key.clone()).ok()?;
            let thumbprint = || key.public().ok()?.thumbprint(ThumbprintHash::SHA256).ok();
            let key_id = key_id.map(str::to_owned).or_else(thumbprint)?;
            Some(Self { key_id, ..key })
        };
        let mut all = ALGORITHMS.into_iter().filter(fits).filter_map(made);
        all.next().ok_or(AssertionError::BadKey)
    }

    /// Says in each statement where the app's key set is (`jku`). Servers compare it with the
    /// registered address ([SMART,
    /// asymmetric](https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html#authenticating-to-the-token-endpoint)).
    #[must_use]
    pub fn with_key_set(self, jwks_uri: ServerUrl) -> Self {
        Self {
            key_set: Some(jwks_uri),
            ..self
        }
    }

    /// The name that the public half is published by.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The algorithm, such as `ES384`.
    pub fn algorithm(&self) -> &'static str {
        let mut known = ALGORITHMS.into_iter();
        let known = known.find(|(_, algorithm)| *algorithm == self.algorithm);
        known.map_or("", |(name, _)| name)
    }

    fn new(key_id: String, algorithm: Algorithm, key: EncodingKey) -> Result<Self, AssertionError> {
        let key = Self {
            key_id,
            algorithm,
            key,
            key_set: None,
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

    /// Signs a statement by this client for its server's token endpoint, good from now on for [four
    /// minutes](Self::LIFETIME_SECONDS) and for one request. The bytes make it unique: take them
    /// from the operating system's generator, fresh every time.
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
        header.jku = self.key_set.as_ref().map(|url| url.as_str().to_owned());
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

/// The algorithms that statements are signed by, those of SMART first.
const ALGORITHMS: [(&str, Algorithm); 4] = [
    ("RS384", Algorithm::RS384),
    ("ES384", Algorithm::ES384),
    ("RS256", Algorithm::RS256),
    ("ES256", Algorithm::ES256),
];

fn rsa_pem(pem: &str) -> Result<EncodingKey, AssertionError> {
    EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(|_| AssertionError::BadKey)
}

fn ec_pem(pem: &str) -> Result<EncodingKey, AssertionError> {
    // what `openssl ecparam -genkey` writes
    if let Some(key) = der::sec1(pem) {
        return Ok(EncodingKey::from_ec_der(&key));
    }
    EncodingKey::from_ec_pem(pem.as_bytes()).map_err(|_| AssertionError::BadKey)
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
    const P384_SEC1: &str = include_str!("../../../tests/keys/p384_sec1.pem");

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
            (AssertionKey::rs256("k1", RSA).unwrap(), "RS256"),
            (
                AssertionKey::es256("k1", include_str!("../../../tests/keys/p256.pem")).unwrap(),
                "ES256",
            ),
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
    fn debug_names_the_key_and_does_not_show_it() {
        let key = AssertionKey::es384("k1", P384).unwrap();
        let expected = r#"AssertionKey { key_id: "k1", algorithm: ES384, .. }"#;
        assert_eq!(format!("{key:?}"), expected);
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
    fn keys_are_read_whatever_they_are() {
        let p256 = include_str!("../../../tests/keys/p256.pem");
        for (pem, algorithm, older) in [
            (RSA, "RS384", Some("RS256")),
            (P384, "ES384", None),
            (P384_SEC1, "ES384", None),
            (p256, "ES256", None),
        ] {
            let key = AssertionKey::read(pem, None).unwrap();
            assert_eq!(key.algorithm(), algorithm);
            assert_eq!(key.key_id().len(), 43, "a thumbprint");
            let named = AssertionKey::read(pem, Some("k1")).unwrap();
            assert_eq!(named.public_jwk().unwrap()["kid"], "k1");
            // the same key as a private JSON Web Key
            let mut jwk = private_jwk(&key);
            let same = AssertionKey::read(&jwk.to_string(), None).unwrap();
            assert_eq!(same.public_jwk().unwrap(), key.public_jwk().unwrap());
            let assertion = same.assert(&client(), [7; 32], testing::NOW).unwrap();
            assert!(is_signed_by(assertion.expose(), &key), "{algorithm}");
            jwk["kid"] = "its own".into();
            let same = AssertionKey::read(&jwk.to_string(), None).unwrap();
            assert_eq!(same.key_id(), "its own");
            if let Some(older) = older {
                jwk["alg"] = older.into();
                let same = AssertionKey::read(&jwk.to_string(), None).unwrap();
                assert_eq!(same.algorithm(), older);
            }
            // one key of a set
            let set = json!({"keys": [key.public_jwk().unwrap(), jwk]}).to_string();
            assert!(AssertionKey::read(&set, None).is_ok());
            assert!(AssertionKey::read(&set, Some("its own")).is_ok());
            assert!(matches!(
                AssertionKey::read(&set, Some("another")),
                Err(AssertionError::UnknownKeyId { .. })
            ));
            // half a key, and a key for something else
            jwk["alg"] = "HS256".into();
            assert!(AssertionKey::read(&jwk.to_string(), None).is_err());
            let public = key.public_jwk().unwrap().to_string();
            assert!(AssertionKey::read(&public, None).is_err());
        }
        for bad in [
            "",
            "{}",
            "{",
            "[]",
            r#"{"keys": []}"#,
            r#"{"kty": "oct", "k": "c2VjcmV0", "d": "x"}"#,
        ] {
            assert_eq!(
                AssertionKey::read(bad, None).unwrap_err(),
                AssertionError::BadKey
            );
        }
    }

    /// The private half of a test key as a JSON Web Key, taken apart by hand.
    fn private_jwk(key: &AssertionKey) -> Value {
        let mut jwk = key.public_jwk().unwrap();
        let bytes = key.key.as_bytes();
        for name in ["kid", "alg", "use", "key_ops"] {
            jwk.as_object_mut().unwrap().remove(name);
        }
        match jwk["kty"].as_str() {
            Some("RSA") => {
                let numbers = integers(bytes);
                for (name, number) in ["d", "p", "q", "dp", "dq", "qi"].iter().zip(&numbers[3..]) {
                    jwk[*name] = URL_SAFE_NO_PAD.encode(number).into();
                }
            }
            _ => {
                let size = if jwk["crv"] == "P-256" { 32 } else { 48 };
                let octets = [4, size];
                let at = bytes.windows(2).position(|pair| pair == octets).unwrap() + 2;
                jwk["d"] = URL_SAFE_NO_PAD
                    .encode(&bytes[at..at + usize::from(size)])
                    .into();
            }
        }
        jwk
    }

    /// The numbers of a PKCS #1 key.
    fn integers(der: &[u8]) -> Vec<&[u8]> {
        let mut rest = &der[4..];
        let mut numbers = Vec::new();
        while let [2, length, ..] = *rest {
            let (start, length) = match length {
                0x81 => (3, usize::from(rest[2])),
                0x82 => (4, usize::from(rest[2]) << 8 | usize::from(rest[3])),
                short => (2, usize::from(short)),
            };
            numbers.push(&rest[start..start + length]);
            rest = &rest[start + length..];
        }
        numbers
    }

    #[test]
    fn statements_say_where_the_key_set_is_if_asked() {
        let address = testing::url("https://app.example/jwks.json");
        let key = AssertionKey::es384("k", P384).unwrap();
        let plain = key.assert(&client(), [1; 32], testing::NOW).unwrap();
        assert_eq!(part(plain.expose(), 0).get("jku"), None);
        let key = key.with_key_set(address);
        let assertion = key.assert(&client(), [1; 32], testing::NOW).unwrap();
        assert_eq!(
            part(assertion.expose(), 0)["jku"],
            "https://app.example/jwks.json"
        );
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
