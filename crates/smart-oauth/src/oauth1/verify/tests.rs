//! The variants that a container takes, and what each leaves unsigned.

use http::header::{CONTENT_TYPE, HOST};
use http::{Method, Request};

use super::*;
use crate::encode::percent_encode;
use crate::oauth1::credentials::{Consumer, Nonce};
use crate::oauth1::error::ParameterError;

const FORM: &str = "application/x-www-form-urlencoded";
const NOW: Timestamp = Timestamp::from_unix_seconds(1_365_000_000);

/// A request as it arrives, and the text that its client signed.
struct Received {
    method: Method,
    target: &'static str,
    host: &'static str,
    content_type: Option<&'static str>,
    body: &'static str,
    /// More header parameters than every request has.
    header: Vec<(&'static str, &'static str)>,
    /// URL and normalized parameters, as the client saw them; the header's usual ones go in where
    /// `{}` stands.
    signed: (&'static str, &'static str),
}

impl Default for Received {
    fn default() -> Self {
        Self {
            method: Method::GET,
            target: "/a",
            host: "h",
            content_type: None,
            body: "",
            header: vec![],
            signed: ("http://h/a", "{}"),
        }
    }
}

impl Received {
    fn verify(self) -> Result<(bool, bool), VerifyError> {
        let usual = "oauth_consumer_key=app&oauth_nonce=n&oauth_signature_method=HMAC-SHA1&oauth_timestamp=1365000000";
        let (url, parameters) = self.signed;
        let base_string = [
            self.method.as_str(),
            &percent_encode(url),
            &percent_encode(&parameters.replace("{}", usual)),
        ]
        .join("&");
        let mut text = base_string.clone().into_bytes();
        SigningKey::new(SignatureMethod::HmacSha1, &"secret".into(), None)
            .unwrap()
            .append_signature(&mut text);
        let signature = String::from_utf8(text.split_off(base_string.len())).unwrap();
        let mut text = format!(
            "OAuth {}, oauth_signature={}",
            usual.replace('&', ","),
            percent_encode(&signature)
        );
        for (name, value) in &self.header {
            text.push_str(&format!(", {name}=\"{}\"", percent_encode(value)));
        }
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method;
        *request.uri_mut() = self.target.parse().unwrap();
        request
            .headers_mut()
            .insert(HOST, self.host.parse().unwrap());
        if let Some(content_type) = self.content_type {
            request
                .headers_mut()
                .insert(CONTENT_TYPE, content_type.parse().unwrap());
        }
        let header = AuthorizationHeader::parse(&text).unwrap();
        let view = SignableRequest::from_received("http", &request).unwrap();
        verify(&view, &header, &"secret".into(), None)
            .map(|accepted| (accepted.covers_query(), accepted.covers_body()))
    }
}

#[test]
fn strict_form_is_accepted() {
    assert_eq!(Received::default().verify(), Ok((true, true)));
}

#[test]
fn decoded_path_is_accepted() {
    let target = "/apps/my-app%40apps.example.org/caf%C3%A9";
    for url in [
        "http://h/apps/my-app@apps.example.org/café",
        "http://h/apps/my-app%40apps.example.org/caf%C3%A9",
    ] {
        assert_eq!(
            Received {
                target,
                signed: (url, "{}"),
                ..Received::default()
            }
            .verify(),
            Ok((true, true)),
            "{url}"
        );
    }
}

#[test]
fn decoded_path_stops_where_it_would_name_another_resource() {
    for (target, url) in [
        ("/a%2Fb", "http://h/a/b"),
        ("/a%252Fb", "http://h/a%2Fb"),
        ("/a%2fb%20", "http://h/a/b "),
    ] {
        let received = Received {
            target,
            signed: (url, "{}"),
            ..Received::default()
        };
        assert_eq!(
            received.verify(),
            Err(VerifyError::BadSignature),
            "{target}"
        );
    }
}

#[test]
fn query_off_get_may_be_unsigned_but_is_reported() {
    let received = |parameters| Received {
        method: Method::DELETE,
        target: "/a?x=1",
        signed: ("http://h/a", parameters),
        ..Received::default()
    };
    assert_eq!(received("{}&x=1").verify(), Ok((true, true)));
    assert_eq!(received("{}").verify(), Ok((false, true)));
    let get = Received {
        method: Method::GET,
        ..received("{}")
    };
    assert_eq!(get.verify(), Err(VerifyError::BadSignature));
}

#[test]
fn form_on_get_may_be_unsigned_but_is_reported() {
    let received = |parameters| Received {
        content_type: Some(FORM),
        body: "x=1",
        signed: ("http://h/a", parameters),
        ..Received::default()
    };
    assert_eq!(received("{}&x=1").verify(), Ok((true, true)));
    assert_eq!(received("{}").verify(), Ok((true, false)));
    let with_query = Received {
        target: "/a?y=2",
        ..received("{}&y=2")
    };
    assert_eq!(with_query.verify(), Ok((true, false)));
    let post = Received {
        method: Method::POST,
        ..received("{}")
    };
    assert_eq!(post.verify(), Err(VerifyError::BadSignature));
}

#[test]
fn doubled_callback_counts_once() {
    // iOS sends it in header and form, and signs it once
    let received = |body, parameters| Received {
        method: Method::POST,
        content_type: Some(FORM),
        body,
        header: vec![("oauth_callback", "oob")],
        signed: ("http://h/a", parameters),
        ..Received::default()
    };
    assert_eq!(
        received("oauth_callback=oob", "oauth_callback=oob&{}").verify(),
        Ok((true, true))
    );
    assert_eq!(
        received(
            "oauth_callback=oob",
            "oauth_callback=oob&oauth_callback=oob&{}"
        )
        .verify(),
        Ok((true, true))
    );
    // a second one with another value is somebody else's
    let added = received("oauth_callback=http%3A%2F%2Fevil", "oauth_callback=oob&{}");
    assert_eq!(added.verify(), Err(VerifyError::BadSignature));
}

#[test]
fn raw_order_is_accepted() {
    for parameters in ["a-=1&aA=2&a%5B=3&{}", "a%5B=3&a-=1&aA=2&{}"] {
        let received = Received {
            target: "/a?a%5B=3&a-=1&aA=2",
            signed: ("http://h/a", parameters),
            ..Received::default()
        };
        assert_eq!(received.verify(), Ok((true, true)), "{parameters}");
    }
}

#[test]
fn host_is_accepted_as_sent() {
    for url in ["http://Example.org:80/a", "http://example.org/a"] {
        let received = Received {
            host: "Example.org:80",
            signed: (url, "{}"),
            ..Received::default()
        };
        assert_eq!(received.verify(), Ok((true, true)), "{url}");
    }
}

#[test]
fn all_departures_at_once_are_accepted() {
    let received = Received {
        method: Method::POST,
        target: "/a%40b?ignored=1",
        host: "H:80",
        content_type: Some(FORM),
        body: "oauth_callback=oob&a%5B=3&a-=1&aA=2",
        header: vec![("oauth_callback", "oob")],
        signed: ("http://H:80/a@b", "a-=1&aA=2&a%5B=3&oauth_callback=oob&{}"),
    };
    assert_eq!(received.verify(), Ok((false, true)));
}

#[test]
fn body_hash_is_checked_wherever_it_stands() {
    let nothing = "2jmj7l5rSw0yVb/vlWAYkK/YBwk=";
    let received = |method, content_type, body, hash| Received {
        method,
        content_type,
        body,
        header: vec![("oauth_body_hash", hash)],
        signed: (
            "http://h/a",
            if hash == nothing {
                "oauth_body_hash=2jmj7l5rSw0yVb%2FvlWAYkK%2FYBwk%3D&{}"
            } else {
                "oauth_body_hash=Lve95gjOVATpfV8EL5X4nxwjKHE%3D&{}"
            },
        ),
        ..Received::default()
    };
    let hello = "Lve95gjOVATpfV8EL5X4nxwjKHE=";
    assert_eq!(body_hash(b"Hello World!"), hello);
    // the Python client on GET and DELETE
    assert_eq!(
        received(Method::GET, None, "", nothing).verify(),
        Ok((true, true))
    );
    assert_eq!(
        received(Method::DELETE, None, "", nothing).verify(),
        Ok((true, true))
    );
    assert_eq!(
        received(Method::PUT, Some("text/plain"), "Hello World!", hello).verify(),
        Ok((true, true))
    );
    assert_eq!(
        received(Method::PUT, None, "Hello World!", hello).verify(),
        Ok((true, true))
    );
    for (content_type, body) in [
        (Some("text/plain"), "hello"),
        (Some("text/plain"), ""),
        (Some(FORM), ""),
        (None, ""),
    ] {
        let changed = received(Method::PUT, content_type, body, hello);
        assert_eq!(
            changed.verify(),
            Err(VerifyError::BodyHashMismatch),
            "{content_type:?} {body}"
        );
    }
}

#[test]
fn body_without_hash_is_reported() {
    // the Java client sends neither hash nor content type
    for content_type in [None, Some("text/plain")] {
        let received = Received {
            method: Method::PUT,
            content_type,
            body: "x=1",
            ..Received::default()
        };
        assert_eq!(received.verify(), Ok((true, false)), "{content_type:?}");
    }
}

#[test]
fn signed_content_type_is_checked() {
    let received = |content_type| Received {
        method: Method::PUT,
        content_type: Some(content_type),
        body: "x",
        header: vec![("oauth_content_type", "text/plain")],
        signed: ("http://h/a", "{}&oauth_content_type=text%2Fplain"),
        ..Received::default()
    };
    // sorted: the name stands between the usual ones
    let sorted = |content_type| Received {
        signed: (
            "http://h/a",
            "oauth_consumer_key=app&oauth_content_type=text%2Fplain&oauth_nonce=n&oauth_signature_method=HMAC-SHA1&oauth_timestamp=1365000000",
        ),
        ..received(content_type)
    };
    assert_eq!(
        sorted("text/plain; charset=utf-8").verify(),
        Ok((true, false))
    );
    assert_eq!(
        sorted("text/html").verify(),
        Err(VerifyError::ContentTypeMismatch)
    );
    assert_eq!(
        received("text/plain").verify(),
        Err(VerifyError::BadSignature)
    );
    // it is a rule about bodies that the base string does not cover: not about an empty one, a
    // form, or that of a GET; the client of 2011 may name one where there is no body
    let form = "oauth_consumer_key=app&oauth_content_type=text%2Fplain&oauth_nonce=n&oauth_signature_method=HMAC-SHA1&oauth_timestamp=1365000000&x=";
    for (method, content_type, body, parameters, covers_body) in [
        (Method::GET, None, "", None, true),
        (Method::PUT, None, "", None, true),
        (Method::GET, Some("text/html"), "x", None, false),
        (Method::PUT, Some(FORM), "x", Some(form), true),
    ] {
        let received = sorted("text/html");
        let name = format!("{method} {content_type:?} {body}");
        let received = Received {
            method,
            content_type,
            body,
            signed: ("http://h/a", parameters.unwrap_or(received.signed.1)),
            ..received
        };
        assert_eq!(received.verify(), Ok((true, covers_body)), "{name}");
    }
}

/// A request over `http` or `https`, signed as the RFC has it by this method.
fn signed_by(method: SignatureMethod, url: &str) -> Request<Vec<u8>> {
    let consumer = Consumer::new("app", "secret");
    let mut request = Request::get(url).body(Vec::new()).unwrap();
    let params = crate::oauth1::SigningParams::new(&consumer, Nonce::from_random([1; 16]), NOW)
        .with_dialect(Dialect::Rfc5849)
        .with_method(method)
        .allow_plaintext_off_tls();
    let signed =
        crate::oauth1::sign(&SignableRequest::from_http(&request).unwrap(), &params).unwrap();
    signed.apply_to(&mut request);
    request
}

#[test]
fn plaintext_is_taken_over_tls_only_unless_allowed() {
    let check = |url, is_allowed, expected: Result<(), VerifyError>| {
        let request = signed_by(SignatureMethod::Plaintext, url);
        let header = AuthorizationHeader::from_headers(request.headers())
            .unwrap()
            .unwrap();
        let secret = "secret".into();
        let mut verification =
            Verification::new(&secret, None).with_methods(&[SignatureMethod::Plaintext]);
        if is_allowed {
            verification = verification.allow_plaintext_off_tls();
        }
        let view = SignableRequest::from_http(&request).unwrap();
        let accepted = verification.verify(&view, &header);
        // it says who sent the request, and nothing about the request
        if let Ok(accepted) = &accepted {
            assert!(!accepted.covers_query(), "{url}");
            assert!(accepted.covers_body(), "there is none");
        }
        assert_eq!(accepted.map(drop), expected, "{url} {is_allowed}");
    };
    check("https://h/a?b=c", false, Ok(()));
    check("https://h/a?b=c", true, Ok(()));
    check("http://h/a?b=c", true, Ok(()));
    check(
        "http://h/a?b=c",
        false,
        Err(VerifyError::PlaintextWithoutTls),
    );
}

#[test]
fn hmac_needs_no_tls() {
    for url in ["http://h/", "https://h/"] {
        let request = signed_by(SignatureMethod::HmacSha1, url);
        let header = AuthorizationHeader::from_headers(request.headers())
            .unwrap()
            .unwrap();
        let view = SignableRequest::from_http(&request).unwrap();
        assert!(verify(&view, &header, &"secret".into(), None).is_ok());
    }
}

#[test]
fn one_dialect_takes_its_own_base_string_alone() {
    let consumer = Consumer::new("app", "secret");
    let mut request = Request::get("http://h/a%20b").body("").unwrap();
    for (signed_in, expected) in [
        (Dialect::Rfc5849, [true, false, true]),
        (Dialect::Container, [true, true, false]),
    ] {
        let params = crate::oauth1::SigningParams::new(&consumer, Nonce::from_random([1; 16]), NOW)
            .with_dialect(signed_in);
        let signed =
            crate::oauth1::sign(&SignableRequest::from_http(&request).unwrap(), &params).unwrap();
        signed.apply_to(&mut request);
        let header = AuthorizationHeader::from_headers(request.headers())
            .unwrap()
            .unwrap();
        let view = SignableRequest::from_http(&request).unwrap();
        let dialects = [Dialect::Portable, Dialect::Container, Dialect::Rfc5849];
        let outcomes = dialects.map(|dialect| {
            Verification::new(consumer.secret(), None)
                .with_dialect(dialect)
                .verify(&view, &header)
                .map(drop)
        });
        assert_eq!(outcomes.map(|outcome| outcome.is_ok()), expected);
    }
}

#[test]
fn parameters_verify_wherever_they_stand() {
    let consumer = Consumer::new("app", "secret");
    let sent = |apply: fn(&crate::oauth1::Signed, &mut Request<Vec<u8>>)| {
        let mut request = Request::post("http://h/a?x=1")
            .header(CONTENT_TYPE, FORM)
            .body(b"y=2".to_vec())
            .unwrap();
        let params = crate::oauth1::SigningParams::new(&consumer, Nonce::from_random([1; 16]), NOW)
            .with_dialect(Dialect::Rfc5849);
        let signed =
            crate::oauth1::sign(&SignableRequest::from_http(&request).unwrap(), &params).unwrap();
        apply(&signed, &mut request);
        request
    };
    let requests = [
        (
            sent(|signed, request| signed.apply_to(request)),
            Source::Header,
        ),
        (
            sent(|signed, request| signed.apply_to_query(request).unwrap()),
            Source::Query,
        ),
        (
            sent(|signed, request| signed.apply_to_form(request).unwrap()),
            Source::Form,
        ),
    ];
    for (request, place) in requests {
        let header = AuthorizationHeader::from_request(&request)
            .unwrap()
            .unwrap();
        assert_eq!(header.place(), place);
        let view = SignableRequest::from_http(&request).unwrap();
        for dialect in [Dialect::Portable, Dialect::Rfc5849] {
            let verification = Verification::new(consumer.secret(), None).with_dialect(dialect);
            let accepted = verification.verify(&view, &header).unwrap();
            assert!(
                accepted.covers_query() && accepted.covers_body(),
                "{place:?}"
            );
        }
        let mut nonces = MemoryNonces::new(TimeWindow::default());
        let accepted = verify(&view, &header, consumer.secret(), None).unwrap();
        let mut admit = || accepted.admit(TimeWindow::default(), &mut nonces, NOW);
        assert_eq!(admit(), Ok(()), "{place:?}");
        assert_eq!(admit(), Err(VerifyError::Replayed), "{place:?}");
        // the container would not find them
        let container = Verification::new(consumer.secret(), None).with_dialect(Dialect::Container);
        if place != Source::Header {
            let outcome = container.verify(&view, &header).map(drop);
            assert_eq!(outcome, Err(VerifyError::HeaderOnly), "{place:?}");
        }
        // one more parameter of the request's own
        let mut changed = request.clone();
        *changed.uri_mut() = format!("{}&z=3", request.uri()).parse().unwrap();
        let view = SignableRequest::from_http(&changed).unwrap();
        let outcome = verify(&view, &header, consumer.secret(), None).map(drop);
        assert_eq!(outcome, Err(VerifyError::BadSignature), "{place:?}");
    }
}

#[test]
fn a_signature_covers_the_parameters_that_it_comes_with() {
    // signed as the container has it, which leaves the query of a POST out, and so everything that
    // says who and when
    let mut text = b"POST&http%3A%2F%2Fh%2Fa&".to_vec();
    let end = text.len();
    SigningKey::new(SignatureMethod::HmacSha1, &"secret".into(), None)
        .unwrap()
        .append_signature(&mut text);
    let signature = percent_encode(std::str::from_utf8(&text[end..]).unwrap());
    let request = Request::post(format!(
        "http://h/a?oauth_consumer_key=app&oauth_nonce=n&oauth_signature_method=HMAC-SHA1&oauth_timestamp=1&oauth_signature={signature}"
    ))
    .body("")
    .unwrap();
    let found = AuthorizationHeader::from_request(&request)
        .unwrap()
        .unwrap();
    let view = SignableRequest::from_http(&request).unwrap();
    let outcome = verify(&view, &found, &"secret".into(), None).map(drop);
    assert_eq!(outcome, Err(VerifyError::BadSignature));
}

#[test]
fn header_must_be_complete() {
    let complete = "oauth_consumer_key=a,oauth_nonce=n,oauth_signature_method=HMAC-SHA1,oauth_timestamp=1,oauth_signature=s";
    let check = |header: &str, expected| {
        let request = Request::get("http://h/").body("").unwrap();
        let header = AuthorizationHeader::parse(&format!("OAuth {header}")).unwrap();
        let view = SignableRequest::from_http(&request).unwrap();
        assert_eq!(
            verify(&view, &header, &"s".into(), None).map(drop),
            Err(expected),
            "{header:?}"
        );
    };
    check(complete, VerifyError::BadSignature);
    for name in [
        "oauth_consumer_key",
        "oauth_nonce",
        "oauth_signature_method",
        "oauth_timestamp",
        "oauth_signature",
    ] {
        check(
            &complete.replace(&format!("{name}="), "x="),
            VerifyError::MissingParameter { name },
        );
        check(
            &complete.replace(&format!("{name}="), &format!("{name}=,x=")),
            VerifyError::MissingParameter { name },
        );
    }
    check(
        &complete.replace("HMAC-SHA1", "PLAINTEXT"),
        VerifyError::UnsupportedSignatureMethod,
    );
    check(
        &complete.replace("timestamp=1", "timestamp=1.0"),
        VerifyError::MalformedTimestamp,
    );
    check(
        &format!("{complete},oauth_version=2.0"),
        VerifyError::UnsupportedVersion,
    );
    check(
        &format!("{complete},oauth_version="),
        VerifyError::UnsupportedVersion,
    );
    check(
        &format!("{complete},oauth_token=t"),
        VerifyError::TokenMismatch,
    );
}

#[test]
fn parameters_over_a_limit_are_an_error() {
    let request = Request::post("http://h/")
        .header(CONTENT_TYPE, FORM)
        .body("a&".repeat(1001))
        .unwrap();
    let header = AuthorizationHeader::parse(
        "OAuth oauth_consumer_key=a,oauth_nonce=n,oauth_signature_method=HMAC-SHA1,oauth_timestamp=1,oauth_signature=s",
    )
    .unwrap();
    let view = SignableRequest::from_http(&request).unwrap();
    let error = verify(&view, &header, &"s".into(), None).unwrap_err();
    assert_eq!(
        error,
        VerifyError::Parameters(ParameterError::TooMany { limit: 1000 })
    );
}

#[test]
fn admission_burns_the_nonce_once_and_only_in_the_window() {
    let consumer = Consumer::new("app", "secret");
    let mut request = Request::get("http://h/a").body("").unwrap();
    let params = crate::oauth1::SigningParams::new(&consumer, Nonce::from_random([1; 16]), NOW);
    let signed =
        crate::oauth1::sign(&SignableRequest::from_http(&request).unwrap(), &params).unwrap();
    signed.apply_to(&mut request);
    let header = AuthorizationHeader::from_headers(request.headers())
        .unwrap()
        .unwrap();
    let view = SignableRequest::from_http(&request).unwrap();
    let accepted = verify(&view, &header, consumer.secret(), None).unwrap();

    let window = TimeWindow::default();
    let mut nonces = MemoryNonces::new(window);
    let later = |seconds| Timestamp::from_unix_seconds(NOW.as_unix_seconds() + seconds);
    assert_eq!(
        accepted.admit(window, &mut nonces, later(301)),
        Err(VerifyError::TooLate { allowed: 300 })
    );
    assert!(nonces.is_empty());
    assert_eq!(accepted.admit(window, &mut nonces, later(300)), Ok(()));
    assert!(!nonces.is_empty());
    assert_eq!(
        accepted.admit(window, &mut nonces, later(300)),
        Err(VerifyError::Replayed)
    );
}
