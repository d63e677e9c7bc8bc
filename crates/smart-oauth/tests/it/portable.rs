//! The promise of the portable dialect, held against two servers that share nothing with the crate:
//! what it signs both verify, and what it refuses at least one of them cannot.

use http::header::CONTENT_TYPE;
use proptest::prelude::*;
use smart_oauth::Timestamp;
use smart_oauth::oauth1::{
    Consumer, Dialect, Nonce, SignError, SignableRequest, SigningParams, sign,
};

use crate::model::Wire;

const FORM: &str = "application/x-www-form-urlencoded";

/// Pieces of paths, queries and forms that one of the two servers reads in a way of its own, among
/// ordinary ones.
fn text(ordinary: &'static str, odd: &'static [&'static str]) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        12 => ordinary.prop_map(|text: String| text),
        1 => prop::sample::select(odd).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn wires() -> impl Strategy<Value = Wire> {
    let path = text(
        "/[a-zA-Z0-9._~@:!$'()*,=+-]{0,6}",
        &[
            ";", "%20", "%3B", "%2F", "%25", "%3F", "%23", "%C3%A9", "%41", "/a;b/",
        ],
    );
    let pairs = || {
        text(
            "[a-d]{1,2}=[a-z0-9.~+]{0,4}&",
            &[
                ";",
                "&",
                "a[=1&",
                "a-=1&",
                "a%5B=1&",
                "=1&",
                "e&",
                "f=%3B%26&",
                "oauth_token=t&",
                "oauth_nonce=n&",
                "é=é&",
            ],
        )
    };
    let content_type = prop_oneof![
        6 => Just(Some(FORM)),
        2 => Just(Some("application/x-www-form-urlencoded; charset=utf-8")),
        1 => Just(Some("Application/X-WWW-Form-Urlencoded")),
        3 => Just(Some("text/plain")),
        1 => Just(None),
    ];
    let method = prop::sample::select(vec!["GET", "GET", "POST", "PUT", "DELETE", "HEAD"]);
    let host = prop_oneof![9 => Just("localhost:7000"), 1 => Just("LocalHost:7000")];
    let empty = || Just(String::new());
    let query = prop_oneof![1 => empty(), 1 => pairs()];
    let body = prop_oneof![1 => empty(), 1 => pairs()];
    (method, host, path, query, content_type, body).prop_map(
        |(method, host, path, query, content_type, body)| Wire {
            method,
            host: host.to_owned(),
            path: format!("/{}", path.trim_start_matches('/')),
            query,
            content_type,
            // separators alone are a body without a parameter, over which nobody differs
            body: if body.trim_matches('&').is_empty() {
                String::new()
            } else {
                body
            },
        },
    )
}

/// The base string that was signed, and the header as it travels.
fn signed(wire: &Wire, dialect: Dialect) -> Option<Result<(String, String), SignError>> {
    let uri: http::Uri = format!("http://{}{}?{}", wire.host, wire.path, wire.query)
        .parse()
        .ok()?;
    let mut request = http::Request::new(wire.body.clone().into_bytes());
    *request.method_mut() = wire.method.parse().unwrap();
    *request.uri_mut() = uri;
    if let Some(content_type) = wire.content_type {
        request
            .headers_mut()
            .insert(CONTENT_TYPE, content_type.parse().unwrap());
    }
    let consumer = Consumer::new("my-app@apps.smartplatforms.org", "smartapp-secret");
    let nonce = Nonce::new("kllo9940pd9333jh").unwrap();
    let params = SigningParams::new(
        &consumer,
        nonce,
        Timestamp::from_unix_seconds(1_365_000_000),
    )
    .with_dialect(dialect);
    let outcome = sign(&SignableRequest::from_http(&request).unwrap(), &params);
    Some(outcome.map(|signed| {
        let header = signed.authorization().to_str().unwrap().to_owned();
        (signed.base_string().to_owned(), header)
    }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6000))]

    #[test]
    fn what_it_signs_both_verify_and_what_it_refuses_one_cannot(wire in wires()) {
        let Some(outcome) = signed(&wire, Dialect::Portable) else { return Ok(()) };
        match outcome {
            Ok((base_string, header)) => {
                prop_assert_eq!(&wire.rfc_base_string(&header), &base_string);
                prop_assert_eq!(wire.container_base_string(&header), Some(base_string));
            }
            Err(error) => {
                // the header that a client without scruples would send
                let (_, header) = signed(&wire, Dialect::Rfc5849).unwrap().unwrap();
                let (rfc, container) = (wire.rfc_base_string(&header), wire.container_base_string(&header));
                prop_assert_ne!(container, Some(rfc), "refused for nothing: {}", error);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_container_s_dialect_suits_the_container_or_is_refused(wire in wires()) {
        let Some(outcome) = signed(&wire, Dialect::Container) else { return Ok(()) };
        match outcome {
            Ok((base_string, header)) => {
                prop_assert_eq!(wire.container_base_string(&header), Some(base_string));
            }
            // it could verify these, and would take them for other requests
            Err(SignError::AmbiguousPath) => prop_assert!(wire.path.contains('%')),
            Err(SignError::RawSemicolon) => prop_assert!([&wire.query, &wire.body].iter().any(|data| data.contains(';'))),
            // the header would win, so that the data would not arrive
            Err(SignError::RepeatedName { name }) if name.starts_with("oauth_") => {}
            // a rule for every request, one whose data are not read included
            Err(SignError::FormTypeSpelling | SignError::MissingContentType) => prop_assert!(!wire.body.is_empty()),
            Err(error) => {
                let (_, header) = signed(&wire, Dialect::Rfc5849).unwrap().unwrap();
                prop_assert_eq!(wire.container_base_string(&header), None, "refused for nothing: {}", error);
            }
        }
    }

    #[test]
    fn the_strict_dialect_suits_a_strict_server(wire in wires()) {
        if let Some(outcome) = signed(&wire, Dialect::Rfc5849) {
            let (base_string, header) = outcome.unwrap();
            prop_assert_eq!(wire.rfc_base_string(&header), base_string);
        }
    }
}
