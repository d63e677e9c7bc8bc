//! A server's public keys ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517)).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Response, StatusCode};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Map, Value};

use crate::oauth2::answer::{Body, Unreadable, read, text, texts};
use crate::oauth2::error::JwksError;

/// The longest key set that is read, in bytes.
const MAX_SET_BYTES: usize = 256 * 1024;
/// The most keys that are kept.
const MAX_KEYS: usize = 64;
/// The shortest RSA modulus that is trusted.
pub(super) const MIN_RSA_BITS: usize = 2048;

/// A server's keys, those of them that can verify an id token. Keys of unknown kinds, for
/// encryption, or too small are passed over.
#[derive(Clone, Debug)]
pub struct Jwks(Vec<Key>);

#[derive(Clone)]
pub(super) struct Key {
    id: Option<String>,
    algorithm: Option<String>,
    kind: Kind,
    pub(super) public: DecodingKey,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    P256,
    P384,
    Rsa,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Key({:?}, {:?})", self.id, self.kind)
    }
}

impl Jwks {
    /// Takes the answer of [`Server::jwks`](crate::oauth2::Server::jwks).
    ///
    /// # Errors
    ///
    /// When the answer is no key set.
    pub fn receive<B: AsRef<[u8]>>(response: &Response<B>) -> Result<Self, JwksError> {
        let body = read(response, MAX_SET_BYTES).ok_or(JwksError::TooLong {
            limit: MAX_SET_BYTES,
        })?;
        match body {
            Body::Object(set) if response.status() == StatusCode::OK => {
                let keys = set.get("keys").and_then(Value::as_array);
                keys.map(|keys| Self::read(keys))
                    .ok_or_else(|| JwksError::Unreadable(Unreadable::new(response)))
            }
            _ => Err(JwksError::Unreadable(Unreadable::new(response))),
        }
    }

    /// How many keys can be used.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no key can be used.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn read(keys: &[Value]) -> Self {
        let keys = keys.iter().filter_map(Value::as_object);
        Self(keys.filter_map(Key::read).take(MAX_KEYS).collect())
    }

    /// The one key of that name that is made for this algorithm; without a name, the one key that
    /// is.
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&Key> {
        let mut fitting = self
            .0
            .iter()
            .filter(|key| (id.is_none() || key.id.as_deref() == id) && key.fits(algorithm));
        let first = fitting.next()?;
        fitting.next().is_none().then_some(first)
    }
}

impl Key {
    fn read(members: &Map<String, Value>) -> Option<Self> {
        if text(members, "use").is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let operations = texts(members, "key_ops");
        if !operations.is_empty() && !operations.iter().any(|known| known == "verify") {
            return None;
        }
        let (kind, public) = match (text(members, "kty")?, text(members, "crv")) {
            ("RSA", _) => (Kind::Rsa, rsa(text(members, "n")?, text(members, "e")?)?),
            ("EC", Some("P-256")) => (Kind::P256, point(members, 32)?),
            ("EC", Some("P-384")) => (Kind::P384, point(members, 48)?),
            _ => return None,
        };
        Some(Self {
            id: text(members, "kid").map(str::to_owned),
            algorithm: text(members, "alg").map(str::to_owned),
            kind,
            public,
        })
    }

    fn fits(&self, algorithm: Algorithm) -> bool {
        let (kind, name) = match algorithm {
            Algorithm::RS256 => (Kind::Rsa, "RS256"),
            Algorithm::RS384 => (Kind::Rsa, "RS384"),
            Algorithm::RS512 => (Kind::Rsa, "RS512"),
            Algorithm::PS256 => (Kind::Rsa, "PS256"),
            Algorithm::PS384 => (Kind::Rsa, "PS384"),
            Algorithm::PS512 => (Kind::Rsa, "PS512"),
            Algorithm::ES256 => (Kind::P256, "ES256"),
            Algorithm::ES384 => (Kind::P384, "ES384"),
            _ => return false,
        };
        self.kind == kind && self.algorithm.as_deref().is_none_or(|known| known == name)
    }
}

fn rsa(modulus: &str, exponent: &str) -> Option<DecodingKey> {
    let bytes = URL_SAFE_NO_PAD.decode(modulus).ok()?;
    let leading = bytes.iter().take_while(|byte| **byte == 0).count();
    if (bytes.len() - leading) * 8 < MIN_RSA_BITS {
        return None;
    }
    DecodingKey::from_rsa_components(modulus, exponent).ok()
}

fn point(members: &Map<String, Value>, bytes: usize) -> Option<DecodingKey> {
    let (x, y) = (text(members, "x")?, text(members, "y")?);
    let fits = |text| {
        URL_SAFE_NO_PAD
            .decode(text)
            .is_ok_and(|decoded| decoded.len() == bytes)
    };
    if !fits(x) || !fits(y) {
        return None;
    }
    DecodingKey::from_ec_components(x, y).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn receive(status: u16, body: &str) -> Result<Jwks, JwksError> {
        Jwks::receive(
            &Response::builder()
                .status(status)
                .body(body.to_owned())
                .unwrap(),
        )
    }

    #[test]
    fn only_keys_that_can_verify_are_kept() {
        let n = URL_SAFE_NO_PAD.encode([0xff; 256]);
        let small = URL_SAFE_NO_PAD.encode([0xff; 128]);
        let padded = URL_SAFE_NO_PAD.encode([[0; 128], [0xff; 128]].concat());
        let x = URL_SAFE_NO_PAD.encode([1; 48]);
        let short = URL_SAFE_NO_PAD.encode([1; 32]);
        let set = json!({"keys": [
            {"kid": "plain", "kty": "RSA", "n": n, "e": "AQAB"},
            {"kid": "verifies", "kty": "RSA", "n": n, "e": "AQAB", "use": "sig", "key_ops": ["verify"]},
            {"kid": "curve", "kty": "EC", "crv": "P-384", "x": x, "y": x},
            // the rest cannot be used
            {"kty": "EC", "crv": "P-384", "x": x, "y": short}, {"kty": "EC", "crv": "P-384", "x": short, "y": x},
            {"kty": "RSA", "n": n, "e": "AQAB", "use": "enc"},
            {"kty": "RSA", "n": n, "e": "AQAB", "key_ops": ["encrypt"]},
            {"kty": "RSA", "n": small, "e": "AQAB"}, {"kty": "RSA", "n": padded, "e": "AQAB"}, {"kty": "RSA", "n": "!", "e": "AQAB"},
            {"kty": "RSA", "n": n}, {"kty": "oct", "k": "c2VjcmV0"}, {"kty": "EC", "crv": "P-256", "x": x, "y": x},
            {"kty": "EC", "crv": "secp256k1", "x": x, "y": x}, {"kty": 5}, {}, null, "x",
        ]});
        let set = receive(200, &set.to_string()).unwrap();
        let names = set.0.iter().filter_map(|key| key.id.as_deref());
        assert_eq!(Vec::from_iter(names), ["plain", "verifies", "curve"]);
        assert!(set.len() == 3 && !set.is_empty());
        let expected =
            r#"[Key(Some("plain"), Rsa), Key(Some("verifies"), Rsa), Key(Some("curve"), P384)]"#;
        assert_eq!(format!("{set:?}"), format!("Jwks({expected})"));
    }

    #[test]
    fn sets_are_bounded() {
        let key = json!({"kty": "EC", "crv": "P-384", "x": URL_SAFE_NO_PAD.encode([1; 48]), "y": URL_SAFE_NO_PAD.encode([1; 48])});
        let set = json!({"keys": vec![key; 500]});
        assert_eq!(receive(200, &set.to_string()).unwrap().len(), MAX_KEYS);
        assert!(matches!(
            receive(200, &" ".repeat(300_000)),
            Err(JwksError::TooLong { .. })
        ));
    }

    #[test]
    fn other_answers_are_no_sets() {
        for (status, body) in [
            (200, "<html>"),
            (200, "{}"),
            (200, r#"{"keys": {}}"#),
            (404, r#"{"keys": []}"#),
            (302, ""),
        ] {
            assert!(
                matches!(receive(status, body), Err(JwksError::Unreadable(_))),
                "{status} {body}"
            );
        }
        assert!(receive(200, r#"{"keys": []}"#).unwrap().is_empty());
    }
}
