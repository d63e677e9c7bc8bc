//! The three places for parameters, and who may use which.

use http::Request;

use super::*;
use crate::oauth1::credentials::{Consumer, Nonce};
use crate::oauth1::dialect::Dialect;
use crate::oauth1::request::SignableRequest;
use crate::oauth1::sign::{SigningParams, sign};
use crate::time::Timestamp;

fn signed(request: &Request<Vec<u8>>, dialect: Dialect) -> Signed {
    let consumer = Consumer::new("a b", "secret");
    let nonce = Nonce::new("n\"&=,").unwrap();
    let params = SigningParams::new(&consumer, nonce, Timestamp::from_unix_seconds(7))
        .with_dialect(dialect)
        .with_realm("r, x".split(',').next().unwrap());
    sign(&SignableRequest::from_http(request).unwrap(), &params).unwrap()
}

fn strict(request: &Request<Vec<u8>>) -> Signed {
    signed(request, Dialect::Rfc5849)
}

const HEAD: &str = "oauth_consumer_key=a%20b&oauth_signature_method=HMAC-SHA1&oauth_timestamp=7\
                    &oauth_nonce=n%22%26%3D%2C&oauth_version=1.0&oauth_signature=";

#[test]
fn query_grows() {
    for (before, joint) in [
        ("http://h/p", "?"),
        ("http://h/p?", "?"),
        ("http://h/p?x=1", "&"),
    ] {
        let mut request = Request::get(before).body(Vec::new()).unwrap();
        strict(&request).apply_to_query(&mut request).unwrap();
        let expected = format!("{}{joint}{HEAD}", before.trim_end_matches('?'));
        assert!(
            request.uri().to_string().starts_with(&expected),
            "{}",
            request.uri()
        );
        assert!(!request.headers().contains_key(AUTHORIZATION));
    }
}

#[test]
fn form_grows_or_begins() {
    let body = |request: &mut Request<Vec<u8>>| {
        strict(request).apply_to_form(request).unwrap();
        assert_eq!(request.headers()[CONTENT_TYPE], FORM);
        String::from_utf8(request.body().clone()).unwrap()
    };
    let mut empty = Request::post("http://h/").body(Vec::new()).unwrap();
    assert!(body(&mut empty).starts_with(HEAD));
    let form = Request::post("http://h/").header(CONTENT_TYPE, FORM);
    let mut form = form.body(b"x=1".to_vec()).unwrap();
    assert!(body(&mut form).starts_with(&format!("x=1&{HEAD}")));
}

#[test]
fn only_forms_take_parameters() {
    let text = Request::post("http://h/").header(CONTENT_TYPE, "text/plain");
    for mut request in [
        Request::get("http://h/").body(Vec::new()).unwrap(),
        Request::post("http://h/").body(b"x".to_vec()).unwrap(),
        text.body(Vec::new()).unwrap(),
    ] {
        let refused = strict(&request).apply_to_form(&mut request);
        assert!(matches!(refused, Err(SignError::NotAForm)), "{request:?}");
    }
}

#[test]
fn containers_look_into_the_header_only() {
    let mut request = Request::post("http://h/").body(Vec::new()).unwrap();
    for dialect in [Dialect::Portable, Dialect::Container] {
        let signed = signed(&request, dialect);
        assert!(matches!(
            signed.apply_to_query(&mut request),
            Err(SignError::HeaderOnly)
        ));
        assert!(matches!(
            signed.apply_to_form(&mut request),
            Err(SignError::HeaderOnly)
        ));
    }
}

#[test]
fn query_that_no_url_can_hold_is_refused() {
    let mut request = Request::get("http://h/").body(Vec::new()).unwrap();
    let consumer = Consumer::new("a".repeat(70_000), "secret");
    let params = SigningParams::new(
        &consumer,
        Nonce::from_random([1; 16]),
        Timestamp::from_unix_seconds(7),
    )
    .with_dialect(Dialect::Rfc5849);
    let signed = sign(&SignableRequest::from_http(&request).unwrap(), &params).unwrap();
    assert!(matches!(
        signed.apply_to_query(&mut request),
        Err(SignError::BadUrl(_))
    ));
    assert_eq!(request.uri(), "http://h/");
}
