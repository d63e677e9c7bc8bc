//! What the tests of this server share: a server in memory, requests without a client library, a
//! clock moved by hand.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};
use smart_oauth::Timestamp;

use super::FhirServer;
use crate::builder::SandboxBuilder;
use crate::faults::FhirFault;
use crate::form::{Pairs, encode_pairs};
use crate::sandbox::Sandbox;

pub(super) const SERVER: &str = "http://localhost:9000";
pub(super) const SCOPE: &str = "launch/patient patient/*.read offline_access";
pub(super) const PATIENT: &str = "smart-1288992";
pub(super) const REDIRECT: &str = "http://not-a-real-site";

const FORM: &str = "application/x-www-form-urlencoded";

/// A server and the time; every request happens at that time.
pub(super) struct Bench {
    pub(super) server: FhirServer,
    pub(super) now: u64,
}

/// A registered client.
pub(super) struct App {
    pub(super) id: String,
    pub(super) secret: String,
}

/// A pair of tokens.
#[derive(Clone)]
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) refresh: String,
}

impl Bench {
    /// The usual fifty patients; only those that are asked for are made.
    pub(super) fn new() -> Self {
        Self::of(Sandbox::builder())
    }

    /// The same, doing one thing wrong.
    pub(super) fn with_fault(fault: FhirFault) -> Self {
        Self::of(Sandbox::builder().fhir_fault(fault))
    }

    fn of(builder: SandboxBuilder) -> Self {
        let now = 1_530_808_884;
        let clock = crate::clock::Clock::manual(Timestamp::from_unix_seconds(now));
        let builder = builder.clock(clock);
        Self {
            server: builder.fhir_server(SERVER).unwrap(),
            now,
        }
    }

    pub(super) fn send(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let now = Timestamp::from_unix_seconds(self.now);
        self.server.handle(request, now)
    }

    pub(super) fn get(&self, path: &str) -> Response<Bytes> {
        self.send(&bare(Method::GET, path))
    }

    pub(super) fn get_as(&self, token: &str, path: &str) -> Response<Bytes> {
        let bearer = format!("Bearer {token}");
        self.send(&with_header(
            bare(Method::GET, path),
            "authorization",
            &bearer,
        ))
    }

    pub(super) fn post_json(&self, path: &str, body: &Value) -> Response<Bytes> {
        self.send(&with_body(path, "application/json", &body.to_string()))
    }

    pub(super) fn post_form(&self, path: &str, pairs: &[(&str, &str)]) -> Response<Bytes> {
        self.send(&with_body(path, FORM, &encode_pairs(pairs)))
    }

    /// A form with HTTP Basic, as `requests.post(…, auth=…, data=…)` sends it.
    pub(super) fn post_as(&self, app: &App, path: &str, pairs: &[(&str, &str)]) -> Response<Bytes> {
        let basic = STANDARD.encode(format!("{}:{}", app.id, app.secret));
        let request = with_body(path, FORM, &encode_pairs(pairs));
        self.send(&with_header(
            request,
            "authorization",
            &format!("Basic {basic}"),
        ))
    }

    pub(super) fn register(&self, redirect_uri: &str) -> App {
        let body = json!({"client_name": "Test", "redirect_uris": [redirect_uri], "scope": SCOPE});
        let answer = body_of(&self.post_json("/oauth/register", &body));
        App {
            id: text(&answer, "client_id"),
            secret: text(&answer, "client_secret"),
        }
    }

    /// A debug token, with more members of the request, or other ones.
    pub(super) fn debug_token(&self, app: &App, more: Value) -> Tokens {
        let mut body =
            json!({"client_id": app.id, "username": "daniel-adams", "patient_id": PATIENT});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        tokens(&self.post_json("/oauth/debug/token", &body))
    }

    /// Logs in by the form and gives the cookie.
    pub(super) fn log_in(&self, username: &str) -> String {
        let pairs = [
            ("username", username),
            ("password", "demo-password"),
            ("next", "/apps"),
        ];
        let response = self.post_form("/login", &pairs);
        assert_eq!(response.status(), 302, "{response:?}");
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    pub(super) fn get_with(&self, cookie: &str, path: &str) -> Response<Bytes> {
        self.send(&with_header(bare(Method::GET, path), "cookie", cookie))
    }

    pub(super) fn post_with(
        &self,
        cookie: &str,
        path: &str,
        pairs: &[(&str, &str)],
    ) -> Response<Bytes> {
        let request = with_body(path, FORM, &encode_pairs(pairs));
        self.send(&with_header(request, "cookie", cookie))
    }

    /// The consent form for daniel-adams's own record, filled in as a browser would send it back.
    pub(super) fn consent(&self, cookie: &str, ask: &[(&str, &str)]) -> Vec<(String, String)> {
        let path = format!("/oauth/authorize?{}", encode_pairs(ask));
        let response = self.get_with(cookie, &path);
        assert_eq!(response.status(), 200, "{response:?}");
        inputs(&response)
    }

    /// From the authorization request to the code, with the form as it is.
    pub(super) fn code(&self, ask: &[(&str, &str)]) -> String {
        let cookie = self.log_in("daniel-adams");
        let form = self.consent(&cookie, ask);
        let response = self.post_with(&cookie, "/oauth/authorize", &borrowed(&form));
        assert_eq!(response.status(), 302, "{response:?}");
        query_of(&response).first("code").unwrap().to_owned()
    }

    /// The whole dance of an app for daniel-adams's own record.
    pub(super) fn dance(&self, app: &App) -> Tokens {
        let code = self.code(&ask(&app.id));
        tokens(&self.exchange(app, &code, &[]))
    }

    pub(super) fn exchange(&self, app: &App, code: &str, more: &[(&str, &str)]) -> Response<Bytes> {
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
        ];
        pairs.extend_from_slice(more);
        self.post_as(app, "/oauth/token", &pairs)
    }

    pub(super) fn refresh(&self, app: &App, token: &str, more: &[(&str, &str)]) -> Response<Bytes> {
        let mut pairs = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
        pairs.extend_from_slice(more);
        self.post_as(app, "/oauth/token", &pairs)
    }

    /// Reads the patient with a token.
    pub(super) fn read_status(&self, token: &str) -> u16 {
        let path = format!("/api/fhir/Patient/{PATIENT}");
        self.get_as(token, &path).status().as_u16()
    }
}

/// An authorization request that is right in all points.
pub(super) fn ask(client: &str) -> Vec<(&str, &str)> {
    vec![
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", REDIRECT),
        ("scope", SCOPE),
        ("state", "my-obscure-state"),
        ("aud", "http://localhost:9000/api/fhir"),
        ("patient_id", PATIENT),
    ]
}

/// The same request with one member changed, or without it.
pub(super) fn changed<'a>(
    pairs: &[(&'a str, &'a str)],
    name: &'a str,
    value: Option<&'a str>,
) -> Vec<(&'a str, &'a str)> {
    let mut others: Vec<_> = pairs
        .iter()
        .copied()
        .filter(|(other, _)| *other != name)
        .collect();
    others.extend(value.map(|value| (name, value)));
    others
}

pub(super) fn borrowed(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

/// The text of an attribute of a page.
pub(super) fn unescaped(value: &str) -> String {
    [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
    ]
    .into_iter()
    .fold(value.to_owned(), |text, (entity, character)| {
        text.replace(entity, character)
    })
}

/// The names and values of the inputs of a page.
pub(super) fn inputs(response: &Response<Bytes>) -> Vec<(String, String)> {
    let page = std::str::from_utf8(response.body()).unwrap();
    page.split("<input ")
        .skip(1)
        .map(|input| {
            let attribute = |name: &str| {
                let start = input.find(&format!("{name}=\"")).unwrap() + name.len() + 2;
                let value = &input[start..];
                unescaped(&value[..value.find('"').unwrap()])
            };
            (attribute("name"), attribute("value"))
        })
        .collect()
}

pub(super) fn bare(method: Method, path: &str) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost:9000")
        .body(Bytes::new())
        .unwrap()
}

pub(super) fn with_header(
    mut request: Request<Bytes>,
    name: &'static str,
    value: &str,
) -> Request<Bytes> {
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}

fn with_body(path: &str, content_type: &str, body: &str) -> Request<Bytes> {
    let mut request = bare(Method::POST, path);
    *request.body_mut() = Bytes::copy_from_slice(body.as_bytes());
    with_header(request, "content-type", content_type)
}

pub(super) fn body_of(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap_or_else(|_| panic!("not JSON: {response:?}"))
}

pub(super) fn text(value: &Value, name: &str) -> String {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name} in {value}"))
        .to_owned()
}

pub(super) fn tokens(response: &Response<Bytes>) -> Tokens {
    assert_eq!(response.status(), 200, "{response:?}");
    let body = body_of(response);
    Tokens {
        access: text(&body, "access_token"),
        refresh: text(&body, "refresh_token"),
    }
}

pub(super) fn location(response: &Response<Bytes>) -> &str {
    assert_eq!(response.status(), 302, "{response:?}");
    response.headers()["location"].to_str().unwrap()
}

/// The query of the address that a redirect leads to.
pub(super) fn query_of(response: &Response<Bytes>) -> Pairs {
    let query = location(response).split_once('?').map(|(_, query)| query);
    Pairs::parse(query.unwrap_or_default())
}
