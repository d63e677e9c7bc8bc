//! One honest token of each kind, and what forgers and broken servers send.

use http::Response;
use jsonwebtoken::EncodingKey;
use jsonwebtoken::jwk::Jwk;
use serde_json::json;

use super::*;
use crate::oauth2::Server;
use crate::oauth2::credentials::IdNonce;
use crate::oauth2::testing::{NOW, server};

const RSA: &str = include_str!("../../../../tests/keys/rsa.pem");
const OTHER_RSA: &str = include_str!("../../../../tests/keys/rsa_other.pem");
const P256: &str = include_str!("../../../../tests/keys/p256.pem");
const P384: &str = include_str!("../../../../tests/keys/p384.pem");

fn rsa(pem: &str) -> EncodingKey {
    EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap()
}

fn ec(pem: &str) -> EncodingKey {
    EncodingKey::from_ec_pem(pem.as_bytes()).unwrap()
}

/// The public half, under a name and perhaps bound to its algorithm.
fn jwk(key: &EncodingKey, algorithm: Algorithm, id: &str, bound: bool) -> Value {
    choose_provider();
    let mut jwk = serde_json::to_value(Jwk::from_encoding_key(key, algorithm).unwrap()).unwrap();
    jwk["kid"] = id.into();
    if !bound {
        jwk.as_object_mut().unwrap().remove("alg");
    }
    jwk
}

/// The server's keys: one bound to RS256, one RSA key for anything, one for each curve.
fn keys() -> Jwks {
    set(&[
        jwk(&rsa(RSA), Algorithm::RS256, "bound", true),
        jwk(&rsa(RSA), Algorithm::RS256, "free", false),
        jwk(&ec(P256), Algorithm::ES256, "p256", true),
        jwk(&ec(P384), Algorithm::ES384, "p384", true),
    ])
}

fn set(keys: &[Value]) -> Jwks {
    Jwks::receive(&Response::new(json!({"keys": keys}).to_string())).unwrap()
}

fn client() -> Client {
    let issuer = Some("https://ehr.example".to_owned());
    Client::new("app", Server { issuer, ..server() })
}

fn header() -> Value {
    json!({"alg": "RS256", "typ": "JWT", "kid": "bound"})
}

fn claims() -> Value {
    let now = NOW.as_unix_seconds();
    json!({"iss": "https://ehr.example", "sub": "u1", "aud": "app", "exp": now + 300, "iat": now - 5, "nonce": "n0nce",
           "fhirUser": "https://ehr.example/fhir/Practitioner/9"})
}

fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn unsigned(header: &Value, claims: &Value) -> String {
    format!(
        "{}.{}",
        base64(header.to_string().as_bytes()),
        base64(claims.to_string().as_bytes())
    )
}

fn signed(header: &Value, claims: &Value, key: &EncodingKey, algorithm: Algorithm) -> String {
    choose_provider();
    let message = unsigned(header, claims);
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}

/// Signed by the server's own key, so that nothing but the change is wrong.
fn with_claims(changes: &Value) -> String {
    signed(
        &header(),
        &changed(claims(), changes),
        &rsa(RSA),
        Algorithm::RS256,
    )
}

fn with_header(changes: &Value) -> String {
    signed(
        &changed(header(), changes),
        &claims(),
        &rsa(RSA),
        Algorithm::RS256,
    )
}

/// Sets members; `null` removes them, and the text `"null"` stands for a JSON null.
fn changed(mut object: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(object.as_object_mut().unwrap().remove(name)),
            Value::String(text) if text == "null" => object[name] = Value::Null,
            value => object[name] = value.clone(),
        }
    }
    object
}

fn validate(token: &str) -> Result<IdClaims, IdTokenError> {
    IdToken::new(token, Some(IdNonce::new("n0nce"))).validate(&keys(), &client(), NOW)
}

#[test]
fn honest_tokens_are_believed() {
    let token = |algorithm: Algorithm, id: &str, key| {
        let header = json!({"alg": format!("{algorithm:?}"), "kid": id});
        signed(&header, &claims(), key, algorithm)
    };
    let (rsa, p256, p384) = (rsa(RSA), ec(P256), ec(P384));
    for token in [
        token(Algorithm::RS256, "bound", &rsa),
        token(Algorithm::RS256, "free", &rsa),
        token(Algorithm::RS384, "free", &rsa),
        token(Algorithm::RS512, "free", &rsa),
        token(Algorithm::PS256, "free", &rsa),
        token(Algorithm::PS384, "free", &rsa),
        token(Algorithm::PS512, "free", &rsa),
        token(Algorithm::ES256, "p256", &p256),
        token(Algorithm::ES384, "p384", &p384),
    ] {
        let claims = validate(&token).unwrap();
        assert_eq!(
            (&*claims.issuer, &*claims.subject),
            ("https://ehr.example", "u1")
        );
        assert_eq!(claims.fhir_user.unwrap().resource_type, "Practitioner");
    }
    // without a name, where only one key can be meant
    let nameless = signed(&json!({"alg": "ES384"}), &claims(), &p384, Algorithm::ES384);
    assert!(validate(&nameless).is_ok());
}

#[test]
fn what_servers_may_do_is_borne() {
    let now = NOW.as_unix_seconds();
    for changes in [
        json!({"aud": ["app"]}),
        json!({"aud": ["app", "other"], "azp": "app"}),
        json!({"azp": "app"}),
        json!({"exp": now - 30, "iat": now - 300}),
        json!({"iat": now + 30, "nbf": now + 30}),
        // the last second that the leeway covers, at each end
        json!({"iat": now + 60, "nbf": now + 60}),
        json!({"exp": now - 59, "iat": now - 300}),
        json!({"exp": now, "iat": now}),
        json!({"iat": now - 86_459}),
        json!({"sub": "u".repeat(255)}),
        json!({"exp": (now + 300) as f64 + 0.5}),
        json!({"fhirUser": "javascript:alert(1)"}),
        json!({"fhirUser": 5}),
        json!({"vendor": {"deep": [1]}}),
    ] {
        assert!(validate(&with_claims(&changes)).is_ok(), "{changes}");
    }
    assert!(validate(&with_header(&json!({"typ": "jwt"}))).is_ok());
    // what a token says about where its key is does not count, one way or the other
    assert!(
        validate(&with_header(
            &json!({"jku": "https://evil.example/jwks.json"})
        ))
        .is_ok()
    );
    // no nonce was sent, as for a token of a refresh
    let token = IdToken::new(with_claims(&json!({"nonce": null})), None);
    assert!(token.validate(&keys(), &client(), NOW).is_ok());
}

/// Every forgery by name, with the error that it meets.
fn forgeries() -> Vec<(&'static str, String, IdTokenError)> {
    use IdTokenError::{
        BadSignature, BadSubject, BadTime, Expired, ForeignAudience, ForeignIssuer, Malformed,
        UnknownKey, UnsupportedAlgorithm, WrongNonce,
    };
    let now = NOW.as_unix_seconds();
    let good = with_claims(&json!({}));
    let (message, signature) = good.rsplit_once('.').unwrap();
    let by =
        |header: Value, key: &EncodingKey, algorithm| signed(&header, &claims(), key, algorithm);
    let evil_jwk = jwk(&rsa(OTHER_RSA), Algorithm::RS256, "bound", true);
    let public_pem = jwk(&rsa(RSA), Algorithm::RS256, "bound", true)["n"]
        .as_str()
        .unwrap()
        .to_owned();
    let hmac = EncodingKey::from_secret(public_pem.as_bytes());
    let p384_signature = by(
        json!({"alg": "ES384", "kid": "p384"}),
        &ec(P384),
        Algorithm::ES384,
    );
    let p384_message = p384_signature.rsplit_once('.').unwrap().0.to_owned();
    let with_signature = |signature: &str| format!("{message}.{signature}");
    let claims_as = |text: &str| {
        let message = format!(
            "{}.{}",
            base64(header().to_string().as_bytes()),
            base64(text.as_bytes())
        );
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), &rsa(RSA), Algorithm::RS256).unwrap();
        format!("{message}.{signature}")
    };
    let claim = |changes: Value| with_claims(&changes);
    vec![
        // algorithms that prove nothing
        (
            "alg none, no signature",
            format!("{}.", unsigned(&json!({"alg": "none"}), &claims())),
            UnsupportedAlgorithm,
        ),
        (
            "alg None",
            format!("{}.", unsigned(&json!({"alg": "None"}), &claims())),
            UnsupportedAlgorithm,
        ),
        (
            "alg NONE with the good signature",
            format!(
                "{}.{signature}",
                unsigned(&json!({"alg": "NONE"}), &claims())
            ),
            UnsupportedAlgorithm,
        ),
        (
            "HS256 keyed by the public key",
            by(
                json!({"alg": "HS256", "kid": "bound"}),
                &hmac,
                Algorithm::HS256,
            ),
            UnsupportedAlgorithm,
        ),
        (
            "HS384 keyed by the public key",
            by(
                json!({"alg": "HS384", "kid": "bound"}),
                &hmac,
                Algorithm::HS384,
            ),
            UnsupportedAlgorithm,
        ),
        (
            "HS512 keyed by nothing",
            by(
                json!({"alg": "HS512"}),
                &EncodingKey::from_secret(b""),
                Algorithm::HS512,
            ),
            UnsupportedAlgorithm,
        ),
        (
            "PS256 with the key of RS256",
            by(
                json!({"alg": "PS256", "kid": "bound"}),
                &rsa(RSA),
                Algorithm::PS256,
            ),
            UnknownKey,
        ),
        (
            "a signature by RS256 under the name of PS256",
            by(
                json!({"alg": "PS256", "kid": "free"}),
                &rsa(RSA),
                Algorithm::RS256,
            ),
            BadSignature,
        ),
        (
            "an alg in lower case",
            with_header(&json!({"alg": "rs256"})),
            UnsupportedAlgorithm,
        ),
        (
            "EdDSA",
            with_header(&json!({"alg": "EdDSA"})),
            UnsupportedAlgorithm,
        ),
        ("no alg", with_header(&json!({"alg": null})), Malformed),
        (
            "alg as a number",
            with_header(&json!({"alg": 256})),
            Malformed,
        ),
        (
            "alg as a list",
            with_header(&json!({"alg": ["RS256"]})),
            Malformed,
        ),
        // keys
        (
            "another key under the known name",
            by(header(), &rsa(OTHER_RSA), Algorithm::RS256),
            BadSignature,
        ),
        (
            "another key brought along",
            by(
                json!({"alg": "RS256", "kid": "bound", "jwk": evil_jwk}),
                &rsa(OTHER_RSA),
                Algorithm::RS256,
            ),
            BadSignature,
        ),
        (
            "another key by jku",
            by(
                json!({"alg": "RS256", "kid": "bound", "jku": "https://evil.example"}),
                &rsa(OTHER_RSA),
                Algorithm::RS256,
            ),
            BadSignature,
        ),
        (
            "another key by x5u",
            by(
                json!({"alg": "RS256", "kid": "bound", "x5u": "https://evil.example"}),
                &rsa(OTHER_RSA),
                Algorithm::RS256,
            ),
            BadSignature,
        ),
        (
            "an unknown kid",
            with_header(&json!({"kid": "gone"})),
            UnknownKey,
        ),
        ("an empty kid", with_header(&json!({"kid": ""})), UnknownKey),
        (
            "a kid that is a path",
            with_header(&json!({"kid": "../../bound"})),
            UnknownKey,
        ),
        (
            "a kid that is a number",
            with_header(&json!({"kid": 1})),
            Malformed,
        ),
        (
            "no kid where two keys fit",
            with_header(&json!({"kid": null})),
            UnknownKey,
        ),
        (
            "a key of another kind",
            with_header(&json!({"kid": "p256"})),
            UnknownKey,
        ),
        (
            "a key bound to another algorithm",
            by(
                json!({"alg": "RS384", "kid": "bound"}),
                &rsa(RSA),
                Algorithm::RS384,
            ),
            UnknownKey,
        ),
        (
            "ES256 with the key of ES384",
            with_header(&json!({"alg": "ES256", "kid": "p384"})),
            UnknownKey,
        ),
        (
            "the algorithm of another size",
            by(
                json!({"alg": "RS512", "kid": "free"}),
                &rsa(RSA),
                Algorithm::RS256,
            ),
            BadSignature,
        ),
        // signatures
        ("no signature", with_signature(""), BadSignature),
        (
            "a cut signature",
            with_signature(&signature[..signature.len() - 4]),
            BadSignature,
        ),
        (
            "a signature of zeros",
            with_signature(&base64(&[0; 256])),
            BadSignature,
        ),
        (
            "a signature that is no base64",
            with_signature("!!!"),
            BadSignature,
        ),
        (
            "a padded signature",
            with_signature(&format!("{signature}==")),
            BadSignature,
        ),
        (
            "the signature of another token",
            with_signature(
                with_claims(&json!({"sub": "u2"}))
                    .rsplit_once('.')
                    .unwrap()
                    .1,
            ),
            BadSignature,
        ),
        (
            "an elliptic signature of zeros",
            format!("{p384_message}.{}", base64(&[0; 96])),
            BadSignature,
        ),
        (
            "an elliptic signature of ones",
            format!(
                "{p384_message}.{}",
                base64(&[[0; 47].as_slice(), &[1], &[0; 47], &[1]].concat())
            ),
            BadSignature,
        ),
        (
            "changed claims under the good signature",
            format!(
                "{}.{signature}",
                unsigned(&header(), &changed(claims(), &json!({"sub": "admin"})))
            ),
            BadSignature,
        ),
        (
            "a changed header under the good signature",
            format!(
                "{}.{signature}",
                unsigned(&json!({"alg": "RS256", "kid": "free"}), &claims())
            ),
            BadSignature,
        ),
        // shape
        ("nothing", String::new(), Malformed),
        ("two parts", message.to_owned(), Malformed),
        ("four parts", format!("{good}.x"), Malformed),
        ("five parts, as encrypted", format!("{good}.x.y"), Malformed),
        ("a space at the end", format!("{good} "), BadSignature),
        (
            "a header that is no json",
            format!("{}.e30.x", base64(b"RS256")),
            Malformed,
        ),
        (
            "a header that is a list",
            format!("{}.e30.x", base64(b"[]")),
            Malformed,
        ),
        (
            "a header that is no base64",
            good.replacen('e', "*", 1),
            Malformed,
        ),
        ("claims that are a list", claims_as("[]"), Malformed),
        ("claims that are no json", claims_as("sub=u1"), Malformed),
        ("claims that are another token", claims_as(&good), Malformed),
        ("crit", with_header(&json!({"crit": ["exp"]})), Malformed),
        (
            "unencoded payload",
            with_header(&json!({"b64": false, "crit": ["b64"]})),
            Malformed,
        ),
        ("enc", with_header(&json!({"enc": "A128GCM"})), Malformed),
        ("zip", with_header(&json!({"zip": "DEF"})), Malformed),
        (
            "an access token",
            with_header(&json!({"typ": "at+jwt"})),
            Malformed,
        ),
        (
            "a logout token",
            with_header(&json!({"typ": "logout+jwt"})),
            Malformed,
        ),
        (
            "typ as a number",
            with_header(&json!({"typ": 1})),
            Malformed,
        ),
        // the server
        ("no iss", claim(json!({"iss": null})), ForeignIssuer),
        (
            "another iss",
            claim(json!({"iss": "https://evil.example"})),
            ForeignIssuer,
        ),
        (
            "iss with a slash",
            claim(json!({"iss": "https://ehr.example/"})),
            ForeignIssuer,
        ),
        (
            "iss in another case",
            claim(json!({"iss": "https://EHR.example"})),
            ForeignIssuer,
        ),
        (
            "iss over http",
            claim(json!({"iss": "http://ehr.example"})),
            ForeignIssuer,
        ),
        (
            "iss as a list",
            claim(json!({"iss": ["https://ehr.example"]})),
            ForeignIssuer,
        ),
        // the audience
        ("no aud", claim(json!({"aud": null})), ForeignAudience),
        (
            "another aud",
            claim(json!({"aud": "other"})),
            ForeignAudience,
        ),
        (
            "aud in another case",
            claim(json!({"aud": "App"})),
            ForeignAudience,
        ),
        ("an empty aud", claim(json!({"aud": []})), ForeignAudience),
        (
            "aud that only begins like us",
            claim(json!({"aud": "app2"})),
            ForeignAudience,
        ),
        (
            "aud as one text of two names",
            claim(json!({"aud": "app other"})),
            ForeignAudience,
        ),
        (
            "aud as an object",
            claim(json!({"aud": {"app": true}})),
            ForeignAudience,
        ),
        (
            "two auds and no azp",
            claim(json!({"aud": ["app", "other"]})),
            ForeignAudience,
        ),
        (
            "two auds, given to the other",
            claim(json!({"aud": ["app", "other"], "azp": "other"})),
            ForeignAudience,
        ),
        (
            "one aud, given to another",
            claim(json!({"azp": "other"})),
            ForeignAudience,
        ),
        (
            "azp is us, aud is not",
            claim(json!({"aud": "other", "azp": "app"})),
            ForeignAudience,
        ),
        ("azp null", claim(json!({"azp": "null"})), ForeignAudience),
        // times
        ("no exp", claim(json!({"exp": null})), BadTime),
        ("exp as text", claim(json!({"exp": "9999999999"})), BadTime),
        ("exp below zero", claim(json!({"exp": -1})), BadTime),
        ("exp null", claim(json!({"exp": "null"})), BadTime),
        (
            "expired",
            claim(json!({"exp": now - 60, "iat": now - 300})),
            Expired,
        ),
        (
            "expired long ago",
            claim(json!({"exp": 1_500_000_000, "iat": 1_400_000_000})),
            Expired,
        ),
        ("no iat", claim(json!({"iat": null})), BadTime),
        (
            "iat in the future",
            claim(json!({"iat": now + 61})),
            BadTime,
        ),
        (
            "iat as text",
            claim(json!({"iat": now.to_string()})),
            BadTime,
        ),
        (
            "made days ago, good for years",
            claim(json!({"iat": now - 200_000, "exp": now + 100_000_000})),
            Expired,
        ),
        (
            "made a day and the leeway ago",
            claim(json!({"iat": now - 86_460})),
            Expired,
        ),
        (
            "exp before iat",
            claim(json!({"exp": now - 30, "iat": now})),
            BadTime,
        ),
        (
            "nbf in the future",
            claim(json!({"nbf": now + 61})),
            BadTime,
        ),
        ("nbf as text", claim(json!({"nbf": "0"})), BadTime),
        // the request and the user
        ("no nonce", claim(json!({"nonce": null})), WrongNonce),
        (
            "another nonce",
            claim(json!({"nonce": "n0nce2"})),
            WrongNonce,
        ),
        ("an empty nonce", claim(json!({"nonce": ""})), WrongNonce),
        (
            "nonce as a list",
            claim(json!({"nonce": ["n0nce"]})),
            WrongNonce,
        ),
        ("no sub", claim(json!({"sub": null})), BadSubject),
        ("an empty sub", claim(json!({"sub": ""})), BadSubject),
        (
            "a sub without end",
            claim(json!({"sub": "u".repeat(256)})),
            BadSubject,
        ),
        (
            "a sub that is a number",
            claim(json!({"sub": 1})),
            BadSubject,
        ),
    ]
}

#[test]
fn an_id_token_of_another_access_token_is_refused() {
    let token = with_claims(&json!({"at_hash": "77QmUPtjPfzWtF2AnpK9RQ"}));
    let token = IdToken::new(token, Some(IdNonce::new("n0nce")));
    let validate = |access_token: &str| {
        let token = token.clone().issued_with(&access_token.into());
        token.validate(&keys(), &client(), NOW).map(drop)
    };
    assert_eq!(
        validate("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
        Ok(())
    );
    assert_eq!(validate("another"), Err(IdTokenError::ForeignAccessToken));
}

#[test]
fn a_server_without_a_name_is_found_by_the_name_in_the_token() {
    let token = IdToken::new(with_claims(&json!({})), Some(IdNonce::new("n0nce")));
    let nameless = Client::new("app", server());
    let issuer = token.claimed_issuer().unwrap();
    assert_eq!(issuer, "https://ehr.example");
    assert!(token.names_key());
    let validate = |issuer| token.validate_from(issuer, &keys(), &nameless, NOW);
    assert!(validate(&issuer).is_ok());
    // letter by letter: a slash makes another issuer
    let slash = validate("https://ehr.example/");
    assert_eq!(slash, Err(IdTokenError::ForeignIssuer));
    assert_eq!(IdToken::new("x.y.z", None).claimed_issuer(), None);
}

#[test]
fn forged_tokens_are_refused() {
    assert!(
        validate(&with_claims(&json!({}))).is_ok(),
        "the forgeries differ from a token that is believed"
    );
    let forgeries = forgeries();
    assert!(forgeries.len() >= 60, "{}", forgeries.len());
    for (name, token, error) in forgeries {
        assert_eq!(validate(&token), Err(error), "{name}");
    }
    let limit = 32_768;
    for (length, error) in [
        (limit, IdTokenError::Malformed),
        (limit + 1, IdTokenError::TooLong { limit }),
    ] {
        assert_eq!(validate(&"a".repeat(length)), Err(error), "{length}");
    }
}

#[test]
fn a_token_names_its_key_or_does_not() {
    let names_key = |token: String| IdToken::new(token, None).names_key();
    assert!(names_key(with_header(&json!({}))));
    assert!(!names_key(with_header(&json!({"kid": null}))));
    assert!(!names_key("x.y.z".to_owned()));
}

#[test]
fn nothing_is_read_from_a_token_that_is_too_long() {
    let filler = |length: usize| {
        let token = with_claims(&json!({}));
        let filler = "x".repeat(length - token.len());
        IdToken::new(format!("{token}{filler}"), None)
    };
    let (longest, too_long) = (filler(32_768), filler(32_769));
    assert!(longest.names_key() && !too_long.names_key());
    assert!(longest.claimed_issuer().is_some() && too_long.claimed_issuer().is_none());
}

#[test]
fn servers_without_name_or_keys_prove_nothing() {
    let token = IdToken::new(with_claims(&json!({})), Some(IdNonce::new("n0nce")));
    let nameless = Client::new("app", server());
    assert_eq!(
        token.validate(&keys(), &nameless, NOW),
        Err(IdTokenError::NoIssuer)
    );
    assert_eq!(
        token.validate(&set(&[]), &client(), NOW),
        Err(IdTokenError::UnknownKey)
    );
    // two keys of one name: nobody knows which is meant
    let twice = jwk(&rsa(RSA), Algorithm::RS256, "bound", true);
    assert_eq!(
        token.validate(&set(&[twice.clone(), twice]), &client(), NOW),
        Err(IdTokenError::UnknownKey)
    );
}

#[test]
fn fhir_users() {
    for (reference, expected) in [
        ("Practitioner/9", Some(("Practitioner", "9"))),
        (
            "https://ehr.example/fhir/Patient/smart-1288992",
            Some(("Patient", "smart-1288992")),
        ),
        (
            "https://other.example/r4/RelatedPerson/a.b",
            Some(("RelatedPerson", "a.b")),
        ),
        ("Practitioner/9/_history/2", Some(("Practitioner", "9"))),
        ("PractitionerRole/x", Some(("PractitionerRole", "x"))),
        ("Organization/9", None),
        ("9", None),
        ("Practitioner/", None),
        ("Practitioner/a?b", None),
        ("Practitioner/../Patient", None),
        ("", None),
    ] {
        let user = FhirUser::read(reference);
        assert_eq!(
            user.as_ref().map(|user| (&*user.resource_type, &*user.id)),
            expected,
            "{reference}"
        );
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,60}", header in "[\\x20-\\x7e]{0,40}") {
        let _ = validate(&text);
        let _ = validate(&format!("{}.{}.{}", base64(header.as_bytes()), base64(text.as_bytes()), base64(b"x")));
    }
}

#[test]
fn no_claim_shows_in_debug() {
    let claims = validate(&with_claims(
        &json!({"sub": "canary", "fhirUser": "Patient/canary", "name": "canary"}),
    ))
    .unwrap();
    assert_eq!(claims.get("name"), Some(&"canary".into()));
    let user = claims.fhir_user.clone().unwrap();
    let shown = format!("{claims:?} {user:?}");
    assert!(!shown.contains("canary"), "{shown}");
    assert!(shown.contains("https://ehr.example"), "{shown}");
    assert!(shown.ends_with("FhirUser(Patient)"), "{shown}");
}
