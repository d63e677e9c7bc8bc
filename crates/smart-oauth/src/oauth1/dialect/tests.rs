//! What the portable dialect refuses, and that the strict one does not.

use http::header::CONTENT_TYPE;
use http::{Method, Request};

use super::*;
use crate::oauth1::credentials::{Consumer, Nonce};
use crate::oauth1::sign::{SigningParams, sign};
use crate::time::Timestamp;

fn signed(request: &Request<&str>, dialect: Dialect) -> Result<String, SignError> {
    let consumer = Consumer::new("app", "secret");
    let params = SigningParams::new(
        &consumer,
        Nonce::from_random([1; 16]),
        Timestamp::from_unix_seconds(1),
    )
    .with_callback("oob")
    .with_dialect(dialect);
    sign(&SignableRequest::from_http(request)?, &params)
        .map(|signed| signed.base_string().to_owned())
}

fn request(
    method: Method,
    url: &str,
    content_type: Option<&str>,
    body: &'static str,
) -> Request<&'static str> {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = url.parse().unwrap();
    if let Some(content_type) = content_type {
        request
            .headers_mut()
            .insert(CONTENT_TYPE, content_type.parse().unwrap());
    }
    request
}

/// Refused by the portable dialect with this message, signed by the strict one.
fn check(request: &Request<&str>, expected: &str) {
    let message = signed(request, Dialect::Portable).map_err(|error| error.to_string());
    assert!(
        message
            .as_ref()
            .is_err_and(|message| message.contains(expected)),
        "{message:?}"
    );
    assert!(signed(request, Dialect::Rfc5849).is_ok());
}

#[test]
fn what_no_container_accepts_is_refused() {
    let get = |url: &str| request(Method::GET, url, None, "");
    let post = |content_type, body| request(Method::POST, "http://h/", content_type, body);
    check(&get("http://H/"), "host of the url in lower case");
    check(&get("http://h/a%2Fb"), "path holds %2F");
    check(&get("http://h/a%25b"), "path holds %2F or %25");
    for path in ["a%20b", "my-app%40apps", "%41", "a/b%3Dc"] {
        check(&get(&format!("http://h/{path}")), "holds a percent escape");
    }
    for path in ["a;b", "a/;", "a%3Bb", "a;b%20c", "a%3Fb", "a/%23/b"] {
        check(
            &get(&format!("http://h/{path}")),
            "cuts off before it verifies",
        );
    }
    check(&get("http://h/?a=1;b=2"), "raw ';'");
    check(&get("http://h/?a=1&b=2&a=3"), "\"a\" occurs more than once");
    check(
        &get("http://h/?oauth_nonce=1"),
        "\"oauth_nonce\" occurs more than once",
    );
    check(&get("http://h/?=1"), "has no name");
    check(&get("http://h/?a-=1&a%5B=2"), "\"a[\" sorts differently");
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::HEAD] {
        let message = format!("a {method} must not carry a query");
        check(&request(method, "http://h/?a=1", None, ""), &message);
    }
    check(
        &request(Method::GET, "http://h/", Some(FORM), "a=1"),
        "GET must not carry a form",
    );
    check(
        &post(Some("Application/X-WWW-Form-Urlencoded"), "a=1"),
        "in lower case",
    );
    check(&post(None, "a"), "body but no content type");
    check(&post(Some(FORM), "a=1&a=1"), "\"a\" occurs more than once");
    check(&post(Some(FORM), "a=1;b=2"), "raw ';'");
    // the header has it already
    check(
        &post(Some(FORM), "oauth_callback=oob"),
        "\"oauth_callback\" occurs more than once",
    );
}

#[test]
fn what_both_accept_is_signed_alike() {
    for request in [
        request(Method::GET, "http://h/?a=&b=%3B+%C3%A9", None, ""),
        request(Method::POST, "http://h/?", Some(FORM), "a&b=x%20y"),
        request(Method::DELETE, "http://h/my-app@apps/(a)", None, ""),
        // escapes that sort as the characters do
        request(Method::GET, "http://h/?%61=1&b=2", None, ""),
        request(Method::GET, "http://h/?a%2B=1&b%3D=2", None, ""),
        // not in the last segment
        request(Method::GET, "http://h/a;b/c", None, ""),
        request(Method::GET, "http://h/;/", None, ""),
        request(
            Method::POST,
            "http://h/",
            Some("application/x-www-form-urlencoded; charset=utf-8"),
            "a=1",
        ),
        // a form without a body is nothing
        request(
            Method::GET,
            "http://h/",
            Some("Application/X-WWW-Form-Urlencoded"),
            "",
        ),
    ] {
        let portable = signed(&request, Dialect::Portable).unwrap();
        assert_eq!(portable, signed(&request, Dialect::Rfc5849).unwrap());
    }
}

#[test]
fn escaped_path_is_signed_as_each_side_reads_it() {
    let request = request(Method::GET, "http://h/a%20b", None, "");
    for (dialect, expected) in [
        (Dialect::Container, "GET&http%3A%2F%2Fh%2Fa%20b&"),
        (Dialect::Rfc5849, "GET&http%3A%2F%2Fh%2Fa%2520b&"),
    ] {
        let base_string = signed(&request, dialect).unwrap();
        assert!(base_string.starts_with(expected), "{base_string}");
    }
}

#[test]
fn the_container_s_dialect_refuses_what_the_container_never_verifies() {
    for (url, expected) in [
        ("http://h/a%2Fb", "path holds %2F"),
        ("http://h/a;b", "cuts off before it verifies"),
        ("http://h/a%3Bb", "cuts off before it verifies"),
        ("http://h/a%3Fb", "cuts off before it verifies"),
        ("http://h/?a=1;b=2", "raw ';'"),
        ("http://h/?a=1&a=1", "more than once"),
        ("http://h/?=1", "has no name"),
    ] {
        let request = request(Method::GET, url, None, "");
        let error = signed(&request, Dialect::Container)
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{url}: {error}");
    }
}

#[test]
fn body_hash_is_for_bodies_that_are_no_forms() {
    let hashed = |content_type, body, dialect| {
        let request = request(Method::PUT, "http://h/", content_type, body);
        signed(&request, dialect)
            .unwrap()
            .contains("oauth_body_hash%3D")
    };
    assert!(hashed(Some("text/plain"), "a", Dialect::Portable));
    assert!(!hashed(Some("text/plain"), "a", Dialect::Rfc5849));
    assert!(!hashed(Some("text/plain"), "", Dialect::Portable));
    assert!(!hashed(Some(FORM), "a", Dialect::Portable));
    assert!(!hashed(None, "", Dialect::Portable));
}

#[test]
fn ordinary_requests_have_one_reading() {
    let count = |request: &Request<&str>| {
        let view = SignableRequest::from_http(request).unwrap();
        let mut parameters = crate::oauth1::parameters::Parameters::new();
        crate::oauth1::parameters::collect(&view, &mut parameters).unwrap();
        Reading::candidates(&view, &parameters, Dialect::Portable).collect::<Vec<_>>()
    };
    let ordinary = request(Method::GET, "http://h:7000/my-app@apps/?b=1&a=2", None, "");
    assert_eq!(count(&ordinary), [Reading::RFC5849]);
    assert_eq!(
        count(&request(Method::POST, "http://h/", Some(FORM), "a=1")),
        [Reading::RFC5849]
    );
    assert_eq!(
        count(&request(Method::GET, "http://h/a%2Fb", None, "")),
        [Reading::RFC5849]
    );
    let odd = request(Method::POST, "http://h:80/a%20b?a%5B&a-", Some(FORM), "");
    assert_eq!(
        count(&odd).len(),
        16,
        "four departures, each alone and together"
    );
}
