//! Secrets of a request, taken out of what the peer says of it. Servers have been seen to quote a
//! header or a form in their explanation of a refusal, and an error's text ends up on screens and
//! in logs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Request, Response};
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// What of a request contained secrets. Nothing is read until there is a refusal.
pub(crate) struct Sent {
    authorization: Option<HeaderValue>,
    form: Option<Bytes>,
}

impl Sent {
    pub(crate) fn of(request: &Request<Bytes>) -> Self {
        let headers = request.headers();
        let is_form = headers
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(FORM));
        Self {
            authorization: headers.get(AUTHORIZATION).cloned(),
            form: is_form.then(|| request.body().clone()),
        }
    }

    /// The answer, without these secrets and without `own` if it is a refusal.
    pub(crate) fn masked(&self, own: Option<&str>, response: Response<Bytes>) -> Response<Bytes> {
        let is_answer = response.status().is_success() && !self.is_refused_by(response.body());
        if is_answer || response.body().is_empty() {
            return response;
        }
        let mut secrets: Vec<String> = own.map(str::to_owned).into_iter().collect();
        if let Some(header) = &self.authorization {
            of_header(&String::from_utf8_lossy(header.as_bytes()), &mut secrets);
        }
        if let Some(form) = &self.form {
            of_pairs(String::from_utf8_lossy(form).split('&'), &mut secrets);
        }
        response.map(|body| without(body, secrets))
    }

    /// Whether a form was refused although the status says otherwise, as some token endpoints do.
    /// An answer with tokens is never touched.
    fn is_refused_by(&self, body: &[u8]) -> bool {
        let is_refusal =
            |answer: Value| answer["error"].is_string() && answer["access_token"].is_null();
        self.form.is_some()
            && body.len() <= LONGEST_REFUSAL
            && serde_json::from_slice(body).is_ok_and(is_refusal)
    }
}

fn of_header(header: &str, secrets: &mut Vec<String>) {
    let Some((scheme, credentials)) = header.split_once(' ') else {
        return secrets.push(header.to_owned());
    };
    if scheme.eq_ignore_ascii_case("OAuth") {
        return of_pairs(credentials.split(','), secrets);
    }
    secrets.push(credentials.trim().to_owned());
    let decoded = STANDARD.decode(credentials.trim()).ok();
    if let Some(pair) = decoded.and_then(|pair| String::from_utf8(pair).ok())
        && let Some((_, password)) = pair.split_once(':')
    {
        push(password, secrets);
    }
}

fn of_pairs<'p>(pairs: impl Iterator<Item = &'p str>, secrets: &mut Vec<String>) {
    for (name, value) in pairs.filter_map(|pair| pair.trim().split_once('=')) {
        if SECRETS.contains(&name) {
            push(value.trim_matches('"'), secrets);
        }
    }
}

/// A value as it was written and as it was meant.
fn push(written: &str, secrets: &mut Vec<String>) {
    let spaced = written.replace('+', " ");
    let meant = percent_decode_str(&spaced).decode_utf8_lossy();
    for secret in [written, &*meant] {
        secrets.extend([secret.replace('/', "\\/"), secret.to_owned()]);
    }
}

fn without(body: Bytes, mut secrets: Vec<String>) -> Bytes {
    // A short one could be a word of the explanation.
    secrets.retain(|secret| secret.len() >= SHORTEST);
    secrets.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
    let text = String::from_utf8_lossy(&body);
    if !secrets.iter().any(|secret| text.contains(secret.as_str())) {
        return body;
    }
    let masked = secrets
        .iter()
        .fold(text.into_owned(), |text, secret| text.replace(secret, MASK));
    Bytes::from(masked)
}

const FORM: &[u8] = b"application/x-www-form-urlencoded";
const MASK: &str = "[masked]";
const SHORTEST: usize = 8;
/// In bytes.
const LONGEST_REFUSAL: usize = 64 << 10;

/// The parameters whose values are secrets, of both generations.
const SECRETS: [&str; 12] = [
    "access_token",
    "assertion",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "oauth_signature",
    "oauth_token",
    "oauth_verifier",
    "password",
    "refresh_token",
    "token",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of a refusal that quotes everything.
    fn check(request: &Request<Bytes>, own: Option<&str>, said: &str, expected: &str) {
        let mut response = Response::new(Bytes::from(said.to_owned()));
        let kept = Sent::of(request).masked(own, response.clone());
        assert_eq!(kept.body(), said, "a good answer is left as it is");
        *response.status_mut() = http::StatusCode::UNAUTHORIZED;
        let masked = Sent::of(request).masked(own, response);
        assert_eq!(masked.body(), expected);
    }

    fn with_header(value: &str) -> Request<Bytes> {
        let request = Request::builder().header(AUTHORIZATION, value);
        request.body(Bytes::new()).unwrap()
    }

    #[test]
    fn credentials_of_every_scheme_are_masked() {
        check(
            &with_header("Bearer tok-12345678"),
            None,
            "no such token: Bearer tok-12345678!",
            "no such token: Bearer [masked]!",
        );
        // "app:pass/word+1"
        check(
            &with_header("Basic YXBwOnBhc3Mvd29yZCsx"),
            None,
            r#"{"a": "YXBwOnBhc3Mvd29yZCsx", "b": "pass/word+1", "c": "pass\/word+1"}"#,
            r#"{"a": "[masked]", "b": "[masked]", "c": "[masked]"}"#,
        );
        check(
            &with_header(r#"OAuth oauth_token="acc%2Ftok%2F1", oauth_signature="sig%2Bnature%3D""#),
            Some("the consumer's secret"),
            "acc/tok/1 acc%2Ftok%2F1 sig+nature= key&the consumer's secret",
            "[masked] [masked] [masked] key&[masked]",
        );
    }

    #[test]
    fn secrets_of_a_form_are_masked_and_other_fields_are_not() {
        let request = Request::builder()
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from_static(
                b"grant_type=authorization_code&code=c0de%2F5678&code_verifier=verifier-1&client_id=my-client-app",
            ))
            .unwrap();
        check(
            &request,
            None,
            r"code c0de\/5678 (c0de/5678) of my-client-app with verifier-1",
            "code [masked] ([masked]) of my-client-app with [masked]",
        );
    }

    #[test]
    fn a_refusal_with_a_status_of_success_is_masked_and_tokens_are_not() {
        let request = Request::builder()
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from_static(b"refresh_token=r-12345678"))
            .unwrap();
        for (said, expected) in [
            (
                r#"{"error": "invalid_grant", "error_description": "r-12345678 is over"}"#,
                r#"{"error": "invalid_grant", "error_description": "[masked] is over"}"#,
            ),
            (
                r#"{"access_token": "a", "refresh_token": "r-12345678"}"#,
                r#"{"access_token": "a", "refresh_token": "r-12345678"}"#,
            ),
            (
                r#"{"access_token": "a", "error": "", "refresh_token": "r-12345678"}"#,
                r#"{"access_token": "a", "error": "", "refresh_token": "r-12345678"}"#,
            ),
            ("r-12345678", "r-12345678"),
        ] {
            let answer = Response::new(Bytes::from(said));
            assert_eq!(Sent::of(&request).masked(None, answer).body(), expected);
        }
    }

    #[test]
    fn short_values_are_left_since_they_could_be_words() {
        check(&with_header("Bearer error"), None, "error", "error");
    }
}
