//! The urlencoded texts of the wire: queries, form bodies, cookies, and the answers of the token
//! endpoints.

use std::borrow::Cow;

use http::{HeaderMap, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// More pairs than this in one query or form are not read. A signed request never has more, since
/// verification refuses it, so that no filter is passed over. Neither counts `oauth_signature`,
/// which anyone on the way could add.
const MOST_PAIRS: usize = 1000;

/// Everything but [RFC 3986 §2.3](https://www.rfc-editor.org/rfc/rfc3986#section-2.3)'s unreserved
/// characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// As [`RESERVED`], but a slash stays readable.
const RESERVED_BUT_SLASH: &AsciiSet = &RESERVED.remove(b'/');

/// Decoded name and value pairs, in the order of the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// Reads a query or a form. Foreign text is never refused: what is not UTF-8 becomes U+FFFD.
    pub(crate) fn parse(text: &str) -> Self {
        let pairs = form_urlencoded::parse(text.as_bytes())
            .into_owned()
            .filter(|(name, _)| name != "oauth_signature")
            .take(MOST_PAIRS)
            .collect();
        Self(pairs)
    }

    /// The last value of `name`: where a parameter is repeated, the reference container keeps the
    /// last, too.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    /// The first value of `name`.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(other, _)| *other == name)
            .map(|(_, value)| value)
    }

    /// Replaces all values of `name`.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.remove(name);
        self.0.push((name.to_owned(), value.into()));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(other, _)| other != name);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// The pairs of a form body. Empty if the content type is not that of a form.
pub(crate) fn form_of(headers: &HeaderMap, body: &[u8]) -> Pairs {
    let is_form = media_type(headers)
        .is_some_and(|name| name.eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    if is_form {
        Pairs::parse(&String::from_utf8_lossy(body))
    } else {
        Pairs::default()
    }
}

/// The request's media type without its parameters, as it was sent.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let name = value.split(';').next().unwrap_or_default().trim();
    (!name.is_empty()).then_some(name)
}

/// The value of one cookie, see [RFC 6265
/// §4.2](https://www.rfc-editor.org/rfc/rfc6265#section-4.2).
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(other, _)| *other == name)
        .map(|(_, value)| value)
}

/// Writes pairs as a form body.
pub(crate) fn encode_pairs(pairs: &[(&str, &str)]) -> String {
    let encoded: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    encoded.join("&")
}

/// Percent-encodes all but the unreserved characters.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Percent-encodes all but the unreserved characters and `/`.
pub(crate) fn encode_but_slash(text: &str) -> String {
    utf8_percent_encode(text, RESERVED_BUT_SLASH).to_string()
}

/// Percent-decodes a segment of a path. None if the result is not UTF-8.
pub(crate) fn decode_segment(segment: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(segment).decode_utf8().ok()
}

/// Adds a query to a URI that may have a query or a fragment already.
pub(crate) fn join_query(uri: &str, query: &str) -> String {
    let (uri, fragment) = match uri.split_once('#') {
        Some((uri, fragment)) => (uri, Some(fragment)),
        None => (uri, None),
    };
    let joint = match uri.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some((_, existing)) if existing.ends_with('&') => "",
        Some(_) => "&",
    };
    let fragment = fragment
        .map(|fragment| format!("#{fragment}"))
        .unwrap_or_default();
    format!("{uri}{joint}{query}{fragment}")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn pairs_are_decoded() {
        for (text, expected) in [
            ("", vec![]),
            ("a=1&b=2", vec![("a", "1"), ("b", "2")]),
            ("a=x+y%20z&&b", vec![("a", "x y z"), ("b", "")]),
            ("a==1&=2", vec![("a", "=1"), ("", "2")]),
            ("a=%ff%", vec![("a", "\u{fffd}%")]),
        ] {
            let pairs = Pairs::parse(text);
            assert_eq!(pairs.iter().collect::<Vec<_>>(), expected, "{text}");
        }
    }

    #[test]
    fn what_no_signature_covers_pushes_nothing_out() {
        let query = format!("{}limit=1", "oauth_signature=x&".repeat(2 * MOST_PAIRS));
        assert_eq!(Pairs::parse(&query).get("limit"), Some("1"));
        let query = format!("{}limit=1", "a=1&".repeat(MOST_PAIRS - 1));
        assert_eq!(Pairs::parse(&query).get("limit"), Some("1"));
        let query = "a=1&".repeat(2 * MOST_PAIRS);
        assert_eq!(Pairs::parse(&query).iter().count(), MOST_PAIRS);
    }

    #[test]
    fn the_last_of_repeated_names_counts() {
        assert_eq!(Pairs::parse("a=1&a=2").get("a"), Some("2"));
        assert_eq!(Pairs::parse("a=1").get("b"), None);
    }

    #[test]
    fn a_body_is_a_form_only_by_its_content_type() {
        let mut headers = HeaderMap::new();
        assert_eq!(form_of(&headers, b"a=1"), Pairs::default());
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8"),
        );
        assert_eq!(form_of(&headers, b"a=1").get("a"), Some("1"));
    }

    #[test]
    fn one_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("x=1; sessionid=abc"),
        );
        headers.append(header::COOKIE, HeaderValue::from_static("y=2"));
        assert_eq!(cookie(&headers, "sessionid"), Some("abc"));
        assert_eq!(cookie(&headers, "y"), Some("2"));
        assert_eq!(cookie(&headers, "session"), None);
    }

    #[test]
    fn a_query_is_joined_to_any_uri() {
        for (uri, expected) in [
            ("http://h/cb", "http://h/cb?a=1"),
            ("http://h/cb?x=y", "http://h/cb?x=y&a=1"),
            ("http://h/cb?", "http://h/cb?a=1"),
            ("http://h/cb?x=y&", "http://h/cb?x=y&a=1"),
            ("http://h/cb#top", "http://h/cb?a=1#top"),
            (
                "smart-app:///did_receive_verifier",
                "smart-app:///did_receive_verifier?a=1",
            ),
        ] {
            assert_eq!(join_query(uri, "a=1"), expected);
        }
    }

    #[test]
    fn a_return_address_keeps_its_slashes() {
        assert_eq!(
            encode_but_slash("/apps/a@b/launch?x"),
            "/apps/a%40b/launch%3Fx"
        );
        assert_eq!(encode_pairs(&[("a b", "c&d")]), "a%20b=c%26d");
    }
}
