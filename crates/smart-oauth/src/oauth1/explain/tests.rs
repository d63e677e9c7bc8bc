//! The mistakes of peers.md's kind, each made by hand and recognized.

use http::Request;
use http::header::CONTENT_TYPE;

use super::*;
use crate::oauth1::credentials::{AccessToken, Consumer, Nonce, Verifier};
use crate::oauth1::request::FORM;
use crate::oauth1::sign::sign;
use crate::time::Timestamp;

fn request() -> Request<Vec<u8>> {
    Request::post("http://example.org/a%20b/?q=x%20y&a-=1&a%5B=2")
        .header(CONTENT_TYPE, FORM)
        .body(b"f=%C3%A9".to_vec())
        .unwrap()
}

fn explained(dialect: Dialect) -> Explanation {
    let consumer = Consumer::new("app", "s&cret");
    let token = AccessToken::new("token", "hush\n");
    let verifier = Verifier::new("v");
    let params = SigningParams::new(
        &consumer,
        Nonce::new("n").unwrap(),
        Timestamp::from_unix_seconds(7),
    )
    .with_access_token(&token)
    .with_verifier(&verifier)
    .with_dialect(dialect);
    let request = request();
    let view = SignableRequest::from_http(&request).unwrap();
    let explanation = explain(&view, &params).unwrap();
    if let Ok(signed) = sign(&view, &params) {
        assert_eq!(signed.base_string(), explanation.base_string());
        assert_eq!(Some(signed.signature()), explanation.signature());
    }
    explanation
}

/// The base string after a change, recognized by itself and by its signature.
fn check(change: impl Fn(&str) -> String, expected: Cause) {
    let explanation = explained(Dialect::Rfc5849);
    let theirs = change(explanation.base_string());
    assert_ne!(theirs, explanation.base_string(), "nothing was changed");
    let difference = explanation.compare_base_string(&theirs).unwrap();
    assert_eq!(difference.cause, expected, "{difference}");
    let key = SigningKey::new(
        SignatureMethod::HmacSha1,
        &"s&cret".into(),
        Some(&"hush\n".into()),
    );
    let signature = key.unwrap().signature(&theirs);
    let recognized = explanation.compare_signature(&signature);
    assert_eq!(recognized, Some(expected), "by its signature");
}

#[test]
fn everything_is_laid_out() {
    let explanation = explained(Dialect::Rfc5849);
    let shown: Vec<_> = explanation
        .parameters()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        shown,
        [
            "a%5B=2 (query)",
            "a-=1 (query)",
            "f=%C3%A9 (form)",
            "oauth_consumer_key=app (header)",
            "oauth_nonce=n (header)",
            "oauth_signature_method=HMAC-SHA1 (header)",
            "oauth_timestamp=7 (header)",
            "oauth_token=token (header)",
            "oauth_verifier=v (header)",
            "oauth_version=1.0 (header)",
            "q=x%20y (query)",
        ]
    );
    assert_eq!(
        explanation.key().to_string(),
        "consumer secret of 6 bytes, some to be encoded, token secret of 5 bytes, some to be encoded, white space at an end"
    );
    let ours = explanation.signature().unwrap();
    assert_eq!(explanation.compare_signature(ours), None);
    assert_eq!(
        explanation.compare_base_string(explanation.base_string()),
        None
    );
}

#[test]
fn common_mistakes_are_recognized() {
    check(|text| text.replace("http%3A", "https%3A"), Cause::Scheme);
    check(
        |text| text.replace("example.org", "example.org%3A80"),
        Cause::Host,
    );
    check(|text| text.replace("b%2F&", "b&"), Cause::TrailingSlash);
    check(|text| text.replace("a%2520b", "a%20b"), Cause::DecodedPath);
    check(|text| text.replace("POST", "GET"), Cause::RequestMethod);
    check(
        |text| text.replace("x%2520y", "x%252By"),
        Cause::PlusForSpace,
    );
    check(|text| text.replace("x%2520y", "x%2By"), Cause::PlusForSpace);
    check(
        |text| text.replace("f%3D%25C3%25A9%26", ""),
        Cause::FormLeftOut,
    );
    check(
        |text| text.replace("%26oauth_version%3D1.0", ""),
        Cause::Version,
    );
    check(
        |text| {
            text.replace("%25C3%25A9", "%25c3%25a9")
                .replace("a%255B", "a%255b")
        },
        Cause::LowerCaseEscapes,
    );
    check(
        |text| text.replace("a%255B%3D2%26a-%3D1%26", "a-%3D1%26a%255B%3D2%26"),
        Cause::ParameterOrder,
    );
    check(
        |text| {
            text.replace(
                "oauth_verifier%3Dv",
                "oauth_verifier%3Dv%26oauth_verifier%3Dv",
            )
        },
        Cause::DoubledParameter {
            name: "oauth_verifier".into(),
        },
    );
}

#[test]
fn other_differences_are_named() {
    let explanation = explained(Dialect::Rfc5849);
    let cause = |theirs: String| explanation.compare_base_string(&theirs).unwrap();
    let ours = explanation.base_string();
    let difference = cause(ours.replace("oauth_timestamp%3D7", "oauth_timestamp%3D8"));
    assert_eq!(
        difference.cause,
        Cause::ParameterValue {
            name: "oauth_timestamp".into()
        }
    );
    assert_eq!(
        (&*difference.ours, &*difference.theirs),
        ("oauth_timestamp=7", "oauth_timestamp=8")
    );
    assert_eq!(difference.part, Part::Parameters);
    let difference = cause(format!("{ours}%26z%3D1"));
    assert_eq!(difference.cause, Cause::ParameterAdded { name: "z".into() });
    let difference = cause(ours.replace("oauth_nonce%3Dn%26", ""));
    assert_eq!(
        difference.cause,
        Cause::ParameterMissing {
            name: "oauth_nonce".into()
        }
    );
    assert_eq!(cause(ours.replace("a%2520b", "c")).cause, Cause::Url);
    assert_eq!(cause(String::new()).part, Part::Method);
}

#[test]
fn wrong_keys_are_recognized() {
    let explanation = explained(Dialect::Rfc5849);
    let signature = |method, key: &str| {
        let key = SigningKey::from_bytes(method, Zeroizing::new(key.as_bytes().to_vec()));
        key.unwrap().signature(explanation.base_string())
    };
    for (key, cause) in [
        ("s%26cret&", Cause::TokenSecretMissing),
        ("s&cret&hush\n", Cause::SecretsNotEncoded),
        ("s&cret", Cause::KeyWithoutAmpersand),
        ("another&key", Cause::Unknown),
    ] {
        let signature = signature(SignatureMethod::HmacSha1, key);
        assert_eq!(
            explanation.compare_signature(&signature),
            Some(cause),
            "{key}"
        );
    }
    let other = signature(SignatureMethod::HmacSha256, "s%26cret&hush%0A");
    assert_eq!(
        explanation.compare_signature(&other),
        Some(Cause::SignatureMethod)
    );
    let encoded = percent_encode(explanation.signature().unwrap());
    assert_eq!(
        explanation.compare_signature(&encoded),
        Some(Cause::SignatureEncoding)
    );
}

#[test]
fn received_request_is_laid_out_the_same_way() {
    let request = request();
    let view = SignableRequest::from_http(&request).unwrap();
    let consumer = Consumer::new("app", "secret");
    let params = SigningParams::new(
        &consumer,
        Nonce::new("n").unwrap(),
        Timestamp::from_unix_seconds(7),
    )
    .with_dialect(Dialect::Rfc5849);
    let signed = sign(&view, &params).unwrap();
    let header = AuthorizationHeader::parse(signed.authorization().to_str().unwrap()).unwrap();
    let explained =
        |dialect| explain_received(&view, &header, consumer.secret(), None, dialect).unwrap();
    assert_eq!(
        explained(Dialect::Rfc5849).base_string(),
        signed.base_string()
    );
    assert_eq!(
        explained(Dialect::Rfc5849).compare_signature(signed.signature()),
        None
    );
    // a container that reads it its own way finds out what the client did
    assert!(
        explained(Dialect::Container)
            .compare_signature(signed.signature())
            .is_some()
    );
    let unknown = AuthorizationHeader::parse("OAuth oauth_signature_method=MD5").unwrap();
    assert!(matches!(
        explain_received(&view, &unknown, consumer.secret(), None, Dialect::Rfc5849),
        Err(VerifyError::UnsupportedSignatureMethod)
    ));
}
