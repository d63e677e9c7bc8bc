//! Base strings, part by part, in the RFC's reading and in the container's.

use http::Request;
use http::header::CONTENT_TYPE;

use super::*;
use crate::oauth1::parameters::{Parameters, collect};
use crate::oauth1::request::FORM;

fn get(url: &str) -> Request<String> {
    Request::get(url).body(String::new()).unwrap()
}

fn form(url: &str, body: &str) -> Request<String> {
    Request::post(url)
        .header(CONTENT_TYPE, FORM)
        .body(body.to_owned())
        .unwrap()
}

fn read(request: &Request<String>, reading: Reading) -> String {
    let view = SignableRequest::from_http(request).unwrap();
    let mut parameters = Parameters::new();
    collect(&view, &mut parameters).unwrap();
    let arranged = Arranged::new(&parameters, &view, reading);
    String::from_utf8(base_string(&view, &arranged, reading)).unwrap()
}

/// The URL part, decoded.
fn check_url(url: &str, expected: &str) {
    let base_string = read(&get(url), Reading::RFC5849);
    let encoded = base_string.split('&').nth(1).unwrap();
    assert_eq!(*decode(encoded.as_bytes()), *expected.as_bytes(), "{url}");
}

/// The parameter part, decoded once.
fn check_parameters(request: &Request<String>, expected: &str) {
    let base_string = read(request, Reading::RFC5849);
    let encoded = base_string.split('&').nth(2).unwrap();
    assert_eq!(
        *decode(encoded.as_bytes()),
        *expected.as_bytes(),
        "{request:?}"
    );
}

#[test]
fn url_is_normalized() {
    // the two examples of section 3.4.1.2
    check_url(
        "http://EXAMPLE.COM:80/r%20v/X?id=123",
        "http://example.com/r%20v/X",
    );
    check_url(
        "https://www.example.net:8080/?q=1",
        "https://www.example.net:8080/",
    );
    check_url("HTTPS://example.com:443/", "https://example.com/");
    check_url("https://example.com:80/", "https://example.com:80/");
    check_url("http://example.com:443/", "http://example.com:443/");
    check_url("http://example.com", "http://example.com/");
    check_url("http://example.com?a=b", "http://example.com/");
    check_url("http://user:secret@example.com/", "http://example.com/");
    check_url("http://[2001:DB8::1]:80/a", "http://[2001:db8::1]/a");
    check_url("http://[::1]:7000/a", "http://[::1]:7000/a");
    check_url("http://[::80]/a", "http://[::80]/a");
    check_url(
        "http://127.0.0.1:7000//a/../b/",
        "http://127.0.0.1:7000//a/../b/",
    );
    check_url(
        "http://example.com/my-app@apps/a+b;c",
        "http://example.com/my-app@apps/a+b;c",
    );
}

#[test]
fn empty_port_is_the_default_port_and_one_with_a_sign_is_none() {
    for (host, expected) in [
        ("Example.com:", "GET&http%3A%2F%2Fexample.com%2Fa&"),
        ("h:80", "GET&http%3A%2F%2Fh%2Fa&"),
        ("h:+80", "GET&http%3A%2F%2Fh%3A%2B80%2Fa&"),
    ] {
        let request = Request::get("/a")
            .header("host", host)
            .body(String::new())
            .unwrap();
        let view = SignableRequest::from_received("http", &request).unwrap();
        let none = Arranged::new(&[], &view, Reading::RFC5849);
        let base_string = base_string(&view, &none, Reading::RFC5849);
        assert_eq!(*base_string, *expected.as_bytes(), "{host}");
    }
}

#[test]
fn method_is_in_upper_case() {
    let mut request = get("http://h/");
    *request.method_mut() = http::Method::from_bytes(b"patch!").unwrap();
    assert_eq!(
        read(&request, Reading::RFC5849),
        "PATCH%21&http%3A%2F%2Fh%2F&"
    );
}

#[test]
fn parameters_are_normalized() {
    // section 3.4.1.3.2, without the header's
    check_parameters(
        &form(
            "http://h/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b",
            "c2&a3=2+q",
        ),
        "a2=r%20b&a3=2%20q&a3=a&b5=%3D%253D&c%40=&c2=",
    );
    check_parameters(&get("http://h/"), "");
    check_parameters(&get("http://h/?"), "");
    check_parameters(&get("http://h/?a"), "a=");
    check_parameters(&get("http://h/?&&a=1&&"), "a=1");
    check_parameters(&get("http://h/?=1"), "=1");
    check_parameters(&get("http://h/?a=b=c"), "a=b%3Dc");
    check_parameters(&get("http://h/?a=x%20y+z%2Bw"), "a=x%20y%20z%2Bw");
    check_parameters(&get("http://h/?b=1&a=2&a=10&a=1"), "a=1&a=10&a=2&b=1");
    check_parameters(&get("http://h/?a=%c3%a9&a=%C3%A9"), "a=%C3%A9&a=%C3%A9");
    check_parameters(&get("http://h/?a=100%&b=%zz"), "a=100%25&b=%25zz");
    check_parameters(&get("http://h/?a=%ff"), "a=%FF");
    check_parameters(
        &form("http://h/", "nam\u{e9}=\u{3001}"),
        "nam%C3%A9=%E3%80%81",
    );
    check_parameters(&get("http://h/?oauth_signature=x&a=1"), "a=1");
}

#[test]
fn sorting_is_by_encoded_name() {
    check_parameters(
        &get("http://h/?a-=1&aA=2&a%5B=3&a=4"),
        "a=4&a%5B=3&a-=1&aA=2",
    );
}

#[test]
fn body_counts_only_as_a_form() {
    let mut request = form("http://h/", "a=1");
    check_parameters(&request, "a=1");
    request.headers_mut().insert(
        CONTENT_TYPE,
        "application/x-www-form-urlencoded; charset=utf-8"
            .parse()
            .unwrap(),
    );
    check_parameters(&request, "a=1");
    request
        .headers_mut()
        .insert(CONTENT_TYPE, "text/plain".parse().unwrap());
    check_parameters(&request, "");
    request.headers_mut().remove(CONTENT_TYPE);
    check_parameters(&request, "");
}

#[test]
fn limits_are_stated() {
    use crate::oauth1::error::ParameterError;
    use crate::oauth1::parameters::{MAX_BYTES, MAX_COUNT};

    let collected = |body: String| {
        let request = form("http://h/", &body);
        let mut parameters = Parameters::new();
        collect(
            &SignableRequest::from_http(&request).unwrap(),
            &mut parameters,
        )
        .map(|()| parameters.len())
    };
    assert_eq!(collected("a&".repeat(MAX_COUNT)), Ok(MAX_COUNT));
    assert_eq!(
        collected("a&".repeat(MAX_COUNT + 1)),
        Err(ParameterError::TooMany { limit: 1000 })
    );
    assert_eq!(collected("a".repeat(MAX_BYTES)), Ok(1));
    assert_eq!(
        collected("a".repeat(MAX_BYTES + 1)),
        Err(ParameterError::TooLong { limit: 262_144 })
    );
}
