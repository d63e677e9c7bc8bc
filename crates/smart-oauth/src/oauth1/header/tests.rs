//! Headers as clients of SMART containers were seen to write them, and as nobody should.

use super::*;
use crate::oauth1::text::Text;

fn check(text: &str, expected: &[(&str, &str)]) {
    let header = AuthorizationHeader::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(header.iter().collect::<Vec<_>>(), expected, "{text}");
}

fn check_refused(text: &str, expected: HeaderError) {
    assert_eq!(
        AuthorizationHeader::parse(text).map(|_| ()),
        Err(expected),
        "{text}"
    );
}

#[test]
fn tolerates_what_clients_send() {
    let expected = [("oauth_nonce", "1"), ("oauth_token", "a b")];
    check(
        "OAuth realm=\"http://h\", oauth_nonce=\"1\", oauth_token=\"a%20b\"",
        &expected,
    );
    check("OAuth oauth_nonce=\"1\",oauth_token=\"a%20b\"", &expected);
    check("OAuth oauth_nonce=1,oauth_token=a%20b", &expected);
    check(
        "OAuth realm=\"\",oauth_nonce=\"1\",oauth_token=\"a%20b\"",
        &expected,
    );
    check(
        "OAuth realm=\"a, b\", oauth_nonce=\"1\", oauth_token=\"a%20b\"",
        &expected,
    );
    check(
        "oauth\toauth_nonce = \"1\" ,\n oauth_token = \"a%20b\" , ",
        &expected,
    );
    check("OAuth oauth_nonce=\"1\", oauth_token=\"a b\"", &expected);
    check("OAuth", &[]);
    check("OAuth ", &[]);
    check("OAuth REALM=x", &[]);
    check("OAuth a=", &[("a", "")]);
    check("OAuth a=\"\"", &[("a", "")]);
    check(
        "OAuth oauth_signature=ab+/=",
        &[("oauth_signature", "ab+/=")],
    );
    check(
        "OAuth oauth_signature=\"ab%2B%2f%3D\"",
        &[("oauth_signature", "ab+/=")],
    );
    check(
        "OAuth smart%5Frecord_id=\"%C3%A9\"",
        &[("smart_record_id", "é")],
    );
}

#[test]
fn refuses_the_rest() {
    for other in [
        "",
        "Bearer x",
        "OAuthX a=1",
        "OAut",
        "Basic OAuth a=1",
        "ÖAuth a=1",
    ] {
        check_refused(other, HeaderError::NotOAuth);
    }
    for broken in [
        "OAuth a",
        "OAuth =1",
        "OAuth a,b=1",
        "OAuth a=\"1",
        "OAuth a=\"1\"b",
        "OAuth a=1, \"b\"",
    ] {
        check_refused(broken, HeaderError::NotAPair);
    }
    check_refused("OAuth a=1, a=1", HeaderError::Repeated);
    check_refused("OAuth a=1, %61=2", HeaderError::Repeated);
    for escape in ["%", "%4", "%zz", "%+1"] {
        check_refused(&format!("OAuth a=\"{escape}\""), HeaderError::BadEscape);
    }
    check_refused("OAuth a=%ff", HeaderError::NotUtf8);
    check_refused(
        &format!("OAuth a={}", "b".repeat(MAX_BYTES)),
        HeaderError::TooLong { limit: 16_384 },
    );
    let many: Vec<_> = (0..=MAX_COUNT)
        .map(|number| format!("a{number}=1"))
        .collect();
    check_refused(
        &format!("OAuth {}", many.join(",")),
        HeaderError::TooMany { limit: 64 },
    );
}

#[test]
fn what_is_just_within_a_limit_is_read() {
    let longest = format!("OAuth a={}", "b".repeat(MAX_BYTES - "OAuth a=".len()));
    assert_eq!(longest.len(), MAX_BYTES);
    assert!(AuthorizationHeader::parse(&longest).is_ok());
    let most: Vec<_> = (0..MAX_COUNT).map(|at| format!("a{at}=1")).collect();
    let most = AuthorizationHeader::parse(&format!("OAuth {}", most.join(","))).unwrap();
    assert_eq!(most.iter().count(), MAX_COUNT);
}

#[test]
fn empty_token_is_no_token() {
    let header = AuthorizationHeader::parse("OAuth oauth_token=\"\"").unwrap();
    assert_eq!(
        (header.token(), header.get("oauth_token")),
        (None, Some(""))
    );
}

#[test]
fn timestamp_is_digits_only() {
    let timestamp = |text: &str| {
        let header =
            AuthorizationHeader::parse(&format!("OAuth oauth_timestamp=\"{text}\"")).unwrap();
        header.timestamp().map(Timestamp::as_unix_seconds)
    };
    assert_eq!(timestamp("1365000000"), Some(1_365_000_000));
    assert_eq!(timestamp("0"), Some(0));
    for malformed in [
        "",
        "-1",
        "%2B1",
        "1.5",
        "1e9",
        "%201",
        "99999999999999999999",
        "١",
    ] {
        assert_eq!(timestamp(malformed), None, "{malformed}");
    }
}

#[test]
fn finds_the_header_among_others() {
    let mut headers = HeaderMap::new();
    let found = |headers: &HeaderMap| {
        AuthorizationHeader::from_headers(headers)
            .map(|header| header.map(|header| header.iter().count()))
    };
    assert_eq!(found(&headers), Ok(None));
    headers.append(AUTHORIZATION, HeaderValue::from_static("Bearer x"));
    assert_eq!(found(&headers), Ok(None));
    headers.append(AUTHORIZATION, HeaderValue::from_static("OAuth a=1"));
    assert_eq!(found(&headers), Ok(Some(1)));
    headers.append(AUTHORIZATION, HeaderValue::from_static("OAuth a=1"));
    assert_eq!(found(&headers), Err(HeaderError::Repeated));
    headers.insert(
        AUTHORIZATION,
        HeaderValue::from_bytes(b"OAuth a=\xff").unwrap(),
    );
    assert_eq!(found(&headers), Err(HeaderError::NotAscii));
}

/// A request with an OAuth header, a query and a form; the empty text stands for none.
fn found(
    header: &str,
    query: &str,
    form: &str,
) -> Result<Option<(Source, AuthorizationHeader)>, HeaderError> {
    let mut request = http::Request::post(format!("http://h/a?{query}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.to_owned())
        .unwrap();
    if !header.is_empty() {
        let value = HeaderValue::from_str(header).unwrap();
        request.headers_mut().insert(AUTHORIZATION, value);
    }
    let found = AuthorizationHeader::from_request(&request)?;
    Ok(found.map(|found| (found.place(), found)))
}

const SIGNED: &str =
    "oauth_consumer_key=a%20b&oauth_signature=x%2B%2F%3D&oauth_callback=http%3A%2F%2Fh%2F+";

#[test]
fn parameters_are_found_in_each_of_the_three_places() {
    let header = "OAuth oauth_consumer_key=\"a%20b\", oauth_signature=\"x%2B%2F%3D\"";
    for (parts, place) in [
        ((header, "", ""), Source::Header),
        ((header, "a=1", "b=2&oauth_callback=oob"), Source::Header),
        (("", SIGNED, ""), Source::Query),
        (("Bearer x", SIGNED, "b=2"), Source::Query),
        (("", "a=1", SIGNED), Source::Form),
        (("OAuth realm=x", "", SIGNED), Source::Form),
    ] {
        let (header, query, form) = parts;
        let (found_in, found) = found(header, query, form).unwrap().unwrap();
        assert_eq!(found_in, place, "{parts:?}");
        assert_eq!(found.consumer_key(), Some("a b"), "{parts:?}");
        assert_eq!(found.signature(), Some("x+/="), "{parts:?}");
        let callback = (place != Source::Header).then_some("http://h/ ");
        assert_eq!(found.callback(), callback, "{parts:?}");
        assert_eq!(
            found.get("a"),
            None,
            "the request's own parameters stay out"
        );
    }
    for name in ["oauth_consumer_key", "oauth_signature"] {
        assert!(found("", &format!("{name}=a"), "").unwrap().is_some());
    }
}

#[test]
fn a_request_that_nothing_signs_has_no_parameters() {
    for query in [
        "",
        "a=1",
        "oauth_token=t",
        "oauth_callback=oob&oauth_verifier=v",
    ] {
        assert!(found("", query, "").unwrap().is_none(), "{query}");
    }
    // a header of the scheme is there, whatever it lacks
    let (place, header) = found("OAuth a=1", "oauth_token=t", "").unwrap().unwrap();
    assert_eq!((place, header.get("a")), (Source::Header, Some("1")));
}

#[test]
fn a_body_that_is_not_a_form_has_no_parameters() {
    let request = http::Request::post("http://h/")
        .header("content-type", "text/plain")
        .body(SIGNED)
        .unwrap();
    assert!(
        AuthorizationHeader::from_request(&request)
            .unwrap()
            .is_none()
    );
}

#[test]
fn parameters_in_two_places_are_refused() {
    let header = "OAuth oauth_consumer_key=a, oauth_signature=b";
    for (header, query, form) in [
        (header, SIGNED, ""),
        (header, "", SIGNED),
        ("", SIGNED, SIGNED),
        (header, "oauth_nonce=1", ""),
        (header, "", "oauth_token=t"),
        ("", "oauth_version=1.0", SIGNED),
        ("OAuth oauth_timestamp=1", SIGNED, ""),
        ("OAuth oauth_signature_method=PLAINTEXT", "", SIGNED),
    ] {
        let outcome = found(header, query, form).map(|found| found.is_some());
        let places = (header, query, form);
        assert_eq!(outcome, Err(HeaderError::SeveralPlaces), "{places:?}");
    }
}

#[test]
fn a_query_or_form_is_held_to_the_rules_of_a_header() {
    let many: Vec<_> = (0..=MAX_COUNT).map(|at| format!("oauth_{at}=1")).collect();
    for (text, expected) in [
        (
            format!("{SIGNED}&oauth_consumer_key=a"),
            HeaderError::Repeated,
        ),
        (
            format!("{SIGNED}&oauth%5Fsignature=x"),
            HeaderError::Repeated,
        ),
        (format!("{SIGNED}&oauth_nonce=%ff"), HeaderError::NotUtf8),
        (many.join("&"), HeaderError::TooMany { limit: MAX_COUNT }),
    ] {
        for (query, form) in [(&*text, ""), ("", &*text)] {
            let outcome = found("", query, form).map(|found| found.is_some());
            assert_eq!(outcome, Err(expected.clone()), "{text}");
        }
    }
    let broken = found("OAuth a", SIGNED, "").map(|found| found.is_some());
    assert_eq!(broken, Err(HeaderError::NotAPair));
}

#[test]
fn realm_cannot_break_the_header() {
    for realm in ["a\"b", "a\\b", "a,b", "a\nb", "é"] {
        assert!(
            matches!(written(realm), Err(SignError::BadRealm)),
            "{realm}"
        );
    }
    assert_eq!(
        written("http://h").unwrap().0,
        "OAuth realm=\"http://h\", oauth_signature=\"a%3D\""
    );
}

fn written(realm: &str) -> Result<(HeaderValue, usize), SignError> {
    let signature = Parameter::of_header(Text::clean("oauth_signature"), Text::plain("a="));
    write_header(Some(realm), &[], &signature)
}

#[test]
fn the_place_of_the_parameters_is_told_with_and_without_a_realm() {
    let first = Parameter::of_header(Text::clean("oauth_nonce"), Text::plain("1"));
    let signature = Parameter::of_header(Text::clean("oauth_signature"), Text::plain("a="));
    for (realm, expected) in [
        (None, "OAuth "),
        (Some("http://h"), "OAuth realm=\"http://h\", "),
    ] {
        let (value, fields_at) =
            write_header(realm, std::slice::from_ref(&first), &signature).unwrap();
        let (before, fields) = value.to_str().unwrap().split_at(fields_at);
        assert_eq!(before, expected);
        assert_eq!(fields, "oauth_nonce=\"1\", oauth_signature=\"a%3D\"");
        assert!(value.is_sensitive());
    }
}

#[test]
fn debug_shows_names_without_values() {
    let header = AuthorizationHeader::parse("OAuth oauth_token=canary, a=canary").unwrap();
    assert_eq!(
        format!("{header:?}"),
        "AuthorizationHeader[\"oauth_token\", \"a\"]"
    );
}

#[test]
fn each_parameter_is_given_by_its_own_method() {
    let header = AuthorizationHeader::parse("OAuth a=1").unwrap();
    let all = [
        AuthorizationHeader::consumer_key,
        AuthorizationHeader::token,
        AuthorizationHeader::nonce,
        AuthorizationHeader::signature_method,
        AuthorizationHeader::signature,
        AuthorizationHeader::verifier,
        AuthorizationHeader::callback,
    ];
    assert_eq!(all.map(|method| method(&header)), [None; 7]);
    let names = [
        "oauth_consumer_key",
        "oauth_token",
        "oauth_nonce",
        "oauth_signature_method",
        "oauth_signature",
        "oauth_verifier",
        "oauth_callback",
    ];
    let fields = names.map(|name| format!("{name}=of-{name}")).join(",");
    let header = AuthorizationHeader::parse(&format!("OAuth {fields}")).unwrap();
    for (method, name) in all.into_iter().zip(names) {
        assert_eq!(method(&header), Some(&*format!("of-{name}")));
    }
}
